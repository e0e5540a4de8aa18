//! What the commands about users are told.

use clap::Args;
use serde_json::Value;

use crate::accounts::PhoneNumber;
use crate::accounts::profile::{ProfileChanges, is_birthdate};
use crate::cli::Failure;
use crate::config::ProfileField;
use crate::portal::profile_form;

/// Whom.
#[derive(Debug, Args)]
pub struct Name {
    /// Username, address or id.
    #[arg(value_name = "USER")]
    pub(super) user: String,
}

/// Standard claims.
#[derive(Debug, Default, Args)]
pub(super) struct Claims {
    /// Full name.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Given name.
    #[arg(long)]
    pub(super) given_name: Option<String>,
    /// Middle name.
    #[arg(long)]
    pub(super) middle_name: Option<String>,
    /// Family name.
    #[arg(long)]
    pub(super) family_name: Option<String>,
    /// Picture URL.
    #[arg(long)]
    pub(super) picture: Option<String>,
    /// Profile page URL.
    #[arg(long)]
    pub(super) profile: Option<String>,
    /// Website URL.
    #[arg(long)]
    pub(super) website: Option<String>,
    /// Gender.
    #[arg(long)]
    pub(super) gender: Option<String>,
    /// Birthdate as YYYY-MM-DD or YYYY.
    #[arg(long)]
    pub(super) birthdate: Option<String>,
    /// Time zone, like Europe/Berlin.
    #[arg(long)]
    pub(super) zoneinfo: Option<String>,
    /// Language, like en-US.
    #[arg(long)]
    pub(super) locale: Option<String>,
    /// Phone number with country code.
    #[arg(long)]
    pub(super) phone: Option<String>,
    /// The phone number is known to be theirs.
    #[arg(long, requires = "phone")]
    pub(super) phone_verified: bool,
    /// Street.
    #[arg(long)]
    pub(super) street_address: Option<String>,
    /// Town.
    #[arg(long)]
    pub(super) locality: Option<String>,
    /// State or province.
    #[arg(long)]
    pub(super) region: Option<String>,
    /// Postal code.
    #[arg(long)]
    pub(super) postal_code: Option<String>,
    /// Country.
    #[arg(long)]
    pub(super) country: Option<String>,
    /// A field of `[[profile.fields]]`; may be given more than once. An empty value takes it away.
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    pub(super) attributes: Vec<String>,
}

/// A new account.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a command")]
pub struct Create {
    /// Name to sign in by.
    #[arg(long)]
    pub(super) username: String,
    /// Primary address.
    #[arg(long)]
    pub(super) email: Option<String>,
    /// The address is known to be theirs.
    #[arg(long)]
    pub(super) email_verified: bool,
    /// Read the password from standard input.
    #[arg(long)]
    pub(super) password_stdin: bool,
    /// May enter the console.
    #[arg(long)]
    pub(super) staff: bool,
    /// Has every permission.
    #[arg(long)]
    pub(super) superuser: bool,
    /// For a program: cannot sign in by page, may hold API keys.
    #[arg(long, conflicts_with = "password_stdin")]
    pub(super) service: bool,
    /// The password is changed at the first sign-in, before anything else.
    #[arg(long)]
    pub(super) must_change_password: bool,
    /// A group to join; may be given more than once.
    #[arg(long = "group", value_name = "GROUP")]
    pub(super) groups: Vec<String>,
    #[command(flatten)]
    pub(super) claims: Claims,
}

/// Changes; an empty text empties a claim.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    pub(super) name: Name,
    /// New primary address.
    #[arg(long)]
    pub(super) email: Option<String>,
    /// The new address is known to be theirs.
    #[arg(long, requires = "email")]
    pub(super) email_verified: bool,
    /// Whether they may enter the console.
    #[arg(long, value_name = "true|false")]
    pub(super) staff: Option<bool>,
    /// Whether they have every permission.
    #[arg(long, value_name = "true|false")]
    pub(super) superuser: Option<bool>,
    /// Whether the password is changed at the next sign-in, before anything else.
    #[arg(long, value_name = "true|false")]
    pub(super) must_change_password: Option<bool>,
    #[command(flatten)]
    pub(super) claims: Claims,
}

/// A new password.
#[derive(Debug, Args)]
pub struct SetPassword {
    #[command(flatten)]
    pub(super) name: Name,
    /// Read the password from standard input.
    #[arg(long)]
    pub(super) password_stdin: bool,
}

/// Whom to delete.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    pub(super) name: Name,
    /// Do not ask.
    #[arg(long)]
    pub(super) yes: bool,
}

/// The operator's own fields with the changes that were asked for.
///
/// # Errors
/// [`Failure::Usage`] for a field that there is not, or a value that is none of its type.
pub(super) fn attributes(claims: &Claims, stored: &Value, fields: &[ProfileField]) -> Result<Value, Failure> {
    let mut all = stored.as_object().cloned().unwrap_or_default();
    for wish in &claims.attributes {
        let (name, value) =
            wish.split_once('=').ok_or_else(|| Failure::Usage(format!("`{wish}` is not NAME=VALUE")))?;
        let field = fields.iter().find(|field| field.name == name);
        let field = field.ok_or_else(|| Failure::Usage(format!("there is no field `{name}` in profile.fields")))?;
        let refused = |message: String| Failure::Usage(format!("{name}: {message}"));
        match profile_form::parse(field, value).map_err(refused)? {
            Some(value) => all.insert(field.name.clone(), value),
            None => all.remove(&field.name),
        };
    }
    Ok(Value::Object(all))
}

/// The changes that these claims ask for.
///
/// # Errors
/// [`Failure::Usage`] for a value that is none.
pub(super) fn changes(claims: &Claims) -> Result<ProfileChanges, Failure> {
    let text = |value: &Option<String>| value.clone().map(|text| (!text.is_empty()).then_some(text));
    if claims.birthdate.as_ref().is_some_and(|date| !date.is_empty() && !is_birthdate(date)) {
        return Err(Failure::Usage("birthdate: write YYYY-MM-DD or YYYY".into()));
    }
    let changes = ProfileChanges {
        name: text(&claims.name),
        given_name: text(&claims.given_name),
        middle_name: text(&claims.middle_name),
        family_name: text(&claims.family_name),
        picture: text(&claims.picture),
        profile: text(&claims.profile),
        website: text(&claims.website),
        gender: text(&claims.gender),
        birthdate: text(&claims.birthdate),
        zoneinfo: text(&claims.zoneinfo),
        locale: text(&claims.locale),
        address_street: text(&claims.street_address),
        address_locality: text(&claims.locality),
        address_region: text(&claims.region),
        address_postal_code: text(&claims.postal_code),
        address_country: text(&claims.country),
        ..ProfileChanges::default()
    };
    let Some(phone) = &claims.phone else { return Ok(changes) };
    let phone = (!phone.is_empty()).then(|| PhoneNumber::parse(phone)).transpose().map_err(Failure::Usage)?;
    let mut changes = changes.with_phone(phone.as_ref());
    changes.phone_verified = Some(phone.is_some() && claims.phone_verified);
    Ok(changes)
}
