//! `/admin/clients/{id}/logo`: the picture of an app.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};

use super::client::{change, show};
use super::operator::{Operator, Ordered};
use crate::admin::clients as deeds;
use crate::portal::picture;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;
use crate::web::upload::{self, NoFile};

/// Largest upload, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// `POST /admin/clients/{id}/logo`: one file, after the form token.
///
/// # Errors
/// A page.
pub async fn post(operator: Operator, id: web::Path<String>, upload: Multipart) -> Result<HttpResponse, PageError> {
    let received = upload::receive(upload, ("logo", MAX_BYTES), |form| operator.check_token(form)).await?;
    let made = match received {
        // Decoding is work: it has its own threads and its own queue, like passwords.
        Ok(upload) => operator.app.hasher.apart(move || picture::logo(&upload.bytes)).await?,
        Err(NoFile::TooLarge) => Err("This file is too large: use one of at most 2 MB.".into()),
        Err(NoFile::Missing) => Err("Choose a picture first.".into()),
    };
    match made {
        Ok(png) => {
            change(&operator, &id, "logo", move |conn, actor, id, issuer, scene| {
                deeds::set_logo(conn, actor, (id, Some(&png)), issuer, scene)
            })
            .await
        }
        Err(why) => {
            let errors = vec![FieldError::new("logo", why)];
            show(&operator, &id, &Params::default(), None, errors).await
        }
    }
}

/// `POST /admin/clients/{id}/remove-logo`.
///
/// # Errors
/// A page.
pub async fn remove(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, "logo-removed", |conn, actor, id, issuer, scene| {
        deeds::set_logo(conn, actor, (id, None), issuer, scene)
    })
    .await
}
