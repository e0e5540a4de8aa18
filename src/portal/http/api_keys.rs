//! `/account/api-keys/new`.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use super::when;
use crate::kernel::fault::Fault;
use crate::login::courier::facts;
use crate::mail::letter::Letter;
use crate::oidc::consent::describe;
use crate::spec::plain::misleads;
use crate::spec::{Params, Scope};
use crate::tokens::api_key::{self, NewApiKey};
use crate::web::PageError;
use crate::web::again::ShownOnce;
use crate::web::page::FieldError;

/// The form.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKeyNewPage {
    name: String,
    scopes: Vec<ScopeChoice>,
    lifetimes: Vec<LifeChoice>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct ScopeChoice {
    value: &'static str,
    label: &'static str,
    checked: bool,
}

#[derive(Clone, Debug, Serialize)]
struct LifeChoice {
    value: &'static str,
    label: &'static str,
    selected: bool,
}

/// The key, once.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKeyMadePage {
    name: String,
    secret: String,
    expires: Option<String>,
}

impl AccountPage for ApiKeyNewPage {
    const TEMPLATE: &'static str = "account/api_key_new.html";
    const PATH: &'static str = "/account/api-keys/new";
    const MENU: &'static str = "security";
    const REPEATED: &'static [&'static str] = &["scopes"];

    fn title(&self) -> String {
        "New API key".into()
    }

    fn sample() -> Self {
        let errors = vec![FieldError::new("name", "a sample")];
        Self::of(&Params::default(), errors)
    }
}

impl AccountPage for ApiKeyMadePage {
    const TEMPLATE: &'static str = "account/api_key_made.html";
    const PATH: &'static str = ApiKeyNewPage::PATH;
    const MENU: &'static str = "security";

    fn title(&self) -> String {
        "Your new API key".into()
    }

    fn sample() -> Self {
        Self { name: "Backup".into(), secret: "ptc_sample".into(), expires: Some("2026-12-01".into()) }
    }
}

/// Scopes that a key may have.
const SCOPES: [&str; 9] =
    ["openid", "profile", "email", "address", "phone", "groups", "permissions", "api:read", "api:write"];
/// How long a key may serve, in days; none: until it is revoked.
const LIVES: [(&str, &str, Option<i64>); 4] =
    [("30", "30 days", Some(30)), ("90", "90 days", Some(90)), ("365", "1 year", Some(365)), ("0", "No end", None)];
const USUAL_LIFE: &str = "90";
const MAX_NAME_CHARS: usize = 100;

impl ApiKeyNewPage {
    fn of(typed: &Params, errors: Vec<FieldError>) -> Self {
        let life = typed.find("lifetime").unwrap_or(USUAL_LIFE);
        let chosen: Vec<&str> = typed.values("scopes").collect();
        let label = |scope: &'static str| describe(scope).map_or(scope, |known| known.text);
        Self {
            name: typed.find("name").unwrap_or_default().to_owned(),
            scopes: SCOPES
                .into_iter()
                .map(|value| ScopeChoice { value, label: label(value), checked: chosen.contains(&value) })
                .collect(),
            lifetimes: LIVES
                .into_iter()
                .map(|(value, label, _)| LifeChoice { value, label, selected: value == life })
                .collect(),
            errors,
        }
    }
}

/// `GET /account/api-keys/new`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<ApiKeyNewPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let openid = Params::default().with("scopes", "openid");
    asker.show(ApiKeyNewPage::of(&openid, vec![]))
}

/// `POST /account/api-keys/new`: the answer shows the key, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn post(Posted { asker, form }: Posted<ApiKeyNewPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let new = match read(&form) {
        Ok(new) => new,
        Err(errors) => return asker.show(ApiKeyNewPage::of(&form, errors)),
    };
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    let expires = new.life.map(|life| when::on(scene.now + life));
    let name = new.name.clone();
    let made = asker
        .app
        .db
        .write(move |conn| -> Result<_, Fault> {
            let made = api_key::make(conn, user.id, &new, &scene)?;
            if made.is_some() {
                let letter =
                    Letter::ApiKeyCreated { username: user.username.clone(), name: new.name, facts: facts(&scene) };
                courier.notify(conn, &user, &letter, &scene)?;
            }
            Ok(made)
        })
        .await?;
    let Some((_, secret)) = made else {
        let errors = vec![FieldError::new("", "You have as many keys as one account may have. Revoke one first.")];
        return asker.show(ApiKeyNewPage::of(&form, errors));
    };
    let mut page = asker.show(ApiKeyMadePage { name, secret: secret.expose().clone(), expires })?;
    page.extensions_mut().insert(ShownOnce);
    Ok(page)
}

fn read(form: &Params) -> Result<NewApiKey, Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = form.find("name").unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(misleads) {
        errors.push(FieldError::new("name", "Give the key a name, so that you know it again."));
    }
    let chosen: Vec<&str> = form.values("scopes").collect();
    let sound = !chosen.is_empty() && chosen.iter().all(|scope| SCOPES.contains(scope));
    let scope = Scope::parse(&chosen.join(" ")).ok().filter(|_| sound);
    if scope.is_none() {
        errors.push(FieldError::new("scopes", "Choose what the key may be used for."));
    }
    let life = LIVES.iter().find(|(value, ..)| Some(*value) == form.find("lifetime"));
    if life.is_none() {
        errors.push(FieldError::new("lifetime", "Choose how long the key works."));
    }
    match (scope, life) {
        (Some(scope), Some((.., days))) if errors.is_empty() => {
            Ok(NewApiKey { name, scope, life: days.map(chrono::Duration::days) })
        }
        _ => Err(errors),
    }
}
