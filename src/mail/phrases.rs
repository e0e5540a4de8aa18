//! The sentences of one language. A missing sentence or value is an error, never a placeholder in somebody's mail.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use super::language::Language;

/// The file of one language, parsed.
pub(super) struct Phrases {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Phrases {
    /// Parses a file.
    ///
    /// # Errors
    /// In words, when a line is no message or a key is there twice.
    pub(super) fn parse(language: Language, source: String) -> Result<Self, String> {
        let file = |what: &dyn std::fmt::Display| format!("mail/{language}.ftl: {what}");
        let tag: LanguageIdentifier = language.as_str().parse().map_err(|error| file(&error))?;
        let resource = FluentResource::try_new(source).map_err(|(_, errors)| file(&list(&errors)))?;
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks would surround every name with characters that some mail clients draw as boxes; names come clean
        // of direction overrides.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|errors| file(&list(&errors)))?;
        Ok(Self { language, bundle })
    }

    /// The language.
    pub(super) const fn language(&self) -> Language {
        self.language
    }

    /// The sentence of this key, with its values.
    ///
    /// # Errors
    /// In words, when there is no such key or it asks for a value it is not told.
    pub(super) fn say(&self, key: &str, told: &FluentArgs<'_>) -> Result<String, String> {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let pattern = pattern.ok_or_else(|| format!("mail/{}.ftl has no `{key}`", self.language))?;
        let mut errors = Vec::new();
        let sentence = self.bundle.format_pattern(pattern, Some(told), &mut errors).into_owned();
        if errors.is_empty() {
            return Ok(sentence);
        }
        Err(format!("mail/{}.ftl, `{key}`: {}", self.language, list(&errors)))
    }
}

fn list<E: std::fmt::Display>(errors: &[E]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(source: &str) -> Result<Phrases, String> {
        Phrases::parse(Language::En, source.to_owned())
    }

    #[test]
    fn a_missing_key_is_an_error_that_names_it() {
        let error = phrases("a = A").unwrap().say("b", &FluentArgs::new()).unwrap_err();
        assert_eq!(error, "mail/en.ftl has no `b`");
    }

    #[test]
    fn a_missing_value_is_an_error() {
        let error = phrases("a = Hello { $name }").unwrap().say("a", &FluentArgs::new()).unwrap_err();
        assert!(error.contains("`a`") && error.contains("name"), "{error}");
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(phrases("a = A\nb = {").is_err());
        assert!(phrases("a = A\na = B").is_err());
    }

    #[test]
    fn values_stand_bare_in_the_sentence() {
        let mut told = FluentArgs::new();
        told.set("name", "ada");
        assert_eq!(phrases("a = Hello { $name }").unwrap().say("a", &told).unwrap(), "Hello ada");
    }
}
