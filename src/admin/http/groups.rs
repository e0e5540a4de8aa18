//! `/admin/groups`: who belongs together, and what that gives them.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::changes::{self, Line};
use super::frame::ConsolePage;
use super::list::{self, Heading, Pages, Tab};
use super::operator::{Operator, Ordered, done};
use crate::access::store::{self as groups, Contents, Group};
use crate::accounts::name_key::name_key;
use crate::admin::deed::Stop;
use crate::admin::groups as deeds;
use crate::admin::policy::{self, Actor, Right};
use crate::admin::store::{self, GroupCounts, MOST_MEMBERS};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::spec::Params;
use crate::web::page::{FieldError, see_other};
use crate::web::{PageError, ReturnTo};

/// Members shown on a group's page.
const MEMBERS: i64 = 100;

/// Every group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupsPage {
    rows: Vec<Row>,
    headings: Vec<Heading>,
    pages: Pages,
    /// Where it is a file; empty: for those with the right only.
    csv: String,
    q: String,
    may_add: bool,
    typed: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    name: String,
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
        let row = Row { id: "0".into(), name: "editors".into(), members: "3".into(), groups: 1, permissions: 2 };
        Self {
            rows: vec![row],
            headings: vec![Heading::plain("Group")],
            pages: Pages::sample(),
            csv: "/admin/groups.csv".into(),
            q: "edit".into(),
            may_add: true,
            typed: "x".into(),
            flash: None,
            errors: vec![FieldError::new("name", "a problem")],
        }
    }
}

/// One group.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct GroupPage {
    tabs: Vec<Tab>,
    events: Option<Vec<Line>>,
    id: String,
    name: String,
    members: Vec<String>,
    has_more_members: bool,
    sees_people: bool,
    managers: Vec<String>,
    groups: Vec<String>,
    member_of: Vec<String>,
    permissions: Vec<String>,
    refusal: Option<String>,
    may_change: bool,
    /// Whether this operator may say who is in it.
    may_fill: bool,
    may_delete: bool,
    /// Its members in the list of users, for who may see that.
    people_url: Option<String>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

impl ConsolePage for GroupPage {
    const TEMPLATE: &'static str = "admin/group.html";
    const MENU: &'static str = "groups";

    fn title(&self) -> String {
        self.name.clone()
    }

    fn sample() -> Self {
        Self {
            tabs: list::tabs(&[("members", "Members", true)]),
            events: Some(Line::sample()),
            id: "0".into(),
            name: "editors".into(),
            members: vec!["ada".into()],
            has_more_members: true,
            sees_people: true,
            managers: vec!["grace".into()],
            groups: vec!["juniors".into()],
            member_of: vec!["staff".into()],
            permissions: vec!["blog.view_article".into()],
            refusal: Some("a refusal".into()),
            may_change: true,
            may_fill: true,
            may_delete: true,
            people_url: Some("/admin/users?group=editors".into()),
            flash: Some("a sample"),
            errors: vec![FieldError::new("group", "a problem")],
        }
    }
}

/// `GET /admin/groups`.
///
/// # Errors
/// A page.
pub async fn list(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = operator.query()?.find("done").is_some_and(|done| done == "deleted").then_some("The group is deleted.");
    show_list(&operator, String::new(), flash, vec![]).await
}

async fn show_list(
    operator: &Operator,
    typed: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    // A form that failed has no query that is the list's.
    let query = operator.query().unwrap_or_default();
    let Wanted { q, is_back } = Wanted::read(&query)?;
    let url = |order: &str, from: &str| list::url("/admin/groups", &[("q", &q), ("order", order), ("from", from)]);
    let order = if is_back { "name-back" } else { "name" };
    let (actor, wanted, own_query) = (operator.actor.clone(), Wanted { q: q.clone(), is_back }, query.clone());
    let (own_url, may_add) = (url(order, ""), actor.may(Right::AddGroup));
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let mut groups = wanted.load(conn, &actor)?;
        let pages = Pages::cut(&mut groups, &own_query, |from| list::with(&own_url, "from", from));
        let ids: Vec<_> = groups.iter().map(|(id, _)| *id).collect();
        let counts = store::count_groups(conn, &ids)?;
        Ok((groups, counts, pages))
    };
    let (groups, counts, pages) = operator.read(load).await?;
    let csv = list::url("/admin/groups.csv", &[("q", &q), ("order", order)]);
    operator.show(GroupsPage {
        rows: groups.into_iter().map(|group| row(group, &counts)).collect(),
        csv: if operator.actor.may(Right::ViewGroup) { csv } else { String::new() },
        headings: vec![
            Heading::sorting("Group", (["name", "name-back"], order), "name", |order| url(order, "")),
            Heading::plain("Members"),
            Heading::plain("Groups in it"),
            Heading::plain("Permissions"),
        ],
        pages,
        q,
        may_add,
        typed,
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
    fn load(&self, conn: &mut Conn, actor: &Actor) -> Result<Vec<(GroupId, String)>, Fault> {
        let (mut groups, wanted) = (store::list_groups(conn)?, name_key(&self.q));
        groups.retain(|(id, name)| {
            (actor.may(Right::ViewGroup) || actor.manages(*id)) && name_key(name).contains(&wanted)
        });
        if self.is_back {
            groups.reverse();
        }
        Ok(groups)
    }
}

fn row((id, name): (GroupId, String), counts: &HashMap<GroupId, GroupCounts>) -> Row {
    let counts = counts.get(&id).copied().unwrap_or_default();
    let members =
        if counts.members > MOST_MEMBERS { format!("over {MOST_MEMBERS}") } else { counts.members.to_string() };
    Row { id: id.to_string(), name, members, groups: counts.groups, permissions: counts.permissions }
}

/// `GET /admin/groups.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let (wanted, actor) = (Wanted::read(&operator.query()?)?, operator.actor.clone());
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let groups = wanted.load(conn, &actor)?;
        let ids: Vec<_> = groups.iter().map(|(id, _)| *id).collect();
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
    let (scene, own) = (operator.scene(), name.clone());
    match operator.carry_out(move |conn, _| deeds::add(conn, &own, &scene)).await? {
        Ok(id) => Ok(done(&format!("/admin/groups/{id}"), "created")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewGroup)?;
            show_list(&operator, name, None, errors).await
        }
    }
}

/// `GET /admin/groups/{id}`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("created") => Some("The group is made."),
        Some("renamed") => Some("The group has another name."),
        Some("granted") => Some("Its members hold the permission from now on."),
        Some("revoked") => Some("The permission is taken back."),
        Some("nested") => Some("Members of that group are members of this one from now on."),
        Some("unnested") => Some("The group is taken out."),
        Some("added") => Some("They are a member now."),
        Some("removed") => Some("They are a member no more."),
        Some("appointed") => Some("They manage the group now."),
        Some("dismissed") => Some("They manage the group no more."),
        _ => None,
    };
    show(&operator, &id, flash, vec![]).await
}

/// The group, for who may see it: by right, or as its manager.
async fn find(operator: &Operator, id: &str) -> Result<Group, PageError> {
    let id: GroupId = id.parse().map_err(|_| PageError::not_found())?;
    if !operator.actor.may(Right::ViewGroup) && !operator.actor.manages(id) {
        return Err(PageError::not_found().because("the group is not this operator's to see"));
    }
    operator.read(move |conn| groups::find_group_by_id(conn, id)).await?.ok_or_else(PageError::not_found)
}

async fn show(
    operator: &Operator,
    id: &str,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let group = find(operator, id).await?;
    let (actor, own, now) = (operator.actor.clone(), group.clone(), operator.app.clock.now());
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let refusal = policy::check_group(conn, &actor, &own)?.err();
        let may_fill = policy::check_members(conn, &actor, &own)?.is_ok();
        let kinds = ["group.", "permission."];
        // Members are named there: that is for those who may see them.
        let sees_members = actor.may(Right::ViewUser);
        let changes =
            if sees_members { changes::naming(conn, &actor, &kinds, ("group", &own.name), now)? } else { None };
        Ok((groups::contents(conn, own.id, MEMBERS + 1)?, refusal, may_fill, changes))
    };
    let (contents, refusal, may_fill, events) = operator.read(load).await?;
    let Contents { mut members, managers, groups, member_of, permissions } = contents;
    let most = usize::try_from(MEMBERS).unwrap_or(usize::MAX);
    let has_more_members = members.len() > most;
    members.truncate(most);
    // Who is in it is for those who may see people, or decide it.
    let sees_people = operator.actor.may(Right::ViewUser) || operator.actor.manages(group.id);
    if !sees_people {
        members.clear();
    }
    members.sort();
    let people = ReturnTo::to("/admin/users", &Params::default().with("group", &group.name));
    let people_url = operator.actor.may(Right::ViewUser).then(|| people.to_string());
    let may = |right| refusal.is_none() && operator.actor.may(right);
    operator.show(GroupPage {
        tabs: list::tabs(&[
            ("members", "Members", true),
            ("managers", "Managers", !managers.is_empty() || may(Right::ChangeGroup)),
            ("groups", "Groups", true),
            ("permissions", "Permissions", true),
            ("changes", "Changes", events.is_some()),
            ("name-section", "Name", may(Right::ChangeGroup)),
            ("danger", "Danger", may(Right::DeleteGroup)),
        ]),
        events,
        id: group.id.to_string(),
        name: group.name,
        members,
        has_more_members,
        sees_people,
        managers,
        groups,
        member_of,
        permissions,
        may_change: may(Right::ChangeGroup),
        may_fill,
        may_delete: may(Right::DeleteGroup),
        people_url,
        refusal: refusal.filter(|_| operator.actor.may(Right::ChangeGroup)).map(|refusal| refusal.to_string()),
        flash,
        errors,
    })
}

/// Carries out a deed about a group, and shows its page again.
async fn change(
    operator: &Operator,
    id: &str,
    what: &'static str,
    deed: impl FnOnce(&mut Conn, &Actor, GroupId, &Scene) -> Result<(), Stop> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let group: GroupId = id.parse().map_err(|_| PageError::not_found())?;
    let scene = operator.scene();
    match operator.carry_out(move |conn, actor| deed(conn, actor, group, &scene)).await? {
        Ok(()) if what == "deleted" => Ok(see_other("/admin/groups?done=deleted")),
        Ok(()) => Ok(done(&format!("/admin/groups/{group}"), what)),
        Err(undone) => {
            let errors = undone.shown_if(operator.actor.may(Right::ViewGroup) || operator.actor.manages(group))?;
            show(operator, id, None, errors).await
        }
    }
}

fn typed(form: &Params, field: &str) -> String {
    form.find(field).unwrap_or_default().trim().to_owned()
}

/// `POST /admin/groups/{id}/rename`.
///
/// # Errors
/// A page.
pub async fn rename(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "name");
    change(&operator, &id, "renamed", move |conn, actor, id, scene| deeds::rename(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/grant`: a permission for everything.
///
/// # Errors
/// A page.
pub async fn grant(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "permission");
    change(&operator, &id, "granted", move |conn, actor, id, scene| deeds::grant(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/revoke`.
///
/// # Errors
/// A page.
pub async fn revoke(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "permission");
    change(&operator, &id, "revoked", move |conn, actor, id, scene| deeds::revoke(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/nest`: another group into this one.
///
/// # Errors
/// A page.
pub async fn nest(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "group");
    change(&operator, &id, "nested", move |conn, actor, id, scene| deeds::nest(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/unnest`.
///
/// # Errors
/// A page.
pub async fn unnest(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "group");
    change(&operator, &id, "unnested", move |conn, actor, id, scene| deeds::unnest(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/add-member`.
///
/// # Errors
/// A page.
pub async fn add_member(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "username");
    change(&operator, &id, "added", move |conn, actor, id, scene| deeds::add_member(conn, actor, id, &name, scene))
        .await
}

/// `POST /admin/groups/{id}/remove-member`.
///
/// # Errors
/// A page.
pub async fn remove_member(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "username");
    change(&operator, &id, "removed", move |conn, actor, id, scene| deeds::remove_member(conn, actor, id, &name, scene))
        .await
}

/// `POST /admin/groups/{id}/appoint`: a manager.
///
/// # Errors
/// A page.
pub async fn appoint(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "manager");
    change(&operator, &id, "appointed", move |conn, actor, id, scene| deeds::appoint(conn, actor, id, &name, scene))
        .await
}

/// `POST /admin/groups/{id}/dismiss`.
///
/// # Errors
/// A page.
pub async fn dismiss(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "manager");
    change(&operator, &id, "dismissed", move |conn, actor, id, scene| deeds::dismiss(conn, actor, id, &name, scene))
        .await
}

/// `POST /admin/groups/{id}/delete`: its name has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "delete-name");
    change(&operator, &id, "deleted", move |conn, actor, id, scene| deeds::delete(conn, actor, id, &name, scene)).await
}
