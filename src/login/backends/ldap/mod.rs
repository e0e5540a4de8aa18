//! A directory: asks its servers in order whether a password is right.
//!
//! ```text
//! Typed ─► server 1 ──(no answer in time)──► server 2 ─► …      each in a task of its own
//!             └─ Conversation: find the entry, try the password, read the groups
//! ```
//! No error goes up: whatever is wrong with a directory is logged here, and the answer is [`Answer::Away`].

mod connection;
mod conversation;
mod entry;
mod groups;
mod tls;
mod trouble;
mod typed;

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Answer;
use crate::accounts::passwords::Password;
use crate::config::{Channel, Directory, DirectoryServer};
use conversation::Conversation;
use trouble::Trouble;
use typed::Typed;

/// Sign-ins that may ask one directory at once; more wait, within their time.
const AT_ONCE: usize = 32;

/// How many servers' time-outs a sign-in waits for altogether.
const PATIENCE: u32 = 3;

/// A directory that can be asked.
#[derive(Debug)]
pub struct Ldap {
    directory: Arc<Directory>,
    /// None where no server speaks TLS.
    tls: Option<Arc<ClientConfig>>,
    permits: Semaphore,
}

impl Ldap {
    pub(super) fn open(directory: Directory) -> Result<Self, String> {
        let is_plain = directory.servers.iter().all(|server| server.channel == Channel::Plain);
        let tls = if is_plain { None } else { Some(tls::client_config(directory.ca_file.as_deref())?) };
        Ok(Self { directory: Arc::new(directory), tls, permits: Semaphore::new(AT_ONCE) })
    }

    /// The word that names it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.directory.name
    }

    /// Whether people who sign in for the first time get an account.
    #[must_use]
    pub fn creates_users(&self) -> bool {
        self.directory.create_users
    }

    /// Every group of ours that it decides about.
    #[must_use]
    pub fn managed_groups(&self) -> Vec<String> {
        let mapped = self.directory.groups.as_ref().map(|groups| groups.allowed.values().cloned());
        mapped.into_iter().flatten().collect()
    }

    /// Asks whether the password is that of the person with this name. Takes three times `timeout_secs` at most.
    ///
    /// An empty password, or a name that cannot be one, is not sent anywhere (RFC 4513 section 5.1.2: servers answer
    /// such a bind with success).
    pub async fn authenticate(&self, username: &str, password: &Password) -> Answer {
        let Some(typed) = Typed::new(username, password).map(Arc::new) else { return Answer::No };
        let patience = self.directory.timeout.saturating_mul(PATIENCE);
        timeout(patience, self.ask_in_order(&typed)).await.unwrap_or_else(|_| {
            tracing::warn!(backend.name = self.name(), "the directory keeps people waiting, going on without it");
            Answer::Away
        })
    }

    async fn ask_in_order(&self, typed: &Arc<Typed>) -> Answer {
        let Ok(_permit) = self.permits.acquire().await else { return Answer::Away };
        for server in &self.directory.servers {
            match self.ask(server, typed).await {
                Ok(answer) => return answer,
                Err(trouble) => {
                    let (server, cause) = (server.url.as_str(), trouble.to_string());
                    tracing::warn!(backend.name = self.name(), server, cause, "a directory cannot be asked");
                    // The other servers hold the same directory: they would say the same.
                    if matches!(trouble, Trouble::Directory(_)) {
                        return Answer::Away;
                    }
                }
            }
        }
        Answer::Away
    }

    /// In a task, because `ldap3` panics on answers that are no LDAP; it ends with this future at the latest.
    async fn ask(&self, server: &DirectoryServer, typed: &Arc<Typed>) -> Result<Answer, Trouble> {
        let conversation = Conversation {
            directory: Arc::clone(&self.directory),
            server: server.clone(),
            tls: self.tls.clone(),
            typed: Arc::clone(typed),
        };
        let mut task = JoinSet::new();
        task.spawn(conversation.hold());
        match timeout(self.directory.timeout, task.join_next()).await {
            Ok(Some(Ok(answer))) => answer,
            Ok(_) => Err(Trouble::Line(String::from("it does not speak LDAP as it should"))),
            Err(_) => Err(Trouble::Line(String::from("no answer in time"))),
        }
    }
}
