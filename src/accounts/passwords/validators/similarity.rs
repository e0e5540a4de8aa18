//! Too much like the person's own names and addresses.

use super::{Validate, parts};
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::password::Password;

/// How much like the own names a password may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::accounts::passwords) enum Similarity {
    /// Like one of them: most letters are the same, in the same order.
    Like,
    /// One of them, or a part of it.
    Part,
}

/// Above this percentage of common letters two words are alike, as in Django.
const ALIKE_PERCENT: usize = 70;
/// What is compared of an own name or address, in characters: as long as a password can be.
const MOST_COMPARED: usize = 256;

impl Validate for Similarity {
    fn refusal(&self, password: &Password, own: &[&str]) -> Option<String> {
        let key = name_key(password.expose());
        let is_refused = match self {
            _ if key.is_empty() => false,
            Self::Part => is_part(&key, own),
            Self::Like => is_part(&key, own) || is_like(&key, own),
        };
        is_refused.then(|| "Use something that is not like your name, username or email address.".into())
    }
}

fn is_part(key: &str, own: &[&str]) -> bool {
    own.iter().any(|text| name_key(text).contains(key))
}

/// Whether the password, read forward or backward, is like a part of an own name.
fn is_like(key: &str, own: &[&str]) -> bool {
    let forward: Vec<char> = key.chars().collect();
    let backward: Vec<char> = key.chars().rev().collect();
    own.iter().flat_map(|text| parts(text)).any(|part| {
        let part: Vec<char> = part.chars().take(MOST_COMPARED).collect();
        are_alike(&forward, &part) || are_alike(&backward, &part)
    })
}

/// Whether the letters that both have in the same order are most of both. Order counts: the letters
/// of a long address in any order are those of many a good passphrase.
fn are_alike(one: &[char], other: &[char]) -> bool {
    let (lengths, most) = (one.len() + other.len(), one.len().min(other.len()));
    let is_enough = |common: usize| 2 * common * 100 >= ALIKE_PERCENT * lengths;
    is_enough(most) && is_enough(common_letters(one, other))
}

/// Length of the longest common subsequence, row by row.
fn common_letters(one: &[char], other: &[char]) -> usize {
    let mut above = vec![0; other.len()];
    for letter in one {
        let (mut left, mut diagonal) = (0, 0);
        for (cell, next) in above.iter_mut().zip(other) {
            let best = if letter == next { diagonal + 1 } else { left.max(*cell) };
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Password, Similarity, Validate as _, common_letters};

    const OWN: [&str; 3] = ["ada", "Ada Lovelace", "ada.lovelace@example.test"];

    fn is_refused(similarity: Similarity, text: &str) -> bool {
        similarity.refusal(&Password::parse(text).unwrap(), &OWN).is_some()
    }

    #[test]
    fn own_names_with_a_few_letters_more_or_fewer_are_alike() {
        for bad in
            ["lovelace", "Lovelace1815", "ada lovelace!", "adalovelace", "ecalevol1", "ADA.LOVELACE@example", "lovelac"]
        {
            assert!(is_refused(Similarity::Like, bad), "{bad}");
        }
        for good in ["", "correct horse battery staple", "lovely places at the sea", "ada likes engines", "xk9qz"] {
            assert!(!is_refused(Similarity::Like, good), "{good}");
        }
    }

    #[test]
    fn a_part_of_an_own_name_is_refused_in_any_case() {
        for similarity in [Similarity::Like, Similarity::Part] {
            assert!(is_refused(similarity, "ADA.lovelace") && is_refused(similarity, "e@example"));
        }
        assert!(!is_refused(Similarity::Part, "lovelace1"));
    }

    #[test]
    fn a_long_address_does_not_forbid_long_passphrases() {
        let own = ["bartholomew.castrotorres@correspondence-hosting.example.test"];
        for good in
            ["the tortoise has a better memory of the storm than cats", "other people sort marbles at christmas"]
        {
            assert!(Similarity::Like.refusal(&Password::parse(good).unwrap(), &own).is_none(), "{good}");
        }
    }

    #[test]
    fn common_letters_keep_their_order() {
        let count = |one: &str, other: &str| {
            common_letters(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>())
        };
        for (one, other, common) in [
            ("abcd", "abcd", 4),
            ("abcd", "dcba", 1),
            ("axbxc", "abc", 3),
            ("", "abc", 0),
            ("abc", "", 0),
            ("aab", "aba", 2),
        ] {
            assert_eq!(count(one, other), common, "{one} {other}");
        }
    }
}
