//! A row of the user model.

use super::row::{Reference, Row};
use crate::accounts::{EmailAddress, Username};
use crate::kernel::Instant;

/// Where the user model keeps what a person types. `None`: `username` where there is one, else `email`.
#[derive(Clone, Debug, Default)]
pub struct UserFields {
    /// `USERNAME_FIELD`.
    pub username: Option<String>,
    /// `EMAIL_FIELD`.
    pub email: Option<String>,
}

/// Somebody who had an account.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub row: String,
    /// Key and natural key.
    pub references: Vec<Reference>,
    pub name: SignInName,
    pub email: Option<String>,
    pub password: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub joined_at: Option<Instant>,
    pub last_login_at: Option<Instant>,
    pub groups: Vec<Reference>,
    pub permissions: Vec<Reference>,
}

/// What a person typed to sign in.
#[derive(Clone, Debug)]
pub(super) enum SignInName {
    /// A name, good here too.
    Username(Username),
    /// An address; a name is made from the part before the `@`.
    Address {
        /// The name as wished.
        wish: Username,
        /// The address.
        address: EmailAddress,
    },
}

/// Whether a row is of a model that people sign in by: what Django's `AbstractBaseUser` always has.
pub(super) fn is_user(row: &Row) -> bool {
    row.has("password") && row.has("last_login")
}

impl Person {
    /// Reads a row.
    ///
    /// # Errors
    /// In words.
    pub fn read(row: &Row, fields: &UserFields) -> Result<Self, String> {
        let by_default = if row.has("username") { "username" } else { "email" };
        let typed = row.text(fields.username.as_deref().unwrap_or(by_default));
        if typed.is_empty() {
            return Err("has no username".into());
        }
        let natural = Reference::natural(&[typed]);
        Ok(Self {
            row: row.name.clone(),
            references: row.key.clone().into_iter().chain([natural]).collect(),
            name: SignInName::parse(typed)?,
            email: row.words(fields.email.as_deref().unwrap_or("email")),
            password: row.words("password"),
            given_name: row.words("first_name"),
            family_name: row.words("last_name"),
            is_active: row.flag("is_active").unwrap_or(true),
            is_staff: row.flag("is_staff").unwrap_or(false),
            is_superuser: row.flag("is_superuser").unwrap_or(false),
            joined_at: row.instant("date_joined"),
            last_login_at: row.instant("last_login"),
            groups: row.references("groups"),
            permissions: row.references("user_permissions"),
        })
    }
}

impl SignInName {
    fn parse(typed: &str) -> Result<Self, String> {
        if !typed.contains('@') {
            return Username::brought(typed)
                .map(Self::Username)
                .map_err(|words| format!("username `{typed}`: {words}"));
        }
        let refused = |words| format!("username `{typed}`: {words}");
        let address = EmailAddress::parse(typed).map_err(refused)?;
        let local = typed.rsplit_once('@').map_or(typed, |(local, _)| local);
        let known = |letter: char| letter.is_alphanumeric() || ".+-_".contains(letter);
        let wish: String = local.chars().map(|letter| if known(letter) { letter } else { '-' }).collect();
        Ok(Self::Address { wish: Username::parse(&wish).map_err(refused)?, address })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Person, Row, SignInName, UserFields};

    fn person(fields: &serde_json::Value) -> Result<Person, String> {
        let row = Row::parse(json!({ "model": "auth.user", "pk": 1, "fields": fields }), "").unwrap();
        Person::read(&row, &UserFields::default())
    }

    #[test]
    fn an_address_as_a_name_becomes_a_name() {
        for (typed, name) in [("ada@example.test", "ada"), ("o'brien+x@example.test", "o-brien+x")] {
            let SignInName::Address { wish, address } = person(&json!({ "email": typed })).unwrap().name else {
                panic!()
            };
            assert_eq!((wish.as_str(), address.as_str()), (name, typed));
        }
        assert!(matches!(person(&json!({ "username": "ada" })).unwrap().name, SignInName::Username(_)));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_with_it() {
        for bad in ["a b", "ada@work", "@", "a/b"] {
            assert!(person(&json!({ "username": bad })).unwrap_err().contains(bad), "{bad}");
        }
        assert!(person(&json!({ "password": "x" })).is_err());
    }

    #[test]
    fn missing_flags_are_those_of_an_ordinary_active_account() {
        let person = person(&json!({ "username": "ada" })).unwrap();
        assert!(person.is_active && !person.is_staff && !person.is_superuser && person.email.is_none());
    }
}
