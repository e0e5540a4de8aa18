//! Secrets that a test has held, and the search for them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::kernel::random::hex;

/// Secrets, each with a name to tell it by.
#[derive(Default)]
pub(super) struct Held(pub(super) Vec<(String, Vec<u8>)>);

impl Held {
    pub(super) fn keep(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 16, "{name}: too short to be looked for: {secret:?}");
        self.0.push((name.to_owned(), secret.into()));
        // What it stands for, where it is an encoding.
        if let Ok(bytes) = URL_SAFE_NO_PAD.decode(secret)
            && bytes.len() >= 16
        {
            self.0.push((format!("{name}, decoded"), bytes));
        }
    }

    /// A JWT is told by its signature; what it says is no secret.
    pub(super) fn keep_token(&mut self, name: &str, token: &str) {
        self.keep(name, token.rsplit('.').next().expect("a signature"));
    }

    /// Names of the secrets that stand in `text`, in any of the ways that bytes are written.
    pub(super) fn found_in(&self, text: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(_, secret)| ways(secret).iter().any(|way| text.contains(way.as_str())));
        found.map(|(name, _)| name.clone()).collect()
    }
}

/// The ways in which bytes are written.
pub(super) fn ways(secret: &[u8]) -> Vec<String> {
    let plain = std::str::from_utf8(secret).map(str::to_owned).ok();
    let encoded = plain.as_ref().map(|text| url::form_urlencoded::byte_serialize(text.as_bytes()).collect());
    let numbers = secret.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let others = [hex(secret), STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret), numbers];
    plain.into_iter().chain(encoded).chain(others).collect()
}
