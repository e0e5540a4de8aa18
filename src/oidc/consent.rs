//! Consent in words, and issuing a code once everything is met.

use serde_json::json;

use super::authorize::decide::{Decision, Met, SignedIn, decide};
use super::authorize::request::AuthorizeRequest;
use super::authorize::target::RedirectTarget;
use crate::access::restriction;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::sessions::Session;
use crate::spec::ErrorCode;
use crate::tokens::code::{self, NewCode};
use crate::tokens::grant::{self, Consent};
use crate::tokens::refresh::Lifetimes;

/// A scope as a person reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// In words.
    pub text: &'static str,
    /// Worth a second look.
    pub is_sensitive: bool,
}

/// What a scope means to a person; `None` for those without a meaning of their own on the page.
#[must_use]
pub fn describe(scope: &str) -> Option<Described> {
    let plain = |text| Some(Described { text, is_sensitive: false });
    match scope {
        "openid" => plain("Know who you are, by an identifier of your account"),
        "profile" => plain("See your name, username and profile"),
        "email" => plain("See your email address"),
        "address" => plain("See your postal address"),
        "phone" => plain("See your phone number"),
        "groups" => plain("See which groups you belong to"),
        "permissions" => plain("See what you are permitted to do"),
        "api:read" => Some(Described { text: "See in the console's API what you may see", is_sensitive: true }),
        "api:write" => Some(Described { text: "Change by the console's API what you may change", is_sensitive: true }),
        "offline_access" => Some(Described { text: "Stay connected when you are away", is_sensitive: true }),
        _ => None,
    }
}

/// What came of a request at this moment.
#[derive(Debug)]
pub enum Outcome {
    /// A code for the app.
    Code(Secret<String>),
    /// Something is still to be done; what was allowed so far, for the consent page.
    Pending(Decision, Option<Consent>),
    /// This person may not use this app.
    Barred,
}

/// Decides with what the database knows now, and issues the code in the same transaction. With
/// `met.consent` the grant is written first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn proceed(
    conn: &mut Conn,
    target: &RedirectTarget,
    request: &AuthorizeRequest,
    (session, met): (&Session, Met),
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Outcome, Fault> {
    let client = target.client();
    let given = grant::find(conn, session.user_id, client)?;
    let signed_in = SignedIn { sub: session.sub.to_string(), auth_time: session.auth_time };
    let consent = (given.as_ref(), !client.skip_consent);
    let decision = decide(request, Some(&signed_in), consent, met, scene.now);
    let is_next =
        matches!(decision, Decision::Consent | Decision::Issue | Decision::Refuse(ErrorCode::ConsentRequired));
    if is_next && !restriction::admits(conn, &client.restriction, session.user_id)? {
        let event = Event::new(Kind::AppBarred).user(session.user_id).client(&client.client_id);
        scene.record_once(conn, &event.session(session.id))?;
        return Ok(Outcome::Barred);
    }
    if decision != Decision::Issue {
        return Ok(Outcome::Pending(decision, given));
    }
    let grant_id = grant::give(conn, session.user_id, client, &request.consent(), scene)?;
    if met.consent {
        let details = json!({ "scope": request.scope });
        let event = Event::new(Kind::ConsentGiven).user(session.user_id).client(&client.client_id);
        scene.record(conn, &event.details(details))?;
    }
    let new = NewCode {
        grant_id,
        user_id: session.user_id,
        session_id: session.id,
        redirect_uri: target.redirect_uri().to_owned(),
        scope: request.scope.clone(),
        audiences: request.audiences.clone(),
        claims: request.claims.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        auth_time: session.auth_time,
        acr: session.acr.to_string(),
        amr: session.amr.clone(),
    };
    Ok(Outcome::Code(code::issue(conn, client, &new, scene.now + lifetimes.code, scene)?))
}

/// Notes that the person refused.
///
/// # Errors
/// [`Fault`] of the database.
pub fn deny(conn: &mut Conn, target: &RedirectTarget, session: &Session, scene: &Scene) -> Result<(), Fault> {
    let event = Event::new(Kind::ConsentDenied).user(session.user_id).client(&target.client().client_id);
    scene.record(conn, &event)
}
