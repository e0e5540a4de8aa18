//! Tables of backends as an operator writes them. Each refusal stands beside its honest twin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use super::{Channel, Directory, LoginBackend, Lookup, OnFailure};
use crate::config::{Config, Loaded, render_table};

const LOCAL: &str = "[[login.backends]]\nkind = 'local'\n";
const LDAP: &str = "[[login.backends]]\nkind = 'ldap'\nname = 'org'\n";
const SEARCH: &str = "servers = ['ldaps://ldap.example.org']\nbase_dn = 'ou=people,dc=example,dc=org'\n";
const DIRECT: &str =
    "servers = ['ldaps://ldap.example.org']\nmode = 'direct'\nuser_dn = 'uid={username},dc=example,dc=org'\n";

fn load(toml: &str) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("portcullis.toml");
    fs::write(&file, toml).expect("file written");
    Config::load(&[file], &BTreeMap::new()).map_err(|errors| errors.to_string())
}

fn directory(toml: &str) -> Directory {
    let loaded = load(toml).unwrap_or_else(|errors| panic!("{toml}: {errors}"));
    let mut directories = loaded.config.login.backends.into_iter().filter_map(|backend| match backend {
        LoginBackend::Ldap(directory) => Some(*directory),
        LoginBackend::Local => None,
    });
    directories.next().expect("a directory")
}

#[test]
fn without_a_table_our_own_accounts_are_asked() {
    let loaded = load("").expect("defaults");
    assert!(matches!(loaded.config.login.backends[..], [LoginBackend::Local]));
    assert!(render_table(&loaded.sources).contains("login.backends[0].kind"));
}

#[test]
fn backends_stand_in_the_order_of_their_tables() {
    let loaded = load(&format!("{LDAP}{SEARCH}{LOCAL}")).expect("honest");
    let names: Vec<&str> = loaded.config.login.backends.iter().map(LoginBackend::name).collect();
    assert_eq!(names, ["org", "local"]);
}

#[test]
fn a_directory_has_cautious_defaults() {
    let directory = directory(&format!("{LDAP}{SEARCH}"));
    assert_eq!(directory.timeout, Duration::from_secs(3));
    assert_eq!(directory.servers[0].channel, Channel::Tls);
    assert_eq!(directory.attributes.username, "uid");
    assert_eq!(directory.attributes.email, None);
    assert_eq!(directory.on_failure, OnFailure::Next);
    assert!(directory.create_users && !directory.trust_email && directory.groups.is_none());
    assert!(matches!(directory.lookup, Lookup::Search { account: None, .. }));
}

#[test]
fn problems_name_the_table_and_the_key() {
    let refusal = load(&format!("{LOCAL}{LDAP}timeout_sec = 3\nmode = 'guess'")).unwrap_err();
    for says in [
        "login.backends[1].servers (file ",
        "login.backends[1].base_dn (file ",
        "login.backends[1].mode (file ",
        "login.backends[1].timeout_sec (file ",
        "did you mean `timeout_secs`?",
    ] {
        assert!(refusal.contains(says), "{says}: {refusal}");
    }
}

#[test]
fn keys_are_refused_beside_their_honest_twins() {
    for (honest, wrong, says) in [
        ("starttls = false", "starttls = 'yes'", "neither true nor false"),
        ("timeout_secs = 30", "timeout_secs = 31", "from 1 to 30"),
        ("attributes.email = 'mail'", "attributes.email = '*'", "name of an attribute"),
        ("attributes.phone = 'mobile'", "attributes.shoe_size = 'shoes'", "not a key"),
        ("user_filter = '(uid={username})'", "user_filter = '(uid=*)'", "use {username}"),
        ("on_failure = 'veto'", "on_failure = 'panic'", "next, veto"),
        ("bind_dn = 'cn=a'\nbind_password = 'b'", "bind_dn = 'cn=a'", "needs bind_password"),
        ("bind_dn = 'cn=a'\nbind_password = 'b'", "bind_password = 'hunter2'", "needs bind_dn"),
        ("group_base_dn = 'ou=g'\ngroups = { a = 'b' }", "groups = { a = 'b' }", "needs group_base_dn"),
        ("group_base_dn = 'ou=g'\ngroups = { a = 'b' }", "group_base_dn = 'ou=g'\ngroups = {}", "needs groups"),
        ("group_base_dn = 'ou=g'\ngroups = { a = 'b' }", "group_base_dn = 'ou=g'\ngroups = 'a'", "a table of names"),
        ("create_users = false", "user_dn = 'uid={username},ou=x'", "mode = \"direct\""),
    ] {
        load(&format!("{LDAP}{SEARCH}{honest}")).unwrap_or_else(|errors| panic!("{honest}: {errors}"));
        let refusal = load(&format!("{LDAP}{SEARCH}{wrong}")).unwrap_err();
        assert!(refusal.contains(says) && refusal.contains("login.backends[0]."), "{wrong}: {refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn a_direct_bind_takes_no_key_of_the_search() {
    let lookup = directory(&format!("{LDAP}{DIRECT}")).lookup;
    assert!(matches!(lookup, Lookup::Direct { .. }));
    for key in ["bind_dn = 'cn=a'", "bind_password_file = '/x'", "base_dn = 'ou=x'", "user_filter = '(uid={username})'"]
    {
        let refusal = load(&format!("{LDAP}{DIRECT}{key}")).unwrap_err();
        assert!(refusal.contains("belongs to mode = \"search\""), "{refusal}");
        assert!(!refusal.contains("not a key"), "{refusal}");
    }
    let refusal = load(&format!("{LDAP}{DIRECT}on_failure = 'veto'")).unwrap_err();
    assert!(refusal.contains("login.backends[0].on_failure") && refusal.contains("stranger"), "{refusal}");
}

#[test]
fn passwords_do_not_travel_in_the_open() {
    let with = |server: &str, more: &str| format!("{LDAP}base_dn = 'dc=x'\nservers = ['{server}']\n{more}");
    for (server, more, channel) in [
        ("ldaps://ldap.example.org", "", Channel::Tls),
        ("ldap://ldap.example.org", "starttls = true", Channel::StartTls),
        ("ldap://localhost:3890", "", Channel::Plain),
        ("ldap://127.0.0.1", "", Channel::Plain),
        ("ldap://[::1]:389/", "", Channel::Plain),
        ("ldap://ldap.example.org", "allow_plain = true", Channel::Plain),
    ] {
        assert_eq!(directory(&with(server, more)).servers[0].channel, channel, "{server} {more}");
    }
    for (server, more, says) in [
        ("ldap://ldap.example.org", "", "in the open"),
        ("ldap://localhost.example.org", "", "in the open"),
        ("ldap://127.0.0.1.example.org", "", "in the open"),
        ("ldaps://ldap.example.org", "starttls = true", "TLS already"),
        ("ldaps://[::1]", "", "host name"),
        ("ldapi://%2frun%2fldapi", "", "no server"),
        ("ldap.example.org", "", "no server"),
        ("ldaps://", "", "no server"),
        ("ldaps://cn=a:hunter2@ldap.example.org", "", "no server"),
        ("ldaps://ldap.example.org/dc=x", "", "no server"),
        ("ldaps://ldap.example.org?x", "", "no server"),
        ("ldap://127.0.0.1%2eexample.org", "", "no server"),
    ] {
        let refusal = load(&with(server, more)).unwrap_err();
        assert!(refusal.contains("login.backends[0].servers"), "{server}: {refusal}");
        assert!(refusal.contains(says) && !refusal.contains("hunter2"), "{server}: {refusal}");
    }
    assert!(load(&format!("{LDAP}base_dn = 'dc=x'\nservers = []")).unwrap_err().contains("names no server"));
}

#[test]
fn a_bind_password_may_come_from_a_file_and_is_never_shown() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("password");
    fs::write(&path, "hunter2\n").expect("written");
    let by_file = format!("bind_password_file = '{}'", path.display());
    for password in ["bind_password = 'hunter2'", by_file.as_str()] {
        let loaded = load(&format!("{LDAP}{SEARCH}bind_dn = 'cn=a'\n{password}")).expect("honest");
        let shown = render_table(&loaded.sources);
        assert!(shown.contains("login.backends[0].bind_password") && shown.contains("***"), "{shown}");
        assert!(!shown.contains("hunter2") && !format!("{:?}", loaded.config).contains("hunter2"));
        let LoginBackend::Ldap(directory) = &loaded.config.login.backends[0] else { panic!("a directory") };
        let Lookup::Search { account: Some(account), .. } = &directory.lookup else { panic!("an account") };
        assert_eq!(account.password.expose(), "hunter2");
    }
}

#[test]
fn groups_keep_the_names_that_the_directory_gives_them() {
    let groups = "group_base_dn = 'ou=g'\n[login.backends.groups]\n'Domain Admins' = 'admins'\n'a.b' = 'c'";
    let groups = directory(&format!("{LDAP}{SEARCH}{groups}")).groups.expect("groups");
    let allowed: Vec<(&str, &str)> = groups.allowed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(allowed, [("Domain Admins", "admins"), ("a.b", "c")]);
}

#[test]
fn tables_that_contradict_each_other_are_refused() {
    for (toml, says) in [
        (format!("{LOCAL}{LOCAL}"), "login.backends[1].kind"),
        (format!("{LDAP}{SEARCH}{LDAP}{SEARCH}"), "login.backends[1].name"),
        ("[[login.backends]]\nkind = 'ldpa'\nservers = []".into(), "`ldpa` is not one of: local, ldap"),
        ("[[login.backends]]\n".into(), "login.backends[0].kind"),
        ("login.backends = []".into(), "takes tables"),
        ("login.backends = ['local']".into(), "takes tables"),
        ("login.backends = 'local'".into(), "takes tables"),
        ("[[login.backends]]\nkind = 'ldap'\nname = 'local'".into(), "choose another"),
        ("[[login.backends]]\nkind = 'ldap'\nname = 'A b'".into(), "not a word"),
        (format!("{LOCAL}servers = []"), "login.backends[0].servers"),
    ] {
        let refusal = load(&toml).unwrap_err();
        assert!(refusal.contains(says), "{toml}: {refusal}");
    }
}

/// The commented table of `config/default.toml`, with the keys of one mode, is honest and names every key.
#[test]
fn the_built_in_file_documents_every_key_of_a_directory() {
    let text = include_str!("../../../config/default.toml");
    let (_, table) = text.split_once("# [[login.backends]]\n").expect("an example");
    let (table, _) = table.split_once("\n[").expect("another section");
    let lines = || table.lines().filter_map(|line| line.strip_prefix("# "));
    let is_key = |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let documented = |others: &[&str]| {
        let is_other = |line: &&str| others.iter().any(|key| line.starts_with(&format!("{key} = ")));
        let keys: Vec<&str> = lines().filter(is_key).filter(|line| !is_other(line)).collect();
        format!("[[login.backends]]\n{}", keys.join("\n"))
    };
    let search = documented(&["user_dn"]);
    let direct = documented(&["bind_dn", "bind_password", "base_dn", "user_filter", "mode"]) + "\nmode = 'direct'";
    let mut known = BTreeSet::new();
    for toml in [search, direct] {
        let settings = load(&toml).unwrap_or_else(|errors| panic!("{toml}: {errors}")).sources;
        known.extend(settings.into_iter().filter_map(|line| {
            let key = line.key.strip_prefix("login.backends[0].")?;
            key.split('.').next().map(str::to_owned)
        }));
    }
    let named: BTreeSet<String> =
        lines().filter(is_key).filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect();
    assert_eq!(named, known);
}
