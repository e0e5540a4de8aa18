//! `/account/phone`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::addresses::{AddressesPage, PAGE, show};
use super::asker::{Asker, to_login};
use crate::accounts::PhoneNumber;
use crate::app::App;
use crate::config::SmsTransport;
use crate::login::http::flood::{self, Flood};
use crate::login::http::login::wait_in_words;
use crate::login::pace::Paced;
use crate::portal::phone::{self, Entered};
use crate::sessions::http::Current;
use crate::web::page::see_other;
use crate::web::{Form, PageError};

/// `POST /account/phone`: sends a code.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    if app.config.mail.sms.transport == SmsTransport::Off {
        return Err(PageError::not_found().because("text messages are off"));
    }
    if let Some(stale) = asker.stale(PAGE) {
        return Ok(stale);
    }
    let typed = form.find("phone").unwrap_or_default();
    let number = match PhoneNumber::parse(typed) {
        Ok(number) => number,
        Err(message) => return show(&app, &asker, AddressesPage::refusing("phone", typed, &message)).await,
    };
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    flood::check(&app, Flood::Letters, &scene).await?;
    let now = scene.now;
    let paced = app.db.write(move |conn| phone::send_code(conn, &courier, &user, &number, &scene)).await?;
    if let Paced::NotBefore(next) = paced {
        let message = format!("A code was sent just now. Wait {}, then try again.", wait_in_words(next - now));
        return show(&app, &asker, AddressesPage::refusing("phone", typed, &message)).await;
    }
    Ok(see_other(PAGE))
}

/// `POST /account/phone/verify`.
///
/// # Errors
/// A page.
pub async fn verify(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    flood::check(&app, Flood::Codes, &scene).await?;
    let code = form.find("code").unwrap_or_default().to_owned();
    let entered = app.db.write(move |conn| phone::enter_code(conn, &courier, &user, &code, &scene)).await?;
    app.forget();
    let message = match entered {
        Entered::Proven => return Ok(see_other("/account/addresses?done=phone")),
        Entered::Wrong => "This code is not right, or no longer good. Check it, or ask for another.",
        Entered::Taken => "This number belongs to another account.",
    };
    show(&app, &asker, AddressesPage::refusing("code", "", message)).await
}

/// `POST /account/phone/remove`.
///
/// # Errors
/// A page.
pub async fn remove(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    if let Some(stale) = asker.stale(PAGE) {
        return Ok(stale);
    }
    let (user, scene) = (asker.user().await?, asker.scene());
    app.db.write(move |conn| phone::remove(conn, &user, &scene)).await?;
    app.forget();
    Ok(see_other("/account/addresses?done=removed"))
}
