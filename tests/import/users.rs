//! Accounts, addresses, rights and devices.

use portcullis::kernel::clock::Clock;
use portcullis::kernel::crypto::{Place, Sealer};
use portcullis::kernel::db::transaction;
use portcullis::kernel::random::Random;
use portcullis::keys::master_key::{self, MasterKeyError};

use crate::browser::Browser;
use crate::django_project::rows_of;
use crate::{Site, cluster, counts, reason};

#[test]
fn users_come_with_their_hashes_names_flags_and_times() {
    let site = Site::new();
    let report = site.import("plain.json", &[]);
    assert_eq!(counts(&report, "users"), [12, 0, 0, 2], "{report:#}");
    assert!(reason(&report, "/users/skipped", "auth.user pk=7").contains("looks like that of auth.user pk=1"));
    assert!(reason(&report, "/users/skipped", "auth.user pk=8").contains("a b/c"));
    let ada = site.ask(
        "SELECT concat_ws('|', given_name, family_name, is_active, is_staff, is_superuser, created_at AT TIME ZONE 'UTC',
         last_login_at AT TIME ZONE 'UTC', password_changed_at) AS cell FROM users WHERE username = 'ada'",
    );
    assert_eq!(ada, ["Ada|Lovelace|t|t|f|2019-05-04 03:02:01|2024-02-03 04:05:06.789"]);
    assert_eq!(site.ask("SELECT username AS cell FROM users WHERE NOT is_active"), ["Bob"]);
    for row in rows_of("plain.json").iter().filter(|row| row["model"] == "auth.user") {
        let (name, hash) = (row["fields"]["username"].as_str().unwrap(), row["fields"]["password"].as_str().unwrap());
        let stored = site.ask(&format!("SELECT password_hash AS cell FROM users WHERE username = '{name}'"));
        match name {
            "ADA" | "a b/c" | "grace@navy.example" => assert!(stored.is_empty(), "{name}"),
            "nobody" | "by-md5" => assert_eq!(stored, ["null"], "{name}"),
            _ => assert_eq!(stored, [hash], "{name}"),
        }
    }
    assert!(reason(&report, "/users/notes", "auth.user pk=14").contains("md5"), "{report:#}");
    assert!(site.house.run(&["user", "show", "grace"]).stdout.contains("grace@navy.example"));
}

#[test]
fn nobody_becomes_an_administrator_by_a_file() {
    let (site, with) = (Site::new(), Site::new());
    let report = site.import("plain.json", &[]);
    assert!(reason(&report, "/users/notes", "auth.user pk=3").contains("--with-superusers"));
    assert!(site.ask("SELECT username AS cell FROM users WHERE is_superuser").is_empty());
    with.import("plain.json", &["--with-superusers"]);
    assert_eq!(with.ask("SELECT username AS cell FROM users WHERE is_superuser"), ["root"]);
    // An administrator here is not touched either.
    let again = with.import("plain.json", &[]);
    assert!(reason(&again, "/users/skipped", "auth.user pk=3").contains("administrator"), "{again:#}");
}

#[test]
fn addresses_keep_what_allauth_knows_of_them() {
    let site = Site::new();
    let report = site.import("plain.json", &[]);
    let shown = |name: &str| {
        site.ask(&format!(
            "SELECT concat_ws('|', address, is_primary, verified_at IS NOT NULL, is_held) AS cell FROM emails
             JOIN users ON users.id = user_id WHERE username = '{name}' ORDER BY is_primary DESC, address"
        ))
    };
    assert_eq!(shown("ada"), ["countess@example.test|t|t|t", "ada@example.test|f|t|t"]);
    assert_eq!(shown("Bob"), ["bob@example.test|t|f|t"]);
    assert_eq!(shown("grace"), ["grace@navy.example|t|f|t"]);
    assert!(shown("twin").is_empty(), "ada proved that address");
    assert!(reason(&report, "/emails/skipped", "auth.user pk=6").contains("belongs to auth.user pk=1"));
    let proven = Site::new();
    proven.import("plain.json", &["--email-verified"]);
    assert!(proven.ask("SELECT address AS cell FROM emails WHERE verified_at IS NULL").is_empty());
}

#[test]
fn rights_hang_on_the_same_people_by_key_and_by_natural_key() {
    for dump in ["plain.json", "natural.json", "lines.jsonl"] {
        let site = Site::new();
        let report = site.import(dump, &[]);
        assert_eq!(counts(&report, "memberships"), [2, 0, 0, 0], "{dump}");
        assert_eq!(site.ask("SELECT name AS cell FROM groups ORDER BY 1"), ["Empty Room", "editors"]);
        let of_groups = "SELECT name || ' ' || app || '.' || codename AS cell FROM group_permissions
                         JOIN groups ON groups.id = group_id JOIN permissions ON permissions.id = permission_id";
        assert_eq!(site.ask(of_groups), ["editors blog.publish_article"], "{dump}");
        let of_users = "SELECT username || ' ' || app || '.' || codename AS cell FROM user_permissions
                        JOIN users ON users.id = user_id JOIN permissions ON permissions.id = permission_id";
        assert_eq!(site.ask(of_users), ["ada blog.delete_article"], "{dump}");
        let description = "SELECT description AS cell FROM permissions WHERE codename = 'publish_article'";
        assert_eq!(site.ask(description), ["Can publish an article"]);
        assert_eq!(counts(&report, "permissions")[3], 1);
        let skipped = report.pointer("/permissions/skipped/0/reason").unwrap().as_str().unwrap();
        assert!(skipped.contains("Odd-Name"), "{skipped}");
        assert_eq!(report["ignored"]["sessions.session"], 1);
    }
}

#[test]
fn a_user_model_of_ones_own_that_signs_in_by_mail_is_found() {
    let site = Site::new();
    let report = site.import("mail.json", &[]);
    assert_eq!(counts(&report, "users"), [4, 0, 0, 0], "{report:#}");
    assert_eq!(site.ask("SELECT username AS cell FROM users ORDER BY 1"), ["ada", "ada-2", "bob", "o-brien"]);
    assert!(reason(&report, "/users/notes", "people.person pk=3").contains("renamed to ada-2"));
    assert_eq!(counts(&report, "memberships")[0], 2);
    assert_eq!(counts(&site.import("mail.json", &["--user-model", "people.Person"]), "users"), [0, 0, 4, 0]);
    let wrong = site.house.run(&["import", "django", "-", "--user-model", "auth.user"]);
    assert_eq!(wrong.code, Some(1), "nothing to read: {wrong:?}");
    // A name that somebody here has already is passed by.
    let taken = Site::new();
    taken.house.run_with(&["user", "create", "--username", "Ada", "--password-stdin"], "correct horse battery staple");
    taken.import("mail.json", &[]);
    assert_eq!(taken.ask("SELECT username AS cell FROM users ORDER BY 1"), ["Ada", "ada-2", "ada-3", "bob", "o-brien"]);
}

#[test]
fn devices_are_kept_sealed() {
    let site = Site::new();
    let report = site.import("plain.json", &[]);
    assert_eq!(counts(&report, "totp_devices"), [3, 0, 0, 0], "{report:#}");
    let devices = site.ask(
        "SELECT concat_ws('|', username, t.name, digits, period_secs, start_at, drift, last_step, confirmed_at IS NOT NULL)
         AS cell FROM totp_devices t JOIN users ON users.id = user_id ORDER BY username DESC, t.name",
    );
    assert_eq!(devices, ["ada|default|6|30|0|0|57000000|t", "ada|default 2|8|60|0|-1|t", "Bob|new|6|30|0|0|f"]);
    let sealed =
        site.ask("SELECT id || ' ' || encode(sealed_secret, 'hex') AS cell FROM totp_devices WHERE last_step > 0");
    let (id, hex) = sealed[0].split_once(' ').unwrap();
    assert!(!hex.contains("31323334"));
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let place = Place { table: "totp_devices", column: "sealed_secret", row: id };
    assert_eq!(sealer(&site).open(place, &bytes).unwrap().expose(), b"12345678901234567890");
}

#[tokio::test]
async fn people_sign_in_with_the_password_of_before() {
    let site = Site::new();
    site.import("plain.json", &[]);
    let _running = site.house.serve();
    for name in ["ada", "grace@navy.example", "by-scrypt", "by-argon2"] {
        Browser::new(&site.house.base).sign_in(name, "correct horse battery staple").await;
    }
    let own = "SELECT username AS cell FROM users WHERE password_hash LIKE '$argon2id$%' ORDER BY 1";
    let before = site.ask(own);
    assert_eq!(before, ["ada", "by-scrypt", "grace"], "Django's argon2 is as dear as ours, and stays");
    assert_eq!(counts(&site.import("plain.json", &[]), "users"), [0, 0, 12, 2]);
    assert_eq!(site.ask(own), before, "a file does not take the better hash back");
}

fn sealer(site: &Site) -> Sealer {
    let mut conn = portcullis::kernel::db::connect(&portcullis::kernel::secret::Secret::new(site.url.clone())).unwrap();
    let (file, random, now) = (cluster::master_key_file(), Random::default(), Clock::System.now());
    let master =
        transaction::<_, MasterKeyError>(&mut conn, |conn| master_key::open(conn, &file, &random, now)).unwrap();
    Sealer::new(&master).unwrap()
}
