//! Sending a browser on to an app.
//!
//! Chromium holds every redirect after a post against the page's `form-action`, also those that the
//! app makes later to a third origin. So a browser that comes from a form of ours gets a page that
//! fetches the app's address itself: a navigation of its own. Everybody else gets a plain 303.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::errors::PageError;
use super::headers::FormAction;
use super::page::{Page, Pages, see_other};

/// "You are being taken on", with a link for whoever is not.
#[derive(Clone, Debug, Serialize)]
pub struct ContinuePage {
    url: String,
}

impl Page for ContinuePage {
    const TEMPLATE: &'static str = "oidc/continue.html";

    fn title(&self) -> String {
        "Continue".into()
    }

    fn sample() -> Self {
        Self { url: "com.example.app:/callback?code=a&state=b".into() }
    }
}

/// Goes on to `location`: an address out of a verified redirect URI.
///
/// # Errors
/// A fault when the page does not render.
pub fn onward(pages: &Pages, req: &HttpRequest, location: &str) -> Result<HttpResponse, PageError> {
    let is_web = location.starts_with("https://") || location.starts_with("http://");
    let said = |name: &str, word: &str| req.headers().get(name).is_some_and(|value| value == word);
    let comes_from_our_form = said("sec-fetch-mode", "navigate") && said("sec-fetch-site", "same-origin");
    if is_web && !comes_from_our_form {
        return Ok(see_other(location));
    }
    pages.answer(req, StatusCode::OK, &ContinuePage { url: location.to_owned() }, &FormAction::default())
}
