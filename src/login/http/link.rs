//! Links out of letters: the secret goes from the address into a cookie, and a button uses it.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::app::App;
use crate::web::cookies::Name;
use crate::web::page::see_other;
use crate::web::{Page, PageError, form};

/// "Press the button".
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmLinkPage {
    /// Form token.
    pub csrf: String,
    /// Where the button posts.
    pub action: &'static str,
    /// Heading.
    pub heading: String,
    /// What it does.
    pub text: String,
    /// More about it.
    pub details: Vec<Detail>,
    /// The button.
    pub button_id: &'static str,
    /// Its label.
    pub button_label: String,
    /// Whether it takes something away.
    pub danger: bool,
    /// The way out.
    pub cancel_url: Option<String>,
}

/// A name and a value.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// Name.
    pub label: &'static str,
    /// Value.
    pub value: String,
}

impl Page for ConfirmLinkPage {
    const TEMPLATE: &'static str = "login/confirm_link.html";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn sample() -> Self {
        let details = vec![Detail { label: "Address", value: "ada@example.test".into() }];
        Self { heading: "Confirm".into(), text: "A sample.".into(), details, button_id: "b", ..Self::default() }
    }
}

/// A link that serves no more.
#[derive(Clone, Debug, Serialize)]
pub struct LinkDeadPage {
    /// Heading.
    pub heading: String,
    /// Why, and what to do.
    pub text: String,
    /// The way on.
    pub action_url: Option<String>,
    /// Its label.
    pub action_label: Option<String>,
}

impl Page for LinkDeadPage {
    const TEMPLATE: &'static str = "login/link_dead.html";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn sample() -> Self {
        Self {
            heading: "This link no longer works".into(),
            text: "A sample.".into(),
            action_url: Some("/login".into()),
            action_label: None,
        }
    }
}

/// A link that another browser asked for.
#[derive(Clone, Debug, Serialize)]
pub struct LinkElsewherePage {
    /// Heading.
    pub heading: String,
    /// Why.
    pub text: String,
    /// Where to sign in.
    pub login_url: String,
}

impl Page for LinkElsewherePage {
    const TEMPLATE: &'static str = "login/link_elsewhere.html";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn sample() -> Self {
        Self { heading: "One more step".into(), text: "A sample.".into(), login_url: "/login".into() }
    }
}

/// A link that was opened waits this long for its button, in minutes.
const MINUTES: i64 = 60;
/// Length of a secret in base64url.
const SECRET_BYTES: usize = 43;

/// Keeps the secret of `?token=` in a cookie and goes on to `page`, without it.
///
/// # Errors
/// A page.
pub fn keep(req: &HttpRequest, app: &App, page: &str) -> Result<HttpResponse, PageError> {
    let query = form::query(req)?;
    let token = query.one("token")?.unwrap_or_default();
    let mut response = see_other(page);
    if is_secret(token) {
        app.cookies.set(&mut response, Name::Link, token, MINUTES)?;
    } else {
        app.cookies.remove(&mut response, Name::Link)?;
    }
    Ok(response)
}

/// Whether a text has the form of our secrets.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    text.len() == SECRET_BYTES && text.bytes().all(is_base64url)
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The secret of the link that was opened last in this browser.
#[must_use]
pub fn opened(req: &HttpRequest, app: &App) -> Option<String> {
    app.cookies.find(req, Name::Link)
}
