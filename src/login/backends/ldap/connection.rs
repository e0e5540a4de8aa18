//! A connection to one server, and the few things that are said on it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Scope, SearchEntry, SearchOptions, SearchResult};
use rustls::ClientConfig;

use super::entry::Entry;
use super::trouble::Trouble;
use crate::config::{Channel, DirectoryServer};

/// Result codes, RFC 4511 section 4.1.9.
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
/// What a bind is answered with when the person may not come in: constraint violation (locked), no such object, invalid
/// DN syntax, inappropriate authentication (no password), invalid credentials, insufficient access, unwilling (expired).
const NOT_THEM: [u32; 7] = [19, 32, 34, 48, 49, 50, 53];

/// How a bind ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bind {
    Right,
    Wrong,
}

/// What is looked for.
pub(super) struct Query<'a> {
    pub base: &'a str,
    pub scope: Scope,
    pub filter: &'a str,
    pub attributes: Vec<&'a str>,
}

/// Connects; with TLS the host is checked before anything is said.
pub(super) async fn connect(
    server: &DirectoryServer,
    tls: Option<Arc<ClientConfig>>,
) -> Result<(LdapConnAsync, Ldap), Trouble> {
    let settings = LdapConnSettings::new().set_starttls(server.channel == Channel::StartTls);
    let settings = match tls {
        Some(tls) => settings.set_config(tls),
        None => settings,
    };
    Ok(LdapConnAsync::from_url_with_settings(settings, &server.url).await?)
}

/// Keeps the connection going while `steps` use it, and closes it with them.
pub(super) async fn carry<T>(
    connection: LdapConnAsync,
    steps: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    match select(pin!(steps), Box::pin(connection.drive())).await {
        Either::Left((done, _)) => done,
        // The last answer may have come with the end.
        Either::Right((_, steps)) => steps.await,
    }
}

/// Tries a password. A name without letters would make the bind anonymous, so it is not tried.
pub(super) async fn bind(ldap: &mut Ldap, dn: &str, password: &str) -> Result<Bind, Trouble> {
    if dn.trim().is_empty() || password.is_empty() {
        return Ok(Bind::Wrong);
    }
    let result = ldap.simple_bind(dn, password).await?;
    match result.rc {
        SUCCESS => Ok(Bind::Right),
        code if NOT_THEM.contains(&code) => Ok(Bind::Wrong),
        _ => Err(Trouble::refused("no password can be tried", &result)),
    }
}

/// The entry, if there is exactly one.
pub(super) async fn find(ldap: &mut Ldap, query: Query<'_>) -> Result<Option<Entry>, Trouble> {
    ldap.with_search_options(SearchOptions::new().sizelimit(2));
    let (entries, result) = search(ldap, query).await?;
    match result.rc {
        SUCCESS => Ok(<[Entry; 1]>::try_from(entries).ok().map(|[entry]| entry)),
        SIZE_LIMIT_EXCEEDED => Ok(None),
        _ => Err(Trouble::refused("nobody can be searched for", &result)),
    }
}

/// All entries.
pub(super) async fn list(ldap: &mut Ldap, query: Query<'_>) -> Result<Vec<Entry>, Trouble> {
    let (entries, result) = search(ldap, query).await?;
    if result.rc == SUCCESS { Ok(entries) } else { Err(Trouble::refused("groups cannot be searched for", &result)) }
}

/// Referrals to other servers are left aside: our passwords are not for them.
async fn search(ldap: &mut Ldap, query: Query<'_>) -> Result<(Vec<Entry>, LdapResult), Trouble> {
    let Query { base, scope, filter, attributes } = query;
    let SearchResult(entries, result) = ldap.search(base, scope, filter, attributes).await?;
    let entries = entries.into_iter().map(|entry| Entry::from(SearchEntry::construct(entry)));
    Ok((entries.collect(), result))
}
