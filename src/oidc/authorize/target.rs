//! Where answers may go: the only way to a redirect.

use std::sync::Arc;

use crate::clients::Client;
use crate::oidc::OAuthError;
use crate::spec::{ErrorCode, Params, ResponseMode};

/// A verified client and redirect URI. No other code makes a redirect to an app.
#[derive(Clone, Debug)]
pub struct RedirectTarget {
    client: Arc<Client>,
    redirect_uri: String,
    mode: ResponseMode,
    state: Option<String>,
    issuer: String,
}

/// Why there is no target: shown as a page, never redirected (RFC 6749 section 4.1.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTarget {
    /// Stable code for the page.
    pub code: ErrorCode,
    /// What a person is told.
    pub message: &'static str,
    /// For the log.
    pub because: String,
}

/// `state` is kept whole up to this length, and refused beyond.
const MAX_STATE_BYTES: usize = 2048;

/// What goes back to the app, before it has a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A 303 to this address.
    Redirect(String),
    /// A page that posts these fields to this address.
    FormPost(String, Vec<(String, String)>),
}

impl RedirectTarget {
    /// Checks `redirect_uri` against the client's, and reads `state` and `response_mode`, which every
    /// answer needs.
    ///
    /// # Errors
    /// [`NoTarget`].
    pub fn verify(params: &Params, client: Arc<Client>, issuer: &str) -> Result<Self, NoTarget> {
        let refused = |message, because: String| NoTarget { code: ErrorCode::InvalidRequest, message, because };
        let redirect_uri = params
            .one("redirect_uri")
            .map_err(|repeated| refused("The app sent its return address twice.", repeated.to_string()))?
            .ok_or_else(|| refused("The app did not say where to return to.", "redirect_uri is missing".into()))?;
        if client.find_redirect_uri(redirect_uri).is_none() {
            let shown: String = redirect_uri.chars().take(200).collect();
            let because = format!("redirect_uri {shown:?} is not registered for {}", client.client_id);
            return Err(refused("The app asked to return to an address that is not registered for it.", because));
        }
        let state = params
            .one("state")
            .map_err(|repeated| refused("The app sent a parameter twice.", repeated.to_string()))?
            .map(str::to_owned);
        if state.as_ref().is_some_and(|state| state.len() > MAX_STATE_BYTES) {
            return Err(refused(
                "The app sent more than can be handed back to it.",
                "state is longer than 2048 bytes".into(),
            ));
        }
        // An unknown mode is reported in the default one, by `AuthorizeRequest`.
        let is_web = redirect_uri.starts_with("https://") || redirect_uri.starts_with("http://");
        let mode = params.find("response_mode").and_then(|mode| mode.parse().ok()).filter(|_| is_web);
        let mode = mode.unwrap_or(ResponseMode::Query);
        Ok(Self { client, redirect_uri: redirect_uri.to_owned(), mode, state, issuer: issuer.to_owned() })
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The verified redirect URI, as the app sent it.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The answer with a code.
    #[must_use]
    pub fn code(&self, code: &str) -> Answer {
        self.answer(vec![("code".into(), code.into())])
    }

    /// The answer with an error.
    #[must_use]
    pub fn error(&self, error: &OAuthError) -> Answer {
        self.answer(vec![
            ("error".into(), error.code.as_str().into()),
            ("error_description".into(), error.description.clone()),
        ])
    }

    fn answer(&self, mut fields: Vec<(String, String)>) -> Answer {
        if let Some(state) = &self.state {
            fields.push(("state".into(), state.clone()));
        }
        // RFC 9207 section 2: in every answer, error or not.
        fields.push(("iss".into(), self.issuer.clone()));
        match self.mode {
            ResponseMode::Query => Answer::Redirect(with_query(&self.redirect_uri, &fields)),
            ResponseMode::FormPost => Answer::FormPost(self.redirect_uri.clone(), fields),
        }
    }
}

/// Adds parameters to a URI, whose own query stays as it is (RFC 6749 section 3.1.2).
#[must_use]
pub fn with_query(uri: &str, fields: &[(String, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn a_query_of_the_uri_is_kept() {
        let fields = [("code".to_owned(), "a b&".to_owned())];
        for (uri, whole) in [
            ("https://a.example/cb", "https://a.example/cb?code=a+b%26"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=a+b%26"),
            ("https://a.example/cb?", "https://a.example/cb?code=a+b%26"),
        ] {
            assert_eq!(with_query(uri, &fields), whole);
        }
    }
}
