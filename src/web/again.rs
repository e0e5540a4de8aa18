//! A button pressed twice. The browser drops the answer to the first press, cookies and all, and
//! sends the same form again; what the first press did cannot be done twice. So an answer that led
//! on is kept for a moment, and the same form from the same browser gets it once more.
//!
//! The same: every byte of the form, what the browser says of where it comes from, and the cookie
//! that binds its forms; the other cookies may be new already. Answers are kept in this process's
//! memory; where another process gets the second press, it is answered as what it is
//! (docs/decisions/0015).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError as _, rt};
use tokio::sync::watch;
use tracing::Instrument as _;

use super::csrf::Csrf;
use super::errors::PageError;
use super::form::read_body;
use crate::kernel::secret::Digest;
use crate::spec::Params;

/// Answers are kept this long: a press follows a press within it.
const KEPT: Duration = Duration::from_secs(2);
/// Pages that are shown once, where their form is one of its kind by [`ONCE`]: who loads such a page anew sees it again, and
/// nothing is done again.
const SHOWN: Duration = Duration::from_mins(1);
/// Only operators' forms are kept so long: they are few.
const KEEPERS: &str = "/admin/";
/// The field that tells forms apart that would be alike otherwise.
pub const ONCE: &str = "once";
/// More answers are not kept.
const MAX_KEPT: usize = 1024;

/// Answers of the last moments, by what was asked.
#[derive(Clone, Debug, Default)]
pub struct Again(Arc<Mutex<HashMap<Name, Answer>>>);

/// A digest of everything that makes two requests the same.
type Name = [u8; 32];
/// Nothing yet, while the first press is worked on.
type Answer = watch::Receiver<Option<Kept>>;

#[derive(Clone, Debug)]
struct Kept {
    status: StatusCode,
    headers: Lines,
    body: Bytes,
}

/// Header lines, shared with the other threads.
type Lines = Arc<[(header::HeaderName, header::HeaderValue)]>;

/// Marks the answer with a page that is shown once: pressed again, it is the same page.
#[derive(Clone, Copy, Debug)]
pub struct ShownOnce;

/// What a request came to.
type Answered<B> = Result<ServiceResponse<EitherBody<B>>, Error>;

/// Wraps the handlers of the paths that `is_pressed_once` names.
///
/// # Errors
/// Those of the handlers.
pub async fn pass<B: MessageBody + 'static>(
    again: Again,
    is_pressed_once: fn(&str) -> bool,
    csrf: &Csrf,
    mut req: ServiceRequest,
    next: Next<B>,
) -> Answered<B> {
    if req.method() != Method::POST || !is_pressed_once(req.path()) {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let (http, payload) = req.parts_mut();
    let body = match read_body(http, payload).await {
        Ok(body) => body,
        Err(error) => {
            let answer = PageError::from(error).error_response();
            return Ok(req.into_response(answer).map_into_right_body());
        }
    };
    let is_marked = req.path().starts_with(KEEPERS)
        && Params::parse(&body).is_ok_and(|form| form.find(ONCE).is_some_and(|once| !once.is_empty()));
    let name = name_of(req.request(), (csrf, is_marked), &body);
    req.set_payload(Payload::from(body));
    loop {
        match again.enter(name) {
            Place::Taken(mut first) => {
                let kept = first.wait_for(Option::is_some).await.ok().and_then(|kept| kept.clone());
                if let Some(kept) = kept {
                    tracing::debug!("pressed twice: the answer of the first press");
                    return Ok(req.into_response(kept.answer()).map_into_right_body());
                }
                // The first press came to nothing that is kept: this one is like any other.
            }
            Place::Full => return next.call(req).await.map(ServiceResponse::map_into_left_body),
            Place::Free(sender) => {
                // Apart, because the browser may hang up: then the answer is for the second press.
                let work = async move { again.run((name, is_marked), sender, next.call(req).await).await };
                let work = rt::spawn(work.instrument(tracing::Span::current()));
                return work.await.unwrap_or_else(|error| Err(PageError::bug(error.to_string()).into()));
            }
        }
    }
}

fn name_of(req: &HttpRequest, (csrf, is_marked): (&Csrf, bool), body: &[u8]) -> Name {
    let mut all = Vec::with_capacity(body.len() + 512);
    let mut part = |bytes: &[u8]| {
        all.extend_from_slice(&bytes.len().to_be_bytes());
        all.extend_from_slice(bytes);
    };
    part(req.uri().to_string().as_bytes());
    let mut lines = |name: &str| {
        req.headers().get_all(name).for_each(|value| part(value.as_bytes()));
        part(name.as_bytes());
    };
    ["host", "origin", "sec-fetch-site", "content-type"].into_iter().for_each(&mut lines);
    match csrf.cookie_of(req) {
        Some(browser) => part(browser.as_bytes()),
        None => lines("cookie"),
    }
    if is_marked {
        // Whoever has signed out meanwhile, or is somebody else, is shown nothing.
        req.headers().get_all("cookie").for_each(|value| part(value.as_bytes()));
    }
    part(body);
    *Digest::of(&all).as_bytes()
}

/// Whether somebody asks this at the moment, or just did.
enum Place {
    Free(watch::Sender<Option<Kept>>),
    Taken(Answer),
    Full,
}

impl Again {
    fn enter(&self, name: Name) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One whose sender went without an answer is free.
        if let Some(first) = places.get(&name).filter(|first| first.borrow().is_some() || first.has_changed().is_ok()) {
            return Place::Taken(first.clone());
        }
        if places.len() >= MAX_KEPT {
            return Place::Full;
        }
        let (sender, receiver) = watch::channel(None);
        places.insert(name, receiver);
        Place::Free(sender)
    }

    fn leave(&self, name: Name) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    }

    /// Keeps the answer of the first press when it led on.
    async fn run<B: MessageBody + 'static>(
        self,
        (name, is_marked): (Name, bool),
        sender: watch::Sender<Option<Kept>>,
        answered: Result<ServiceResponse<B>, Error>,
    ) -> Answered<B> {
        let is_kept = |answer: &HttpResponse<B>| {
            answer.status() == StatusCode::SEE_OTHER || answer.extensions().contains::<ShownOnce>()
        };
        let response = match answered {
            Ok(response) if is_kept(response.response()) => response,
            other => {
                self.leave(name);
                return other.map(ServiceResponse::map_into_left_body);
            }
        };
        let (req, answer) = response.into_parts();
        let life = if is_marked && answer.extensions().contains::<ShownOnce>() { SHOWN } else { KEPT };
        let (head, body) = answer.into_parts();
        let Ok(body) = to_bytes(body).await else {
            self.leave(name);
            return Err(PageError::bug("the body of an answer broke off").into());
        };
        let kept = Kept { status: head.status(), headers: lines(head.headers()), body };
        let answer = kept.answer();
        sender.send_replace(Some(kept));
        rt::spawn(async move {
            rt::time::sleep(life).await;
            self.leave(name);
        });
        Ok(ServiceResponse::new(req, answer).map_into_right_body())
    }
}

fn lines(headers: &HeaderMap) -> Lines {
    headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Kept {
    fn answer(&self) -> HttpResponse<BoxBody> {
        let mut answer = HttpResponse::with_body(self.status, BoxBody::new(self.body.clone()));
        for (name, value) in self.headers.iter() {
            answer.headers_mut().append(name.clone(), value.clone());
        }
        answer
    }
}
