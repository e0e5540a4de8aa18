//! Everything an operator can set: one file per section, read once at start, passed down.
//!
//! Owns the keys, their defaults (`config/default.toml`), bounds and messages. Imports
//! `kernel::secret` only. Start at [`Config::load`]:
//!
//! ```text
//! default.toml < --config files < environment     layers.rs, environment.rs
//!        └──────────> Reader: one call per key     reader.rs
//!                        └──> Server, Data, …      one file per section
//!        what nobody asked for = unknown key       problem.rs ("did you mean")
//! ```
//!
//! The calls that the sections make are the list of known keys: there is no second one.

mod audit;
mod backends;
mod choice;
mod data;
mod database;
mod environment;
mod forward_auth;
mod keys;
mod layers;
mod log;
mod login;
mod mail;
mod metrics;
mod passwords;
mod problem;
mod profile;
mod public_url;
mod reader;
mod registration;
mod secrets;
mod server;
mod sessions;
mod show;
mod templates;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use audit::Audit;
pub use backends::{
    Attributes, Channel, Directory, DirectoryServer, GroupSearch, LoginBackend, Lookup, OnFailure, Pattern, Place,
    ServiceAccount,
};
pub use choice::Choice;
pub use data::Data;
pub use database::Database;
pub use forward_auth::{Allow, ForwardAuthRule};
pub use keys::Keys;
pub use layers::Source;
pub use log::{Log, LogFormat};
pub use login::{KeepSignedIn, Login, LoginIdentifier};
pub use mail::{Mail, MailTransport, SmsTransport, Smtp, SmtpSecurity};
pub use metrics::Metrics;
pub use passwords::{Passwords, Validator};
pub use problem::{ConfigErrors, Problem};
pub use profile::{Editor, FieldKind, ProfileField};
pub use public_url::PublicUrl;
pub use registration::{Registration, RegistrationMode};
pub use secrets::Secrets;
pub use server::{Server, TlsFiles};
pub use sessions::{SessionStore, Sessions};
pub use show::{Setting, render_table};
pub use templates::Templates;
pub use tokens::Tokens;

use layers::Layers;
use reader::Reader;

/// The configuration in force. Checked: a value of this type breaks no bound.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses, TLS, proxies, workers.
    pub server: Server,
    /// The folder for everything kept on disk.
    pub data: Data,
    /// Which Postgres, and how many connections.
    pub database: Database,
    /// Where the master key lies.
    pub secrets: Secrets,
    /// Lifetimes of tokens and codes.
    pub tokens: Tokens,
    /// How long the audit log is kept.
    pub audit: Audit,
    /// Rotation of signing keys.
    pub keys: Keys,
    /// Where sessions live and for how long.
    pub sessions: Sessions,
    /// Cost of password hashes, rules for new passwords.
    pub passwords: Passwords,
    /// Throttling, what names a person, and who knows their passwords.
    pub login: Login,
    /// Where own templates lie.
    pub templates: Templates,
    /// Form and level of log lines.
    pub log: Log,
    /// Who may register. Reserved for a later version.
    pub registration: Registration,
    /// The operator's own fields of an account.
    pub profile_fields: Vec<ProfileField>,
    /// What a proxy that asks us lets through, in their order.
    pub forward_auth_rules: Vec<ForwardAuthRule>,
    /// How mail leaves. Reserved for a later version.
    pub mail: Mail,
    /// Where metrics are served. Reserved for a later version.
    pub metrics: Metrics,
}

/// A configuration together with where each value came from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration in force.
    pub config: Config,
    /// One line per key in the order of the sections, secrets redacted: see [`render_table`].
    pub sources: Vec<Setting>,
}

impl Config {
    /// Reads the built-in defaults, then `files` in order, then `env`, and checks everything.
    ///
    /// `env` is the whole environment of the process as the caller saw it; names that do not
    /// begin with `PORTCULLIS_` (save `DATABASE_URL` and `PORT`) are not looked at. Files that
    /// hold single values (`…_FILE`) are read here.
    ///
    /// # Errors
    /// Every problem at once: unreadable files, unknown keys, values out of bounds, a key set
    /// both directly and by its file. Each names its key, its source and what to do.
    pub fn load(files: &[PathBuf], env: &BTreeMap<String, String>) -> Result<Loaded, ConfigErrors> {
        let mut layers = Layers::built_in();
        for file in files {
            layers.add_file(file);
        }
        environment::add(&mut layers, env);
        let mut reader = Reader::new(layers);
        let config = Self::read(&mut reader);
        let (sources, problems) = reader.finish();
        match config {
            Some(config) if problems.is_empty() => Ok(Loaded { config, sources }),
            _ => Err(ConfigErrors::new(problems)),
        }
    }

    /// Asks each section for its part. `None` only where a value without a stand-in is
    /// missing; the reader then holds the problem.
    fn read(from: &mut Reader) -> Option<Self> {
        let server = Server::read(from);
        let data = Data::read(from);
        let database = Database::read(from);
        let secrets = Secrets::read(from, &data);
        let tokens = Tokens::read(from);
        let audit = Audit::read(from);
        let keys = Keys::read(from);
        let sessions = Sessions::read(from);
        let passwords = Passwords::read(from);
        let login = Login::read(from);
        let templates = Templates::read(from);
        let log = Log::read(from);
        let registration = Registration::read(from);
        let profile_fields = profile::read(from);
        let forward_auth_rules = forward_auth::read(from);
        let mail = Mail::read(from, server.as_ref().map(|server| &server.public_url));
        let metrics = Metrics::read(from);
        Some(Self {
            server: server?,
            data,
            database,
            secrets,
            tokens,
            audit,
            keys,
            sessions,
            passwords,
            login,
            templates,
            log,
            registration,
            profile_fields,
            forward_auth_rules,
            mail,
            metrics: metrics?,
        })
    }
}
