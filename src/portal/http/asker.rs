//! Somebody signed in who asks for one of their pages.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::{self, User};
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::fault::Fault;
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::sessions::http::current::viewer;
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::headers::FormAction;
use crate::web::page::{Viewer, see_other};
use crate::web::{Page, PageError, ReturnTo};

/// The person, and the request.
#[derive(Clone, Debug)]
pub struct Asker<'a> {
    req: &'a HttpRequest,
    app: &'a App,
    /// Their session.
    pub session: Session,
}

/// A password given within this time need not be given again.
const FRESH: chrono::Duration = chrono::Duration::minutes(10);

impl<'a> Asker<'a> {
    /// The person; `None` when nobody is signed in and free to go on.
    #[must_use]
    pub fn of(req: &'a HttpRequest, app: &'a App, current: Current) -> Option<Self> {
        current.0.map(|session| Self { req, app, session })
    }

    /// The token of their forms.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.app.csrf.token(&Binding::Session(self.session.id.to_string()))
    }

    /// Checks a posted form.
    ///
    /// # Errors
    /// A page that says to load the form again.
    pub fn check(&self, form: &Params) -> Result<(), PageError> {
        form.refuse_repeated()?;
        self.check_token(form)
    }

    /// Checks a posted form whose fields may stand more than once.
    ///
    /// # Errors
    /// A page that says to load the form again.
    pub fn check_token(&self, form: &Params) -> Result<(), PageError> {
        self.app.csrf.check_session(self.req, &self.app.hosts, form, &self.session.id.to_string())
    }

    /// The circumstances.
    #[must_use]
    pub fn scene(&self) -> Scene {
        self.app.scene(self.req, &self.session.username)
    }

    /// As layouts show them.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        viewer(&self.session)
    }

    /// Their account.
    ///
    /// # Errors
    /// [`Fault`] of the database, or when the account is gone at this moment.
    pub async fn user(&self) -> Result<User, Fault> {
        let id = self.session.user_id;
        let user = self.app.db.read(move |conn| accounts::store::find(conn, id)).await?;
        user.ok_or(Fault::Busy("the account is gone"))
    }

    /// Sends them to give their password again, and then to `page`; `None` when they just did.
    #[must_use]
    pub fn stale(&self, page: &str) -> Option<HttpResponse> {
        let is_fresh = self.app.clock.now() - self.session.auth_time < FRESH;
        let query = Params::default().with("confirm", "1").with("next", page);
        (!is_fresh).then(|| see_other(ReturnTo::to("/login", &query).as_str()))
    }

    /// The answer with a page.
    ///
    /// # Errors
    /// A fault when the template fails.
    pub fn show<P: Page>(&self, page: &P) -> Result<HttpResponse, PageError> {
        self.app.pages.answer(self.req, StatusCode::OK, page, &FormAction::default())
    }
}

/// To the sign-in page, and back to where somebody wanted to go.
#[must_use]
pub fn to_login(page: &str) -> HttpResponse {
    see_other(ReturnTo::to("/login", &Params::default().with("next", page)).as_str())
}
