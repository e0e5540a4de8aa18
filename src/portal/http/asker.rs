//! Somebody signed in who asks for one of their pages: handlers take an [`Asker`] where they show,
//! and a [`Posted`] where they change. Whoever is not signed in goes to sign in first, and comes back.

use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::frame::{AccountPage, Framed};
use crate::accounts::{self, User};
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::sessions::http::current::viewer;
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::headers::FormAction;
use crate::web::{Form, PageError, ReturnTo, form};

/// Somebody signed in, and what they ask.
#[derive(Clone, Debug)]
pub struct Person {
    /// The request.
    pub req: HttpRequest,
    /// The server.
    pub app: web::Data<App>,
    /// Their session.
    pub session: Session,
}

/// The person, and the request for page `P`.
#[derive(Clone, Debug)]
pub struct Asker<P> {
    person: Person,
    page: PhantomData<P>,
}

impl<P> Deref for Asker<P> {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.person
    }
}

/// Their form, of page `P`: its token is right, and no field stands twice that may not.
#[derive(Clone, Debug)]
pub struct Posted<P> {
    /// Who posted it.
    pub asker: Asker<P>,
    /// What.
    pub form: Params,
}

/// A password given within this time need not be given again.
const FRESH: chrono::Duration = chrono::Duration::minutes(10);
/// How long a form may take that was shown at the last moment of it.
const TO_FILL_IN: chrono::Duration = chrono::Duration::minutes(10);

impl<P: AccountPage> FromRequest for Asker<P> {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

impl<P: AccountPage + 'static> FromRequest for Posted<P> {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (asker, form) = (Asker::of(req), Form::from_request(req, payload));
        Box::pin(async move {
            let Ok(Form(form)) = form.await;
            let (form, asker): (_, Asker<P>) = (form?, asker?);
            P::REPEATED.iter().fold(form.clone(), |rest, name| rest.without(name)).refuse_repeated()?;
            asker.check_token(&form)?;
            Ok(Self { asker, form })
        })
    }
}

impl Person {
    /// Who asks; `None`: nobody is signed in.
    ///
    /// # Errors
    /// A page for a fault.
    pub fn find(req: &HttpRequest) -> Result<Option<Self>, PageError> {
        let app = req.app_data::<web::Data<App>>().ok_or_else(|| PageError::bug("no app at this route"))?;
        let session = Current::of(req)?;
        Ok(session.map(|session| Self { req: req.clone(), app: app.clone(), session }))
    }

    /// Checks the token of a form of theirs.
    ///
    /// # Errors
    /// A page that says to load the form again.
    pub fn check_token(&self, form: &Params) -> Result<(), PageError> {
        self.app.csrf.check_session(&self.req, &self.app.hosts, form, &self.session.id.to_string())
    }

    /// The query.
    ///
    /// # Errors
    /// A page for one that cannot be read.
    pub fn query(&self) -> Result<Params, PageError> {
        Ok(form::query(&self.req)?)
    }

    /// The circumstances.
    #[must_use]
    pub fn scene(&self) -> Scene {
        self.app.scene(&self.req, &self.session.username)
    }

    /// Looks something up.
    ///
    /// # Errors
    /// As [`crate::kernel::Db::read`].
    pub async fn read<T, E>(&self, rule: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.app.db.read(rule).await
    }

    /// Changes the account in one transaction; nothing remembered from before is believed.
    ///
    /// # Errors
    /// As [`crate::kernel::Db::write`].
    pub async fn change<T, E>(&self, rule: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let done = self.app.db.write(rule).await?;
        self.app.forget();
        Ok(done)
    }

    /// Whether the password was given just before. A link in the mail is none: whoever sits at an open mailbox has it.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.gave_password() && self.app.clock.now() - self.session.auth_time < FRESH
    }

    fn gave_password(&self) -> bool {
        self.session.amr.split(' ').any(|means| means == "pwd")
    }

    /// Whether a form may be posted that was shown to nobody but those who had given the password just before.
    #[must_use]
    pub fn is_fresh_enough_to_post(&self) -> bool {
        self.gave_password() && self.app.clock.now() - self.session.auth_time < FRESH + TO_FILL_IN
    }

    /// The token for forms on a page for them.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.app.csrf.token(&Binding::Session(self.session.id.to_string()))
    }
}

impl<P: AccountPage> Asker<P> {
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let person = Person::find(req)?.ok_or_else(to_login::<P>)?;
        Ok(Self { person, page: PhantomData })
    }

    /// Their account.
    ///
    /// # Errors
    /// [`Fault`] of the database; the way to the sign-in page when the account went at this moment.
    pub async fn user(&self) -> Result<User, PageError> {
        let id = self.session.user_id;
        self.read(move |conn| accounts::store::find(conn, id)).await?.ok_or_else(|| self.to_login())
    }

    /// The way to sign in, and back to the page: for an account that went at this moment.
    #[must_use]
    pub fn to_login(&self) -> PageError {
        to_login::<P>()
    }

    /// For what a borrowed browser must not do: the password was given just before.
    ///
    /// # Errors
    /// The way to give it again, and back to the page.
    pub fn require_fresh(&self) -> Result<(), PageError> {
        if self.is_fresh() {
            return Ok(());
        }
        let query = Params::default().with("confirm", "1").with("next", P::PATH);
        Err(PageError::first(ReturnTo::to("/login", &query).as_str()))
    }

    /// The answer with a page.
    ///
    /// # Errors
    /// [`Fault`] when the template fails.
    pub fn show<Q: AccountPage>(&self, page: Q) -> Result<HttpResponse, PageError> {
        let framed = Framed::new(self.csrf(), viewer(&self.session), page);
        self.app.pages.answer(&self.req, StatusCode::OK, &framed, &FormAction::default())
    }
}

/// The way to sign in, and back to the page.
fn to_login<P: AccountPage>() -> PageError {
    PageError::first(ReturnTo::to("/login", &Params::default().with("next", P::PATH)).as_str())
}
