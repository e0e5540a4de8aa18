//! What an import did, for people and for programs.

use serde_json::json;

use super::{Globals, output};
use crate::import::Report;
use crate::import::report::Remark;

/// Remarks of one kind that a person is shown; programs get all.
const SHOWN: usize = 20;

/// Prints the report.
pub(super) fn show(globals: &Globals, report: &Report) {
    if globals.json {
        let shown = serde_json::to_value(report);
        output::print_json(&shown.unwrap_or_else(|error| json!({ "error": error.to_string() })));
        return;
    }
    table(report);
    for (name, tally) in report.tallies() {
        remarks(&format!("Skipped {name}"), &tally.skipped);
        remarks(&format!("Notes on {name}"), &tally.notes);
    }
    if !report.ignored.is_empty() {
        let models: Vec<_> = report.ignored.iter().map(|(model, rows)| format!("{model} ({rows})")).collect();
        output::say(&format!("\nLeft behind: {}", models.join(", ")));
    }
    if report.dry_run {
        output::say("\nNothing was written: this was a dry run.");
    }
}

fn table(report: &Report) {
    let rows: Vec<_> = report
        .tallies()
        .into_iter()
        .map(|(name, tally)| {
            let skipped = tally.skipped.len().to_string();
            [name.to_owned(), tally.new.to_string(), tally.changed.to_string(), tally.unchanged.to_string(), skipped]
        })
        .filter(|row| row.iter().skip(1).any(|cell| cell != "0"))
        .collect();
    output::print_table(["", "NEW", "CHANGED", "UNCHANGED", "SKIPPED"], &rows);
}

fn remarks(heading: &str, remarks: &[Remark]) {
    if remarks.is_empty() {
        return;
    }
    output::say(&format!("\n{heading}:"));
    for Remark { row, reason } in remarks.iter().take(SHOWN) {
        output::say(&format!("  {row}: {reason}"));
    }
    if remarks.len() > SHOWN {
        output::say(&format!("  … and {} more (--json lists all)", remarks.len() - SHOWN));
    }
}
