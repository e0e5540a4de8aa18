//! `audit …`.

use std::io::Write as _;
use std::time::Duration;

use chrono::DateTime;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, group, output};
use crate::audit::chain::{self, Link, Reach, Verdict};
use crate::audit::export;
use crate::audit::store::{Direction, Entry, Filter, list};
use crate::kernel::Instant;
use crate::kernel::crypto::Purpose;
use crate::kernel::ids::UserId;
use crate::kernel::random::hex;

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
    /// Prove that nothing in the log was changed, taken out or put in; prints its head.
    Verify(Verify),
}

/// What was noted.
#[derive(Debug, Args)]
pub struct Verify {
    /// A head that was printed before, as in 120:9f3c…: nothing up to it may be missing.
    #[arg(long, value_name = "HEAD")]
    head: Option<String>,
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
        Command::Verify(arguments) => verify(globals, &workshop, &arguments),
    }
}

fn filter(workshop: &Workshop, which: Which) -> Result<Filter, Failure> {
    // By id also who is gone: the log is what is left of them.
    let id_of = |name: String| match name.parse::<UserId>() {
        Ok(id) => Ok(id),
        Err(_) => group::find_user(&mut workshop.connect()?, &name).map(|user| user.id),
    };
    let user = which.user.map(id_of).transpose()?;
    Ok(Filter {
        event: which.event,
        actor: which.actor,
        user,
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

fn verify(globals: &Globals, workshop: &Workshop, arguments: &Verify) -> Result<(), Failure> {
    let mac = workshop.master_key()?.mac(Purpose::AuditChain)?;
    let noted = arguments.head.as_deref().map(parse_head).transpose()?;
    let (verdict, has_noted) = workshop.write(|conn, scene| {
        // What was written a moment ago is linked now.
        let mut reach = Reach::Far;
        while let Some(last) = chain::extend(conn, &mac, scene, reach)? {
            reach = Reach::After(last);
        }
        let verdict = chain::verify(conn, &mac, scene.now)?;
        let has_noted = noted.as_ref().map_or(Ok(true), |noted| chain::holds(conn, noted))?;
        Ok::<_, Failure>((verdict, has_noted))
    })?;
    match verdict {
        Verdict::Broken(position, why) => Err(Failure::Failed(format!("the log is broken at link {position}: {why}"))),
        Verdict::Whole(_) if !has_noted => Err(Failure::Failed("the head that was noted is not in the log".into())),
        Verdict::Whole(head) => {
            let head = head.map(|link| format!("{}:{}", link.position, hex(&link.digest)));
            if globals.json {
                output::print_json(&json!({ "whole": true, "head": head }));
            } else {
                let head = head.unwrap_or_else(|| "none yet".into());
                output::say(&format!("The log is whole.\nIts head, to be noted elsewhere: {head}"));
            }
            Ok(())
        }
    }
}

fn parse_head(text: &str) -> Result<Link, Failure> {
    let odd = || Failure::Usage("--head takes what `audit verify` prints, like 120:9f3c…".into());
    let (position, digits) = text.split_once(':').ok_or_else(odd)?;
    let pair = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let digest: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(pair).collect();
    let digest = digest.filter(|digest| digest.len() == 32).ok_or_else(odd)?;
    Ok(Link { position: position.parse().map_err(|_| odd())?, digest })
}
