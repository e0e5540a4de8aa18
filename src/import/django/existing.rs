//! Accounts that are here already.

use super::address::Address;
use super::fresh;
use super::people::{Arrival, Desk, Here};
use super::{Site, matching};
use crate::accounts::standing::Outcome;
use crate::accounts::store::emails::mark_proven;
use crate::audit::Event;
use crate::audit::event::Kind;
use crate::import::batch;
use crate::import::report::amount;
use crate::import::store::emails;
use crate::import::store::users::{self as store, Changes, Known};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::login::departure;

/// Everything that changes for one account.
struct Work<'a> {
    arrival: &'a Arrival<'a>,
    known: &'a Known,
    changes: Changes,
    is_disabled: bool,
    new_emails: Vec<emails::NewEmail>,
    proven: Vec<&'a Address>,
}

/// What was done.
struct Done {
    outcome: Outcome,
    new_emails: usize,
}

/// Brings accounts up to date; everybody's account, changed or not.
pub(super) fn write(
    conn: &mut Conn,
    known: &[(&Arrival<'_>, &Known)],
    here: &Here,
    desk: &mut Desk<'_>,
) -> Result<Vec<(usize, UserId)>, Fault> {
    let ids: Vec<UserId> = known.iter().map(|(_, known)| known.id).collect();
    let with_primary = emails::with_primary(conn, &ids)?;
    let mut written = Vec::new();
    for (arrival, known) in known {
        let rank = if with_primary.contains(&known.id) { Rank::Further } else { Rank::First };
        let work = plan(arrival, known, (here, rank), desk)?;
        if work.is_idle() || carry_out(conn, &work, desk)? {
            written.push((arrival.index, known.id));
        }
    }
    Ok(written)
}

/// Whether the account has a primary address yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    First,
    Further,
}

impl Work<'_> {
    fn is_idle(&self) -> bool {
        self.changes.is_empty() && !self.is_disabled && self.new_emails.is_empty() && self.proven.is_empty()
    }
}

fn plan<'a>(
    arrival: &'a Arrival<'a>,
    known: &'a Known,
    (here, rank): (&Here, Rank),
    desk: &mut Desk<'_>,
) -> Result<Work<'a>, Fault> {
    let person = arrival.person;
    let update = matching::update(person, known, desk.site.wishes);
    for note in update.notes {
        desk.report.users.note(&person.row, note);
    }
    let (mut new_emails, mut proven) = (Vec::new(), Vec::new());
    for address in arrival.addresses {
        match here.holder(&address.key) {
            None => {
                let mut email = fresh::email(address, known.id, desk.site)?;
                email.is_primary &= rank == Rank::First;
                new_emails.push(email);
            }
            Some(holder) if holder.known.id == known.id => {
                if address.is_proven && !holder.is_proven {
                    proven.push(address);
                } else {
                    desk.report.emails.unchanged += 1;
                }
            }
            Some(_) => desk.report.emails.skip(&person.row, fresh::held_by_another(address)),
        }
    }
    let is_disabled = known.is_active && !person.is_active;
    let work = Work { arrival, known, changes: update.changes, is_disabled, new_emails, proven };
    if work.changes.is_empty() && !work.is_disabled {
        desk.report.users.unchanged += 1;
    }
    Ok(work)
}

/// `false` when the database refused it.
fn carry_out(conn: &mut Conn, work: &Work<'_>, desk: &mut Desk<'_>) -> Result<bool, Fault> {
    let (changes_user, proven) = (!work.changes.is_empty() || work.is_disabled, work.proven.len());
    let row = &work.arrival.person.row;
    let site = desk.site;
    let mut answers = batch::write(conn, &[work], |conn, _| Ok(vec![work.write(conn, site)?]))?;
    match answers.pop() {
        Some(Ok(done)) => {
            if done.outcome == Outcome::LastAdministrator {
                desk.report.users.note(row, "inactive in the file: kept, as the last administrator here");
            }
            desk.report.users.changed += u64::from(changes_user);
            desk.report.emails.new += amount(done.new_emails);
            desk.report.emails.changed += amount(proven);
            Ok(true)
        }
        Some(Err(because)) => {
            desk.report.users.skip(row, because);
            Ok(false)
        }
        None => Err(Fault::bug("a batch of one answered nothing")),
    }
}

impl Work<'_> {
    fn write(&self, conn: &mut Conn, site: &Site<'_>) -> Result<Done, Fault> {
        let (id, scene) = (self.known.id, site.scene);
        let mut outcome = Outcome::Done;
        if !self.changes.is_empty() {
            store::update(conn, id, &self.changes, scene.now)?;
        }
        if self.changes.is_staff == Some(true) || self.changes.is_superuser == Some(true) {
            departure::change_rank(conn, id, true, scene)?;
        }
        if self.is_disabled {
            outcome = departure::disable(conn, id, scene)?;
        }
        let new_emails = emails::insert(conn, &self.new_emails.iter().collect::<Vec<_>>())?.len();
        for address in &self.proven {
            mark_proven(conn, id, &address.key, scene.now)?;
        }
        let details = serde_json::json!({ "import": "django" });
        scene.record(conn, &Event::new(Kind::UserUpdated).user(id).details(details))?;
        Ok(Done { outcome, new_emails })
    }
}
