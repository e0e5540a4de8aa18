//! `/api/v1/clients`.

use chrono::Duration;
use serde_json::json;

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::accounts::name_key::name_key;
use crate::admin::clients as deeds;
use crate::admin::deed::{Stop, Wrong};
use crate::clients::client::Kind as ClientKind;
use crate::clients::metadata::Draft;
use crate::clients::registration::{Former, LONGEST_OVERLAP};
use crate::clients::{Client, store};
use crate::kernel::Conn;
use crate::keys::jws::TokenType;

const ALGS: Kind = Kind::Word(&["RS256", "PS256", "ES256", "EdDSA"]);
const TYPES: Kind = Kind::Word(&["confidential", "public", "native"]);
const METHODS: Kind = Kind::Word(&["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
const TYPS: Kind = Kind::Word(&["at+jwt", "JWT"]);

/// An app.
pub const CLIENT: &[Field] = &[
    Field::new("client_id", Kind::Text(100), "That the app calls itself.").required(),
    Field::new("name", Kind::Text(200), "That people see.").required(),
    Field::new("type", TYPES, "What kind of app it is (RFC 6749 section 2.1).").required(),
    Field::new("enabled", Kind::Flag, "Whether it may be used.").required(),
    Field::new("auth_method", METHODS, "How it proves itself; null: by its secret, Basic or post.")
        .required()
        .nullable(),
    Field::new("jwks", Kind::Object, "Its public keys.").required().nullable(),
    Field::new("redirect_uris", Kind::Texts, "Where codes may go.").required(),
    Field::new("post_logout_redirect_uris", Kind::Texts, "Where people may go after signing out.").required(),
    Field::new("grant_types", Kind::Texts, "What it may do at the token endpoint.").required(),
    Field::new("scope", Kind::Text(2000), "The most it may ask for.").required(),
    Field::new("audiences", Kind::Texts, "APIs it may ask tokens for (RFC 8707).").required(),
    Field::new("serves", Kind::Texts, "Audiences that it answers for as an API.").required(),
    Field::new("apps", Kind::Texts, "Apps of permissions that it may ask about.").required(),
    Field::new("restricted_to_groups", Kind::Texts, "Who may use it: members of these.").required(),
    Field::new("restricted_to_permission", Kind::Text(200), "Holders of this too: whoever is either.")
        .required()
        .nullable(),
    Field::new("id_token_alg", ALGS, "Signs its ID tokens.").required(),
    Field::new("access_token_alg", ALGS, "Signs its access tokens.").required(),
    Field::new("access_token_typ", TYPS, "Type of its access tokens.").required(),
    Field::new("access_ttl_secs", Kind::Number(1, 86_400), "Life of its access tokens; null: the server's.")
        .required()
        .nullable(),
    Field::new("claims_in_id_token", Kind::Flag, "Scope claims stand in the ID token too.").required(),
    Field::new("skip_consent", Kind::Flag, "The operator answers for consent.").required(),
    Field::new("allow_magic_link", Kind::Flag, "People may sign in by a link in a mail.").required(),
    Field::new("require_pkce", Kind::Flag, "PKCE is demanded.").required(),
    Field::new("default_max_age_secs", Kind::Number(0, 2_147_483_647), "Applies when a request has no max_age.")
        .required()
        .nullable(),
    Field::new("client_uri", Kind::Text(2000), "Home page.").required().nullable(),
    Field::new("policy_uri", Kind::Text(2000), "Privacy policy.").required().nullable(),
    Field::new("tos_uri", Kind::Text(2000), "Terms of service.").required().nullable(),
    Field::new("allow_token_pair", Kind::Flag, "May sign people in by their password.").required(),
    Field::new(
        "secret_set_at",
        Kind::Time,
        "Since when its secret is as it is; null: it has none, or it was not noted.",
    )
    .required()
    .nullable(),
    Field::new("former_secret_until", Kind::Time, "The secret before serves too, until then.").required().nullable(),
];

/// What becomes of the secret that is replaced.
pub const SECRET_ROTATION: &[Field] = &[Field::new(
    "overlap_secs",
    Kind::Number(0, LONGEST_OVERLAP.num_seconds()),
    "The old one serves so long beside the new one; left out: no longer, for one that may be in other hands.",
)];

/// An app that was just registered.
pub const CLIENT_MADE: &[Field] = &[
    Field::new("client_id", Kind::Text(100), "That the app calls itself.").required(),
    Field::new("client_secret", Kind::Text(200), "Shown this once; null: it keeps none.").required().nullable(),
];

/// The new secret.
pub const SECRET: &[Field] = &[
    Field::new("client_id", Kind::Text(100), "That the app calls itself.").required(),
    Field::new("client_secret", Kind::Text(200), "Shown this once.").required(),
];

/// What stands before it, and all that may be changed of an app.
macro_rules! with_settings {
    ($($first:expr),*) => {
        &[
            $($first,)*
            Field::new("name", Kind::Text(200), "That people see; of a new app, if left out: the client id."),
            Field::new("auth_method", METHODS, "How it proves itself.").nullable().deciding(),
            Field::new("jwks", Kind::Object, "Its public keys, for private_key_jwt.").nullable(),
            Field::new("redirect_uris", Kind::Texts, "Where codes may go."),
            Field::new("post_logout_redirect_uris", Kind::Texts, "Where people may go after signing out."),
            Field::new("grant_types", Kind::Texts, "authorization_code, refresh_token, client_credentials.").deciding(),
            Field::new("scope", Kind::Text(2000), "The most it may ask for."),
            Field::new("audiences", Kind::Texts, "APIs it may ask tokens for (RFC 8707)."),
            Field::new("serves", Kind::Texts, "Audiences that it answers for as an API."),
            Field::new("apps", Kind::Texts, "Apps of permissions that it may ask about."),
            Field::new("restricted_to_groups", Kind::Texts, "Who may use it: members of these."),
            Field::new("restricted_to_permission", Kind::Text(200), "Holders of this too: whoever is either.").nullable(),
            Field::new("id_token_alg", ALGS, "Signs its ID tokens."),
            Field::new("access_token_alg", ALGS, "Signs its access tokens."),
            Field::new("access_token_typ", TYPS, "Type of its access tokens."),
            Field::new("access_ttl_secs", Kind::Number(1, 86_400), "Life of its access tokens.").nullable(),
            Field::new("claims_in_id_token", Kind::Flag, "Scope claims stand in the ID token too."),
            Field::new("skip_consent", Kind::Flag, "The operator answers for consent."),
            Field::new("allow_magic_link", Kind::Flag, "People may sign in by a link in a mail."),
            Field::new("require_pkce", Kind::Flag, "PKCE is demanded."),
            Field::new("default_max_age_secs", Kind::Number(0, 2_147_483_647), "Applies when a request has no max_age.")
                .nullable(),
            Field::new("client_uri", Kind::Text(2000), "Home page.").nullable(),
            Field::new("policy_uri", Kind::Text(2000), "Privacy policy.").nullable(),
            Field::new("tos_uri", Kind::Text(2000), "Terms of service.").nullable(),
            Field::new("allow_token_pair", Kind::Flag, "May sign people in by their password: superusers only may say so.").deciding(),
        ]
    };
}

/// A new app.
pub const NEW_CLIENT: &[Field] = with_settings![
    Field::new("client_id", Kind::Text(100), "Letters, digits or . _ ~ -").required(),
    Field::new("type", TYPES, "What kind of app it is; left out: confidential.").deciding()
];

/// What may be changed; id and type stay.
pub const CLIENT_CHANGES: &[Field] = with_settings![];

fn find(conn: &mut Conn, call: &Call<'_>) -> Result<Client, Stop> {
    store::find(conn, call.name(0)?)?.ok_or(Stop::Gone)
}

/// What stands, or nothing in particular, with what was sent.
fn apply(call: &Call<'_>, stands: Draft) -> Result<Draft, Stop> {
    let body = call.body;
    let mut wrong = Vec::new();
    let texts = |name: &str, stands: Vec<String>| body.texts(name).unwrap_or(stands);
    let text = |name: &str, stands: Option<String>| body.change(name).unwrap_or(stands);
    let flag = |name: &str, stands: bool| body.flag(name).unwrap_or(stands);
    let secs = |name: &str, stands: Option<i32>| {
        if body.has(name) { body.number(name).and_then(|secs| secs.try_into().ok()) } else { stands }
    };
    let grants = body.texts("grant_types").map(|all| {
        let parsed: Result<Vec<_>, String> = all.iter().map(|grant| grant.parse()).collect();
        parsed.unwrap_or_else(|why| {
            wrong.push(Wrong::new("grant_types", why));
            Vec::new()
        })
    });
    let draft = Draft {
        name: body.text("name").map_or(stands.name, str::to_owned),
        auth_method: if body.has("auth_method") { body.parsed("auth_method") } else { stands.auth_method },
        jwks: if body.has("jwks") { body.object("jwks").map(ToString::to_string) } else { stands.jwks },
        redirect_uris: texts("redirect_uris", stands.redirect_uris),
        post_logout_redirect_uris: texts("post_logout_redirect_uris", stands.post_logout_redirect_uris),
        grant_types: grants.unwrap_or(stands.grant_types),
        scope: body.text("scope").map_or(stands.scope, str::to_owned),
        audiences: texts("audiences", stands.audiences),
        serves: texts("serves", stands.serves),
        apps: texts("apps", stands.apps),
        restrict_to_groups: texts("restricted_to_groups", stands.restrict_to_groups),
        restrict_to_permission: text("restricted_to_permission", stands.restrict_to_permission),
        id_token_alg: body.parsed("id_token_alg").unwrap_or(stands.id_token_alg),
        access_token_alg: body.parsed("access_token_alg").unwrap_or(stands.access_token_alg),
        access_token_typ: match body.text("access_token_typ") {
            Some("JWT") => TokenType::PlainAccess,
            Some(_) => TokenType::Access,
            None => stands.access_token_typ,
        },
        access_ttl_secs: secs("access_ttl_secs", stands.access_ttl_secs),
        claims_in_id_token: flag("claims_in_id_token", stands.claims_in_id_token),
        skip_consent: flag("skip_consent", stands.skip_consent),
        allow_magic_link: flag("allow_magic_link", stands.allow_magic_link),
        require_pkce: flag("require_pkce", stands.require_pkce),
        default_max_age_secs: secs("default_max_age_secs", stands.default_max_age_secs),
        client_uri: text("client_uri", stands.client_uri),
        policy_uri: text("policy_uri", stands.policy_uri),
        tos_uri: text("tos_uri", stands.tos_uri),
        allow_token_pair: flag("allow_token_pair", stands.allow_token_pair),
        client_id: stands.client_id,
        kind: stands.kind,
    };
    if wrong.is_empty() { Ok(draft) } else { Err(Stop::Wrong(wrong)) }
}

/// Which apps.
pub const QUERY: &[Field] = &[
    Field::new("name", Kind::Text(200), "Of this name; capital letters count as small ones."),
    Field::new("enabled", Kind::Flag, "Only those that may be used, or only those that may not."),
];

/// `GET /clients`.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let all = store::list(conn)?;
    let (name, enabled) = (call.query.text("name").map(name_key), call.query.flag("enabled"));
    let fits = |client: &&Client| {
        name.as_ref().is_none_or(|name| name_key(&client.name) == *name)
            && enabled.is_none_or(|enabled| client.is_enabled == enabled)
    };
    let rest = all.iter().filter(fits);
    let rest = rest.filter(|client| call.after.is_none_or(|after| client.client_id.as_str() > after));
    let most = usize::try_from(call.limit + 1).unwrap_or(usize::MAX);
    Ok(Reply::list(rest.take(most).map(Client::describe_with_secrets).collect(), call.limit, "client_id"))
}

/// `POST /clients`: the answer shows the secret, and nothing ever again.
///
/// # Errors
/// [`Stop`].
pub fn create(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let id = call.body.text("client_id").unwrap_or_default().to_owned();
    let kind = call.body.parsed("type").unwrap_or(ClientKind::Confidential);
    let draft = apply(call, Draft::new(id.clone(), kind))?;
    let secret = deeds::add(conn, call.actor, draft, call.office.issuer, call.scene)?;
    let body = json!({ "client_id": id, "client_secret": secret.map(|secret| secret.expose().clone()) });
    Ok(Reply::made(body, format!("/api/v1/clients/{id}")))
}

/// `GET /clients/{client}`.
///
/// # Errors
/// [`Stop`].
pub fn show(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    Ok(Reply::one(find(conn, call)?.describe_with_secrets()))
}

/// `PATCH /clients/{client}`.
///
/// # Errors
/// [`Stop`].
pub fn update(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let client = deeds::within(conn, call.actor, call.name(0)?, call.office.issuer)?;
    let draft = apply(call, Draft::of(&client))?;
    deeds::update(conn, call.actor, (draft, None), call.office.issuer, call.scene)?;
    show(conn, call)
}

/// `DELETE /clients/{client}`.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let id = call.name(0)?;
    deeds::delete(conn, call.actor, (id, id), call.office.issuer, call.scene)?;
    Ok(Reply::done())
}

/// `POST /clients/{client}/secret`: the answer shows it, and nothing ever again.
///
/// # Errors
/// [`Stop`].
pub fn rotate_secret(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let id = call.name(0)?;
    let overlap = call.query.number("overlap_secs").filter(|secs| *secs > 0);
    let former = overlap.map_or(Former::Ends, |secs| Former::Serves(Duration::seconds(secs)));
    let secret = deeds::rotate_secret(conn, call.actor, (id, former), call.office.issuer, call.scene)?;
    Ok(Reply::one(json!({ "client_id": id, "client_secret": secret.expose() })))
}

/// `DELETE /clients/{client}/former-secret`.
///
/// # Errors
/// [`Stop`].
pub fn end_former_secret(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::end_former_secret(conn, call.actor, call.name(0)?, call.office.issuer, call.scene)?;
    Ok(Reply::done())
}

/// `POST /clients/{client}/enable`.
///
/// # Errors
/// [`Stop`].
pub fn enable(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::set_enabled(conn, call.actor, (call.name(0)?, true), call.office.issuer, call.scene)?;
    Ok(Reply::done())
}

/// `POST /clients/{client}/disable`.
///
/// # Errors
/// [`Stop`].
pub fn disable(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::set_enabled(conn, call.actor, (call.name(0)?, false), call.office.issuer, call.scene)?;
    Ok(Reply::done())
}
