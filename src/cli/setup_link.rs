//! `setup-link`.

use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::config::Config;
use crate::kernel::secret::Secret;
use crate::login::setup;

/// Runs the command.
///
/// # Errors
/// [`Failure::Failed`] once there is an administrator.
pub fn run(globals: &Globals) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    let secret = workshop.write(|conn, scene| Ok(setup::new_link(conn, scene)?))?;
    let secret =
        secret.ok_or_else(|| Failure::Failed("there is an administrator already; nothing to set up".into()))?;
    let url = url(&workshop.config, &secret);
    if globals.json {
        output::print_json(&json!({ "url": url, "expires_in": setup::LIFE.num_seconds() }));
    } else {
        output::say(&format!("Open this link within 30 minutes; it serves once:\n{url}"));
    }
    Ok(())
}

/// The link.
#[must_use]
pub fn url(config: &Config, secret: &Secret<String>) -> String {
    format!("{}/setup?token={}", config.server.public_url.as_str(), secret.expose())
}
