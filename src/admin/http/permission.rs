//! `/admin/permissions/{name}`: one permission, who may do it, and why.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::changes::{self, Line};
use super::frame::ConsolePage;
use super::list::{self, Tab};
use super::operator::{Operator, Ordered};
use super::undo::{Told, Undo};
use crate::access::check::{self, What, Who};
use crate::access::grant::Holder;
use crate::access::permission::{OWN_APP, ObjectId};
use crate::access::store::grants;
use crate::accounts;
use crate::admin::deed::Stop;
use crate::admin::permissions::{self as deeds, Gift};
use crate::admin::policy::{self, Actor, Right};
use crate::audit::store::Named;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// Grants, and people, shown on a page.
const MOST: i64 = 100;

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
pub async fn get(operator: Operator, name: web::Path<String>) -> Result<HttpResponse, PageError> {
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
        errors.push(FieldError::new("about-object", why));
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
        // A slip of the pen is no verdict.
        let is_known = matches!(who, Who::Subject(_)) || accounts::store::find_named(conn, &user)?.is_some();
        if !is_known {
            errors.push(FieldError::new("user", format!("There is nobody called “{user}”.")));
        }
        let ways = check::ways(conn, &who, &what, about.as_ref())?;
        let because = ways.iter().map(ToString::to_string).collect();
        answer = is_known.then(|| Answer { may: !ways.is_empty(), user: user.clone(), because });
    } else if asked.is_some() {
        errors.push(FieldError::new("user", "Enter a username, an address or a sub."));
    }
    let refusal = policy::check_grant(conn, actor, &permission.name)?.err();
    let may_change = refusal.is_none() && actor.may(Right::ChangePermission);
    let is_own = permission.name.app == OWN_APP;
    let may_delete = refusal.is_none() && !is_own && actor.may(Right::DeletePermission);
    let shown = permission.name.to_string();
    let events = if sees_people { changes::naming(conn, actor, Named::Permission(&shown), now)? } else { None };
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
pub async fn grant(Ordered { operator, form }: Ordered, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &form, &page_of(&name)?, "granted".into(), deeds::give).await
}

/// `POST /admin/permissions/{name}/revoke`.
///
/// # Errors
/// A page.
pub async fn revoke(Ordered { operator, form }: Ordered, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let page = page_of(&name)?;
    let field = |name| (name, form.find(name).unwrap_or_default());
    let undo = Undo::by(format!("{}/grant", page.path), &[field("kind"), field("holder"), field("object")]);
    change(&operator, &form, &page, Told::with("revoked", undo), deeds::take).await
}

async fn change(
    operator: &Operator,
    form: &Params,
    page: &NamedPage,
    told: Told,
    deed: fn(&mut Conn, &Actor, &Gift, deeds::Whom, &crate::audit::Scene) -> Result<(), Stop>,
) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let gift = Gift { permission: page.name.clone(), object: Some(text("object")) };
    let (kind, holder, scene) = (text("kind"), text("holder"), operator.scene());
    let changed = operator.carry_out(move |conn, actor| {
        let whom = deeds::find_whom(conn, &kind, &holder)?;
        deed(conn, actor, &gift, whom, &scene)
    });
    match changed.await? {
        Ok(()) => operator.done(&page.path, &told),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewPermission)?;
            show(operator, &page.name, form, None, errors).await
        }
    }
}

/// A permission, and where its page is.
struct NamedPage {
    name: String,
    path: String,
}

/// A name out of the path may be anything, until it has been read.
fn page_of(name: &str) -> Result<NamedPage, PageError> {
    let name: crate::spec::PermissionName = name.parse().map_err(|_| PageError::not_found())?;
    Ok(NamedPage { path: format!("/admin/permissions/{name}"), name: name.to_string() })
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
