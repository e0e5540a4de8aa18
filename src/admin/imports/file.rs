//! A file of people, read: which rows there are, and which of them cannot be without a trial.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Person;
use crate::accounts::name_key::name_key;
use crate::spec::plain::misleads;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most people in a file.
pub const MAX_ROWS: usize = 5_000;
/// Most characters in a cell: no claim is longer.
const MAX_CELL: usize = 500;

/// Columns that a file may have, in any order; `username` it has to have.
pub const COLUMNS: [&str; 10] = [
    "username",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "locale",
    "zoneinfo",
    "phone",
    "groups",
];
/// What may stand in the column `email_verified`.
const YES: [&str; 3] = ["yes", "true", "1"];
const NO: [&str; 4] = ["", "no", "false", "0"];

/// A row as it was read: who, and why not when it is clear already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where it stands in the file; the heading is line 1.
    pub line: i32,
    /// Who.
    pub person: Person,
    /// Why it is refused without a trial.
    pub refusal: Option<String>,
}

/// Reads a file: UTF-8, commas or semicolons, a heading with names of [`COLUMNS`].
///
/// # Errors
/// In words, when it is no such file: nothing of it is taken then.
pub fn read(bytes: &[u8]) -> Result<Vec<Read>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The file is not UTF-8 text: save it as “CSV UTF-8”.")?;
    let text = text.trim_start_matches('\u{feff}');
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = if heading.contains(';') && !heading.contains(',') { b';' } else { b',' };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|error| format!("The file is no CSV: {error}."))?)?;
    let (mut rows, mut seen) = (Vec::new(), HashMap::<String, i32>::new());
    for record in reader.records() {
        let record = record.map_err(|error| format!("The file is no CSV: {error}."))?;
        // Each person is a line, whatever ends the lines.
        let line = i32::try_from(rows.len() + 2).unwrap_or(i32::MAX);
        if rows.len() == MAX_ROWS {
            return Err(format!("The file has more than {MAX_ROWS} people: cut it into parts."));
        }
        let mut refusal = shape_refusal(&record, columns.len()).or_else(|| proof_refusal(&record, &columns));
        let person = person(&record, &columns);
        let before = seen.entry(name_key(&person.username)).or_insert(line);
        if *before != line && refusal.is_none() {
            refusal = Some(format!("The username stands in line {before} already."));
        }
        rows.push(Read { line, person, refusal });
    }
    if rows.is_empty() { Err("There is nobody in the file.".into()) } else { Ok(rows) }
}

fn columns(heading: &StringRecord) -> Result<Vec<&'static str>, String> {
    let mut columns = Vec::new();
    for name in heading {
        let lower = name.to_lowercase();
        let Some(known) = COLUMNS.iter().find(|known| **known == lower) else {
            return Err(format!("There is no column “{name}”. A file may have: {}.", COLUMNS.join(", ")));
        };
        if columns.contains(known) {
            return Err(format!("The column “{known}” stands twice."));
        }
        columns.push(*known);
    }
    if columns.contains(&"username") { Ok(columns) } else { Err("The column “username” is missing.".into()) }
}

fn shape_refusal(record: &StringRecord, columns: usize) -> Option<String> {
    if record.len() != columns {
        return Some(format!("It has {} of {columns} cells.", record.len()));
    }
    let is_text = |cell: &str| cell.chars().count() <= MAX_CELL && !cell.chars().any(misleads);
    (!record.iter().all(is_text)).then(|| format!("A cell is longer than {MAX_CELL} characters, or not plain text."))
}

fn proof_refusal(record: &StringRecord, columns: &[&'static str]) -> Option<String> {
    let place = columns.iter().position(|column| *column == "email_verified")?;
    let cell = record.get(place).unwrap_or_default().to_lowercase();
    let is_known = YES.contains(&cell.as_str()) || NO.contains(&cell.as_str());
    (!is_known).then(|| "email_verified is yes or no.".to_owned())
}

fn person(record: &StringRecord, columns: &[&'static str]) -> Person {
    let mut person = Person::default();
    for (column, cell) in columns.iter().zip(record) {
        // What is too long was refused, and is only shown.
        let cell: String = cell.chars().filter(|one| !misleads(*one)).take(MAX_CELL).collect();
        let given = (!cell.is_empty()).then(|| cell.clone());
        match *column {
            "username" => person.username = cell,
            "email" => person.email = given,
            "email_verified" => person.email_verified = YES.contains(&cell.to_lowercase().as_str()),
            "name" => person.name = given,
            "given_name" => person.given_name = given,
            "family_name" => person.family_name = given,
            "locale" => person.locale = given,
            "zoneinfo" => person.zoneinfo = given,
            "phone" => person.phone = given,
            _ => {
                person.groups =
                    cell.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            }
        }
    }
    person
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, MAX_ROWS, read};

    #[test]
    fn a_file_is_read_with_commas_and_with_semicolons() {
        let read_one = |text: &str| read(text.as_bytes()).unwrap().remove(0);
        let ada = read_one("username,email,Groups\nada, ada@example.test ,editors;staff\n");
        assert_eq!((ada.line, ada.person.username.as_str(), ada.refusal), (2, "ada", None));
        assert_eq!(ada.person.email.as_deref(), Some("ada@example.test"));
        assert_eq!(ada.person.groups, ["editors", "staff"]);
        let quoted = read_one("\u{feff}username;name\r\nada;\"Lovelace; Ada\"\r\n");
        assert_eq!(quoted.person.name.as_deref(), Some("Lovelace; Ada"));
        assert_eq!(quoted.person.email, None);
    }

    #[test]
    fn what_is_no_such_file_is_refused_whole() {
        let heading = COLUMNS.join(",");
        let many = format!("username\n{}", "somebody\n".repeat(MAX_ROWS + 1));
        for (bytes, word) in [
            (&b"username\n\xff"[..], "UTF-8"),
            (b"", "username"),
            (b"email\na@example.test\n", "username"),
            (b"username,password\nada,secret\n", "password"),
            (b"username,username\nada,ada\n", "twice"),
            (heading.as_bytes(), "nobody"),
            (many.as_bytes(), "more than"),
        ] {
            let why = read(bytes).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn rows_that_cannot_be_are_refused_by_themselves() {
        let long = "a".repeat(501);
        let file = format!("username,name\nada,Ada\nADA,again\nbob\ncarl,{long}\n");
        let rows = read(file.as_bytes()).unwrap();
        let why: Vec<_> = rows.iter().map(|row| row.refusal.as_deref().unwrap_or_default()).collect();
        assert_eq!(why[0], "");
        assert!(why[1].contains("line 2"), "{why:?}");
        assert!(why[2].contains("1 of"), "{why:?}");
        assert!(why[3].contains("longer"), "{why:?}");
    }
}
