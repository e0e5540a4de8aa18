//! People brought in from a file: read, tried row by row, looked at, then written row by row.
//!
//! ```text
//! file ──► rows ──► trial, taken back (`checking`) ──► what would come of it (`checked`) ──► for good (`writing`) ──► `done`
//! ```
//! A job does both passes, as whoever brought the file and with what they may at that moment. What became of a row is written
//! with the row itself: after a restart the job goes on where it was.

mod file;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::file::{COLUMNS, MAX_BYTES, MAX_ROWS, Read, read};
use super::deed::Stop;
use super::people::{self, Changes, Wish};
use super::policy::{self, Actor, Right};
use super::store::imports as store;
use crate::access::store::own_groups_of;
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::policy::Policy;
use crate::accounts::profile::ProfileChanges;
use crate::accounts::store::{Identifiers, emails, find_by_identifier};
use crate::accounts::{PhoneNumber, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Origin, Scene};
use crate::kernel::db::{lock_for_transaction, take_back, transaction};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ImportId, UserId};
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};
use crate::login::courier::Courier;
use crate::portal::profile_form;

/// Imports and their rows are kept this long after their last step.
pub const KEPT: Duration = Duration::days(7);
/// Rows that are done in one transaction.
const ROWS_AT_ONCE: i64 = 20;

crate::spec::words! {
    /// How far an import is.
    State {
        /// Its rows are tried.
        Checking = "checking",
        /// What would come of it can be looked at.
        Checked = "checked",
        /// Its rows are written.
        Writing = "writing",
        /// Nothing is left to do.
        Done = "done",
        /// It goes on no more.
        Stopped = "stopped",
    }
}

crate::spec::words! {
    /// What becomes of a row.
    Outcome {
        /// An account is made.
        New = "new",
        /// An account is another than before.
        Changed = "changed",
        /// An account stays as it is.
        Same = "same",
        /// Nothing: it does not do.
        Refused = "refused",
    }
}

impl State {
    /// Whether a job is at work on it.
    #[must_use]
    pub const fn is_moving(self) -> bool {
        matches!(self, Self::Checking | Self::Writing)
    }
}

/// A row of the file. What is not there is not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields carry the names of the columns")]
pub struct Person {
    pub username: String,
    pub email: Option<String>,
    #[serde(default)]
    pub email_verified: bool,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub locale: Option<String>,
    pub zoneinfo: Option<String>,
    pub phone: Option<String>,
    pub groups: Vec<String>,
}

/// What the operator decided about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// People who are here already become what the file says.
    pub changes_known: bool,
    /// New people get a letter with a link that sets their password.
    pub sends_links: bool,
}

/// A file that is brought in.
#[derive(Clone, Debug)]
pub struct Import {
    /// Row.
    pub id: ImportId,
    /// Who brought it.
    pub user_id: UserId,
    /// As its owner calls it.
    pub file_name: String,
    /// How far it is.
    pub state: State,
    /// What was decided.
    pub wishes: Wishes,
    /// Why it goes on no more.
    pub stopped_because: Option<String>,
    /// Where the request came from that brought it.
    pub origin: Origin,
    /// When it was brought.
    pub created_at: Instant,
}

/// Files are taken in one at a time, so that of two at once one waits for the other.
const LOCK: i64 = 0x706f_7274_696d_7073;

/// Takes a file in: its trial begins. One file at a time for each operator.
///
/// # Errors
/// [`Stop`].
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    (file_name, wishes, rows): (&str, Wishes, &[Read]),
    scene: &Scene,
) -> Result<ImportId, Stop> {
    lock_for_transaction(conn, LOCK)?;
    if store::is_at_work_for(conn, actor.id)? {
        return Err(Stop::wrong("file", "Another file of yours is at work still: wait for it, or stop it."));
    }
    let id = ImportId::new(&scene.random, scene.now)?;
    let import = Import {
        id,
        user_id: actor.id,
        file_name: file_name.chars().filter(|one| !one.is_control()).take(100).collect(),
        state: State::Checking,
        wishes,
        stopped_because: None,
        origin: scene.origin.clone(),
        created_at: scene.now,
    };
    store::insert(conn, &import, rows)?;
    let details = json!({
        "import": id, "file": import.file_name, "rows": rows.len(), "changes_known": wishes.changes_known,
        "sends_links": wishes.sends_links,
    });
    scene.record(conn, &Event::new(Kind::ImportAdded).details(details))?;
    Ok(id)
}

/// The import, if it is this operator's.
///
/// # Errors
/// [`Stop::Gone`].
pub fn find(conn: &mut Conn, actor: &Actor, id: ImportId) -> Result<Import, Stop> {
    store::find(conn, id)?.filter(|import| import.user_id == actor.id).ok_or(Stop::Gone)
}

/// Whoever brought it has looked at what would come of it: it is written. A second wish for it changes nothing.
///
/// # Errors
/// [`Stop`].
pub fn start(conn: &mut Conn, actor: &Actor, id: ImportId, scene: &Scene) -> Result<(), Stop> {
    store::lock(conn, id)?;
    match find(conn, actor, id)?.state {
        State::Checked => {
            store::set_state(conn, id, State::Writing, None, scene.now)?;
            Ok(scene.record(conn, &Event::new(Kind::ImportStarted).details(json!({ "import": id })))?)
        }
        State::Writing | State::Done => Ok(()),
        State::Checking => Err(Stop::conflict("It is still being tried: wait a moment.")),
        State::Stopped => Err(Stop::conflict("It was stopped: bring the file again.")),
    }
}

/// It goes on no more; what was written by then stays.
///
/// # Errors
/// [`Stop`].
pub fn stop(conn: &mut Conn, actor: &Actor, id: ImportId, scene: &Scene) -> Result<(), Stop> {
    store::lock(conn, id)?;
    match find(conn, actor, id)?.state {
        State::Done => Err(Stop::conflict("It is done already.")),
        State::Stopped => Ok(()),
        _ => {
            store::set_state(conn, id, State::Stopped, Some("You stopped it."), scene.now)?;
            Ok(scene.record(conn, &Event::new(Kind::ImportStopped).details(json!({ "import": id })))?)
        }
    }
}

/// The import at the head of the queue goes to its end: it could not go on, and others may.
///
/// # Errors
/// [`Fault`] of the database.
pub fn postpone(conn: &mut Conn, now: Instant) -> Result<(), Fault> {
    let Some(import) = store::claim(conn)? else { return Ok(()) };
    store::touch(conn, import.id, now)
}

/// What rows are brought in with.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// Rules for new passwords.
    pub policy: &'a Policy,
    /// Writes to people.
    pub courier: &'a Courier,
    /// Ids and secrets.
    pub random: &'a Random,
    /// Now.
    pub now: Instant,
}

/// Does the next rows of the oldest import that waits; `false`: none does. To be called in a transaction of its own.
///
/// # Errors
/// [`Fault`] of the database, when it is away rather than particular.
pub fn advance(conn: &mut Conn, tools: Tools<'_>) -> Result<bool, Fault> {
    let Some(import) = store::claim(conn)? else { return Ok(false) };
    let actor = policy::find_actor(conn, import.user_id)?.filter(|actor| actor.may(Right::AddUser));
    let Some(actor) = actor else {
        let because = "Whoever brought it may not make accounts any more.";
        store::set_state(conn, import.id, State::Stopped, Some(because), tools.now)?;
        return Ok(true);
    };
    let is_trial = import.state == State::Checking;
    let rows = store::waiting_rows(conn, import.id, is_trial, ROWS_AT_ONCE)?;
    if rows.is_empty() {
        let next = if is_trial { State::Checked } else { State::Done };
        store::set_state(conn, import.id, next, None, tools.now)?;
        return Ok(true);
    }
    let scene = Scene { now: tools.now, random: tools.random.clone(), origin: import.origin.clone() };
    for (line, person, expected) in rows {
        let row = (&person, expected);
        let (outcome, reason) = attempt(conn, &actor, row, &import, (tools, &scene))?;
        store::set_outcome(conn, (import.id, line), is_trial, outcome, &reason)?;
    }
    store::touch(conn, import.id, tools.now)?;
    Ok(true)
}

/// One row, in a savepoint: a trial is taken back, and so is what went wrong half-way.
fn attempt(
    conn: &mut Conn,
    actor: &Actor,
    row: (&Person, Option<Outcome>),
    import: &Import,
    (tools, scene): (Tools<'_>, &Scene),
) -> Result<(Outcome, String), Fault> {
    let is_trial = import.state == State::Checking;
    let bring_in = |conn: &mut Conn| bring_in(conn, actor, row, import.wishes, (tools, scene));
    match if is_trial { take_back(conn, bring_in) } else { transaction(conn, bring_in) } {
        Ok(done) => Ok(done),
        Err(Stop::Fault(fault @ (Fault::DatabaseAway(_) | Fault::DatabaseReadOnly))) => Err(fault),
        Err(Stop::Fault(fault)) => {
            tracing::warn!(%fault, "a row of an import is refused");
            Ok((Outcome::Refused, "The database refuses it.".into()))
        }
        Err(stop) => Ok((Outcome::Refused, stop.to_string())),
    }
}

/// What becomes of somebody, and what of them is another. What they are now is looked at only by who may see and change them.
fn bring_in(
    conn: &mut Conn,
    actor: &Actor,
    (person, expected): (&Person, Option<Outcome>),
    wishes: Wishes,
    (tools, scene): (Tools<'_>, &Scene),
) -> Result<(Outcome, String), Stop> {
    let by_username = Identifiers { username: true, email: false, phone: false };
    let known = find_by_identifier(conn, &person.username, by_username)?;
    // Somebody may have taken the name since it was tried: they are not whom the file means.
    if expected.is_some_and(|expected| (expected == Outcome::New) == known.is_some()) {
        return Err(Stop::conflict("The name came or went since it was tried: bring the file again."));
    }
    if let Some(user) = &known {
        if !wishes.changes_known {
            return Ok((Outcome::Same, format!("{} is here already, and stays as they are.", user.username)));
        }
        if !actor.may(Right::ChangeUser) || !actor.may(Right::ViewUser) {
            return Err(Stop::conflict("You may not change people who are here already."));
        }
        people::within(conn, actor, user.id)?;
    }
    let may_join = actor.may(Right::ChangeGroup) && actor.may(Right::ViewGroup);
    if !person.groups.is_empty() && !may_join {
        return Err(Stop::conflict("You may not put people into groups."));
    }
    check_claims(person, known.as_ref())?;
    let phone = person.phone.as_deref().map(PhoneNumber::parse).transpose().map_err(|why| Stop::wrong("phone", why))?;
    let (id, mut changed) = match &known {
        Some(user) => (user.id, change(conn, actor, (user, person, phone.as_ref()), (tools.courier, scene))?),
        None => (make(conn, actor, (person, phone.as_ref(), wishes), (tools, scene))?, Vec::new()),
    };
    let own: Vec<String> = own_groups_of(conn, id)?.iter().map(|name| name_key(name)).collect();
    for group in person.groups.iter().filter(|name| !own.contains(&name_key(name))) {
        people::join(conn, actor, id, group, scene)?;
        changed.push(format!("in {group}"));
    }
    Ok(match known {
        None => (Outcome::New, changed.join(", ")),
        Some(_) if changed.is_empty() => (Outcome::Same, String::new()),
        Some(_) => (Outcome::Changed, changed.join(", ")),
    })
}

/// What the form about an account would refuse too.
fn check_claims(person: &Person, known: Option<&User>) -> Result<(), Stop> {
    if let Some(Err(why)) = person.zoneinfo.as_deref().map(profile_form::zone) {
        return Err(Stop::wrong("zoneinfo", why));
    }
    if let Some(Err(why)) = person.locale.as_deref().map(profile_form::language) {
        return Err(Stop::wrong("locale", why));
    }
    let is_other = |given: &Option<String>, stored: &Option<String>| given.is_some() && given != stored;
    let is_renamed = |user: &User| {
        is_other(&person.name, &user.name)
            || is_other(&person.given_name, &user.given_name)
            || is_other(&person.family_name, &user.family_name)
    };
    if known.is_some_and(|user| user.backend.is_some() && is_renamed(user)) {
        return Err(Stop::wrong("name", "Their directory says what they are called."));
    }
    Ok(())
}

fn make(
    conn: &mut Conn,
    actor: &Actor,
    (person, phone, wishes): (&Person, Option<&PhoneNumber>, Wishes),
    (tools, scene): (Tools<'_>, &Scene),
) -> Result<UserId, Stop> {
    let claims = ProfileChanges {
        name: person.name.clone().map(Some),
        given_name: person.given_name.clone().map(Some),
        family_name: person.family_name.clone().map(Some),
        locale: person.locale.clone().map(Some),
        zoneinfo: person.zoneinfo.clone().map(Some),
        ..ProfileChanges::default()
    };
    let wish = Wish {
        username: person.username.clone(),
        email: person.email.clone().unwrap_or_default(),
        email_verified: person.email_verified && person.email.is_some(),
        send_link: wishes.sends_links && person.email.is_some(),
        profile: if phone.is_some() { claims.with_phone(phone) } else { claims },
        ..Wish::default()
    };
    let order = people::read(actor, wish, tools.policy)?;
    people::add(conn, actor, order, None, tools.courier, scene)
}

/// Changes what the file says otherwise; answers what that is.
fn change(
    conn: &mut Conn,
    actor: &Actor,
    (user, person, phone): (&User, &Person, Option<&PhoneNumber>),
    (courier, scene): (&Courier, &Scene),
) -> Result<Vec<String>, Stop> {
    let mut changed = Vec::new();
    let mut other = |label: &str, given: &Option<String>, stored: &Option<String>| {
        let differs = given.is_some() && given != stored;
        if differs {
            changed.push(label.to_owned());
        }
        differs.then(|| given.clone())
    };
    let stored = emails::primary_of(conn, user.id)?;
    let is_proven = stored.as_ref().is_some_and(|email| email.verified_at.is_some());
    let stored_email = stored.map(|email| email.address);
    let same_email =
        person.email.as_ref().zip(stored_email.as_ref()).is_some_and(|(one, two)| name_key(one) == name_key(two));
    let email = if same_email { None } else { other("email", &person.email, &stored_email).flatten() };
    let claims = ProfileChanges {
        name: other("name", &person.name, &user.name),
        given_name: other("given_name", &person.given_name, &user.given_name),
        family_name: other("family_name", &person.family_name, &user.family_name),
        locale: other("locale", &person.locale, &user.locale),
        zoneinfo: other("zoneinfo", &person.zoneinfo, &user.zoneinfo),
        ..ProfileChanges::default()
    };
    let number = phone.map(|number| number.as_str().to_owned());
    let claims = if other("phone", &number, &user.phone).is_some() { claims.with_phone(phone) } else { claims };
    let has_address = person.email.is_some() || stored_email.is_some();
    let email_verified = person.email_verified && has_address && (email.is_some() || !is_proven);
    if email_verified {
        changed.push("email_verified".to_owned());
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    let wish = Changes { email, email_verified, profile: claims, ..Changes::default() };
    people::update(conn, actor, user.id, &wish, (courier, scene))?;
    Ok(changed)
}
