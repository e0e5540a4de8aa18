//! Signing tokens, and the token endpoint's answer (RFC 6749 section 5.1, OIDC Core section 3.1.3.3).

use serde_json::{Map, Value};

use crate::clients::Client;
use crate::config::ProfileField;
use crate::kernel::Conn;
use crate::kernel::Instant;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::keys::Keyring;
use crate::keys::jws::TokenType;
use crate::oidc::claims::{self, Place, View};
use crate::oidc::person::{self, Memberships, Person};
use crate::spec::{Audiences, Scope};
use crate::tokens::access::{self, Contents};
use crate::tokens::id_token::{self, Wanted};
use crate::tokens::refresh::{Family, Lifetimes, RefreshTokens, ServesAt};

/// What signing needs.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// Signs.
    pub keyring: &'a Keyring,
    /// Signs refresh tokens.
    pub refresh_tokens: &'a RefreshTokens,
    /// How long tokens last.
    pub lifetimes: Lifetimes,
    /// For `jti`.
    pub random: &'a Random,
    /// The instant of issue.
    pub now: Instant,
    /// The operator's own fields, and the claims they become.
    pub profile_fields: &'a [ProfileField],
}

/// What of a person goes into the tokens; read in the transaction that makes the family stand.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// For the access token.
    pub memberships: Memberships,
    /// For the ID token.
    pub claims: Map<String, Value>,
    /// The operator's own fields, for the ID token of a client that reads nothing else.
    pub attributes: Option<Value>,
}

/// Reads what the tokens of this family will tell; usually nothing, and then asks nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn read_person(conn: &mut Conn, family: &Family, client: &Client, scope: &Scope) -> Result<Told, Fault> {
    let memberships = person::memberships(conn, family.user_id, scope, &client.apps)?;
    let asked_one_by_one = family.claims.as_ref().is_some_and(|claims| !claims.id_token.is_empty());
    if !scope.has("openid") || !(client.claims_in_id_token || asked_one_by_one) {
        return Ok(Told { memberships, claims: Map::new(), attributes: None });
    }
    let place = if client.claims_in_id_token { Place::FullIdToken } else { Place::IdToken };
    let person = person::load(conn, family.user_id)?;
    let view = View { scope, request: family.claims.as_ref(), apps: &client.apps };
    let assemble = |person: &Person| claims::assemble(person, view, place);
    let claims = person.as_ref().map(assemble).unwrap_or_default();
    let attributes = person.filter(|_| place == Place::FullIdToken).map(|person| person.user.attributes);
    Ok(Told { memberships, claims, attributes })
}

/// Signs the tokens of a family: access, refresh where it may, ID with `openid`. `nonce` goes into the
/// ID token exactly as sent; at refresh there is none (OIDC Core section 12.2).
///
/// # Errors
/// [`Fault`] of signing.
pub fn for_family(
    by: Issuer<'_>,
    client: &Client,
    family: &Family,
    (scope, audiences): (Scope, Audiences),
    (told, nonce): (Told, Option<String>),
) -> Result<Value, Fault> {
    let has_id_token = scope.has("openid");
    let opened = scope.clone();
    let Memberships { groups, permissions } = told.memberships;
    let contents = Contents { scope, audiences, groups, permissions };
    let mut out = access_token(by, client, Some(family), contents)?;
    if family.is_offline {
        out.insert("refresh_token".into(), by.refresh_tokens.sign(family, ServesAt::TokenEndpoint)?.into());
    }
    if has_id_token {
        let mut told_claims = told.claims;
        if let Some(attributes) = &told.attributes {
            claims::add_own(&mut told_claims, attributes, &opened, by.profile_fields);
        }
        let access_token = out.get("access_token").and_then(Value::as_str).unwrap_or_default().to_owned();
        let wanted = Wanted { nonce: nonce.as_deref(), access_token: &access_token };
        let times = (by.issuer, by.lifetimes.id, by.now);
        let mut claims = id_token::claims(client, family, wanted, told_claims, times);
        id_token::fit_at_hash(&mut claims, client.id_token_alg, &access_token);
        out.insert("id_token".into(), by.keyring.sign(client.id_token_alg, TokenType::Id, &claims)?.into());
    }
    Ok(Value::Object(out))
}

/// Signs an access token for a client itself.
///
/// # Errors
/// [`Fault`] of signing.
pub fn for_client(by: Issuer<'_>, client: &Client, scope: Scope, audiences: Audiences) -> Result<Value, Fault> {
    let contents = Contents { scope, audiences, ..Contents::default() };
    access_token(by, client, None, contents).map(Value::Object)
}

fn access_token(
    by: Issuer<'_>,
    client: &Client,
    family: Option<&Family>,
    contents: Contents,
) -> Result<Map<String, Value>, Fault> {
    let scope = contents.scope.to_string();
    let claims = access::new_claims(client, family, contents, (by.issuer, by.lifetimes.access), (by.random, by.now))?;
    let token = by.keyring.sign(client.access_token_alg, client.access_token_typ, &claims)?;
    let mut out = Map::new();
    out.insert("access_token".into(), token.into());
    out.insert("token_type".into(), "Bearer".into());
    out.insert("expires_in".into(), (claims.exp - claims.iat).into());
    out.insert("scope".into(), scope.into());
    Ok(out)
}
