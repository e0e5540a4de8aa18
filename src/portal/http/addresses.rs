//! `/account/addresses`: mail addresses.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use crate::accounts::confirmation::{self, Asker as CodeAsker, Purpose};
use crate::accounts::name_key::name_key;
use crate::accounts::store::emails;
use crate::accounts::user::Email;
use crate::accounts::{EmailAddress, User};
use crate::app::App;
use crate::config::SmsTransport;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EmailId;
use crate::login::http::flood::{self, Flood};
use crate::login::http::login::wait_in_words;
use crate::login::registering::{self, Proven};
use crate::portal::addresses::{self, Addition, PROVEN, Switch};
use crate::portal::phone;
use crate::sessions::http::Current;
use crate::spec::Params;
use crate::web::page::{FieldError, Viewer, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// Mail addresses and phone number.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AddressesPage {
    csrf: String,
    nav_current: &'static str,
    user: Option<Viewer>,
    emails: Vec<Row>,
    can_change: bool,
    phone: Option<Phone>,
    phone_enabled: bool,
    phone_pending: Option<String>,
    email: String,
    phone_typed: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    address: String,
    is_primary: bool,
    is_verified: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Phone {
    number: String,
    is_verified: bool,
}

impl Page for AddressesPage {
    const TEMPLATE: &'static str = "account/addresses.html";

    fn title(&self) -> String {
        "Email and phone".into()
    }

    fn sample() -> Self {
        let address = "ada@example.test".to_owned();
        let row = Row { id: "0".into(), address, is_primary: true, is_verified: false };
        Self {
            nav_current: "addresses",
            user: Some(Viewer { name: "Ada Lovelace".into(), username: "ada".into() }),
            emails: vec![row],
            can_change: true,
            phone: Some(Phone { number: "+4930123456".into(), is_verified: true }),
            phone_enabled: true,
            phone_pending: Some("+4930123457".into()),
            errors: vec![FieldError::new("email", "a sample")],
            ..Self::default()
        }
    }
}

/// The code of an added address.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyAddressPage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    id: String,
    address: String,
    wait_secs: i64,
    wait_words: Option<String>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

impl Page for VerifyAddressPage {
    const TEMPLATE: &'static str = "account/verify_address.html";

    fn title(&self) -> String {
        "Verify your address".into()
    }

    fn sample() -> Self {
        Self {
            csrf: String::new(),
            nav_current: "addresses",
            user: Viewer { name: "Ada Lovelace".into(), username: "ada".into() },
            id: "0".into(),
            address: "ada@example.test".into(),
            wait_secs: 30,
            wait_words: Some("30 seconds".into()),
            flash: None,
            errors: vec![],
        }
    }
}

/// This page.
pub const PAGE: &str = "/account/addresses";

/// `GET /account/addresses`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let flash = match form::query(&req)?.find("done") {
        Some("proven") => Some("The address is verified."),
        Some("primary") => Some("This is your primary address now. The old one has been told."),
        Some("removed") => Some("It is removed."),
        Some("phone") => Some("Your phone number is verified."),
        _ => None,
    };
    show(&app, &asker, AddressesPage { flash, ..AddressesPage::default() }).await
}

/// The page, with what it says beside what is stored.
///
/// # Errors
/// A page.
pub async fn show(app: &App, asker: &Asker<'_>, page: AddressesPage) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.user().await?, asker.scene());
    let person = user.clone();
    let (emails, pending) = app
        .db
        .read(move |conn| -> Result<_, Fault> {
            Ok((emails::of_user(conn, person.id)?, phone::pending(conn, &person, &scene)?))
        })
        .await?;
    let row = |email: Email| Row {
        id: email.id.to_string(),
        address: email.address,
        is_primary: email.is_primary,
        is_verified: email.verified_at.is_some(),
    };
    asker.show(&AddressesPage {
        csrf: asker.csrf(),
        nav_current: "addresses",
        user: Some(asker.viewer()),
        emails: emails.into_iter().map(row).collect(),
        can_change: user.backend.is_none(),
        phone: user.phone.map(|number| Phone { number, is_verified: user.phone_verified }),
        phone_enabled: app.config.mail.sms.transport != SmsTransport::Off,
        phone_pending: pending,
        ..page
    })
}

impl AddressesPage {
    /// With something wrong about what was typed.
    #[must_use]
    pub fn refusing(field: &'static str, typed: &str, message: &str) -> Self {
        let errors = vec![FieldError::new(field, message)];
        let typed = typed.to_owned();
        match field {
            "phone" => Self { phone_typed: typed, errors, ..Self::default() },
            _ => Self { email: typed, errors, ..Self::default() },
        }
    }
}

/// `POST /account/addresses/add`: whoever may add an address may soon reset the password by it, so
/// the password was given just before.
///
/// # Errors
/// A page.
pub async fn add(
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
    let user = asker.user().await?;
    let typed = form.find("email").unwrap_or_default();
    if user.backend.is_some() {
        return Err(PageError::bad_request("the addresses of this account are a directory's"));
    }
    let address = match EmailAddress::parse(typed) {
        Ok(address) => address,
        Err(message) => return show(&app, &asker, AddressesPage::refusing("email", typed, &message)).await,
    };
    let scene = asker.scene();
    flood::check(&app, Flood::Letters, &scene).await?;
    let courier = app.courier.clone();
    let added = app.db.write(move |conn| addresses::add(conn, &courier, &user, &address, &scene)).await?;
    let message = match added {
        Addition::Done(id) => return Ok(see_other(&verify_page(id))),
        Addition::Own => "You have this address already.",
        Addition::TooMany => "You have as many addresses as one account may have. Remove one first.",
    };
    show(&app, &asker, AddressesPage::refusing("email", typed, message)).await
}

fn verify_page(id: EmailId) -> String {
    ReturnTo::to("/account/addresses/verify", &Params::default().with("id", &id.to_string())).to_string()
}

/// The unproven address that a request names.
async fn named(app: &App, user: &User, form: &Params) -> Result<Option<Email>, PageError> {
    let Some(id) = form.one("id")?.and_then(|id| id.parse::<EmailId>().ok()) else { return Ok(None) };
    let user = user.id;
    let own = app.db.read(move |conn| emails::of_user(conn, user)).await?;
    Ok(own.into_iter().find(|email| email.id == id))
}

/// `GET /account/addresses/verify?id=`.
///
/// # Errors
/// A page.
pub async fn verify(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let (query, user) = (form::query(&req)?, asker.user().await?);
    match named(&app, &user, &query).await?.filter(|email| email.verified_at.is_none()) {
        Some(email) => show_verify(&app, &asker, &email, vec![]).await,
        None => Ok(see_other(PAGE)),
    }
}

async fn show_verify(
    app: &App,
    asker: &Asker<'_>,
    email: &Email,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let (courier, key, now) = (app.courier.clone(), name_key(&email.address), app.clock.now());
    let soonest = app.db.read(move |conn| courier.pace.look(conn, "proof", &key, now)).await?.next();
    let wait = soonest - now;
    let wait_secs = if wait > chrono::Duration::zero() { wait.num_seconds() + 1 } else { 0 };
    asker.show(&VerifyAddressPage {
        csrf: asker.csrf(),
        nav_current: "addresses",
        user: asker.viewer(),
        id: email.id.to_string(),
        address: email.address.clone(),
        wait_secs,
        wait_words: (wait_secs > 0).then(|| wait_in_words(wait)),
        flash: None,
        errors,
    })
}

/// `POST /account/addresses/verify`: the code.
///
/// # Errors
/// A page.
pub async fn post_verify(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let (user, scene) = (asker.user().await?, asker.scene());
    flood::check(&app, Flood::Codes, &scene).await?;
    let Some(email) = named(&app, &user, &form).await? else { return Ok(see_other(PAGE)) };
    let (codes, typed) = (app.courier.codes.clone(), form.find("code").unwrap_or_default().to_owned());
    let about = CodeAsker::About(user.id, email.address.clone());
    let proven = app
        .db
        .write(move |conn| -> Result<Option<Proven>, Fault> {
            let what = (Purpose::VerifyEmail, &about);
            let Some(found) = confirmation::redeem_code(conn, &codes, what, &typed, &scene)? else { return Ok(None) };
            registering::prove(conn, &found, &scene).map(Some)
        })
        .await?;
    app.forget();
    let message = match proven {
        Some(Proven::Done(_)) => return Ok(see_other(PROVEN)),
        Some(Proven::Taken | Proven::InvitationGone) => "This address belongs to another account.",
        None => "This code is not right, or no longer good. Check it, or ask for a new mail.",
    };
    show_verify(&app, &asker, &email, vec![FieldError::new("code", message)]).await
}

/// `POST /account/addresses/resend`.
///
/// # Errors
/// A page.
pub async fn resend(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    flood::check(&app, Flood::Letters, &scene).await?;
    let Some(email) = named(&app, &user, &form).await?.filter(|email| email.verified_at.is_none()) else {
        return Ok(see_other(PAGE));
    };
    let id = email.id;
    app.db.write(move |conn| addresses::send(conn, &courier, &user, &email.address, &scene)).await?;
    Ok(see_other(&verify_page(id)))
}

/// `POST /account/addresses/primary`.
///
/// # Errors
/// A page.
pub async fn primary(
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
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    let Some(email) = named(&app, &user, &form).await? else { return Ok(see_other(PAGE)) };
    let switch = app.db.write(move |conn| addresses::make_primary(conn, &courier, &user, email.id, &scene)).await?;
    app.forget();
    Ok(see_other(if switch == Switch::Done { "/account/addresses?done=primary" } else { PAGE }))
}

/// `POST /account/addresses/remove`.
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
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    let Some(email) = named(&app, &user, &form).await? else { return Ok(see_other(PAGE)) };
    let removed = app.db.write(move |conn| addresses::remove(conn, &courier, &user, email.id, &scene)).await?;
    app.forget();
    Ok(see_other(if removed { "/account/addresses?done=removed" } else { PAGE }))
}
