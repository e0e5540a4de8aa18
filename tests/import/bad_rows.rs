//! What is wrong in a file is named, and keeps nobody else out.

use std::fs;

use serde_json::{Value, json};

use crate::{Site, counts, reason};

fn user(pk: u32, name: &str, first_name: &str) -> Value {
    let fields =
        json!({ "username": name, "password": "!", "last_login": null, "first_name": first_name, "groups": [9] });
    json!({ "model": "auth.user", "pk": pk, "fields": fields })
}

#[test]
fn bad_rows_are_named_and_the_rest_goes_in() {
    let site = Site::new();
    let row = |model: &str, fields: Value| json!({ "model": model, "pk": 77, "fields": fields });
    let rows = json!([
        user(1, "ada", "Ada"),
        17,
        { "model": "auth.user" },
        // Postgres takes no such text: its batch is written row by row.
        user(2, "nul", "a\0b"),
        user(3, "bob", "Bob"),
        user(3, "again", ""),
        user(4, "", ""),
        row("account.emailaddress", json!({ "user": 99, "email": "x@example.test", "verified": true })),
        row("account.emailaddress", json!({ "user": 1, "email": "nonsense", "verified": true })),
        row("otp_totp.totpdevice", json!({ "user": 1, "key": "xyz", "digits": 6, "step": 30 })),
        row("otp_totp.totpdevice", json!({ "user": 1, "key": "00", "digits": 5, "step": 30 })),
        row("auth.permission", json!({ "codename": "add_x", "content_type": 5, "name": "x" })),
        json!({ "model": "contenttypes.contenttype", "pk": 6, "fields": { "app_label": "portcullis", "model": "user" } }),
        json!({ "model": "auth.permission", "pk": 78, "fields": { "codename": "change_user", "content_type": 6, "name": "x" } }),
        row("auth.group", json!({ "name": "", "permissions": [] })),
    ]);
    let report = site.import_rows(&rows, &[]);
    assert_eq!(site.ask("SELECT username AS cell FROM users ORDER BY 1"), ["ada", "bob"]);
    for (list, row, says) in [
        ("/users/skipped", "auth.user pk=2", "refuses"),
        ("/users/skipped", "auth.user pk=3", "second time"),
        ("/users/skipped", "auth.user pk=4", "no username"),
        ("/rows/skipped", "- row 2", "no object"),
        ("/rows/skipped", "- row 3", "no fields"),
        ("/memberships/skipped", "auth.user pk=1", "group 9"),
        ("/emails/skipped", "account.emailaddress pk=77", "user is not in the file"),
        ("/totp_devices/skipped", "otp_totp.totpdevice pk=77", "hexadecimal"),
        ("/permissions/skipped", "auth.permission pk=77", "content type"),
        ("/permissions/skipped", "auth.permission pk=78", "the console's own"),
        ("/groups/skipped", "auth.group pk=77", "name"),
    ] {
        assert!(reason(&report, list, row).contains(says), "{list} {row}: {report:#}");
    }
    assert_eq!((counts(&report, "totp_devices")[3], counts(&report, "emails")[3]), (2, 2));
    let words = site.house.run_with(&["import", "django", "-"], &rows.to_string()).stdout;
    assert!(words.contains("SKIPPED") && words.contains("auth.user pk=4: has no username"), "{words}");
}

#[test]
fn a_broken_file_is_named_by_row_and_byte_and_writes_nothing() {
    let site = Site::new();
    let before = site.snapshot();
    let whole = json!([user(1, "ada", ""), user(2, "bob", "")]).to_string();
    for (text, says) in [
        (&whole[..whole.len() - 20], "-: row 2, before byte"),
        ("", "the file is empty"),
        ("- model: auth.user", "no JSON"),
        ("{\"model\": ", "row 1, before byte 10"),
    ] {
        let ended = site.import_text(text, &[]);
        assert!(ended.code == Some(1) && ended.stderr.contains(says) && ended.stdout.is_empty(), "{text}: {ended:?}");
    }
    let good = site.house.data().with_file_name("good.json").display().to_string();
    let bad = site.house.data().with_file_name("bad.json").display().to_string();
    fs::write(&good, &whole).unwrap();
    fs::write(&bad, &whole[..40]).unwrap();
    let ended = site.house.run(&["import", "django", &good, &bad]);
    assert!(ended.code == Some(1) && ended.stderr.contains("bad.json: row 1, before byte 40"), "{ended:?}");
    assert_eq!(site.house.run(&["import", "django", "no-such-file"]).code, Some(1));
    assert_eq!(site.house.run(&["import", "django"]).code, Some(2));
    assert_eq!(site.snapshot(), before);
}

#[test]
fn files_are_one_import_in_any_order() {
    let site = Site::new();
    let folder = site.house.data().with_file_name("dumps");
    fs::create_dir(&folder).unwrap();
    let file = |name: &str, rows: Value| {
        let file = folder.join(name).display().to_string();
        fs::write(&file, rows.to_string()).unwrap();
        file
    };
    let people = file("people.json", json!([user(1, "ada", "")]));
    let groups = file("groups.json", json!([{ "model": "auth.group", "pk": 9, "fields": { "name": "editors" } }]));
    let report = site.house.run(&["import", "django", &people, &groups, "--json"]).json();
    assert_eq!(counts(&report, "memberships"), [1, 0, 0, 0]);
    assert_eq!(report["users"]["skipped"], json!([]));
}

#[test]
fn two_user_models_have_to_be_told_apart() {
    let site = Site::new();
    let of = |model: &str| json!({ "model": model, "pk": 1, "fields": { "name": "ada", "password": "!", "last_login": null } });
    let rows = json!([of("shop.customer"), of("staff.member")]);
    let ended = site.import_text(&rows.to_string(), &[]);
    assert!(ended.code == Some(2) && ended.stderr.contains("shop.customer, staff.member"), "{ended:?}");
    let report = site.import_rows(&rows, &["--user-model", "shop.Customer", "--username-field", "name"]);
    assert_eq!((counts(&report, "users")[0], &report["ignored"]["staff.member"]), (1, &json!(1)));
}

#[test]
fn no_file_puts_anybody_into_the_console() {
    let site = Site::new();
    for line in ["group create Admins", "group create inner", "group create plain"] {
        site.house.run(&line.split(' ').collect::<Vec<_>>());
    }
    site.house.run(&["group", "grant", "Admins", "portcullis.change_user"]);
    site.house.run(&["group", "add-member", "Admins", "--group", "inner"]);
    let group =
        |pk: u32, name: &str| json!({ "model": "auth.group", "pk": pk, "fields": { "name": name, "permissions": [] } });
    let mallory =
        json!({ "username": "mallory", "password": "!", "is_staff": true, "last_login": null, "groups": [1, 2, 3] });
    let rows = json!([
        group(1, "admins"),
        group(2, "inner"),
        group(3, "plain"),
        { "model": "auth.user", "pk": 1, "fields": mallory },
    ]);
    let report = site.import_rows(&rows, &[]);
    let joined = "SELECT g.name AS cell FROM memberships m JOIN groups g ON g.id = m.group_id ORDER BY 1";
    assert_eq!(site.ask(joined), ["plain"], "neither in the group nor in one that is in it");
    assert!(reason(&report, "/memberships/skipped", "auth.user pk=1").contains("administers here"), "{report:#}");
    let grace = json!(rows.to_string().replace("mallory", "grace").parse::<Value>().unwrap());
    site.import_rows(&grace, &["--with-superusers"]);
    assert_eq!(site.ask(joined), ["Admins", "inner", "plain", "plain"], "the operator said so");
}
