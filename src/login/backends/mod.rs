//! Who is asked whether a password is right, in the operator's order, as Django asks its `AUTHENTICATION_BACKENDS`.
//!
//! ```text
//! [[login.backends]] ─► Backends ─┬─ Local    the hash of our own account
//!                                 └─ Ldap ──► Answer: Yes(Person) · No · Veto · Away
//! ```
//! A directory is asked over the network, so before any transaction. It knows nothing of our accounts, and nothing
//! here writes: what a [`Person`] becomes is for the attempt. May import kernel, config, accounts. Start at [`Ldap`].

pub mod ldap;
pub mod person;

use std::sync::Arc;

pub use ldap::Ldap;
pub use person::Person;

use crate::config::LoginBackend;

/// All who are asked, in order; at least one.
#[derive(Clone, Debug)]
pub struct Backends(Vec<Backend>);

/// One of those who are asked.
#[derive(Clone, Debug)]
pub enum Backend {
    /// Our own accounts.
    Local,
    /// A directory.
    Ldap(Arc<Ldap>),
}

/// What a directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The password is this person's.
    Yes(Box<Person>),
    /// It does not know the person, or the password is wrong: the next backend is asked.
    No,
    /// It knows the person, and the password is wrong: nobody else is asked.
    Veto,
    /// It could not be asked; a warning says why. The next backend is asked.
    Away,
}

impl Backends {
    /// Makes ready what the configuration names. Nobody is asked yet: a directory may be down.
    ///
    /// # Errors
    /// In words: a file of certificates that cannot be read.
    pub fn open(settings: &[LoginBackend]) -> Result<Self, String> {
        let open = |one: &LoginBackend| match one {
            LoginBackend::Local => Ok(Backend::Local),
            LoginBackend::Ldap(directory) => Ldap::open((**directory).clone()).map(|it| Backend::Ldap(Arc::new(it))),
        };
        settings.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// The backends, first to last.
    #[must_use]
    pub fn in_order(&self) -> &[Backend] {
        &self.0
    }
}
