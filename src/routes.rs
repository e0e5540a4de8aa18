//! THE table: method, path, handler for the whole server on one page.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, get, head, method, post, resource, to};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};

use crate::admin::http::gate::{self, Door};
use crate::admin::http::{
    apis, audit, audit_event, bulk, bundle, client, client_form, client_logo, client_test, clients, dashboard, group,
    groups, imports, invitations, keys, mail, overview, permission, permissions, settings, traces, user, user_deeds,
    user_form, users,
};
use crate::admin::policy::Right;
use crate::api::http::{answer as api_answer, authzen, docs, rest, token_pair};
use crate::api::rest::endpoints;
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
        .configure(rest_api)
        .service(machine("/api/openapi.json", LOOK).route(get().to(rest::document)).route(head().to(rest::document)))
        .service(shown("/api/docs", LOOK, docs::get))
        .service(resource("/forward-auth").route(to(forward_auth::forward)))
        .service(resource("/forward-auth/check").route(to(forward_auth::check)))
        .service(resource("/forward-auth/envoy{tail:/.*}").route(to(forward_auth::envoy)))
        .service(machine("/readyz", LOOK).route(get().to(health::ready)).route(head().to(health::ready)))
        .service(shown("/pictures/{id}", LOOK, picture::get))
        .service(shown("/logos/{id}", LOOK, picture::logo))
        .service(shown("/assets/{version}/{path:.*}", LOOK, assets::get));
    for path in ["/healthz", "/health", "/livez"] {
        config.service(machine(path, LOOK).route(get().to(health::process)).route(head().to(health::process)));
    }
}

/// Every path of the API's table.
fn rest_api(config: &mut ServiceConfig) {
    for path in endpoints::paths() {
        let served = move |req, app, body| rest::serve(path, req, app, body);
        config.service(resource(format!("{}{path}", endpoints::BASE)).route(to(served)));
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

/// Operators' pages: each path with its doors, what each takes, and what answers behind it. What is not here is shut.
macro_rules! console {
    ($($path:literal => $($door:ident($($inside:tt)*))+;)*) => {
        /// What each route of the console takes.
        pub const CONSOLE: &[Door] = &[$($(console!(@door $path $door($($inside)*))),+),*];

        fn console(config: &mut ServiceConfig) {
            config$(.service(behind($path, |path| {
                let resource = page(path, "");
                $(let resource = console!(@route resource $door($($inside)*));)+
                resource
            })))*;
        }
    };
    (@door $path:literal staff($handler:path)) => { Door::for_staff($path) };
    (@door $path:literal look_at_all($handler:path)) => { Door::look_at_all($path) };
    (@door $path:literal change_all($handler:path)) => { Door::change_all($path) };
    (@door $path:literal look($right:ident, $handler:path)) => { Door::look($path, Right::$right) };
    (@door $path:literal look($right:ident or manager, $handler:path)) => { Door::look($path, Right::$right).or_manager() };
    (@door $path:literal change($right:ident, $handler:path)) => { Door::change($path, Right::$right) };
    (@door $path:literal freshly($right:ident, $handler:path)) => { Door::change_freshly($path, Right::$right) };
    (@door $path:literal freshly($right:ident or manager, $handler:path)) => {
        Door::change_freshly($path, Right::$right).or_manager()
    };
    (@route $resource:ident staff($handler:path)) => { console!(@look $resource $handler) };
    (@route $resource:ident look_at_all($handler:path)) => { console!(@look $resource $handler) };
    (@route $resource:ident change_all($handler:path)) => { $resource.route(post().to($handler)) };
    (@route $resource:ident look($right:ident $(or $manager:ident)?, $handler:path)) => { console!(@look $resource $handler) };
    (@route $resource:ident $door:ident($right:ident $(or $manager:ident)?, $handler:path)) => {
        $resource.route(post().to($handler))
    };
    (@look $resource:ident $handler:path) => { $resource.route(get().to($handler)).route(head().to($handler)) };
}

console! {
    "/admin"                              => staff(dashboard::get);
    "/admin/apis"                         => look(ViewClient, apis::get);
    "/admin/audit"                        => look(ViewAuditEvent, audit::get);
    "/admin/audit.csv"                    => look(ViewAuditEvent, audit::csv);
    "/admin/audit.jsonl"                  => look(ViewAuditEvent, audit::jsonl);
    "/admin/audit/views/add"              => change(ViewAuditEvent, audit::save_view);
    "/admin/audit/views/{id}/forget"      => change(ViewAuditEvent, audit::forget_view);
    "/admin/audit/{id}"                   => look(ViewAuditEvent, audit_event::get);
    "/admin/clients"                      => look(ViewClient, clients::get);
    "/admin/clients.csv"                  => look(ViewClient, clients::csv);
    "/admin/clients/add"                  => look(AddClient, clients::add) freshly(AddClient, clients::post_add);
    "/admin/clients/bulk/disable"         => look(ChangeClient, bulk::get) freshly(ChangeClient, bulk::post);
    "/admin/clients/bulk/enable"          => look(ChangeClient, bulk::get) freshly(ChangeClient, bulk::post);
    "/admin/clients/new"                  => look(AddClient, clients::gallery);
    "/admin/clients/{id}"                 => look(ViewClient, client::get);
    "/admin/clients/{id}/delete"          => freshly(DeleteClient, client::delete);
    "/admin/clients/{id}/disable"         => freshly(ChangeClient, client::disable);
    "/admin/clients/{id}/edit"            => look(ChangeClient, client_form::edit) freshly(ChangeClient, client_form::post_edit);
    "/admin/clients/{id}/enable"          => freshly(ChangeClient, client::enable);
    "/admin/clients/{id}/end-former-secret" => freshly(ChangeClient, client::end_former_secret);
    "/admin/clients/{id}/logo"            => freshly(ChangeClient, client_logo::post);
    "/admin/clients/{id}/remove-logo"     => freshly(ChangeClient, client_logo::remove);
    "/admin/clients/{id}/rotate-secret"   => freshly(ChangeClient, client::rotate_secret);
    "/admin/clients/{id}/test"            => look(ChangeClient, client_test::test) freshly(ChangeClient, client_test::post_test);
    "/admin/groups"                       => look(ViewGroup or manager, groups::list);
    "/admin/groups.csv"                   => look(ViewGroup, groups::csv);
    "/admin/groups/add"                   => freshly(AddGroup, groups::add);
    "/admin/groups/{id}"                  => look(ViewGroup or manager, group::get);
    "/admin/groups/{id}/add-member"       => freshly(ChangeGroup or manager, group::add_member);
    "/admin/groups/{id}/appoint"          => freshly(ChangeGroup, group::appoint);
    "/admin/groups/{id}/default"          => freshly(ChangeGroup, group::set_default);
    "/admin/groups/{id}/delete"           => freshly(DeleteGroup, group::delete);
    "/admin/groups/{id}/dismiss"          => freshly(ChangeGroup, group::dismiss);
    "/admin/groups/{id}/grant"            => freshly(ChangeGroup, group::grant);
    "/admin/groups/{id}/nest"             => freshly(ChangeGroup, group::nest);
    "/admin/groups/{id}/remove-member"    => freshly(ChangeGroup or manager, group::remove_member);
    "/admin/groups/{id}/rename"           => freshly(ChangeGroup, group::rename);
    "/admin/groups/{id}/revoke"           => freshly(ChangeGroup, group::revoke);
    "/admin/groups/{id}/unnest"           => freshly(ChangeGroup, group::unnest);
    "/admin/imports/{id}"                 => look(AddUser, imports::get);
    "/admin/imports/{id}/report.csv"      => look(AddUser, imports::report);
    "/admin/imports/{id}/start"           => freshly(AddUser, imports::start);
    "/admin/imports/{id}/stop"            => change(AddUser, imports::stop);
    "/admin/invitations"                  => look(ViewInvitation, invitations::get);
    "/admin/invitations.csv"              => look(ViewInvitation, invitations::csv);
    "/admin/invitations/bulk/withdraw"    => look(DeleteInvitation, bulk::get) freshly(DeleteInvitation, bulk::post);
    "/admin/invitations/add"              => freshly(AddInvitation, invitations::add);
    "/admin/invitations/{id}/withdraw"    => change(DeleteInvitation, invitations::withdraw);
    "/admin/keys"                         => look(ViewSigningKey, keys::get);
    "/admin/keys/rotate"                  => freshly(ChangeSigningKey, keys::rotate);
    "/admin/keys/{kid}/retire"            => look(ChangeSigningKey, keys::ask) freshly(ChangeSigningKey, keys::retire);
    "/admin/mail"                         => look(ViewMail, mail::get);
    "/admin/mail.csv"                     => look(ViewMail, mail::csv);
    "/admin/mail/letters/{letter}"        => look(ViewMail, mail::letter);
    "/admin/mail/letters/{letter}/html"   => look(ViewMail, mail::letter_html);
    "/admin/mail/retry"                   => change(ChangeMail, mail::retry);
    "/admin/mail/test"                    => freshly(ChangeMail, mail::test);
    "/admin/permissions"                  => look(ViewPermission, permissions::get);
    "/admin/permissions.csv"              => look(ViewPermission, permissions::csv);
    "/admin/permissions/add"              => freshly(AddPermission, permissions::add);
    "/admin/permissions/add-model"        => freshly(AddPermission, permissions::add_model);
    "/admin/permissions/overview"         => look(ViewPermission, overview::get);
    "/admin/permissions/{name}"           => look(ViewPermission, permission::get);
    "/admin/permissions/{name}/delete"    => freshly(DeletePermission, permission::delete);
    "/admin/permissions/{name}/grant"     => freshly(ChangePermission, permission::grant);
    "/admin/permissions/{name}/revoke"    => freshly(ChangePermission, permission::revoke);
    "/admin/settings"                     => look(ViewSetting, settings::get);
    "/admin/settings/export.json"         => look_at_all(bundle::export);
    "/admin/settings/import"              => look_at_all(bundle::form) change_all(bundle::post);
    "/admin/traces"                       => look(ViewAuditEvent, traces::get);
    "/admin/traces.csv"                   => look(ViewAuditEvent, traces::csv);
    "/admin/traces/{id}"                  => look(ViewAuditEvent, traces::one);
    "/admin/traces/{id}/add-redirect-uri" => freshly(ChangeClient, traces::add_redirect_uri);
    "/admin/users"                        => look(ViewUser, users::get);
    "/admin/users/add"                    => look(AddUser, user_form::add) freshly(AddUser, user_form::post_add);
    "/admin/users/bulk/disable"           => look(ChangeUser, bulk::get) freshly(ChangeUser, bulk::post);
    "/admin/users/bulk/enable"            => look(ChangeUser, bulk::get) freshly(ChangeUser, bulk::post);
    "/admin/users/bulk/join"              => look(ChangeGroup, bulk::get) freshly(ChangeGroup, bulk::post);
    "/admin/users/bulk/leave"             => look(ChangeGroup, bulk::get) freshly(ChangeGroup, bulk::post);
    "/admin/users/bulk/sign-out"          => look(DeleteSession, bulk::get) freshly(DeleteSession, bulk::post);
    "/admin/users/import"                 => look(AddUser, imports::form) freshly(AddUser, imports::post);
    "/admin/users/{id}"                   => look(ViewUser, user::get);
    "/admin/users/{id}/delete"            => freshly(DeleteUser, user_deeds::delete);
    "/admin/users/{id}/disable"           => freshly(ChangeUser, user_deeds::disable);
    "/admin/users/{id}/edit"              => look(ChangeUser, user_form::edit) freshly(ChangeUser, user_form::post_edit);
    "/admin/users/{id}/end-session"       => freshly(DeleteSession, user_deeds::end_session);
    "/admin/users/{id}/make-key"          => freshly(AddApiKey, user_deeds::make_key);
    "/admin/users/{id}/revoke-key"        => freshly(DeleteApiKey, user_deeds::revoke_key);
    "/admin/users/{id}/enable"            => freshly(ChangeUser, user_deeds::enable);
    "/admin/users/{id}/join"              => freshly(ChangeGroup, user_deeds::join);
    "/admin/users/{id}/leave"             => freshly(ChangeGroup, user_deeds::leave);
    "/admin/users/{id}/password"          => look(ChangeUser, user_form::password) freshly(ChangeUser, user_form::post_password);
    "/admin/users/{id}/recover"           => freshly(ChangeUser, user_deeds::recover);
    "/admin/users/{id}/reset"             => freshly(ChangeUser, user_deeds::reset);
    "/admin/users/{id}/revoke-app"        => freshly(DeleteGrant, user_deeds::revoke_app);
    "/admin/users/{id}/sign-out"          => freshly(DeleteSession, user_deeds::sign_out);
    "/admin/users/{id}/unlock"            => change(ChangeUser, user_deeds::unlock);
    "/admin/users.csv"                    => look(ViewUser, users::csv);
}

/// A route of the console, which asks for its own doors, however its path is spelled.
fn behind(path: &'static str, build: impl FnOnce(&'static str) -> Resource) -> impl HttpServiceFactory {
    build(path).wrap(from_fn(move |req, next| gate::pass((path, CONSOLE), req, next)))
}

/// Forms that do what cannot be done twice: pressed twice, both presses get one answer.
const PRESSED_ONCE: [&str; 14] = [
    "/account/api-keys/new",
    "/account/password",
    "/admin/clients/add",
    "/admin/invitations/add",
    "/admin/users/add",
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

/// The same of one app or one account: pages that show a secret, which nobody sees again.
const PRESSED_ONCE_OF_ONE: [&str; 3] = ["/rotate-secret", "/make-key", "/recover"];

/// Whether the form of this path does what cannot be done twice.
#[must_use]
pub fn is_pressed_once(path: &str) -> bool {
    let of_one = || PRESSED_ONCE_OF_ONE.iter().any(|end| path.ends_with(end));
    PRESSED_ONCE.contains(&path)
        || (path.starts_with("/admin/") && (path.starts_with("/admin/users/bulk/") || of_one()))
}

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

/// There is nothing at this path: each part of the house says so in its own words.
///
/// # Errors
/// The page that says so.
pub async fn nothing_here(req: HttpRequest) -> Result<HttpResponse, PageError> {
    let is_below =
        |base: &str| req.path().strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_below(endpoints::BASE) {
        return Ok(rest::nothing_here(&req));
    }
    if is_below("/access/v1") || is_below("/api") {
        return Ok(api_answer::nothing_here(&req));
    }
    Err(PageError::not_found())
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
