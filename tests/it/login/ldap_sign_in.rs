//! Signing in with a directory's password: accounts are made and kept as the directory says, ours are left alone.

use std::fs;
use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::support::{Browser, PASSWORD, Slapd, TestServer};

const DIRECTORY: &str = "bind_dn = 'cn=portcullis,dc=example,dc=test'\nbind_password = 'correct horse battery staple'\n\
    base_dn = 'ou=people,dc=example,dc=test'\n\
    attributes = { username = 'uid', email = 'mail', given_name = 'givenName', family_name = 'sn', name = 'cn' }\n\
    trust_email = true\ngroup_base_dn = 'ou=groups,dc=example,dc=test'\ngroups = { staff = 'colleagues' }\n";

/// A configuration with our own accounts and this directory, in this order.
fn configuration(order: [&str; 2], servers: &[String], more: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portcullis.toml");
    let table = |kind: &str| match kind {
        "local" => "[[login.backends]]\nkind = 'local'\n".to_owned(),
        _ => format!("[[login.backends]]\nkind = 'ldap'\nname = 'example'\nservers = {servers:?}\n{DIRECTORY}{more}"),
    };
    fs::write(&file, order.map(table).concat()).unwrap();
    (folder, file)
}

fn start(order: [&str; 2], servers: &[String], more: &str) -> TestServer {
    let (folder, file) = configuration(order, servers, more);
    let server = TestServer::start_with(&[("config_file", file.to_str().unwrap())]);
    drop(folder);
    server
}

async fn enters(server: &TestServer, name: &str, password: &str) -> bool {
    let browser = Browser::new(&server.first.base);
    let answer = browser.try_sign_in("/login", name, password).await;
    let is_in = browser.is_signed_in().await;
    assert_eq!(answer.status == StatusCode::SEE_OTHER, is_in, "{answer:?}");
    is_in
}

#[tokio::test]
async fn a_first_sign_in_makes_the_account_as_the_directory_has_it() {
    let slapd = Slapd::start();
    let server = start(["local", "ldap"], &[slapd.ldap()], "");
    server.write(|conn, scene| portcullis::access::group::create(conn, "colleagues", scene));
    assert!(!enters(&server, "ada", "wrong").await && !enters(&server, "ada", "").await);
    assert_eq!(server.count("users"), 0);

    assert!(enters(&server, "ada", PASSWORD).await);
    let made =
        "users WHERE username = 'ada' AND backend = 'example' AND password_hash IS NULL AND family_name IS NOT NULL";
    assert_eq!(server.count(made), 1);
    assert_eq!(server.count("emails WHERE is_primary AND verified_at IS NOT NULL"), 1);
    assert_eq!(server.count("memberships"), 1);

    // The second time it is the same account, and the directory's groups are as the directory says.
    server.conn().batch_execute("DELETE FROM memberships; UPDATE users SET family_name = 'Old'").unwrap();
    assert!(enters(&server, "ada", PASSWORD).await);
    assert_eq!((server.count("users"), server.count("memberships")), (1, 1));
    assert_eq!(server.count("users WHERE family_name = 'Old'"), 0);
}

#[tokio::test]
async fn an_account_of_ours_is_never_taken_over_by_a_name_of_the_directory() {
    let slapd = Slapd::start();
    let server = start(["local", "ldap"], &[slapd.ldap()], "");
    server.user("ada");
    server.conn().batch_execute("UPDATE users SET password_hash = NULL").unwrap();
    assert!(!enters(&server, "ada", PASSWORD).await, "the directory's password opens no account of ours");
    assert_eq!(server.count("users WHERE backend IS NULL"), 1);
    assert_eq!(server.count("users"), 1);
    assert!(enters(&server, "bob", PASSWORD).await, "others of the directory come in");
}

#[tokio::test]
async fn local_people_come_in_while_the_directory_is_down() {
    let nobody = vec!["ldap://127.0.0.1:1".to_owned()];
    for order in [["local", "ldap"], ["ldap", "local"]] {
        let server = start(order, &nobody, "");
        server.user("carol");
        assert!(enters(&server, "carol", PASSWORD).await, "{order:?}");
        assert!(!enters(&server, "carol", "wrong").await && !enters(&server, "ada", PASSWORD).await, "{order:?}");
    }
}

#[tokio::test]
async fn a_veto_of_the_directory_keeps_later_backends_from_saying_yes() {
    let slapd = Slapd::start();
    let other = "another long password";
    for (more, comes_in) in [("on_failure = 'veto'\n", false), ("on_failure = 'next'\n", true)] {
        let server = start(["ldap", "local"], &[slapd.ldap()], more);
        server.user("ada");
        let hash = portcullis::accounts::passwords::schemes::argon2id::hash(
            other,
            portcullis::app::password_cost(&server.first.app.config),
        );
        let set = format!("UPDATE users SET password_hash = '{}'", hash.unwrap());
        server.conn().batch_execute(&set).unwrap();
        assert_eq!(enters(&server, "ada", other).await, comes_in, "{more}");
    }
}

#[tokio::test]
async fn people_without_an_account_stay_outside_where_none_are_made() {
    let slapd = Slapd::start();
    let server = start(["local", "ldap"], &[slapd.ldap()], "create_users = false\n");
    assert!(!enters(&server, "ada", PASSWORD).await);
    assert_eq!(server.count("users"), 0);
}

#[tokio::test]
async fn a_disabled_account_of_the_directory_stays_outside_with_the_right_password() {
    let slapd = Slapd::start();
    let server = start(["local", "ldap"], &[slapd.ldap()], "");
    assert!(enters(&server, "ada", PASSWORD).await);
    server.conn().batch_execute("UPDATE users SET is_active = false").unwrap();
    assert!(!enters(&server, "ada", PASSWORD).await);
    server.conn().batch_execute("UPDATE users SET is_active = true").unwrap();
    assert!(enters(&server, "ada", PASSWORD).await);
}

#[tokio::test]
async fn tries_at_a_directory_count_to_the_limit_like_all_others() {
    let slapd = Slapd::start();
    let server = start(["local", "ldap"], &[slapd.ldap()], "");
    for _ in 0..5 {
        assert!(!enters(&server, "ada", "wrong").await);
    }
    let answer = Browser::new(&server.first.base).try_sign_in("/login", "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.count("users"), 0);
}
