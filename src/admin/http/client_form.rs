//! `/admin/clients/{id}/edit`: everything about an app that can be another.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::clients::words;
use super::frame::ConsolePage;
use super::list::Choice;
use super::operator::{Operator, Ordered, done};
use crate::admin::clients as deeds;
use crate::admin::policy::{self, Right};
use crate::admin::version;
use crate::clients::client::Kind;
use crate::clients::metadata::Draft;
use crate::clients::{Client, store};
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::{AuthMethod, GrantType, Params};
use crate::web::PageError;
use crate::web::page::FieldError;

/// The form. Lists are lines.
#[derive(Clone, Debug, Serialize)]
pub struct EditClientPage {
    client_id: String,
    title_name: String,
    version: String,
    is_confidential: bool,
    is_superuser: bool,
    texts: Texts,
    boxes: Boxes,
    auth_methods: Vec<Choice>,
    id_token_algs: Vec<Choice>,
    access_token_algs: Vec<Choice>,
    access_token_typs: Vec<Choice>,
    errors: Vec<FieldError>,
}

/// What is typed.
#[derive(Clone, Debug, Default, Serialize)]
struct Texts {
    name: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    scope: String,
    audiences: String,
    serves: String,
    apps: String,
    restricted_to_groups: String,
    restricted_to_permission: String,
    access_ttl_secs: String,
    default_max_age_secs: String,
    client_uri: String,
    policy_uri: String,
    tos_uri: String,
    jwks: String,
}

/// What is ticked.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "boxes that are ticked or not")]
struct Boxes {
    authorization_code: bool,
    refresh_token: bool,
    client_credentials: bool,
    skip_consent: bool,
    require_pkce: bool,
    claims_in_id_token: bool,
    allow_magic_link: bool,
    allow_token_pair: bool,
}

impl ConsolePage for EditClientPage {
    const TEMPLATE: &'static str = "admin/client_edit.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        format!("Change {}", self.title_name)
    }

    fn sample() -> Self {
        let draft = Draft::new("my-app".into(), Kind::Confidential);
        Self::of(&draft, "My app", String::new(), true, vec![FieldError::new("redirect_uris", "a sample")])
    }
}

impl EditClientPage {
    fn of(draft: &Draft, title: &str, version: String, is_superuser: bool, errors: Vec<FieldError>) -> Self {
        let secs = |secs: Option<i32>| secs.map(|secs| secs.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let has = |grant| draft.grant_types.contains(&grant);
        let algs = |chosen: Algorithm| {
            Algorithm::ALL.iter().map(|alg| Choice::new(alg.as_str(), alg.as_str(), chosen.as_str())).collect()
        };
        let chosen = draft.auth_method.map_or("", AuthMethod::as_str);
        let methods = [
            ("", "Secret, by Basic or post"),
            ("client_secret_basic", "Secret, by Basic only"),
            ("client_secret_post", "Secret, by post only"),
            ("private_key_jwt", "Its private key (private_key_jwt)"),
        ];
        Self {
            client_id: draft.client_id.clone(),
            title_name: title.to_owned(),
            version,
            is_confidential: draft.kind == Kind::Confidential,
            is_superuser,
            texts: Texts {
                name: draft.name.clone(),
                redirect_uris: draft.redirect_uris.join("\n"),
                post_logout_redirect_uris: draft.post_logout_redirect_uris.join("\n"),
                scope: draft.scope.clone(),
                audiences: draft.audiences.join("\n"),
                serves: draft.serves.join("\n"),
                apps: draft.apps.join(" "),
                restricted_to_groups: draft.restrict_to_groups.join("\n"),
                restricted_to_permission: text(&draft.restrict_to_permission),
                access_ttl_secs: secs(draft.access_ttl_secs),
                default_max_age_secs: secs(draft.default_max_age_secs),
                client_uri: text(&draft.client_uri),
                policy_uri: text(&draft.policy_uri),
                tos_uri: text(&draft.tos_uri),
                jwks: text(&draft.jwks),
            },
            boxes: Boxes {
                authorization_code: has(GrantType::AuthorizationCode),
                refresh_token: has(GrantType::RefreshToken),
                client_credentials: has(GrantType::ClientCredentials),
                skip_consent: draft.skip_consent,
                require_pkce: draft.require_pkce,
                claims_in_id_token: draft.claims_in_id_token,
                allow_magic_link: draft.allow_magic_link,
                allow_token_pair: draft.allow_token_pair,
            },
            auth_methods: methods.map(|(value, label)| Choice::new(value, label, chosen)).to_vec(),
            id_token_algs: algs(draft.id_token_alg),
            access_token_algs: algs(draft.access_token_alg),
            access_token_typs: ["at+jwt", "JWT"]
                .map(|typ| Choice::new(typ, typ, draft.access_token_typ.as_str()))
                .to_vec(),
            errors,
        }
    }
}

/// The draft that a form asks for, and what of it cannot be read.
fn read(form: &Params, stands: Draft, is_superuser: bool) -> (Draft, Vec<FieldError>) {
    let mut errors = Vec::new();
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let optional = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let lines = |name: &str| words(&text(name), &['\n', '\r']);
    let mut secs = |name: &'static str| {
        let typed = optional(name)?;
        typed.parse().map_err(|_| errors.push(FieldError::new(name, "Enter a whole number of seconds."))).ok()
    };
    let (access_ttl_secs, default_max_age_secs) = (secs("access_ttl_secs"), secs("default_max_age_secs"));
    let grants = [
        ("grant_authorization_code", GrantType::AuthorizationCode),
        ("grant_refresh_token", GrantType::RefreshToken),
        ("grant_client_credentials", GrantType::ClientCredentials),
    ];
    let draft = Draft {
        name: text("name"),
        auth_method: if stands.kind == Kind::Confidential {
            text("auth_method").parse().ok()
        } else {
            stands.auth_method
        },
        jwks: optional("jwks"),
        redirect_uris: lines("redirect_uris"),
        post_logout_redirect_uris: lines("post_logout_redirect_uris"),
        grant_types: grants.into_iter().filter(|(name, _)| form.has(name)).map(|(_, grant)| grant).collect(),
        scope: words(&text("scope"), &[' ', '\n', '\r']).join(" "),
        audiences: lines("audiences"),
        serves: lines("serves"),
        apps: words(&text("apps"), &[' ', ',', '\n', '\r']),
        restrict_to_groups: lines("restricted_to_groups"),
        restrict_to_permission: optional("restricted_to_permission"),
        id_token_alg: text("id_token_alg").parse().unwrap_or(stands.id_token_alg),
        access_token_alg: text("access_token_alg").parse().unwrap_or(stands.access_token_alg),
        access_token_typ: if text("access_token_typ") == "JWT" { TokenType::PlainAccess } else { TokenType::Access },
        access_ttl_secs,
        claims_in_id_token: form.has("claims_in_id_token"),
        skip_consent: form.has("skip_consent"),
        allow_magic_link: form.has("allow_magic_link"),
        require_pkce: form.has("require_pkce"),
        default_max_age_secs,
        client_uri: optional("client_uri"),
        policy_uri: optional("policy_uri"),
        tos_uri: optional("tos_uri"),
        allow_token_pair: if is_superuser { form.has("allow_token_pair") } else { stands.allow_token_pair },
        client_id: stands.client_id,
        kind: stands.kind,
    };
    (draft, errors)
}

async fn find(operator: &Operator, id: &str) -> Result<Client, PageError> {
    let id = id.to_owned();
    operator.read(move |conn| store::find(conn, &id)).await?.ok_or_else(PageError::not_found)
}

/// `GET /admin/clients/{id}/edit`.
///
/// # Errors
/// A page.
pub async fn edit(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let client = find(&operator, &id).await?;
    let draft = Draft::of(&client);
    let (actor, issuer, own) = (operator.actor.clone(), operator.app.issuer.clone(), client.clone());
    let allowed = operator.read(move |conn| policy::check_known_client(conn, &actor, &own, &issuer)).await?;
    if let Err(refusal) = allowed {
        return Err(super::gate::refused(&refusal.to_string()));
    }
    let version = version::of(&client.describe());
    operator.show(EditClientPage::of(&draft, &client.name, version, operator.actor.is_superuser, vec![]))
}

/// `POST /admin/clients/{id}/edit`.
///
/// # Errors
/// A page.
pub async fn post_edit(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let client = find(&operator, &id).await?;
    let is_superuser = operator.actor.is_superuser;
    let (draft, errors) = read(&form, Draft::of(&client), is_superuser);
    let version = form.find("version").unwrap_or_default().to_owned();
    let again = |errors| EditClientPage::of(&draft, &client.name, version.clone(), is_superuser, errors);
    if !errors.is_empty() {
        return operator.show(again(errors));
    }
    let (scene, issuer, own, seen) = (operator.scene(), operator.app.issuer.clone(), draft.clone(), version.clone());
    let changed =
        operator.carry_out(move |conn, actor| deeds::update(conn, actor, (own, Some(&seen)), &issuer, &scene)).await?;
    match changed {
        Ok(()) => Ok(done(&format!("/admin/clients/{}", client.client_id), "saved")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ChangeClient)?;
            operator.show(again(errors))
        }
    }
}
