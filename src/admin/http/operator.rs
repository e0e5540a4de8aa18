//! Somebody at work in the console: past the gate, with what they ask.

use std::collections::BTreeMap;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::frame::{ConsolePage, Framed};
use super::gate::{self, Admitted, Door, INTERRUPTED};
use super::undo::{Told, Undo};
use crate::admin::deed::Stop;
use crate::admin::policy::{self, Actor, Right};
use crate::kernel::Conn;
use crate::portal::http::asker::Person;
use crate::sessions::http::current::viewer;
use crate::spec::Params;
use crate::web::again::ShownOnce;
use crate::web::csrf;
use crate::web::headers::FormAction;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, PageError};

/// The operator, and the request.
#[derive(Clone, Debug)]
pub struct Operator {
    person: Person,
    /// What they may.
    pub actor: Actor,
    /// Where they came in.
    door: Door,
    /// What they typed into the form that led here, as `action/field`: it stands in that form again when something is wrong with it.
    typed: BTreeMap<String, String>,
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

/// Why a deed came to nothing, for the page that it was asked on.
#[derive(Debug)]
pub struct Undone(Vec<FieldError>);

impl Undone {
    /// For a deed that was refused before it began.
    #[must_use]
    pub fn of(stop: Stop) -> Self {
        let Stop::Wrong(fields) = stop else { return Self(vec![FieldError::new("", stop.to_string())]) };
        Self(fields.into_iter().map(|wrong| FieldError::new(wrong.field, wrong.message)).collect())
    }

    /// For who may see the page: what is wrong. For others, who did it by a form that they brought: a page of its own.
    ///
    /// # Errors
    /// That page.
    pub fn shown_to(self, operator: &Operator, right: Right) -> Result<Vec<FieldError>, PageError> {
        self.shown_if(operator.actor.may(right))
    }

    /// The same, for pages that others may see than holders of one right.
    ///
    /// # Errors
    /// That page.
    pub fn shown_if(self, may_see: bool) -> Result<Vec<FieldError>, PageError> {
        if may_see {
            return Ok(self.0);
        }
        Err(gate::refused(&self.in_words()))
    }

    /// All of it in a line.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.0.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Back to the page, which says what is done.
#[must_use]
pub fn done(page: &str, what: &str) -> HttpResponse {
    see_other(&format!("{page}?{}", Params::default().with("done", what).encode()))
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
            let action = operator.door.path.rsplit('/').next().unwrap_or_default();
            let fields = form.iter().filter(|(name, _)| *name != csrf::FIELD && !name.contains("password"));
            let typed = fields.map(|(name, value)| (format!("{action}/{name}"), value.to_owned())).collect();
            Ok(Self { operator: Operator { typed, ..operator }, form })
        })
    }
}

impl Operator {
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let person = Person::find(req)?.ok_or_else(|| PageError::bug("nobody came past the gate"))?;
        let admitted = req.extensions().get::<Admitted>().cloned();
        let Admitted { actor, door } = admitted.ok_or_else(|| PageError::bug("this route is not behind the gate"))?;
        Ok(Self { person, actor, door, typed: BTreeMap::new() })
    }

    /// Carries out a deed in one transaction, as whoever they are by then: who was staff when the form began to arrive may not
    /// be when it has.
    ///
    /// # Errors
    /// As [`Person::change`]; a page when they may not any more, or when what it is about is not there.
    pub async fn carry_out<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&mut Conn, &Actor) -> Result<T, Stop> + Send + 'static,
    ) -> Result<Result<T, Undone>, PageError> {
        let (id, door) = (self.actor.id, self.door);
        let done = self.change(move |conn| -> Result<_, Stop> {
            let actor = policy::find_actor(conn, id)?.filter(|actor| door.admits(actor));
            actor.map(|actor| deed(conn, &actor)).transpose()
        });
        match done.await {
            Ok(Some(done)) => Ok(Ok(done)),
            Ok(None) => Err(gate::no_rights().because("they may not any more")),
            Err(Stop::Fault(fault)) => Err(fault.into()),
            Err(Stop::Gone) => Err(PageError::not_found()),
            Err(stop) => Ok(Err(Undone::of(stop))),
        }
    }

    /// Back to the page, which says what is done, and offers to take it back where that can be done.
    ///
    /// # Errors
    /// [`Fault`](crate::kernel::fault::Fault) without randomness.
    pub fn done(&self, page: &str, told: &Told) -> Result<HttpResponse, PageError> {
        let Some(undo) = &told.undo else { return Ok(done(page, told.what)) };
        let now = self.app.clock.now();
        let sealed = undo.seal(self.actor.id, now, (&self.app.sealer, &self.app.random))?;
        Ok(see_other(&format!("{page}?{}", Params::default().with("done", told.what).with("undo", &sealed).encode())))
    }

    /// What this page offers to take back.
    fn undo(&self) -> Option<Undo> {
        let query = self.query().ok()?;
        Undo::open(query.find("undo")?, self.actor.id, self.app.clock.now(), &self.app.sealer)
    }

    /// The answer with what is shown this once; pressed again, it is the same answer.
    ///
    /// # Errors
    /// [`Fault`](crate::kernel::fault::Fault) when the template fails.
    pub fn show_once<P: ConsolePage>(&self, page: P) -> Result<HttpResponse, PageError> {
        let mut answer = self.show(page)?;
        answer.extensions_mut().insert(ShownOnce);
        Ok(answer)
    }

    /// The answer with a page.
    ///
    /// # Errors
    /// [`Fault`](crate::kernel::fault::Fault) when the template fails.
    pub fn show<P: ConsolePage>(&self, page: P) -> Result<HttpResponse, PageError> {
        let around = (self.undo().unwrap_or_default(), self.typed.clone());
        let was_interrupted =
            self.req.method() == Method::GET && self.query().is_ok_and(|query| query.has(INTERRUPTED));
        let mark = (self.app.random.uuid()?.to_string(), was_interrupted);
        let framed = Framed::new(self.csrf(), viewer(&self.session), &self.actor, mark, around, page);
        self.app.pages.answer(&self.req, StatusCode::OK, &framed, &FormAction::default())
    }
}
