//! `/admin/clients/{id}`: one app, what it may do, and what an operator may do about it.

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Serialize;
use serde_json::Value;

use super::changes::Line;
use super::clients::{Badge, badges};
use super::frame::ConsolePage;
use super::list::{self, Tab};
use super::operator::{Operator, Ordered};
use super::undo::{Told, Undo};
use crate::accounts;
use crate::accounts::store::Identifiers;
use crate::admin::clients as deeds;
use crate::admin::deed::Stop;
use crate::admin::policy::{self, Actor, Right};
use crate::admin::store as console;
use crate::audit::Scene;
use crate::audit::store::{self as log, Direction, Entry, Filter};
use crate::clients::registration::Former;
use crate::clients::{Client, store};
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::oidc::preview::{self, Asked};
use crate::portal::http::when::{self, Moment};
use crate::spec::{Params, Scope};
use crate::traces::store as traces;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// Lines of the history on the page.
const EVENTS: i64 = 30;
/// Failed requests on the page.
const ATTEMPTS: i64 = 20;
/// People are counted so far.
const MOST_PEOPLE: i64 = 1000;
/// An old secret goes on serving so long when that is wished.
const OVERLAP: Duration = Duration::hours(24);

/// One app.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct ClientPage {
    client_id: String,
    name: String,
    logo: Option<String>,
    tabs: Vec<Tab>,
    badges: Vec<Badge>,
    facts: Vec<Fact>,
    endpoints: Vec<Fact>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    is_enabled: bool,
    has_secret: bool,
    /// Since when the secret is as it is.
    secret_age: Option<String>,
    /// Until when the one before serves.
    former_until: Option<String>,
    events: Option<Vec<Line>>,
    /// Nobody has signed in to it yet, and somebody should.
    is_unused: bool,
    /// Requests that failed lately.
    attempts: Option<Vec<Attempt>>,
    /// What the test is about, and what it came to.
    test: Option<Test>,
    refusal: Option<String>,
    may_test: bool,
    may_change: bool,
    may_delete: bool,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Fact {
    label: &'static str,
    value: String,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Test {
    user: String,
    scope: String,
    claims: Option<String>,
}

impl ConsolePage for ClientPage {
    const TEMPLATE: &'static str = "admin/client.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        self.name.clone()
    }

    fn sample() -> Self {
        let fact = || vec![Fact { label: "Type", value: "confidential".into() }];
        Self {
            client_id: "my-app".into(),
            name: "My app".into(),
            logo: Some("/logos/0".into()),
            tabs: list::tabs(&[("overview", "Overview", true)]),
            badges: vec![],
            facts: fact(),
            endpoints: fact(),
            redirect_uris: vec!["https://app.example.test/cb".into()],
            post_logout_redirect_uris: vec!["https://app.example.test/".into()],
            is_enabled: true,
            has_secret: true,
            secret_age: Some("3 days ago".into()),
            former_until: Some("2026-11-20 10:00 UTC".into()),
            events: Some(Line::sample()),
            is_unused: true,
            attempts: Some(vec![Attempt {
                id: "0".into(),
                what: "token: invalid_grant".into(),
                when: Moment::sample(),
                because: "a sample".into(),
            }]),
            test: Some(Test { user: "ada".into(), scope: "openid".into(), claims: Some("{}".into()) }),
            refusal: Some("a sample".into()),
            may_test: true,
            may_change: true,
            may_delete: true,
            flash: Some("a sample"),
            errors: vec![FieldError::new("user", "a sample")],
        }
    }
}

/// `GET /admin/clients/{id}`; with `user`, the claims that the app would get of them.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let flash = match query.find("done") {
        Some("saved") => Some("The app is changed."),
        Some("disabled") => Some("The app is disabled: nobody can use it, and its tokens are dead."),
        Some("enabled") => Some("The app is enabled."),
        Some("logo") => Some("The picture is changed."),
        Some("logo-removed") => Some("The picture is removed."),
        Some("former-ended") => Some("The old secret serves no more."),
        _ => None,
    };
    show(&operator, &id, &query, flash, vec![]).await
}

pub(super) async fn show(
    operator: &Operator,
    id: &str,
    query: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let (actor, id, app) = (operator.actor.clone(), id.to_owned(), operator.app.clone());
    let (user, scope) = (list::word(query, "user")?, list::word(query, "scope")?);
    let page = operator
        .read(move |conn| -> Result<_, Fault> {
            let Some(client) = store::find(conn, &id)? else { return Ok(None) };
            let mut page = load(conn, &client, &actor, &app.issuer, app.clock.now())?;
            if actor.may(Right::ViewUser) {
                let fields = &app.config.profile_fields;
                let (test, error) = try_out(conn, &client, &actor, (user, scope), fields)?;
                page.test = Some(test);
                page.errors.extend(error);
            }
            Ok(Some(page))
        })
        .await?;
    let mut page = page.ok_or_else(PageError::not_found)?;
    page.errors.extend(errors);
    operator.show(ClientPage { flash, ..page })
}

fn load(conn: &mut Conn, client: &Client, actor: &Actor, issuer: &str, now: Instant) -> Result<ClientPage, Fault> {
    let refusal = policy::check_known_client(conn, actor, client, issuer)?.err();
    let events = if actor.may(Right::ViewAuditEvent) {
        let about = Filter { client_id: Some(client.client_id.clone()), ..Filter::default() };
        let entries = log::look(conn, &about, Direction::Back, None, EVENTS)?.entries.into_iter();
        // Which app, the page says.
        let entries = entries.map(|entry| Entry { client_id: None, ..entry }).collect();
        Some(Line::all(conn, actor, entries, now)?)
    } else {
        None
    };
    let attempts = if actor.may(Right::ViewAuditEvent) { Some(attempts(conn, client, now)?) } else { None };
    let people = console::people_of_client(conn, &client.client_id, MOST_PEOPLE + 1)?;
    let is_unused = !client.redirect_uris.is_empty() && people == 0 && console::is_unused(conn, &client.client_id)?;
    let texts = |uris: &[crate::clients::RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    let may = |right| refusal.is_none() && actor.may(right);
    let (may_change, may_delete) = (may(Right::ChangeClient), may(Right::DeleteClient));
    Ok(ClientPage {
        tabs: list::tabs(&[
            ("overview", "Overview", true),
            ("addresses", "Addresses", true),
            ("endpoints", "Endpoints", true),
            ("test", "Claims", actor.may(Right::ViewUser)),
            ("branding", "Branding", may_change),
            ("credentials", "Credentials", may_change),
            ("trace", "Test and trace", attempts.is_some()),
            ("changes", "Changes", events.is_some()),
            ("danger", "Danger", may_change || may_delete),
        ]),
        client_id: client.client_id.clone(),
        name: client.name.clone(),
        logo: client.logo_path(),
        badges: badges(client, now),
        facts: facts(client, people),
        endpoints: endpoints(issuer),
        redirect_uris: texts(&client.redirect_uris),
        post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
        is_enabled: client.is_enabled,
        has_secret: client.secret.is_some(),
        secret_age: client.secret_set_at.map(|at| when::ago(at, now)),
        former_until: client
            .former_secret
            .as_ref()
            .filter(|former| now < former.until)
            .map(|former| when::at(former.until)),
        events,
        attempts,
        is_unused,
        test: None,
        may_test: actor.may(Right::ViewUser),
        may_change,
        may_delete,
        refusal: refusal.filter(|_| actor.may(Right::ChangeClient)).map(|refusal| refusal.to_string()),
        flash: None,
        errors: vec![],
    })
}

fn facts(client: &Client, people: i64) -> Vec<Fact> {
    let described = client.describe();
    let text = |name: &str| match described.get(name).unwrap_or(&Value::Null) {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    };
    let people = if people > MOST_PEOPLE { format!("more than {MOST_PEOPLE}") } else { people.to_string() };
    let all = [
        ("Client id", text("client_id")),
        ("Type", text("type")),
        ("People who allowed it", people),
        (
            "Proves itself by",
            client.auth_method.map_or_else(|| "secret, Basic or post".to_owned(), |one| one.to_string()),
        ),
        ("Grant types", text("grant_types")),
        ("Scopes", text("scope")),
        ("PKCE demanded", text("require_pkce")),
        ("Asks for consent", if client.skip_consent { "no" } else { "yes" }.to_owned()),
        ("Only for groups", text("restricted_to_groups")),
        ("Only for holders of", text("restricted_to_permission")),
        ("ID tokens", text("id_token_alg")),
        ("Access tokens", format!("{} {}", text("access_token_typ"), text("access_token_alg"))),
        ("APIs it asks for", text("audiences")),
        ("Is the API", text("serves")),
        ("Asks about permissions of", text("apps")),
        ("Home page", text("client_uri")),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| Fact { label, value }).collect()
}

fn endpoints(issuer: &str) -> Vec<Fact> {
    let base = issuer.trim_end_matches('/');
    let all = [
        ("Issuer", issuer.to_owned()),
        ("Discovery", format!("{base}/.well-known/openid-configuration")),
        ("Authorization", format!("{base}/oauth2/authorize")),
        ("Token", format!("{base}/oauth2/token")),
        ("Userinfo", format!("{base}/oauth2/userinfo")),
        ("Keys", format!("{base}/.well-known/jwks.json")),
        ("Sign-out", format!("{base}/oauth2/logout")),
    ];
    all.map(|(label, value)| Fact { label, value }).to_vec()
}

/// What the app would get of somebody: claims, never a token.
fn try_out(
    conn: &mut Conn,
    client: &Client,
    actor: &Actor,
    (user, scope): (String, String),
    fields: &[crate::config::ProfileField],
) -> Result<(Test, Option<FieldError>), Fault> {
    let scope = if scope.is_empty() { client.scope.to_string() } else { scope };
    let test = Test { user, scope, claims: None };
    if test.user.is_empty() {
        return Ok((test, None));
    }
    let by = Identifiers { username: true, email: false, phone: false };
    let Some(user) = accounts::store::find_by_identifier(conn, &test.user, by)? else {
        let error = FieldError::new("user", format!("There is nobody called “{}”.", test.user));
        return Ok((test, Some(error)));
    };
    let Ok(asked) = Scope::parse(&test.scope) else {
        return Ok((test, Some(FieldError::new("scope", "Enter scopes with spaces between."))));
    };
    let hidden = [(Right::ViewGroup, "groups"), (Right::ViewPermission, "permissions")];
    let hide = |scope: Scope, (right, name): (Right, &str)| if actor.may(right) { scope } else { scope.without(name) };
    let asked = hidden.into_iter().fold(asked, hide);
    let claims = preview::preview(conn, &user, client, Asked { scope: asked, request: None }, fields)?;
    let claims = claims.and_then(|claims| serde_json::to_string_pretty(&claims).ok());
    Ok((Test { claims, ..test }, None))
}

/// A request that failed.
#[derive(Clone, Debug, Serialize)]
struct Attempt {
    id: String,
    what: String,
    when: Moment,
    because: String,
}

fn attempts(conn: &mut Conn, client: &Client, now: Instant) -> Result<Vec<Attempt>, Fault> {
    let filter = traces::Filter { client_id: Some(client.client_id.clone()), limit: ATTEMPTS, ..Default::default() };
    let attempt = |trace: traces::Listed| Attempt {
        id: trace.id.to_string(),
        what: format!("{}: {}", trace.stage, trace.code),
        when: Moment::of(trace.at, now),
        because: trace.because,
    };
    Ok(traces::list(conn, &filter)?.into_iter().map(attempt).collect())
}

/// Carries out a deed about an app, and shows its page again.
pub(super) async fn change(
    operator: &Operator,
    id: &str,
    told: impl Into<Told>,
    deed: impl FnOnce(&mut Conn, &Actor, &str, &str, &Scene) -> Result<(), Stop> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let (scene, issuer, own, told) = (operator.scene(), operator.app.issuer.clone(), id.to_owned(), told.into());
    match operator.carry_out(move |conn, actor| deed(conn, actor, &own, &issuer, &scene)).await? {
        Ok(()) if told.what == "deleted" => Ok(see_other("/admin/clients?done=deleted")),
        Ok(()) => operator.done(&format!("/admin/clients/{id}"), &told),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewClient)?;
            show(operator, id, &Params::default(), None, errors).await
        }
    }
}

/// The form of this app that takes back what is told.
fn back(what: &'static str, id: &str, action: &str) -> Told {
    Told::with(what, Undo::by(format!("/admin/clients/{id}/{action}"), &[]))
}

/// `POST /admin/clients/{id}/disable`.
///
/// # Errors
/// A page.
pub async fn disable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, back("disabled", &id, "enable"), |conn, actor, id, issuer, scene| {
        deeds::set_enabled(conn, actor, (id, false), issuer, scene)
    })
    .await
}

/// `POST /admin/clients/{id}/enable`.
///
/// # Errors
/// A page.
pub async fn enable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, back("enabled", &id, "disable"), |conn, actor, id, issuer, scene| {
        deeds::set_enabled(conn, actor, (id, true), issuer, scene)
    })
    .await
}

/// `POST /admin/clients/{id}/delete`: its id has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let typed = form.find("delete-id").unwrap_or_default().trim().to_owned();
    change(&operator, &id, "deleted", move |conn, actor, id, issuer, scene| {
        deeds::delete(conn, actor, (id, &typed), issuer, scene)
    })
    .await
}

/// The new secret, once.
#[derive(Clone, Debug, Serialize)]
pub struct ClientSecretPage {
    client_id: String,
    secret: String,
    overlaps: bool,
}

impl ConsolePage for ClientSecretPage {
    const TEMPLATE: &'static str = "admin/client_secret.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        format!("New secret of {}", self.client_id)
    }

    fn sample() -> Self {
        Self { client_id: "my-app".into(), secret: "sample".into(), overlaps: true }
    }
}

/// `POST /admin/clients/{id}/end-former-secret`.
///
/// # Errors
/// A page.
pub async fn end_former_secret(
    Ordered { operator, .. }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    change(&operator, &id, "former-ended", deeds::end_former_secret).await
}

/// `POST /admin/clients/{id}/rotate-secret`: the answer shows the secret, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn rotate_secret(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let (scene, issuer, own) = (operator.scene(), operator.app.issuer.clone(), id.clone());
    let former = if form.has("overlap") { Former::Serves(OVERLAP) } else { Former::Ends };
    let rotated = operator
        .carry_out(move |conn, actor| deeds::rotate_secret(conn, actor, (&own, former), &issuer, &scene))
        .await?;
    match rotated {
        Ok(secret) => operator.show_once(ClientSecretPage {
            client_id: id.into_inner(),
            secret: secret.expose().clone(),
            overlaps: former != Former::Ends,
        }),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewClient)?;
            show(&operator, &id, &Params::default(), None, errors).await
        }
    }
}
