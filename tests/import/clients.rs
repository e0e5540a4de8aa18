//! Apps of django-oauth-toolkit, and their secrets at the token endpoint of a running server.

use serde_json::Value;

use crate::{Site, counts, reason};

const SECRET: &str = "a-long-secret-made-by-the-oauth-toolkit-0001";
const SHORT_SECRET: &str = "a-short-secret";

#[test]
fn apps_become_clients_or_are_refused_with_the_reason() {
    let site = Site::new();
    let report = site.import("plain.json", &[]);
    assert_eq!(counts(&report, "clients"), [6, 0, 0, 2], "{report:#}");
    for (row, says) in [("pk=7", "implicit"), ("pk=8", "password")] {
        assert!(reason(&report, "/clients/skipped", row).contains(says), "{row}: {report:#}");
    }
    assert!(reason(&report, "/clients/notes", "pk=5").contains("http://app.example/plain"), "{report:#}");
    let shown = |id: &str| site.house.run(&["client", "show", id]).json();
    let shop = shown("shop");
    assert_eq!((shop["name"].as_str(), shop["type"].as_str()), (Some("The shop"), Some("confidential")));
    assert_eq!(shop["redirect_uris"], serde_json::json!(["https://app.example/callback", "https://app.example/other"]));
    assert_eq!(shop["post_logout_redirect_uris"], serde_json::json!(["https://app.example/bye"]));
    assert_eq!((&shop["skip_consent"], shop["id_token_alg"].as_str()), (&Value::Bool(true), Some("RS256")));
    assert_eq!(shop["grant_types"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(shown("robot")["grant_types"], serde_json::json!(["client_credentials"]));
    assert_eq!((shown("spa")["type"].as_str(), shown("phone")["type"].as_str()), (Some("public"), Some("native")));
    let stored =
        "SELECT concat_ws('|', client_id, left(secret_hash, 14), secret_digest IS NOT NULL) AS cell FROM clients
                  ORDER BY client_id";
    assert_eq!(
        site.ask(stored),
        ["open|t", "phone|f", "robot|pbkdf2_sha256$|f", "shop|pbkdf2_sha256$|f", "spa|f", "tin|pbkdf2_sha256$|f"]
    );
}

#[test]
fn secrets_hashed_by_django_still_work_and_are_settled_at_first_use() {
    let site = Site::new();
    site.import("plain.json", &[]);
    let running = site.house.serve();
    let stored = |id: &str| {
        site.ask(&format!(
            "SELECT concat_ws('|', secret_hash IS NOT NULL, secret_digest IS NOT NULL) AS cell FROM clients WHERE client_id = '{id}'"
        ))
    };
    assert_eq!(token(&site, "robot", "a-wrong-secret-that-is-as-long-as-the-other"), (401, "invalid_client".into()));
    assert_eq!(token(&site, "robot", ""), (401, "invalid_client".into()));
    assert_eq!(stored("robot"), ["t|f"]);
    for round in 0..3 {
        assert_eq!(token(&site, "robot", SECRET).0, 200, "round {round}");
        assert_eq!(stored("robot"), ["f|t"], "round {round}");
        assert_eq!(token(&site, "robot", "wrong").0, 401);
    }
    assert_eq!(token(&site, "tin", SHORT_SECRET).0, 200);
    assert_eq!(
        (stored("tin"), token(&site, "tin", SHORT_SECRET).0),
        (vec!["t|f".to_owned()], 200),
        "too short for a digest"
    );
    assert_eq!(token(&site, "open", SECRET).0, 200, "a plain secret");
    assert_eq!(token(&site, "shop", SECRET).0, 400, "authenticated, but has no such grant");
    let rotated = site.house.run(&["client", "rotate-secret", "tin", "--json"]).json();
    assert_eq!(stored("tin"), ["f|t"]);
    assert_eq!(token(&site, "tin", SHORT_SECRET).0, 401);
    assert_eq!(token(&site, "tin", rotated["client_secret"].as_str().unwrap()).0, 200);
    let again = site.import("plain.json", &[]);
    assert_eq!(counts(&again, "clients")[..2], [0, 0]);
    assert_eq!((stored("tin"), stored("robot")), (vec!["f|t".to_owned()], vec!["f|t".to_owned()]));
    assert!(!running.log().contains(SECRET) && !running.log().contains("pbkdf2_sha256$"));
}

/// Status and error of `client_credentials`.
fn token(site: &Site, id: &str, secret: &str) -> (u16, String) {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let url = format!("{}/oauth2/token", site.house.base);
    let host = site.house.base.replace("http://127.0.0.1", "localhost");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = reqwest::Client::new().post(url).header("Host", host).form(&form).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    })
}
