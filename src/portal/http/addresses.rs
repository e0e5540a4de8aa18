//! `/account/addresses`: mail addresses.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use crate::accounts::EmailAddress;
use crate::accounts::confirmation::{self, Asker as CodeAsker, Purpose};
use crate::accounts::store::emails;
use crate::accounts::user::Email;
use crate::config::SmsTransport;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EmailId;
use crate::login::http::flood::{self, Flood};
use crate::login::http::wait::Wait;
use crate::login::registering::{self, Proven};
use crate::portal::addresses::{self, Addition, PROVEN, Switch};
use crate::portal::phone;
use crate::spec::Params;
use crate::web::page::{FieldError, see_other};
use crate::web::{PageError, ReturnTo};

/// Mail addresses and phone number.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AddressesPage {
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

impl AccountPage for AddressesPage {
    const TEMPLATE: &'static str = "account/addresses.html";
    const PATH: &'static str = "/account/addresses";
    const MENU: &'static str = "addresses";

    fn title(&self) -> String {
        "Email and phone".into()
    }

    fn sample() -> Self {
        let address = "ada@example.test".to_owned();
        let row = Row { id: "0".into(), address, is_primary: true, is_verified: false };
        Self {
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
    id: String,
    address: String,
    #[serde(flatten)]
    wait: Wait,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

impl AccountPage for VerifyAddressPage {
    const TEMPLATE: &'static str = "account/verify_address.html";
    const PATH: &'static str = AddressesPage::PATH;
    const MENU: &'static str = "addresses";

    fn title(&self) -> String {
        "Verify your address".into()
    }

    fn sample() -> Self {
        Self { id: "0".into(), address: "ada@example.test".into(), wait: Wait::sample(), flash: None, errors: vec![] }
    }
}

/// `GET /account/addresses`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<AddressesPage>) -> Result<HttpResponse, PageError> {
    let flash = match asker.query()?.find("done") {
        Some("proven") => Some("The address is verified."),
        Some("primary") => Some("This is your primary address now. The old one has been told."),
        Some("removed") => Some("It is removed."),
        Some("phone") => Some("Your phone number is verified."),
        _ => None,
    };
    show(&asker, AddressesPage { flash, ..AddressesPage::default() }).await
}

/// The page, with what it says beside what is stored.
///
/// # Errors
/// A page.
pub async fn show(asker: &Asker<AddressesPage>, page: AddressesPage) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.user().await?, asker.scene());
    let person = user.clone();
    let (emails, pending) = asker
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
    asker.show(AddressesPage {
        emails: emails.into_iter().map(row).collect(),
        can_change: user.backend.is_none(),
        phone: user.phone.map(|number| Phone { number, is_verified: user.phone_verified }),
        phone_enabled: asker.app.config.mail.sms.transport != SmsTransport::Off,
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
pub async fn add(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let user = asker.user().await?;
    let typed = form.find("email").unwrap_or_default();
    if user.backend.is_some() {
        return Err(PageError::bad_request("the addresses of this account are a directory's"));
    }
    let address = match EmailAddress::parse(typed) {
        Ok(address) => address,
        Err(message) => return show(&asker, AddressesPage::refusing("email", typed, &message)).await,
    };
    let scene = asker.scene();
    flood::check(&asker.app, Flood::Letters, &scene).await?;
    let courier = asker.app.courier.clone();
    let added = asker.app.db.write(move |conn| addresses::add(conn, &courier, &user, &address, &scene)).await?;
    let message = match added {
        Addition::Done(id) => return Ok(see_other(&verify_page(id))),
        Addition::Own => "You have this address already.",
        Addition::TooMany => "You have as many addresses as one account may have. Remove one first.",
    };
    show(&asker, AddressesPage::refusing("email", typed, message)).await
}

fn verify_page(id: EmailId) -> String {
    ReturnTo::to("/account/addresses/verify", &Params::default().with("id", &id.to_string())).to_string()
}

/// The unproven address that a request names.
async fn named(asker: &Asker<AddressesPage>, form: &Params) -> Result<Option<Email>, PageError> {
    let Some(id) = form.one("id")?.and_then(|id| id.parse::<EmailId>().ok()) else { return Ok(None) };
    let user = asker.session.user_id;
    let own = asker.read(move |conn| emails::of_user(conn, user)).await?;
    Ok(own.into_iter().find(|email| email.id == id))
}

/// `GET /account/addresses/verify?id=`.
///
/// # Errors
/// A page.
pub async fn verify(asker: Asker<AddressesPage>) -> Result<HttpResponse, PageError> {
    let query = asker.query()?;
    match named(&asker, &query).await?.filter(|email| email.verified_at.is_none()) {
        Some(email) => show_verify(&asker, &email, vec![]).await,
        None => Ok(see_other(AddressesPage::PATH)),
    }
}

async fn show_verify(
    asker: &Asker<AddressesPage>,
    email: &Email,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    asker.show(VerifyAddressPage {
        id: email.id.to_string(),
        address: email.address.clone(),
        wait: Wait::of_proof(&asker.app, &email.address).await?,
        flash: None,
        errors,
    })
}

/// `POST /account/addresses/verify`: the code.
///
/// # Errors
/// A page.
pub async fn post_verify(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.user().await?, asker.scene());
    flood::check(&asker.app, Flood::Codes, &scene).await?;
    let Some(email) = named(&asker, &form).await? else { return Ok(see_other(AddressesPage::PATH)) };
    let (codes, typed) = (asker.app.courier.codes.clone(), form.find("code").unwrap_or_default().to_owned());
    let about = CodeAsker::About(user.id, email.address.clone());
    let proven = asker
        .change(move |conn| -> Result<Option<Proven>, Fault> {
            let what = (Purpose::VerifyEmail, &about);
            let Some(found) = confirmation::redeem_code(conn, &codes, what, &typed, &scene)? else { return Ok(None) };
            registering::prove(conn, &found, &scene).map(Some)
        })
        .await?;
    let message = match proven {
        Some(Proven::Done(_)) => return Ok(see_other(PROVEN)),
        Some(Proven::Taken | Proven::InvitationGone) => "This address belongs to another account.",
        None => "This code is not right, or no longer good. Check it, or ask for a new mail.",
    };
    show_verify(&asker, &email, vec![FieldError::new("code", message)]).await
}

/// `POST /account/addresses/resend`.
///
/// # Errors
/// A page.
pub async fn resend(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    flood::check(&asker.app, Flood::Letters, &scene).await?;
    let Some(email) = named(&asker, &form).await?.filter(|email| email.verified_at.is_none()) else {
        return Ok(see_other(AddressesPage::PATH));
    };
    let id = email.id;
    asker.app.db.write(move |conn| addresses::send(conn, &courier, &user, &email.address, &scene)).await?;
    Ok(see_other(&verify_page(id)))
}

/// `POST /account/addresses/primary`.
///
/// # Errors
/// A page.
pub async fn primary(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    let Some(email) = named(&asker, &form).await? else { return Ok(see_other(AddressesPage::PATH)) };
    let switch = asker.change(move |conn| addresses::make_primary(conn, &courier, &user, email.id, &scene)).await?;
    Ok(see_other(if switch == Switch::Done { "/account/addresses?done=primary" } else { AddressesPage::PATH }))
}

/// `POST /account/addresses/remove`.
///
/// # Errors
/// A page.
pub async fn remove(Posted { asker, form }: Posted<AddressesPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let (user, scene, courier) = (asker.user().await?, asker.scene(), asker.app.courier.clone());
    let Some(email) = named(&asker, &form).await? else { return Ok(see_other(AddressesPage::PATH)) };
    let removed = asker.change(move |conn| addresses::remove(conn, &courier, &user, email.id, &scene)).await?;
    Ok(see_other(if removed { "/account/addresses?done=removed" } else { AddressesPage::PATH }))
}
