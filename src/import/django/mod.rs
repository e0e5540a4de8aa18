//! What `manage.py dumpdata` of a Django project tells.
//!
//! ```text
//! permissions, groups ──► people (names, addresses, accounts) ──► memberships, user permissions, devices; apps
//! ```
//! Rows name each other by key or by natural key; both are understood. A bad row is left out with its reason, and
//! what hangs on it too.

mod address;
mod application;
mod device;
mod dump;
mod existing;
mod fresh;
mod matching;
mod name;
mod password;
mod people;
mod permission;
mod person;
mod rights;
mod row;
mod source;

pub use dump::Dump;
pub use person::UserFields;
pub use source::Broken;

use super::{Progress, Report};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::crypto::Sealer;
use crate::kernel::db::transaction;
use crate::kernel::fault::Fault;
use crate::kernel::notify::{self, Change};

/// What the operator decides about a dump.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Whether the addresses of the user model count as proven.
    pub addresses: Addresses,
    /// What becomes of Django's superusers.
    pub superusers: Superusers,
    /// What an equal username proves.
    pub usernames: Usernames,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What an address in the user model is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Nobody proved it, unless allauth says so.
    Stated,
    /// The operator knows that they were proven.
    Proven,
}

/// What becomes of superusers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Superusers {
    /// They come in like everybody, and administrators here are left alone: nobody rises by a file.
    Ordinary,
    /// They are superusers here.
    Kept,
}

/// What it means that somebody here has a username of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usernames {
    /// Nothing by itself: with open registration anybody can take the name of somebody who is about to move in, and
    /// would get their rights.
    Checked,
    /// The operator knows that they are the same people.
    Trusted,
}

/// Whether an import is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Write,
    /// Everything is done and taken back.
    DryRun,
}

/// What an import works with.
pub(super) struct Site<'a> {
    pub wishes: Wishes,
    pub scene: &'a Scene,
    pub sealer: &'a Sealer,
}

/// Brings the rows of `dump` in, users by the model `user_model`.
///
/// # Errors
/// [`Fault`] of the database; what was written by then stays, and the next run goes on from there.
pub fn run(
    conn: &mut Conn,
    (mut dump, user_model): (Dump, Option<String>),
    wishes: Wishes,
    (scene, sealer): (&Scene, &Sealer),
    progress: &mut dyn Progress,
) -> Result<Report, Fault> {
    let site = Site { wishes, scene, sealer };
    let mut report = Report { dry_run: wishes.mode == Mode::DryRun, ..Report::default() };
    dump.tell_the_rest(user_model.as_deref(), &mut report);
    if wishes.mode == Mode::Write {
        write(conn, &dump, user_model.as_deref(), (&site, &mut report, progress))?;
        return Ok(report);
    }
    let ended = transaction::<(), TakenBack>(conn, |conn| {
        write(conn, &dump, user_model.as_deref(), (&site, &mut report, progress))?;
        Err(TakenBack::AsWished)
    });
    match ended {
        Ok(()) | Err(TakenBack::AsWished) => Ok(report),
        Err(TakenBack::Fault(fault)) => Err(fault),
    }
}

enum TakenBack {
    AsWished,
    Fault(Fault),
}

impl From<Fault> for TakenBack {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn write(
    conn: &mut Conn,
    dump: &Dump,
    user_model: Option<&str>,
    (site, report, progress): (&Site<'_>, &mut Report, &mut dyn Progress),
) -> Result<(), Fault> {
    let permissions = permission::write(conn, dump, site, report)?;
    let groups = rights::write_groups(conn, dump, &permissions, (site, report))?;
    let people = people::write(conn, dump, user_model, (site, report, progress))?;
    rights::write_people(conn, &people, (&groups, &permissions), (site, report, progress))?;
    device::write(conn, dump, &people, (site, report))?;
    application::write(conn, dump, (site, report))?;
    notify::announce(conn, Change::Standing)
}
