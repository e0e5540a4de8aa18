//! Somebody at work in the console: past the gate, with what they ask.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::frame::{ConsolePage, Framed};
use super::gate::{self, Admitted};
use crate::admin::policy::{self, Actor, Right};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::portal::http::asker::Person;
use crate::sessions::http::current::viewer;
use crate::spec::Params;
use crate::web::headers::FormAction;
use crate::web::{Form, PageError};

/// The operator, and the request.
#[derive(Clone, Debug)]
pub struct Operator {
    person: Person,
    /// What they may.
    pub actor: Actor,
    /// What the route took.
    right: Option<Right>,
}

impl Deref for Operator {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.person
    }
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
            operator.check_token(&form)?;
            Ok(Self { operator, form })
        })
    }
}

impl Operator {
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let person = Person::find(req)?.ok_or_else(|| PageError::bug("nobody came past the gate"))?;
        let admitted = req.extensions().get::<Admitted>().cloned();
        let Admitted { actor, right } = admitted.ok_or_else(|| PageError::bug("this route is not behind the gate"))?;
        Ok(Self { person, actor, right })
    }

    /// Changes something in one transaction, as whoever they are by then: who was staff when the form began to arrive may not
    /// be when it has.
    ///
    /// # Errors
    /// As [`Person::change`]; a page when they may not any more.
    pub async fn carry_out<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Conn, &Actor) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, PageError> {
        let (id, right) = (self.actor.id, self.right);
        let done = self.change(move |conn| -> Result<_, Fault> {
            let actor = policy::find_actor(conn, id)?.filter(|actor| right.is_none_or(|right| actor.may(right)));
            actor.map(|actor| rule(conn, &actor)).transpose()
        });
        done.await?.ok_or_else(|| gate::no_rights().because("they may not any more"))
    }

    /// The answer with a page.
    ///
    /// # Errors
    /// [`Fault`] when the template fails.
    pub fn show<P: ConsolePage>(&self, page: P) -> Result<HttpResponse, PageError> {
        let framed = Framed::new(self.csrf(), viewer(&self.session), &self.actor, page);
        self.app.pages.answer(&self.req, StatusCode::OK, &framed, &FormAction::default())
    }
}
