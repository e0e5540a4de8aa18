//! RP-initiated logout (`OpenID` Connect RP-Initiated Logout 1.0): what a request asks for.

use std::sync::Arc;

use super::authorize::target::with_query;
use crate::clients::Client;
use crate::keys::Keyring;
use crate::spec::Params;
use crate::tokens::id_token::{self, Hint};

/// A logout request, read. Nothing in it is an error: what cannot be trusted makes us ask.
#[derive(Clone, Debug)]
pub struct LogoutRequest {
    /// A hint that we signed.
    pub hint: Option<Hint>,
    /// A hint came, but is none of ours, or contradicts the rest.
    pub is_doubtful: bool,
    /// Whom it names: by hint or by `client_id`.
    pub client_id: Option<String>,
    /// Where to go afterwards.
    pub wanted_uri: Option<String>,
    /// Handed back.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Reads the parameters (RPL section 2).
    #[must_use]
    pub fn read(params: &Params, keyring: &Keyring, issuer: &str) -> Self {
        let token = params.find("id_token_hint");
        let hint = token.and_then(|token| id_token::read_hint(keyring, token, issuer));
        let named = params.find("client_id");
        let disagrees = matches!((&hint, named), (Some(hint), Some(named)) if hint.aud != named);
        Self {
            is_doubtful: (token.is_some() && hint.is_none()) || disagrees,
            client_id: named.map(str::to_owned).or_else(|| hint.as_ref().map(|hint| hint.aud.clone())),
            hint,
            wanted_uri: params.find("post_logout_redirect_uri").map(str::to_owned),
            state: params.find("state").map(str::to_owned),
        }
    }

    /// The address to go to afterwards: registered for a client we are sure of, exactly (RPL section 3).
    #[must_use]
    pub fn destination(&self, client: Option<&Arc<Client>>) -> Option<String> {
        let wanted = self.wanted_uri.as_ref().filter(|_| !self.is_doubtful)?;
        client.filter(|client| client.may_end_at(wanted))?;
        Some(match &self.state {
            Some(state) => with_query(wanted, &[("state".into(), state.clone())]),
            None => wanted.clone(),
        })
    }

    /// Whether the request comes from an app that this person is signed in to: then nobody is asked.
    #[must_use]
    pub fn is_of(&self, sub: &str) -> bool {
        !self.is_doubtful && self.hint.as_ref().is_some_and(|hint| hint.sub == sub)
    }
}
