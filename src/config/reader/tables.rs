//! Keys that hold tables: `[[login.backends]]`, and tables whose keys the operator chooses.

use std::collections::BTreeMap;

use super::Reader;
use crate::config::layers::{Given, Layers, Raw, Source};

impl Reader {
    /// The tables of `[[key]]`, each read by `read` with a reader of its own, which knows `defaults`.
    /// Settings and problems of the tables are called `key[0].name`, in the order of the tables.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        defaults: &[(&str, &str)],
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Vec<T> {
        let Some(Given { raw, source }) = self.take(key) else {
            self.record(key, String::from("none"), Source::BuiltIn);
            return Vec::new();
        };
        let Raw::Tables(tables) = raw else {
            self.refuse(key, source, format!("takes tables; write [[{key}]] above the keys of each, in a file"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for (at, table) in tables.into_iter().enumerate() {
            let mut inner = Self::new(Layers::of_table(table, &source, defaults));
            inner.home = source.clone();
            values.extend(read(&mut inner));
            self.take_in(&format!("{key}[{at}]"), inner);
        }
        values
    }

    /// A table whose keys are names of the operator's own; empty where it is not given.
    pub fn names(&mut self, key: &'static str) -> BTreeMap<String, String> {
        self.known.push(key);
        let mut names = BTreeMap::new();
        for (full, Given { raw, source }) in self.take_below(key) {
            let name = full.strip_prefix(key).and_then(|rest| rest.strip_prefix('.'));
            match (name, raw) {
                (Some(name), Raw::Text(text)) if !text.trim().is_empty() => {
                    self.record(&full, text.clone(), source);
                    names.insert(name.to_owned(), text);
                }
                // An empty table.
                (None, Raw::Odd) => {}
                (None, _) => self.refuse(key, source, String::from("takes a table of names")),
                (Some(_), _) => self.refuse(&full, source, String::from("takes one name")),
            }
        }
        names
    }

    /// Keys that mean nothing beside another key: refuses those that are given, saying why.
    pub fn refuse_given(&mut self, keys: &[&'static str], because: &str) {
        for key in keys {
            self.known.push(key);
            for key in [(*key).to_owned(), format!("{key}_file")] {
                for Given { source, .. } in self.layers.given.remove(&key).unwrap_or_default() {
                    self.refuse(&key, source, because.to_owned());
                }
            }
        }
    }

    /// Leaves the rest unread where nothing can be said about it.
    pub fn skip_rest(&mut self) {
        self.layers.given.clear();
    }

    fn take_below(&mut self, key: &str) -> Vec<(String, Given)> {
        let below = format!("{key}.");
        let is_meant = |name: &String, _: &mut Vec<Given>| name == key || name.starts_with(&below);
        let taken = self.layers.given.extract_if(.., is_meant);
        taken.filter_map(|(name, mut given)| given.pop().map(|last| (name, last))).collect()
    }

    fn take_in(&mut self, prefix: &str, inner: Self) {
        let (settings, problems) = inner.finish();
        self.settings.extend(settings.into_iter().map(|mut setting| {
            setting.key = format!("{prefix}.{}", setting.key);
            setting
        }));
        self.problems.extend(problems.into_iter().map(|mut problem| {
            problem.key = format!("{prefix}.{}", problem.key);
            problem
        }));
    }
}
