//! Accounts: made where there are none, brought up to date where there are.

use std::collections::{HashMap, HashSet};

use super::address::{self, Address};
use super::existing;
use super::fresh;
use super::matching::{self, By};
use super::name::Names;
use super::person::{Person, SignInName};
use super::row::Reference;
use super::{Dump, Site, Usernames};
use crate::import::batch;
use crate::import::progress::{Progress, Step};
use crate::import::report::{Report, amount};
use crate::import::store::users::{self as store, Holder, Known};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;

/// The people of the file that have an account here now.
pub(super) struct People<'a> {
    all: Vec<&'a Person>,
    users: Vec<Option<UserId>>,
    by_reference: HashMap<&'a Reference, usize>,
}

impl<'a> People<'a> {
    /// The account of who is named so.
    pub fn find(&self, reference: &Reference) -> Option<UserId> {
        self.users.get(*self.by_reference.get(reference)?).copied().flatten()
    }

    /// Everybody with their account.
    pub fn accounts(&self) -> impl Iterator<Item = (&'a Person, UserId)> {
        self.all.iter().zip(&self.users).filter_map(|(person, user)| Some((*person, (*user)?)))
    }
}

/// What is known while accounts are written.
pub(super) struct Desk<'a> {
    pub site: &'a Site<'a>,
    pub report: &'a mut Report,
    pub names: Names,
    seen: HashSet<UserId>,
}

/// A person on the way in.
pub(super) struct Arrival<'a> {
    pub index: usize,
    pub person: &'a Person,
    pub addresses: &'a [Address],
}

/// Writes accounts and addresses.
pub(super) fn write<'a>(
    conn: &mut Conn,
    dump: &'a Dump,
    user_model: Option<&str>,
    (site, report, progress): (&Site<'_>, &mut Report, &mut dyn Progress),
) -> Result<People<'a>, Fault> {
    let mut people = admit(dump, user_model, report);
    let addresses =
        address::of_people(dump, &people.all, &people.by_reference, site.wishes.addresses, &mut report.emails);
    let names = people.all.iter().filter_map(|person| match &person.name {
        SignInName::Username(name) => Some(name.key()),
        SignInName::Address { .. } => None,
    });
    let mut desk = Desk { site, names: Names::new(names), report, seen: HashSet::new() };
    let arrivals = people.all.iter().zip(&addresses).enumerate();
    let arrivals: Vec<_> = arrivals.map(|(index, (person, addresses))| Arrival { index, person, addresses }).collect();
    let total = amount(arrivals.len());
    for (arrivals, users) in arrivals.chunks(batch::ROWS).zip(people.users.chunks_mut(batch::ROWS)) {
        let written = write_some(conn, arrivals, &mut desk)?;
        let first = arrivals.first().map_or(0, |arrival| arrival.index);
        for (index, user) in written {
            if let Some(place) = users.get_mut(index - first) {
                *place = Some(user);
            }
        }
        progress.advance(Step::Users, amount(first + arrivals.len()), total);
    }
    Ok(people)
}

/// The people whose rows can be read, each once.
fn admit<'a>(dump: &'a Dump, user_model: Option<&str>, report: &mut Report) -> People<'a> {
    let mut people = People { all: Vec::new(), users: Vec::new(), by_reference: HashMap::new() };
    let mut keys: HashMap<String, &str> = HashMap::new();
    for read in user_model.and_then(|model| dump.users.get(model)).into_iter().flatten() {
        let person = match read {
            Ok(person) => person,
            Err(remark) => {
                report.users.skipped.push(remark.clone());
                continue;
            }
        };
        if person.references.iter().any(|reference| people.by_reference.contains_key(reference)) {
            report.users.skip(&person.row, "stands in the file a second time");
            continue;
        }
        if let SignInName::Username(name) = &person.name
            && let Some(other) = keys.insert(name.key(), &person.row)
        {
            report.users.skip(&person.row, format!("username `{name}` looks like that of {other}"));
            keys.insert(name.key(), other);
            continue;
        }
        people.by_reference.extend(person.references.iter().map(|reference| (reference, people.all.len())));
        people.all.push(person);
        people.users.push(None);
    }
    people
}

fn write_some(conn: &mut Conn, arrivals: &[Arrival<'_>], desk: &mut Desk<'_>) -> Result<Vec<(usize, UserId)>, Fault> {
    let here = Here::look(conn, arrivals)?;
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for arrival in arrivals {
        match here.find(arrival, desk) {
            Ok(None) => new.push(arrival),
            Ok(Some(found)) => known.push((arrival, found)),
            Err(because) => desk.report.users.skip(&arrival.person.row, because),
        }
    }
    let mut written = existing::write(conn, &known, &here, desk)?;
    written.extend(fresh::write(conn, &new, &here, desk)?);
    Ok(written)
}

/// What the database has of the people of a batch.
pub(super) struct Here {
    by_username: HashMap<String, Known>,
    by_address: HashMap<String, Holder>,
}

impl Here {
    fn look(conn: &mut Conn, arrivals: &[Arrival<'_>]) -> Result<Self, Fault> {
        let names = arrivals.iter().filter_map(|arrival| match &arrival.person.name {
            SignInName::Username(name) => Some(name.key()),
            SignInName::Address { .. } => None,
        });
        let names: Vec<_> = names.collect();
        let addresses = arrivals.iter().flat_map(|arrival| arrival.addresses);
        let addresses: Vec<_> = addresses.map(|address| address.key.clone()).collect();
        Ok(Self { by_username: store::by_username(conn, &names)?, by_address: store::by_address(conn, &addresses)? })
    }

    /// Who holds an address.
    pub fn holder(&self, key: &str) -> Option<&Holder> {
        self.by_address.get(key)
    }

    /// The person's account here, if there is one; `Err`: they cannot come in.
    fn find(&self, arrival: &Arrival<'_>, desk: &mut Desk<'_>) -> Result<Option<&Known>, String> {
        let Arrival { person, addresses, .. } = arrival;
        if let SignInName::Address { address, .. } = &person.name
            && !addresses.iter().any(|own| own.key == address.key())
        {
            return Err(format!("signs in by {address}, which belongs to somebody else in the file"));
        }
        let by_username = |key: &str| self.by_username.get(key);
        let by_address = |key: &str| self.by_address.get(key).map(|holder| (&holder.known, holder.is_proven));
        let Some(found) = matching::find(person, addresses, by_username, by_address) else { return Ok(None) };
        if let Some(because) = matching::refusal(found.known, desk.site.wishes) {
            return Err(because.to_owned());
        }
        let is_theirs =
            |address: &Address| self.holder(&address.key).is_some_and(|holder| holder.known.id == found.known.id);
        let is_trusted = found.by == By::Address || desk.site.wishes.usernames == Usernames::Trusted;
        if !is_trusted && !matching::is_the_same(person, found.known, addresses.iter().any(is_theirs)) {
            return Err("an account of this name is here, and nothing shows that it is the same person's: \
                        if it is, say --trust-usernames"
                .to_owned());
        }
        if !desk.seen.insert(found.known.id) {
            return Err("another row of the file is the same account here".to_owned());
        }
        if found.by == By::Address && matches!(person.name, SignInName::Username(_)) {
            desk.report.users.note(&person.row, "known here by a proven address, under another name");
        }
        Ok(Some(found.known))
    }
}
