//! Words to people, JSON to programs.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

/// A line on standard output. A closed pipe is nobody's problem.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line on standard error.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "portcullis: {line}");
}

/// JSON on standard output: one line for programs, spread out for a person who looks.
pub fn print_json(value: &Value) {
    if std::io::stdout().is_terminal() {
        say(&format!("{value:#}"));
    } else {
        say(&value.to_string());
    }
}

/// A table with a heading, columns as wide as their widest cell.
pub fn print_table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|cell| cell.len())).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let padded: Vec<_> = cells
            .into_iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column)))
            .collect();
        say(padded.join("  ").trim_end());
    };
    line(heading.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}
