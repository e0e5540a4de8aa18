//! Searches (section 8): who may, to what, and what.

use serde_json::{Value, json};

use super::{Action, Page, Question, Sought, USER, missing, model_of, object_of, who_of};
use crate::access::check::{self, Match, Objects, Slice, What};
use crate::access::store::permissions;
use crate::api::Refusal;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::spec::small_word;

/// Why a search for objects does not name all that it finds.
const EVERY_OBJECT: &str = "held for every object; the results are those that grants name";

/// A search, and which part of its results.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is searched for.
    pub sought: Sought,
    /// What is known.
    pub question: Question,
    /// Which part.
    pub page: Page,
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

impl Search {
    /// Reads a search.
    ///
    /// # Errors
    /// 400 with the member that is not what it has to be.
    pub fn read(asked: &Value, sought: Sought) -> Result<Self, Refusal> {
        Ok(Self { sought, question: Question::read_for(asked, Some(sought))?, page: Page::read(asked)? })
    }

    /// Everything that is asked, for the cursor to be bound to.
    #[must_use]
    pub fn parts(&self) -> [String; 6] {
        let Question { subject, action, resource } = self.question.clone();
        let (subject, resource) = (subject.unwrap_or_default(), resource.unwrap_or_default());
        [
            format!("{:?}", self.sought),
            subject.kind,
            subject.id.unwrap_or_default(),
            action.map(|action| action.name).unwrap_or_default(),
            resource.kind,
            resource.id.unwrap_or_default(),
        ]
    }

    /// A page of results (section 8.3); `after` is what the page before ended with.
    ///
    /// # Errors
    /// A part of the question that is missing or malformed; [`crate::kernel::fault::Fault`] of the database.
    pub fn run(&self, conn: &mut Conn, after: &str, client: &Client) -> Result<Found, Refusal> {
        let Question { subject, action, resource } = &self.question;
        let subject = subject.as_ref().ok_or_else(|| missing("subject"))?;
        let resource = resource.as_ref().ok_or_else(|| missing("resource"))?;
        let action = action.as_ref().ok_or_else(|| missing("action"));
        // One more than the page shows whether there is another.
        let slice = Slice { after, limit: self.page.size + 1 };
        let model = model_of(resource, client);
        let named = |action: &Action| small_word::check("action", &action.name).is_ok();
        match self.sought {
            Sought::Subjects => {
                let (action, object) = (action?, object_of(resource)?);
                let Some(model) = model.filter(|_| subject.kind == USER && named(action)) else {
                    return Ok(Found::default());
                };
                let what = What::Action(model, action.name.clone());
                let people = check::users_with(conn, &what, object.as_ref(), slice)?;
                let subs = people.into_iter().map(|person| person.sub.to_string()).collect();
                Ok(self.cut(subs, |sub| json!({ "type": USER, "id": sub })))
            }
            Sought::Resources => {
                let (who, action) = (who_of(subject)?, action?);
                let (Some(who), Some(model)) = (who, model.filter(|_| named(action))) else {
                    return Ok(Found::default());
                };
                let Some(name) = permissions::find_by_action(conn, &model, &action.name)? else {
                    return Ok(Found::default());
                };
                let Objects { all, ids } = check::objects_for(conn, &who, &[name], Match::All, slice)?;
                let found = self.cut(ids, |id| json!({ "type": resource.kind, "id": id }));
                let context = all.then(|| json!({ "all": true, "reason_admin": { "en": EVERY_OBJECT } }));
                Ok(Found { context, ..found })
            }
            Sought::Actions => {
                let (who, object) = (who_of(subject)?, object_of(resource)?);
                let (Some(who), Some(model)) = (who, model) else { return Ok(Found::default()) };
                let actions = check::actions_for(conn, &who, &model, object.as_ref(), slice)?;
                Ok(self.cut(actions, |name| json!({ "name": name })))
            }
        }
    }

    fn cut(&self, mut keys: Vec<String>, shown: impl Fn(&str) -> Value) -> Found {
        let size = usize::try_from(self.page.size).unwrap_or(usize::MAX);
        let has_more = keys.len() > size;
        keys.truncate(size);
        let last = keys.last().filter(|_| has_more).cloned();
        Found { results: keys.iter().map(|key| shown(key)).collect(), last, context: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Search, Sought};

    #[test]
    fn a_cursor_is_bound_to_what_is_known_and_not_to_what_is_searched_for() {
        let parts = |sought, value| Search::read(&value, sought).unwrap().parts();
        let with = |subject: &str, action: &str, id: &str| {
            json!({
                "subject": { "type": "user", "id": subject }, "action": { "name": action },
                "resource": { "type": "blog.article", "id": id },
            })
        };
        let (one, other) = (with("ada", "view", "1"), with("bob", "view", "1"));
        assert_eq!(parts(Sought::Subjects, one.clone()), parts(Sought::Subjects, other.clone()));
        assert_ne!(parts(Sought::Resources, one.clone()), parts(Sought::Resources, other));
        assert_eq!(parts(Sought::Actions, one.clone()), parts(Sought::Actions, with("ada", "change", "1")));
        assert_ne!(parts(Sought::Subjects, one), parts(Sought::Subjects, with("ada", "view", "2")));
    }
}
