//! Static files, embedded, under one hash of all of them: cached for ever by browsers.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

use super::errors::PageError;
use crate::kernel::random::hex;
use crate::kernel::secret::Digest;

#[derive(RustEmbed)]
#[folder = "static"]
struct Static;

/// The short hash over every static file's name and content.
#[must_use]
pub fn version() -> String {
    let mut all = Vec::new();
    for name in Static::iter() {
        all.extend_from_slice(name.as_bytes());
        if let Some(file) = Static::get(&name) {
            all.extend_from_slice(&file.metadata.sha256_hash());
        }
    }
    hex(Digest::of(&all).as_bytes().get(..6).unwrap_or_default())
}

/// `/assets/{version}/{path}`. The version is not looked at: an old page finds the new file.
///
/// # Errors
/// 404 for what is no asset.
pub async fn get(path: web::Path<(String, String)>) -> Result<HttpResponse, PageError> {
    let (_, name) = path.into_inner();
    let file = Static::get(&name).filter(|_| !name.ends_with("VENDOR.toml")).ok_or_else(PageError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.metadata.mimetype().to_owned()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(file.data))
}
