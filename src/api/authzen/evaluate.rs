//! Decisions (sections 6 and 7).

use serde_json::{Value, json};

use super::{Options, Question, Semantic, missing, model_of, object_of, who_of};
use crate::access::check::{self, Way, What};
use crate::api::Refusal;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::spec::small_word;

/// One decision (section 6.2).
///
/// # Errors
/// A part of the question that is missing or malformed; [`crate::kernel::fault::Fault`] of the database.
pub fn one(conn: &mut Conn, question: &Question, client: &Client) -> Result<Value, Refusal> {
    let subject = question.subject.as_ref().ok_or_else(|| missing("subject"))?;
    let action = question.action.as_ref().ok_or_else(|| missing("action"))?;
    let resource = question.resource.as_ref().ok_or_else(|| missing("resource"))?;
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

/// Decisions in the order of the questions, up to the one that settles it (section 7.2). What is no question, or lacks a part,
/// is a no that says so (section 7.2.1).
///
/// # Errors
/// [`crate::kernel::fault::Fault`] of the database: for all of them, never for a part.
pub fn all(
    conn: &mut Conn,
    questions: &[Result<Question, Refusal>],
    options: Options,
    client: &Client,
) -> Result<Value, Refusal> {
    let mut decisions = Vec::with_capacity(questions.len());
    for question in questions {
        let decided = match question {
            Ok(question) => one(conn, question, client),
            Err(refusal) => Err(refusal.clone()),
        };
        let decision = match decided {
            Err(refusal) if refusal.status == 400 => {
                json!({ "decision": false, "context": { "error": { "status": 400, "message": refusal.in_words() } } })
            }
            decided => decided?,
        };
        let is_yes = decision.get("decision") == Some(&Value::Bool(true));
        decisions.push(decision);
        let settles = match options.semantic {
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
