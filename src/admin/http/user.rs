//! `/admin/users/{id}`: one account, and what an operator may do about it.

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Serialize;

use super::changes::Line;
use super::frame::ConsolePage;
use super::list::{self, Tab};
use super::operator::Operator;
use crate::access::{self, check};
use crate::accounts::store::emails;
use crate::accounts::{self, User};
use crate::admin::people;
use crate::admin::policy::{self, Actor, Right};
use crate::audit::device;
use crate::audit::event::Kind;
use crate::audit::store::{Listed, Wanted, list_of};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when::{self, Moment};
use crate::sessions::{self, Lifetimes};
use crate::spec::PermissionName;
use crate::tokens::store::{api_keys, grants};
use crate::web::PageError;
use crate::web::page::FieldError;

/// Lines of the history on the page.
const EVENTS: i64 = 30;
/// Permissions on the page.
const MOST: usize = 200;

/// One account.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct UserPage {
    id: String,
    sub: String,
    username: String,
    name: String,
    tabs: Vec<Tab>,
    badges: Vec<Badge>,
    is_active: bool,
    facts: Vec<Fact>,
    emails: Vec<Email>,
    groups: Option<Vec<Membership>>,
    permissions: Option<Vec<Held>>,
    /// What they hold for single objects.
    on_objects: Vec<OnObject>,
    sessions: Option<Vec<SessionLine>>,
    keys: Option<Vec<KeyLine>>,
    may_revoke_keys: bool,
    /// Whether this operator may make a key of it: a program's only.
    may_make_keys: bool,
    /// Apps that they allowed.
    apps: Option<Vec<AppLine>>,
    may_revoke_apps: bool,
    /// Whether this operator may see what an app would get of them.
    sees_apps: bool,
    sees_permissions: bool,
    /// What was changed about them.
    events: Option<Vec<Line>>,
    /// All that the log says of them.
    activity: Vec<Line>,
    /// Why this operator may change nothing here, when they may not.
    refusal: Option<String>,
    may_change: bool,
    may_change_groups: bool,
    may_end_sessions: bool,
    may_delete: bool,
    /// Whether a password can be set here at all.
    has_password_here: bool,
    /// Has to wait before the next try to sign in.
    is_locked_out: bool,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
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
struct OnObject {
    permission: String,
    object: String,
    by: String,
}

#[derive(Clone, Debug, Serialize)]
struct SessionLine {
    id: String,
    what: String,
    address: Option<String>,
    when: Moment,
}

/// An API key; never the key itself.
#[derive(Clone, Debug, Serialize)]
struct KeyLine {
    id: String,
    name: String,
    prefix: String,
    scope: String,
    ends: Option<String>,
    used: Option<Moment>,
}

#[derive(Clone, Debug, Serialize)]
struct AppLine {
    client_id: String,
    name: String,
    scope: String,
    since: Moment,
    /// Where its claims are shown.
    claims: String,
}

impl ConsolePage for UserPage {
    const TEMPLATE: &'static str = "admin/user.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        self.username.clone()
    }

    fn sample() -> Self {
        Self {
            id: "0".into(),
            sub: "1".into(),
            username: "ada".into(),
            name: "Ada Lovelace".into(),
            tabs: list::tabs(&[("overview", "Overview", true)]),
            badges: vec![Badge { label: "Staff", kind: "info" }],
            is_active: true,
            facts: vec![Fact { label: "Created", value: "2026-11-20 10:00 UTC".into() }],
            emails: vec![Email { address: "ada@example.test".into(), is_primary: true, verified: true }],
            groups: Some(vec![
                Membership { name: "editors".into(), own: true },
                Membership { name: "staff".into(), own: false },
            ]),
            permissions: Some(vec![Held { name: "blog.view_article".into(), because: "via group editors".into() }]),
            on_objects: vec![OnObject {
                permission: "blog.view_article".into(),
                object: "7".into(),
                by: "root".into(),
            }],
            sessions: Some(vec![SessionLine {
                id: "0".into(),
                what: "Firefox on Linux".into(),
                address: Some("192.0.2.1".into()),
                when: Moment::sample(),
            }]),
            keys: Some(vec![KeyLine {
                id: "0".into(),
                name: "nightly".into(),
                prefix: "ptc_abc".into(),
                scope: "openid".into(),
                ends: Some("2026-12-01".into()),
                used: Some(Moment::sample()),
            }]),
            may_revoke_keys: true,
            may_make_keys: true,
            apps: Some(vec![AppLine {
                client_id: "wiki".into(),
                name: "Wiki".into(),
                scope: "openid".into(),
                since: Moment::sample(),
                claims: "/admin/clients/wiki?user=ada#test".into(),
            }]),
            may_revoke_apps: true,
            sees_apps: true,
            sees_permissions: true,
            events: Some(Line::sample()),
            activity: Line::sample(),
            refusal: None,
            may_change: true,
            may_change_groups: true,
            may_end_sessions: true,
            may_delete: true,
            has_password_here: true,
            is_locked_out: true,
            flash: Some("a sample"),
            errors: vec![FieldError::new("group", "a problem")],
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
        Some("created") => Some("The account is made."),
        Some("saved") => Some("The account is changed."),
        Some("reset") => Some("A link that sets a new password is on its way to their address."),
        Some("password") => Some("The password is set; they choose another one when they sign in."),
        Some("revoked") => Some("The app has no access any more."),
        Some("session-ended") => Some("The session has ended."),
        Some("key-revoked") => Some("The key serves no more."),
        Some("unlocked") => Some("They may try again."),
        _ => None,
    };
    show(&operator, &id, flash, vec![]).await
}

/// The page, and what came of a deed.
///
/// # Errors
/// A page.
pub async fn show(
    operator: &Operator,
    id: &str,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let user = find(operator, id).await?;
    let (actor, lifetimes, now) = (operator.actor.clone(), operator.app.sessions.lifetimes(), operator.app.clock.now());
    let page = operator.read(move |conn| load(conn, &user, &actor, (lifetimes, now))).await?;
    operator.show(UserPage { flash, errors, ..page })
}

/// The account of this id.
///
/// # Errors
/// A page when there is none.
pub async fn find(operator: &Operator, id: &str) -> Result<User, PageError> {
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
    let keys = if actor.may(Right::ViewApiKey) { Some(keys_of(conn, user.id, now)?) } else { None };
    let apps = if actor.may(Right::ViewGrant) { Some(apps(conn, user, now)?) } else { None };
    let sees_log = actor.may(Right::ViewAuditEvent);
    let events = if sees_log { Some(history(conn, user.id, true, now)?) } else { None };
    let activity = if sees_log { history(conn, user.id, false, now)? } else { vec![] };
    let on_objects = if sees_groups { on_objects(conn, user.id)? } else { vec![] };
    let may_touch = refusal.is_none();
    let (may_change, may_delete) =
        (may_touch && actor.may(Right::ChangeUser), may_touch && actor.may(Right::DeleteUser));
    let has_password_here = !user.is_service && user.backend.is_none();
    Ok(UserPage {
        tabs: list::tabs(&[
            ("overview", "Overview", true),
            ("password-section", "Password", may_change && has_password_here),
            ("groups", "Groups", groups.is_some()),
            ("permissions", "Permissions", permissions.is_some()),
            ("sessions", "Sessions", sessions.is_some()),
            ("api-keys", "API keys", keys.is_some()),
            ("apps", "Apps", apps.is_some()),
            ("changes", "Changes", events.is_some()),
            ("activity", "Activity", sees_log),
            ("danger", "Danger", may_change || may_delete),
        ]),
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
        on_objects,
        sessions,
        may_revoke_keys: may_touch && actor.may(Right::DeleteApiKey),
        may_make_keys: may_touch && user.is_service && actor.may(Right::AddApiKey),
        keys,
        apps,
        may_revoke_apps: may_touch && actor.may(Right::DeleteGrant),
        sees_apps: actor.may(Right::ViewClient),
        sees_permissions: actor.may(Right::ViewPermission),
        events,
        activity,
        may_change,
        may_change_groups: may_touch && actor.may(Right::ChangeGroup),
        may_end_sessions: may_touch && actor.may(Right::DeleteSession),
        may_delete,
        has_password_here,
        is_locked_out: people::is_locked_out(conn, user.id, now)?,
        refusal: refusal.filter(|_| actor.may(Right::ChangeUser)).map(|refusal| refusal.to_string()),
        flash: None,
        errors: vec![],
    })
}

fn memberships(conn: &mut Conn, user: &User) -> Result<Vec<Membership>, Fault> {
    let own = access::store::own_groups_of(conn, user.id)?;
    let all = check::groups_of(conn, user.id)?.into_iter();
    Ok(all.map(|name| Membership { own: own.contains(&name), name }).collect())
}

#[derive(Clone, Debug, Serialize)]
struct Badge {
    label: &'static str,
    kind: &'static str,
}

fn badges(user: &User) -> Vec<Badge> {
    let all = [
        (!user.is_active, "Disabled", "danger"),
        (user.deletion_due_at.is_some(), "Being deleted", "danger"),
        (user.awaits_proof_since.is_some(), "Not proven", "warning"),
        (user.is_superuser, "Superuser", "info"),
        (user.is_staff, "Staff", "info"),
        (user.is_service, "Service", "neutral"),
        (user.must_change_password, "Must change the password", "neutral"),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, label, kind)| Badge { label, kind }).collect()
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
    for name in check::permissions_of(conn, user.id, &[])?.into_iter().take(MOST) {
        let Ok(parsed) = name.parse::<PermissionName>() else { continue };
        let ways = check::ways(conn, &check::Who::User(user.id), &check::What::Permission(parsed), None)?;
        let because = ways.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        held.push(Held { name, because });
    }
    Ok(held)
}

fn on_objects(conn: &mut Conn, user: UserId) -> Result<Vec<OnObject>, Fault> {
    let held = access::store::grants::of_user_on_objects(conn, user, i64::try_from(MOST).unwrap_or(i64::MAX))?;
    let line =
        |(name, object, by): (PermissionName, String, String)| OnObject { permission: name.to_string(), object, by };
    Ok(held.into_iter().map(line).collect())
}

fn sessions_of(conn: &mut Conn, user: UserId, lifetimes: Lifetimes, now: Instant) -> Result<Vec<SessionLine>, Fault> {
    let all = sessions::store::list_live(conn, Some(user), lifetimes, now)?.into_iter();
    let line = all.map(|session| SessionLine {
        id: session.id.to_string(),
        what: device::in_words(session.user_agent.as_deref().unwrap_or_default()),
        address: session.address,
        when: Moment::of(session.last_seen_at, now),
    });
    Ok(line.collect())
}

fn keys_of(conn: &mut Conn, user: UserId, now: Instant) -> Result<Vec<KeyLine>, Fault> {
    let line = |key: api_keys::Listed| KeyLine {
        id: key.id.to_string(),
        name: key.name,
        prefix: key.prefix,
        scope: key.scope,
        ends: key.expires_at.map(when::on),
        used: key.last_used_at.map(|at| Moment::of(at, now)),
    };
    Ok(api_keys::list(conn, user)?.into_iter().map(line).collect())
}

fn apps(conn: &mut Conn, user: &User, now: Instant) -> Result<Vec<AppLine>, Fault> {
    let line = |app: grants::Connected| AppLine {
        claims: format!(
            "{}#test",
            list::url(&format!("/admin/clients/{}", app.client_id), &[("user", &user.username), ("scope", &app.scope)])
        ),
        client_id: app.client_id,
        name: app.name,
        scope: app.scope,
        since: Moment::of(app.created_at, now),
    };
    Ok(grants::list_connected(conn, user.id)?.into_iter().map(line).collect())
}

/// Kinds of events by which an account is another than before.
const CHANGES: [&str; 8] = ["user.", "email.", "phone.", "password.", "group.", "permission.", "api_key.", "grant."];
/// As far back as changes are looked for.
const CHANGES_SINCE: Duration = Duration::days(3650);

/// Changes of an account, or what else there is in the log about it.
fn history(conn: &mut Conn, user: UserId, of_changes: bool, now: Instant) -> Result<Vec<Line>, Fault> {
    let is_change = |kind: &str| CHANGES.iter().any(|start| kind.starts_with(start));
    let all = Kind::ALL.iter().map(|kind| kind.as_str());
    let kinds: Vec<&'static str> = all.filter(|kind| is_change(kind) == of_changes).collect();
    let wanted = Wanted { user, kinds: &kinds, since: now - CHANGES_SINCE, before: None, limit: EVENTS };
    Ok(list_of(conn, &wanted)?.into_iter().map(|event| line(event, now)).collect())
}

fn line(event: Listed, now: Instant) -> Line {
    let first = [Some(format!("by {}", event.actor)), event.client_id.map(|id| format!("app {id}")), event.address];
    Line::of((event.id, event.event), first.into_iter().flatten(), &event.details, (event.at, now))
}
