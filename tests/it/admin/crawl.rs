//! Every form of every page that a link leads to, without its token and with another's; every id of every path, where it is none.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use portcullis::admin::http::gate::Door;
use portcullis::api::rest::endpoints::ENDPOINTS;
use portcullis::routes::CONSOLE;
use reqwest::{Method, StatusCode};

use super::superuser;
use crate::access::{grant, join, make_group, nest};
use crate::support::{Browser, Page, TestServer};

/// A house with one of each thing, so that every button is there.
async fn furnished() -> (TestServer, Browser) {
    let server = TestServer::start_with(&[("registration.mode", "open")]);
    let root = superuser(&server, "root");
    let bob = server.user("bob");
    let (editors, juniors) = (make_group(&server, "editors"), make_group(&server, "juniors"));
    join(&server, &editors, bob);
    nest(&server, &editors, &juniors);
    server.write(|conn, scene| {
        use portcullis::access::{group, permission, store};
        permission::create_model(conn, "blog", "article", scene)?;
        let editors = store::find_group(conn, "editors")?.expect("the group");
        group::appoint(conn, &editors, bob, scene)
    });
    grant(&server, "blog.view_article", Some("7"), bob);
    grant(&server, "blog.change_article", None, bob);
    crate::access::grant_to_group(&server, "blog.add_article", None, &editors);
    let app = server.app("wiki");
    let theirs = server.signed_in("bob").await;
    app.tokens(&theirs).await;
    let _ = theirs.get(&app.authorize_path(&[("redirect_uri", "https://app.example/cb/")])).await;
    server.browser().try_sign_in("/login", "bob", "wrong").await;
    let browser = server.signed_in("root").await;
    server.signed_in("root").await;
    let page = browser.get("/admin/invitations").await;
    browser.submit(&page, "/admin/invitations/add", &[("hours", "2")]).await;
    let page = browser.get("/admin/keys").await;
    browser.submit(&page, "/admin/keys/rotate", &[("force", "1")]).await;
    let page = browser.get("/account/api-keys/new").await;
    browser.submit(&page, "/account/api-keys/new", &[("name", "mine"), ("days", "90")]).await;
    let page = browser.get("/account/addresses").await;
    browser.submit(&page, "/account/addresses/add", &[("address", "more@example.test")]).await;
    let page = browser.get("/admin/audit?actor=root").await;
    browser.submit(&page, "/admin/audit/views/add", &[("view-name", "mine"), ("query", &page.field("query"))]).await;
    let page = browser.get("/admin/clients/wiki").await;
    browser.submit(&page, "/admin/clients/wiki/rotate-secret", &[("overlap", "1")]).await;
    crate::admin::logos::set(&browser, "wiki").await;
    server.write(|conn, scene| {
        use diesel::prelude::*;
        use portcullis::schema::mail_outbox as m;
        use portcullis::tokens::api_key::{self, NewApiKey};
        let scope = portcullis::spec::Scope::parse("openid").expect("a scope");
        api_key::make(conn, bob, &NewApiKey { name: "nightly".into(), scope, life: None }, scene)?;
        diesel::update(m::table)
            .set((m::parked_at.eq(scene.now), m::sent_at.eq(None::<portcullis::kernel::Instant>)))
            .execute(conn)?;
        portcullis::accounts::store::set_active(conn, root, true, scene.now)
    });
    (server, browser)
}

/// A path with its ids taken out, so that pages of a kind are visited once.
fn kind_of(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut before = "";
    let part = |part: &str| {
        let is_key = before == "keys" && part != "rotate";
        before = if part == "keys" { "keys" } else { "" };
        let is_id = is_key || part.len() > 20 || part.contains('.') || ["wiki", "editors", "juniors"].contains(&part);
        if is_id && !part.contains("csv") { "{id}".to_owned() } else { part.to_owned() }
    };
    let names: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let path: Vec<String> = path.split('/').map(part).collect();
    format!("{} {names:?}", path.join("/"))
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&#x2F;", "/").replace("&#47;", "/").replace("&quot;", "\"")
}

/// Values of an attribute, of all tags that are called so.
fn attributes(body: &str, tag: &str, name: &str) -> Vec<String> {
    let opening = format!("<{tag} ");
    let mark = format!("{name}=\"");
    let tags = body.split(&opening).skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| tag.split(&mark).nth(1)?.split('"').next()).map(unescaped).collect()
}

/// Where each form of a page posts, and whether it has a token.
fn forms(body: &str) -> Vec<(String, bool)> {
    let all = body.split("<form ").skip(1).filter_map(|rest| rest.split("</form>").next());
    let posting = all.filter(|form| form.split('>').next().unwrap_or_default().contains("method=\"post\""));
    posting
        .map(|form| {
            let action = form.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
            (unescaped(action.expect("a form says where it posts")), form.contains("name=\"csrf_token\""))
        })
        .collect()
}

/// Every page that links lead to from these, with the forms that stand on them.
async fn crawl(browser: &Browser, starts: &[&str]) -> (usize, BTreeMap<String, String>) {
    let mut queue: VecDeque<String> = starts.iter().map(|path| (*path).to_owned()).collect();
    let (mut seen, mut found, mut pages) = (BTreeSet::new(), BTreeMap::new(), 0);
    while let Some(path) = queue.pop_front() {
        // A trace may have a form, or not.
        let kind = if path.starts_with("/admin/traces/") { path.clone() } else { kind_of(&path) };
        if !seen.insert(kind) {
            continue;
        }
        let page = browser.get(&path).await;
        assert!(!page.status.is_server_error() && page.status != StatusCode::NOT_FOUND, "{path}: {page:?}");
        if page.status != StatusCode::OK || !page.header("content-type").starts_with("text/html") {
            continue;
        }
        pages += 1;
        for (action, has_token) in forms(&page.body) {
            assert!(has_token, "{path}: the form that posts to {action} has no token");
            found.insert(kind_of(&action), action);
        }
        let links = attributes(&page.body, "a", "href").into_iter().filter(|link| link.starts_with('/'));
        queue.extend(links.map(|link| link.split('#').next().unwrap_or_default().to_owned()));
        // Buttons of a form that asks lead on too.
        let asks = attributes(&page.body, "button", "formaction").into_iter();
        let ticked =
            page.body.split("name=\"u\" ").nth(1).and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next());
        queue.extend(asks.map(|path| format!("{path}?u={}", ticked.unwrap_or_default())));
    }
    (pages, found)
}

async fn post(browser: &Browser, action: &str, token: Option<&str>) -> Page {
    let fields: Vec<(&str, &str)> = token.map(|token| ("csrf_token", token)).into_iter().collect();
    if !action.ends_with("/logo") {
        return browser.post(action, &fields).await;
    }
    // A form with a file: its token stands in the first part.
    let part = |(name, value)| format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body: String = fields.into_iter().map(part).chain(["--cut--\r\n".to_owned()]).collect();
    let request = browser.request(Method::POST, action).header("content-type", "multipart/form-data; boundary=cut");
    Page::read(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn no_form_of_anybody_signed_in_is_taken_without_its_token_or_with_anothers() {
    let (server, browser) = furnished().await;
    let (pages, forms) = crawl(&browser, &["/admin", "/account"]).await;
    assert!(pages > 40, "{pages} pages");
    // A form for each door of the console that takes one.
    let reached: BTreeSet<&String> = forms.keys().collect();
    let missing: Vec<&str> = CONSOLE
        .iter()
        .filter(|door| door.method == "POST")
        .map(|door| door.path)
        .filter(|path| {
            let kind = kind_of(&path.replace("{name}", "{id}").replace("{kid}", "{id}"));
            !reached.contains(&kind)
        })
        .collect();
    // What shows only at a moment that this house is not in.
    let at_moments = [
        "/admin/clients/{id}/enable",
        "/admin/imports/{id}/start",
        "/admin/imports/{id}/stop",
        "/admin/users/{id}/make-key",
        "/admin/users/{id}/enable",
        "/admin/users/{id}/unlock",
    ];
    assert_eq!(missing, at_moments, "doors that no form on any page leads to");

    let strangers = server.signed_in("bob").await.get("/account/profile").await.field("csrf_token");
    let anonymous = server.browser().get("/login").await.field("csrf_token");
    let before = server.snapshot();
    let at_moments = at_moments.map(|path| path.replace("{id}", "00000000-0000-7000-8000-000000000000"));
    for action in forms.values().chain(&at_moments) {
        for token in [None, Some(""), Some("AAAA"), Some(&*strangers), Some(&*anonymous)] {
            let answer = post(&browser, action, token).await;
            let refused = (answer.status, answer.error_code()) == (StatusCode::FORBIDDEN, "form_expired");
            assert!(refused, "{action} with {token:?}: {answer:?}");
        }
        // Nothing is done by a link either.
        let looked = browser.get(action).await;
        assert!(!looked.status.is_server_error(), "{action}: {looked:?}");
    }
    assert_eq!(server.snapshot(), before, "nothing changed by any of it");
    assert!(browser.is_signed_in().await, "nobody was signed out");
}

#[tokio::test]
async fn no_form_of_nobody_in_particular_is_taken_without_its_token_or_with_anothers() {
    let (server, _) = furnished().await;
    let browser = server.browser();
    let starts = ["/login", "/register", "/password/reset", "/verify-email", "/logout", "/login/choose"];
    let (_, forms) = crawl(&browser, &starts).await;
    let expected = ["/login", "/password/reset", "/register"];
    let posted: Vec<&str> = forms.values().map(String::as_str).collect();
    assert!(expected.iter().all(|path| posted.contains(path)), "{posted:?}");
    let anothers = server.browser().get("/login").await.field("csrf_token");
    let before = server.snapshot();
    for action in forms.values() {
        for token in [None, Some("AAAA"), Some(&*anothers)] {
            let answer = post(&browser, action, token).await;
            assert_eq!(answer.error_code(), "form_expired", "{action} with {token:?}: {answer:?}");
        }
    }
    assert_eq!(server.snapshot(), before);
}

/// What may stand where an id belongs, and is none of the kind.
fn foreign_ids(server: &TestServer) -> Vec<String> {
    let own = |what: &str| {
        use diesel::prelude::*;
        #[derive(diesel::QueryableByName)]
        struct Named {
            #[diesel(sql_type = diesel::sql_types::Text)]
            id: String,
        }
        let row: Named = diesel::sql_query(format!("SELECT id::text AS id FROM {what} LIMIT 1"))
            .get_result(&mut server.conn())
            .unwrap();
        row.id
    };
    let mut ids: Vec<String> =
        ["users", "groups", "clients", "permissions", "sessions", "grants", "invitations", "emails"]
            .into_iter()
            .map(own)
            .collect();
    ids.extend(
        [
            "00000000-0000-0000-0000-000000000000",
            "00000000-0000-7000-8000-000000000000",
            "0",
            "-1",
            "..%2F..%2Fadmin",
            "%00",
            "%FF",
            "'%20OR%201%3D1--",
            "%F0%9F%92%A9",
        ]
        .map(str::to_owned),
    );
    ids.push("9".repeat(4000));
    ids
}

/// Whether an id of this kind may stand here: it is tried elsewhere.
fn is_own(door: &Door, id: &str, server: &TestServer) -> bool {
    let table = match door.path.split('/').nth(2) {
        Some("users") => "users",
        Some("groups") => "groups",
        Some("invitations") => "invitations",
        _ => return false,
    };
    id.len() == 36 && server.count(&format!("{table} WHERE id = '{id}'")) == 1
}

#[tokio::test]
async fn what_is_no_id_of_its_kind_leads_nowhere_in_the_console() {
    let (server, browser) = furnished().await;
    let token = browser.get("/admin/users").await.field("csrf_token");
    let ids = foreign_ids(&server);
    let before = server.snapshot();
    for door in CONSOLE.iter().filter(|door| door.path.contains('{')) {
        for id in ids.iter().filter(|id| !is_own(door, id, &server)) {
            let (start, rest) = door.path.split_once('{').unwrap();
            let path = format!("{start}{id}{}", rest.split_once('}').unwrap().1);
            let answer =
                if door.method == "GET" { browser.get(&path).await } else { post(&browser, &path, Some(&token)).await };
            let is_nothing =
                [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG].contains(&answer.status);
            // What is no retiring key is said to be none, in words.
            let is_nothing = is_nothing || answer.body.contains("is retiring: rotate first");
            assert!(is_nothing, "{} {path}: {answer:?}", door.method);
        }
    }
    assert_eq!(server.snapshot(), before);
}

#[tokio::test]
async fn what_is_no_id_of_its_kind_leads_nowhere_in_the_api() {
    let (server, _) = furnished().await;
    let root = server.write(|conn, _| Ok(portcullis::accounts::store::find_named(conn, "root")?.expect("root").id));
    let key = crate::api::rest::key(&server, root, "api:write");
    let ids = foreign_ids(&server);
    let snapshot = || server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect::<Vec<_>>();
    let before = snapshot();
    let known = |table: &str, id: &str| id.len() == 36 && server.count(&format!("{table} WHERE id = '{id}'")) == 1;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path.contains('{')) {
        for id in &ids {
            // Each name of the path is that id: at least one of them is none.
            let mut path = String::new();
            let mut is_own = true;
            for part in endpoint.path.split('/').skip(1) {
                path.push('/');
                path.push_str(if part.starts_with('{') { id } else { part });
                is_own &= match part {
                    "{user}" => known("users", id),
                    "{group}" | "{member}" => known("groups", id),
                    "{invitation}" => known("invitations", id),
                    "{session}" => known("sessions", id),
                    _ if part.starts_with('{') => false,
                    _ => true,
                };
            }
            if is_own {
                continue;
            }
            let method = Method::from_bytes(endpoint.method.as_bytes()).unwrap();
            let mut request = server.browser().request(method, &format!("/api/v1{path}")).bearer_auth(&key);
            if endpoint.body.is_some() {
                request = request.json(&serde_json::json!({}));
            }
            let answer = Page::read(request.send().await.unwrap()).await;
            let is_refused = answer.status.is_client_error();
            assert!(is_refused, "{} {path}: {answer:?}", endpoint.method);
            assert!(answer.header("content-type").starts_with("application/problem+json"), "{path}: {answer:?}");
        }
    }
    assert_eq!(snapshot(), before);
}
