//! Every form is ours: a token bound to the browser or the session, and the browser's own word on
//! where the post comes from (RFC 9700 section 4.7, Fetch Metadata).

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::errors::PageError;
use super::hosts::Hosts;
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::spec::Params;

/// The form field.
pub const FIELD: &str = "csrf_token";

/// Makes and checks tokens.
#[derive(Clone, Debug)]
pub struct Csrf {
    mac: Mac,
    cookie_name: &'static str,
    secure: bool,
}

/// What a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The anonymous cookie of this browser.
    Browser(String),
    /// A session.
    Session(String),
}

impl Csrf {
    /// `secure`: the public URL is https.
    #[must_use]
    pub const fn new(mac: Mac, secure: bool) -> Self {
        let cookie_name = if secure { "__Host-portcullis-form" } else { "portcullis-form" };
        Self { mac, cookie_name, secure }
    }

    /// The token for a form.
    #[must_use]
    pub fn token(&self, binding: &Binding) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(binding))
    }

    fn tag(&self, binding: &Binding) -> [u8; 32] {
        match binding {
            Binding::Browser(cookie) => self.mac.tag(&[b"browser", cookie.as_bytes()]),
            Binding::Session(id) => self.mac.tag(&[b"session", id.as_bytes()]),
        }
    }

    /// What binds the anonymous forms of this browser, and the cookie to set when it is new.
    ///
    /// # Errors
    /// [`Fault`] without randomness.
    pub fn browser(&self, req: &HttpRequest, random: &Random) -> Result<(Binding, Option<Cookie<'static>>), Fault> {
        if let Some(known) = self.cookie_of(req) {
            return Ok((Binding::Browser(known), None));
        }
        let value = URL_SAFE_NO_PAD.encode(random.bytes::<16>()?);
        let cookie = Cookie::build(self.cookie_name, value.clone())
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .finish();
        Ok((Binding::Browser(value), Some(cookie)))
    }

    /// The cookie that binds the anonymous forms of this browser.
    #[must_use]
    pub fn cookie_of(&self, req: &HttpRequest) -> Option<String> {
        let cookie = req.cookie(self.cookie_name)?;
        (cookie.value().len() == 22).then(|| cookie.value().to_owned())
    }

    /// Checks a posted form that anybody may post.
    ///
    /// # Errors
    /// A page that says to load the form again.
    pub fn check_browser(&self, req: &HttpRequest, hosts: &Hosts, form: &Params) -> Result<(), PageError> {
        let binding = self.cookie_of(req).map(Binding::Browser);
        self.check(req, hosts, form, binding.as_ref())
    }

    /// Checks a posted form of somebody signed in.
    ///
    /// # Errors
    /// A page that says to load the form again.
    pub fn check_session(
        &self,
        req: &HttpRequest,
        hosts: &Hosts,
        form: &Params,
        session: &str,
    ) -> Result<(), PageError> {
        self.check(req, hosts, form, Some(&Binding::Session(session.to_owned())))
    }

    fn check(
        &self,
        req: &HttpRequest,
        hosts: &Hosts,
        form: &Params,
        binding: Option<&Binding>,
    ) -> Result<(), PageError> {
        comes_from_us(req, hosts).map_err(PageError::foreign_form)?;
        let token = form.one(FIELD).ok().flatten().and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
        match (binding, token) {
            (Some(binding), Some(token)) if subtle_eq(&self.tag(binding), &token) => Ok(()),
            (None, _) => Err(PageError::foreign_form("the form cookie is missing")),
            (_, None) => Err(PageError::foreign_form("the form token is missing")),
            _ => Err(PageError::foreign_form("the form token is another browser's or session's")),
        }
    }
}

fn subtle_eq(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

/// What the browser says of the page that posts.
fn comes_from_us(req: &HttpRequest, hosts: &Hosts) -> Result<(), &'static str> {
    let said = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = said("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return Err("Sec-Fetch-Site names another site");
    }
    match said(header::ORIGIN.as_str()) {
        Some(origin) if !hosts.is_own_origin(origin) => Err("Origin names another site"),
        _ => Ok(()),
    }
}
