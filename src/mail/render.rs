//! From a letter to what is sent: subject, text, HTML.

use std::fmt;
use std::path::Path;

use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;
use rust_embed::RustEmbed;
use tera::{Context, Tera};

use super::language::Language;
use super::letter::Letter;
use super::phrases::Phrases;
use super::sheet::Sheet;
use super::text_message::TextMessage;

const HTML: &str = "letter.mjml";
const TEXT: &str = "letter.txt";

#[derive(RustEmbed)]
#[folder = "templates/mail"]
#[include = "*.mjml"]
#[include = "*.txt"]
#[include = "*.ftl"]
struct Files;

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What people call this instance.
    pub name: String,
    /// Where it is, as people open it.
    pub public_url: String,
}

/// A letter ready to be sent, the same in text and in HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, at most 200 characters.
    pub subject: String,
    /// For clients that show no HTML.
    pub text: String,
    /// A whole document that fetches nothing.
    pub html: String,
}

/// The templates and languages of all letters, parsed and checked at start.
pub struct Letters {
    tera: Tera,
    languages: Vec<Phrases>,
}

impl Letters {
    /// The embedded files, each replaced by `<folder>/mail/<name>` where there is one.
    ///
    /// # Errors
    /// In words, when a file cannot be read or parsed, or a sample letter cannot be written with it.
    pub fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".mjml", ".html"]);
        tera.add_raw_templates([(HTML, read(folder, HTML)?), (TEXT, read(folder, TEXT)?)])
            .map_err(|error| describe(&error))?;
        let languages = Language::ALL.iter().map(|language| {
            let source = read(folder, &format!("{language}.ftl"))?;
            Phrases::parse(*language, source)
        });
        let letters = Self { tera, languages: languages.collect::<Result<_, _>>()? };
        letters.check()?;
        Ok(letters)
    }

    /// Writes a letter.
    ///
    /// # Errors
    /// In words without its secrets, when a template or language file of the operator's asks for what is not there, or
    /// a link is no web address.
    pub fn render(&self, letter: &Letter, language: Language, site: &Site) -> Result<Rendered, String> {
        let phrases = self.languages.iter().find(|phrases| phrases.language() == language);
        let phrases = phrases.ok_or_else(|| format!("no language file for `{language}`"))?;
        let sheet = Sheet::write(letter, phrases, site)?;
        let context = Context::from_serialize(&sheet).map_err(|error| describe(&error))?;
        let text = self.tera.render(TEXT, &context).map_err(|error| describe(&error))?;
        let mjml = self.tera.render(HTML, &context).map_err(|error| describe(&error))?;
        Ok(Rendered { subject: sheet.subject, text, html: to_html(&mjml)? })
    }

    /// Writes a text message: one line.
    ///
    /// # Errors
    /// As [`Letters::render`].
    pub fn render_text(&self, message: &TextMessage, language: Language, site: &Site) -> Result<String, String> {
        let phrases = self.languages.iter().find(|phrases| phrases.language() == language);
        let phrases = phrases.ok_or_else(|| format!("no language file for `{language}`"))?;
        message.write(phrases, site)
    }

    /// An operator's file that is wrong must stop the start, not the first letter weeks later.
    fn check(&self) -> Result<(), String> {
        let site = Site { name: "Portcullis".to_owned(), public_url: "https://id.example.org".to_owned() };
        for language in Language::ALL {
            for letter in Letter::samples() {
                self.render(&letter, *language, &site)?;
            }
            for message in TextMessage::samples() {
                self.render_text(&message, *language, &site)?;
            }
        }
        Ok(())
    }
}

fn read(folder: Option<&Path>, name: &str) -> Result<String, String> {
    let own = folder.map(|folder| folder.join("mail").join(name)).filter(|file| file.is_file());
    if let Some(file) = own {
        return std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()));
    }
    let file = Files::get(name).ok_or_else(|| format!("mail/{name} is not embedded"))?;
    Ok(String::from_utf8_lossy(&file.data).into_owned())
}

fn to_html(mjml: &str) -> Result<String, String> {
    let parsed =
        mrml::parse_with_options(mjml, &ParserOptions::default()).map_err(|error| format!("{HTML}: {error}"))?;
    // No web fonts: a letter fetches nothing.
    let options = RenderOptions { fonts: std::collections::HashMap::new(), ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|error| format!("{HTML}: {error}"))
}

fn describe(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letters")
    }
}

/// Sizes only: the words may sign somebody in.
impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rendered({} bytes of text, {} of HTML)", self.text.len(), self.html.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::mail::samples::other_shapes;

    const HOSTILE: &str = "<b>\r\nBcc: x\u{202e}\" onclick=\"https://evil.example/";

    fn site(name: &str) -> Site {
        Site { name: name.to_owned(), public_url: "https://id.example.org/a?b=1&c=2".to_owned() }
    }

    /// All shapes of letters in all languages.
    fn each(mut look: impl FnMut(&Letter, &Rendered)) {
        let letters = Letters::load(None).unwrap();
        for letter in [Letter::samples(), other_shapes()].concat() {
            for language in Language::ALL {
                look(&letter, &letters.render(&letter, *language, &site("Example & Sons")).unwrap());
            }
        }
    }

    /// Every text of a letter with its field.
    fn fields(value: &mut Value, name: &str, change: &mut impl FnMut(&str, &mut String)) {
        match value {
            Value::String(text) => change(name, text),
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| fields(value, name, change)),
            _ => {}
        }
    }

    fn with_names(letter: &Letter, chosen: &str) -> Letter {
        let mut value = serde_json::to_value(letter).unwrap();
        fields(&mut value, "", &mut |field, text| {
            if !(field == "kind" || field == "code" || field.ends_with("link")) {
                chosen.clone_into(text);
            }
        });
        serde_json::from_value(value).unwrap()
    }

    /// The document without its style sheets, which are full of braces.
    fn without_styles(html: &str) -> String {
        html.split("<style").map(|part| part.split_once("</style>").map_or(part, |(_, rest)| rest)).collect()
    }

    #[test]
    fn nothing_is_left_unfilled() {
        each(|letter, rendered| {
            for text in [&rendered.subject, &rendered.text, &without_styles(&rendered.html)] {
                assert!(!text.contains(['{', '}']) && !text.contains("\n\n\n"), "{letter:?}: {text}");
            }
            assert!(rendered.html.starts_with("<!doctype html>") && rendered.html.ends_with("</html>"), "{letter:?}");
            assert!(rendered.html.len() <= 60 * 1024, "{letter:?}: {}", rendered.html.len());
        });
    }

    #[test]
    fn links_and_codes_arrive_whole() {
        each(|letter, rendered| {
            let mut value = serde_json::to_value(letter).unwrap();
            fields(&mut value, "", &mut |field, text| {
                let escaped = text.replace('&', "&amp;");
                if field.ends_with("link") {
                    assert!(rendered.text.lines().any(|line| line == text), "{letter:?}: {field}");
                    assert!(rendered.html.contains(&format!("href=\"{escaped}\"")), "{letter:?}: {field}");
                } else if field == "code" {
                    assert!(rendered.text.lines().any(|line| line.trim() == text), "{letter:?}");
                    assert!(rendered.html.contains(&format!(">{escaped}<")), "{letter:?}");
                }
            });
        });
    }

    #[test]
    fn links_in_the_text_stand_alone() {
        each(|letter, rendered| {
            for line in rendered.text.lines().filter(|line| line.contains("://")) {
                assert!(line.starts_with("https://") && !line.contains(' '), "{letter:?}: {line}");
            }
        });
    }

    #[test]
    fn facts_are_told_in_both_parts() {
        each(|letter, rendered| {
            let Some(facts) = letter.facts() else { return };
            for fact in [Some(&facts.time), Some(&facts.device), facts.address.as_ref()].into_iter().flatten() {
                assert!(rendered.text.lines().any(|line| line.ends_with(&format!(": {fact}"))), "{letter:?}");
                let escaped = fact.replace('<', "&lt;").replace('>', "&gt;");
                assert!(rendered.html.contains(&format!(">{escaped}</td>")), "{letter:?}");
            }
        });
    }

    #[test]
    fn hostile_names_change_neither_subject_nor_text_nor_html() {
        let letters = Letters::load(None).unwrap();
        for sample in Letter::samples() {
            for language in Language::ALL {
                let told = |name| letters.render(&with_names(&sample, name), *language, &site(name)).unwrap();
                let (hostile, plain) = (told(HOSTILE), told("ada"));
                assert!(!hostile.subject.chars().any(char::is_control), "{sample:?}: {}", hostile.subject);
                assert_eq!(hostile.text.lines().count(), plain.text.lines().count(), "{sample:?}: {}", hostile.text);
                assert!(!hostile.text.contains(['\r', '\u{202e}']), "{sample:?}");
                assert!(!hostile.text.contains("https://evil"), "{sample:?}: {}", hostile.text);
                for mark in ['<', '>', '"'] {
                    let count = |rendered: &Rendered| rendered.html.matches(mark).count();
                    assert_eq!(count(&hostile), count(&plain), "{sample:?}: {mark}");
                }
                assert!(hostile.html.contains("&lt;b&gt;") && !hostile.html.contains('\u{202e}'), "{sample:?}");
            }
        }
    }

    #[test]
    fn subjects_are_one_short_line() {
        let letters = Letters::load(None).unwrap();
        let long = site(&"Sehr lange Namen \r\n".repeat(40));
        for sample in Letter::samples() {
            for language in Language::ALL {
                let subject = letters.render(&with_names(&sample, HOSTILE), *language, &long).unwrap().subject;
                assert!((5..=200).contains(&subject.chars().count()), "{subject}");
                assert_eq!(subject.lines().count(), 1, "{subject}");
            }
        }
    }

    #[test]
    fn html_fetches_nothing_and_runs_nothing() {
        each(|letter, rendered| {
            for loader in ["<img", "src=", "<link", "@import", "url(", "<script", "<form", "background=\""] {
                assert!(!rendered.html.contains(loader), "{letter:?}: {loader}");
            }
        });
    }

    #[test]
    fn links_that_are_none_are_refused_without_being_shown() {
        let letters = Letters::load(None).unwrap();
        for link in ["javascript:steal()", "https://a.example/\r\nBcc: x", "//steal"] {
            let letter = Letter::NewDevice {
                username: "ada".to_owned(),
                facts: Letter::samples().iter().find_map(Letter::facts).unwrap().clone(),
                not_me_link: link.to_owned(),
            };
            let error = letters.render(&letter, Language::En, &site("Example")).unwrap_err();
            assert!(!error.contains("steal") && !error.contains("Bcc"), "{error}");
        }
    }

    #[test]
    fn files_of_the_folder_win() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mail")).unwrap();
        std::fs::write(folder.path().join("mail/letter.txt"), "Ahoy! {{ greeting }}").unwrap();
        let letters = Letters::load(Some(folder.path())).unwrap();
        let rendered = letters.render(&Letter::Test {}, Language::En, &site("Example")).unwrap();
        assert_eq!(rendered.text, "Ahoy! Hello,");
        assert_eq!(rendered.subject, "Test mail from Example");
    }

    #[test]
    fn broken_files_of_the_folder_are_refused_at_start() {
        for (name, text) in
            [("de.ftl", "greeting = Hallo"), ("letter.txt", "{{ salary }}"), ("letter.mjml", "<p>hi</p>")]
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("mail")).unwrap();
            std::fs::write(folder.path().join("mail").join(name), text).unwrap();
            assert!(Letters::load(Some(folder.path())).is_err(), "{name}");
        }
    }

    #[test]
    fn one_set_of_letters_serves_all_threads() {
        const fn shared<T: Send + Sync>() {}
        shared::<Letters>();
    }
}
