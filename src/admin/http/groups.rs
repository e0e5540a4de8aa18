//! `/admin/groups`: who belongs together.

use std::collections::HashMap;

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Choice, Heading, Pages};
use super::operator::{Operator, Ordered, done};
use crate::accounts::name_key::name_key;
use crate::admin::groups as deeds;
use crate::admin::policy::{Actor, Right};
use crate::admin::store::{self, GroupCounts, MOST_MEMBERS};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// Every group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupsPage {
    rows: Vec<Row>,
    orders: Vec<Choice>,
    headings: Vec<Heading>,
    pages: Pages,
    sizes: Vec<Choice>,
    /// Where it is a file; empty: for those with the right only.
    csv: String,
    q: String,
    may_add: bool,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    name: String,
    is_default: bool,
    members: String,
    groups: i64,
    permissions: i64,
}

impl ConsolePage for GroupsPage {
    const TEMPLATE: &'static str = "admin/groups.html";
    const MENU: &'static str = "groups";

    fn title(&self) -> String {
        "Groups".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            name: "editors".into(),
            is_default: true,
            members: "3".into(),
            groups: 1,
            permissions: 2,
        };
        Self {
            rows: vec![row],
            orders: vec![Choice::new("name", "By name", "name")],
            headings: vec![Heading::plain("Group")],
            pages: Pages::sample(),
            sizes: list::sizes(&Params::default()),
            csv: "/admin/groups.csv".into(),
            q: "edit".into(),
            may_add: true,
            flash: None,
            errors: vec![FieldError::new("name", "a problem")],
        }
    }
}

/// `GET /admin/groups`.
///
/// # Errors
/// A page.
pub async fn list(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = operator.query()?.find("done").is_some_and(|done| done == "deleted").then_some("The group is deleted.");
    show_list(&operator, flash, vec![]).await
}

async fn show_list(
    operator: &Operator,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    // A form that failed has no query that is the list's.
    let query = operator.query().unwrap_or_default();
    let Wanted { q, is_back } = Wanted::read(&query)?;
    let size = list::size_in_url(&query);
    let url = |order: &str, from: &str| {
        list::url("/admin/groups", &[("q", &q), ("order", order), ("size", size), ("from", from)])
    };
    let order = if is_back { "name-back" } else { "name" };
    let (actor, wanted, own_query) = (operator.actor.clone(), Wanted { q: q.clone(), is_back }, query.clone());
    let (own_url, may_add) = (url(order, ""), actor.may(Right::AddGroup));
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let mut groups = wanted.load(conn, &actor)?;
        let pages = Pages::cut(&mut groups, &own_query, |from| list::with(&own_url, "from", from));
        let ids: Vec<_> = groups.iter().map(|(id, ..)| *id).collect();
        let counts = store::count_groups(conn, &ids)?;
        Ok((groups, counts, pages))
    };
    let (groups, counts, pages) = operator.read(load).await?;
    let csv = list::url("/admin/groups.csv", &[("q", &q), ("order", order)]);
    operator.show(GroupsPage {
        rows: groups.into_iter().map(|group| row(group, &counts)).collect(),
        csv: if operator.actor.may(Right::ViewGroup) { csv } else { String::new() },
        orders: [("name", "By name"), ("name-back", "By name, from the end")]
            .map(|(value, label)| Choice::new(value, label, order))
            .to_vec(),
        headings: vec![
            Heading::sorting("Group", (["name", "name-back"], order), "name", |order| url(order, "")),
            Heading::plain("Members"),
            Heading::plain("Groups in it"),
            Heading::plain("Permissions"),
        ],
        pages,
        sizes: list::sizes(&query),
        q,
        may_add,
        flash,
        errors,
    })
}

/// Which groups, and in which order.
struct Wanted {
    q: String,
    is_back: bool,
}

impl Wanted {
    fn read(query: &Params) -> Result<Self, PageError> {
        Ok(Self { q: list::word(query, "q")?, is_back: query.find("order") == Some("name-back") })
    }

    /// Those that this operator may see.
    fn load(&self, conn: &mut Conn, actor: &Actor) -> Result<Vec<Listed>, Fault> {
        let (mut groups, wanted) = (store::list_groups(conn)?, name_key(&self.q));
        groups.retain(|(id, name, _)| {
            (actor.may(Right::ViewGroup) || actor.manages(*id)) && name_key(name).contains(&wanted)
        });
        if self.is_back {
            groups.reverse();
        }
        Ok(groups)
    }
}

/// Id, name, and whether new accounts join it.
type Listed = (GroupId, String, bool);

fn row((id, name, is_default): Listed, counts: &HashMap<GroupId, GroupCounts>) -> Row {
    let counts = counts.get(&id).copied().unwrap_or_default();
    let members =
        if counts.members > MOST_MEMBERS { format!("over {MOST_MEMBERS}") } else { counts.members.to_string() };
    Row { id: id.to_string(), name, is_default, members, groups: counts.groups, permissions: counts.permissions }
}

/// `GET /admin/groups.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let (wanted, actor) = (Wanted::read(&operator.query()?)?, operator.actor.clone());
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let groups = wanted.load(conn, &actor)?;
        let ids: Vec<_> = groups.iter().map(|(id, ..)| *id).collect();
        Ok((groups, store::count_groups(conn, &ids)?))
    };
    let (groups, counts) = operator.read(load).await?;
    let rows = groups.into_iter().map(|group| row(group, &counts));
    let rows = rows.map(|row| vec![row.name, row.members, row.groups.to_string(), row.permissions.to_string()]);
    Ok(list::csv("groups.csv", &["group", "members", "groups_in_it", "permissions"], rows))
}

/// `POST /admin/groups/add`.
///
/// # Errors
/// A page.
pub async fn add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let name = form.find("name").unwrap_or_default().trim().to_owned();
    let scene = operator.scene();
    match operator.carry_out(move |conn, _| deeds::add(conn, &name, &scene)).await? {
        Ok(id) => Ok(done(&format!("/admin/groups/{id}"), "created")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewGroup)?;
            show_list(&operator, None, errors).await
        }
    }
}
