//! Takes untyped values out of the layers, one call per key.

mod tables;

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::choice::Choice;
use super::layers::{Given, Layers, Raw, Source};
use super::problem::Problem;
use super::show::Setting;

/// Hands out the values and keeps book: which keys exist, what they are, what is wrong.
///
/// After a problem the methods return a stand-in, so that reading goes on to the next key; it
/// is never used, because a configuration with problems is not given out.
pub(super) struct Reader {
    layers: Layers,
    /// Where a value would have to be added that is missing.
    home: Source,
    known: Vec<&'static str>,
    settings: Vec<Setting>,
    problems: Vec<Problem>,
}

impl Reader {
    pub fn new(mut layers: Layers) -> Self {
        let problems = std::mem::take(&mut layers.problems);
        Self { layers, home: Source::BuiltIn, known: Vec::new(), settings: Vec::new(), problems }
    }

    /// All settings and all problems; what no section asked for is an unknown key.
    pub fn finish(mut self) -> (Vec<Setting>, Vec<Problem>) {
        let left = std::mem::take(&mut self.layers.given);
        for (key, values) in left {
            for Given { source, .. } in values {
                self.problems.push(Problem::unknown(&key, source, &self.known));
            }
        }
        (self.settings, self.problems)
    }

    /// A whole number within `range`.
    pub fn number<N>(&mut self, key: &'static str, range: RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Copy + Display,
    {
        let (low, high) = (*range.start(), *range.end());
        let read = self.required(key, |text| match text.parse::<N>() {
            Ok(number) if range.contains(&number) => Ok((number, text.to_owned())),
            _ => Err(format!("`{text}` is not a whole number from {low} to {high}")),
        });
        read.unwrap_or(low)
    }

    /// A number of seconds within `range`.
    pub fn seconds(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, range))
    }

    /// One of a few words.
    pub fn choice<C: Choice>(&mut self, key: &'static str) -> C {
        let read = self.required(key, |text| C::choose(text).map(|choice| (choice, text.to_owned())));
        read.unwrap_or_default()
    }

    /// A value that `parse` understands; its error says what is wrong and what to do.
    pub fn parse<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.required(key, |text| parse(text).map(|value| (value, text.to_owned())))
    }

    /// A text, or none where the key has no default and is not set.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.optional_as(key, |text| Ok(text.to_owned()))
    }

    /// A value that `parse` understands, or none where the key has no default and is not set.
    pub fn optional_as<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.optional(key, |text| parse(text).map(|value| (value, text.to_owned())))
    }

    /// A value that `parse` understands; `fallback` when the key is not set.
    pub fn text_or<T>(
        &mut self,
        key: &'static str,
        fallback: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let before = self.problem_count();
        let given = self.optional_as(key, &parse);
        if given.is_some() || self.problem_count() > before {
            return given;
        }
        if let Some(setting) = self.settings.last_mut().filter(|setting| setting.key == key) {
            fallback.clone_into(&mut setting.value_shown);
        }
        parse(fallback).ok()
    }

    /// A path, or none where the key has no default and is not set.
    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.find(key, |text| Ok(PathBuf::from(text)))
    }

    /// A path that `fallback` gives when the key is not set.
    pub fn path_or(&mut self, key: &'static str, fallback: PathBuf) -> PathBuf {
        let path = self.path(key).unwrap_or(fallback);
        if let Some(setting) = self.settings.last_mut().filter(|setting| setting.key == key) {
            setting.value_shown = path.display().to_string();
        }
        path
    }

    /// A value of which only a redacted form may be shown: `parse` returns both.
    pub fn secret<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<(T, String), String>,
    ) -> Option<T> {
        self.optional(key, parse)
    }

    /// A value that may be missing.
    pub fn find<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.optional(key, |text| parse(text).map(|value| (value, text.to_owned())))
    }

    /// A yes or no.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let read = self.parse(key, |text| text.parse().map_err(|_| format!("`{text}` is neither true nor false")));
        read.unwrap_or_default()
    }

    /// A list; in the environment and in value files it is comma separated.
    pub fn list<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(given) = self.take(key) else {
            return Vec::new();
        };
        let Some(items) = list_items(given.raw) else {
            self.refuse(key, given.source, String::from("takes a list of words"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in &items {
            match parse(item) {
                Ok(value) => values.push(value),
                Err(text) => self.refuse(key, given.source.clone(), text),
            }
        }
        self.record(key, items.join(", "), given.source);
        values
    }

    /// A rule between keys is broken: blames `key` where it was set.
    pub fn blame(&mut self, key: &str, text: String) {
        let setting = self.settings.iter().find(|setting| setting.key == key);
        let source = setting.map_or_else(|| self.home.clone(), |setting| setting.source.clone());
        self.refuse(key, source, text);
    }

    /// How many problems there are so far.
    pub const fn problem_count(&self) -> usize {
        self.problems.len()
    }

    fn required<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<(T, String), String>) -> Option<T> {
        let before = self.problem_count();
        let value = self.optional(key, parse);
        if value.is_none() && self.problem_count() == before {
            self.refuse(key, self.home.clone(), String::from("has no value; set it"));
        }
        value
    }

    fn optional<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<(T, String), String>) -> Option<T> {
        let Some(given) = self.take(key) else {
            self.record(key, String::from("none"), Source::BuiltIn);
            return None;
        };
        let read = match &given.raw {
            Raw::Text(text) if text.is_empty() => Err(String::from("is empty; give a value or remove it")),
            Raw::Text(text) => parse(text),
            Raw::List(_) | Raw::Tables(_) | Raw::Odd => Err(String::from("takes a single value; give just one")),
        };
        match read {
            Ok((value, shown)) => {
                self.record(key, shown, given.source);
                Some(value)
            }
            Err(text) => {
                self.refuse(key, given.source, text);
                None
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Given> {
        self.known.push(key);
        match self.layers.take(key) {
            Ok(given) => given,
            Err((source, text)) => {
                self.refuse(key, source, text);
                None
            }
        }
    }

    fn record(&mut self, key: &str, value_shown: String, source: Source) {
        self.settings.push(Setting { key: key.to_owned(), value_shown, source });
    }

    fn refuse(&mut self, key: &str, source: Source, text: String) {
        self.problems.push(Problem::new(key, source, text));
    }
}

fn list_items(raw: Raw) -> Option<Vec<String>> {
    match raw {
        Raw::List(items) => Some(items),
        Raw::Text(text) => {
            let items = text.split(',').map(|item| item.trim().to_owned());
            Some(items.filter(|item| !item.is_empty()).collect())
        }
        Raw::Tables(_) | Raw::Odd => None,
    }
}
