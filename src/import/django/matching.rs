//! Who of the file is here already, and what changes for them.

use super::address::Address;
use super::person::{Person, SignInName};
use super::{Superusers, Wishes};
use crate::import::store::users::{Changes, Known};

/// Stands before a hash that was made here.
const OWN_SCHEME: &str = "$argon2id$";

/// An account that may be the person's.
pub(super) struct Match<'a> {
    pub known: &'a Known,
    pub by: By,
}

/// By what an account was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Username,
    Address,
}

/// What happens to an account that is here.
pub(super) struct Update {
    pub changes: Changes,
    pub notes: Vec<&'static str>,
}

/// The account of a person: by the username; by the address for who signed in by it; and by an address that both
/// sides know to be proven.
pub(super) fn find<'a>(
    person: &Person,
    addresses: &[Address],
    by_username: impl Fn(&str) -> Option<&'a Known>,
    by_address: impl Fn(&str) -> Option<(&'a Known, bool)>,
) -> Option<Match<'a>> {
    let by = |by| move |known| Match { known, by };
    match &person.name {
        SignInName::Address { address, .. } => by_address(&address.key()).map(|(known, _)| known).map(by(By::Address)),
        SignInName::Username(name) => by_username(&name.key()).map(by(By::Username)).or_else(|| {
            let proven = addresses.iter().filter(|address| address.is_proven);
            let mut here = proven.filter_map(|address| by_address(&address.key));
            here.find(|(_, is_proven)| *is_proven).map(|(known, _)| known).map(by(By::Address))
        }),
    }
}

/// Why an account is not for a file to touch.
pub(super) fn refusal(known: &Known, wishes: Wishes) -> Option<&'static str> {
    match known {
        Known { is_service: true, .. } => Some("there is a service account of this name here"),
        Known { backend: Some(_), .. } => Some("the account here belongs to another directory"),
        Known { is_superuser: true, .. } if wishes.superusers == Superusers::Ordinary => {
            Some("the account here is an administrator's: only --with-superusers touches it")
        }
        _ => None,
    }
}

/// Whether something that no stranger could arrange shows that an account found by its username is the person's:
/// it holds one of their addresses, or was made by an import before (which keeps the day that somebody joined, and is
/// alone in writing a hash without the day that it was set).
pub(super) fn is_the_same(person: &Person, known: &Known, holds_an_address: bool) -> bool {
    let has_hash_of_a_file = known.password_hash.is_some() && known.password_changed_at.is_none();
    holds_an_address || has_hash_of_a_file || person.joined_at == Some(known.created_at)
}

/// What the file changes: names, and flags; never downward from administrator, never upward to active again.
pub(super) fn update(person: &Person, known: &Known, wishes: Wishes) -> Update {
    let mut notes = Vec::new();
    let named = |file: &Option<String>, here: &Option<String>| file.clone().filter(|name| Some(name) != here.as_ref());
    if person.is_active && !known.is_active {
        notes.push("disabled here: kept so");
    }
    let rises = person.is_superuser && !known.is_superuser;
    if rises && wishes.superusers == Superusers::Ordinary {
        notes.push("a superuser in the file: kept ordinary without --with-superusers");
    }
    let changes = Changes {
        given_name: named(&person.given_name, &known.given_name),
        family_name: named(&person.family_name, &known.family_name),
        is_staff: (person.is_staff != known.is_staff).then_some(person.is_staff),
        is_superuser: (rises && wishes.superusers == Superusers::Kept).then_some(true),
        password_hash: password(person, known, &mut notes),
    };
    Update { changes, notes }
}

/// A hash follows the file only while it came from a file, and nobody signed in or set another one here.
fn password(person: &Person, known: &Known, notes: &mut Vec<&'static str>) -> Option<String> {
    let wanted = person.password.as_ref().filter(|hash| super::password::is_usable(hash))?;
    let here = known.password_hash.as_ref();
    if here == Some(wanted) {
        return None;
    }
    let from_a_file = known.password_changed_at.is_none();
    if from_a_file && here.is_some_and(|here| !here.starts_with(OWN_SCHEME)) {
        return Some(wanted.clone());
    }
    // The same password after a sign-in here looks like another: nothing to tell.
    if !(from_a_file && here.is_some()) {
        notes.push("the password here is kept");
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::person::UserFields;
    use super::super::row::Row;
    use super::super::{Addresses, Mode, Usernames};
    use super::{Known, Person, Superusers, Wishes, is_the_same, refusal, update};
    use crate::kernel::clock::Clock;
    use crate::kernel::ids::UserId;

    const WISHES: Wishes = Wishes {
        addresses: Addresses::Stated,
        superusers: Superusers::Ordinary,
        usernames: Usernames::Checked,
        mode: Mode::Write,
    };

    const HASH: &str = "pbkdf2_sha256$1000$c2FsdHNhbHQ$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn person(more: &serde_json::Value) -> Person {
        let row = Row::parse(json!({ "model": "auth.user", "pk": 1, "fields": more }), "").unwrap();
        Person::read(&row, &UserFields::default()).unwrap()
    }

    fn known() -> Known {
        Known {
            id: UserId(uuid::Uuid::nil()),
            username_key: "ada".into(),
            password_hash: Some("pbkdf2_sha256$1$a$b".into()),
            password_changed_at: None,
            given_name: Some("Ada".into()),
            family_name: None,
            is_active: true,
            is_staff: false,
            is_superuser: false,
            is_service: false,
            backend: None,
            created_at: Clock::System.now(),
        }
    }

    #[test]
    fn names_and_staff_follow_the_file_and_nothing_else_rises() {
        let file = json!({ "username": "ada", "first_name": "Augusta", "is_staff": true, "is_superuser": true });
        let changed = update(&person(&file), &known(), WISHES);
        assert_eq!(changed.changes.given_name.as_deref(), Some("Augusta"));
        assert_eq!((changed.changes.is_staff, changed.changes.is_superuser), (Some(true), None));
        let with = Wishes { superusers: Superusers::Kept, ..WISHES };
        assert_eq!(update(&person(&file), &known(), with).changes.is_superuser, Some(true));
        let same = update(&person(&json!({ "username": "ada" })), &Known { is_superuser: true, ..known() }, with);
        assert!(same.changes.is_empty() && same.notes.is_empty());
        let disabled = update(&person(&json!({ "username": "ada" })), &Known { is_active: false, ..known() }, WISHES);
        assert!(disabled.changes.is_empty() && disabled.notes == ["disabled here: kept so"]);
    }

    #[test]
    fn a_hash_follows_the_file_until_the_account_is_used_here() {
        let file = person(&json!({ "username": "ada", "password": HASH }));
        let hash = |known: &Known| {
            let update = update(&file, known, WISHES);
            (update.changes.password_hash, update.notes.len())
        };
        assert_eq!(hash(&known()), (file.password.clone(), 0));
        assert_eq!(hash(&Known { password_hash: file.password.clone(), ..known() }), (None, 0));
        assert_eq!(hash(&Known { password_hash: Some("$argon2id$v=19$x".into()), ..known() }), (None, 0));
        assert_eq!(hash(&Known { password_changed_at: Some(Clock::System.now()), ..known() }), (None, 1));
        assert_eq!(hash(&Known { password_hash: None, ..known() }), (None, 1), "no password is brought in by a file");
    }

    #[test]
    fn an_equal_username_alone_proves_nothing() {
        let squatter = Known { password_changed_at: Some(Clock::System.now()), ..known() };
        let ada = person(&json!({ "username": "ada", "date_joined": "2019-05-04T03:02:01Z" }));
        assert!(!is_the_same(&ada, &squatter, false));
        assert!(!is_the_same(&ada, &Known { password_hash: None, ..known() }, false));
        assert!(is_the_same(&ada, &squatter, true));
        assert!(is_the_same(&ada, &known(), false), "its hash came from a file");
        assert!(is_the_same(&ada, &Known { created_at: ada.joined_at.unwrap(), ..squatter }, false));
    }

    #[test]
    fn accounts_of_machines_directories_and_administrators_are_left_alone() {
        assert!(refusal(&known(), WISHES).is_none());
        for other in [
            Known { is_service: true, ..known() },
            Known { backend: Some("ldap".into()), ..known() },
            Known { is_superuser: true, ..known() },
        ] {
            assert!(refusal(&other, WISHES).is_some());
        }
        let with = Wishes { superusers: Superusers::Kept, ..WISHES };
        assert!(refusal(&Known { is_superuser: true, ..known() }, with).is_none());
    }
}
