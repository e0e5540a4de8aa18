//! May this user do that to this object? The `OpenID` `AuthZEN` Authorization API 1.0 over [`check`](crate::access::check).
//!
//! ```text
//! subject  user: `sub`, a proven address or a username ─┐
//! action   publish ───────────────────────────┐          │
//! resource blog.article, and perhaps an id ───┴─ permission blog.publish_article ─► check ─► decision
//! ```
//! A client is told about the apps that it is registered for (`client create --app`), and of any
//! other nothing, in the words for what does not exist. Start at [`Question`].

pub mod evaluate;
mod question;
pub mod search;

use serde_json::{Value, json};

pub use question::{Action, Options, Page, Question, Requests, Resource, Semantic, Sought, Subject};

use super::Refusal;
use crate::access::check::Who;
use crate::access::permission::{Model, ObjectId};
use crate::clients::Client;

/// The only type of subject that we know.
const USER: &str = "user";

/// The discovery document (section 9), serialized once.
#[must_use]
pub fn document(issuer: &str) -> Vec<u8> {
    let at = |path: &str| Value::from(format!("{issuer}{path}"));
    json!({
        "policy_decision_point": issuer,
        "access_evaluation_endpoint": at("/access/v1/evaluation"),
        "access_evaluations_endpoint": at("/access/v1/evaluations"),
        "search_subject_endpoint": at("/access/v1/search/subject"),
        "search_resource_endpoint": at("/access/v1/search/resource"),
        "search_action_endpoint": at("/access/v1/search/action"),
    })
    .to_string()
    .into_bytes()
}

/// Whether this client may ask at all.
///
/// # Errors
/// 403 when it is registered for no app.
pub fn admit(client: &Client) -> Result<(), Refusal> {
    if client.apps.is_empty() {
        return Err(Refusal::new(403, "client_not_allowed", "This client is registered for no app of permissions"));
    }
    Ok(())
}

/// A part of a question that is missing.
fn missing(part: &'static str) -> Refusal {
    Refusal::members(&[(part, "This field is required.")])
}

/// What the client may ask about; `None`: it is of another app, or of none.
fn model_of(resource: &Resource, client: &Client) -> Option<Model> {
    resource.kind.parse().ok().filter(|model: &Model| client.apps.contains(&model.app))
}

/// `Err` when it cannot be an id; `Ok(None)` when there is none.
fn object_of(resource: &Resource) -> Result<Option<ObjectId>, Refusal> {
    let parse = |id: &String| id.parse().map_err(|_| Refusal::members(&[("resource.id", "Not a valid id.")]));
    resource.id.as_ref().map(parse).transpose()
}

/// `Ok(None)`: nobody of ours.
fn who_of(subject: &Subject) -> Result<Option<Who>, Refusal> {
    let id = subject.id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| missing("subject.id"))?;
    Ok((subject.kind == USER).then(|| Who::named(id)).flatten())
}
