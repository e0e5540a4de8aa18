//! The profile as a form: the standard claims, and the operator's own fields.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::accounts::User;
use crate::accounts::profile::{ProfileChanges, is_birthdate};
use crate::config::{Editor, FieldKind, ProfileField};
use crate::spec::Params;
use crate::spec::plain::misleads;

/// A part of the form.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its inputs.
    pub fields: Vec<Input>,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Of which kind.
    pub r#type: &'static str,
    /// What it holds.
    pub value: String,
    /// What may be chosen.
    pub options: Vec<Choice>,
    /// A word of help.
    pub hint: Option<String>,
    /// Whether it must be filled.
    pub required: bool,
    /// Whether it is only shown.
    pub readonly: bool,
    /// What browsers fill in.
    pub autocomplete: Option<&'static str>,
}

/// What may be chosen.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// As sent.
    pub value: String,
    /// As shown.
    pub label: String,
}

/// Something wrong with one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub field: String,
    /// In words.
    pub message: String,
}

/// Longest text of a field, in characters.
const MAX_CHARS: usize = 500;

type Standard = (&'static str, &'static str, &'static str, Option<&'static str>, fn(&User) -> &Option<String>);

const NAMES: [Standard; 4] = [
    ("given_name", "First name", "text", Some("given-name"), |user| &user.given_name),
    ("middle_name", "Middle name", "text", Some("additional-name"), |user| &user.middle_name),
    ("family_name", "Last name", "text", Some("family-name"), |user| &user.family_name),
    ("name", "Name to show", "text", Some("name"), |user| &user.name),
];
const ABOUT: [Standard; 6] = [
    ("birthdate", "Birthday", "text", Some("bday"), |user| &user.birthdate),
    ("gender", "Gender", "text", Some("sex"), |user| &user.gender),
    ("website", "Website", "url", Some("url"), |user| &user.website),
    ("profile", "Profile page", "url", None, |user| &user.profile),
    ("zoneinfo", "Time zone", "text", None, |user| &user.zoneinfo),
    ("locale", "Language", "text", Some("language"), |user| &user.locale),
];
const ADDRESS: [Standard; 5] = [
    ("address_street", "Street and number", "text", Some("street-address"), |user| &user.address_street),
    ("address_postal_code", "Postal code", "text", Some("postal-code"), |user| &user.address_postal_code),
    ("address_locality", "City", "text", Some("address-level2"), |user| &user.address_locality),
    ("address_region", "State or region", "text", Some("address-level1"), |user| &user.address_region),
    ("address_country", "Country", "text", Some("country-name"), |user| &user.address_country),
];

/// The form with what is stored, or with what was typed, for who edits it.
#[must_use]
pub fn sections(user: &User, fields: &[ProfileField], typed: Option<&Params>, by: Editor) -> Vec<Section> {
    let standard = |(id, label, kind, autocomplete, of): &Standard| Input {
        id: (*id).to_owned(),
        label: (*label).to_owned(),
        r#type: kind,
        value: typed.map_or_else(
            || of(user).clone().unwrap_or_default(),
            |typed| typed.find(id).unwrap_or_default().to_owned(),
        ),
        options: Vec::new(),
        hint: hint_of(id).map(str::to_owned),
        required: false,
        // A directory's names change there.
        readonly: user.backend.is_some() && matches!(*id, "given_name" | "family_name" | "name"),
        autocomplete: *autocomplete,
    };
    let mut out = vec![
        Section { title: "Name", fields: NAMES.iter().map(standard).collect() },
        Section {
            title: if by == Editor::Staff { "About them" } else { "About you" },
            fields: ABOUT.iter().map(standard).collect(),
        },
        Section { title: "Postal address", fields: ADDRESS.iter().map(standard).collect() },
    ];
    if !fields.is_empty() {
        let own = fields.iter().map(|field| own_input(user, field, typed, by)).collect();
        out.push(Section { title: "More", fields: own });
    }
    out
}

/// Operators edit all of them.
fn may_edit(by: Editor, field: &ProfileField) -> bool {
    by == Editor::Staff || field.edited_by == Editor::Person
}

fn hint_of(id: &str) -> Option<&'static str> {
    match id {
        "name" => Some("Left empty: first and last name"),
        "birthdate" => Some("Like 1990-12-31, or the year alone"),
        "zoneinfo" => Some("Like Europe/Berlin"),
        "locale" => Some("Like en or de-AT; mail is written in it where we can"),
        _ => None,
    }
}

fn own_input(user: &User, field: &ProfileField, typed: Option<&Params>, by: Editor) -> Input {
    let stored = user.attributes.get(&field.name).map(shown).unwrap_or_default();
    let readonly = !may_edit(by, field);
    let value = match typed {
        Some(typed) if !readonly => typed.find(&field.name).unwrap_or_default().to_owned(),
        _ => stored,
    };
    let choice = |word: &String| Choice { value: word.clone(), label: word.clone() };
    Input {
        id: field.name.clone(),
        label: field.label.clone(),
        r#type: match field.kind {
            FieldKind::Text => "text",
            FieldKind::Number => "number",
            FieldKind::Boolean => "checkbox",
            FieldKind::Date => "date",
            FieldKind::Url => "url",
            FieldKind::Choice => "select",
        },
        value,
        options: std::iter::once(Choice { value: String::new(), label: "–".into() })
            .chain(field.choices.iter().map(choice))
            .collect(),
        hint: None,
        required: field.required && field.kind != FieldKind::Boolean,
        readonly,
        autocomplete: None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "1".into(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// What to write.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The standard claims.
    pub profile: ProfileChanges,
    /// The operator's own fields, all of them.
    pub attributes: Value,
}

/// Reads the form. Fields that are not theirs to edit are as they were, whatever was sent.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn read(form: &Params, user: &User, fields: &[ProfileField], by: Editor) -> Result<Changes, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let mut text = |id: &str, check: fn(&str) -> Result<(), &'static str>| -> Option<Option<String>> {
        let typed = form.find(id)?.trim();
        let message = match typed {
            "" => return Some(None),
            long if long.chars().count() > MAX_CHARS => Err("Use at most 500 characters."),
            odd if odd.chars().any(misleads) => Err("Use one line of plain text."),
            sound => check(sound),
        };
        match message {
            Ok(()) => Some(Some(typed.to_owned())),
            Err(message) => {
                wrong.push(Wrong { field: id.to_owned(), message: message.into() });
                None
            }
        }
    };
    let any: fn(&str) -> Result<(), &'static str> = |_| Ok(());
    let mut profile = ProfileChanges {
        middle_name: text("middle_name", any),
        gender: text("gender", any),
        birthdate: text("birthdate", birthdate),
        website: text("website", web_address),
        profile: text("profile", web_address),
        zoneinfo: text("zoneinfo", zone),
        locale: text("locale", language),
        address_street: text("address_street", any),
        address_postal_code: text("address_postal_code", any),
        address_locality: text("address_locality", any),
        address_region: text("address_region", any),
        address_country: text("address_country", any),
        ..ProfileChanges::default()
    };
    if user.backend.is_none() {
        profile.given_name = text("given_name", any);
        profile.family_name = text("family_name", any);
        profile.name = text("name", any);
    }
    let attributes = read_own(form, user, (fields, by), &mut wrong);
    if wrong.is_empty() { Ok(Changes { profile, attributes }) } else { Err(wrong) }
}

fn read_own(form: &Params, user: &User, (fields, by): (&[ProfileField], Editor), wrong: &mut Vec<Wrong>) -> Value {
    // What the configuration no longer names is kept: it may come back.
    let mut all: Map<String, Value> = user.attributes.as_object().cloned().unwrap_or_default();
    for field in fields.iter().filter(|field| may_edit(by, field)) {
        let typed = form.find(&field.name).unwrap_or_default().trim();
        match parse(field, typed) {
            Ok(Some(value)) => {
                all.insert(field.name.clone(), value);
            }
            Ok(None) if field.required => {
                wrong.push(Wrong { field: field.name.clone(), message: "This is needed.".into() });
            }
            Ok(None) => {
                all.remove(&field.name);
            }
            Err(message) => wrong.push(Wrong { field: field.name.clone(), message }),
        }
    }
    Value::Object(all)
}

/// The value of an own field with its right type; `None` when it is empty.
///
/// # Errors
/// In words, fit for a page.
pub fn parse(field: &ProfileField, typed: &str) -> Result<Option<Value>, String> {
    if field.kind == FieldKind::Boolean {
        return Ok(Some(Value::Bool(matches!(typed, "1" | "true" | "on"))));
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let refuse = |message: &str| Err(message.to_owned());
    match field.kind {
        FieldKind::Text | FieldKind::Boolean => match typed {
            long if long.chars().count() > MAX_CHARS => refuse("Use at most 500 characters."),
            odd if odd.chars().any(misleads) => refuse("Use one line of plain text."),
            sound => Ok(Some(sound.into())),
        },
        FieldKind::Number => {
            typed.parse::<i64>().map(|number| Some(number.into())).or_else(|_| refuse("Enter a whole number."))
        }
        FieldKind::Date if typed.len() == 10 && is_birthdate(typed) => Ok(Some(typed.into())),
        FieldKind::Date => refuse("Enter a date like 2026-12-31."),
        FieldKind::Url => web_address(typed).map(|()| Some(typed.into())).map_err(str::to_owned),
        FieldKind::Choice if field.choices.iter().any(|word| word == typed) => Ok(Some(typed.into())),
        FieldKind::Choice => refuse("Choose one of the list."),
    }
}

fn birthdate(text: &str) -> Result<(), &'static str> {
    if is_birthdate(text) { Ok(()) } else { Err("Enter a date like 1990-12-31, or the year alone.") }
}

fn web_address(text: &str) -> Result<(), &'static str> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(()),
        _ => Err("Enter a web address like https://example.org."),
    }
}

/// Whether a text can name a time zone.
///
/// # Errors
/// In words.
pub fn zone(text: &str) -> Result<(), &'static str> {
    let sound = text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    if sound && text.starts_with(|first: char| first.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err("Enter a time zone like Europe/Berlin.")
    }
}

/// Whether a text is a language tag.
///
/// # Errors
/// In words.
pub fn language(text: &str) -> Result<(), &'static str> {
    text.parse::<unic_langid::LanguageIdentifier>().map(|_| ()).map_err(|_| "Enter a language like en or de-AT.")
}

/// A form for galleries.
#[must_use]
pub fn sample() -> Vec<Section> {
    let input = |id: &str, kind| Input {
        id: id.to_owned(),
        label: format!("A {kind}"),
        r#type: kind,
        value: String::new(),
        options: vec![Choice { value: "a".into(), label: "A".into() }],
        hint: Some("A sample".into()),
        required: true,
        readonly: false,
        autocomplete: None,
    };
    let fields = vec![input("name", "text"), input("size", "select"), input("news", "checkbox")];
    vec![Section { title: "Name", fields }]
}
