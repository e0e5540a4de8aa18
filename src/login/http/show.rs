//! Showing a page with a form that anybody may post.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::web::headers::FormAction;
use crate::web::{Page, PageError};

/// The answer with a page whose form carries this browser's token; its cookie is set where it is new.
///
/// # Errors
/// A fault when the template fails.
pub fn show<P: Page>(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    page: impl FnOnce(String) -> P,
) -> Result<HttpResponse, PageError> {
    show_towards(req, app, status, &FormAction::default(), page)
}

/// As [`show`], with an app's origin where the form leads in the end.
///
/// # Errors
/// As [`show`].
pub fn show_towards<P: Page>(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    form_action: &FormAction,
    page: impl FnOnce(String) -> P,
) -> Result<HttpResponse, PageError> {
    let (binding, cookie) = app.csrf.browser(req, &app.random)?;
    let mut response = app.pages.answer(req, status, &page(app.csrf.token(&binding)), form_action)?;
    if let Some(cookie) = cookie {
        response.add_cookie(&cookie).map_err(|error| PageError::bug(error.to_string()))?;
    }
    Ok(response)
}
