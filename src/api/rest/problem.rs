//! Refusals of the API: problem details (RFC 9457).

use serde_json::{Value, json};

use crate::admin::deed::{Stop, Wrong};
use crate::kernel::fault::Fault;

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// A stable word for programs and for the log.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
    /// Every member that is wrong.
    pub errors: Vec<Wrong>,
    /// What only the log says.
    pub because: String,
    /// Try again after so many seconds.
    pub retry_after_secs: Option<u32>,
}

impl Problem {
    /// A problem.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, code, because: detail.clone(), detail, errors: Vec::new(), retry_after_secs: None }
    }

    /// Members of the body or the query do not fit.
    #[must_use]
    pub fn invalid(errors: Vec<Wrong>) -> Self {
        let names: Vec<&str> = errors.iter().map(|wrong| wrong.field.as_ref()).collect();
        let because = names.join(", ");
        Self { errors, because, ..Self::new(422, "invalid", "Some of what was sent does not do.") }
    }

    /// What only the log says.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = because.into();
        self
    }

    /// The document.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Value {
        let errors: Vec<_> =
            self.errors.iter().map(|wrong| json!({ "field": wrong.field, "detail": wrong.message })).collect();
        let mut out = json!({
            "type": "about:blank", "title": title(self.status), "status": self.status, "code": self.code,
            "detail": self.detail, "request_id": request_id,
        });
        if let (Some(out), false) = (out.as_object_mut(), errors.is_empty()) {
            out.insert("errors".into(), errors.into());
        }
        out
    }
}

/// The words of the status (RFC 9110 section 15; RFC 9457 section 4.2.1 wants them with `about:blank`).
const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Forbidden(refusal) => Self::new(403, "forbidden", refusal.to_string()),
            Stop::Wrong(errors) => Self::invalid(errors),
            Stop::Conflict(why) => Self::new(409, "conflict", why),
            Stop::Gone => Self::new(404, "not_found", "There is nothing here."),
            Stop::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let because = fault.to_string();
        if fault.is_temporary() {
            let problem = Self::new(503, "temporarily_unavailable", "This place is busy. Try again in a moment.");
            return Self { retry_after_secs: Some(2), ..problem.because(because) };
        }
        Self::new(500, "server_error", "Something went wrong on our side.").because(because)
    }
}
