//! `/account/not-me`: somebody else was in the account.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use crate::kernel::fault::Fault;
use crate::login::{departure, recovery};
use crate::sessions::http::current::leave;
use crate::web::PageError;
use crate::web::page::see_other;

/// What will happen.
#[derive(Clone, Debug, Serialize)]
pub struct NotMePage {}

impl AccountPage for NotMePage {
    const TEMPLATE: &'static str = "account/not_me.html";
    const PATH: &'static str = "/account/not-me";
    const MENU: &'static str = "activity";

    fn title(&self) -> String {
        "Was it somebody else?".into()
    }

    fn sample() -> Self {
        Self {}
    }
}

/// `GET /account/not-me`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<NotMePage>) -> Result<HttpResponse, PageError> {
    asker.show(NotMePage {})
}

/// `POST /account/not-me`: everybody is out, here too; a link for a new password goes to the stored
/// address.
///
/// # Errors
/// A page.
pub async fn post(Posted { asker, .. }: Posted<NotMePage>) -> Result<HttpResponse, PageError> {
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    asker
        .change(move |conn| -> Result<(), Fault> {
            departure::disown(conn, &user, &scene)?;
            recovery::send(conn, &courier, &user, "/account", &scene)
        })
        .await?;
    leave(&asker.req);
    Ok(see_other("/login?done=not-me"))
}
