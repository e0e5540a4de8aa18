//! A browser: cookies, forms, no script, no redirects followed unasked.

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

/// A person at a browser.
#[derive(Clone)]
pub struct Browser {
    pub base: String,
    client: Client,
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.body.chars().take(300).collect();
        write!(f, "{} {:?} {} {start}", self.status, self.headers.get(LOCATION), self.error_code())
    }
}

impl Page {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("a body") }
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        let location = self.headers.get(LOCATION).unwrap_or_else(|| panic!("no redirect: {self:?}"));
        location.to_str().expect("text")
    }

    /// The same, without what takes back what was done.
    pub fn leads_to(&self) -> &str {
        self.location().split("&undo=").next().unwrap_or_default()
    }

    /// A parameter of the address it leads to.
    pub fn query(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(self.location()).expect("an absolute address");
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The value of an input.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\"");
        let tag = self.body.split("<input").find(|tag| tag.contains(&mark));
        let tag = tag.unwrap_or_else(|| panic!("no field {name}: {}", self.body));
        let value = tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        value
            .replace("&amp;", "&")
            .replace("&#x2F;", "/")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
    }

    /// The stable code of an error page.
    pub fn error_code(&self) -> &str {
        self.body.split("data-error=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The value of a cookie that this answer sets.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let start = format!("{name}=");
        self.cookie_lines().into_iter().find_map(|line| line.strip_prefix(&start)?.split(';').next())
    }

    /// Every cookie this answer sets, with its attributes.
    pub fn cookie_lines(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().expect("text")).collect()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().expect("a client");
        Self { base: base.to_owned(), client }
    }

    /// The same browser, at another instance.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), client: self.client.clone() }
    }

    /// An address of ours: a path, or one that begins with the issuer.
    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::read(self.client.get(self.address(path)).send().await.expect("an answer")).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        Page::read(self.client.post(self.address(path)).form(fields).send().await.expect("an answer")).await
    }

    /// Posts a form with headers of the test's choice.
    pub async fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let request = self.client.post(self.address(path)).form(fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.expect("an answer")).await
    }

    /// Fetches with headers of the test's choice; a `cookie` header replaces the browser's own cookies.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.client.get(self.address(path));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.expect("an answer")).await
    }

    /// Any request.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.address(path))
    }

    /// Fills the sign-in form and posts it.
    pub async fn try_sign_in(&self, path: &str, name: &str, password: &str) -> Page {
        let form = self.get(path).await;
        let (csrf, next) = (form.field("csrf_token"), form.field("next"));
        let fields = [("csrf_token", csrf.as_str()), ("next", &next), ("username", name), ("password", password)];
        self.post("/login", &fields).await
    }

    /// Signs in, or fails the test.
    pub async fn sign_in(&self, name: &str, password: &str) {
        let answer = self.try_sign_in("/login", name, password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    }

    /// Whether somebody is signed in here.
    pub async fn is_signed_in(&self) -> bool {
        self.get("/account").await.status == StatusCode::OK
    }

    /// Posts a form of a page with its token.
    pub async fn submit(&self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = page.field("csrf_token");
        let all: Vec<_> = [("csrf_token", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(path, &all).await
    }
}
