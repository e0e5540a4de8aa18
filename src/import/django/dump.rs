//! What the files hold, sorted by kind.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use serde_json::Value;

use super::person::{Person, UserFields, is_user};
use super::row::{Reference, Row};
use super::source::{self, Broken};
use crate::import::report::{Remark, Report, Tally, amount};

/// Rows of any number of files, taken together.
#[derive(Debug, Default)]
pub struct Dump {
    fields: UserFields,
    pub(super) users: BTreeMap<String, Vec<Result<Person, Remark>>>,
    pub(super) groups: Vec<Row>,
    pub(super) permissions: Vec<Row>,
    /// App and model of each content type.
    pub(super) content_types: HashMap<Reference, [String; 2]>,
    pub(super) addresses: Vec<Row>,
    pub(super) devices: Vec<Row>,
    pub(super) applications: Vec<Row>,
    rows: Tally,
    ignored: BTreeMap<String, u64>,
}

impl Dump {
    /// An empty one, that will find names and addresses of users in these fields.
    #[must_use]
    pub fn new(fields: UserFields) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Takes a file in; `watch` hears of the bytes read.
    ///
    /// # Errors
    /// [`Broken`], and the dump is then of no use: what it lacks is unknown.
    pub fn read(&mut self, name: &str, file: impl Read, mut watch: impl FnMut(u64)) -> Result<(), Broken> {
        source::read(file, |number, bytes, value| {
            self.take(&format!("{name} row {number}"), value);
            watch(bytes);
        })
    }

    /// The user model: the one named, or `auth.user`, or the only model that people can sign in by.
    ///
    /// # Errors
    /// In words, when there are several, or not the one that was named.
    pub fn user_model(&self, named: Option<&str>) -> Result<Option<String>, String> {
        let models = || self.users.keys().cloned().collect::<Vec<_>>();
        if let Some(named) = named.map(str::to_lowercase) {
            let there = self.users.contains_key(&named);
            return if there { Ok(Some(named)) } else { Err(format!("no row of `{named}` has a password")) };
        }
        match models().as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            all if all.iter().any(|model| model == "auth.user") => Ok(Some("auth.user".into())),
            all => Err(format!("several models have passwords: choose one by --user-model: {}", all.join(", "))),
        }
    }

    /// Moves what was no row, and what nobody reads, into the report.
    pub(super) fn tell_the_rest(&mut self, user_model: Option<&str>, report: &mut Report) {
        for (model, people) in &self.users {
            if Some(model.as_str()) != user_model {
                self.ignored.insert(model.clone(), amount(people.len()));
            }
        }
        report.rows = std::mem::take(&mut self.rows);
        report.ignored = std::mem::take(&mut self.ignored);
    }

    fn take(&mut self, place: &str, value: Value) {
        let row = match Row::parse(value, place) {
            Ok(row) => row,
            Err(because) => return self.rows.skip(place, because),
        };
        match row.model.as_str() {
            "auth.group" => self.groups.push(row),
            "auth.permission" => self.permissions.push(row),
            "contenttypes.contenttype" => self.take_content_type(&row),
            "account.emailaddress" => self.addresses.push(row),
            "otp_totp.totpdevice" => self.devices.push(row),
            // A project may have replaced the toolkit's model by its own.
            _ if row.has("authorization_grant_type") && row.has("client_id") => self.applications.push(row),
            _ if is_user(&row) => {
                let person = Person::read(&row, &self.fields).map_err(|reason| Remark { row: row.name, reason });
                self.users.entry(row.model).or_default().push(person);
            }
            _ => *self.ignored.entry(row.model).or_default() += 1,
        }
    }

    fn take_content_type(&mut self, row: &Row) {
        if let Some(key) = row.key.clone() {
            self.content_types.insert(key, [row.text("app_label").to_owned(), row.text("model").to_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dump, UserFields};

    fn dump(text: &str) -> Dump {
        let mut dump = Dump::new(UserFields::default());
        dump.read("dump.json", text.as_bytes(), |_| ()).unwrap();
        dump
    }

    fn user(model: &str) -> String {
        format!(r#"{{"model":"{model}","pk":1,"fields":{{"username":"ada","password":"","last_login":null}}}}"#)
    }

    #[test]
    fn the_user_model_is_found_or_must_be_named() {
        assert_eq!(dump("[]").user_model(None), Ok(None));
        let own = dump(&user("people.Person"));
        assert_eq!(own.user_model(None), Ok(Some("people.person".into())));
        assert_eq!(own.user_model(Some("people.Person")), Ok(Some("people.person".into())));
        assert!(own.user_model(Some("auth.user")).is_err());
        let both = dump(&format!("[{},{}]", user("people.person"), user("auth.user")));
        assert_eq!(both.user_model(None), Ok(Some("auth.user".into())));
        let odd = dump(&format!("[{},{}]", user("people.person"), user("shop.customer")));
        assert!(odd.user_model(None).unwrap_err().contains("people.person, shop.customer"));
    }
}
