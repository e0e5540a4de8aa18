//! The command line of the real binary: before the first start, beside a running server, and its exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "it/journeys/account_commands.rs"]
mod account_commands;
#[path = "it/journeys/beside_a_server.rs"]
mod beside_a_server;
#[path = "it/support/browser.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod browser;
#[path = "it/journeys/bundle.rs"]
mod bundle;
#[path = "it/support/cluster.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod cluster;
#[path = "it/journeys/configuration.rs"]
mod configuration;
#[path = "it/journeys/permission_commands.rs"]
mod permission_commands;
#[path = "it/support/process.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod process;

use std::fs;

use process::House;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";
const REDIRECT: &str = "https://app.example/cb";
/// PKCE (RFC 7636 appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A house on a database of the shared cluster.
fn house() -> House {
    House::new(&[("database.url", &cluster::empty_database()), ("database.pool_size", "4")])
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Runs a command that must succeed with JSON.
fn json_of(house: &House, line: &str) -> Value {
    house.run(&[&words(line)[..], &["--json"]].concat()).json()
}

/// Runs a command that must fail: its exit code and its words.
fn refusal(house: &House, line: &str, input: &str) -> (i32, String) {
    let ended = house.run_with(&words(line), input);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("portcullis: "), "{line}: {ended:?}");
    (ended.code.unwrap(), ended.stderr)
}

fn create_user(house: &House, name: &str, more: &str) -> Value {
    let line = format!("user create --username {name} --email {name}@example.test --password-stdin --json{more}");
    house.run_with(&words(&line), PASSWORD).json()
}

fn create_app(house: &House, id: &str) -> String {
    let made = json_of(house, &format!("client create --id {id} --redirect-uri {REDIRECT} --skip-consent"));
    made["client_secret"].as_str().unwrap().to_owned()
}

#[test]
fn users_are_made_shown_changed_and_disabled() {
    let house = house();
    let made = create_user(&house, "ada", " --email-verified --given-name Ada --family-name Lovelace --locale en-GB");
    assert_eq!((made["username"].as_str(), made["name"].as_str()), (Some("ada"), Some("Ada Lovelace")));
    assert_eq!(made["emails"], json!([{ "address": "ada@example.test", "primary": true, "verified": true }]));
    create_user(&house, "bob", "");
    let listed = json_of(&house, "user list");
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "bob"]);
    let table = house.run(&["user", "list"]).stdout;
    assert!(table.starts_with("USERNAME") && table.lines().count() == 3, "{table}");
    for name in ["ada", "ADA", "ada@example.test", made["id"].as_str().unwrap()] {
        assert_eq!(json_of(&house, &format!("user show {name}"))["sub"], made["sub"], "{name}");
    }
    assert!(house.run(&["user", "show", "ada"]).stdout.contains("ada@example.test"));

    let changed =
        json_of(&house, "user update ada --email countess@example.test --family-name King --phone +4930123456");
    assert_eq!((changed["name"].as_str(), changed["phone"].as_str()), (Some("Ada King"), Some("+4930123456")));
    let primary = changed["emails"].as_array().unwrap().iter().find(|email| email["primary"] == true).unwrap();
    assert_eq!(
        (primary["address"].as_str(), primary["verified"].as_bool()),
        (Some("countess@example.test"), Some(false))
    );
    assert_eq!(json_of(&house, "user disable ada")["is_active"], false);
    assert_eq!(json_of(&house, "user show ada")["is_active"], false);
    assert_eq!(json_of(&house, "user enable ada")["is_active"], true);
    let set = house.run_with(&words("user set-password ada --password-stdin --json"), "another good password\n");
    assert_eq!(set.json()["username"], "ada");
}

#[test]
fn what_makes_no_sense_is_refused_in_words_with_its_code() {
    let house = house();
    create_user(&house, "ada", " --superuser");
    create_app(&house, "app");
    for (line, input, code, says) in [
        ("user create --username ada --password-stdin", PASSWORD, 1, "taken"),
        ("user create --username ADA --password-stdin", PASSWORD, 1, "taken"),
        ("user create --username eve --email Ada@example.test --password-stdin", PASSWORD, 1, "another account"),
        ("user create --username eve --email nonsense --password-stdin", PASSWORD, 2, "email"),
        ("user create --username eve --password-stdin", "short", 2, "password"),
        ("user create --username eve --password-stdin", "", 2, "empty"),
        ("user create --username eve --group nowhere --password-stdin", PASSWORD, 1, "no group"),
        ("user show nobody", "", 1, "no user"),
        ("user update nobody --name X", "", 1, "no user"),
        ("user update ada --birthdate yesterday", "", 2, "birthdate"),
        ("user disable ada", "", 1, "last administrator"),
        ("user update ada --superuser false", "", 1, "last administrator"),
        ("user set-password ada --password-stdin", "short", 2, "password"),
        ("user set-password ada", "", 2, "--password-stdin"),
        ("group add-member nowhere ada", "", 1, "no group"),
        ("client create --id app --redirect-uri https://app.example/cb", "", 1, "client"),
        ("client create --id other --redirect-uri http://app.example/cb", "", 2, "http"),
        ("client create --id other --redirect-uri https://app.example/cb#part", "", 2, "fragment"),
        ("client show nothing", "", 1, "no client"),
        ("client rotate-secret nothing", "", 1, "no client"),
        ("client delete nothing", "", 1, "no client"),
        ("session revoke 00000000-0000-7000-8000-000000000001", "", 1, "no such session"),
        ("token revoke", "nonsense", 1, "no live token"),
        ("key rotate", "", 1, "--force"),
        ("debug claims --user nobody --client app", "", 1, "no user"),
        ("setup-link", "", 1, "administrator"),
    ] {
        let (found, words) = refusal(&house, line, input);
        assert!(found == code && words.contains(says), "{line}: {found} {words}");
    }
    assert_eq!(json_of(&house, "user list").as_array().unwrap().len(), 1, "nothing was half made");
    // The parser's own words.
    for line in [
        "user",
        "user create",
        "nonsense",
        "user show",
        "session revoke x",
        "client create --type odd",
        "key rotate --alg none",
    ] {
        assert_eq!(house.run(&words(line)).code, Some(2), "{line}");
    }
    for line in ["--help", "--version", "client create --help"] {
        assert_eq!(house.run(&words(line)).code, Some(0), "{line}");
    }
}

#[test]
fn groups_gather_members() {
    let house = house();
    assert_eq!(json_of(&house, "group create editors")["name"], "editors");
    create_user(&house, "ada", " --group editors");
    create_user(&house, "bob", "");
    assert_eq!(refusal(&house, "group create Editors", "").0, 1);
    json_of(&house, "group add-member editors bob");
    json_of(&house, "group add-member editors bob");
    assert_eq!(json_of(&house, "group list"), json!([{ "name": "editors", "members": 2 }]));
    assert_eq!(json_of(&house, "user show bob")["groups"], json!(["editors"]));
    json_of(&house, "group remove-member editors ada");
    assert_eq!(json_of(&house, "user show ada")["groups"], json!([]));
    assert!(house.run(&["group", "list"]).stdout.starts_with("GROUP"));
}

#[test]
fn groups_have_another_name_and_managers() {
    let house = house();
    json_of(&house, "group create editors");
    create_user(&house, "ada", "");
    assert_eq!(json_of(&house, "group rename editors writers")["before"], "editors");
    assert_eq!(refusal(&house, "group show editors", "").0, 1);
    json_of(&house, "group create others");
    assert_eq!(refusal(&house, "group rename others WRITERS", "").0, 1);
    assert_eq!(json_of(&house, "group add-manager writers ada")["manager"], true);
    assert_eq!(json_of(&house, "group show writers")["managers"], json!(["ada"]));
    assert_eq!(json_of(&house, "group show writers")["members"], json!([]));
    json_of(&house, "group remove-manager writers ada");
    assert_eq!(json_of(&house, "group show writers")["managers"], json!([]));
}

#[test]
fn a_client_is_changed_where_something_is_given_and_nowhere_else() {
    let house = house();
    create_app(&house, "app");
    let before = json_of(&house, "client show app");
    let after =
        json_of(&house, "client update app --name Blog --skip-consent false --redirect-uri https://b.example/cb");
    assert_eq!((&after["name"], &after["skip_consent"]), (&json!("Blog"), &json!(false)));
    assert_eq!(after["redirect_uris"], json!(["https://b.example/cb"]));
    for kept in ["client_id", "type", "grant_types", "scope", "id_token_alg", "enabled"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    for (line, code, says) in [
        ("client update app --redirect-uri http://b.example/cb", 2, "https"),
        ("client update app --restrict-to-group nobody", 1, "nobody"),
        ("client update app --auth-method odd", 2, "odd"),
        ("client update nothing --name X", 1, "no client"),
    ] {
        let (found, words) = refusal(&house, line, "");
        assert!(found == code && words.contains(says), "{line}: {found} {words}");
    }
    assert_eq!(json_of(&house, "client show app"), after, "all or nothing");
    assert_eq!(json_of(&house, "client disable app")["enabled"], false);
    assert_eq!(json_of(&house, "client show app")["enabled"], false);
    json_of(&house, "client enable app");
    assert_eq!(json_of(&house, "client show app")["enabled"], true);
}

#[test]
fn a_template_makes_the_client_and_what_is_pasted() {
    let house = house();
    let all = json_of(&house, "client templates");
    assert!(all.as_array().unwrap().len() >= 25, "{all}");
    let made = json_of(&house, "client create --template miniflux --url http://localhost:8081 --id feeds");
    let secret = made["client_secret"].as_str().unwrap();
    let text = made["config"][0]["text"].as_str().unwrap();
    assert!(text.contains(&format!("OAUTH2_CLIENT_SECRET={secret}")), "{text}");
    let shown = json_of(&house, "client show feeds");
    assert_eq!(shown["redirect_uris"], json!(["http://localhost:8081/oauth2/oidc/callback"]));
    assert_eq!(refusal(&house, "client create --template miniflux", "").0, 2);
    assert_eq!(refusal(&house, "client create --template nothing --url https://a.example", "").0, 2);
}

#[test]
fn a_clients_secret_is_shown_once() {
    let house = house();
    let first = create_app(&house, "app");
    assert_eq!(first.len(), 43);
    let rotated = json_of(&house, "client rotate-secret app");
    let second = rotated["client_secret"].as_str().unwrap();
    assert_ne!(second, first);
    for line in ["client show app", "client list", "client show app --json", "client list --json"] {
        let ended = house.run(&words(line));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stdout.contains("app") && !ended.stdout.contains(&first) && !ended.stdout.contains(second),
            "{line}"
        );
    }
    let public = json_of(&house, &format!("client create --id spa --type public --redirect-uri {REDIRECT}"));
    assert!(public.get("client_secret").is_none());
    assert_eq!(refusal(&house, "client rotate-secret spa", "").0, 1);
    let pair = json_of(&house, "client create --id till --type public --allow-token-pair");
    assert!(pair.get("client_secret").is_none());
    let shown = json_of(&house, "client show till");
    assert_eq!((&shown["allow_token_pair"], &shown["grant_types"]), (&json!(true), &json!([])));
    assert_eq!(json_of(&house, "client show spa")["allow_token_pair"], false);
    let words_of_it = house.run(&words(&format!("client create --id plain --redirect-uri {REDIRECT}")));
    assert!(words_of_it.stdout.contains("shown only now"), "{words_of_it:?}");
    // A chosen secret comes by standard input or from a file.
    let chosen = "a secret that the operator brings along";
    let line = format!("client create --id brought --redirect-uri {REDIRECT} --secret-stdin --json");
    assert_eq!(house.run_with(&words(&line), chosen).json()["client_secret"], chosen);
    let file = house.data().with_file_name("secret");
    fs::write(&file, format!("{chosen}\n")).unwrap();
    let line = format!("client rotate-secret brought --secret-file {} --json", file.display());
    assert_eq!(house.run(&words(&line)).json()["client_secret"], chosen);
    assert_eq!(json_of(&house, "client delete brought")["deleted"], true);
    assert_eq!(refusal(&house, "client show brought", "").0, 1);
}

#[test]
fn keys_are_listed_and_rotated() {
    let house = house();
    let keys = json_of(&house, "key list");
    assert_eq!(keys.as_array().unwrap().len(), 8, "made when they are first asked for");
    for key in keys.as_array().unwrap() {
        for private in ["sealed_private", "d", "private"] {
            assert!(key.get(private).is_none());
        }
    }
    let after = json_of(&house, "key rotate --alg ES256 --force");
    let of = |keys: &Value, state: &str| {
        let all = keys.as_array().unwrap().iter().filter(|key| key["alg"] == "ES256" && key["state"] == state);
        all.map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&after, "active"), of(&keys, "next"));
    assert_eq!(of(&after, "retiring"), of(&keys, "active"));
    assert_eq!(after.as_array().unwrap().len(), 9);
    assert!(house.run(&["key", "list"]).stdout.starts_with("KID"));
}

#[test]
fn a_setup_link_is_made_until_somebody_administers() {
    let house = house();
    let link = json_of(&house, "setup-link");
    let url = link["url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost:") && url.contains("/setup?token=") && link["expires_in"] == 1800);
    let again = house.run(&["setup-link"]);
    assert!(again.stdout.contains("/setup?token=") && !again.stdout.contains(url), "{again:?}");
    create_user(&house, "ada", " --superuser");
    assert_eq!(refusal(&house, "setup-link", "").0, 1);
}
