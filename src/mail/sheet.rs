//! A letter in words: what both templates are given.

use fluent_bundle::FluentArgs;
use serde::Serialize;

use super::clean;
use super::letter::{Facts, Letter};
use super::outline::{Aside, Told};
use super::phrases::Phrases;
use super::render::Site;

/// Everything a template may print, in one language and clean.
#[derive(Serialize)]
pub(super) struct Sheet {
    lang: &'static str,
    site: String,
    home: String,
    pub(super) subject: String,
    greeting: String,
    paragraphs: Vec<String>,
    action: Option<Action>,
    code: Option<Row>,
    facts: Vec<Row>,
    aside: Option<Advice>,
    reason: String,
}

#[derive(Serialize)]
struct Action {
    label: String,
    url: String,
    hint: String,
}

#[derive(Serialize)]
struct Row {
    label: String,
    value: String,
}

#[derive(Serialize)]
struct Advice {
    title: String,
    text: String,
    link: Option<Row>,
}

impl Sheet {
    /// Puts a letter in words.
    ///
    /// # Errors
    /// In words, when a sentence or one of its values is missing, or a link is none.
    pub(super) fn write(letter: &Letter, phrases: &Phrases, site: &Site) -> Result<Self, String> {
        Writer::new(letter, phrases, site).write(&site.public_url)
    }
}

/// The one who writes: knows the sentences and what to tell in them.
struct Writer<'a> {
    letter: &'a Letter,
    phrases: &'a Phrases,
    site: String,
    told: FluentArgs<'a>,
    prefix: String,
}

impl<'a> Writer<'a> {
    fn new(letter: &'a Letter, phrases: &'a Phrases, site: &Site) -> Self {
        let site = clean::name(&site.name);
        let mut told = FluentArgs::new();
        told.set("site", site.clone());
        if let Some(username) = letter.username() {
            told.set("username", clean::name(username));
        }
        for (name, value) in letter.told() {
            match value {
                Told::Words(words) => told.set(name, words),
                Told::Number(number) => told.set(name, number),
            }
        }
        Self { letter, phrases, site, told, prefix: letter.kind().replace('_', "-") }
    }

    fn write(self, home: &str) -> Result<Sheet, String> {
        Ok(Sheet {
            lang: self.phrases.language().as_str(),
            subject: clean::subject(&self.own("subject")?),
            greeting: self.say(self.letter.username().map_or("greeting", |_| "greeting-name"))?,
            paragraphs: self.letter.paragraphs().iter().map(|key| self.say(key)).collect::<Result<_, _>>()?,
            action: self.letter.action(home).map(|url| self.action(url)).transpose()?,
            code: self.letter.code().map(|code| self.code(code)).transpose()?,
            facts: self.letter.facts().map(|facts| self.facts(facts)).transpose()?.unwrap_or_default(),
            aside: self.aside(home)?,
            reason: self.say(self.letter.reason())?,
            home: clean::link(home)?.to_owned(),
            site: self.site,
        })
    }

    fn action(&self, url: &str) -> Result<Action, String> {
        Ok(Action { label: self.own("action")?, url: clean::link(url)?.to_owned(), hint: self.say("action-hint")? })
    }

    fn code(&self, code: &str) -> Result<Row, String> {
        Ok(Row { label: self.own("code")?, value: clean::name(code) })
    }

    fn facts(&self, facts: &Facts) -> Result<Vec<Row>, String> {
        let rows = [
            ("fact-app", facts.app.as_ref()),
            ("fact-time", Some(&facts.time)),
            ("fact-device", Some(&facts.device)),
            ("fact-address", facts.address.as_ref()),
        ];
        let known = rows.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
        known.map(|(key, value)| Ok(Row { label: self.say(key)?, value: clean::fact(value) })).collect()
    }

    fn aside(&self, home: &str) -> Result<Option<Advice>, String> {
        let link = match self.letter.aside(home) {
            Aside::Nothing => return Ok(None),
            Aside::Advice => None,
            Aside::Link(url) => Some(Row { label: self.own("aside-action")?, value: clean::link(url)?.to_owned() }),
        };
        Ok(Some(Advice { title: self.own("aside-title")?, text: self.own("aside")?, link }))
    }

    /// A sentence of this kind of letter.
    fn own(&self, part: &str) -> Result<String, String> {
        self.say(&format!("{}-{part}", self.prefix))
    }

    fn say(&self, key: &str) -> Result<String, String> {
        self.phrases.say(key, &self.told)
    }
}

#[cfg(test)]
mod tests {
    use crate::mail::text_message::TextMessage;
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::mail::language::Language;
    use crate::mail::samples::other_shapes;

    const FILES: [(Language, &str); 2] = [
        (Language::En, include_str!("../../templates/mail/en.ftl")),
        (Language::De, include_str!("../../templates/mail/de.ftl")),
    ];

    /// Each message of a file: its key and all of its lines.
    fn messages(source: &str) -> BTreeMap<&str, String> {
        let mut messages: BTreeMap<&str, String> = BTreeMap::new();
        let mut current = "";
        for line in source.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                current = key;
            }
            messages.entry(current).or_default().extend([line, "\n"]);
        }
        messages
    }

    fn variables(message: &str) -> BTreeSet<&str> {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        message.split('$').skip(1).filter_map(|rest| rest.split(ends).next()).collect()
    }

    fn write_all(language: Language, source: String) -> Result<(), String> {
        let phrases = Phrases::parse(language, source)?;
        let site = Site { name: "Example".to_owned(), public_url: "https://id.example.org".to_owned() };
        let letters = [Letter::samples(), other_shapes()].concat();
        letters.iter().try_for_each(|letter| Sheet::write(letter, &phrases, &site).map(drop))?;
        TextMessage::samples().iter().try_for_each(|message| message.write(&phrases, &site).map(drop))
    }

    #[test]
    fn every_language_is_complete() {
        for (language, source) in FILES {
            assert_eq!(write_all(language, source.to_owned()), Ok(()));
        }
        assert_eq!(FILES.map(|(language, _)| language), Language::ALL);
    }

    #[test]
    fn languages_have_the_same_keys_with_the_same_values() {
        let [(_, english), others @ ..] = FILES;
        let shape = |source| -> BTreeMap<String, Vec<String>> {
            let all = messages(source);
            all.iter()
                .map(|(key, text)| ((*key).to_owned(), variables(text).iter().map(ToString::to_string).collect()))
                .collect()
        };
        for (language, source) in others {
            assert_eq!(shape(source), shape(english), "{language}");
        }
    }

    #[test]
    fn no_key_is_unused() {
        let (language, source) = FILES[0];
        let all = messages(source);
        assert!(all.len() > 100, "{}", all.len());
        for key in all.keys() {
            let rest: String = all.iter().filter(|(other, _)| *other != key).map(|(_, text)| text.as_str()).collect();
            assert!(write_all(language, rest).is_err(), "nobody asks for `{key}`");
        }
    }
}
