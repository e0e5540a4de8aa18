//! What is asked, read member by member, so that what is wrong is named.

use serde_json::{Map, Value};

use super::missing;
use crate::api::Refusal;

/// Most evaluations in one request.
const MAX_EVALUATIONS: usize = 500;
/// Results on a page, unless fewer are asked for.
const PAGE: i64 = 100;
/// Most results on a page.
const MAX_PAGE: i64 = 1000;

/// Who does it (section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// `user`.
    pub kind: String,
    /// `sub`, a proven address or a username.
    pub id: Option<String>,
}

/// To what (section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// App and model, as in `blog.article`, or an app alone.
    pub kind: String,
    /// One object; without it, every object.
    pub id: Option<String>,
}

/// What is done (section 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// As in `publish`.
    pub name: String,
}

/// One question (section 6.1). Its context, and the properties of its parts, are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub subject: Option<Subject>,
    /// Does what.
    pub action: Option<Action>,
    /// To what.
    pub resource: Option<Resource>,
}

/// What is searched for (section 8.4 to 8.6): that part has no id or name, or one that is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Who may?
    Subjects,
    /// To what may they?
    Resources,
    /// What may they?
    Actions,
}

impl Question {
    /// Reads one question.
    ///
    /// # Errors
    /// 400 with the member that is not what it has to be. What is missing altogether may come from elsewhere.
    pub fn read(asked: &Value) -> Result<Self, Refusal> {
        Self::read_for(asked, None)
    }

    /// Reads a search; what is searched for is not looked at.
    ///
    /// # Errors
    /// As [`Question::read`].
    pub fn read_for(asked: &Value, sought: Option<Sought>) -> Result<Self, Refusal> {
        let asked = asked.as_object().ok_or_else(|| Refusal::members(&[("evaluations", NO_OBJECT)]))?;
        let subject = part(asked, "subject")?.map(|part| -> Result<_, Refusal> {
            let id = if sought == Some(Sought::Subjects) { None } else { text(part, "id", "subject.id")? };
            Ok(Subject { kind: required(part, "type", "subject.type")?, id })
        });
        let resource = part(asked, "resource")?.map(|part| -> Result<_, Refusal> {
            let id = if sought == Some(Sought::Resources) { None } else { text(part, "id", "resource.id")? };
            Ok(Resource { kind: required(part, "type", "resource.type")?, id })
        });
        let action = match sought {
            Some(Sought::Actions) => None,
            _ => part(asked, "action")?.map(|part| required(part, "name", "action.name")),
        };
        Ok(Self {
            subject: subject.transpose()?,
            action: action.transpose()?.map(|name| Action { name }),
            resource: resource.transpose()?,
        })
    }

    /// With what it lacks taken from `default`, part by part (section 7.1.1).
    #[must_use]
    pub fn or(self, default: &Self) -> Self {
        Self {
            subject: self.subject.or_else(|| default.subject.clone()),
            action: self.action.or_else(|| default.action.clone()),
            resource: self.resource.or_else(|| default.resource.clone()),
        }
    }
}

const NO_OBJECT: &str = "Not an object.";
const NO_TEXT: &str = "Not a valid string.";

/// A part that is an object; `None`: it is not there, or null.
fn part<'a>(asked: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(part)) => Ok(Some(part)),
        Some(_) => Err(Refusal::members(&[(name, NO_OBJECT)])),
    }
}

fn text(part: &Map<String, Value>, name: &str, told: &'static str) -> Result<Option<String>, Refusal> {
    match part.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::members(&[(told, NO_TEXT)])),
    }
}

fn required(part: &Map<String, Value>, name: &str, told: &'static str) -> Result<String, Refusal> {
    text(part, name, told)?.ok_or_else(|| missing(told))
}

/// Several questions (section 7.1), or one.
#[derive(Clone, Debug)]
pub struct Requests {
    /// The default of each; the only one, where there are no others.
    pub default: Question,
    /// Each question with the defaults filled in, or why it is none; empty: there is only the one (section 7.1).
    pub questions: Vec<Result<Question, Refusal>>,
    /// How they are gone through.
    pub options: Options,
}

/// How several questions are gone through (section 7.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// When to stop.
    pub semantic: Semantic,
}

crate::spec::words! {
    /// When to stop (section 7.1.2.1).
    #[derive(Default)]
    Semantic {
        /// At the end.
        #[default]
        ExecuteAll = "execute_all",
        /// After the first no.
        DenyOnFirstDeny = "deny_on_first_deny",
        /// After the first yes.
        PermitOnFirstPermit = "permit_on_first_permit",
    }
}

impl Requests {
    /// Reads all of them. One that is no question fails for itself (section 7.2.1), what is common to them for all.
    ///
    /// # Errors
    /// 400 with the member that is not what it has to be.
    pub fn read(asked: &Value) -> Result<Self, Refusal> {
        let default = Question::read(asked)?;
        let each = match asked.get("evaluations") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(each)) => each,
            Some(_) => return Err(Refusal::members(&[("evaluations", "Not a list.")])),
        };
        if each.len() > MAX_EVALUATIONS {
            return Err(Refusal::members(&[("evaluations", "More than 500.")]));
        }
        let questions = each.iter().map(|one| Ok(Question::read(one)?.or(&default))).collect();
        Ok(Self { questions, options: Options::read(asked)?, default })
    }
}

impl Options {
    fn read(asked: &Value) -> Result<Self, Refusal> {
        let options = asked.as_object().map(|asked| part(asked, "options")).transpose()?.flatten();
        let name = "options.evaluations_semantic";
        let semantic = options.map(|options| text(options, "evaluations_semantic", name)).transpose()?.flatten();
        let semantic = semantic.map_or(Ok(Semantic::default()), |word| word.parse());
        Ok(Self { semantic: semantic.map_err(|_| Refusal::members(&[(name, "Not one of the three.")]))? })
    }
}

/// Which part of the results (section 8.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `next_token` of the page before; empty: from the beginning.
    pub token: String,
    /// Most results wanted.
    pub size: i64,
}

impl Page {
    /// Reads which part is wanted.
    ///
    /// # Errors
    /// 400 with the member that is not what it has to be.
    pub fn read(asked: &Value) -> Result<Self, Refusal> {
        let page = asked.as_object().map(|asked| part(asked, "page")).transpose()?.flatten();
        let token = page.map(|page| text(page, "token", "page.token")).transpose()?.flatten();
        let size = match page.and_then(|page| page.get("limit")) {
            None | Some(Value::Null) => PAGE,
            Some(limit) => limit
                .as_i64()
                .filter(|limit| *limit > 0)
                .ok_or_else(|| Refusal::members(&[("page.limit", "Not a whole number of at least 1.")]))?,
        };
        Ok(Self { token: token.unwrap_or_default(), size: size.min(MAX_PAGE) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{MAX_EVALUATIONS, Page, Question, Requests, Semantic, Sought};

    fn named(refusal: &crate::api::Refusal) -> Vec<&str> {
        refusal.body.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn each_question_takes_what_it_lacks_from_the_defaults() {
        let asked = Requests::read(&json!({
            "subject": { "type": "user", "id": "ada", "properties": { "x": [1] } },
            "action": { "name": "view" },
            "context": { "time": "now" },
            "evaluations": [{ "resource": { "type": "blog.article", "id": "1" } }, { "action": { "name": "change" } }],
        }))
        .unwrap();
        let questions: Vec<Question> = asked.questions.into_iter().map(Result::unwrap).collect();
        let names: Vec<_> = questions.iter().map(|one| one.action.as_ref().unwrap().name.as_str()).collect();
        assert_eq!(names, ["view", "change"]);
        assert!(questions[0].resource.is_some() && questions[1].resource.is_none());
        assert!(questions.iter().all(|one| one.subject.as_ref().unwrap().id.as_deref() == Some("ada")));
        for none in [json!({ "evaluations": [] }), json!({ "evaluations": null }), json!({})] {
            assert!(Requests::read(&none).unwrap().questions.is_empty(), "section 7.1");
        }
        let many = json!({ "evaluations": vec![json!({}); MAX_EVALUATIONS + 1] });
        assert_eq!(Requests::read(&many).unwrap_err().status, 400);
    }

    #[test]
    fn one_that_is_no_question_fails_for_itself_and_what_is_common_for_all() {
        let each =
            [json!({}), json!(null), json!([]), json!("x"), json!({ "subject": "ada" }), json!({ "action": {} })];
        let asked = Requests::read(&json!({ "evaluations": each })).unwrap();
        let sound: Vec<bool> = asked.questions.iter().map(Result::is_ok).collect();
        assert_eq!(sound, [true, false, false, false, false, false]);
        for (common, name) in [
            (json!({ "subject": "ada" }), "subject"),
            (json!({ "subject": { "id": "ada" } }), "subject.type"),
            (json!({ "subject": { "type": "user", "id": 7 } }), "subject.id"),
            (json!({ "action": { "name": [] } }), "action.name"),
            (json!({ "evaluations": {} }), "evaluations"),
            (json!({ "options": [] }), "options"),
            (json!({ "options": { "evaluations_semantic": "sometimes" } }), "options.evaluations_semantic"),
        ] {
            assert_eq!(named(&Requests::read(&common).unwrap_err()), [name], "{common}");
        }
    }

    #[test]
    fn a_semantic_is_one_of_three() {
        let with = |semantic: &str| {
            let asked = Requests::read(&json!({ "options": { "evaluations_semantic": semantic } }));
            asked.unwrap().options.semantic
        };
        assert_eq!(with("deny_on_first_deny"), Semantic::DenyOnFirstDeny);
        assert_eq!(with("permit_on_first_permit"), Semantic::PermitOnFirstPermit);
        assert_eq!(Requests::read(&json!({ "options": null })).unwrap().options.semantic, Semantic::ExecuteAll);
    }

    #[test]
    fn what_is_searched_for_is_not_looked_at() {
        let asked = json!({
            "subject": { "type": "user", "id": 7 }, "action": { "name": "read" },
            "resource": { "type": "blog.article", "id": [] },
        });
        for (sought, wrong) in
            [(Sought::Subjects, "resource.id"), (Sought::Resources, "subject.id"), (Sought::Actions, "subject.id")]
        {
            assert_eq!(named(&Question::read_for(&asked, Some(sought)).unwrap_err()), [wrong], "{sought:?}");
        }
        let asked = json!({ "subject": { "type": "user", "id": "ada" }, "action": 7, "resource": { "type": "blog" } });
        assert!(Question::read_for(&asked, Some(Sought::Actions)).unwrap().action.is_none());
    }

    #[test]
    fn a_page_has_at_least_one_result_and_at_most_a_thousand() {
        let size = |limit: Value| Page::read(&json!({ "page": { "limit": limit } })).map(|page| page.size);
        assert_eq!((size(json!(5)).unwrap(), size(json!(9_999_999)).unwrap()), (5, 1000));
        assert_eq!((size(json!(null)).unwrap(), Page::read(&json!({ "page": null })).unwrap().size), (100, 100));
        for wrong in [json!(0), json!(-1), json!("5"), json!(1.5)] {
            assert_eq!(named(&size(wrong).unwrap_err()), ["page.limit"]);
        }
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(text in "[\\[\\]{}\":,a-z0-9 ]{0,60}") {
            if let Ok(value) = serde_json::from_str(&text) {
                let _ = (Requests::read(&value), Page::read(&value));
            }
        }
    }
}
