//! What is said to one server for one sign-in.
//!
//! ```text
//! search:  connection 1: bind as our account ─ search ──────────────────────┬─ groups
//!          connection 2:                              bind as the entry ────┘
//! direct:  connection 1: bind as the entry ─ read it ─ groups
//! ```

use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, Scope, dn_escape, ldap_escape};
use rustls::ClientConfig;

use super::connection::{self, Bind, Query};
use super::entry::Entry;
use super::groups;
use super::trouble::Trouble;
use super::typed::Typed;
use crate::config::{Directory, DirectoryServer, Lookup, OnFailure, Pattern, ServiceAccount};
use crate::login::backends::Answer;

/// Asked in place of somebody whom the directory does not know, so that strangers wait as long as others.
const NOBODY: (&str, &str) = ("cn=nobody", "nobody");

/// All that it takes.
pub(super) struct Conversation {
    pub directory: Arc<Directory>,
    pub server: DirectoryServer,
    pub tls: Option<Arc<ClientConfig>>,
    pub typed: Arc<Typed>,
}

/// Where people are searched for.
struct Search<'a> {
    account: Option<&'a ServiceAccount>,
    base: &'a str,
    filter: &'a Pattern,
}

impl Conversation {
    /// From the connection to the answer. The caller limits the time.
    pub async fn hold(self) -> Result<Answer, Trouble> {
        match &self.directory.lookup {
            Lookup::Search { account, base_dn, user_filter } => {
                let search = Search { account: account.as_ref(), base: base_dn, filter: user_filter };
                let (line, ldap) = self.connect().await?;
                connection::carry(line, self.search_and_bind(ldap, search)).await
            }
            Lookup::Direct { user_dn } => {
                let dn = user_dn.fill(|_| dn_escape(self.typed.username.as_str()).into_owned());
                let (line, ldap) = self.connect().await?;
                connection::carry(line, self.bind_directly(ldap, &dn)).await
            }
        }
    }

    async fn connect(&self) -> Result<(LdapConnAsync, Ldap), Trouble> {
        connection::connect(&self.server, self.tls.clone()).await
    }

    async fn search_and_bind(&self, mut ours: Ldap, search: Search<'_>) -> Result<Answer, Trouble> {
        if let Some(account) = search.account {
            let bind = connection::bind(&mut ours, &account.dn, account.password.expose()).await?;
            if bind == Bind::Wrong {
                return Err(Trouble::Directory(String::from("it refuses our account (bind_dn, bind_password)")));
            }
        }
        let filter = search.filter.fill(|_| ldap_escape(self.typed.username.as_str()).into_owned());
        let attributes = Entry::wanted(&self.directory.attributes);
        let query = Query { base: search.base, scope: Scope::Subtree, filter: &filter, attributes };
        let Some(entry) = connection::find(&mut ours, query).await? else {
            self.try_password(&format!("{},{}", NOBODY.0, search.base), NOBODY.1).await?;
            return Ok(Answer::No);
        };
        match self.try_password(&entry.dn, self.typed.password.expose()).await? {
            Bind::Right => self.welcome(&mut ours, &entry).await,
            Bind::Wrong if self.directory.on_failure == OnFailure::Veto => Ok(Answer::Veto),
            Bind::Wrong => Ok(Answer::No),
        }
    }

    /// On a connection of its own, which nobody uses afterwards.
    async fn try_password(&self, dn: &str, password: &str) -> Result<Bind, Trouble> {
        let (line, mut theirs) = self.connect().await?;
        connection::carry(line, async { connection::bind(&mut theirs, dn, password).await }).await
    }

    async fn bind_directly(&self, mut theirs: Ldap, dn: &str) -> Result<Answer, Trouble> {
        if connection::bind(&mut theirs, dn, self.typed.password.expose()).await? == Bind::Wrong {
            return Ok(Answer::No);
        }
        let attributes = Entry::wanted(&self.directory.attributes);
        let query = Query { base: dn, scope: Scope::Base, filter: "(objectClass=*)", attributes };
        match connection::find(&mut theirs, query).await? {
            Some(entry) => self.welcome(&mut theirs, &entry).await,
            None => Err(Trouble::Directory(String::from("people may not read their own entry"))),
        }
    }

    async fn welcome(&self, ldap: &mut Ldap, entry: &Entry) -> Result<Answer, Trouble> {
        let groups = groups::list(ldap, &self.directory, entry).await?;
        let Some(person) = entry.person(&self.directory, groups) else {
            let (name, attribute) = (&self.directory.name, &self.directory.attributes.username);
            tracing::warn!(
                backend.name = name,
                entry = entry.dn,
                attribute,
                "the entry holds no name that can sign in here"
            );
            return Ok(Answer::No);
        };
        Ok(Answer::Yes(Box::new(person)))
    }
}
