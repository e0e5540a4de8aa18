//! `client_secret_basic`: HTTP Basic, both parts form-encoded (RFC 6749 section 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::CredentialsError;
use crate::kernel::secret::Secret;
use crate::spec::Params;

/// Client id and secret of an `Authorization` header.
///
/// # Errors
/// [`CredentialsError::Missing`] when it is another scheme or no such pair.
pub fn read(header: &str) -> Result<(String, Secret<String>), CredentialsError> {
    let refused = CredentialsError::Missing("the Authorization header is not Basic with id and secret");
    let (scheme, rest) = header.split_once(' ').ok_or_else(|| refused.clone())?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused);
    }
    let bytes = STANDARD.decode(rest.trim()).map_err(|_| refused.clone())?;
    let text = String::from_utf8(bytes).map_err(|_| refused.clone())?;
    let (id, secret) = text.split_once(':').ok_or_else(|| refused.clone())?;
    match (form_decode(id), form_decode(secret)) {
        (Some(id), Some(secret)) if !id.is_empty() => Ok((id, Secret::new(secret))),
        _ => Err(refused),
    }
}

fn form_decode(part: &str) -> Option<String> {
    // `&` and `=` are not special here: escape them, so that the form reader sees one value.
    let escaped = part.replace('&', "%26").replace('=', "%3D");
    let params = Params::parse(format!("v={escaped}").as_bytes()).ok()?;
    params.values("v").next().map(str::to_owned)
}
