//! `/admin/groups`: who belongs together, and what that gives them.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::frame::ConsolePage;
use super::gate;
use super::operator::{Operator, Ordered};
use crate::access::grant::{self, Grantee};
use crate::access::group::{self, Creation, Nesting};
use crate::access::store::permissions;
use crate::access::store::{self as groups, Contents, Group};
use crate::admin::policy::{self, Actor, Refusal, Right};
use crate::admin::store::{self, GroupLine};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::spec::{Params, PermissionName};
use crate::web::page::see_other;
use crate::web::{PageError, ReturnTo};

/// Members shown on a group's page.
const MEMBERS: i64 = 100;

/// Every group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupsPage {
    rows: Vec<Row>,
    may_add: bool,
    typed: String,
    flash: Option<&'static str>,
    problem: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    name: String,
    members: i64,
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
        let row = Row { id: "0".into(), name: "editors".into(), members: 3, groups: 1, permissions: 2 };
        Self { rows: vec![row], may_add: true, typed: "x".into(), flash: None, problem: Some("a problem".into()) }
    }
}

/// One group.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct GroupPage {
    id: String,
    name: String,
    members: Vec<String>,
    has_more_members: bool,
    sees_people: bool,
    groups: Vec<String>,
    member_of: Vec<String>,
    permissions: Vec<String>,
    refusal: Option<String>,
    may_change: bool,
    may_delete: bool,
    /// Its members in the list of users, for who may see that.
    people_url: Option<String>,
    flash: Option<&'static str>,
    problem: Option<String>,
}

impl ConsolePage for GroupPage {
    const TEMPLATE: &'static str = "admin/group.html";
    const MENU: &'static str = "groups";

    fn title(&self) -> String {
        self.name.clone()
    }

    fn sample() -> Self {
        Self {
            id: "0".into(),
            name: "editors".into(),
            members: vec!["ada".into()],
            has_more_members: true,
            sees_people: true,
            groups: vec!["juniors".into()],
            member_of: vec!["staff".into()],
            permissions: vec!["blog.view_article".into()],
            refusal: Some("a refusal".into()),
            may_change: true,
            may_delete: true,
            people_url: Some("/admin/users?group=editors".into()),
            flash: Some("a sample"),
            problem: Some("a problem".into()),
        }
    }
}

/// `GET /admin/groups`.
///
/// # Errors
/// A page.
pub async fn list(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = operator.query()?.find("done").is_some_and(|done| done == "deleted").then_some("The group is deleted.");
    show_list(&operator, String::new(), flash, None).await
}

async fn show_list(
    operator: &Operator,
    typed: String,
    flash: Option<&'static str>,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let rows = operator.read(store::list_groups).await?;
    let row = |line: GroupLine| Row {
        id: line.id.to_string(),
        name: line.name,
        members: line.members,
        groups: line.groups,
        permissions: line.permissions,
    };
    let may_add = operator.actor.may(Right::AddGroup);
    operator.show(GroupsPage { rows: rows.into_iter().map(row).collect(), may_add, typed, flash, problem })
}

/// `POST /admin/groups/add`.
///
/// # Errors
/// A page.
pub async fn add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let name = form.find("name").unwrap_or_default().trim().to_owned();
    let problem = if let Err(problem) = group::check_name(&name) {
        format!("The name does not do: {problem}.")
    } else {
        let (scene, own) = (operator.scene(), name.clone());
        match operator.carry_out(move |conn, _| group::create(conn, &own, &scene)).await? {
            Creation::Done(id) => return Ok(see_other(&format!("/admin/groups/{id}?done=created"))),
            Creation::Taken => "There is a group of this name, or one that looks like it.".to_owned(),
        }
    };
    if !operator.actor.may(Right::ViewGroup) {
        return Err(gate::refused(&problem));
    }
    show_list(&operator, name, None, Some(problem)).await
}

/// `GET /admin/groups/{id}`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("created") => Some("The group is made."),
        Some("granted") => Some("Its members hold the permission from now on."),
        Some("revoked") => Some("The permission is taken back."),
        Some("nested") => Some("Members of that group are members of this one from now on."),
        Some("unnested") => Some("The group is taken out."),
        _ => None,
    };
    show(&operator, &id, flash, None).await
}

async fn find(operator: &Operator, id: &str) -> Result<Group, PageError> {
    let id: GroupId = id.parse().map_err(|_| PageError::not_found())?;
    operator.read(move |conn| groups::find_group_by_id(conn, id)).await?.ok_or_else(PageError::not_found)
}

async fn show(
    operator: &Operator,
    id: &str,
    flash: Option<&'static str>,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let group = find(operator, id).await?;
    let (actor, own) = (operator.actor.clone(), group.clone());
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        Ok((groups::contents(conn, own.id, MEMBERS + 1)?, policy::check_group(conn, &actor, &own)?.err()))
    };
    let (contents, refusal) = operator.read(load).await?;
    let Contents { mut members, groups, member_of, permissions } = contents;
    let most = usize::try_from(MEMBERS).unwrap_or(usize::MAX);
    let has_more_members = members.len() > most;
    members.truncate(most);
    // Who is in it is for those who may see people.
    let sees_people = operator.actor.may(Right::ViewUser);
    if !sees_people {
        members.clear();
    }
    members.sort();
    let people = ReturnTo::to("/admin/users", &Params::default().with("group", &group.name));
    let people_url = operator.actor.may(Right::ViewUser).then(|| people.to_string());
    let may = |right| refusal.is_none() && operator.actor.may(right);
    operator.show(GroupPage {
        id: group.id.to_string(),
        name: group.name,
        members,
        has_more_members,
        sees_people,
        groups,
        member_of,
        permissions,
        may_change: may(Right::ChangeGroup),
        may_delete: may(Right::DeleteGroup),
        people_url,
        refusal: refusal.filter(|_| operator.actor.may(Right::ChangeGroup)).map(|refusal| refusal.to_string()),
        flash,
        problem,
    })
}

/// What came of a change.
enum Change {
    Done(&'static str),
    Deleted,
    Refused(String),
}

impl From<Refusal> for Change {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// Changes something about a group, when the policy lets this operator: it gives nothing that they do not have.
async fn change(
    operator: &Operator,
    id: &str,
    rule: impl FnOnce(&mut Conn, &Group, &Actor, &Scene) -> Result<Change, Fault> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let (group, scene) = (find(operator, id).await?.id, operator.scene());
    let done = operator.carry_out(move |conn, actor| {
        let Some(group) = groups::find_group_by_id(conn, group)? else {
            return Ok(Change::Refused("The group is gone.".into()));
        };
        match policy::check_group(conn, actor, &group)? {
            Err(refusal) => Ok(refusal.into()),
            Ok(()) => rule(conn, &group, actor, &scene),
        }
    });
    let done = done.await?;
    match done {
        Change::Done(what) => {
            let query = Params::default().with("done", what);
            Ok(see_other(&format!("/admin/groups/{id}?{}", query.encode())))
        }
        Change::Deleted => Ok(see_other("/admin/groups?done=deleted")),
        Change::Refused(why) if operator.actor.may(Right::ViewGroup) => show(operator, id, None, Some(why)).await,
        Change::Refused(why) => Err(gate::refused(&why)),
    }
}

/// `POST /admin/groups/{id}/grant`: a permission for everything.
///
/// # Errors
/// A page.
pub async fn grant(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("permission").unwrap_or_default().trim().to_owned();
    change(&operator, &id, move |conn, group, actor, scene| {
        with_permission(conn, actor, &name, |conn, permission| {
            grant::grant(conn, permission, None, Grantee::Group(group), scene)?;
            Ok(Change::Done("granted"))
        })
    })
    .await
}

/// `POST /admin/groups/{id}/revoke`.
///
/// # Errors
/// A page.
pub async fn revoke(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("permission").unwrap_or_default().trim().to_owned();
    change(&operator, &id, move |conn, group, actor, scene| {
        with_permission(conn, actor, &name, |conn, permission| {
            grant::revoke(conn, permission, None, Grantee::Group(group), scene)?;
            Ok(Change::Done("revoked"))
        })
    })
    .await
}

/// Runs `rule` with the permission of this name, when the operator holds it.
fn with_permission(
    conn: &mut Conn,
    actor: &Actor,
    name: &str,
    rule: impl FnOnce(&mut Conn, &permissions::Permission) -> Result<Change, Fault>,
) -> Result<Change, Fault> {
    let parsed = name.parse::<PermissionName>().ok();
    let found = parsed.map_or(Ok(None), |name| permissions::find(conn, &name))?;
    let Some(permission) = found else { return Ok(Change::Refused(format!("There is no permission “{name}”."))) };
    match policy::check_grant(conn, actor, &permission.name)? {
        Err(refusal) => Ok(refusal.into()),
        Ok(()) => rule(conn, &permission),
    }
}

/// `POST /admin/groups/{id}/nest`: another group into this one.
///
/// # Errors
/// A page.
pub async fn nest(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().trim().to_owned();
    change(&operator, &id, move |conn, group, _, scene| {
        let Some(member) = groups::find_group(conn, &name)? else {
            return Ok(Change::Refused(format!("There is no group “{name}”.")));
        };
        Ok(match group::nest(conn, group, &member, scene)? {
            Nesting::Done => Change::Done("nested"),
            Nesting::Circle(path) if path.len() < 2 => Change::Refused("A group cannot be in itself.".into()),
            Nesting::Circle(path) => {
                Change::Refused(format!("“{}” is in “{}” already: {}", group.name, member.name, path.join(" → ")))
            }
        })
    })
    .await
}

/// `POST /admin/groups/{id}/unnest`.
///
/// # Errors
/// A page.
pub async fn unnest(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().to_owned();
    change(&operator, &id, move |conn, group, _, scene| {
        if let Some(member) = groups::find_group(conn, &name)? {
            group::unnest(conn, group, &member, scene)?;
        }
        Ok(Change::Done("unnested"))
    })
    .await
}

/// `POST /admin/groups/{id}/delete`: its name has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let typed = form.find("name").unwrap_or_default().trim().to_owned();
    change(&operator, &id, move |conn, group, _, scene| {
        if typed != group.name {
            return Ok(Change::Refused("The name that you typed is not the group's: nothing was deleted.".into()));
        }
        if let Some(client) = store::client_restricted_to(conn, &group.name)? {
            return Ok(Change::Refused(format!("The app {client} is restricted to this group: nobody could use it.")));
        }
        group::delete(conn, group, scene)?;
        Ok(Change::Deleted)
    })
    .await
}
