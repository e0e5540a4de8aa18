//! Part of `tests/commands.rs`: commands about the house itself, sound or not.

use std::fs;

use serde_json::json;

use crate::process::House;
use crate::{house, json_of, refusal};

#[test]
fn migrations_are_told_before_they_are_applied() {
    let house = house();
    assert!(!json_of(&house, "migrate --status")["pending"].as_array().unwrap().is_empty());
    assert!(house.run(&["migrate", "--status"]).stdout.starts_with("Not applied yet: "));
    assert_eq!(json_of(&house, "migrate"), json!({ "pending": [] }));
    assert_eq!(house.run(&["migrate", "--status"]).stdout, "The database is up to date.\n");
}

#[test]
fn the_configuration_is_checked_as_a_whole() {
    let mut house = House::new(&[("database.url", "postgres://portcullis:hunter2hunter2@db.example.test/portcullis")]);
    let shown = json_of(&house, "check-config");
    let value = |key: &str| shown.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    assert_eq!(value("login.failure_limit")["source"], "built in");
    assert_eq!(value("server.public_url")["source"], "environment PORTCULLIS_SERVER__PUBLIC_URL");
    for output in [shown.to_string(), house.run(&["check-config"]).stdout] {
        assert!(output.contains("database.url") && !output.contains("hunter2"), "{output}");
    }
    let file = house.data().with_file_name("own.toml");
    fs::write(&file, "[login]\nfailure_limit = 7\n").unwrap();
    let shown = house.run(&["--config", &file.display().to_string(), "check-config", "--json"]).json();
    assert!(shown.to_string().contains("own.toml"), "{shown}");

    house.set("server.public_url", "http://id.example.test");
    house.set("login.failure_limit", "0");
    house.set("sessions.idel_secs", "60");
    house.set("log.level", "info");
    for command in ["check-config", "serve", "user list"] {
        let (code, words) = refusal(&house, command, "");
        assert_eq!(code, 3, "{command}: {words}");
        for says in ["server.public_url", "login.failure_limit", "did you mean", "IDLE_SECS"] {
            assert!(words.contains(says), "{command}, {says}: {words}");
        }
        assert!(!words.contains("hunter2"), "{words}");
    }
}

#[test]
fn a_broken_template_folder_is_a_configuration_problem() {
    let mut house = house();
    let folder = house.data().with_file_name("templates");
    fs::create_dir_all(folder.join("login")).unwrap();
    house.set("templates.dir", &folder.display().to_string());
    assert_eq!(house.run(&["check-config"]).code, Some(0));
    fs::write(folder.join("login/login.html"), "{{ unclosed").unwrap();
    let (code, words) = refusal(&house, "check-config", "");
    assert!(code == 3 && words.contains("login.html"), "{words}");
    let served = house.run(&["serve"]);
    assert!(served.code == Some(3) && served.stderr.contains("login.html"), "{served:?}");
}

#[test]
fn without_a_server_or_a_database_it_is_not_ready() {
    let mut house = house();
    assert_eq!(refusal(&house, "healthcheck", "").0, 1);
    let running = house.serve();
    assert_eq!(house.run(&["healthcheck"]).stdout, "ready\n");
    assert_eq!(json_of(&house, "healthcheck"), json!({ "status": "ok" }));
    drop(running);
    assert_eq!(refusal(&house, "healthcheck", "").0, 1);
    house.set("database.url", "host=/nowhere dbname=portcullis");
    assert_eq!(refusal(&house, "serve", "").0, 4);
    assert_eq!(refusal(&house, "user list", "").0, 1);
}
