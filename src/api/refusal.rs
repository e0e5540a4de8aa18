//! Refusals in the words of simplejwt: `detail` for people, `code` for programs.

use chrono::Duration;
use serde_json::{Map, Value, json};

use crate::kernel::fault::Fault;
use crate::oidc::OAuthError;
use crate::sessions::hold::Hold;
use crate::spec::ErrorCode;

/// A refusal, ready to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// What goes out.
    pub body: Value,
    /// For the log.
    pub code: &'static str,
    /// For the log only.
    pub because: String,
    /// Seconds after which another try is worth it.
    pub retry_after_secs: Option<i64>,
}

impl Refusal {
    /// With `detail` and `code`.
    #[must_use]
    pub fn new(status: u16, code: &'static str, detail: &str) -> Self {
        let body = json!({ "detail": detail, "code": code });
        Self { status, body, code, because: detail.to_owned(), retry_after_secs: None }
    }

    /// A reason for the log that nobody is told.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = because.into();
        self
    }

    /// What is wrong with single members, by name.
    #[must_use]
    pub fn members(problems: &[(&'static str, &'static str)]) -> Self {
        let body: Map<String, Value> = problems.iter().map(|(name, words)| ((*name).into(), json!([words]))).collect();
        let names: Vec<&str> = problems.iter().map(|(name, _)| *name).collect();
        Self { body: body.into(), ..Self::new(400, "invalid", &names.join(" ")) }
    }

    /// All that is told, in a line.
    #[must_use]
    pub fn in_words(&self) -> String {
        if let Some(detail) = self.body.get("detail").and_then(Value::as_str) {
            return detail.to_owned();
        }
        let problem = |(name, words): (&String, &Value)| {
            let words = words.as_array().into_iter().flatten().filter_map(Value::as_str);
            format!("{name}: {}", words.collect::<Vec<_>>().join(" "))
        };
        self.body.as_object().into_iter().flatten().map(problem).collect::<Vec<_>>().join(" ")
    }

    /// The body is no flat JSON object.
    #[must_use]
    pub fn unreadable(because: impl Into<String>) -> Self {
        Self::new(400, "parse_error", "JSON parse error").because(because)
    }

    /// The cursor of a list is of another question, or none of ours.
    #[must_use]
    pub fn foreign_cursor() -> Self {
        Self::members(&[("page.token", "This token does not belong to this question.")])
    }

    /// One answer for an unknown name, a wrong password and an account that is disabled.
    #[must_use]
    pub fn no_active_account() -> Self {
        Self::new(401, "no_active_account", "No active account found with the given credentials")
    }

    /// One answer for whatever is wrong with a token.
    #[must_use]
    pub fn token_not_valid(because: impl Into<String>) -> Self {
        Self::new(401, "token_not_valid", "Token is invalid or expired").because(because)
    }

    /// The client has not opted in.
    #[must_use]
    pub fn client_not_allowed() -> Self {
        Self::new(403, "client_not_allowed", "This client may not use token pairs")
    }

    /// The password was right, but its owner has something to do first, at a page.
    #[must_use]
    pub fn action_required(hold: Hold) -> Self {
        let detail = "The account needs an action first: sign in with a browser";
        Self::new(403, "action_required", detail).because(format!("hold: {hold}"))
    }

    /// Too many tries.
    #[must_use]
    pub fn throttled(wait: Duration) -> Self {
        let secs = wait.num_seconds().max(1);
        let unit = if secs == 1 { "second" } else { "seconds" };
        let detail = format!("Request was throttled. Expected available in {secs} {unit}.");
        let body = json!({ "detail": detail });
        Self { body, retry_after_secs: Some(secs), ..Self::new(429, "throttled", "too many tries") }
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        let status = match error.code {
            ErrorCode::InvalidClient => 401,
            ErrorCode::ServerError => 500,
            ErrorCode::TemporarilyUnavailable => 503,
            _ => 400,
        };
        let retry_after_secs = error.retry_after_secs.map(i64::from);
        Self { retry_after_secs, ..Self::new(status, error.code.as_str(), &error.description).because(error.because) }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        OAuthError::from(fault).into()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use serde_json::json;

    use super::Refusal;

    #[test]
    fn a_throttled_request_is_told_how_long_in_seconds() {
        let told = |millis| {
            let refusal = Refusal::throttled(Duration::milliseconds(millis));
            (refusal.body["detail"].as_str().unwrap().to_owned(), refusal.retry_after_secs)
        };
        assert_eq!(told(0), ("Request was throttled. Expected available in 1 second.".into(), Some(1)));
        assert_eq!(told(90_000), ("Request was throttled. Expected available in 90 seconds.".into(), Some(90)));
    }

    #[test]
    fn problems_stand_under_the_names_of_their_members() {
        let refusal = Refusal::members(&[("username", "one"), ("password", "two")]);
        assert_eq!(refusal.body, json!({ "username": ["one"], "password": ["two"] }));
        assert_eq!(refusal.in_words(), "password: two username: one");
        assert_eq!(Refusal::no_active_account().in_words(), "No active account found with the given credentials");
    }
}
