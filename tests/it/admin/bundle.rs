//! The configuration as a document, taken away and brought by the console.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{staff, superuser};
use crate::access::{grant_to_group, make_group, nest};
use crate::support::{Browser, Page, TestServer};

const FORM: &str = "/admin/settings/import";

/// Sends a form with the document as its last part.
async fn send(browser: &Browser, path: &str, fields: &[(&str, &str)], document: &str) -> Page {
    let part = |(name, value): &(&str, &str)| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let all: String = fields.iter().map(part).collect();
    let body = format!(
        "{all}--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"house.json\"\r\n\
         Content-Type: application/json\r\n\r\n{document}\r\n--cut--\r\n"
    );
    let request = browser.request(Method::POST, path);
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    Page::read(request.send().await.unwrap()).await
}

async fn look(browser: &Browser, document: &Value) -> Page {
    let token = browser.get(FORM).await.field("csrf_token");
    send(browser, FORM, &[("csrf_token", &token)], &document.to_string()).await
}

/// Presses the button below what was shown.
async fn make_it_so(browser: &Browser, shown: &Page, document: &Value) -> Page {
    let fields = ["csrf_token", "file_name", "fingerprint"].map(|name| (name, shown.field(name)));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(browser, FORM, &fields, &document.to_string()).await
}

fn house() -> Value {
    json!({
        "bundle": 1,
        "issuer": "https://there.example",
        "permissions": [{ "name": "blog.view_article", "model": "article" }],
        "groups": [{ "name": "editors", "permissions": ["blog.view_article"] }],
        "clients": [{
            "client_id": "wiki", "type": "confidential", "grant_types": ["authorization_code"], "scope": "openid",
            "redirect_uris": ["https://wiki.example.test/callback"], "restricted_to_groups": ["editors"],
            "skip_consent": true,
        }],
        "settings": [{ "key": "tokens.access_ttl_secs", "value": "60", "source": "built in" }],
    })
}

#[tokio::test]
async fn what_would_come_of_a_document_is_shown_and_then_comes_true() {
    let server = TestServer::start();
    superuser(&server, "root");
    make_group(&server, "editors");
    let root = server.signed_in("root").await;
    let before = server.snapshot();
    let shown = look(&root, &house()).await;
    for text in [
        "Import of <bdi>house.json</bdi>",
        "https://there.example",
        "permission <bdi>blog.view_article</bdi></th>",
        "group <bdi>editors</bdi>, permissions</th>",
        "<ins><bdi>blog.view_article</bdi></ins>",
        "app <bdi>wiki</bdi></th>",
        // All that a new app is, or a file would bring more than it shows.
        "app <bdi>wiki</bdi>, redirect uris</th>",
        "<ins><bdi>https://wiki.example.test/callback</bdi></ins>",
        "app <bdi>wiki</bdi>, skip consent</th>",
        "The setting tokens.access_ttl_secs is 900 here, 60 there; files set it.",
    ] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    assert_eq!(server.snapshot(), before, "looking writes nothing");

    let done = make_it_so(&root, &shown, &house()).await;
    assert_eq!(done.location(), "/admin/settings?done=imported", "{done:?}");
    assert!(root.get(done.location()).await.body.contains("The configuration is imported."));
    assert_eq!(
        server.count("audit_events WHERE event = 'client.created' AND actor = 'root' AND client_id = 'wiki'"),
        1
    );
    // Pressed twice: the second press finds it done.
    let again = make_it_so(&root, &shown, &house()).await;
    assert_eq!(again.location(), "/admin/settings?done=imported", "{again:?}");
    assert!(look(&root, &house()).await.body.contains("Nothing differs"));

    let file = root.get("/admin/settings/export.json").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"portcullis.json\"");
    assert_eq!((&file.json()["clients"][0]["client_id"], &file.json()["bundle"]), (&json!("wiki"), &json!(1)));
    assert!(!file.body.contains("secret_digest") && !file.body.contains("client_secret"), "{}", file.body);
    assert!(look(&root, &file.json()).await.body.contains("Nothing differs"), "what was taken from here is here");
}

#[tokio::test]
async fn what_changed_since_it_was_looked_at_is_shown_anew() {
    let server = TestServer::start();
    superuser(&server, "root");
    let (editors, staff) = (make_group(&server, "editors"), make_group(&server, "staff"));
    let root = server.signed_in("root").await;
    let shown = look(&root, &house()).await;
    nest(&server, &editors, &staff);
    let before = server.snapshot();
    let refused = make_it_so(&root, &shown, &house()).await;
    assert!(refused.body.contains("Something changed here meanwhile."), "{}", refused.body);
    assert!(refused.body.contains("<del><bdi>staff</bdi></del>"), "{}", refused.body);
    assert_eq!(server.snapshot(), before);
    let done = make_it_so(&root, &refused, &house()).await;
    assert_eq!(done.location(), "/admin/settings?done=imported", "{done:?}");
}

#[tokio::test]
async fn what_does_not_do_is_said_and_nothing_of_it_is_written() {
    let server = TestServer::start();
    superuser(&server, "root");
    let root = server.signed_in("root").await;
    let with = |name: &str, value: Value| {
        let mut house = house();
        house[name] = value;
        house.to_string()
    };
    let token = root.get(FORM).await.field("csrf_token");
    let before = server.snapshot();
    for (document, why) in [
        (String::new(), "Choose a file first."),
        ("nonsense".to_owned(), "The file does not do: this is no bundle: expected ident"),
        (with("bundle", json!(2)), "a bundle of another version; 1 is known here."),
        (with("users", json!([])), "unknown field `users`"),
        (with("groups", json!([])), "There is no group “editors”"),
        (with("permissions", json!([{ "name": "portcullis.rule" }])), "the console&#39;s own are not made"),
        // What stands twice would be told once: the second of them hides what the first one grants.
        (with("groups", json!([{ "name": "editors" }, { "name": "Editors" }])), "the group editors stands in it twice"),
        (with("permissions", json!([{ "name": "a.b" }, { "name": "a.b" }])), "the permission a.b stands in it twice"),
        (with("issuer", json!("a\0b")), "U+0000"),
        (with("permissions", json!([{ "name": "a.b", "description": "two\nlines" }])), "one line of at most"),
        (with("permissions", (0..300).map(|n| json!({ "name": format!("a.b{n}") })).collect()), "at most 300 apps"),
        (" ".repeat(2 * 1024 * 1024 + 1), "Use a file of at most 2 MB"),
    ] {
        let refused = send(&root, FORM, &[("csrf_token", &token)], &document).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert!(refused.body.contains("<a href=\"#file\">") && !refused.body.contains("id=\"apply\""), "{why}");
    }
    for fields in [&[][..], &[("csrf_token", "guessed")], &[("fingerprint", "0")]] {
        let refused = send(&root, FORM, fields, &house().to_string()).await;
        assert_eq!((refused.status, refused.error_code()), (StatusCode::FORBIDDEN, "form_expired"), "{fields:?}");
    }
    assert_eq!(server.snapshot(), before);
}

#[tokio::test]
async fn it_takes_a_superuser_however_much_one_holds() {
    let server = TestServer::start();
    superuser(&server, "root");
    let all: Vec<&str> = portcullis::admin::policy::Right::ALL.iter().map(|right| right.as_str()).collect();
    let eve = staff(&server, "eve", &all);
    let mighty = make_group(&server, "mighty");
    grant_to_group(&server, "portcullis.view_user", None, &mighty);
    crate::access::join(&server, &mighty, eve);
    let browser = server.signed_in("eve").await;
    let settings = browser.get("/admin/settings").await;
    assert!(settings.status == StatusCode::OK && !settings.body.contains("/admin/settings/export.json"));
    let token = browser.get("/account/sessions").await.field("csrf_token");
    for fields in [&[("csrf_token", &*token)][..], &[("csrf_token", &token), ("fingerprint", "0")]] {
        let refused = send(&browser, FORM, fields, &house().to_string()).await;
        assert_eq!((refused.status, refused.error_code()), (StatusCode::FORBIDDEN, "access_denied"), "{fields:?}");
        assert!(refused.body.contains("takes a superuser"), "{}", refused.body);
    }
    let refused = browser.get("/admin/settings/export.json").await;
    assert_eq!((refused.status, refused.error_code()), (StatusCode::FORBIDDEN, "access_denied"));
    assert_eq!(server.count("clients") + server.count("permissions WHERE app = 'blog'"), 0);
}

#[tokio::test]
async fn settings_are_found_by_name_and_by_whether_they_are_set_here() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_setting"]);
    let browser = server.signed_in("ada").await;
    let all = browser.get("/admin/settings").await.body;
    assert!(all.contains("tokens.code_ttl_secs") && all.contains("PostgreSQL"), "{all}");
    let set = browser.get("/admin/settings?set=1").await.body;
    assert!(
        set.contains("environment PORTCULLIS_SERVER__PUBLIC_URL") && !set.contains("tokens.code_ttl_secs"),
        "{set}"
    );
    let none = browser.get("/admin/settings?set=1&q=tokens").await.body;
    assert!(none.contains("No such settings.") && none.contains(">Clear</a>"), "{none}");
}
