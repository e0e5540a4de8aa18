//! Forms that people post signed in or not: their token is the session's, or else the browser's.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::show::show as show_to_anybody;
use crate::app::App;
use crate::sessions::Session;
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::headers::FormAction;
use crate::web::{Page, PageError};

/// The token of whoever asks.
#[derive(Clone, Copy, Debug)]
pub struct FormToken<'a> {
    app: &'a App,
    session: Option<&'a Session>,
}

/// Of this session, or of the browser.
#[must_use]
pub const fn token<'a>(app: &'a App, session: Option<&'a Session>) -> FormToken<'a> {
    FormToken { app, session }
}

impl FormToken<'_> {
    /// Checks a posted form.
    ///
    /// # Errors
    /// A page that says to load the form again; one for a field that is there twice.
    pub fn check(self, req: &HttpRequest, form: &Params) -> Result<(), PageError> {
        form.refuse_repeated()?;
        let (csrf, hosts) = (&self.app.csrf, &self.app.hosts);
        match self.session {
            Some(session) => csrf.check_session(req, hosts, form, &session.id.to_string()),
            None => csrf.check_browser(req, hosts, form),
        }
    }
}

/// The answer with a page whose forms carry that token.
///
/// # Errors
/// A fault when the template fails.
pub fn show<P: Page>(
    req: &HttpRequest,
    app: &App,
    session: Option<&Session>,
    status: StatusCode,
    page: impl FnOnce(String) -> P,
) -> Result<HttpResponse, PageError> {
    match session {
        Some(session) => {
            let csrf = app.csrf.token(&Binding::Session(session.id.to_string()));
            app.pages.answer(req, status, &page(csrf), &FormAction::default())
        }
        None => show_to_anybody(req, app, status, page),
    }
}
