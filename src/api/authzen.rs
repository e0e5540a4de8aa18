//! May this user do that to this object? The `OpenID` `AuthZEN` Authorization API 1.0 over [`check`].
//!
//! ```text
//! subject  user: `sub`, a proven address or a username ─┐
//! action   publish ───────────────────────────┐          │
//! resource blog.article, and perhaps an id ───┴─ permission blog.publish_article ─► check ─► decision
//! ```
//! A client is told about the apps that it is registered for (`client create --app`), and of any
//! other nothing, in the words for what does not exist.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use crate::access::check::{self, Match, Objects, Slice, Way, What, Who};
use crate::access::permission::{Model, ObjectId};
use crate::access::store::permissions;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::spec::small_word;

/// The only type of subject that we know.
const USER: &str = "user";
/// Most evaluations in one request.
const MAX_EVALUATIONS: usize = 500;
/// Results on a page, unless fewer are asked for.
const PAGE: i64 = 100;
/// Why a search for objects does not name all that it finds.
const EVERY_OBJECT: &str = "held for every object; the results are those that grants name";
/// Most results on a page.
const MAX_PAGE: i64 = 1000;

/// Who does it (section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// `user`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `sub`, a proven address or a username.
    pub id: Option<String>,
}

/// To what (section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// App and model, as in `blog.article`, or an app alone.
    #[serde(rename = "type")]
    pub kind: String,
    /// One object; without it, every object.
    pub id: Option<String>,
}

/// What is done (section 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// As in `publish`.
    pub name: String,
}

/// One question (section 6.1). Its context, and the properties of its parts, are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// Who.
    pub subject: Option<Subject>,
    /// Does what.
    pub action: Option<Action>,
    /// To what.
    pub resource: Option<Resource>,
}

/// Several questions (section 7.1), or one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Requests {
    /// The default of each.
    #[serde(flatten)]
    pub default: Request,
    /// Each question, as far as it differs from the default.
    #[serde(default)]
    pub evaluations: Vec<Request>,
    /// How they are gone through.
    #[serde(default)]
    pub options: Options,
}

/// How several questions are gone through (section 7.1.2).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Options {
    /// When to stop.
    #[serde(default)]
    pub evaluations_semantic: Semantic,
}

/// When to stop (section 7.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Semantic {
    /// At the end.
    #[default]
    ExecuteAll,
    /// After the first no.
    DenyOnFirstDeny,
    /// After the first yes.
    PermitOnFirstPermit,
}

/// A search (section 8), and which part of its results.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Search {
    /// What is known; the part that is searched for has no id or name, or one that is ignored.
    #[serde(flatten)]
    pub request: Request,
    /// Which part.
    #[serde(default)]
    pub page: Page,
}

/// Which part of the results (section 8.2.1).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    /// `next_token` of the page before.
    #[serde(default)]
    pub token: String,
    /// Most results wanted.
    pub limit: Option<i64>,
}

impl Page {
    /// How many results are given.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)
    }
}

/// What is searched for (section 8.4 to 8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Who may?
    Subjects,
    /// To what may they?
    Resources,
    /// What may they?
    Actions,
}

/// A page of results.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Each as its request would name it.
    pub results: Vec<Value>,
    /// What the page ends with, when there may be more.
    pub last: Option<String>,
    /// More about the results.
    pub context: Option<Value>,
}

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

fn model_of(resource: &Resource, client: &Client) -> Option<Model> {
    resource.kind.parse().ok().filter(|model: &Model| client.apps.contains(&model.app))
}

/// `Err` when it cannot be an id; `Ok(None)` when there is none.
fn object_of(resource: &Resource) -> Result<Option<ObjectId>, Refusal> {
    let parse = |id: &String| id.parse().map_err(|_| Refusal::members(&[("resource.id", "Not a valid id.")]));
    resource.id.as_ref().map(parse).transpose()
}

fn who_of(subject: &Subject) -> Result<Option<Who>, Refusal> {
    let id = subject.id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| missing("subject.id"))?;
    Ok((subject.kind == USER).then(|| Who::named(id)).flatten())
}

/// One decision (section 6.2).
///
/// # Errors
/// A part of the question that is missing or malformed; [`crate::kernel::fault::Fault`] of the database.
pub fn evaluate(conn: &mut Conn, request: &Request, client: &Client) -> Result<Value, Refusal> {
    let subject = request.subject.as_ref().ok_or_else(|| missing("subject"))?;
    let action = request.action.as_ref().ok_or_else(|| missing("action"))?;
    let resource = request.resource.as_ref().ok_or_else(|| missing("resource"))?;
    let (who, object) = (who_of(subject)?, object_of(resource)?);
    let (Some(who), Some(model)) = (who, model_of(resource, client)) else { return Ok(no()) };
    if small_word::check("action", &action.name).is_err() {
        return Ok(no());
    }
    let ways = check::ways(conn, &who, &What::Action(model, action.name.clone()), object.as_ref())?;
    let yes = |way: &Way| json!({ "decision": true, "context": { "reason_admin": { "en": way.to_string() } } });
    Ok(ways.first().map_or_else(no, yes))
}

fn no() -> Value {
    json!({ "decision": false })
}

impl Requests {
    /// Each question with the defaults filled in; `None`: there is only the one (section 7.1).
    ///
    /// # Errors
    /// When there are too many.
    pub fn questions(&self) -> Result<Option<Vec<Request>>, Refusal> {
        if self.evaluations.len() > MAX_EVALUATIONS {
            return Err(Refusal::members(&[("evaluations", "More than 500.")]));
        }
        let filled = |one: &Request| Request {
            subject: one.subject.clone().or_else(|| self.default.subject.clone()),
            action: one.action.clone().or_else(|| self.default.action.clone()),
            resource: one.resource.clone().or_else(|| self.default.resource.clone()),
        };
        Ok((!self.evaluations.is_empty()).then(|| self.evaluations.iter().map(filled).collect()))
    }
}

/// Decisions in the order of the questions, up to the one that settles it (section 7.2). A question
/// that lacks a part is a no that says so; one that is no question at all has failed the request before.
///
/// # Errors
/// [`crate::kernel::fault::Fault`] of the database: for all of them, never for a part.
pub fn evaluate_all(
    conn: &mut Conn,
    questions: &[Request],
    semantic: Semantic,
    client: &Client,
) -> Result<Value, Refusal> {
    let mut decisions = Vec::with_capacity(questions.len());
    for question in questions {
        let decision = match evaluate(conn, question, client) {
            Err(refusal) if refusal.status == 400 => {
                json!({ "decision": false, "context": { "error": { "status": 400, "message": refusal.body } } })
            }
            decision => decision?,
        };
        let is_yes = decision.get("decision") == Some(&Value::Bool(true));
        decisions.push(decision);
        let settles = match semantic {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !is_yes,
            Semantic::PermitOnFirstPermit => is_yes,
        };
        if settles {
            break;
        }
    }
    Ok(json!({ "evaluations": decisions }))
}

/// A page of results (section 8.3); `after` is what the page before ended with.
///
/// # Errors
/// A part of the question that is missing or malformed; [`crate::kernel::fault::Fault`] of the database.
pub fn search(
    conn: &mut Conn,
    sought: Sought,
    search: &Search,
    after: &str,
    client: &Client,
) -> Result<Found, Refusal> {
    let Request { subject, action, resource } = &search.request;
    let subject = subject.as_ref().ok_or_else(|| missing("subject"))?;
    let resource = resource.as_ref().ok_or_else(|| missing("resource"))?;
    let action = action.as_ref().ok_or_else(|| missing("action"));
    // One more than the page shows whether there is another.
    let slice = Slice { after, limit: search.page.size() + 1 };
    let model = model_of(resource, client);
    let named = |action: &Action| small_word::check("action", &action.name).is_ok();
    match sought {
        Sought::Subjects => {
            let (action, object) = (action?, object_of(resource)?);
            let Some(model) = model.filter(|_| subject.kind == USER && named(action)) else {
                return Ok(Found::default());
            };
            let people = check::users_with(conn, &What::Action(model, action.name.clone()), object.as_ref(), slice)?;
            let subs = people.into_iter().map(|person| person.sub.to_string()).collect();
            Ok(page(search, subs, |sub| json!({ "type": USER, "id": sub })))
        }
        Sought::Resources => {
            let (who, action) = (who_of(subject)?, action?);
            let (Some(who), Some(model)) = (who, model.filter(|_| named(action))) else { return Ok(Found::default()) };
            let Some(name) = permissions::find_by_action(conn, &model, &action.name)? else {
                return Ok(Found::default());
            };
            let Objects { all, ids } = check::objects_for(conn, &who, &[name], Match::All, slice)?;
            let found = page(search, ids, |id| json!({ "type": resource.kind, "id": id }));
            let context = all.then(|| json!({ "all": true, "reason_admin": { "en": EVERY_OBJECT } }));
            Ok(Found { context, ..found })
        }
        Sought::Actions => {
            let (who, object) = (who_of(subject)?, object_of(resource)?);
            let (Some(who), Some(model)) = (who, model) else { return Ok(Found::default()) };
            let actions = check::actions_for(conn, &who, &model, object.as_ref(), slice)?;
            Ok(page(search, actions, |name| json!({ "name": name })))
        }
    }
}

fn page(search: &Search, mut keys: Vec<String>, shown: impl Fn(&str) -> Value) -> Found {
    let size = usize::try_from(search.page.size()).unwrap_or(usize::MAX);
    let has_more = keys.len() > size;
    keys.truncate(size);
    let last = keys.last().filter(|_| has_more).cloned();
    Found { results: keys.iter().map(|key| shown(key)).collect(), last, context: None }
}

impl Search {
    /// Everything that is asked, for the cursor to be bound to.
    #[must_use]
    pub fn parts(&self, sought: Sought) -> [String; 6] {
        let Request { subject, action, resource } = self.request.clone();
        let (subject, resource) = (subject.unwrap_or_default(), resource.unwrap_or_default());
        let known =
            |id: Option<String>, is_sought: bool| if is_sought { String::new() } else { id.unwrap_or_default() };
        [
            format!("{sought:?}"),
            subject.kind,
            known(subject.id, sought == Sought::Subjects),
            known(action.map(|action| action.name), sought == Sought::Actions),
            resource.kind,
            known(resource.id, sought == Sought::Resources),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MAX_EVALUATIONS, Page, Requests, Search, Semantic, Sought};

    fn requests(value: serde_json::Value) -> Result<Requests, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn each_question_takes_what_it_lacks_from_the_defaults() {
        let asked = requests(json!({
            "subject": { "type": "user", "id": "ada", "properties": { "x": [1] } },
            "action": { "name": "view" },
            "context": { "time": "now" },
            "evaluations": [{ "resource": { "type": "blog.article", "id": "1" } }, { "action": { "name": "change" } }],
        }))
        .unwrap();
        let questions = asked.questions().unwrap().unwrap();
        let names: Vec<_> = questions.iter().map(|one| one.action.as_ref().unwrap().name.as_str()).collect();
        assert_eq!(names, ["view", "change"]);
        assert!(questions[0].resource.is_some() && questions[1].resource.is_none());
        assert!(questions.iter().all(|one| one.subject.as_ref().unwrap().id.as_deref() == Some("ada")));
        assert!(requests(json!({ "evaluations": [] })).unwrap().questions().unwrap().is_none(), "section 7.1");
        let many = json!({ "evaluations": vec![json!({}); MAX_EVALUATIONS + 1] });
        assert_eq!(requests(many).unwrap().questions().unwrap_err().status, 400);
    }

    #[test]
    fn a_semantic_is_one_of_three() {
        let with = |semantic: &str| requests(json!({ "options": { "evaluations_semantic": semantic } }));
        assert_eq!(with("deny_on_first_deny").unwrap().options.evaluations_semantic, Semantic::DenyOnFirstDeny);
        assert_eq!(with("permit_on_first_permit").unwrap().options.evaluations_semantic, Semantic::PermitOnFirstPermit);
        assert_eq!(requests(json!({})).unwrap().options.evaluations_semantic, Semantic::ExecuteAll);
        assert!(with("sometimes").is_err());
        assert!(requests(json!({ "subject": { "type": "user", "id": 7 } })).is_err());
    }

    #[test]
    fn a_page_has_a_size_within_bounds() {
        let size = |limit| Page { limit, ..Page::default() }.size();
        assert_eq!((size(None), size(Some(0)), size(Some(7)), size(Some(i64::MAX))), (100, 1, 7, 1000));
    }

    #[test]
    fn a_cursor_is_bound_to_what_is_known_and_not_to_what_is_sought() {
        let search = |subject: &str| -> Search {
            let asked = json!({
                "subject": { "type": "user", "id": subject }, "action": { "name": "view" },
                "resource": { "type": "blog.article", "id": "7" },
            });
            serde_json::from_value(asked).unwrap()
        };
        assert_eq!(search("ada").parts(Sought::Subjects), search("bob").parts(Sought::Subjects));
        assert_ne!(search("ada").parts(Sought::Resources), search("bob").parts(Sought::Resources));
        assert_ne!(search("ada").parts(Sought::Resources), search("ada").parts(Sought::Actions));
    }
}
