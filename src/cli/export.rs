//! `export`, and `import bundle`: the configuration as one document.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::workshop::{self, Workshop};
use super::{Failure, Globals, output};
use crate::admin::bundle::{self, Bundle, Difference, Outcome};
use crate::admin::deed::Stop;

/// Largest bundle that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Where to.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write; without it, standard output. One that is there is not overwritten.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Apps, groups, permissions and settings from a bundle that `export` wrote.
///
/// What is missing is made, what differs is changed, the rest stays. Apps that are made get secrets of their own, shown once.
#[derive(Debug, Args)]
pub struct Apply {
    /// The bundle; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do everything, take it back, and say what it would have been.
    #[arg(long)]
    dry_run: bool,
}

/// `export`.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, arguments: &Arguments) -> Result<(), Failure> {
    let loaded = workshop::load(globals)?;
    let workshop = Workshop::open(globals)?;
    let issuer = loaded.config.server.public_url.as_str();
    let made = bundle::export(&mut workshop.connect()?, (issuer, &loaded.sources), workshop.clock.now())?;
    let text = serde_json::to_string_pretty(&made).map_err(|error| Failure::Failed(error.to_string()))?;
    let Some(path) = &arguments.output else {
        output::say(&text);
        return Ok(());
    };
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
    output::complain(&format!("written: {}", path.display()));
    Ok(())
}

/// `import bundle`.
///
/// # Errors
/// [`Failure`] in words; then nothing was written.
pub fn apply(globals: &Globals, arguments: &Apply) -> Result<(), Failure> {
    let bundle = read(&arguments.file)?;
    let loaded = workshop::load(globals)?;
    let workshop = Workshop::open(globals)?;
    let bundle = bundle.moved_to(workshop.config.server.public_url.as_str());
    let make = if arguments.dry_run { bundle::rehearse } else { bundle::apply };
    let outcome = workshop.write(|conn, scene| {
        make(conn, &bundle, &loaded.sources, scene).map_err(|stop| match stop {
            Stop::Fault(fault) => fault.into(),
            stop => Failure::Failed(stop.to_string()),
        })
    })?;
    show(globals, &outcome, arguments.dry_run);
    Ok(())
}

fn read(path: &Path) -> Result<Bundle, Failure> {
    let shown = path.display();
    let failed = |error: std::io::Error| Failure::Failed(format!("{shown}: {error}"));
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
    }
    bundle::parse(&text).map_err(|why| Failure::Usage(format!("{shown}: {why}")))
}

fn show(globals: &Globals, outcome: &Outcome, is_dry: bool) {
    if globals.json {
        // What a dry run made is taken back, and its secrets with it.
        let secrets = outcome.secrets.iter().filter(|_| !is_dry);
        let secrets: Vec<Value> =
            secrets.map(|(id, secret)| json!({ "client_id": id, "client_secret": secret.expose() })).collect();
        output::print_json(&json!({
            "dry_run": is_dry, "differences": outcome.differences, "notes": outcome.notes, "secrets": secrets,
        }));
        return;
    }
    for difference in &outcome.differences {
        output::say(&line(difference));
        for (name, (before, after)) in &difference.changed {
            output::say(&format!("    {name}: {before} → {after}"));
        }
    }
    if outcome.differences.is_empty() {
        output::say("Nothing differs.");
    }
    for note in &outcome.notes {
        output::say(&format!("note: {note}"));
    }
    if is_dry {
        output::say("\nNothing was written: this was a dry run.");
        return;
    }
    for (id, secret) in &outcome.secrets {
        output::say(&format!("\nclient_id:     {id}\nclient_secret: {}", secret.expose()));
    }
    if !outcome.secrets.is_empty() {
        output::say("\nThe secrets are shown only now.");
    }
}

fn line(difference: &Difference) -> String {
    let sign = if difference.is_new { '+' } else { '~' };
    format!("{sign} {} {}", difference.kind, difference.name)
}
