//! `audit …`.

use std::io::Write as _;
use std::time::Duration;

use chrono::DateTime;
use clap::{Args, Subcommand, ValueEnum};

use super::workshop::Workshop;
use super::{Failure, Globals, group, output};
use crate::audit::export;
use crate::audit::store::{Direction, Entry, Filter, list};
use crate::kernel::Instant;

/// Events read at once.
const BATCH: i64 = 1000;
/// The log is looked at so often.
const EVERY: Duration = Duration::from_millis(500);

/// Commands about the audit log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the latest events, and with --follow those that come.
    Tail(Tail),
    /// Write the log to standard output, the oldest event first.
    Export(Export),
}

/// Which events.
#[derive(Debug, Args)]
pub struct Which {
    /// Of this kind, as in `login.failed`, or of kinds that begin like this: `login.`
    #[arg(long)]
    event: Option<String>,
    /// Done by them: a username, a client id, `cli`, `anonymous`.
    #[arg(long)]
    actor: Option<String>,
    /// About this user: username, address or id.
    #[arg(long)]
    user: Option<String>,
    /// Through this app.
    #[arg(long)]
    client: Option<String>,
    /// In this request, by the id that its error page shows.
    #[arg(long)]
    request: Option<String>,
    /// Not before, as in 2026-11-20T10:00:00Z.
    #[arg(long, value_parser = instant)]
    since: Option<Instant>,
    /// Before.
    #[arg(long, value_parser = instant)]
    until: Option<Instant>,
}

/// How many, and whether to go on.
#[derive(Debug, Args)]
pub struct Tail {
    #[command(flatten)]
    which: Which,
    /// So many.
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    lines: i64,
    /// Go on until interrupted.
    #[arg(long, short)]
    follow: bool,
}

/// In which form.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
    /// A line of JSON for each event, or a table.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

fn instant(text: &str) -> Result<Instant, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "write it like 2026-11-20T10:00:00Z".to_owned())
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Tail(arguments) => tail(globals, &workshop, arguments),
        Command::Export(arguments) => write(&workshop, arguments),
    }
}

fn filter(workshop: &Workshop, which: Which) -> Result<Filter, Failure> {
    let user = which.user.map(|name| group::find_user(&mut workshop.connect()?, &name)).transpose()?;
    Ok(Filter {
        event: which.event,
        actor: which.actor,
        user: user.map(|user| user.id),
        client_id: which.client,
        request_id: which.request,
        since: which.since,
        until: which.until,
    })
}

fn tail(globals: &Globals, workshop: &Workshop, arguments: Tail) -> Result<(), Failure> {
    let filter = filter(workshop, arguments.which)?;
    let conn = &mut workshop.connect()?;
    let mut latest = list(conn, &filter, Direction::Back, None, arguments.lines)?;
    latest.reverse();
    let mut last = latest.last().map(|entry| entry.id);
    for entry in &latest {
        output::say(&shown(globals, entry));
    }
    if !arguments.follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(EVERY);
        let new = list(conn, &filter, Direction::Forth, last, BATCH)?;
        for entry in &new {
            // Whoever read this has gone.
            if writeln!(std::io::stdout(), "{}", shown(globals, entry)).is_err() {
                return Ok(());
            }
        }
        last = new.last().map(|entry| entry.id).or(last);
    }
}

fn shown(globals: &Globals, entry: &Entry) -> String {
    if globals.json {
        return export::json_line(entry).trim_end().to_owned();
    }
    let more = [
        entry.client_id.as_ref().map(|id| format!("app={id}")),
        entry.user_id.map(|id| format!("user={id}")),
        entry.address.as_ref().map(|address| format!("from={address}")),
        entry.request_id.as_ref().map(|id| format!("request={id}")),
        entry.details.as_object().filter(|details| !details.is_empty()).map(|_| entry.details.to_string()),
    ];
    let more: Vec<String> = more.into_iter().flatten().collect();
    let at = entry.at.format("%Y-%m-%d %H:%M:%S");
    format!("{at}  {}  by {}  {}", entry.event, entry.actor, more.join(" "))
}

fn write(workshop: &Workshop, arguments: Export) -> Result<(), Failure> {
    let filter = filter(workshop, arguments.which)?;
    let conn = &mut workshop.connect()?;
    if matches!(arguments.format, Format::Csv) {
        output::say(export::HEADING.trim_end());
    }
    let mut from = None;
    loop {
        let batch = list(conn, &filter, Direction::Forth, from, BATCH)?;
        for entry in &batch {
            match arguments.format {
                Format::Jsonl => output::say(export::json_line(entry).trim_end()),
                Format::Csv => output::say(export::csv_line(entry).trim_end()),
            }
        }
        let Some(last) = batch.last() else { return Ok(()) };
        from = Some(last.id);
    }
}
