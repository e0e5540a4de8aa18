//! Somebody at work in the console: past the gate, with what they ask.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::frame::{ConsolePage, Framed};
use crate::admin::policy::Actor;
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
use crate::web::{Form, PageError, form};

/// The operator, and the request.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The request.
    pub req: HttpRequest,
    /// The server.
    pub app: web::Data<App>,
    /// Their session.
    pub session: Session,
    /// What they may.
    pub actor: Actor,
}

/// Their form: its token is right, and no field stands twice.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Who posted it.
    pub operator: Operator,
    /// What.
    pub form: Params,
}

impl FromRequest for Operator {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

impl FromRequest for Ordered {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (operator, form) = (Operator::of(req), Form::from_request(req, payload));
        Box::pin(async move {
            let Ok(Form(form)) = form.await;
            let (form, operator) = (form?, operator?);
            form.refuse_repeated()?;
            let session = operator.session.id.to_string();
            operator.app.csrf.check_session(&operator.req, &operator.app.hosts, &form, &session)?;
            Ok(Self { operator, form })
        })
    }
}

impl Operator {
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let app = req.app_data::<web::Data<App>>().ok_or_else(|| PageError::bug("no app at this route"))?;
        let session = Current::of(req)?.ok_or_else(|| PageError::bug("nobody came past the gate"))?;
        let actor = req.extensions().get::<Actor>().cloned();
        let actor = actor.ok_or_else(|| PageError::bug("this route is not behind the gate"))?;
        Ok(Self { req: req.clone(), app: app.clone(), session, actor })
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

    /// Changes something in one transaction; nothing remembered from before is believed.
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

    /// The answer with a page.
    ///
    /// # Errors
    /// [`Fault`] when the template fails.
    pub fn show<P: ConsolePage>(&self, page: P) -> Result<HttpResponse, PageError> {
        let csrf = self.app.csrf.token(&Binding::Session(self.session.id.to_string()));
        let framed = Framed::new(csrf, viewer(&self.session), &self.actor, page);
        self.app.pages.answer(&self.req, StatusCode::OK, &framed, &FormAction::default())
    }
}
