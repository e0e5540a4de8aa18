//! What a line of plain text may hold.

/// Whether a character breaks the line, or turns what stands around it: a name with such a one says something else in a list
/// than it says alone (Unicode TR 36 section 2.4: embeddings, overrides and isolates).
#[must_use]
pub fn misleads(one: char) -> bool {
    one.is_control() || matches!(one, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::misleads;

    #[test]
    fn what_turns_a_line_is_none_of_its_letters() {
        assert!("Zoë Ben-אברהם, 田中 👩‍💻".chars().all(|one| !misleads(one)));
        for odd in ['\n', '\0', '\u{85}', '\u{202e}', '\u{2066}', '\u{2028}'] {
            assert!(misleads(odd), "{odd:?}");
        }
    }
}
