//! `/account/phone`.

use actix_web::HttpResponse;

use super::addresses::{AddressesPage, show};
use super::asker::Posted;
use super::frame::AccountPage;
use crate::accounts::PhoneNumber;
use crate::config::SmsTransport;
use crate::login::http::flood::{self, Flood};
use crate::login::http::wait::wait_in_words;
use crate::login::pace::Paced;
use crate::portal::phone::{self, Entered};
use crate::web::PageError;
use crate::web::page::see_other;

/// `POST /account/phone`: sends a code.
///
/// # Errors
/// A page.
pub async fn post(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    if asker.app.config.mail.sms.transport == SmsTransport::Off {
        return Err(PageError::not_found().because("text messages are off"));
    }
    asker.require_fresh()?;
    let typed = form.find("phone").unwrap_or_default();
    let number = match PhoneNumber::parse(typed) {
        Ok(number) => number,
        Err(message) => return show(&asker, AddressesPage::refusing("phone", typed, &message)).await,
    };
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    flood::check(&asker.app, Flood::Letters, &scene).await?;
    let now = scene.now;
    let paced = asker.app.db.write(move |conn| phone::send_code(conn, &courier, &user, &number, &scene)).await?;
    if let Paced::NotBefore(next) = paced {
        let message = format!("A code was sent just now. Wait {}, then try again.", wait_in_words(next - now));
        return show(&asker, AddressesPage::refusing("phone", typed, &message)).await;
    }
    Ok(see_other(AddressesPage::PATH))
}

/// `POST /account/phone/verify`.
///
/// # Errors
/// A page.
pub async fn verify(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    flood::check(&asker.app, Flood::Codes, &scene).await?;
    let code = form.find("code").unwrap_or_default().to_owned();
    let entered = asker.change(move |conn| phone::enter_code(conn, &courier, &user, &code, &scene)).await?;
    let message = match entered {
        Entered::Proven => return Ok(see_other("/account/addresses?done=phone")),
        Entered::Wrong => "This code is not right, or no longer good. Check it, or ask for another.",
        Entered::Taken => "This number belongs to another account.",
    };
    show(&asker, AddressesPage::refusing("code", "", message)).await
}

/// `POST /account/phone/remove`.
///
/// # Errors
/// A page.
pub async fn remove(Posted { asker, .. }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let (user, scene) = (asker.user().await?, asker.scene());
    asker.change(move |conn| phone::remove(conn, &user, &scene)).await?;
    Ok(see_other("/account/addresses?done=removed"))
}
