//! Hashes that the real Django made, hashes of its neighbors, and strings meant to harm.

use proptest::prelude::*;
use serde::Deserialize;

use super::argon2id::Cost;
use super::{Scheme, is_known};

/// Cheaper than any hash below, so that only the scheme counts.
const CHEAPEST: Cost = Cost { memory_kib: 8, iterations: 1, parallelism: 1 };

#[derive(Deserialize)]
struct Fixture {
    hashes: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    scheme: String,
    password: String,
    hash: String,
}

/// What `scripts/django_passwords.py` wrote.
fn django() -> Vec<Entry> {
    let text = include_str!("../../../../tests/fixtures/django_passwords.json");
    serde_json::from_str::<Fixture>(text).unwrap().hashes
}

#[test]
fn every_hash_of_django_matches_its_password_and_no_other() {
    for Entry { scheme: name, password, hash } in django() {
        let scheme = Scheme::parse(&hash).unwrap_or_else(|| panic!("{name}: {hash}"));
        assert!(is_known(&hash));
        assert_eq!(scheme.matches(&password), name != "unusable", "{hash}");
        for other in [&format!(" {password}"), &password.to_uppercase(), "", &hash] {
            assert!(!scheme.matches(other), "{hash}: {other}");
        }
        assert_eq!(scheme.is_weaker(CHEAPEST), !hash.contains("argon2id"), "{hash}");
    }
}

#[test]
fn an_altered_hash_of_django_matches_nothing() {
    for Entry { password, hash, .. } in django().into_iter().filter(|entry| entry.scheme != "unusable") {
        // The expensive one alters as its cheap siblings do.
        if hash.contains("$1000000$") {
            continue;
        }
        for at in (0..hash.len()).step_by(3) {
            let mut bytes = hash.clone().into_bytes();
            // Another letter of every alphabet in use, far enough to change significant bits.
            bytes[at] = if bytes[at] == b'e' { b'O' } else { b'e' };
            let altered = String::from_utf8(bytes).unwrap();
            let is_open = Scheme::parse(&altered).is_some_and(|scheme| scheme.matches(&password));
            assert!(!is_open, "{altered}");
        }
        for length in 0..hash.len() {
            let is_open = Scheme::parse(&hash[..length]).is_some_and(|scheme| scheme.matches(&password));
            assert!(!is_open, "{}", &hash[..length]);
        }
    }
}

#[test]
fn a_hash_under_the_name_of_another_scheme_matches_nothing() {
    let hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    let opens = |stored: &str| Scheme::parse(stored).is_some_and(|scheme| scheme.matches("correct horse"));
    assert!(opens(hash) && opens(&format!("bcrypt${hash}")));
    assert!(!opens(&format!("bcrypt_sha256${hash}")));
    assert!(!opens(&format!("argon2{hash}")) && !opens(&format!("bcrypt$bcrypt${hash}")));
}

#[test]
fn hostile_and_foreign_strings_are_not_known() {
    let long_salt = format!("pbkdf2_sha256$1000${}$WVBbKtDtGMDxnXibx/fp2hLDlDU7+4e6p73eCaamNfk=", "a".repeat(1000));
    for stored in [
        "",
        "$",
        "$$",
        "$$$$$$$$",
        "plain",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "sha1$salt$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "bcrypt$$2b$15$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "pbkdf2_sha256$4294967295$salt$WVBbKtDtGMDxnXibx/fp2hLDlDU7+4e6p73eCaamNfk=",
        "pbkdf2_sha256$99999999999999999999$salt$WVBbKtDtGMDxnXibx/fp2hLDlDU7+4e6p73eCaamNfk=",
        "pbkdf2_sha256$-1$salt$WVBbKtDtGMDxnXibx/fp2hLDlDU7+4e6p73eCaamNfk=",
        "pbkdf2_sha256$1$salt$",
        "pbkdf2_sha256$1$salt$WVBb",
        "pbkdf2_sha256$1000$salt",
        "scrypt$1073741824$salt$8$1$KiTolNilLi3gPnNrpOdroPhXyBtM2mTIdEhViym+ScUtkoyeGgTz4T2z8lOSB6lTrBIqzvkbjpeqNj7F+YHMcQ==",
        "scrypt$16384$salt$8$4294967295$KiTolNilLi3gPnNrpOdroPhXyBtM2mTIdEhViym+ScUtkoyeGgTz4T2z8lOSB6lTrBIqzvkbjpeqNj7F+YHMcQ==",
        "$scrypt$ln=40,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$ytNTVGS2l+llYxdJChu8HakGQF32HF0fm/uQZNFvgnc",
        "$pbkdf2-sha256$i=4000000000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
        "argon2$argon2id$v=19$m=64,t=4000000,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
        "argon2$argon2id$v=19$m=1,t=0,p=0$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
        &long_salt,
        &format!("!{}", "a".repeat(1024)),
    ] {
        assert!(!is_known(stored), "{stored}");
    }
}

proptest! {
    #[test]
    fn no_string_breaks_the_parser(stored in "\\PC{0,80}") {
        let _ = Scheme::parse(&stored);
    }

    #[test]
    fn no_string_like_a_hash_breaks_the_parser_or_opens(
        name in "(argon2|bcrypt|bcrypt_sha256|pbkdf2_sha256|pbkdf2_sha1|scrypt|)",
        crypt in "(argon2id|argon2d|2b|2y|scrypt|pbkdf2-sha256|pbkdf2-sha512|[0-9]{1,3})",
        rest in "(\\$[a-z]=[0-9]{1,2}(,[a-z]{1,2}=[0-9]{1,2}){0,2}|\\$[0-9]{1,2}){0,3}(\\$[A-Za-z0-9+/=.]{0,60}){0,3}",
    ) {
        if let Some(scheme) = Scheme::parse(&format!("{name}${crypt}{rest}")) {
            prop_assert!(!scheme.matches("correct horse"));
        }
    }
}
