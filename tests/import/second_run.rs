//! Running an import again, running it dry, and what was changed here meanwhile.

use serde_json::{Value, json};

use crate::{Site, counts, reason};

const KINDS: [&str; 9] = [
    "users",
    "emails",
    "groups",
    "permissions",
    "memberships",
    "group_permissions",
    "user_permissions",
    "clients",
    "totp_devices",
];

const FIRST_HASH: &str = "pbkdf2_sha256$1000$c2FsdHNhbHQ$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECOND_HASH: &str = "pbkdf2_sha256$1000$c2FsdHNhbHQ$HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_second_run_of_the_same_files_changes_nothing() {
    for dump in ["plain.json", "natural.json", "mail.json"] {
        let site = Site::new();
        let first = site.import(dump, &[]);
        let before = site.snapshot();
        let second = site.import(dump, &[]);
        for kind in KINDS {
            let [new, changed, unchanged, _] = counts(&second, kind);
            assert_eq!((new, changed), (0, 0), "{dump} {kind}: {second:#}");
            assert_eq!(unchanged, counts(&first, kind)[0] + counts(&first, kind)[2], "{dump} {kind}");
        }
        assert_eq!(site.snapshot(), before, "{dump}");
    }
}

#[test]
fn keys_and_natural_keys_name_the_same_things() {
    let site = Site::new();
    site.import("plain.json", &[]);
    let before = site.snapshot();
    site.import("natural.json", &[]);
    site.import("lines.jsonl", &[]);
    assert_eq!(site.snapshot(), before);
}

#[test]
fn a_dry_run_tells_the_same_and_writes_nothing() {
    let (site, real) = (Site::new(), Site::new());
    let before = site.snapshot();
    let mut dry = site.import("plain.json", &["--dry-run", "--with-superusers"]);
    assert_eq!(site.snapshot(), before);
    assert_eq!(dry["dry_run"].take(), json!(true));
    let mut done = real.import("plain.json", &["--with-superusers"]);
    assert_eq!(done["dry_run"].take(), json!(false));
    assert_eq!(dry, done);
    let words = site.house.run_with(&["import", "django", "-", "--dry-run"], &user("ada", &json!({})).to_string());
    assert!(words.stdout.contains("users") && words.stdout.contains("dry run"), "{words:?}");
}

#[test]
fn names_follow_the_file_and_a_password_set_here_stays() {
    let site = Site::new();
    site.import_rows(&user("ada", &json!({ "first_name": "Ada", "password": FIRST_HASH })), &[]);
    let changed = user("ada", &json!({ "first_name": "Augusta", "password": SECOND_HASH, "is_staff": true }));
    assert_eq!(counts(&site.import_rows(&changed, &[]), "users"), [0, 1, 0, 0]);
    let shown = "SELECT concat_ws('|', given_name, password_hash, is_staff) AS cell FROM users";
    assert_eq!(site.ask(shown), [format!("Augusta|{SECOND_HASH}|t")]);
    site.house.run_with(&["user", "set-password", "ada", "--password-stdin"], "correct horse battery staple");
    let hash = site.ask("SELECT password_hash AS cell FROM users");
    let report = site.import_rows(&changed, &[]);
    assert_eq!(counts(&report, "users"), [0, 0, 1, 0]);
    assert!(reason(&report, "/users/notes", "auth.user pk=1").contains("password here is kept"));
    assert_eq!(site.ask("SELECT password_hash AS cell FROM users"), hash);
}

#[test]
fn a_file_disables_but_does_not_enable() {
    let site = Site::new();
    site.import_rows(&user("ada", &json!({})), &[]);
    assert_eq!(counts(&site.import_rows(&user("ada", &json!({ "is_active": false })), &[]), "users"), [0, 1, 0, 0]);
    assert_eq!(site.ask("SELECT is_active::text AS cell FROM users"), ["false"]);
    let report = site.import_rows(&user("ada", &json!({ "is_active": true })), &[]);
    assert!(reason(&report, "/users/notes", "auth.user pk=1").contains("disabled here"));
    assert_eq!(site.ask("SELECT is_active::text AS cell FROM users"), ["false"]);
    let last = Site::new();
    last.import_rows(&user("root", &json!({ "is_superuser": true, "is_staff": true })), &["--with-superusers"]);
    let disabled = user("root", &json!({ "is_superuser": true, "is_staff": true, "is_active": false }));
    let report = last.import_rows(&disabled, &["--with-superusers"]);
    assert!(reason(&report, "/users/notes", "auth.user pk=1").contains("last administrator"), "{report:#}");
}

#[test]
fn an_account_that_was_here_before_gets_no_password_from_a_file() {
    let site = Site::new();
    let line = ["user", "create", "--username", "ada", "--email", "ada@example.test", "--email-verified"];
    assert_eq!(
        site.house.run_with(&[&line[..], &["--password-stdin"]].concat(), "correct horse battery staple").code,
        Some(0)
    );
    let hash = site.ask("SELECT password_hash AS cell FROM users");
    let theirs = json!({ "password": FIRST_HASH, "email": "ada@example.test" });
    site.import_rows(&user("ada", &theirs), &[]);
    // Somebody who only says that the address is theirs is another person.
    let report = site.import_rows(&user("mallory", &theirs), &[]);
    assert_eq!(counts(&report, "users"), [1, 0, 0, 0]);
    assert!(reason(&report, "/emails/skipped", "auth.user").contains("another account"));
    assert_eq!(site.ask("SELECT password_hash AS cell FROM users WHERE username = 'ada'"), hash);
}

#[test]
fn who_took_a_name_here_before_gets_nothing_that_was_somebody_elses() {
    let site = Site::new();
    let line = "user create --username ada --email squatter@example.test --email-verified --password-stdin";
    site.house.run_with(&line.split(' ').collect::<Vec<_>>(), "correct horse battery staple");
    let before = site.snapshot();
    let file = user("ada", &json!({ "is_staff": true, "email": "ada@example.test" }));
    let report = site.import_rows(&file, &[]);
    assert!(reason(&report, "/users/skipped", "auth.user pk=1").contains("--trust-usernames"), "{report:#}");
    assert_eq!(site.snapshot(), before);
    assert_eq!(counts(&site.import_rows(&file, &["--trust-usernames"]), "users"), [0, 1, 0, 0]);
}

#[test]
fn an_address_that_both_sides_proved_is_one_person_under_two_names() {
    let site = Site::new();
    let line = "user create --username countess --email ada@example.test --email-verified --password-stdin";
    site.house.run_with(&line.split(' ').collect::<Vec<_>>(), "correct horse battery staple");
    let file = user("ada", &json!({ "first_name": "Ada", "email": "ada@example.test" }));
    let report = site.import_rows(&file, &["--email-verified", "--dry-run"]);
    assert!(reason(&report, "/users/notes", "auth.user pk=1").contains("another name"), "{report:#}");
    assert_eq!(counts(&report, "users"), [0, 1, 0, 0]);
    assert_eq!(counts(&site.import_rows(&file, &[]), "users"), [1, 0, 0, 0], "unproven: somebody else");
}

fn user(name: &str, more: &Value) -> Value {
    let joined = "2019-05-04T03:02:01Z";
    let mut fields = json!({ "username": name, "password": "!", "last_login": null, "date_joined": joined });
    fields.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    json!([{ "model": "auth.user", "pk": 1, "fields": fields }])
}
