//! `/consent`: what an app asks for, in words.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::authorize::{self, Consented, advance_or_trace, refuse, resolve};
use crate::app::App;
use crate::oidc::OAuthError;
use crate::oidc::authorize::request::AuthorizeRequest;
use crate::oidc::authorize::resume::Resumes;
use crate::oidc::authorize::target::RedirectTarget;
use crate::oidc::consent::{self, describe};
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::sessions::http::current::viewer;
use crate::spec::{ErrorCode, Params};
use crate::tokens::grant::{self, Consent};
use crate::web::csrf::Binding;
use crate::web::headers::{FormAction, origin_of};
use crate::web::page::{Viewer, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

#[derive(Clone, Debug, Serialize)]
struct ScopeLine {
    name: String,
    text: String,
    sensitive: bool,
    is_new: bool,
}

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentPage {
    csrf: String,
    next: String,
    user: Viewer,
    client_name: String,
    client_logo: Option<String>,
    client_host: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    scopes: Vec<ScopeLine>,
    audiences: Vec<String>,
    claims: Vec<String>,
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "oidc/consent.html";

    fn title(&self) -> String {
        format!("Allow {}?", self.client_name)
    }

    fn sample() -> Self {
        let scope = |name: &str, sensitive| ScopeLine {
            name: name.into(),
            text: "See something".into(),
            sensitive,
            is_new: sensitive,
        };
        Self {
            csrf: String::new(),
            next: "/account".into(),
            user: Viewer { name: "Ada Lovelace".into(), username: "ada".into() },
            client_name: "Grafana".into(),
            client_logo: Some("/logos/0".into()),
            client_host: Some("grafana.example".into()),
            client_uri: Some("https://grafana.example/".into()),
            policy_uri: None,
            tos_uri: None,
            scopes: vec![scope("profile", false), scope("offline_access", true)],
            audiences: vec!["https://api.example/".into()],
            claims: vec!["Your phone number".into()],
        }
    }
}

/// The request behind a consent page.
fn request_of(params: &Params) -> Result<Params, PageError> {
    let next = params.one("next")?.and_then(ReturnTo::parse);
    next.and_then(|next| next.params_of(authorize::PATH))
        .ok_or_else(|| PageError::bad_request("next is no authorization request"))
}

fn to_login(request: &Params) -> HttpResponse {
    let next = ReturnTo::to(authorize::PATH, request);
    see_other(ReturnTo::to("/login", &Params::default().with("next", next.as_str())).as_str())
}

/// `GET /consent`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let params = request_of(&form::query(&req)?)?;
    let Some(session) = current.0 else { return Ok(to_login(&params)) };
    let bare = Resumes::strip(params.clone());
    let target = resolve(&app, &bare).await?;
    let request = match AuthorizeRequest::parse(&bare, &target, &app.keyring, &app.issuer) {
        Ok(request) => request,
        Err(refusal) => return refuse(&req, &app, &target, &refusal),
    };
    let (client, user) = (target.client().clone(), session.user_id);
    let given = app.db.read(move |conn| grant::find(conn, user, &client)).await?;
    let is_open =
        !target.client().skip_consent && !given.as_ref().is_some_and(|given| given.covers(&request.consent()));
    if !is_open && !request.prompts.consent {
        // Allowed meanwhile, in another tab.
        return Ok(see_other(ReturnTo::to(authorize::PATH, &params).as_str()));
    }
    let page = page(&app, &session, &target, (&request, given.as_ref()), &params);
    app.pages.answer(&req, StatusCode::OK, &page, &FormAction(origin_of(target.redirect_uri())))
}

fn page(
    app: &App,
    session: &Session,
    target: &RedirectTarget,
    (request, given): (&AuthorizeRequest, Option<&Consent>),
    params: &Params,
) -> ConsentPage {
    let client = target.client();
    let mut names: Vec<&str> = request.scope.iter().collect();
    names.sort_by_key(|name| place_on_page(name));
    let scopes = names.into_iter().map(|name| {
        let described = describe(name);
        ScopeLine {
            name: name.to_owned(),
            text: described.map_or_else(|| format!("Use “{name}”"), |known| known.text.to_owned()),
            sensitive: described.is_some_and(|known| known.is_sensitive),
            is_new: given.is_some_and(|given| !given.scope.has(name)),
        }
    });
    let url = url::Url::parse(target.redirect_uri()).ok();
    ConsentPage {
        csrf: app.csrf.token(&Binding::Session(session.id.to_string())),
        next: ReturnTo::to(authorize::PATH, params).to_string(),
        user: viewer(session),
        client_name: client.name.clone(),
        client_logo: client.logo_path(),
        client_host: url.and_then(|url| url.host_str().map(str::to_owned)),
        client_uri: client.client_uri.clone(),
        policy_uri: client.policy_uri.clone(),
        tos_uri: client.tos_uri.clone(),
        scopes: scopes.collect(),
        audiences: request.audiences.iter().map(str::to_owned).collect(),
        claims: request.consent().claims.iter().map(|name| format!("See your {}", name.replace('_', " "))).collect(),
    }
}

/// Who one is comes first, what lasts comes last.
fn place_on_page(scope: &str) -> usize {
    let known = ["openid", "profile", "email", "phone", "address", "groups", "permissions"];
    let own = known.len();
    if scope == "offline_access" { own + 1 } else { known.iter().position(|name| *name == scope).unwrap_or(own) }
}

/// `POST /consent`.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    let params = request_of(&form)?;
    let Some(session) = current.0 else { return Ok(to_login(&params)) };
    app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
    match form.find("decision") {
        Some("allow") => advance_or_trace(&req, &app, Some(session), params, Consented::Yes).await,
        Some("deny") => deny(&req, &app, session, &params).await,
        _ => Err(PageError::bad_request("the decision is neither allow nor deny")),
    }
}

async fn deny(req: &HttpRequest, app: &App, session: Session, params: &Params) -> Result<HttpResponse, PageError> {
    let target = resolve(app, &Resumes::strip(params.clone())).await?;
    let scene = app.scene(req, &session.username);
    let own_target = target.clone();
    app.db.write(move |conn| consent::deny(conn, &own_target, &session, &scene)).await?;
    let refusal = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
    refuse(req, app, &target, &refusal)
}
