//! `/admin/users`: everybody, by what an operator looks for; as a page and as a file.

use std::collections::HashMap;

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Button, Choice, Heading, MOST_IN_FILE};
use super::operator::Operator;
use crate::access;
use crate::admin::policy::{Actor, Right};
use crate::admin::store::{self, UserFilter, UserLine, UserOrder, UserState};
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when::{self, Moment};
use crate::spec::Params;
use crate::web::PageError;

/// Lines on a page.
const SIZES: [i64; 3] = [25, 50, 100];

/// Everybody.
#[derive(Clone, Debug, Serialize)]
pub struct UsersPage {
    rows: Vec<Row>,
    q: String,
    group: String,
    states: Vec<Choice>,
    orders: Vec<Choice>,
    sizes: Vec<Choice>,
    headings: Vec<Heading>,
    is_filtered: bool,
    /// What the list leaves out, or does in another way.
    notes: Vec<&'static str>,
    deeds: Vec<Button>,
    /// Ids of the rows, for what is done with all of them.
    page: String,
    next: Option<String>,
    first: Option<String>,
    csv: String,
    /// How many there are on all pages, in words.
    total: String,
    unknown_group: Option<String>,
    may_add: bool,
    may_invite: bool,
    flash: Option<&'static str>,
}

/// A line, as a page and a file show it.
#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    username: String,
    name: String,
    email: Option<String>,
    email_verified: bool,
    groups: Vec<String>,
    badges: Vec<Badge>,
    last_seen: Option<Moment>,
    created: String,
}

/// A word about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    label: &'static str,
    kind: &'static str,
}

impl ConsolePage for UsersPage {
    const TEMPLATE: &'static str = "admin/users.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        "Users".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            username: "ada".into(),
            name: "Ada Lovelace".into(),
            email: Some("ada@example.test".into()),
            email_verified: true,
            groups: vec!["editors".into()],
            badges: vec![Badge { label: "Staff", kind: "info" }],
            last_seen: Some(Moment::sample()),
            created: "2026-11-20 10:00 UTC".into(),
        };
        let asked = Asked { q: "ada".into(), ..Asked::default() };
        let page = asked.page(vec![row], Some("x".into()), Some("nobody".into()));
        UsersPage { total: "1 user".into(), deeds: list::sample_buttons(), notes: vec!["a sample"], ..page }
    }
}

/// What the URL asks for.
#[derive(Clone, Debug, Default)]
struct Asked {
    q: String,
    group: String,
    state: Option<UserState>,
    order: UserOrder,
    size: i64,
    after: Option<UserId>,
}

impl Asked {
    fn read(query: &Params) -> Result<Self, PageError> {
        let text = |name: &str| list::word(query, name);
        let state = query.one("state")?.and_then(|word| word.parse().ok());
        let order = query.one("order")?.and_then(|word| word.parse().ok()).unwrap_or_default();
        // Nobody who never signed in has a place in the order of sign-ins.
        let is_nowhere = state == Some(UserState::Never) && matches!(order, UserOrder::Seen | UserOrder::SeenBack);
        let size = query.one("size")?.and_then(|size| size.parse().ok()).filter(|size| SIZES.contains(size));
        Ok(Self {
            q: text("q")?,
            group: text("group")?,
            state,
            order: if is_nowhere { UserOrder::Name } else { order },
            size: size.unwrap_or(SIZES[0]),
            after: query.one("after")?.and_then(|id| id.parse().ok()),
        })
    }

    fn filter(&self, group: Option<crate::kernel::ids::GroupId>, limit: i64) -> UserFilter {
        UserFilter { begins: self.q.clone(), state: self.state, group, order: self.order, after: self.after, limit }
    }

    /// The URL of this list, as it is or from another place on.
    fn url(&self, page: &'static str, after: Option<&str>) -> String {
        let given = [
            ("q", self.q.as_str()),
            ("group", &self.group),
            ("state", self.state.map_or("", UserState::as_str)),
            ("order", if self.order == UserOrder::default() { "" } else { self.order.as_str() }),
            ("size", &if self.size == SIZES[0] { String::new() } else { self.size.to_string() }),
            ("after", after.unwrap_or_default()),
        ];
        list::url(page, &given)
    }

    /// What the list leaves out.
    fn notes(&self, has_more: bool) -> Vec<&'static str> {
        let by_sign_in = matches!(self.order, UserOrder::Seen | UserOrder::SeenBack);
        let is_long = !self.q.is_empty() && (has_more || self.after.is_some());
        let all = [
            (by_sign_in, "Whoever has never signed in is not in this order: choose the state “Never signed in”."),
            (is_long, "A search finds a thousand accounts at most: say more of the name to find others."),
        ];
        all.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note).collect()
    }

    fn page(self, rows: Vec<Row>, next: Option<String>, unknown_group: Option<String>) -> UsersPage {
        let states = [
            ("", "Any state"),
            ("active", "Active"),
            ("disabled", "Disabled"),
            ("unproven", "Address not proven"),
            ("leaving", "Being deleted"),
            ("staff", "Staff"),
            ("superuser", "Superusers"),
            ("service", "Service accounts"),
            ("never", "Never signed in"),
        ];
        let orders = [
            ("name", "By username"),
            ("name-back", "By username, from the end"),
            ("newest", "Newest first"),
            ("oldest", "Oldest first"),
            ("seen", "Last sign-in first"),
            ("seen-back", "Away longest first"),
        ];
        let state = self.state.map_or("", UserState::as_str);
        let by = |order: &str| {
            let order = order.parse().unwrap_or_default();
            Self { order, ..self.clone() }.url("/admin/users", None)
        };
        let sorting = |label, orders, ascending| Heading::sorting(label, (orders, self.order.as_str()), ascending, by);
        UsersPage {
            headings: vec![
                sorting("User", ["name", "name-back"], "name"),
                Heading::plain("Email"),
                Heading::plain("Groups"),
                sorting("Last sign-in", ["seen", "seen-back"], "seen-back"),
                sorting("Created", ["newest", "oldest"], "oldest"),
                Heading::plain("State"),
            ],
            page: rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>().join(","),
            notes: self.notes(next.is_some()),
            total: String::new(),
            deeds: vec![],
            rows,
            states: states.map(|(value, label)| Choice::new(value, label, state)).to_vec(),
            orders: orders.map(|(value, label)| Choice::new(value, label, self.order.as_str())).to_vec(),
            sizes: SIZES.map(|size| Choice::new(&size.to_string(), &size.to_string(), &self.size.to_string())).to_vec(),
            is_filtered: !self.q.is_empty() || !self.group.is_empty() || self.state.is_some(),
            next: next.map(|after| self.url("/admin/users", Some(&after))),
            first: self.after.map(|_| self.url("/admin/users", None)),
            csv: self.url("/admin/users.csv", None),
            q: self.q,
            group: self.group,
            unknown_group,
            may_add: false,
            may_invite: false,
            flash: None,
        }
    }
}

/// What is worth saying of an account at a glance.
#[must_use]
pub fn badges(line: &UserLine) -> Vec<Badge> {
    let all = [
        (!line.is_active, "Disabled", "danger"),
        (line.deletion_due_at.is_some(), "Being deleted", "danger"),
        (line.awaits_proof_since.is_some(), "Not proven", "warning"),
        (line.is_superuser, "Superuser", "info"),
        (line.is_staff && !line.is_superuser, "Staff", "info"),
        (line.is_service, "Service", "neutral"),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, label, kind)| Badge { label, kind }).collect()
}

/// `GET /admin/users`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(&operator.query()?)?;
    let (now, limit, own, actor) = (operator.app.clock.now(), asked.size + 1, asked.clone(), operator.actor.clone());
    let Loaded { mut rows, total, is_known, is_large } =
        operator.read(move |conn| load(conn, &own, &actor, (limit, now))).await?;
    let size = usize::try_from(asked.size).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| has_more).map(|row| row.id.clone());
    let unknown_group = (!is_known).then(|| asked.group.clone());
    let flash = operator.query()?.find("done").filter(|done| *done == "deleted").map(|_| "The account is deleted.");
    let may = |right| operator.actor.may(right);
    let (may_add, may_invite) = (may(Right::AddUser), may(Right::ViewInvitation) && may(Right::AddInvitation));
    let deeds = list::buttons(
        &operator.actor,
        &[
            ("Disable", "/admin/users/bulk/disable", Right::ChangeUser),
            ("Enable", "/admin/users/bulk/enable", Right::ChangeUser),
            ("Sign them out", "/admin/users/bulk/sign-out", Right::DeleteSession),
            ("Add to a group", "/admin/users/bulk/join", Right::ChangeGroup),
            ("Remove from a group", "/admin/users/bulk/leave", Right::ChangeGroup),
        ],
    );
    let mut page = asked.page(rows, next, unknown_group);
    page.notes.extend(is_large.then_some("The group is large: its members are listed with the newest account first."));
    operator.show(UsersPage { deeds, total, may_add, may_invite, flash, ..page })
}

/// What was found.
#[derive(Default)]
struct Loaded {
    rows: Vec<Row>,
    /// Of how many, in words.
    total: String,
    /// Whether the group that was asked for is there.
    is_known: bool,
    /// Whether it is too large to be listed as was asked for.
    is_large: bool,
}

fn load(conn: &mut Conn, asked: &Asked, actor: &Actor, (limit, now): (i64, Instant)) -> Result<Loaded, Fault> {
    let sees_groups = actor.may(Right::ViewGroup);
    let is_asked = sees_groups && !asked.group.is_empty();
    let group = if is_asked { access::store::find_group(conn, &asked.group)? } else { None };
    if group.is_none() && !asked.group.is_empty() {
        return Ok(Loaded::default());
    }
    let is_large = match &group {
        Some(group) if !asked.order.is_by_age() => store::is_large(conn, group.id)?,
        _ => false,
    };
    let filter = asked.filter(group.map(|group| group.id), limit);
    let lines = store::list_users(conn, &filter)?;
    let total = total(conn, &filter, lines.len())?;
    let ids: Vec<UserId> = lines.iter().map(|line| line.id).collect();
    let mut groups: HashMap<UserId, Vec<String>> = HashMap::new();
    for (user, name) in if sees_groups { store::groups_of_all(conn, &ids)? } else { Vec::new() } {
        groups.entry(user).or_default().push(name);
    }
    let addresses = store::primary_addresses(conn, &ids)?;
    let mut addresses: HashMap<_, _> =
        addresses.into_iter().map(|(id, address, proven)| (id, (address, proven))).collect();
    let rows = lines.into_iter().map(|line| {
        let (email, email_verified) =
            addresses.remove(&line.id).map_or((None, false), |(address, is)| (Some(address), is));
        let parts =
            [line.given_name.clone(), line.family_name.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Row {
            badges: badges(&line),
            id: line.id.to_string(),
            name: line.name.clone().unwrap_or(parts),
            email,
            email_verified,
            groups: groups.remove(&line.id).unwrap_or_default(),
            last_seen: line.last_login_at.map(|at| Moment::of(at, now)),
            created: when::at(line.created_at),
            username: line.username,
        }
    });
    Ok(Loaded { rows: rows.collect(), total, is_known: true, is_large })
}

/// How many accounts fit, on all pages, where this one has `found`. What is on one page is not counted again.
fn total(conn: &mut Conn, filter: &UserFilter, found: usize) -> Result<String, Fault> {
    let nouns = ["user", "users"];
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    if filter.after.is_none() && found < filter.limit {
        return Ok(list::total(found, nouns));
    }
    let counted = store::count_users(conn, filter)?;
    let is_whole = filter.begins.is_empty() && filter.state.is_none() && filter.group.is_none();
    // Whoever has never signed in is not in that order.
    if is_whole && !matches!(filter.order, UserOrder::Seen | UserOrder::SeenBack) {
        return Ok(list::total_about(counted, counted::about(conn, "users")?, nouns));
    }
    Ok(list::total(counted, nouns))
}

/// `GET /admin/users.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let asked = Asked { after: None, ..Asked::read(&operator.query()?)? };
    let (now, actor) = (operator.app.clock.now(), operator.actor.clone());
    let Loaded { rows, .. } = operator.read(move |conn| load(conn, &asked, &actor, (MOST_IN_FILE, now))).await?;
    let rows = rows.into_iter().map(|row| {
        let state: Vec<_> = row.badges.iter().map(|badge| badge.label).collect();
        let verified = if row.email_verified { "yes" } else { "no" };
        let (email, groups) = (row.email.unwrap_or_default(), row.groups.join(";"));
        let seen = row.last_seen.map(|seen| seen.at().to_owned()).unwrap_or_default();
        vec![row.username, row.name, email, verified.to_owned(), groups, state.join(";"), row.created, seen]
    });
    let heading = ["username", "name", "email", "email_verified", "groups", "state", "created", "last_sign_in"];
    Ok(list::csv("users.csv", &heading, rows))
}
