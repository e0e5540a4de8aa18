//! `/admin/users/{id}`: one account, and what an operator may do about it.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::frame::{ConsolePage, MENU};
use super::gate;
use super::operator::{Operator, Ordered};
use crate::access::{self, check, group};
use crate::accounts::standing::{self, Activity, Outcome};
use crate::accounts::store::emails;
use crate::accounts::{self, User};
use crate::admin::policy::{self, Actor, Refusal, Right};
use crate::audit::device;
use crate::audit::store::list_about;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::login::departure;
use crate::portal::http::when;
use crate::sessions::session::End;
use crate::sessions::{self, Lifetimes};
use crate::spec::{Params, PermissionName};
use crate::web::PageError;
use crate::web::page::see_other;

/// Lines of the history on the page.
const EVENTS: i64 = 50;

/// One account.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct UserPage {
    id: String,
    sub: String,
    username: String,
    name: String,
    badges: Vec<&'static str>,
    is_active: bool,
    facts: Vec<Fact>,
    emails: Vec<Email>,
    groups: Option<Vec<Membership>>,
    permissions: Option<Vec<Held>>,
    sessions: Option<Vec<Line>>,
    events: Option<Vec<Line>>,
    /// Why this operator may change nothing here, when they may not.
    refusal: Option<String>,
    may_change: bool,
    may_change_groups: bool,
    may_end_sessions: bool,
    flash: Option<&'static str>,
    problem: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Fact {
    label: &'static str,
    value: String,
}

#[derive(Clone, Debug, Serialize)]
struct Email {
    address: String,
    is_primary: bool,
    verified: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Membership {
    name: String,
    /// By themselves; others come by a group.
    own: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Held {
    name: String,
    because: String,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    what: String,
    more: Vec<String>,
    when: String,
}

impl ConsolePage for UserPage {
    const TEMPLATE: &'static str = "admin/user.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        self.username.clone()
    }

    fn sample() -> Self {
        let line = Line { what: "user.created".into(), more: vec!["by cli".into()], when: "just now".into() };
        Self {
            id: "0".into(),
            sub: "1".into(),
            username: "ada".into(),
            name: "Ada Lovelace".into(),
            badges: vec!["Staff"],
            is_active: true,
            facts: vec![Fact { label: "Created", value: "2026-11-20 10:00 UTC".into() }],
            emails: vec![Email { address: "ada@example.test".into(), is_primary: true, verified: true }],
            groups: Some(vec![
                Membership { name: "editors".into(), own: true },
                Membership { name: "staff".into(), own: false },
            ]),
            permissions: Some(vec![Held { name: "blog.view_article".into(), because: "via group editors".into() }]),
            sessions: Some(vec![line.clone()]),
            events: Some(vec![line]),
            refusal: None,
            may_change: true,
            may_change_groups: true,
            may_end_sessions: true,
            flash: Some("a sample"),
            problem: Some("a problem".into()),
        }
    }
}

/// `GET /admin/users/{id}`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let flash = match query.find("done") {
        Some("disabled") => Some("The account is disabled, and signed out everywhere."),
        Some("enabled") => Some("The account is enabled."),
        Some("signed-out") => Some("Signed out everywhere."),
        Some("joined") => Some("Added to the group."),
        Some("left") => Some("Removed from the group."),
        _ => None,
    };
    show(&operator, &id, flash, None).await
}

async fn show(
    operator: &Operator,
    id: &str,
    flash: Option<&'static str>,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let user = find(operator, id).await?;
    let (actor, lifetimes, now) = (operator.actor.clone(), operator.app.sessions.lifetimes(), operator.app.clock.now());
    let page = operator.read(move |conn| load(conn, &user, &actor, (lifetimes, now))).await?;
    operator.show(UserPage { flash, problem, ..page })
}

async fn find(operator: &Operator, id: &str) -> Result<User, PageError> {
    let id: UserId = id.parse().map_err(|_| PageError::not_found())?;
    operator.read(move |conn| accounts::store::find(conn, id)).await?.ok_or_else(PageError::not_found)
}

fn load(
    conn: &mut Conn,
    user: &User,
    actor: &Actor,
    (lifetimes, now): (Lifetimes, Instant),
) -> Result<UserPage, Fault> {
    let refusal = policy::check_about(conn, actor, user)?.err();
    let sees_groups = actor.may(Right::ViewGroup);
    let groups = if sees_groups { Some(memberships(conn, user)?) } else { None };
    let permissions = if sees_groups { Some(permissions(conn, user)?) } else { None };
    let sessions = if actor.may(Right::ViewSession) { Some(sessions_of(conn, user.id, lifetimes, now)?) } else { None };
    let events = if actor.may(Right::ViewAuditEvent) { Some(history(conn, user.id, now)?) } else { None };
    let may_touch = refusal.is_none();
    Ok(UserPage {
        id: user.id.to_string(),
        sub: user.sub.to_string(),
        username: user.username.clone(),
        name: user.display_name(),
        badges: badges(user),
        is_active: user.is_active,
        facts: facts(user),
        emails: emails::of_user(conn, user.id)?
            .into_iter()
            .map(|email| Email {
                address: email.address,
                is_primary: email.is_primary,
                verified: email.verified_at.is_some(),
            })
            .collect(),
        groups,
        permissions,
        sessions,
        events,
        may_change: may_touch && actor.may(Right::ChangeUser),
        may_change_groups: may_touch && actor.may(Right::ChangeGroup),
        may_end_sessions: may_touch && actor.may(Right::DeleteSession),
        refusal: refusal.filter(|_| actor.may(Right::ChangeUser)).map(|refusal| refusal.to_string()),
        flash: None,
        problem: None,
    })
}

fn memberships(conn: &mut Conn, user: &User) -> Result<Vec<Membership>, Fault> {
    let own = access::store::own_groups_of(conn, user.id)?;
    let all = check::groups_of(conn, user.id)?.into_iter();
    Ok(all.map(|name| Membership { own: own.contains(&name), name }).collect())
}

fn badges(user: &User) -> Vec<&'static str> {
    let all = [
        (!user.is_active, "Disabled"),
        (user.deletion_due_at.is_some(), "Being deleted"),
        (user.awaits_proof_since.is_some(), "Not proven"),
        (user.is_superuser, "Superuser"),
        (user.is_staff, "Staff"),
        (user.is_service, "Service"),
        (user.must_change_password, "Must change the password"),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, label)| label).collect()
}

fn facts(user: &User) -> Vec<Fact> {
    let never = || "never".to_owned();
    let password = match (&user.password_hash, user.password_changed_at) {
        (None, _) => "none".to_owned(),
        (Some(_), Some(at)) => format!("set {}", when::at(at)),
        (Some(_), None) => "set".to_owned(),
    };
    let all = [
        ("Subject (sub)", user.sub.to_string()),
        ("Created", when::at(user.created_at)),
        ("Last sign-in", user.last_login_at.map_or_else(never, when::at)),
        ("Password", password),
        ("Phone", user.phone.clone().unwrap_or_default()),
        ("Directory", user.backend.clone().unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| Fact { label, value }).collect()
}

/// What they may do everywhere, each with the reason.
fn permissions(conn: &mut Conn, user: &User) -> Result<Vec<Held>, Fault> {
    if user.is_superuser {
        return Ok(vec![Held { name: "everything".into(), because: "superuser".into() }]);
    }
    let mut held = Vec::new();
    for name in check::permissions_of(conn, user.id, &[])? {
        let Ok(parsed) = name.parse::<PermissionName>() else { continue };
        let ways = check::ways(conn, &check::Who::User(user.id), &check::What::Permission(parsed), None)?;
        let because = ways.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        held.push(Held { name, because });
    }
    Ok(held)
}

fn sessions_of(conn: &mut Conn, user: UserId, lifetimes: Lifetimes, now: Instant) -> Result<Vec<Line>, Fault> {
    let all = sessions::store::list_live(conn, Some(user), lifetimes, now)?.into_iter();
    let line = all.map(|session| Line {
        what: device::in_words(session.user_agent.as_deref().unwrap_or_default()),
        more: session.address.into_iter().collect(),
        when: when::ago(session.last_seen_at, now),
    });
    Ok(line.collect())
}

fn history(conn: &mut Conn, user: UserId, now: Instant) -> Result<Vec<Line>, Fault> {
    let all = list_about(conn, user, EVENTS)?.into_iter();
    let line = all.map(|event| Line {
        more: [Some(format!("by {}", event.actor)), event.client_id.map(|id| format!("app {id}")), event.address]
            .into_iter()
            .flatten()
            .chain(in_words(&event.details))
            .collect(),
        what: event.event,
        when: when::ago(event.at, now),
    });
    Ok(line.collect())
}

/// `name: value` for each detail of an event.
#[must_use]
pub fn in_words(details: &Value) -> Vec<String> {
    let known = details.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    known
        .map(|(name, value)| format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

/// What came of a change.
enum Change {
    Done(&'static str),
    Refused(String),
}

impl From<Refusal> for Change {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// Changes something about an account, when the policy lets this operator.
async fn change(
    operator: &Operator,
    id: &str,
    rule: impl FnOnce(&mut Conn, &User, &Actor, &crate::audit::Scene) -> Result<Change, Fault> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let (user, scene) = (find(operator, id).await?.id, operator.scene());
    let done = operator.carry_out(move |conn, actor| {
        let Some(user) = accounts::store::find(conn, user)? else {
            return Ok(Change::Refused("The account is gone.".into()));
        };
        match policy::check_about(conn, actor, &user)? {
            Err(refusal) => Ok(refusal.into()),
            Ok(()) => rule(conn, &user, actor, &scene),
        }
    });
    let done = done.await?;
    match done {
        Change::Done(what) => {
            let query = Params::default().with("done", what);
            Ok(see_other(&format!("/admin/users/{id}?{}", query.encode())))
        }
        Change::Refused(why) if operator.actor.may(Right::ViewUser) => show(operator, id, None, Some(why)).await,
        Change::Refused(why) => Err(gate::refused(&why)),
    }
}

/// `POST /admin/users/{id}/disable`.
///
/// # Errors
/// A page.
pub async fn disable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, |conn, user, _, scene| {
        Ok(match departure::disable(conn, user.id, scene)? {
            Outcome::Done => Change::Done("disabled"),
            Outcome::LastAdministrator => {
                Change::Refused("This is the last administrator who can sign in: make another one first.".into())
            }
        })
    })
    .await
}

/// `POST /admin/users/{id}/enable`.
///
/// # Errors
/// A page.
pub async fn enable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, |conn, user, _, scene| {
        standing::set_activity(conn, user.id, Activity::Enabled, scene)?;
        Ok(Change::Done("enabled"))
    })
    .await
}

/// `POST /admin/users/{id}/sign-out`: everywhere.
///
/// # Errors
/// A page.
pub async fn sign_out(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, |conn, user, _, scene| {
        departure::sign_out_everywhere(conn, user.id, End::Revoked, scene)?;
        Ok(Change::Done("signed-out"))
    })
    .await
}

/// `POST /admin/users/{id}/join`: into a group.
///
/// # Errors
/// A page.
pub async fn join(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().trim().to_owned();
    change(&operator, &id, move |conn, user, actor, scene| {
        let Some(group) = access::store::find_group(conn, &name)? else {
            return Ok(Change::Refused(format!("There is no group “{name}”.")));
        };
        if let Err(refusal) = policy::check_group(conn, actor, &group)? {
            return Ok(refusal.into());
        }
        group::add_member(conn, &group, user.id, scene)?;
        Ok(Change::Done("joined"))
    })
    .await
}

/// `POST /admin/users/{id}/leave`: out of a group.
///
/// # Errors
/// A page.
pub async fn leave(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().to_owned();
    change(&operator, &id, move |conn, user, actor, scene| {
        let Some(group) = access::store::find_group(conn, &name)? else { return Ok(Change::Done("left")) };
        if let Err(refusal) = policy::check_group(conn, actor, &group)? {
            return Ok(refusal.into());
        }
        group::remove_member(conn, &group, user.id, scene)?;
        Ok(Change::Done("left"))
    })
    .await
}

/// `GET /admin`: the first page that this operator may see.
///
/// # Errors
/// A page that says that there is none.
pub async fn front(operator: Operator) -> Result<HttpResponse, PageError> {
    let first = MENU.iter().find(|entry| operator.actor.may(entry.right));
    first.map(|entry| see_other(entry.path)).ok_or_else(gate::no_rights)
}
