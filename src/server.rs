//! The HTTP server: middleware in order, with a reason each, time-outs, a graceful stop.

pub mod health;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_web::body::MessageBody;
use actix_web::cookie::{Key, SameSite, time};
use actix_web::dev::{Server, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App as Router, Error, HttpServer, web};

use crate::app::App;
use crate::config::SessionStore;
use crate::routes;
use crate::sessions::http::carriers::Carrier;
use crate::sessions::http::cookie_store::CookieStore;
use crate::sessions::http::current::UntilClosed;
use crate::web::again::{self, Again};
use crate::web::edge;

/// Set once the process is asked to stop: `/readyz` turns red at once.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// The process stops.
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the process stops.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server that has bound its address.
pub struct Bound {
    /// To be awaited.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
    /// Says that it stops.
    pub stopping: Stopping,
    /// Its certificate, when it speaks TLS.
    pub certificate: Option<Arc<tls::Certificate>>,
}

/// Headers must be complete within this time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// An idle connection is kept this long.
const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// Binds the configured address.
///
/// # Errors
/// In words: an address in use, a certificate that cannot be read.
pub fn bind(app: &web::Data<App>) -> Result<Bound, String> {
    let server = &app.config.server;
    let (listen, workers, shutdown) = (server.listen, server.workers, server.shutdown.as_secs());
    let tls_files = server.tls.clone();
    let stopping = Stopping::default();
    let (data, stop_flag) = (app.clone(), web::Data::new(stopping.clone()));
    let carrier = Arc::new(carrier(app)?);
    let again = Again::default();
    let router = move || {
        let (app, forms, again) = (data.clone(), data.clone(), again.clone());
        Router::new()
            .app_data(data.clone())
            .app_data(stop_flag.clone())
            // Outermost, so that every answer has an id and every error a page.
            .wrap(from_fn(move |req, next| {
                let app = app.clone();
                async move { edge::pass(app.edge(), req, next).await }
            }))
            // Programs first: they are the many, and carry no session.
            .configure(routes::machines)
            // Reads the session cookie; knows nothing of anonymous visitors.
            .service(
                web::scope("")
                    .wrap(session_middleware(&data, &carrier))
                    .wrap(from_fn(shorten_cookie))
                    // Around the cookies: a second press needs those of the first.
                    .wrap(from_fn(move |req, next| {
                        let (again, forms) = (again.clone(), forms.clone());
                        async move { again::pass(again, routes::is_pressed_once, &forms.csrf, req, next).await }
                    }))
                    .configure(routes::browsers),
            )
            .default_service(web::to(routes::nothing_here))
    };
    let http = HttpServer::new(router)
        .workers(workers)
        .client_request_timeout(REQUEST_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(shutdown)
        .disable_signals();
    let in_words = |error: std::io::Error| format!("cannot listen on {listen}: {error}");
    let (http, certificate) = match tls_files {
        None => (http.bind(listen).map_err(in_words)?, None),
        Some(files) => {
            let certificate = tls::Certificate::load(&files)?;
            app.note_certificate(certificate.ends_at());
            let config = tls::server_config(Arc::clone(&certificate))?;
            (http.bind_rustls_0_23(listen, config).map_err(in_words)?, Some(certificate))
        }
    };
    let address = http.addrs().first().copied().unwrap_or(listen);
    Ok(Bound { server: http.run(), address, stopping, certificate })
}

/// What the session cookie carries, by the configuration.
fn carrier(app: &App) -> Result<Carrier, String> {
    let sessions = &app.config.sessions;
    match (sessions.store, &sessions.redis_url) {
        (SessionStore::Cached | SessionStore::Database, _) => Ok(Carrier::Plain),
        (SessionStore::Cookie, _) => Ok(Carrier::Sealed(app.sealer.clone())),
        (SessionStore::Redis, Some(url)) => Ok(Carrier::redis(url.clone())),
        (SessionStore::Redis, None) => Err("sessions.store is redis, and sessions.redis_url is not set".into()),
    }
}

/// The cookie: opaque, host-bound, as long as the session may last.
fn session_middleware(app: &web::Data<App>, carrier: &Arc<Carrier>) -> SessionMiddleware<CookieStore> {
    let is_https = app.config.server.public_url.is_https();
    let name = if is_https { "__Host-portcullis" } else { "portcullis" };
    let life = time::Duration::try_from(app.config.sessions.absolute).unwrap_or(time::Duration::days(90));
    SessionMiddleware::builder(CookieStore::new(app.clone(), Arc::clone(carrier)), Key::from(app.cookie_key.expose()))
        .cookie_name(name.to_owned())
        .cookie_path("/".to_owned())
        .cookie_secure(is_https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(PersistentSession::default().session_ttl(life))
        .build()
}

/// Takes the age off the session cookie of somebody who does not stay signed in.
async fn shorten_cookie<B: MessageBody>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(req).await?;
    if response.response().extensions().get::<UntilClosed>().is_none() {
        return Ok(response);
    }
    let cookies: Vec<HeaderValue> = response.headers_mut().remove(header::SET_COOKIE).collect();
    for value in cookies {
        let kept = value.to_str().ok().filter(|text| is_session_cookie(text)).map(without_age);
        let value = kept.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or(value);
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn is_session_cookie(line: &str) -> bool {
    line.starts_with("portcullis=") || line.starts_with("__Host-portcullis=")
}

fn without_age(line: &str) -> String {
    let is_age = |part: &str| part.trim_start().starts_with("Max-Age=") || part.trim_start().starts_with("Expires=");
    line.split(';').filter(|part| !is_age(part)).collect::<Vec<_>>().join(";")
}

/// Waits for SIGINT or SIGTERM, turns `/readyz` red, lets open requests end.
///
/// # Errors
/// When the signals cannot be listened to.
pub async fn stop_on_signal(handle: ServerHandle, stopping: Stopping) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    stopping.set();
    handle.stop(true).await;
    Ok(())
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("address", &self.address).finish_non_exhaustive()
    }
}
