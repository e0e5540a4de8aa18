//! Errors for people: a plain sentence, what to do, the request's id.
//!
//! A handler returns a [`PageError`]; the edge renders it, because only there the templates and the
//! request are at hand.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;

use super::form::FormError;
use super::page::{Page, see_other};
use crate::kernel::fault::Fault;
use crate::spec::params::{ParamsError, Repeated};

/// Seconds after which a temporary failure is worth another try.
pub const RETRY_AFTER_SECS: u32 = 2;

/// What a person is told when something cannot be done.
#[derive(Clone, Debug, Serialize)]
pub struct PageError {
    #[serde(skip)]
    status: StatusCode,
    /// Stable, for tests and support: `data-error`.
    pub code: String,
    heading: String,
    message: String,
    action: String,
    back_url: Option<String>,
    back_label: Option<String>,
    detail: Option<String>,
    retry_after: Option<u32>,
    /// Where to go first.
    #[serde(skip)]
    location: Option<String>,
    /// Methods that would serve here.
    #[serde(skip)]
    allow: Option<&'static str>,
    /// For the log only.
    #[serde(skip)]
    because: String,
}

impl PageError {
    /// An error of this status and code, in words.
    pub fn new(status: StatusCode, code: &str, heading: &str, message: &str, action: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            heading: heading.to_owned(),
            message: message.to_owned(),
            action: action.to_owned(),
            back_url: None,
            back_label: None,
            detail: None,
            retry_after: None,
            location: None,
            allow: None,
            because: String::new(),
        }
    }

    /// The reason, for the log.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = because.into();
        self
    }

    /// With the seconds after which it is worth another try.
    #[must_use]
    pub const fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after = Some(secs);
        self
    }

    /// A link back.
    #[must_use]
    pub fn back(mut self, url: &str, label: &str) -> Self {
        self.back_url = Some(url.to_owned());
        self.back_label = Some(label.to_owned());
        self
    }

    /// Nothing here.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Page not found",
            "There is nothing at this address.",
            "Check the address, or go to your account.",
        )
        .back("/account", "Go to your account")
    }

    /// The same for somebody who looked for it at `path`: in the console the way goes on there.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        let is_lost = self.status == StatusCode::NOT_FOUND && self.code == "not_found";
        if !is_lost || !(path == "/admin" || path.starts_with("/admin/")) {
            return self;
        }
        Self {
            message: "There is nothing at this address, or it is gone.".into(),
            action: "What was deleted is in the audit log.".into(),
            ..self
        }
        .back("/admin", "Go to the console")
    }

    /// Another method is meant here.
    #[must_use]
    pub fn wrong_method(allow: &'static str) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { allow: Some(allow), ..Self::for_status(status) }
    }

    /// No error, and no page yet: something comes first, like signing in, at `location`.
    #[must_use]
    pub fn first(location: &str) -> Self {
        Self { location: Some(location.to_owned()), ..Self::for_status(StatusCode::SEE_OTHER) }
    }

    /// A form that is not ours, or was open too long.
    #[must_use]
    pub fn foreign_form(because: &'static str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "form_expired",
            "This form has expired",
            "Nothing was changed, because the form did not come from a page that is open in this browser.",
            "Go back, load the page again, and try once more. Cookies must be allowed.",
        )
        .because(because)
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn bad_request(because: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "This request cannot be read",
            "Something in the address or the form is not as it should be.",
            "Go back to the app you came from and start again.",
        )
        .because(because)
    }

    /// An error in our own code.
    #[must_use]
    pub fn bug(because: impl Into<String>) -> Self {
        Self::from(Fault::Bug(because.into()))
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, for the log.
    #[must_use]
    pub fn cause(&self) -> &str {
        if self.because.is_empty() { &self.code } else { &self.because }
    }

    /// With another status: for router answers like 405.
    #[must_use]
    pub fn for_status(status: StatusCode) -> Self {
        if status == StatusCode::NOT_FOUND {
            return Self::not_found();
        }
        let code = status.canonical_reason().unwrap_or("error").to_ascii_lowercase().replace([' ', '-'], "_");
        Self::new(
            status,
            &code,
            status.canonical_reason().unwrap_or("Error"),
            "This request cannot be answered here.",
            "Go back and try another way.",
        )
    }
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        let mut error = if fault.is_temporary() {
            let busy = Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "One moment, please",
                "The server is busy or cannot reach its database. Nothing is lost.",
                "Try again in a few seconds.",
            );
            Self { retry_after: Some(RETRY_AFTER_SECS), ..busy }
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "Something went wrong on our side",
                "The server made a mistake. It has been logged.",
                "Try again later. If it stays, tell your administrator the request ID below.",
            )
        };
        error.because = fault.to_string();
        error
    }
}

impl From<FormError> for PageError {
    fn from(error: FormError) -> Self {
        Self { status: error.status(), ..Self::bad_request(error.to_string()) }
    }
}

impl From<ParamsError> for PageError {
    fn from(error: ParamsError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<Repeated> for PageError {
    fn from(repeated: Repeated) -> Self {
        Self::bad_request(repeated.to_string())
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.cause())
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// A bare answer that carries the error to the edge, which renders it.
    fn error_response(&self) -> HttpResponse {
        if let Some(location) = &self.location {
            return see_other(location);
        }
        let mut builder = HttpResponseBuilder::new(self.status);
        if let Some(secs) = self.retry_after {
            builder.insert_header((header::RETRY_AFTER, secs));
        }
        if let Some(allow) = self.allow {
            builder.insert_header((header::ALLOW, allow));
        }
        let mut response = builder.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl Page for PageError {
    const TEMPLATE: &'static str = "error.html";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn sample() -> Self {
        Self::not_found().because("a sample")
    }
}
