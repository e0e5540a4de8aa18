//! THE table: method, path, handler for the whole server on one page.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, get, head, method, post, resource, to};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};

use crate::admin::http::gate::{self, Door};
use crate::admin::http::{audit, groups, user, users};
use crate::admin::policy::Right;
use crate::api::http::{answer as api_answer, authzen, token_pair};
use crate::forward_auth::http::{check as forward_auth, start};
use crate::login::http::{choose, holds, login, logout, magic, register, reset, setup, verify_email};
use crate::oidc::http::{answer, authorize, consent, end_session, introspect, metadata, revoke, token, userinfo};
use crate::portal::http::{
    activity, addresses, api_keys, apps, data, home, not_me, password, phone, picture, profile, security, sessions,
    undo_email,
};
use crate::server::health;
use crate::web::page::see_other;
use crate::web::{PageError, assets, cors};

/// Endpoints for programs, and static files: no session is read for them.
pub fn machines(config: &mut ServiceConfig) {
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        config.service(open(path, LOOK).route(get().to(metadata::discovery)).route(head().to(metadata::discovery)));
    }
    config
        .service(open("/.well-known/jwks.json", LOOK).route(get().to(metadata::jwks)).route(head().to(metadata::jwks)))
        .service(machine("/oauth2/introspect", "POST").route(post().to(introspect::post)))
        .service(open("/oauth2/userinfo", "GET, POST").route(get().to(userinfo::get)).route(post().to(userinfo::post)))
        .service(open("/oauth2/token", "POST").route(post().to(token::post)))
        .service(open("/oauth2/revoke", "POST").route(post().to(revoke::post)))
        .service(api("/api/token", "POST").route(post().to(token_pair::post)))
        .service(api("/api/token/refresh", "POST").route(post().to(token_pair::refresh)))
        .service(api("/api/token/verify", "POST").route(post().to(token_pair::verify)))
        .service(api("/api/token/blacklist", "POST").route(post().to(token_pair::blacklist)))
        .service(
            open("/.well-known/authzen-configuration", LOOK)
                .route(get().to(authzen::configuration))
                .route(head().to(authzen::configuration)),
        )
        .service(api("/access/v1/evaluation", "POST").route(post().to(authzen::evaluation)))
        .service(api("/access/v1/evaluations", "POST").route(post().to(authzen::evaluations)))
        .service(api("/access/v1/search/subject", "POST").route(post().to(authzen::subjects)))
        .service(api("/access/v1/search/resource", "POST").route(post().to(authzen::resources)))
        .service(api("/access/v1/search/action", "POST").route(post().to(authzen::actions)))
        .service(resource("/forward-auth").route(to(forward_auth::forward)))
        .service(resource("/forward-auth/check").route(to(forward_auth::check)))
        .service(machine("/readyz", LOOK).route(get().to(health::ready)).route(head().to(health::ready)))
        .service(shown("/pictures/{id}", LOOK, picture::get))
        .service(shown("/assets/{version}/{path:.*}", LOOK, assets::get));
    for path in ["/healthz", "/health", "/livez"] {
        config.service(machine(path, LOOK).route(get().to(health::process)).route(head().to(health::process)));
    }
}

/// Endpoints that browsers visit: the session is read for them.
pub fn browsers(config: &mut ServiceConfig) {
    config
        .service(page("/oauth2/authorize", BOTH).route(get().to(authorize::get)).route(post().to(authorize::post)))
        .service(page("/oauth2/logout", BOTH).route(get().to(end_session::get)).route(post().to(end_session::post)))
        .service(shown("/forward-auth/start", LOOK, start::get))
        .service(page("/consent", BOTH).route(get().to(consent::get)).route(post().to(consent::post)))
        .service(shown("/login", FORM, login::get).route(post().to(login::post)))
        .service(shown("/login/choose", LOOK, choose::get))
        .service(page("/login/continue", "POST").route(post().to(choose::post_continue)))
        .service(page("/login/switch", "POST").route(post().to(choose::post_switch)))
        .service(shown("/logout", FORM, logout::get).route(post().to(logout::post)))
        .service(shown("/logged-out", LOOK, logout::done))
        .service(shown("/login/link", FORM, magic::get).route(post().to(magic::post)))
        .service(shown("/login/link/sent", LOOK, magic::sent))
        .service(shown("/login/link/open", LOOK, magic::open))
        .service(shown("/login/link/confirm", FORM, magic::confirm).route(post().to(magic::post_confirm)))
        .service(page("/login/link/finish", "POST").route(post().to(magic::finish)))
        .service(shown("/register", FORM, register::get).route(post().to(register::post)))
        .service(shown("/verify-email", FORM, verify_email::get).route(post().to(verify_email::post)))
        .service(page("/verify-email/resend", "POST").route(post().to(verify_email::resend)))
        .service(shown("/verify-email/link", LOOK, verify_email::link))
        .service(
            shown("/verify-email/confirm", FORM, verify_email::confirm).route(post().to(verify_email::post_confirm)),
        )
        .service(shown("/password/reset", FORM, reset::get).route(post().to(reset::post)))
        .service(shown("/password/reset/sent", LOOK, reset::sent))
        .service(shown("/password/reset/link", LOOK, reset::link))
        .service(shown("/password/reset/new", FORM, reset::new).route(post().to(reset::post_new)))
        .service(page("/password/reset/again", "POST").route(post().to(reset::again)))
        .service(shown("/password/change", FORM, holds::password).route(post().to(holds::post_password)))
        .service(shown("/account/username", FORM, holds::username).route(post().to(holds::post_username)))
        .service(shown("/account/keep", FORM, holds::keep).route(post().to(holds::post_keep)))
        .service(shown("/setup", FORM, setup::get).route(post().to(setup::post)))
        .service(shown("/setup/done", LOOK, setup::done))
        .service(shown("/", LOOK, home::front))
        .service(shown("/account", LOOK, home::get))
        .service(shown("/account/profile", FORM, profile::get).route(post().to(profile::post)))
        .service(page("/account/picture", "POST").route(post().to(picture::post)))
        .service(page("/account/picture/remove", "POST").route(post().to(picture::remove)))
        .service(shown("/account/addresses", LOOK, addresses::get))
        .service(page("/account/addresses/add", "POST").route(post().to(addresses::add)))
        .service(shown("/account/addresses/verify", FORM, addresses::verify).route(post().to(addresses::post_verify)))
        .service(page("/account/addresses/resend", "POST").route(post().to(addresses::resend)))
        .service(page("/account/addresses/primary", "POST").route(post().to(addresses::primary)))
        .service(page("/account/addresses/remove", "POST").route(post().to(addresses::remove)))
        .service(page("/account/phone", "POST").route(post().to(phone::post)))
        .service(page("/account/phone/verify", "POST").route(post().to(phone::verify)))
        .service(page("/account/phone/remove", "POST").route(post().to(phone::remove)))
        .service(shown("/account/undo-email", FORM, undo_email::get).route(post().to(undo_email::post)))
        .service(shown("/account/undo-email/link", LOOK, undo_email::link))
        .service(shown("/account/security", LOOK, security::get))
        .service(shown("/account/password", FORM, password::get).route(post().to(password::post)))
        .service(shown("/account/api-keys/new", FORM, api_keys::get).route(post().to(api_keys::post)))
        .service(page("/account/api-keys/revoke", "POST").route(post().to(security::revoke_key)))
        .service(shown("/account/sessions", LOOK, sessions::get))
        .service(page("/account/sessions/end", "POST").route(post().to(sessions::end_one)))
        .service(page("/account/sessions/end-others", "POST").route(post().to(sessions::end_others)))
        .service(page("/account/sessions/end-all", "POST").route(post().to(sessions::end_all)))
        .service(shown("/account/apps", LOOK, apps::get))
        .service(page("/account/apps/revoke", "POST").route(post().to(apps::revoke)))
        .service(shown("/account/activity", LOOK, activity::get))
        .service(shown("/account/not-me", FORM, not_me::get).route(post().to(not_me::post)))
        .service(shown("/account/data", LOOK, data::get))
        .service(shown("/account/data/export", LOOK, data::download))
        .service(page("/account/delete", "POST").route(post().to(data::delete)))
        .configure(console)
        .service(shown("/.well-known/change-password", LOOK, change_password));
}

/// What each route of the console takes. One that is not here is shut.
pub const CONSOLE: &[Door] = &[
    Door::for_staff("/admin"),
    Door::look("/admin/audit", Right::ViewAuditEvent),
    Door::look("/admin/audit.csv", Right::ViewAuditEvent),
    Door::look("/admin/audit.jsonl", Right::ViewAuditEvent),
    Door::look("/admin/groups", Right::ViewGroup),
    Door::change_freshly("/admin/groups/add", Right::AddGroup),
    Door::look("/admin/groups/{id}", Right::ViewGroup),
    Door::change_freshly("/admin/groups/{id}/grant", Right::ChangeGroup),
    Door::change_freshly("/admin/groups/{id}/revoke", Right::ChangeGroup),
    Door::change_freshly("/admin/groups/{id}/nest", Right::ChangeGroup),
    Door::change_freshly("/admin/groups/{id}/unnest", Right::ChangeGroup),
    Door::change_freshly("/admin/groups/{id}/delete", Right::DeleteGroup),
    Door::look("/admin/users", Right::ViewUser),
    Door::look("/admin/users.csv", Right::ViewUser),
    Door::look("/admin/users/{id}", Right::ViewUser),
    Door::change_freshly("/admin/users/{id}/disable", Right::ChangeUser),
    Door::change_freshly("/admin/users/{id}/enable", Right::ChangeUser),
    Door::change("/admin/users/{id}/sign-out", Right::DeleteSession),
    Door::change_freshly("/admin/users/{id}/join", Right::ChangeGroup),
    Door::change_freshly("/admin/users/{id}/leave", Right::ChangeGroup),
];

/// Operators' pages, each behind its doors.
fn console(config: &mut ServiceConfig) {
    config
        .service(behind("/admin", |path| shown(path, LOOK, user::front)))
        .service(behind("/admin/audit", |path| shown(path, LOOK, audit::get)))
        .service(behind("/admin/audit.csv", |path| shown(path, LOOK, audit::csv)))
        .service(behind("/admin/audit.jsonl", |path| shown(path, LOOK, audit::jsonl)))
        .service(behind("/admin/groups", |path| shown(path, LOOK, groups::list)))
        .service(behind("/admin/groups/add", |path| page(path, "POST").route(post().to(groups::add))))
        .service(behind("/admin/groups/{id}", |path| shown(path, LOOK, groups::get)))
        .service(behind("/admin/groups/{id}/grant", |path| page(path, "POST").route(post().to(groups::grant))))
        .service(behind("/admin/groups/{id}/revoke", |path| page(path, "POST").route(post().to(groups::revoke))))
        .service(behind("/admin/groups/{id}/nest", |path| page(path, "POST").route(post().to(groups::nest))))
        .service(behind("/admin/groups/{id}/unnest", |path| page(path, "POST").route(post().to(groups::unnest))))
        .service(behind("/admin/groups/{id}/delete", |path| page(path, "POST").route(post().to(groups::delete))))
        .service(behind("/admin/users", |path| shown(path, LOOK, users::get)))
        .service(behind("/admin/users.csv", |path| shown(path, LOOK, users::csv)))
        .service(behind("/admin/users/{id}", |path| shown(path, LOOK, user::get)))
        .service(behind("/admin/users/{id}/disable", |path| page(path, "POST").route(post().to(user::disable))))
        .service(behind("/admin/users/{id}/enable", |path| page(path, "POST").route(post().to(user::enable))))
        .service(behind("/admin/users/{id}/sign-out", |path| page(path, "POST").route(post().to(user::sign_out))))
        .service(behind("/admin/users/{id}/join", |path| page(path, "POST").route(post().to(user::join))))
        .service(behind("/admin/users/{id}/leave", |path| page(path, "POST").route(post().to(user::leave))));
}

/// A route of the console, which asks for its own doors, however its path is spelled.
fn behind(path: &'static str, build: impl FnOnce(&'static str) -> Resource) -> impl HttpServiceFactory {
    build(path).wrap(from_fn(move |req, next| gate::pass((path, CONSOLE), req, next)))
}

/// Forms that do what cannot be done twice: pressed twice, both presses get one answer.
pub const PRESSED_ONCE: [&str; 11] = [
    "/account/api-keys/new",
    "/account/password",
    "/login/link",
    "/login/link/confirm",
    "/login/link/finish",
    "/password/change",
    "/password/reset/new",
    "/register",
    "/setup",
    "/verify-email",
    "/verify-email/confirm",
];

/// Where password managers send people (W3C change-password-url).
async fn change_password() -> HttpResponse {
    see_other("/account/password")
}

const BOTH: &str = "GET, POST";
const FORM: &str = "GET, HEAD, POST";
const LOOK: &str = "GET, HEAD";

/// A page to look at, by GET and HEAD; a form on it is posted to the same path where `methods` says so.
fn shown<F, Args>(path: &str, methods: &'static str, handler: F) -> Resource
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest + 'static,
{
    page(path, methods).route(get().to(handler.clone())).route(head().to(handler))
}

/// A page; other methods get one that says so, and `Allow` (RFC 9110 section 15.5.6).
fn page(path: &str, allow: &'static str) -> Resource {
    resource(path).default_service(to(move || async move { Err::<HttpResponse, _>(PageError::wrong_method(allow)) }))
}

/// An endpoint for programs; other methods get JSON that says so.
fn machine(path: &str, allow: &'static str) -> Resource {
    resource(path).default_service(to(move |req: HttpRequest| async move { answer::wrong_method(&req, allow) }))
}

/// An endpoint of the API; other methods are refused in its words.
fn api(path: &str, allow: &'static str) -> Resource {
    resource(path).default_service(to(move |req: HttpRequest| async move { api_answer::wrong_method(&req, allow) }))
}

/// An endpoint that scripts of other origins may call.
fn open(path: &str, allow: &'static str) -> Resource {
    machine(path, allow).route(method(Method::OPTIONS).to(cors::preflight))
}
