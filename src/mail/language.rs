//! The languages we write in.

use crate::spec::words;

words! {
    /// A language with a file of its own in `templates/mail`.
    Language {
        /// English.
        En = "en",
        /// German.
        De = "de",
    }
}

impl Language {
    /// The language a tag asks for, whatever its region or script (`de-AT` is German); English when we do not write it.
    /// BCP 47 section 2.1.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let known = Self::ALL.iter().copied().find(|language| language.as_str().eq_ignore_ascii_case(primary));
        known.unwrap_or(Self::En)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn regions_and_scripts_do_not_change_the_language() {
        for tag in ["de", "de-AT", "DE", "de_CH", "de-Latn-DE"] {
            assert_eq!(Language::of_tag(tag), Language::De, "{tag}");
        }
    }

    #[test]
    fn unknown_tags_are_written_to_in_english() {
        for tag in ["", "en-GB", "fr", "del", "-de", "x-klingon"] {
            assert_eq!(Language::of_tag(tag), Language::En, "{tag}");
        }
    }
}
