//! Passwords that an operator brings.

use crate::accounts::passwords::Password;
use crate::accounts::passwords::policy::Policy;
use crate::accounts::passwords::schemes::argon2id;
use crate::app::{password_cost, password_policy};
use crate::cli::secret_input::{self, Source};
use crate::cli::workshop::Workshop;
use crate::cli::{Failure, output};

/// The hash of a password that an operator brings. Their word counts: what the policy for people
/// refuses is only warned of, down to the least that NIST allows.
pub(super) fn hash_password(workshop: &Workshop, from_stdin: bool, own: &[&str]) -> Result<Option<String>, Failure> {
    let source = if from_stdin { Source::Stdin } else { Source::Prompt("Password") };
    let Some(secret) = secret_input::read(source)? else { return Ok(None) };
    let password = Password::parse(secret.expose())
        .ok_or_else(|| Failure::Usage("the password is longer than 256 characters".into()))?;
    let refusals = Policy::least().refusals(&password, own);
    if !refusals.is_empty() {
        return Err(Failure::Usage(format!("password: {}", refusals.join(" "))));
    }
    let policy = password_policy(&workshop.config).map_err(Failure::Configuration)?;
    let warnings = policy.refusals(&password, own);
    if !warnings.is_empty() {
        output::complain(&format!("note: a person could not choose this password: {}", warnings.join(" ")));
    }
    Ok(Some(argon2id::hash(password.expose(), password_cost(&workshop.config))?))
}
