//! A sign-in to an app from its request to its tokens, by the rules that every app meets, in a transaction that is taken back.
//!
//! Nothing of it stands afterwards: no code, no grant, no family; and no token leaves, only what would stand in it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::OAuthError;
use super::authorize::decide::{Decision, Met};
use super::authorize::request::AuthorizeRequest;
use super::authorize::target::RedirectTarget;
use super::consent::{self, Outcome};
use super::token::grants::authorization_code;
use super::token::issue::{self, Issuer};
use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::db::take_back;
use crate::kernel::fault::Fault;
use crate::sessions::Session;
use crate::spec::pkce::{Challenge, Verifier};
use crate::spec::{Params, Scope};
use crate::tokens::code::Presented;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// One of the app's redirect URIs, or what an app sends instead.
    pub redirect_uri: String,
    /// Scopes.
    pub scope: String,
    /// An API that the access token is for.
    pub resource: Option<String>,
}

/// A step, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was done.
    pub what: &'static str,
    /// What came of it, in words.
    pub outcome: String,
    /// Whether it went well; nothing comes after one that did not.
    pub is_done: bool,
}

/// How far it went, and what it led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rehearsed {
    /// Each step.
    pub steps: Vec<Step>,
    /// Header and claims of the ID token.
    pub id_token: Option<Value>,
    /// Header and claims of the access token.
    pub access_token: Option<Value>,
    /// What the token endpoint would answer, without the tokens.
    pub answer: Option<Value>,
}

impl Rehearsed {
    fn note(&mut self, what: &'static str, outcome: impl Into<String>) {
        self.steps.push(Step { what, outcome: outcome.into(), is_done: true });
    }

    fn fail(mut self, what: &'static str, outcome: impl Into<String>) -> Self {
        self.steps.push(Step { what, outcome: outcome.into(), is_done: false });
        self
    }
}

/// Rehearses a sign-in of whoever has this session. The app's own proof (its secret or key) is not asked for.
///
/// # Errors
/// [`Fault`] of the database, or of signing.
pub fn rehearse(
    conn: &mut Conn,
    client: &Arc<Client>,
    session: &Session,
    wish: &Wish,
    (issuer, scene): (Issuer<'_>, &Scene),
) -> Result<Rehearsed, Fault> {
    take_back(conn, |conn| run(conn, client, session, wish, (issuer, scene)))
}

fn run(
    conn: &mut Conn,
    client: &Arc<Client>,
    session: &Session,
    wish: &Wish,
    (issuer, scene): (Issuer<'_>, &Scene),
) -> Result<Rehearsed, Fault> {
    let mut told = Rehearsed::default();
    if !client.is_enabled {
        return Ok(told.fail("App", "it is disabled: nobody can use it"));
    }
    let verifier = scene.random.secret()?;
    let verifier = Verifier::parse(verifier.expose()).map_err(Fault::Bug)?;
    let params = params(wish, &verifier);

    let target = match RedirectTarget::verify(&params, Arc::clone(client), issuer.issuer) {
        Ok(target) => target,
        Err(refusal) => return Ok(told.fail("Redirect URI", refusal.because)),
    };
    told.note("Redirect URI", format!("{} is registered", target.redirect_uri()));
    let request = match AuthorizeRequest::parse(&params, &target, issuer.keyring, issuer.issuer) {
        Ok(request) => request,
        Err(refusal) => return Ok(told.fail("Request", in_words(&refusal))),
    };
    told.note("Request", format!("granted scopes: {}{}", request.scope, left_out(wish, &request.scope)));

    // As if whatever it asks for had been done just now: first all but consent, to see whether that is asked.
    let met = Met { login: true, choice: true, consent: false };
    let mut outcome = consent::proceed(conn, &target, &request, (session, met), issuer.lifetimes, scene)?;
    if matches!(outcome, Outcome::Pending(Decision::Consent, _)) {
        told.note("Consent", "the person is asked, and allows it");
        let met = Met { consent: true, ..met };
        outcome = consent::proceed(conn, &target, &request, (session, met), issuer.lifetimes, scene)?;
    } else if matches!(outcome, Outcome::Code(_)) {
        let why = if client.skip_consent { "the operator answers for it" } else { "it was allowed before" };
        told.note("Consent", format!("not asked: {why}"));
    }
    let code = match outcome {
        Outcome::Code(code) => code,
        Outcome::Barred => {
            return Ok(told.fail("Access", "this account may not use the app: it is in none of its groups"));
        }
        Outcome::Pending(decision, _) => {
            return Ok(told.fail("Sign-in", format!("something is left to do: {decision:?}")));
        }
    };
    told.note("Code", "issued, and sent to the redirect URI");

    let presented =
        Presented { code, redirect_uri: Some(wish.redirect_uri.clone()), verifier: Some(verifier), audiences: None };
    let redeemed = authorization_code::redeem(conn, client, &presented, (issuer.issuer, issuer.lifetimes), scene)?;
    let (redeemed, person) = match redeemed {
        Ok(redeemed) => redeemed,
        Err(refusal) => return Ok(told.fail("Token endpoint", in_words(&refusal))),
    };
    told.note("Token endpoint", "the code is redeemed");
    let granted = (redeemed.family.scope.clone(), redeemed.audiences);
    let answer = issue::for_family(issuer, client, &redeemed.family, granted, (person, redeemed.nonce))?;
    told.id_token = opened(&answer, "id_token");
    told.access_token = opened(&answer, "access_token");
    told.answer = Some(covered(answer));
    Ok(told)
}

fn params(wish: &Wish, verifier: &Verifier) -> Params {
    let params = Params::default()
        .with("response_type", "code")
        .with("redirect_uri", &wish.redirect_uri)
        .with("scope", &wish.scope)
        .with("state", "rehearsal")
        .with("nonce", "rehearsal")
        .with("code_challenge", Challenge::of(verifier).as_str())
        .with("code_challenge_method", "S256");
    wish.resource.as_ref().map_or(params.clone(), |resource| params.with("resource", resource))
}

fn in_words(refusal: &OAuthError) -> String {
    format!("{}: {}", refusal.code.as_str(), refusal.description)
}

/// What was asked for and is not granted.
fn left_out(wish: &Wish, granted: &Scope) -> String {
    let asked = Scope::parse(&wish.scope).unwrap_or_default();
    let missing: Vec<&str> = asked.iter().filter(|name| !granted.has(name)).collect();
    if missing.is_empty() { String::new() } else { format!("; not granted: {}", missing.join(" ")) }
}

/// Header and claims of a token, which itself is not shown.
fn opened(answer: &Value, name: &str) -> Option<Value> {
    let mut parts = answer.get(name)?.as_str()?.split('.');
    let mut part = || serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    Some(json!({ "header": part()?, "claims": part()? }))
}

/// The answer, its tokens covered.
fn covered(mut answer: Value) -> Value {
    for (name, value) in answer.as_object_mut().into_iter().flatten() {
        if name.ends_with("_token") {
            *value = "…".into();
        }
    }
    answer
}
