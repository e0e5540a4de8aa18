//! Changes to what an account says about its person.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::phone::PhoneNumber;
use super::store;
use super::user::User;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::notify::{self, Change};
use crate::schema::users;

/// What to change: `None` leaves a field, `Some(None)` empties it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the fields carry the names of the OIDC claims")]
pub struct ProfileChanges {
    pub name: Option<Option<String>>,
    pub given_name: Option<Option<String>>,
    pub middle_name: Option<Option<String>>,
    pub family_name: Option<Option<String>>,
    pub picture: Option<Option<String>>,
    pub profile: Option<Option<String>>,
    pub website: Option<Option<String>>,
    pub gender: Option<Option<String>>,
    pub birthdate: Option<Option<String>>,
    pub zoneinfo: Option<Option<String>>,
    pub locale: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub phone_key: Option<Option<String>>,
    pub phone_verified: Option<bool>,
    pub address_formatted: Option<Option<String>>,
    pub address_street: Option<Option<String>>,
    pub address_locality: Option<Option<String>>,
    pub address_region: Option<Option<String>>,
    pub address_postal_code: Option<Option<String>>,
    pub address_country: Option<Option<String>>,
    pub is_staff: Option<bool>,
    pub is_superuser: Option<bool>,
}

impl ProfileChanges {
    /// Sets or empties the phone number, unverified.
    #[must_use]
    pub fn with_phone(mut self, phone: Option<&PhoneNumber>) -> Self {
        self.phone = Some(phone.map(|number| number.as_str().to_owned()));
        self.phone_key.clone_from(&self.phone);
        self.phone_verified = Some(false);
        self
    }
}

/// Whether a birthdate is one OIDC knows: `YYYY`, `YYYY-MM-DD`, or `0000-MM-DD` (Core section 5.1).
#[must_use]
pub fn is_birthdate(text: &str) -> bool {
    let year_only = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let with_leap_year = text.strip_prefix("0000").map_or_else(|| text.to_owned(), |rest| format!("2000{rest}"));
    year_only || (text.len() == 10 && chrono::NaiveDate::parse_from_str(&with_leap_year, "%Y-%m-%d").is_ok())
}

/// Writes the changes and tells every instance, so that userinfo is right from the next request.
///
/// # Errors
/// [`Fault`] of the database.
pub fn update(conn: &mut Conn, user: UserId, changes: &ProfileChanges, scene: &Scene) -> Result<(), Fault> {
    let before = store::find(conn, user)?;
    store::update_profile(conn, user, changes, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    let differences = before.map(|before| differences(&before, changes)).unwrap_or_default();
    scene.record(conn, &Event::new(Kind::UserUpdated).user(user).details(json!({ "changed": differences })))
}

/// What is to be another, with what it was and what it will be.
fn differences(before: &User, changes: &ProfileChanges) -> Map<String, Value> {
    let texts = [
        ("name", &before.name, &changes.name),
        ("given_name", &before.given_name, &changes.given_name),
        ("middle_name", &before.middle_name, &changes.middle_name),
        ("family_name", &before.family_name, &changes.family_name),
        ("picture", &before.picture, &changes.picture),
        ("profile", &before.profile, &changes.profile),
        ("website", &before.website, &changes.website),
        ("gender", &before.gender, &changes.gender),
        ("birthdate", &before.birthdate, &changes.birthdate),
        ("zoneinfo", &before.zoneinfo, &changes.zoneinfo),
        ("locale", &before.locale, &changes.locale),
        ("phone", &before.phone, &changes.phone),
        ("address_formatted", &before.address_formatted, &changes.address_formatted),
        ("address_street", &before.address_street, &changes.address_street),
        ("address_locality", &before.address_locality, &changes.address_locality),
        ("address_region", &before.address_region, &changes.address_region),
        ("address_postal_code", &before.address_postal_code, &changes.address_postal_code),
        ("address_country", &before.address_country, &changes.address_country),
    ];
    let flags =
        [("is_staff", before.is_staff, changes.is_staff), ("is_superuser", before.is_superuser, changes.is_superuser)];
    let texts = texts.into_iter().filter_map(|(name, was, wish)| {
        let will = wish.as_ref().filter(|will| *will != was)?;
        Some((name.to_owned(), json!([was, will])))
    });
    let flags = flags.into_iter().filter_map(|(name, was, wish)| {
        let will = wish.filter(|will| *will != was)?;
        Some((name.to_owned(), json!([was, will])))
    });
    texts.chain(flags).collect()
}

/// Writes the operator's own fields.
///
/// # Errors
/// [`Fault`] of the database.
pub fn update_attributes(conn: &mut Conn, user: UserId, attributes: &serde_json::Value) -> Result<(), Fault> {
    store::set_attributes(conn, user, attributes)
}

/// Sets the picture and the claim that leads to it; each picture has an address of its own.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_picture(conn: &mut Conn, user: UserId, jpeg: &[u8], issuer: &str, scene: &Scene) -> Result<(), Fault> {
    let id = scene.random.uuid()?;
    store::pictures::replace(conn, user, id, jpeg, scene.now)?;
    let picture = Some(Some(format!("{}/pictures/{id}", issuer.trim_end_matches('/'))));
    store::update_profile(conn, user, &ProfileChanges { picture, ..ProfileChanges::default() }, scene.now)?;
    picture_changed(conn, user, scene)
}

/// Takes picture and claim away.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove_picture(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    store::pictures::remove(conn, user)?;
    let changes = ProfileChanges { picture: Some(None), ..ProfileChanges::default() };
    store::update_profile(conn, user, &changes, scene.now)?;
    picture_changed(conn, user, scene)
}

fn picture_changed(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::PictureChanged).user(user))
}

#[cfg(test)]
mod tests {
    use super::is_birthdate;

    #[test]
    fn birthdates_are_iso_dates_or_years() {
        for good in ["1815", "1815-12-10", "0000-02-29"] {
            assert!(is_birthdate(good), "{good}");
        }
        for bad in ["", "18", "1815-13-01", "1815-02-30", "10.12.1815", "1815-12-1"] {
            assert!(!is_birthdate(bad), "{bad}");
        }
    }
}
