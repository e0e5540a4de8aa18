//! Addresses that stand in letters: made of the public URL, never of a request.

use crate::config::PublicUrl;
use crate::kernel::secret::Secret;

/// Makes links.
#[derive(Clone, Debug)]
pub struct Links {
    base: String,
}

impl Links {
    /// Links of this server.
    #[must_use]
    pub fn new(public_url: &PublicUrl) -> Self {
        Self { base: public_url.as_str().trim_end_matches('/').to_owned() }
    }

    /// A page.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A page with a one-time secret, which is safe in a query as it is.
    #[must_use]
    pub fn secret(&self, path: &str, token: &Secret<String>) -> String {
        format!("{}{path}?token={}", self.base, token.expose())
    }
}
