//! `/forward-auth/start`: where a browser signs in, at the issuer, and gets its ticket.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::check::RETURN;
use crate::app::App;
use crate::audit::Event;
use crate::audit::event::Kind;
use crate::config::Allow;
use crate::forward_auth::rule::Rule;
use crate::forward_auth::target::Target;
use crate::forward_auth::visitor::Standing;
use crate::kernel::fault::Fault;
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::spec::{ErrorCode, Params};
use crate::web::onward::onward;
use crate::web::page::see_other;
use crate::web::{PageError, ReturnTo, form};

/// Its path.
pub const PATH: &str = "/forward-auth/start";

/// Longest state read, in characters.
const MAX_STATE: usize = 100;

/// Apps are as well protected as we are: where the issuer has https, so have they.
///
/// # Errors
/// Why not.
pub fn check_scheme(app: &App, target: &Target) -> Result<(), &'static str> {
    if app.config.server.public_url.is_https() && !target.is_https() {
        return Err("the app is asked for by http, and the issuer has https");
    }
    Ok(())
}

/// `GET`.
///
/// # Errors
/// A page: an app that is not known, or that this person may not use.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let params = form::query(&req)?;
    let target = params.one("url")?.and_then(Target::parse).ok_or_else(|| unknown("url is no URL"))?;
    let state = params.one("state")?.filter(|state| state.len() <= MAX_STATE).ok_or_else(|| unknown("no state"))?;
    check_scheme(&app, &target).map_err(unknown)?;
    // Only hosts that the operator named: this is no way to anywhere else.
    if !app.rules.know(&target) {
        return Err(unknown("no rule of forward_auth.rules is for this host"));
    }
    let Some(session) = current.0 else {
        let next = ReturnTo::to(PATH, &params);
        return Ok(see_other(ReturnTo::to("/login", &Params::default().with("next", next.as_str())).as_str()));
    };
    let rule = app.rules.find(&target);
    let place = rule.map(|(place, _)| place);
    let admitted = match rule {
        Some((_, Rule { allow: Allow::Public, .. })) => true,
        Some((place, rule)) if rule.allow == Allow::SignedIn => {
            let standing = app.visitors.find(&app.db, session.id, (place, rule), app.clock.now()).await?;
            matches!(standing, Standing::Admitted(_))
        }
        _ => false,
    };
    if !admitted {
        return Err(barred(&req, &app, (&target, place), &session, &params).await?);
    }
    record(&req, &app, (&target, place), &session, Kind::ForwardAuthPassed).await?;
    let ticket = app.passes.ticket(session.id, &target.origin(), state, app.clock.now());
    let query = Params::default().with("ticket", &ticket).with("to", target.path_and_query());
    onward(&app.pages, &req, &format!("{}{}", target.origin(), ReturnTo::to(RETURN, &query)))
}

fn unknown(because: &'static str) -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        ErrorCode::InvalidRequest.as_str(),
        "This app cannot sign you in",
        "The address that sent you here is not one of an app of this place.",
        "Open the app again. If it stays like this, tell the people who run it.",
    )
    .because(because)
}

async fn barred(
    req: &HttpRequest,
    app: &App,
    (target, place): (&Target, Option<usize>),
    session: &Session,
    params: &Params,
) -> Result<PageError, PageError> {
    record(req, app, (target, place), session, Kind::AppBarred).await?;
    Ok(crate::oidc::http::authorize::no_access(app, target.hostname(), &session.username, &ReturnTo::to(PATH, params)))
}

/// Once for each session and rule: any page can send a browser here, again and again.
async fn record(
    req: &HttpRequest,
    app: &App,
    (target, place): (&Target, Option<usize>),
    session: &Session,
    kind: Kind,
) -> Result<(), PageError> {
    let scene = app.scene(req, &session.username);
    let details = serde_json::json!({ "host": target.origin(), "rule": place });
    let event = Event::new(kind).user(session.user_id).session(session.id).details(details);
    Ok(app.db.write::<_, Fault>(move |conn| scene.record_once(conn, &event)).await?)
}
