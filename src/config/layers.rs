//! The layers below the environment: the built-in file and the operator's files.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ::config::{File, FileFormat, Source as _, Value, ValueKind};

use super::problem::Problem;

const BUILT_IN: &str = include_str!("../../config/default.toml");

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `config/default.toml`, or the rule it describes.
    BuiltIn,
    /// A file given with `--config`.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
    /// The content of a file that the outer source names.
    Content(Box<Self>, PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Content(outer, path) => write!(f, "{outer}, content of {}", path.display()),
        }
    }
}

/// A value before it has a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// A scalar as written.
    Text(String),
    /// A list of scalars.
    List(Vec<String>),
    /// `[[…]]`: the values of each table, by dotted key.
    Tables(Vec<Vec<(String, Self)>>),
    /// Something no key takes, such as a list inside a list.
    Odd,
}

/// A value together with its source.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub raw: Raw,
    pub source: Source,
}

/// Everything given, by dotted key; in each list the later value wins.
pub(super) struct Layers {
    /// What `config/default.toml` says.
    pub defaults: BTreeMap<String, Given>,
    /// What files and environment say.
    pub given: BTreeMap<String, Vec<Given>>,
    /// What could not be read at all.
    pub problems: Vec<Problem>,
}

impl Layers {
    /// The built-in file alone.
    pub fn built_in() -> Self {
        let mut layers = Self { defaults: BTreeMap::new(), given: BTreeMap::new(), problems: Vec::new() };
        for (key, raw) in layers.parse(BUILT_IN, &Source::BuiltIn) {
            let source = Source::BuiltIn;
            layers.defaults.insert(key, Given { raw, source });
        }
        layers
    }

    /// One table of `[[…]]` alone, above what such tables say when they say nothing.
    pub fn of_table(table: Vec<(String, Raw)>, source: &Source, defaults: &[(&str, &str)]) -> Self {
        let mut layers = Self { defaults: BTreeMap::new(), given: BTreeMap::new(), problems: Vec::new() };
        for (key, text) in defaults {
            let given = Given { raw: Raw::Text((*text).to_owned()), source: Source::BuiltIn };
            layers.defaults.insert((*key).to_owned(), given);
        }
        for (key, raw) in table {
            layers.give(key, raw, source.clone());
        }
        layers
    }

    /// Puts the file's values above those of earlier files.
    pub fn add_file(&mut self, path: &Path) {
        let source = Source::File(path.to_path_buf());
        match fs::read_to_string(path) {
            Ok(text) => {
                for (key, raw) in self.parse(&text, &source) {
                    self.give(key, raw, source.clone());
                }
            }
            Err(error) => self.problems.push(Problem::new(
                "--config",
                source,
                format!("cannot be read ({error}); check the path and its permissions"),
            )),
        }
    }

    /// Adds one value above those that `key` has so far.
    pub fn give(&mut self, key: String, raw: Raw, source: Source) {
        self.given.entry(key).or_default().push(Given { raw, source });
    }

    /// The value that counts so far when no more layers follow.
    pub fn current(&self, key: &str) -> Option<&Given> {
        let given = self.given.get(key).and_then(|values| values.last());
        given.or_else(|| self.defaults.get(key))
    }

    /// Takes out the value that counts for `key`, from its file where one is named.
    ///
    /// # Errors
    /// Where the fault lies and what to do: set twice, or a file that cannot be read.
    pub fn take(&mut self, key: &str) -> Result<Option<Given>, (Source, String)> {
        let mut last = |key: &str| self.given.remove(key).and_then(|mut all| all.pop());
        match (last(key), last(&format!("{key}_file"))) {
            (Some(direct), Some(by_file)) => {
                let text = format!("is also set by a file ({}); keep one of the two", by_file.source);
                Err((direct.source, text))
            }
            (Some(direct), None) => Ok(Some(direct)),
            (None, Some(by_file)) => content(by_file).map(Some),
            (None, None) => Ok(self.defaults.get(key).cloned()),
        }
    }

    fn parse(&mut self, text: &str, source: &Source) -> Vec<(String, Raw)> {
        let mut flat = Vec::new();
        match File::from_str(text, FileFormat::Toml).collect() {
            Ok(tables) => {
                for (key, value) in tables {
                    flatten(key, value, &mut flat);
                }
            }
            Err(error) => self.problems.push(Problem::new(
                "--config",
                source.clone(),
                format!("is not TOML ({}); correct that line", without_excerpt(&error.to_string())),
            )),
        }
        flat
    }
}

/// The value inside the file that `by_file` names.
fn content(by_file: Given) -> Result<Given, (Source, String)> {
    let Raw::Text(path) = by_file.raw else {
        return Err((by_file.source, String::from("takes the path of one file")));
    };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Given {
            raw: Raw::Text(without_newline(&text).to_owned()),
            source: Source::Content(Box::new(by_file.source), PathBuf::from(path)),
        }),
        Err(error) => {
            let text = format!("{path} cannot be read ({error}); check path and permissions");
            Err((by_file.source, text))
        }
    }
}

/// Editors and `echo` end a file with one newline that is not part of the value.
fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Turns nested tables into dotted keys. An empty table keeps its name, so that a misspelled
/// section is seen even without a key in it.
fn flatten(key: String, value: Value, into: &mut Vec<(String, Raw)>) {
    match value.kind {
        ValueKind::Table(table) if !table.is_empty() => {
            for (inner, value) in table {
                flatten(format!("{key}.{inner}"), value, into);
            }
        }
        ValueKind::Array(items) => into.push((key, array(items))),
        kind => into.push((key, scalar(kind).map_or(Raw::Odd, Raw::Text))),
    }
}

fn array(items: Vec<Value>) -> Raw {
    let is_table = |item: &Value| matches!(item.kind, ValueKind::Table(_));
    if !items.is_empty() && items.iter().all(is_table) {
        return Raw::Tables(items.into_iter().map(table).collect());
    }
    let items: Option<Vec<String>> = items.into_iter().map(|item| scalar(item.kind)).collect();
    items.map_or(Raw::Odd, Raw::List)
}

fn table(item: Value) -> Vec<(String, Raw)> {
    let mut flat = Vec::new();
    if let ValueKind::Table(table) = item.kind {
        for (key, value) in table {
            flatten(key, value, &mut flat);
        }
    }
    flat
}

fn scalar(kind: ValueKind) -> Option<String> {
    match kind {
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => None,
        other => Some(other.to_string()),
    }
}

/// Drops the quoted source lines of a TOML error: they may hold a password.
fn without_excerpt(message: &str) -> String {
    let kept: Vec<&str> =
        message.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|')).collect();
    kept.join(": ")
}
