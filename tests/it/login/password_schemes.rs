//! Sign-in with hashes that other systems made: it works, and ours takes their place.

use portcullis::accounts::passwords::is_known;
use portcullis::accounts::store;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;
use serde_json::Value;

use super::sign_in::{is_refused, set_hash};
use crate::support::TestServer;

/// Made by Python's bcrypt and hashlib, for "correct horse".
const OTHERS: [&str; 5] = [
    "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$scrypt$ln=6,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$ytNTVGS2l+llYxdJChu8HakGQF32HF0fm/uQZNFvgnc",
    "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
    "$argon2i$v=16$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$pYGiorOulP17VZFOBTEaBknB/fVXauA01z5djsAJMts",
];

/// What the real Django wrote, and the others: scheme, password, hash.
fn hashes() -> Vec<(String, String, String)> {
    let file: Value = serde_json::from_str(include_str!("../../fixtures/django_passwords.json")).unwrap();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let of_django = file["hashes"].as_array().unwrap().iter();
    let of_django = of_django.map(|entry| (text(entry, "scheme"), text(entry, "password"), text(entry, "hash")));
    let others = OTHERS.iter().map(|hash| ("other".to_owned(), "correct horse".to_owned(), (*hash).to_owned()));
    of_django.chain(others).collect()
}

fn hash_of(server: &TestServer, user: UserId) -> String {
    store::find(&mut server.conn(), user).unwrap().unwrap().password_hash.unwrap()
}

#[tokio::test]
async fn a_hash_of_another_system_opens_once_and_is_ours_afterwards() {
    let server = TestServer::start_with(&[("login.failure_limit", "1000")]);
    let user = server.user("ada");
    for (scheme, password, hash) in hashes().into_iter().filter(|(scheme, ..)| scheme != "unusable") {
        assert!(is_known(&hash));
        set_hash(&server, user, Some(&hash));
        for wrong in ["wrong", &format!("{password} "), &hash] {
            // Bcrypt itself reads no further than 72 bytes.
            if scheme == "bcrypt" && wrong.len() > 72 {
                continue;
            }
            assert!(is_refused(&server.browser().try_sign_in("/login", "ada", wrong).await), "{hash}: {wrong}");
        }
        assert_eq!(hash_of(&server, user), hash, "a wrong password changes nothing");
        let answer = server.browser().try_sign_in("/login", "ada", &password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{hash}");
        let ours = hash_of(&server, user);
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}: {ours}");
        server.browser().sign_in("ada", &password).await;
        assert_eq!(hash_of(&server, user), ours, "an equal one stays");
        assert!(is_refused(&server.browser().try_sign_in("/login", "ada", &format!("{password}.")).await), "{hash}");
    }
}

#[tokio::test]
async fn an_unusable_or_hostile_hash_opens_for_nobody_and_stays() {
    let server = TestServer::start_with(&[("login.failure_limit", "1000")]);
    let user = server.user("ada");
    let (_, password, unusable) = hashes().into_iter().find(|(scheme, ..)| scheme == "unusable").unwrap();
    let endless = "pbkdf2_sha256$4294967295$salt$WVBbKtDtGMDxnXibx/fp2hLDlDU7+4e6p73eCaamNfk=";
    for hash in [unusable.as_str(), "!", "", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", endless] {
        set_hash(&server, user, Some(hash));
        for typed in [password.as_str(), hash, "", "password", "!"] {
            assert!(is_refused(&server.browser().try_sign_in("/login", "ada", typed).await), "{hash}: {typed}");
        }
        assert_eq!(hash_of(&server, user), hash);
    }
}
