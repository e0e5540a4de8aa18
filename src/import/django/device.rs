//! Devices of django-otp, kept for later: the secret is sealed at once.

use std::collections::HashSet;

use super::people::People;
use super::row::Row;
use super::{Dump, Site};
use crate::import::batch;
use crate::import::report::Report;
use crate::import::store::devices::{self as store, NewDevice};
use crate::kernel::Conn;
use crate::kernel::crypto::Place;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Secret;

/// A device, its numbers checked.
struct Device {
    key: Secret<Vec<u8>>,
    digits: i16,
    period_secs: i16,
    start_at: i64,
    drift: i16,
    last_step: Option<i64>,
}

/// Writes devices.
pub(super) fn write(
    conn: &mut Conn,
    dump: &Dump,
    people: &People<'_>,
    (site, report): (&Site<'_>, &mut Report),
) -> Result<(), Fault> {
    let mut names = HashSet::new();
    for row in &dump.devices {
        let Some(user) = row.reference("user").and_then(|user| people.find(&user)) else {
            report.totp_devices.skip(&row.name, "its user is not in the file, or was skipped");
            continue;
        };
        let device = match Device::read(row) {
            Ok(device) => device,
            Err(because) => {
                report.totp_devices.skip(&row.name, because);
                continue;
            }
        };
        let name = free_name(row, user, &mut names);
        let new = device.sealed(row, (user, name), site)?;
        let mut answers = batch::write(conn, &[&new], |conn, _| Ok(vec![store::insert(conn, &new)?]))?;
        match answers.pop() {
            Some(Ok(is_new)) => report.totp_devices.count(usize::from(is_new), 1),
            Some(Err(because)) => report.totp_devices.skip(&row.name, because),
            None => return Err(Fault::bug("a batch of one answered nothing")),
        }
    }
    Ok(())
}

/// Names are unique here: the second `default` of a person is `default 2`, at each run.
fn free_name(row: &Row, user: UserId, names: &mut HashSet<(UserId, String)>) -> String {
    let wish = row.words("name").unwrap_or_else(|| "device".to_owned());
    let numbered = (2..).map(|number: u32| format!("{wish} {number}"));
    let mut free = std::iter::once(wish.clone()).chain(numbered).filter(|name| names.insert((user, name.clone())));
    free.next().unwrap_or_default()
}

impl Device {
    fn read(row: &Row) -> Result<Self, String> {
        let small = |field: &str| row.number(field).and_then(|number| i16::try_from(number).ok());
        let within = |field: &str, range: std::ops::RangeInclusive<i16>| {
            let number = small(field).filter(|number| range.contains(number));
            number.ok_or_else(|| format!("{field} is not within {} to {}", range.start(), range.end()))
        };
        Ok(Self {
            key: unhex(row.text("key")).ok_or("its key is not 1 to 128 bytes in hexadecimal")?,
            digits: within("digits", 6..=8)?,
            period_secs: within("step", 1..=300)?,
            start_at: row.number("t0").unwrap_or(0),
            drift: small("drift").unwrap_or(0),
            last_step: row.number("last_t").filter(|step| *step >= 0),
        })
    }

    fn sealed(&self, row: &Row, (user_id, name): (UserId, String), site: &Site<'_>) -> Result<NewDevice, Fault> {
        let scene = site.scene;
        let id = scene.random.ordered_uuid(scene.now)?;
        let text = id.to_string();
        let place = Place { table: "totp_devices", column: "sealed_secret", row: &text };
        let created_at = row.instant("created_at").unwrap_or(scene.now);
        Ok(NewDevice {
            id,
            user_id,
            name,
            sealed_secret: site.sealer.seal(place, self.key.expose(), &scene.random)?,
            digits: self.digits,
            period_secs: self.period_secs,
            start_at: self.start_at,
            drift: self.drift,
            last_step: self.last_step,
            confirmed_at: row.flag("confirmed").unwrap_or(true).then_some(created_at),
            created_at,
        })
    }
}

fn unhex(text: &str) -> Option<Secret<Vec<u8>>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2 && !digits.starts_with('+'))?;
        u8::from_str_radix(digits, 16).ok()
    };
    let bytes: Vec<u8> = pairs.map(byte).collect::<Option<_>>()?;
    (1..=128).contains(&bytes.len()).then(|| Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::unhex;

    #[test]
    fn keys_are_hexadecimal() {
        assert_eq!(unhex("00fFa1").unwrap().expose(), &[0, 255, 161]);
        for bad in ["", "0", "0g", "+1", "éé", &"00".repeat(129)] {
            assert!(unhex(bad).is_none(), "{bad}");
        }
    }
}
