//! `/admin/permissions`: what may be done, who may do it, and why.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::changes::{self, Line};
use super::frame::ConsolePage;
use super::list::{self, Tab};
use super::operator::{Operator, Ordered, Undone, done};
use crate::access::check::{self, What, Who};
use crate::access::grant::Holder;
use crate::access::permission::{OWN_APP, ObjectId};
use crate::access::store::grants;
use crate::access::store::permissions::{self as store, Permission};
use crate::admin::deed::Stop;
use crate::admin::permissions::{self as deeds, Gift, Wish};
use crate::admin::policy::{self, Actor, Right};
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// Grants, and people, shown on a page.
const MOST: i64 = 100;

/// Every permission.
#[derive(Clone, Debug, Serialize)]
pub struct PermissionsPage {
    apps: Vec<AppRow>,
    q: String,
    may_add: bool,
    name: String,
    model: String,
    description: String,
    new_model: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct AppRow {
    app: String,
    is_own: bool,
    permissions: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    description: String,
}

impl ConsolePage for PermissionsPage {
    const TEMPLATE: &'static str = "admin/permissions.html";
    const MENU: &'static str = "permissions";

    fn title(&self) -> String {
        "Permissions".into()
    }

    fn sample() -> Self {
        let row = Row { name: "blog.view_article".into(), description: "Can view article".into() };
        Self {
            apps: vec![AppRow { app: "blog".into(), is_own: false, permissions: vec![row] }],
            q: "blog".into(),
            may_add: true,
            name: String::new(),
            model: String::new(),
            description: String::new(),
            new_model: String::new(),
            flash: Some("a sample"),
            errors: vec![FieldError::new("name", "a sample")],
        }
    }
}

/// `GET /admin/permissions`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("created") => Some("The permissions are made."),
        Some("deleted") => Some("The permission is deleted."),
        _ => None,
    };
    show_list(&operator, &Params::default(), flash, vec![]).await
}

async fn show_list(
    operator: &Operator,
    typed: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let q = list::word(&operator.query()?, "q")?;
    let mut apps: Vec<AppRow> = Vec::new();
    let all = operator.read(|conn| store::list(conn, None)).await?;
    for Permission { name, description, .. } in all {
        if !name.to_string().contains(&q) && !description.contains(&q) {
            continue;
        }
        if apps.last().is_none_or(|last| last.app != name.app) {
            apps.push(AppRow { app: name.app.clone(), is_own: name.app == OWN_APP, permissions: vec![] });
        }
        if let Some(last) = apps.last_mut() {
            last.permissions.push(Row { name: name.to_string(), description });
        }
    }
    // The console's own come last: they are the same everywhere.
    apps.sort_by_key(|app| app.is_own);
    let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
    operator.show(PermissionsPage {
        apps,
        q,
        may_add: operator.actor.may(Right::AddPermission),
        name: text("name"),
        model: text("model"),
        description: text("description"),
        new_model: text("new-model"),
        flash,
        errors,
    })
}

/// `POST /admin/permissions/add`: one permission.
///
/// # Errors
/// A page.
pub async fn add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let wish = Wish { name: text("name"), model: Some(text("model")), description: text("description") };
    let scene = operator.scene();
    let made = operator.carry_out(move |conn, _| deeds::add(conn, wish, &scene)).await?;
    after_add(&operator, &form, made.map(|_| ())).await
}

/// `POST /admin/permissions/add-model`: the four of a model.
///
/// # Errors
/// A page.
pub async fn add_model(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let model = form.find("new-model").unwrap_or_default().trim().to_owned();
    let scene = operator.scene();
    let made = operator.carry_out(move |conn, _| deeds::add_model(conn, &model, &scene)).await?;
    after_add(&operator, &form, made.map(|_| ())).await
}

async fn after_add(operator: &Operator, form: &Params, made: Result<(), Undone>) -> Result<HttpResponse, PageError> {
    match made {
        Ok(()) => Ok(done("/admin/permissions", "created")),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewPermission)?;
            show_list(operator, form, None, errors).await
        }
    }
}

/// One permission.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page has a button or not, each by itself")]
pub struct PermissionPage {
    tabs: Vec<Tab>,
    events: Option<Vec<Line>>,
    name: String,
    description: String,
    model: Option<String>,
    grants: Vec<GrantRow>,
    has_more: bool,
    object: String,
    user: String,
    /// Who may, by any way; `None`: the operator may not see people.
    people: Option<Vec<String>>,
    has_more_people: bool,
    /// The answer about one person.
    answer: Option<Answer>,
    refusal: Option<String>,
    may_change: bool,
    may_delete: bool,
    kind: String,
    holder: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct GrantRow {
    kind: &'static str,
    id: String,
    holder: String,
    object: Option<String>,
    by: String,
    at: String,
}

#[derive(Clone, Debug, Serialize)]
struct Answer {
    may: bool,
    user: String,
    because: Vec<String>,
}

impl ConsolePage for PermissionPage {
    const TEMPLATE: &'static str = "admin/permission.html";
    const MENU: &'static str = "permissions";

    fn title(&self) -> String {
        self.name.clone()
    }

    fn sample() -> Self {
        let row = GrantRow {
            kind: "group",
            id: "0".into(),
            holder: "editors".into(),
            object: Some("7".into()),
            by: "root".into(),
            at: "2026-11-20".into(),
        };
        Self {
            tabs: list::tabs(&[("who", "Who may, and why", true)]),
            events: Some(Line::sample()),
            name: "blog.view_article".into(),
            description: "Can view article".into(),
            model: Some("article".into()),
            grants: vec![row],
            has_more: true,
            object: "7".into(),
            user: "ada".into(),
            people: Some(vec!["ada".into()]),
            has_more_people: true,
            answer: Some(Answer { may: true, user: "ada".into(), because: vec!["via group editors".into()] }),
            refusal: Some("a sample".into()),
            may_change: true,
            may_delete: true,
            kind: "user".into(),
            holder: String::new(),
            flash: Some("a sample"),
            errors: vec![FieldError::new("holder", "a sample")],
        }
    }
}

/// `GET /admin/permissions/{name}`: who holds it; with `object` and `user`, who may and why.
///
/// # Errors
/// A page.
pub async fn one(operator: Operator, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("granted") => Some("Granted."),
        Some("revoked") => Some("Taken back."),
        _ => None,
    };
    let query = operator.query()?;
    show(&operator, &name, &query, flash, vec![]).await
}

async fn show(
    operator: &Operator,
    name: &str,
    typed: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let (actor, name) = (operator.actor.clone(), name.to_owned());
    let (object, user) = (list::word(typed, "object")?, list::word(typed, "user")?);
    let now = operator.app.clock.now();
    let page = operator.read(move |conn| load(conn, &actor, &name, (object, user), now)).await;
    let mut page = match page {
        Ok(page) => page,
        Err(Stop::Fault(fault)) => return Err(fault.into()),
        Err(_) => return Err(PageError::not_found()),
    };
    page.errors.extend(errors);
    let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
    operator.show(PermissionPage { flash, kind: text("kind"), holder: text("holder"), ..page })
}

fn load(
    conn: &mut Conn,
    actor: &Actor,
    name: &str,
    (object, user): (String, String),
    now: Instant,
) -> Result<PermissionPage, Stop> {
    let permission = deeds::find(conn, name)?;
    let mut errors = Vec::new();
    let about = Some(object.as_str()).filter(|object| !object.is_empty()).map(str::parse::<ObjectId>).transpose();
    let about = about.unwrap_or_else(|why| {
        errors.push(FieldError::new("object", why));
        None
    });
    let mut grants = grants::list(conn, permission.id, about.as_ref(), MOST + 1)?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let has_more = grants.len() > most;
    grants.truncate(most);
    let sees_people = actor.may(Right::ViewUser);
    // Who may not see people does not learn of them here.
    grants.retain(|grant| sees_people || matches!(grant.holder, Holder::Group(_)));
    let what = What::Permission(permission.name.clone());
    let (mut people, mut has_more_people) = (None, false);
    if sees_people {
        let (found, is_all) = check::some_with(conn, &permission.name, about.as_ref(), most)?;
        has_more_people = !is_all;
        let mut names: Vec<_> = found.into_iter().map(|person| person.username).collect();
        names.sort();
        people = Some(names);
    }
    let asked = Some(user.as_str()).filter(|user| sees_people && !user.is_empty());
    let mut answer = None;
    if let Some(who) = asked.and_then(Who::named) {
        let ways = check::ways(conn, &who, &what, about.as_ref())?;
        let because = ways.iter().map(ToString::to_string).collect();
        answer = Some(Answer { may: !ways.is_empty(), user: user.clone(), because });
    } else if asked.is_some() {
        errors.push(FieldError::new("user", "Enter a username, an address or a sub."));
    }
    let refusal = policy::check_grant(conn, actor, &permission.name)?.err();
    let may_change = refusal.is_none() && actor.may(Right::ChangePermission);
    let is_own = permission.name.app == OWN_APP;
    let may_delete = refusal.is_none() && !is_own && actor.may(Right::DeletePermission);
    let shown = permission.name.to_string();
    let events =
        if sees_people { changes::naming(conn, actor, &["permission."], ("permission", &shown), now)? } else { None };
    Ok(PermissionPage {
        tabs: list::tabs(&[
            ("who", "Who may, and why", true),
            ("grants", "Granted to", true),
            ("grant", "Grant it", may_change),
            ("changes", "Changes", events.is_some()),
            ("danger", "Danger", may_delete),
        ]),
        events,
        name: permission.name.to_string(),
        description: permission.description,
        model: permission.model,
        grants: grants.into_iter().map(row).collect(),
        has_more,
        object,
        user,
        people,
        has_more_people,
        answer,
        may_change,
        may_delete,
        refusal: refusal.filter(|_| actor.may(Right::ChangePermission)).map(|refusal| refusal.to_string()),
        kind: String::new(),
        holder: String::new(),
        flash: None,
        errors,
    })
}

fn row(grant: grants::Listed) -> GrantRow {
    let (kind, id) = match grant.holder {
        Holder::User(id) => ("user", id.to_string()),
        Holder::Group(id) => ("group", id.to_string()),
    };
    GrantRow { kind, id, holder: grant.name, object: grant.object, by: grant.by, at: when::at(grant.at) }
}

/// `POST /admin/permissions/{name}/grant`.
///
/// # Errors
/// A page.
pub async fn grant(ordered: Ordered, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(ordered, &name, "granted", deeds::give).await
}

/// `POST /admin/permissions/{name}/revoke`.
///
/// # Errors
/// A page.
pub async fn revoke(ordered: Ordered, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(ordered, &name, "revoked", deeds::take).await
}

async fn change(
    Ordered { operator, form }: Ordered,
    name: &str,
    what: &'static str,
    deed: fn(&mut Conn, &Actor, &Gift, deeds::Whom, &crate::audit::Scene) -> Result<(), Stop>,
) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let gift = Gift { permission: name.to_owned(), object: Some(text("object")) };
    let (kind, holder, scene) = (text("kind"), text("holder"), operator.scene());
    let changed = operator.carry_out(move |conn, actor| {
        let whom = deeds::find_whom(conn, &kind, &holder)?;
        deed(conn, actor, &gift, whom, &scene)
    });
    match changed.await? {
        Ok(()) => Ok(done(page_of(name)?.as_str(), what)),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewPermission)?;
            show(&operator, name, &form, None, errors).await
        }
    }
}

/// A name out of the path may be anything, until it has been read.
fn page_of(name: &str) -> Result<String, PageError> {
    let name: crate::spec::PermissionName = name.parse().map_err(|_| PageError::not_found())?;
    Ok(format!("/admin/permissions/{name}"))
}

/// `POST /admin/permissions/{name}/delete`: its name has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (typed, own) = (form.find("delete-name").unwrap_or_default().trim().to_owned(), name.clone());
    let scene = operator.scene();
    match operator.carry_out(move |conn, actor| deeds::delete(conn, actor, &own, &typed, &scene)).await? {
        Ok(()) => Ok(see_other("/admin/permissions?done=deleted")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewPermission)?;
            show(&operator, &name, &form, None, errors).await
        }
    }
}
