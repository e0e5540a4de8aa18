//! What the browser holds, and what the database holds of it.

use portcullis::kernel::random::hex;
use portcullis::kernel::secret::Digest;
use reqwest::StatusCode;

use crate::support::server::Notifications;
use crate::support::{Browser, PASSWORD, Page, TestServer};

fn line<'a>(page: &'a Page, name: &str) -> &'a str {
    let lines = page.cookie_lines();
    lines.into_iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {page:?}"))
}

#[tokio::test]
async fn on_http_cookies_are_for_the_server_alone() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.browser();
    let form = browser.get("/login").await;
    let answer = browser.try_sign_in("/login", "ada", PASSWORD).await;
    for cookie in [line(&form, "portcullis-form="), line(&answer, "portcullis="), line(&answer, "portcullis-known=")] {
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    assert!(line(&answer, "portcullis=").contains("Max-Age=7776000"), "{answer:?}");
    assert!(answer.headers.get("strict-transport-security").is_none());
}

/// A browser in front of a proxy that ends TLS: it keeps its cookies by hand.
struct Secured {
    browser: Browser,
    cookies: String,
}

impl Secured {
    async fn get(&self, path: &str) -> Page {
        let headers = [("host", "id.example"), ("cookie", self.cookies.as_str()), ("x-forwarded-proto", "https")];
        self.browser.get_with(path, &headers).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let own = [("host", "id.example"), ("origin", "https://id.example"), ("cookie", self.cookies.as_str())];
        self.browser.post_with(path, fields, &own).await
    }

    fn keep(&mut self, page: &Page) {
        let pairs: Vec<_> = page.cookie_lines().iter().filter_map(|line| line.split(';').next()).collect();
        self.cookies = std::iter::once(self.cookies.as_str()).chain(pairs).collect::<Vec<_>>().join("; ");
    }
}

#[tokio::test]
async fn on_https_cookies_are_secure_and_bound_to_the_host() {
    let settings = [("server.public_url", "https://id.example"), ("server.trusted_proxies", "127.0.0.0/8")];
    let server = TestServer::start_with(&settings);
    server.user("ada");
    let mut visitor = Secured { browser: server.browser(), cookies: String::new() };
    let form = visitor.get("/login").await;
    visitor.keep(&form);
    let csrf = form.field("csrf_token");
    let fields = [("csrf_token", csrf.as_str()), ("next", ""), ("username", "ada"), ("password", PASSWORD)];
    let answer = visitor.post("/login", &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"), "{answer:?}");
    let names = ["__Host-portcullis-form=", "__Host-portcullis=", "__Host-portcullis-known="];
    for (page, name) in [(&form, names[0]), (&answer, names[1]), (&answer, names[2])] {
        let cookie = line(page, name);
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(answer.header("strict-transport-security").contains("max-age="));
    visitor.keep(&answer);
    assert_eq!(visitor.get("/account").await.status, StatusCode::OK);
    // The name without its prefix opens nothing: another host could have set it.
    let bare = Secured { browser: server.browser(), cookies: visitor.cookies.replace("__Host-", "") };
    assert_eq!(bare.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_foreign_host_is_refused_where_no_proxy_is_trusted() {
    let server = TestServer::start_with(&[("server.public_url", "https://id.example")]);
    let browser = server.browser();
    for (host, status) in
        [("id.example", 200), ("id.example:443", 200), ("evil.example", 400), ("id.example.evil.example", 400)]
    {
        assert_eq!(browser.get_with("/login", &[("host", host)]).await.status.as_u16(), status, "{host}");
    }
    assert_eq!(browser.get_with("/healthz", &[("host", "10.0.0.7")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_database_holds_a_digest_of_the_cookie_and_never_the_cookie() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.browser();
    let answer = browser.try_sign_in("/login", "ada", PASSWORD).await;
    let value = percent_encoding::percent_decode_str(answer.cookie("portcullis").unwrap()).decode_utf8().unwrap();
    // Around the secret stands a signature, at either end.
    let secret = value.get(value.len() - 43..).unwrap();
    let digest = hex(Digest::of(secret.as_bytes()).as_bytes());
    assert_eq!(server.count(&format!("sessions WHERE digest = '\\x{digest}'")), 1);
    for table in ["sessions", "audit_events", "users"] {
        assert_eq!(server.count(&format!("{table} t WHERE position('{secret}' in t::text) > 0")), 0, "{table}");
        let spelled = hex(secret.as_bytes());
        assert_eq!(server.count(&format!("{table} t WHERE position('{spelled}' in t::text) > 0")), 0, "{table}");
    }
    // The stored form is not accepted in the secret's place.
    let other = server.second(Notifications::Cut);
    for forged in [value.replace(secret, &digest), value.replace(secret, &digest[..43]), digest.clone()] {
        let cookie = format!(
            "portcullis={}",
            percent_encoding::utf8_percent_encode(&forged, percent_encoding::NON_ALPHANUMERIC)
        );
        let path = format!("{}/account", other.base);
        assert_eq!(server.browser().get_with(&path, &[("cookie", &cookie)]).await.status, StatusCode::SEE_OTHER);
    }
    let own = format!("portcullis={}", answer.cookie("portcullis").unwrap());
    let path = format!("{}/account", other.base);
    assert_eq!(server.browser().get_with(&path, &[("cookie", &own)]).await.status, StatusCode::OK);
}
