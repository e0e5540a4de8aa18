//! Whose address is whose: from the user model, from the name where people sign in by mail, and from allauth.

use std::collections::HashMap;

use super::person::{Person, SignInName};
use super::row::Reference;
use super::{Addresses, Dump};
use crate::accounts::EmailAddress;
use crate::import::report::Tally;

/// An address of a person of the file.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub email: EmailAddress,
    pub key: String,
    pub is_proven: bool,
    pub is_primary: bool,
}

/// The addresses of each of `people`, the primary one first. An address belongs to one person: to who proved it, else
/// to who comes first.
pub(super) fn of_people(
    dump: &Dump,
    people: &[&Person],
    by_reference: &HashMap<&Reference, usize>,
    worth: Addresses,
    tally: &mut Tally,
) -> Vec<Vec<Address>> {
    let mut all: Vec<Vec<Address>> = people.iter().map(|person| own(person, worth, tally)).collect();
    for row in &dump.addresses {
        let user = row.reference("user");
        let Some(addresses) = user.and_then(|user| all.get_mut(*by_reference.get(&user)?)) else {
            tally.skip(&row.name, "its user is not in the file, or was skipped");
            continue;
        };
        match EmailAddress::parse(row.text("email")) {
            Ok(address) => {
                let is_primary = row.flag("primary").unwrap_or(false);
                add(addresses, Address { is_primary, ..Address::new(address, row.flag("verified").unwrap_or(false)) });
            }
            Err(words) => tally.skip(&row.name, format!("address `{}`: {words}", row.text("email"))),
        }
    }
    let owners = owners(&all);
    for (index, (addresses, person)) in all.iter_mut().zip(people).enumerate() {
        addresses.retain(|address| {
            let owner = owners.get(&address.key).copied().unwrap_or(index);
            if let Some(other) = people.get(owner).filter(|_| owner != index) {
                tally.skip(&person.row, format!("address {} belongs to {}", address.email, other.row));
            }
            owner == index
        });
        choose_primary(addresses);
    }
    all
}

impl Address {
    fn new(email: EmailAddress, is_proven: bool) -> Self {
        Self { key: email.key(), email, is_proven, is_primary: false }
    }
}

fn own(person: &Person, worth: Addresses, tally: &mut Tally) -> Vec<Address> {
    let is_proven = worth == Addresses::Proven;
    let mut addresses = Vec::new();
    if let Some(email) = &person.email {
        match EmailAddress::parse(email) {
            Ok(address) => add(&mut addresses, Address::new(address, is_proven)),
            Err(words) => tally.skip(&person.row, format!("address `{email}`: {words}")),
        }
    }
    if let SignInName::Address { address, .. } = &person.name {
        add(&mut addresses, Address::new(address.clone(), is_proven));
    }
    addresses
}

/// Two rows about one address say it together.
fn add(addresses: &mut Vec<Address>, new: Address) {
    match addresses.iter_mut().find(|known| known.key == new.key) {
        Some(known) => {
            known.is_proven |= new.is_proven;
            known.is_primary |= new.is_primary;
        }
        None => addresses.push(new),
    }
}

fn owners(all: &[Vec<Address>]) -> HashMap<String, usize> {
    let mut owners = HashMap::new();
    for is_proven in [true, false] {
        for (index, addresses) in all.iter().enumerate() {
            for address in addresses.iter().filter(|address| address.is_proven == is_proven) {
                owners.entry(address.key.clone()).or_insert(index);
            }
        }
    }
    owners
}

/// What allauth calls primary, else the first; it stands first.
fn choose_primary(addresses: &mut [Address]) {
    let chosen = addresses.iter().position(|address| address.is_primary).unwrap_or(0);
    if let Some(until) = addresses.get_mut(..=chosen) {
        until.rotate_right(1);
    }
    for (index, address) in addresses.iter_mut().enumerate() {
        address.is_primary = index == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, EmailAddress, add, choose_primary, owners};

    fn address(text: &str, is_proven: bool) -> Address {
        Address::new(EmailAddress::parse(text).unwrap(), is_proven)
    }

    #[test]
    fn who_proved_an_address_has_it_before_who_comes_first() {
        let all = [vec![address("a@x.org", false)], vec![address("A@x.org", true)], vec![address("b@x.org", false)]];
        let owners = owners(&all);
        assert_eq!((owners["a@x.org"], owners["b@x.org"]), (1, 2));
    }

    #[test]
    fn the_primary_address_stands_first_and_alone() {
        let mut addresses = vec![address("a@x.org", false), address("b@x.org", true)];
        add(&mut addresses, Address { is_primary: true, ..address("B@x.org", false) });
        choose_primary(&mut addresses);
        let shown: Vec<_> = addresses.iter().map(|one| (one.key.as_str(), one.is_primary, one.is_proven)).collect();
        assert_eq!(shown, [("b@x.org", true, true), ("a@x.org", false, false)]);
        choose_primary(&mut []);
    }
}
