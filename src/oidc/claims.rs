//! Claims of a person (OIDC Core section 5.1): which scope opens which, each with its right type,
//! and absent rather than empty.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::person::Person;
use crate::config::ProfileField;
use crate::spec::{ClaimsRequest, Scope};
use crate::tokens::access;

/// Claims that tokens carry of themselves.
const OF_TOKENS: [&str; 11] = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"];

/// Claims behind a scope (OIDC Core section 5.4, and two of ours).
const BY_SCOPE: [(&str, &[&str]); 6] = [
    (
        "profile",
        &[
            "name",
            "given_name",
            "middle_name",
            "family_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("groups", &["groups"]),
    ("permissions", &["permissions"]),
];

/// Every claim we can make, for discovery.
#[must_use]
pub fn supported() -> Vec<&'static str> {
    OF_TOKENS.into_iter().chain(BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter().copied())).collect()
}

/// Where claims go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The userinfo answer: what the scopes open, and what is asked for one by one.
    Userinfo,
    /// The ID token: only what is asked for one by one.
    IdToken,
    /// The ID token of a client that reads nothing else: as in userinfo, and more.
    FullIdToken,
}

/// What an app may see of a person.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was granted.
    pub scope: &'a Scope,
    /// Claims that were asked for one by one.
    pub request: Option<&'a ClaimsRequest>,
    /// Permissions of these apps only, when there are any.
    pub apps: &'a [String],
}

/// The claims of `person` for this place. A list that is too long for a token is left out of it, and
/// `groups_overflow` or `permissions_overflow` says so: userinfo has it whole.
#[must_use]
pub fn assemble(person: &Person, view: View<'_>, place: Place) -> Map<String, Value> {
    let View { scope, request, apps } = view;
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    if place != Place::IdToken {
        let opened = BY_SCOPE.iter().filter(|(name, _)| scope.has(name));
        wanted.extend(opened.flat_map(|(_, claims)| claims.iter().copied()));
    }
    if let Some(request) = request {
        let one_by_one = if place == Place::Userinfo { &request.userinfo } else { &request.id_token };
        wanted.extend(one_by_one.keys().map(String::as_str));
    }
    let told = |name: &str| match name {
        "permissions" => Some(json!(person.permissions_in(apps))),
        name => claim(person, name),
    };
    let claims = wanted.into_iter().filter_map(|name| Some((name, told(name)?)));
    claims
        .map(|(name, value)| if place == Place::Userinfo { (name.to_owned(), value) } else { fit(name, value) })
        .collect()
}

fn fit(name: &str, value: Value) -> (String, Value) {
    let is_too_long = value.as_array().is_some_and(|names| !access::fits(names.iter().filter_map(Value::as_str)));
    if is_too_long { (format!("{name}_overflow"), true.into()) } else { (name.to_owned(), value) }
}

/// Adds the operator's own fields of a person, each behind its scope and with its type.
pub fn add_own(out: &mut Map<String, Value>, attributes: &Value, scope: &Scope, fields: &[ProfileField]) {
    let open = |field: &&ProfileField| field.scope.as_ref().is_some_and(|opener| scope.has(opener));
    for field in fields.iter().filter(open) {
        if let Some(value) = attributes.get(&field.name) {
            out.insert(field.claim.clone(), value.clone());
        }
    }
}

/// Whether a claim is one of a person's, which they are asked to consent to.
#[must_use]
pub fn is_personal(name: &str) -> bool {
    BY_SCOPE.iter().any(|(_, claims)| claims.contains(&name))
}

/// Whether an app that is registered for `scope` may have this claim at all.
#[must_use]
pub fn is_open_to(name: &str, scope: &Scope) -> bool {
    (OF_TOKENS.contains(&name) || is_personal(name)) && (!is_personal(name) || is_opened_by(name, scope))
}

/// Whether the scopes open this claim anyway.
#[must_use]
pub fn is_opened_by(name: &str, scope: &Scope) -> bool {
    BY_SCOPE.iter().any(|(opener, claims)| scope.has(opener) && claims.contains(&name))
}

fn claim(person: &Person, name: &str) -> Option<Value> {
    let user = &person.user;
    let text = |value: &Option<String>| value.clone().filter(|text| !text.is_empty()).map(Value::from);
    match name {
        "name" => Some(user.display_name().into()),
        "given_name" => text(&user.given_name),
        "middle_name" => text(&user.middle_name),
        "family_name" => text(&user.family_name),
        // Some apps need a nickname; the username is one.
        "nickname" | "preferred_username" => Some(user.username.clone().into()),
        "profile" => text(&user.profile),
        "picture" => text(&user.picture),
        "website" => text(&user.website),
        "gender" => text(&user.gender),
        "birthdate" => text(&user.birthdate),
        "zoneinfo" => text(&user.zoneinfo),
        "locale" => text(&user.locale),
        "updated_at" => Some(user.updated_at.timestamp().into()),
        "email" => person.email.as_ref().map(|email| email.address.clone().into()),
        "email_verified" => person.email.as_ref().map(|email| email.verified_at.is_some().into()),
        "phone_number" => text(&user.phone),
        "phone_number_verified" => user.phone.as_ref().map(|_| user.phone_verified.into()),
        "address" => address(person),
        "groups" => Some(json!(person.groups)),
        _ => None,
    }
}

fn address(person: &Person) -> Option<Value> {
    let user = &person.user;
    let parts = [
        ("formatted", &user.address_formatted),
        ("street_address", &user.address_street),
        ("locality", &user.address_locality),
        ("region", &user.address_region),
        ("postal_code", &user.address_postal_code),
        ("country", &user.address_country),
    ];
    let known: Map<String, Value> = parts
        .into_iter()
        .filter_map(|(name, value)| {
            Some((name.to_owned(), Value::from(value.clone().filter(|text| !text.is_empty())?)))
        })
        .collect();
    (!known.is_empty()).then_some(Value::Object(known))
}
