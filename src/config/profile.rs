//! `[[profile.fields]]`: the operator's own fields of an account, typed, and the claims they become.

use std::collections::BTreeSet;

use super::choice::Choice;
use super::reader::Reader;

const KEY: &str = "profile.fields";

/// A field of every account.
#[derive(Clone, Debug)]
pub struct ProfileField {
    /// Its key in the account's attributes, and its input's name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Words to choose from, with `kind = "choice"`.
    pub choices: Vec<String>,
    /// Whether a profile without it is not taken.
    pub required: bool,
    /// Who changes it.
    pub edited_by: Editor,
    /// Scope that opens its claim; none: no app sees it.
    pub scope: Option<String>,
    /// Name of its claim.
    pub claim: String,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text, 500 characters at most.
    #[default]
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day: `YYYY-MM-DD`.
    Date,
    /// A web address.
    Url,
    /// One of a few words.
    Choice,
}

impl Choice for FieldKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("text", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("url", Self::Url),
        ("choice", Self::Choice),
    ];
}

/// Who changes a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Editor {
    /// The person.
    #[default]
    Person,
    /// Operators only; the person sees it.
    Staff,
}

impl Choice for Editor {
    const WORDS: &'static [(&'static str, Self)] = &[("person", Self::Person), ("staff", Self::Staff)];
}

const DEFAULTS: &[(&str, &str)] = &[("type", "text"), ("required", "false"), ("editable_by", "person")];

/// Names that mean something already: claims of OIDC Core section 5.1, of tokens, and of ours.
const TAKEN: [&str; 50] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "fid",
    "scope",
    "client_id",
    "typ",
    "token_type",
    "username",
    "user_id",
    "active",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
    "groups",
    "permissions",
    "cnf",
    "act",
    "may_act",
    "events",
    "_claim_names",
];

/// Reads all tables.
pub(super) fn read(from: &mut Reader) -> Vec<ProfileField> {
    let problems = from.problem_count();
    let fields = from.tables(KEY, DEFAULTS, read_one);
    if from.problem_count() == problems {
        let mut seen = BTreeSet::new();
        for (at, field) in fields.iter().enumerate() {
            if !seen.insert(&field.name) || (field.name != field.claim && !seen.insert(&field.claim)) {
                from.blame(&format!("{KEY}[{at}].name"), "stands a second time; each field and claim once".into());
            }
        }
    }
    fields
}

fn read_one(from: &mut Reader) -> Option<ProfileField> {
    let name = from.parse("name", word);
    let label = from.text("label");
    let kind = from.choice("type");
    let choices = if kind == FieldKind::Choice { from.list("choices", line) } else { Vec::new() };
    if kind == FieldKind::Choice && choices.is_empty() {
        from.blame("type", "`choice` needs choices; name at least one".into());
    }
    let required = from.flag("required");
    let edited_by = from.choice("editable_by");
    let scope = from.find("scope", scope_word);
    let claim = from.find("claim", word);
    let name = name?;
    let label = label.unwrap_or_else(|| name.clone());
    let claim = claim.unwrap_or_else(|| name.clone());
    Some(ProfileField { name, label, kind, choices, required, edited_by, scope, claim })
}

fn word(text: &str) -> Result<String, String> {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if TAKEN.contains(&text) {
        Err(format!("`{text}` has a meaning already; take another word"))
    } else if letters && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= 50 {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not a word of lower-case letters, digits and _"))
    }
}

fn scope_word(text: &str) -> Result<String, String> {
    let graphic = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if graphic && text != "openid" { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a scope for this")) }
}

fn line(text: &str) -> Result<String, String> {
    let sound = !text.is_empty() && text.chars().count() <= 100 && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err("takes words of at most 100 characters".into()) }
}
