//! `mail list | retry | test | preview`.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::workshop::{Workshop, load};
use super::{Failure, Globals, output};
use crate::accounts::EmailAddress;
use crate::admin;
use crate::app;
use crate::jobs;
use crate::kernel::ids::ParcelId;
use crate::mail::language::Language;
use crate::mail::letter::Letter;
use crate::mail::render::{Letters, Site};
use crate::mail::store::{self, Listed};

/// What to do about mail.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest letters and text messages: sent, waiting, or parked with the reason.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Try parked ones again: one, or all.
    Retry {
        /// Id, as `mail list` shows it.
        id: Option<ParcelId>,
    },
    /// Send a test letter now, and say what the mail server answers.
    Test {
        /// Where to.
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// In which language.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Print a letter with sample words, or the names of all letters.
    Preview {
        /// Name of a letter.
        letter: Option<String>,
        /// In which language.
        #[arg(long, default_value = "en")]
        lang: String,
        /// Which part.
        #[arg(long, value_enum, default_value_t = Part::Text)]
        format: Part,
    },
}

/// A part of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Plain text, with the subject above.
    Text,
    /// HTML.
    Html,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { limit } => list(globals, limit),
        Command::Retry { id } => retry(globals, id),
        Command::Test { to, lang } => test(globals, &to, &lang),
        Command::Preview { letter, lang, format } => preview(globals, letter.as_deref(), &lang, format),
    }
}

fn list(globals: &Globals, limit: i64) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    let rows = store::list(
        &mut workshop.connect()?,
        &store::Filter { limit: limit.clamp(1, 10_000), ..store::Filter::default() },
    )?;
    if globals.json {
        output::print_json(&rows.iter().map(as_json).collect());
    } else if rows.is_empty() {
        output::say("No mail yet.");
    } else {
        let cells: Vec<_> = rows
            .iter()
            .map(|row| {
                let made = row.created_at.format("%Y-%m-%d %H:%M").to_string();
                let error = row.last_error.clone().unwrap_or_default();
                [row.id.to_string(), made, row.kind.clone(), row.recipient.clone(), state(row).to_owned(), error]
            })
            .collect();
        output::print_table(["id", "made", "letter", "to", "state", "last error"], &cells);
    }
    Ok(())
}

const fn state(row: &Listed) -> &'static str {
    match (row.sent_at, row.parked_at) {
        (Some(_), _) => "sent",
        (None, Some(_)) => "parked",
        (None, None) => "waiting",
    }
}

fn as_json(row: &Listed) -> serde_json::Value {
    json!({
        "id": row.id, "channel": row.channel, "letter": row.kind, "to": row.recipient, "state": state(row),
        "created_at": row.created_at, "due_at": row.due_at, "attempts": row.attempts, "sent_at": row.sent_at,
        "last_error": row.last_error,
    })
}

fn retry(globals: &Globals, id: Option<ParcelId>) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    let count = workshop.write(|conn, scene| Ok(admin::mail::retry(conn, id, scene)?))?;
    match (globals.json, count) {
        (true, _) => output::print_json(&json!({ "retried": count })),
        (false, 0) => output::say("Nothing is parked that could still be sent."),
        (false, 1) => output::say("One is tried again."),
        (false, count) => output::say(&format!("{count} are tried again.")),
    }
    Ok(())
}

fn language(tag: &str) -> Result<Language, Failure> {
    tag.parse().map_err(Failure::Usage)
}

fn test(globals: &Globals, to: &str, lang: &str) -> Result<(), Failure> {
    let (to, language) = (EmailAddress::parse(to).map_err(Failure::Usage)?, language(lang)?);
    let workshop = Workshop::open(globals)?;
    let courier = app::courier(&workshop.config, &workshop.master_key()?)?;
    let dispatch = jobs::dispatch(&workshop.config, courier.postbox, app::letters(&workshop.config)?)?;
    let name = workshop.random.hex::<16>()?;
    dispatch
        .send_now(to.as_str(), &Letter::Test {}, language, &name)
        .map_err(|error| Failure::Failed(format!("the test letter was not taken: {error}")))?;
    if globals.json {
        output::print_json(&json!({ "sent_to": to.as_str() }));
    } else {
        output::say(&format!("A test letter is on its way to {to}."));
    }
    Ok(())
}

fn preview(globals: &Globals, letter: Option<&str>, lang: &str, format: Part) -> Result<(), Failure> {
    let language = language(lang)?;
    let config = load(globals)?.config;
    let samples = Letter::samples();
    let Some(name) = letter else {
        for letter in &samples {
            output::say(letter.kind());
        }
        return Ok(());
    };
    let letter = samples.iter().find(|letter| letter.kind() == name);
    let letter = letter.ok_or_else(|| Failure::Usage(format!("there is no letter `{name}`: see mail preview")))?;
    let letters = Letters::load(config.templates.dir.as_deref()).map_err(Failure::Configuration)?;
    let site = Site { name: config.server.site_name, public_url: config.server.public_url.as_str().to_owned() };
    let rendered = letters.render(letter, language, &site).map_err(Failure::Failed)?;
    if globals.json {
        let (subject, text, html) = (&rendered.subject, &rendered.text, &rendered.html);
        output::print_json(&json!({ "subject": subject, "text": text, "html": html }));
        return Ok(());
    }
    match format {
        Part::Text => output::say(&format!("Subject: {}\n\n{}", rendered.subject, rendered.text)),
        Part::Html => output::say(&rendered.html),
    }
    Ok(())
}
