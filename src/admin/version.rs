//! Whether something is still what somebody saw: for forms that wait, and for `If-Match` (RFC 9110 section 13.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::kernel::secret::Digest;

/// A short name of what is shown: another one when anything of it is another.
#[must_use]
pub fn of(shown: &Value) -> String {
    let digest = Digest::of(shown.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_bytes().get(..15).unwrap_or_default())
}
