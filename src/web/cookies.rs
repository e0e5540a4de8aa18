//! Small cookies of ours beside the session's: host-bound, not for scripts.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};

use super::errors::PageError;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The one-time link that was opened here, so that its secret leaves the address bar.
    Link,
    /// The registration that waits for its proof here.
    Pending,
    /// The sign-in link that was asked for here.
    Magic,
}

impl Name {
    const fn bare(self) -> &'static str {
        match self {
            Self::Link => "portcullis-link",
            Self::Pending => "portcullis-pending",
            Self::Magic => "portcullis-magic",
        }
    }
}

/// Sets and reads them.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    secure: bool,
}

/// Longest value read, in bytes.
const MAX_BYTES: usize = 1024;

impl Cookies {
    /// `secure`: the public URL is https.
    #[must_use]
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    fn full(self, name: Name) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}", name.bare())
    }

    /// The value that this browser holds.
    #[must_use]
    pub fn find(self, req: &HttpRequest, name: Name) -> Option<String> {
        let cookie = req.cookie(&self.full(name))?;
        let value = cookie.value();
        (!value.is_empty() && value.len() <= MAX_BYTES).then(|| value.to_owned())
    }

    /// Puts a value into the browser, for so many minutes.
    ///
    /// # Errors
    /// A fault when the cookie cannot be written.
    pub fn set(self, response: &mut HttpResponse, name: Name, value: &str, minutes: i64) -> Result<(), PageError> {
        let cookie = Cookie::build(self.full(name), value.to_owned())
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(Duration::minutes(minutes))
            .finish();
        response.add_cookie(&cookie).map_err(|error| PageError::bug(error.to_string()))
    }

    /// Takes it away.
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn remove(self, response: &mut HttpResponse, name: Name) -> Result<(), PageError> {
        self.set(response, name, "", 0)
    }
}
