//! Commands about accounts that people run themselves: invitations, mail, keys, recovery, deletion.

use std::fs;

use serde_json::json;

use crate::{create_user, house, json_of, refusal, words};

#[test]
fn invitations_are_made_shown_without_their_links_and_withdrawn() {
    let house = house();
    house.run(&["group", "create", "staff"]);
    let made = json_of(&house, "invitation create --email bea@example.test --group staff --hours 2 --send");
    let link = made["link"].as_str().unwrap();
    assert!(link.contains("/register?invitation="), "{link}");
    let listed = json_of(&house, "invitation list");
    assert_eq!((&listed[0]["state"], &listed[0]["groups"]), (&json!("open"), &json!(["staff"])));
    assert!(!listed.to_string().contains(link.split('=').nth(1).unwrap()));
    let waiting = json_of(&house, "mail list");
    assert_eq!((&waiting[0]["letter"], &waiting[0]["state"]), (&json!("invitation"), &json!("waiting")));
    let id = made["id"].as_str().unwrap();
    assert_eq!(json_of(&house, &format!("invitation withdraw {id}"))["withdrawn"], made["id"]);
    assert_eq!(refusal(&house, &format!("invitation withdraw {id}"), "").0, 1);
    assert_eq!(json_of(&house, "invitation list")[0]["state"], "withdrawn");
    for (line, code) in [
        ("invitation create --group nowhere", 1),
        ("invitation create --hours 0", 2),
        ("invitation create --email nonsense", 2),
    ] {
        assert_eq!(refusal(&house, line, "").0, code, "{line}");
    }
}

#[test]
fn letters_are_previewed_in_both_languages_and_a_test_letter_is_written() {
    let house = house();
    let names = house.run(&["mail", "preview"]).stdout;
    assert!(names.lines().count() > 15, "{names}");
    for name in names.lines() {
        let text = |lang: &str| json_of(&house, &format!("mail preview {name} --lang {lang}"))["text"].clone();
        assert_ne!(text("en"), text("de"), "{name}");
    }
    assert!(house.run(&words("mail preview test --format html")).stdout.contains("<html"));
    assert_eq!(refusal(&house, "mail preview nonsense", "").0, 2);
    assert_eq!(json_of(&house, "mail test --to ada@example.test")["sent_to"], "ada@example.test");
    let letters: Vec<_> = fs::read_dir(house.data().join("mail")).unwrap().collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(json_of(&house, "mail retry")["retried"], 0);
}

#[test]
fn service_accounts_hold_keys_that_are_shown_once() {
    let house = house();
    let made = json_of(&house, "user create --username backup --service");
    assert_eq!(made["username"], "backup");
    let key = json_of(&house, "api-key create --user backup --name nightly --days 30");
    let secret = key["api_key"].as_str().unwrap();
    assert!(secret.starts_with("ptc_") && secret.len() == 47, "{secret}");
    for days in ["3651", "99999999", "4294967295"] {
        let line = format!("api-key create --user backup --name x --days {days}");
        let ended = house.run(&crate::words(&line));
        assert!(ended.code == Some(2) && ended.stderr.contains("0..=3650"), "{ended:?}");
    }
    let listed = json_of(&house, "api-key list --user backup").to_string();
    assert!(listed.contains("nightly") && listed.contains(&secret[..10]) && !listed.contains(secret));
    let id = key["id"].as_str().unwrap();
    json_of(&house, &format!("api-key revoke --user backup {id}"));
    assert_eq!(refusal(&house, &format!("api-key revoke --user backup {id}"), "").0, 1);
    assert_eq!(refusal(&house, "user recover backup", "").0, 1, "a program has no password");
}

#[test]
fn people_are_recovered_made_to_change_their_password_and_deleted() {
    let house = house();
    create_user(&house, "root", " --superuser");
    create_user(&house, "ada", " --must-change-password");
    let flags = house.run(&["user", "list"]).stdout;
    assert!(flags.contains("must change password"), "{flags}");
    json_of(&house, "user update ada --must-change-password false");
    assert!(!house.run(&["user", "list"]).stdout.contains("must change password"));
    let link = json_of(&house, "user recover ada")["link"].as_str().unwrap().to_owned();
    assert!(link.contains("/password/reset/link?token="), "{link}");
    assert_eq!(refusal(&house, "user delete ada", "").0, 2, "it asks to be told so");
    assert_eq!(refusal(&house, "user delete root --yes", "").0, 1, "the last administrator stays");
    json_of(&house, "user delete ada --yes");
    assert_eq!(refusal(&house, "user show ada", "").0, 1);
    assert_eq!(refusal(&house, "user update root --attribute shoe=9", "").0, 2, "there is no such field");
}

#[test]
fn nobody_waits_at_first_and_unlocking_needs_a_name() {
    let house = house();
    create_user(&house, "ada", "");
    assert_eq!(json_of(&house, "throttle list"), json!([]));
    assert_eq!(json_of(&house, "throttle unlock --user ada")["opened"], 0);
    assert_eq!(json_of(&house, "throttle unlock --network 192.0.2.1")["opened"], 0);
    assert_eq!(house.run(&words("throttle unlock")).code, Some(2));
    assert_eq!(refusal(&house, "throttle unlock --user nobody", "").0, 1);
}
