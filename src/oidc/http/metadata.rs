//! Discovery and keys: from memory, whatever the database does.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::web::cors;

/// How long relying parties may keep the documents. A key is published much longer than this before
/// it signs.
const CACHE: &str = "public, max-age=300";

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub async fn discovery(app: web::Data<App>) -> HttpResponse {
    document(app.discovery.clone())
}

/// `GET /.well-known/jwks.json`.
pub async fn jwks(app: web::Data<App>) -> HttpResponse {
    document(app.keyring.current().jwks.clone())
}

/// A document that anybody may read and keep for a while.
#[must_use]
pub fn document(body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, CACHE))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body);
    cors::open(response.headers_mut());
    response
}
