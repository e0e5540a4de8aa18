//! What strangers typed, made fit for a sentence.

/// Longest name in a letter, in characters: beyond it somebody writes a message of their own through us.
const LONGEST_NAME: usize = 64;
/// Longest value of a fact, in characters.
const LONGEST_FACT: usize = 160;
/// Longest address, in characters: RFC 5321 section 4.5.3.1.3 allows 256 octets with the brackets.
const LONGEST_ADDRESS: usize = 254;
/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// The name of a person, app, site or key. Cannot carry a whole link.
pub(super) fn name(text: &str) -> String {
    one_line(&text.replace("://", " "), LONGEST_NAME)
}

/// A mail address.
pub(super) fn address(text: &str) -> String {
    one_line(&text.replace("://", " "), LONGEST_ADDRESS)
}

/// A device, time or place.
pub(super) fn fact(text: &str) -> String {
    one_line(&text.replace("://", " "), LONGEST_FACT)
}

/// A subject: one line, as a header needs it (RFC 5322 section 2.2).
pub(super) fn subject(text: &str) -> String {
    one_line(text, LONGEST_SUBJECT)
}

/// A link of ours, unchanged.
///
/// # Errors
/// In words without the link (it may hold a secret), when it is not a web address or could end where it should not.
pub(super) fn link(url: &str) -> Result<&str, String> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let whole = url.chars().all(|c| !c.is_whitespace() && !is_hidden(c) && !matches!(c, '<' | '>' | '"' | '\\'));
    if web && whole { Ok(url) } else { Err("a link in the letter is not a web address".to_owned()) }
}

/// One line: whitespace folded, unseen characters dropped, cut at `longest` characters.
fn one_line(text: &str, longest: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let seen: String = spaced.chars().filter(|c| !is_hidden(*c)).collect();
    let line = seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// Characters that show nothing but change what is shown around them: controls, direction marks and overrides
/// (UAX 9 section 2), zero-width spaces, annotations. The joiners stay: Persian, Hindi and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

#[cfg(test)]
mod tests {
    use super::{address, fact, link, name, subject};

    #[test]
    fn lines_are_folded_and_hidden_characters_dropped() {
        assert_eq!(name("<b>\r\nBcc: x\u{202e}"), "<b> Bcc: x");
        assert_eq!(fact(" a\u{2028}b\u{85}c\td\u{200b}\u{0}e "), "a b c de");
        assert_eq!(subject("A\r\n\r\nB"), "A B");
    }

    #[test]
    fn joiners_of_scripts_and_emoji_stay() {
        assert_eq!(name("می\u{200c}خواهم 👩\u{200d}🚀"), "می\u{200c}خواهم 👩\u{200d}🚀");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(subject(&"ü".repeat(500)).chars().count(), 200);
        assert!(name(&"n".repeat(65)).ends_with("n…"));
        assert_eq!(name(&"n".repeat(64)), "n".repeat(64));
        assert_eq!(address(&"a".repeat(254)).len(), 254);
    }

    #[test]
    fn names_cannot_carry_a_link() {
        assert_eq!(name("Win at https://evil.example/x"), "Win at https evil.example/x");
    }

    #[test]
    fn only_whole_web_addresses_are_links() {
        assert_eq!(link("https://id.example/verify?t=a&b=c"), Ok("https://id.example/verify?t=a&b=c"));
        for wrong in ["javascript:alert(1)", "/verify", "https://a b", "https://a\r\nBcc: x", "https://a\">", ""] {
            assert!(link(wrong).is_err(), "{wrong:?}");
        }
    }
}
