//! Passwords that an operator brings.

use crate::accounts::passwords::Password;
use crate::accounts::passwords::policy::Policy;
use crate::accounts::passwords::schemes::argon2id;
use crate::app::password_cost;
use crate::cli::secret_input::{self, Source};
use crate::cli::workshop::Workshop;
use crate::cli::{Failure, output};

/// The hash of a password that an operator brings. Their word counts: what the policy for people
/// refuses is only warned of, down to the least that NIST allows.
pub(super) fn hash_password(workshop: &Workshop, from_stdin: bool, own: &[&str]) -> Result<Option<String>, Failure> {
    const LEAST: Policy = Policy { minimum_length: 8 };
    let source = if from_stdin { Source::Stdin } else { Source::Prompt("Password") };
    let Some(secret) = secret_input::read(source)? else { return Ok(None) };
    let password = Password::parse(secret.expose())
        .ok_or_else(|| Failure::Usage("the password is longer than 256 characters".into()))?;
    let refusals = LEAST.refusals(&password, own);
    if !refusals.is_empty() {
        return Err(Failure::Usage(format!("password: {}", refusals.join(" "))));
    }
    let policy = Policy { minimum_length: workshop.config.passwords.minimum_length };
    if !policy.refusals(&password, own).is_empty() {
        output::complain(&format!(
            "note: the password is shorter than passwords.minimum_length ({})",
            policy.minimum_length
        ));
    }
    Ok(Some(argon2id::hash(password.expose(), password_cost(&workshop.config))?))
}
