//! `session …`.

use clap::Subcommand;
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::accounts;
use crate::app::chrono_of;
use crate::kernel::ids::SessionId;
use crate::login::departure;
use crate::sessions::{Lifetimes, store};

/// Commands about sessions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List live sessions.
    List {
        /// Only this user's.
        #[arg(long)]
        user: Option<String>,
    },
    /// End one session.
    Revoke {
        /// Its id, as listed.
        session: SessionId,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::List { user } => list(globals, &workshop, user.as_deref()),
        Command::Revoke { session } => {
            let ended = workshop.write(|conn, scene| {
                let owner = store::owner(conn, session)?;
                let owner = owner.ok_or_else(|| Failure::Failed("there is no such session".into()))?;
                Ok(departure::end_other(conn, owner, session, scene)?)
            })?;
            if globals.json {
                output::print_json(&json!({ "session": session, "ended": ended }));
            } else {
                output::say(if ended { "Ended." } else { "It had ended already." });
            }
            Ok(())
        }
    }
}

fn list(globals: &Globals, workshop: &Workshop, user: Option<&str>) -> Result<(), Failure> {
    let mut conn = workshop.connect()?;
    let user = match user {
        Some(name) => {
            let found = accounts::store::find_named(&mut conn, name)?;
            Some(found.ok_or_else(|| Failure::Failed(format!("there is no user `{name}`")))?.id)
        }
        None => None,
    };
    let sessions = &workshop.config.sessions;
    let lifetimes = Lifetimes { idle: chrono_of(sessions.idle)?, absolute: chrono_of(sessions.absolute)? };
    let listed = store::list_live(&mut conn, user, lifetimes, workshop.clock.now())?;
    if globals.json {
        let shown = listed.iter().map(|session| {
            json!({
                "id": session.id,
                "user_id": session.user_id,
                "address": session.address,
                "user_agent": session.user_agent,
                "created_at": session.created_at,
                "last_seen_at": session.last_seen_at,
            })
        });
        output::print_json(&shown.collect());
        return Ok(());
    }
    let rows: Vec<_> = listed
        .iter()
        .map(|session| {
            [
                session.id.to_string(),
                session.user_id.to_string(),
                session.address.clone().unwrap_or_default(),
                session.last_seen_at.format("%Y-%m-%d %H:%M").to_string(),
            ]
        })
        .collect();
    output::print_table(["SESSION", "USER", "ADDRESS", "LAST SEEN (UTC)"], &rows);
    Ok(())
}
