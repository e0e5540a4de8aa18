//! Who asks: the session of a request.

use std::future::{Ready, ready};

use actix_session::SessionExt as _;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use super::cookie_store::{BEGUN, FAULT, SESSION};
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::sessions::Session;
use crate::web::PageError;
use crate::web::page::Viewer;

/// The session of this request, if somebody is signed in and free to go on. Whoever must do
/// something first is nobody here, and `/login` sends them there. A database that is away is an
/// error, never "nobody".
#[derive(Clone, Debug)]
pub struct Current(pub Option<Session>);

/// The session of this request, held or not: for the pages that lift a hold, and for signing out.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<Session>);

impl FromRequest for Current {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req).map(Self))
    }
}

impl Current {
    /// The session itself, for extractors that build on it.
    ///
    /// # Errors
    /// As for extracting it.
    pub fn of(req: &HttpRequest) -> Result<Option<Session>, PageError> {
        Ok(session_of(req)?.filter(|session| session.hold.is_none()))
    }
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(session_of(req).map(Self))
    }
}

fn session_of(req: &HttpRequest) -> Result<Option<Session>, PageError> {
    let state = req.get_session();
    let entries = state.entries();
    match (entries.get(SESSION), entries.get(FAULT)) {
        (_, Some(because)) => Err(Fault::DatabaseAway(because.clone()).into()),
        (Some(json), None) => match serde_json::from_str(json) {
            Ok(session) => Ok(Some(session)),
            Err(error) => Err(PageError::bug(error.to_string())),
        },
        (None, None) => Ok(None),
    }
}

/// Puts the secret of a session just begun into the cookie; a new one at every sign-in.
///
/// # Errors
/// A fault when the cookie cannot be written.
pub fn enter(req: &HttpRequest, secret: &Secret<String>) -> Result<(), PageError> {
    let state = req.get_session();
    state.remove(SESSION);
    state.insert(BEGUN, secret.expose()).map_err(|error| PageError::bug(error.to_string()))?;
    state.renew();
    Ok(())
}

/// Marks the answer whose session cookie goes with the browser's window: actix-session gives every
/// cookie an age, and the server takes it off again (see `server`).
#[derive(Clone, Copy, Debug)]
pub struct UntilClosed;

/// The session just begun goes with the browser's window.
pub fn until_closed(response: &mut HttpResponse) {
    response.extensions_mut().insert(UntilClosed);
}

/// Takes the cookie away.
pub fn leave(req: &HttpRequest) {
    req.get_session().purge();
}

/// As layouts show the person.
#[must_use]
pub fn viewer(session: &Session) -> Viewer {
    Viewer { name: session.display_name.clone(), username: session.username.clone() }
}
