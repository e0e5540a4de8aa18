//! `/account/picture`, and `/pictures/{id}` and `/logos/{id}` that everybody sees.

use actix_multipart::Multipart;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use uuid::Uuid;

use super::asker::{Asker, Posted};
use super::profile::{ProfilePage, show_picture_error};
use crate::accounts::profile;
use crate::accounts::store::pictures;
use crate::app::App;
use crate::clients::store::logos;
use crate::portal::picture::{MAX_UPLOAD_BYTES, square};
use crate::web::PageError;
use crate::web::page::see_other;
use crate::web::upload::{self, NoFile};

/// `POST /account/picture`: one file, after the form token.
///
/// # Errors
/// A page.
pub async fn post(asker: Asker<ProfilePage>, upload: Multipart) -> Result<HttpResponse, PageError> {
    let bytes = match upload::receive(upload, ("picture", MAX_UPLOAD_BYTES), |form| asker.check_token(form)).await? {
        Ok(upload) => upload.bytes,
        Err(NoFile::TooLarge) => {
            return show_picture_error(&asker, "This file is too large: use one of at most 8 MB.".into()).await;
        }
        Err(NoFile::Missing) => return show_picture_error(&asker, "Choose a picture first.".into()).await,
    };
    // Decoding is work: it has its own threads and its own queue, like passwords.
    let made = asker.app.hasher.apart(move || square(&bytes)).await?;
    let jpeg = match made {
        Ok(jpeg) => jpeg,
        Err(message) => return show_picture_error(&asker, message).await,
    };
    let (user, scene, issuer) = (asker.session.user_id, asker.scene(), asker.app.issuer.clone());
    asker.change(move |conn| profile::set_picture(conn, user, &jpeg, &issuer, &scene)).await?;
    Ok(see_other("/account/profile?done=picture"))
}

/// `POST /account/picture/remove`.
///
/// # Errors
/// A page.
pub async fn remove(Posted { asker, .. }: Posted<ProfilePage>) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.session.user_id, asker.scene());
    asker.change(move |conn| profile::remove_picture(conn, user, &scene)).await?;
    Ok(see_other("/account/profile?done=picture"))
}

/// `GET /pictures/{id}`: another picture has another id, so this one is kept for ever.
///
/// # Errors
/// 404.
pub async fn get(app: web::Data<App>, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: Uuid = id.parse().map_err(|_| PageError::not_found())?;
    let jpeg = app.db.read(move |conn| pictures::find(conn, id)).await?.ok_or_else(PageError::not_found)?;
    Ok(picture("image/jpeg", jpeg))
}

/// `GET /logos/{id}`: the picture of an app, in the same way.
///
/// # Errors
/// 404.
pub async fn logo(app: web::Data<App>, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: Uuid = id.parse().map_err(|_| PageError::not_found())?;
    let png = app.db.read(move |conn| logos::find(conn, id)).await?.ok_or_else(PageError::not_found)?;
    Ok(picture("image/png", png))
}

fn picture(kind: &'static str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .body(bytes)
}
