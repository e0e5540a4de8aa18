//! THE table: method, path, handler for the whole server on one page.

use actix_web::web::{ServiceConfig, get, head, method, post, resource};
use actix_web::{Resource, http::Method};

use crate::login::http::{account, choose, login, logout, setup};
use crate::oidc::http::{authorize, consent, end_session, introspect, metadata, revoke, token, userinfo};
use crate::server::health;
use crate::web::{assets, cors};

/// Endpoints for programs, and static files: no session is read for them.
pub fn machines(config: &mut ServiceConfig) {
    config
        .service(open("/.well-known/jwks.json").route(get().to(metadata::jwks)).route(head().to(metadata::jwks)))
        .service(
            open("/.well-known/openid-configuration")
                .route(get().to(metadata::discovery))
                .route(head().to(metadata::discovery)),
        )
        .service(
            open("/.well-known/oauth-authorization-server")
                .route(get().to(metadata::discovery))
                .route(head().to(metadata::discovery)),
        )
        .service(resource("/oauth2/introspect").route(post().to(introspect::post)))
        .service(open("/oauth2/userinfo").route(get().to(userinfo::get)).route(post().to(userinfo::post)))
        .service(open("/oauth2/token").route(post().to(token::post)))
        .service(open("/oauth2/revoke").route(post().to(revoke::post)))
        .service(resource(["/healthz", "/health", "/livez"]).route(get().to(health::process)))
        .service(resource("/readyz").route(get().to(health::ready)))
        .service(resource("/assets/{version}/{path:.*}").route(get().to(assets::get)));
}

/// Endpoints that browsers visit: the session is read for them.
pub fn browsers(config: &mut ServiceConfig) {
    config
        .service(resource("/oauth2/authorize").route(get().to(authorize::get)).route(post().to(authorize::post)))
        .service(resource("/oauth2/logout").route(get().to(end_session::get)).route(post().to(end_session::post)))
        .service(resource("/consent").route(get().to(consent::get)).route(post().to(consent::post)))
        .service(resource("/login").route(get().to(login::get)).route(post().to(login::post)))
        .service(resource("/login/choose").route(get().to(choose::get)))
        .service(resource("/login/continue").route(post().to(choose::post_continue)))
        .service(resource("/login/switch").route(post().to(choose::post_switch)))
        .service(resource("/logout").route(get().to(logout::get)).route(post().to(logout::post)))
        .service(resource("/logged-out").route(get().to(logout::done)))
        .service(resource("/setup").route(get().to(setup::get)).route(post().to(setup::post)))
        .service(resource("/setup/done").route(get().to(setup::done)))
        .service(resource("/account").route(get().to(account::get)))
        .service(resource("/account/sessions/end").route(post().to(account::end_one)))
        .service(resource("/account/sessions/end-all").route(post().to(account::end_all)))
        .service(resource("/").route(get().to(account::front)));
}

/// A resource that scripts of other origins may call.
fn open(path: &str) -> Resource {
    resource(path).route(method(Method::OPTIONS).to(cors::preflight))
}
