//! `/admin/groups/{id}`: one group, who is in it, and what that gives them.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::changes::{self, Line};
use super::frame::ConsolePage;
use super::list::{self, Tab};
use super::operator::{Operator, Ordered};
use super::undo::{Told, Undo};
use crate::access::store::permissions::{self, Permission};
use crate::access::store::{self as groups, Contents, Group};
use crate::admin::deed::Stop;
use crate::admin::groups as deeds;
use crate::admin::policy::{self, Actor, Right};
use crate::admin::store;
use crate::audit::Scene;
use crate::audit::store::Named;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::spec::Params;
use crate::web::page::{FieldError, see_other};
use crate::web::{PageError, ReturnTo};

/// Members shown on a group's page.
const MEMBERS: i64 = 100;

/// One group.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct GroupPage {
    tabs: Vec<Tab>,
    events: Option<Vec<Line>>,
    id: String,
    name: String,
    /// Whether new accounts join it by themselves.
    is_default: bool,
    members: Vec<String>,
    has_more_members: bool,
    sees_people: bool,
    sees_permissions: bool,
    managers: Vec<String>,
    groups: Vec<String>,
    member_of: Vec<String>,
    permissions: Vec<Held>,
    /// Apps that its members may use, and not everybody; none for who may not see apps.
    clients: Option<Vec<App>>,
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

#[derive(Clone, Debug, Serialize)]
struct Held {
    name: String,
    /// In words, as whoever made it described it.
    words: String,
}

#[derive(Clone, Debug, Serialize)]
struct App {
    client_id: String,
    name: String,
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
            is_default: true,
            members: vec!["ada".into()],
            has_more_members: true,
            sees_people: true,
            managers: vec!["grace".into()],
            groups: vec!["juniors".into()],
            member_of: vec!["staff".into()],
            permissions: vec![Held { name: "blog.view_article".into(), words: "Can view article".into() }],
            clients: Some(vec![App { client_id: "wiki".into(), name: "Wiki".into() }]),
            sees_permissions: true,
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
        Some("joined-by-all") => Some("New accounts join the group from now on."),
        Some("joined-by-none") => Some("New accounts do not join the group any more."),
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
        // Members are named there: that is for those who may see them.
        let sees_members = actor.may(Right::ViewUser);
        let changes = if sees_members { changes::naming(conn, &actor, Named::Group(own.id), now)? } else { None };
        let held = permissions::of_group(conn, own.id)?;
        let clients =
            if actor.may(Right::ViewClient) { Some(store::clients_restricted_to(conn, &own.name)?) } else { None };
        Ok((groups::contents(conn, own.id, MEMBERS + 1)?, refusal, may_fill, changes, (held, clients)))
    };
    let (contents, refusal, may_fill, events, (held, clients)) = operator.read(load).await?;
    let Contents { mut members, managers, groups, member_of, .. } = contents;
    let sees_permissions = operator.actor.may(Right::ViewPermission);
    let in_words = |one: Permission| Held {
        name: one.name.to_string(),
        words: if sees_permissions { one.description } else { String::new() },
    };
    let app = |client: Client| App { client_id: client.client_id, name: client.name };
    let clients = clients.map(|all| all.into_iter().map(app).collect::<Vec<_>>()).filter(|all| !all.is_empty());
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
            ("apps", "Apps", clients.is_some()),
            ("changes", "Changes", events.is_some()),
            ("new-accounts", "New accounts", may(Right::ChangeGroup)),
            ("name-section", "Name", may(Right::ChangeGroup)),
            ("danger", "Danger", may(Right::DeleteGroup)),
        ]),
        events,
        id: group.id.to_string(),
        name: group.name,
        is_default: group.is_default,
        members,
        has_more_members,
        sees_people,
        managers,
        groups,
        member_of,
        permissions: held.into_iter().map(in_words).collect(),
        clients,
        sees_permissions,
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
    told: impl Into<Told>,
    deed: impl FnOnce(&mut Conn, &Actor, GroupId, &Scene) -> Result<(), Stop> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let group: GroupId = id.parse().map_err(|_| PageError::not_found())?;
    let (scene, told) = (operator.scene(), told.into());
    match operator.carry_out(move |conn, actor| deed(conn, actor, group, &scene)).await? {
        Ok(()) if told.what == "deleted" => Ok(see_other("/admin/groups?done=deleted")),
        Ok(()) => operator.done(&format!("/admin/groups/{group}"), &told),
        Err(undone) => {
            let errors = undone.shown_if(operator.actor.may(Right::ViewGroup) || operator.actor.manages(group))?;
            show(operator, id, None, errors).await
        }
    }
}

/// The form of this group that takes back what is told.
fn back(what: &'static str, id: &str, action: &str, field: (&str, &str)) -> Told {
    Told::with(what, Undo::by(format!("/admin/groups/{id}/{action}"), &[field]))
}

fn typed(form: &Params, field: &str) -> String {
    form.find(field).unwrap_or_default().trim().to_owned()
}

/// `POST /admin/groups/{id}/rename`.
///
/// # Errors
/// A page.
pub async fn rename(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (name, before) = (typed(&form, "name"), find(&operator, &id).await?.name);
    let told = back("renamed", &id, "rename", ("name", &before));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::rename(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/default`: whether new accounts join it.
///
/// # Errors
/// A page.
pub async fn set_default(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let is_default = form.find("joins") == Some("1");
    let (what, other) = if is_default { ("joined-by-all", "0") } else { ("joined-by-none", "1") };
    let told = back(what, &id, "default", ("joins", other));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::set_default(conn, actor, id, is_default, scene))
        .await
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
    let told = back("revoked", &id, "grant", ("permission", &name));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::revoke(conn, actor, id, &name, scene)).await
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
    let told = back("unnested", &id, "nest", ("group", &name));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::unnest(conn, actor, id, &name, scene)).await
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
    let told = back("removed", &id, "add-member", ("username", &name));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::remove_member(conn, actor, id, &name, scene))
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
    let told = back("dismissed", &id, "appoint", ("manager", &name));
    change(&operator, &id, told, move |conn, actor, id, scene| deeds::dismiss(conn, actor, id, &name, scene)).await
}

/// `POST /admin/groups/{id}/delete`: its name has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = typed(&form, "delete-name");
    change(&operator, &id, "deleted", move |conn, actor, id, scene| deeds::delete(conn, actor, id, &name, scene)).await
}
