//! A directory as a backend: a real `OpenLDAP` server is asked, and what it says is believed as far as it goes.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::accounts::passwords::Password;
use portcullis::config::Config;
use portcullis::login::backends::{Answer, Backend, Backends, Ldap, Person};

use crate::support::{PASSWORD, Slapd};

const ACCOUNT: &str = "bind_dn = 'cn=portcullis,dc=example,dc=test'\nbind_password = 'correct horse battery staple'\n";
const SEARCH: &str = "base_dn = 'ou=people,dc=example,dc=test'\n";
const DIRECT: &str = "mode = 'direct'\nuser_dn = 'uid={username},ou=people,dc=example,dc=test'\n";
const BY_NUMBER: &str = "attributes = { username = 'employeeNumber' }\n";
const GROUPS: &str = "group_base_dn = 'ou=groups,dc=example,dc=test'\ngroups = { staff = 'colleagues', Wheel = 'admins', other = 'x' }\n";
const ALL_ATTRIBUTES: &str = "attributes = { username = 'UID', email = 'mail', given_name = 'givenname', \
                              family_name = 'sn', name = 'cn', phone = 'mobile' }\n";

fn try_open(servers: &[String], keys: &str) -> Result<Arc<Ldap>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portcullis.toml");
    let text = format!("[[login.backends]]\nkind = 'ldap'\nname = 'example'\nservers = {servers:?}\n{keys}");
    fs::write(&file, text).unwrap();
    let loaded = Config::load(&[file], &BTreeMap::new()).map_err(|errors| errors.to_string())?;
    let backends = Backends::open(&loaded.config.login.backends)?;
    match backends.in_order() {
        [Backend::Ldap(ldap)] => Ok(Arc::clone(ldap)),
        others => panic!("{others:?}"),
    }
}

fn open(servers: &[String], keys: &str) -> Arc<Ldap> {
    try_open(servers, keys).unwrap()
}

/// By search, with the directory's account.
fn searching(slapd: &Slapd, keys: &str) -> Arc<Ldap> {
    open(&[slapd.ldap()], &format!("{ACCOUNT}{SEARCH}{keys}"))
}

async fn ask(ldap: &Ldap, username: &str, password: &str) -> Answer {
    ldap.authenticate(username, &Password::parse(password).unwrap()).await
}

async fn person(ldap: &Ldap, username: &str) -> Person {
    match ask(ldap, username, PASSWORD).await {
        Answer::Yes(person) => *person,
        other => panic!("{username}: {other:?}"),
    }
}

/// Takes connections and says nothing.
fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Nobody listens there.
fn down() -> String {
    mute().1
}

#[tokio::test]
async fn the_right_password_is_told_from_others_by_search_and_by_direct_bind() {
    let slapd = Slapd::start();
    for ldap in [searching(&slapd, ""), open(&[slapd.ldap()], DIRECT)] {
        assert_eq!(person(&ldap, "ada").await.username.as_str(), "ada");
        assert_eq!(person(&ldap, " ADA ").await.username.as_str(), "ada");
        for (username, password) in [("ada", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("ada\0", PASSWORD)] {
            assert_eq!(ask(&ldap, username, password).await, Answer::No, "{username:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_password_never_succeeds_though_the_server_would_take_it() {
    let slapd = Slapd::start();
    let (connection, mut raw) = ldap3::LdapConnAsync::new(&slapd.ldap()).await.unwrap();
    let driven = tokio::spawn(connection.drive());
    assert_eq!(raw.simple_bind("uid=ada,ou=people,dc=example,dc=test", "").await.unwrap().rc, 0);
    drop(raw);
    driven.await.unwrap().unwrap();
    for ldap in [searching(&slapd, ""), open(&[slapd.ldap()], DIRECT)] {
        for password in ["", "\0", "\0\0", "\0x"] {
            assert_eq!(ask(&ldap, "ada", password).await, Answer::No, "{password:?}");
        }
    }
    let vetoing = searching(&slapd, "on_failure = 'veto'");
    assert_eq!(ask(&vetoing, "ada", "").await, Answer::No);
}

#[tokio::test]
async fn names_are_looked_for_to_the_letter() {
    let slapd = Slapd::start();
    let ldap = searching(&slapd, &format!("{BY_NUMBER}{GROUPS}"));
    for tricky in ["*", "a*", "ada)(uid=*", "ada)(|(uid=*)", "*)(uid=ada", "\\61da", "st*r(*", "ada)"] {
        assert_eq!(ask(&ldap, tricky, PASSWORD).await, Answer::No, "{tricky}");
    }
    for (odd, name) in [("st*r(1)\\", "star"), ("com,ma+x", "comma")] {
        let person = person(&ldap, odd).await;
        assert_eq!(person.username.as_str(), name);
        assert_eq!(person.groups, ["colleagues"]);
    }
}

#[tokio::test]
async fn names_of_entries_are_made_to_the_letter() {
    let slapd = Slapd::start();
    let ldap = open(&[slapd.ldap()], &format!("{DIRECT}{BY_NUMBER}{GROUPS}"));
    for tricky in
        ["ada,ou=people", "ada+cn=Ada Lovelace", "ada,", "#616461", "\\61da", "ada,ou=people,dc=example,dc=test"]
    {
        assert_eq!(ask(&ldap, tricky, PASSWORD).await, Answer::No, "{tricky}");
    }
    for (odd, name) in [("st*r(1)\\", "star"), ("com,ma+x", "comma")] {
        let person = person(&ldap, odd).await;
        assert_eq!(person.username.as_str(), name);
        assert_eq!(person.groups, ["colleagues"]);
    }
}

#[tokio::test]
async fn only_listed_attributes_and_groups_are_taken() {
    let slapd = Slapd::start();
    let bare = person(&searching(&slapd, ""), "ada").await;
    assert_eq!(bare.backend, "example");
    assert!(uuid::Uuid::parse_str(&bare.external_id).is_ok(), "{bare:?}");
    assert!(bare.email.is_none() && bare.name.is_none() && bare.phone.is_none() && bare.groups.is_empty());

    let ldap = searching(&slapd, &format!("trust_email = true\n{ALL_ATTRIBUTES}{GROUPS}"));
    let full = person(&ldap, "ada").await;
    assert_eq!(full.external_id, bare.external_id);
    assert_eq!(full.email.unwrap().as_str(), "ada@example.test");
    assert!(full.email_verified);
    assert_eq!(full.given_name.as_deref(), Some("Ada"));
    assert_eq!(full.family_name.as_deref(), Some("Lovelace"));
    assert_eq!(full.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(full.phone.unwrap().as_str(), "+4930123456");
    assert_eq!(full.groups, ["admins", "colleagues"]);

    let bob = person(&ldap, "bob").await;
    assert!(bob.email.is_none() && !bob.email_verified && bob.given_name.is_none(), "{bob:?}");
    assert_eq!(bob.groups, ["colleagues"]);
    let untrusted = searching(&slapd, ALL_ATTRIBUTES);
    assert!(!person(&untrusted, "ada").await.email_verified);
}

#[tokio::test]
async fn nobody_is_let_in_who_is_not_exactly_one_person_with_a_name_of_ours() {
    let slapd = Slapd::start();
    assert_eq!(ask(&searching(&slapd, ""), "twin", PASSWORD).await, Answer::No);
    let everybody = searching(&slapd, "user_filter = '(|(uid={username})(objectClass=inetOrgPerson))'");
    assert_eq!(ask(&everybody, "ada", PASSWORD).await, Answer::No);
    assert_eq!(ask(&searching(&slapd, ""), "st*r(1)\\", PASSWORD).await, Answer::No);
    let unnamed = searching(&slapd, "attributes = { username = 'title' }");
    assert_eq!(ask(&unnamed, "ada", PASSWORD).await, Answer::No);
}

#[tokio::test]
async fn only_the_wrong_password_of_somebody_known_is_a_veto() {
    let slapd = Slapd::start();
    let ldap = searching(&slapd, "on_failure = 'veto'");
    assert_eq!(ask(&ldap, "ada", "wrong").await, Answer::Veto);
    assert_eq!(ask(&ldap, "nobody", "wrong").await, Answer::No);
    assert_eq!(ask(&ldap, "twin", "wrong").await, Answer::No);
    person(&ldap, "ada").await;
}

#[tokio::test]
async fn a_directory_that_is_told_wrong_things_is_away() {
    let slapd = Slapd::start();
    let refused = ACCOUNT.replace("correct", "wrong");
    for keys in [
        format!("{refused}{SEARCH}"),
        format!("{ACCOUNT}base_dn = 'ou=nowhere,dc=example,dc=test'"),
        format!("{ACCOUNT}base_dn = 'ou=elsewhere,ou=people,dc=example,dc=test'"),
        format!("{ACCOUNT}{SEARCH}{}", GROUPS.replace("ou=groups", "ou=nowhere")),
    ] {
        assert_eq!(ask(&open(&[slapd.ldap()], &keys), "ada", PASSWORD).await, Answer::Away, "{keys}");
    }
}

#[tokio::test]
async fn warnings_name_the_server_and_the_cause_and_no_secret() {
    let slapd = Slapd::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let writer = Mutex::new(fs::File::create(&file).unwrap());
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(writer);
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let nobody = down();
    let keys = format!("{}{SEARCH}", ACCOUNT.replace("staple", "hunter2"));
    assert_eq!(ask(&open(&[nobody.clone(), slapd.ldap()], &keys), "ada", PASSWORD).await, Answer::Away);
    drop(guard);
    let log = fs::read_to_string(&file).unwrap();
    for says in ["backend.name=\"example\"", &nobody, "refused", &slapd.ldap(), "bind_dn"] {
        assert!(log.contains(says), "{says}: {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains(PASSWORD), "{log}");
}

#[tokio::test]
async fn a_directory_that_is_down_is_away_within_its_time() {
    let (_mute, silent) = mute();
    let keys = format!("{ACCOUNT}{SEARCH}timeout_secs = 1");
    for (servers, at_most) in [(vec![down()], 900), (vec![silent.clone()], 1900), (vec![silent.clone(); 5], 3900)] {
        let begun = now();
        assert_eq!(ask(&open(&servers, &keys), "ada", PASSWORD).await, Answer::Away);
        assert!(begun.elapsed() < Duration::from_millis(at_most), "{servers:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn the_second_server_is_asked_where_the_first_does_not_answer() {
    let slapd = Slapd::start();
    let (_mute, silent) = mute();
    let keys = format!("{ACCOUNT}{SEARCH}timeout_secs = 1");
    for first in [down(), silent] {
        let ldap = open(&[first, slapd.ldap()], &keys);
        person(&ldap, "ada").await;
        assert_eq!(ask(&ldap, "ada", "wrong").await, Answer::No);
    }
}

#[tokio::test]
async fn a_server_that_speaks_nonsense_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    // A message with an empty body, one without an id, and no LDAP at all.
    std::thread::spawn(move || {
        for nonsense in
            [&b"\x30\x00"[..], b"\x30\x03\x02\x01\x01", b"\x30\x05\x04\x01a\x04\x00", b"HTTP/1.1 400\r\n\r\n"]
        {
            use std::io::{Read as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 512];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(nonsense);
            let _ = stream.read(&mut asked);
        }
    });
    let ldap = open(&[url], &format!("{ACCOUNT}{SEARCH}timeout_secs = 1"));
    for _ in 0..4 {
        assert_eq!(ask(&ldap, "ada", PASSWORD).await, Answer::Away);
    }
}

#[tokio::test]
async fn a_server_is_believed_only_by_its_certificate_and_host() {
    let (right, stranger) = (Slapd::start(), Slapd::start_as("directory.example.test"));
    let with = |servers: &[String], ca: &Slapd, more: &str| {
        open(servers, &format!("{ACCOUNT}{SEARCH}ca_file = '{}'\n{more}", ca.ca_file().display()))
    };
    person(&with(&[right.ldaps()], &right, ""), "ada").await;
    person(&with(&[right.ldap()], &right, "starttls = true"), "ada").await;
    person(&with(&[stranger.ldaps(), right.ldaps()], &right, ""), "ada").await;
    for (server, ca, more) in [
        // The certificate is for another host.
        (stranger.ldaps(), &stranger, ""),
        (stranger.ldap(), &stranger, "starttls = true"),
        (right.ldaps().replace("localhost", "127.0.0.1"), &right, ""),
        // It descends from nobody we know.
        (right.ldaps(), &stranger, ""),
        (right.ldap(), &stranger, "starttls = true"),
        // It does not speak TLS.
        (right.ldap().replace("ldap:", "ldaps:"), &right, "timeout_secs = 1"),
    ] {
        assert_eq!(
            ask(&with(std::slice::from_ref(&server), ca, more), "ada", PASSWORD).await,
            Answer::Away,
            "{server} {more}"
        );
    }
    let by_the_system = open(&[right.ldaps()], &format!("{ACCOUNT}{SEARCH}"));
    assert_eq!(ask(&by_the_system, "ada", PASSWORD).await, Answer::Away);
}

#[test]
fn a_directory_that_cannot_be_safe_is_not_opened() {
    let open = |server: &str, more: &str| try_open(&[server.to_owned()], &format!("{SEARCH}{more}"));
    let plain = open("ldap://ldap.example.test", "").unwrap_err();
    assert!(plain.contains("login.backends[0].servers") && plain.contains("in the open"), "{plain}");
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("ca.pem");
    fs::write(&empty, "nothing").unwrap();
    for file in [empty.display().to_string(), "/nonexistent/ca.pem".to_owned()] {
        let refusal = open("ldaps://ldap.example.test", &format!("ca_file = '{file}'")).unwrap_err();
        assert!(refusal.contains("ca.pem"), "{refusal}");
    }
}

#[expect(clippy::disallowed_methods, reason = "measures how long somebody waits")]
fn now() -> Instant {
    Instant::now()
}
