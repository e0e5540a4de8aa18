//! Whole configurations: layers, refusals, the table. Each refusal stands beside its honest twin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::layers::Layers;
use super::reader::Reader;
use super::{Config, ConfigErrors, Loaded, LoginIdentifier, SessionStore, render_table};

/// Loads one file with this text (when not empty) and this environment.
fn load(toml: &str, env: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("portcullis.toml");
    fs::write(&file, toml).expect("file written");
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    Config::load(&[file], &env)
}

fn refusal(toml: &str, env: &[(&str, &str)]) -> String {
    load(toml, env).expect_err("refused").to_string()
}

#[test]
fn the_defaults_stand_alone() {
    let loaded = Config::load(&[], &BTreeMap::new()).expect("defaults");
    let config = loaded.config;
    assert_eq!(config.server.public_url.as_str(), "http://localhost:8080");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.server.tls.is_none() && config.database.url.is_none());
    assert!(config.server.workers >= 1 && config.passwords.threads >= 1);
    assert!((4..=32).contains(&config.database.pool_size));
    assert_eq!(config.database.wait, Duration::from_millis(1500));
    assert_eq!(config.secrets.master_key_file, PathBuf::from("data/master.key"));
    assert_eq!(config.tokens.access_ttl, Duration::from_mins(15));
    assert_eq!(config.keys.rotate, Some(Duration::from_hours(90 * 24)));
    assert_eq!(config.sessions.store, SessionStore::Cached);
    assert_eq!(config.login.identifiers.len(), 3);
    assert_eq!(config.passwords.minimum_length, 15);
    assert_eq!((config.passwords.validators.len(), config.passwords.history), (7, 0));
}

#[test]
fn the_environment_beats_files_and_files_beat_defaults() {
    let toml = "[tokens]\naccess_ttl_secs = 100\nid_ttl_secs = 200\n[data]\ndir = '/srv/x'";
    let env = [("PORTCULLIS_TOKENS__ACCESS_TTL_SECS", "300"), ("HOME", "/root")];
    let loaded = load(toml, &env).expect("honest");
    assert_eq!(loaded.config.tokens.access_ttl.as_secs(), 300);
    assert_eq!(loaded.config.tokens.id_ttl.as_secs(), 200);
    assert_eq!(loaded.config.tokens.code_ttl.as_secs(), 60);
    assert_eq!(loaded.config.secrets.master_key_file, PathBuf::from("/srv/x/master.key"));
    let table = render_table(&loaded.sources);
    let line = |key: &str| table.lines().find(|line| line.starts_with(key)).expect("a line");
    assert!(line("tokens.access_ttl_secs").ends_with("environment PORTCULLIS_TOKENS__ACCESS_TTL_SECS"));
    assert!(line("tokens.id_ttl_secs").ends_with("portcullis.toml"));
    assert!(line("tokens.code_ttl_secs").ends_with("built in"));
}

#[test]
fn a_later_file_beats_an_earlier_one() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (first, second) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
    fs::write(&first, "[login]\nfailure_limit = 1\ncooloff_secs = 1").expect("written");
    fs::write(&second, "login.failure_limit = 2").expect("written");
    let loaded = Config::load(&[first, second], &BTreeMap::new()).expect("honest");
    assert_eq!(loaded.config.login.failure_limit, 2);
    assert_eq!(loaded.config.login.cooloff.as_secs(), 1);
}

/// Environment name, an honest value, a refused one, and what the refusal says.
const TWINS: &[(&str, &str, &str, &str)] = &[
    ("SERVER__LISTEN", "[::1]:0", "localhost:80", "127.0.0.1:8080"),
    ("SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7", "10.0.0.0/8, proxy", "`proxy`"),
    ("SERVER__WORKERS", "3", "-1", "from 0 to 1024"),
    ("SERVER__PUBLIC_URL", "https://id.example.com", "https://id.example.com/", "ends in a slash"),
    ("DATABASE__URL", "postgres://a:b@c/d", "mysql://a:b@c/d", "postgres://"),
    ("DATABASE__WAIT_MILLIS", "10", "9", "from 10 to"),
    ("TOKENS__CODE_TTL_SECS", "60", "61", "from 1 to 60"),
    ("TOKENS__ACCESS_TTL_SECS", "1", "0", "from 1 to 86400"),
    ("TOKENS__REFRESH_TTL_SECS", "60", "15 days", "whole number"),
    ("KEYS__ROTATE_SECS", "0", "86400", "keys.publish_secs"),
    ("SESSIONS__STORE", "cookie", "redis", "needs sessions.redis_url"),
    ("SESSIONS__REDIS_URL", "redis://127.0.0.1:6379/0", "http://127.0.0.1", "redis://host"),
    ("SESSIONS__STORE", "cached", "memory", "cached, database, redis, cookie"),
    ("PASSWORDS__MEMORY_KIB", "19456", "19455", "from 19456"),
    ("PASSWORDS__MINIMUM_LENGTH", "8", "7", "from 8"),
    ("PASSWORDS__VALIDATORS", "numeric,common", "numeric,uppercase", "`uppercase`"),
    ("PASSWORDS__VALIDATORS", "", "numeric,numeric", "twice"),
    ("PASSWORDS__HISTORY", "24", "25", "from 0 to 24"),
    ("LOGIN__IDENTIFIERS", "email,phone", "email,pigeon", "`pigeon`"),
    ("LOGIN__IDENTIFIERS", "email", "", "nobody could sign in"),
    ("LOGIN__IDENTIFIERS", "email", "email,email", "twice"),
    ("LOG__FORMAT", "json", "xml", "auto, json, text"),
    ("LOG__LEVEL", "debug", "loud", "no level"),
    ("REGISTRATION__MODE", "invite", "everybody", "open, invite"),
    ("MAIL__TRANSPORT", "file", "pigeon", "file, smtp"),
    ("MAIL__TRANSPORT", "file", "smtp", "needs mail.smtp.host"),
    ("MAIL__FROM", "Example <no-reply@example.org>", "no-reply", "is not a sender"),
    ("MAIL__LANGUAGE", "de", "fr", "en, de"),
    ("REGISTRATION__MODE", "closed", "domains", "needs registration.domains"),
    ("SMS__TRANSPORT", "file", "webhook", "needs sms.webhook_url"),
    ("LOGIN__KEEP_SIGNED_IN", "never", "maybe", "ask, always, never"),
    ("LOGIN__NETWORK_LIMIT", "1", "0", "from 1"),
    ("METRICS__LISTEN", "127.0.0.1:1", "9464", "with a port"),
    ("DATA__DIR", "/srv", "", "is empty"),
];

#[test]
fn values_are_refused_beside_their_honest_twins() {
    for (name, honest, wrong, says) in TWINS {
        let name = format!("PORTCULLIS_{name}");
        load("", &[(&name, honest)]).unwrap_or_else(|errors| panic!("{name}={honest}: {errors}"));
        let refusal = refusal("", &[(&name, wrong)]);
        assert!(refusal.contains(says), "{name}={wrong}: {refusal}");
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_source() {
    let toml = "[server]\nlistne = '1.2.3.4:5'\n[sessions]\nstore = 'memory'";
    let refusal = refusal(toml, &[("PORTCULLIS_TOKENS__ID_TTL_SECS", "x"), ("PORT", "http")]);
    assert!(refusal.starts_with("the configuration has 4 problems:"), "{refusal}");
    for says in [
        "server.listne (file ",
        "did you mean `server.listen`?",
        "sessions.store (file ",
        "tokens.id_ttl_secs (environment PORTCULLIS_TOKENS__ID_TTL_SECS): `x`",
        "server.listen (environment PORT): `http`",
    ] {
        assert!(refusal.contains(says), "{says}: {refusal}");
    }
}

#[test]
fn an_unknown_name_suggests_the_known_one() {
    for (name, meant) in [
        ("PORTCULLIS_DATABASE_URL", "`PORTCULLIS_DATABASE__URL`"),
        ("PORTCULLIS_SERVER__PUBLICURL", "`PORTCULLIS_SERVER__PUBLIC_URL`"),
        ("PORTCULLIS_PUBLIC_URL", "`PORTCULLIS_SERVER__PUBLIC_URL`"),
        ("PORTCULLIS_DATABASE__ULR_FILE", "`PORTCULLIS_DATABASE__URL_FILE`"),
        ("PORTCULLIS_TOKENS__ACCESS_TTL", "`PORTCULLIS_TOKENS__ACCESS_TTL_SECS`"),
    ] {
        let refusal = refusal("", &[(name, "1")]);
        assert!(refusal.contains(meant), "{name}: {refusal}");
    }
    let nothing_like_it = refusal("[zebra]", &[]);
    assert!(nothing_like_it.contains("zebra (file "), "{nothing_like_it}");
    assert!(!nothing_like_it.contains("did you mean"), "{nothing_like_it}");
}

#[test]
fn variables_of_linked_services_are_not_ours() {
    for (name, value) in [
        ("PORTCULLIS_PORT", "tcp://10.0.0.1:80"),
        ("PORTCULLIS_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("PORTCULLIS_SERVICE_HOST", "10.0.0.1"),
        ("PORTCULLIS_SERVICE_PORT_HTTP", "80"),
        ("PORTCULLIS_WEB_SERVICE_HOST", "10.0.0.1"),
    ] {
        load("", &[(name, value)]).expect(name);
    }
    assert!(refusal("", &[("PORTCULLIS_PORT", "80")]).contains("not a key"));
}

#[test]
fn a_value_may_come_from_a_file_but_not_from_two_places() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("url");
    fs::write(&path, "postgres://ada:hunter2@db/x\r\n").expect("written");
    let path = path.display().to_string();
    let by_env = [("PORTCULLIS_DATABASE__URL_FILE", path.as_str())];
    let in_file = format!("[database]\nurl_file = '{path}'");
    for loaded in [load("", &by_env), load(&in_file, &[])] {
        let loaded = loaded.expect("honest");
        let url = loaded.config.database.url.as_ref().expect("set");
        assert_eq!(url.expose(), "postgres://ada:hunter2@db/x");
        assert!(!format!("{:?}", loaded.config).contains("hunter2"));
        assert!(!render_table(&loaded.sources).contains("hunter2"));
        assert!(render_table(&loaded.sources).contains("postgres://ada:***@db/x"));
    }
    let direct = "[database]\nurl = 'postgres://ada:hunter2@db/x'";
    for refusal in [
        refusal(direct, &by_env),
        refusal(&in_file, &[("PORTCULLIS_DATABASE__URL", "postgres://db/x")]),
        refusal("", &[by_env[0], ("PORTCULLIS_DATABASE__URL", "postgres://db/x")]),
    ] {
        assert!(refusal.contains("keep one of the two"), "{refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
    let missing = refusal("", &[("PORTCULLIS_DATABASE__URL_FILE", "/nonexistent/url")]);
    assert!(missing.contains("/nonexistent/url cannot be read"), "{missing}");
}

#[test]
fn keys_that_are_themselves_files_keep_their_name() {
    let both = [
        ("PORTCULLIS_SERVER__TLS__CERTIFICATE_FILE", "/a"),
        ("PORTCULLIS_SERVER__TLS__KEY_FILE", "/b"),
        ("PORTCULLIS_SECRETS__MASTER_KEY_FILE", "/c"),
    ];
    let config = load("", &both).expect("honest").config;
    assert_eq!(config.server.tls.expect("set").key_file, PathBuf::from("/b"));
    assert_eq!(config.secrets.master_key_file, PathBuf::from("/c"));
    let one = refusal("", &both[..1]);
    assert!(one.contains("server.tls.key_file too"), "{one}");
    let other = refusal("", &both[1..2]);
    assert!(other.contains("server.tls.certificate_file too"), "{other}");
}

#[test]
fn platform_variables_count_only_where_ours_are_absent() {
    let platform = [("DATABASE_URL", "postgres://platform/x"), ("PORT", "9000")];
    let config = load("[server]\nlisten = '[::]:80'", &platform).expect("honest").config;
    assert_eq!(config.server.listen.to_string(), "[::]:9000");
    assert_eq!(config.database.url.expect("set").expose(), "postgres://platform/x");
    let ours = [
        platform[0],
        platform[1],
        ("PORTCULLIS_DATABASE__URL", "postgres://ours/x"),
        ("PORTCULLIS_SERVER__LISTEN", "127.0.0.1:1"),
    ];
    let config = load("", &ours).expect("honest").config;
    assert_eq!(config.server.listen.port(), 1);
    assert_eq!(config.database.url.expect("set").expose(), "postgres://ours/x");
}

#[test]
fn lists_are_typed_in_files_and_comma_separated_in_the_environment() {
    let config = load("login.identifiers = ['phone']", &[]).expect("honest").config;
    assert_eq!(config.login.identifiers, [LoginIdentifier::Phone]);
    let empty = load("server.trusted_proxies = ['10.0.0.1/8']", &[("PORTCULLIS_SERVER__TRUSTED_PROXIES", "")]);
    assert!(empty.expect("honest").config.server.trusted_proxies.is_empty());
    assert!(refusal("login.identifiers = [['phone']]", &[]).contains("takes a list"));
    assert!(refusal("data.dir = ['a']", &[]).contains("single value"));
}

#[test]
fn a_broken_file_is_named_without_its_text() {
    let refusal = refusal("[database]\nurl = 'postgres://ada:hunter2@db", &[]);
    assert!(refusal.contains("is not TOML") && refusal.contains("line 2"), "{refusal}");
    assert!(!refusal.contains("hunter2"), "{refusal}");
    let missing = Config::load(&[PathBuf::from("/nonexistent.toml")], &BTreeMap::new());
    assert!(missing.expect_err("refused").to_string().contains("cannot be read"));
}

/// `config/default.toml` is documentation too: with its commented keys it lists exactly the keys
/// that the sections read; the keys of tables are `backends::tests`' matter.
#[test]
fn the_built_in_file_names_every_key_and_no_other() {
    let text = include_str!("../../config/default.toml");
    let is_key =
        |line: &str| line.starts_with("[[") || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> =
        text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line)).collect();
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("all.toml");
    fs::write(&file, uncommented.join("\n")).expect("written");
    let mut layers = Layers::built_in();
    layers.add_file(&file);
    let documented: BTreeSet<String> = layers.given.keys().cloned().collect();
    let mut reader = Reader::new(Layers::built_in());
    Config::read(&mut reader).expect("defaults");
    let whole = |key: String| key.split_once('[').map_or(key.clone(), |(table, _)| table.to_owned());
    let known: BTreeSet<String> = reader.finish().0.into_iter().map(|line| whole(line.key)).collect();
    assert_eq!(documented, known);
}
