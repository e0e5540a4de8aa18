//! `/admin/users/add` and `/admin/users/{id}/edit`: name and password first, the rest after.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::frame::ConsolePage;
use super::operator::{Operator, Ordered, Undone, done};
use super::user::find;
use crate::accounts::User;
use crate::accounts::passwords::Password;
use crate::accounts::store::emails;
use crate::admin::deed::Stop;
use crate::admin::people::{self, Changes, Wish};
use crate::admin::policy::Right;
use crate::config::Editor;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::portal::profile_form::{self, Section};
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// The form for a new account.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "boxes that are ticked or not")]
pub struct AddUserPage {
    username: String,
    email: String,
    email_verified: bool,
    send_link: bool,
    must_change_password: bool,
    is_service: bool,
    minimum_length: usize,
    is_superuser: bool,
    errors: Vec<FieldError>,
}

impl ConsolePage for AddUserPage {
    const TEMPLATE: &'static str = "admin/user_add.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        "New user".into()
    }

    fn sample() -> Self {
        let typed = Params::default().with("username", "ada").with("email", "ada@example.test").with("send_link", "1");
        Self::of(&typed, 15, true, vec![FieldError::new("username", "a sample")])
    }
}

impl AddUserPage {
    fn of(typed: &Params, minimum_length: usize, is_superuser: bool, errors: Vec<FieldError>) -> Self {
        let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
        Self {
            username: text("username"),
            email: text("email"),
            email_verified: typed.has("email_verified"),
            send_link: typed.has("send_link"),
            must_change_password: typed.has("must_change_password"),
            is_service: typed.has("is_service"),
            minimum_length,
            is_superuser,
            errors,
        }
    }
}

/// `GET /admin/users/add`.
///
/// # Errors
/// A page.
pub async fn add(operator: Operator) -> Result<HttpResponse, PageError> {
    show_add(&operator, &Params::default().with("must_change_password", "1"), vec![])
}

fn show_add(operator: &Operator, typed: &Params, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let minimum = operator.app.password_policy.minimum_length();
    operator.show(AddUserPage::of(typed, minimum, operator.actor.is_superuser, errors))
}

/// `POST /admin/users/add`.
///
/// # Errors
/// A page.
pub async fn post_add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().to_owned();
    let wish = Wish {
        username: text("username"),
        email: text("email"),
        email_verified: form.has("email_verified"),
        password: Some(text("new-password")).filter(|typed| !typed.is_empty()),
        must_change_password: form.has("must_change_password"),
        send_link: form.has("send_link"),
        is_service: form.has("is_service"),
        ..Wish::default()
    };
    let order = match people::read(&operator.actor, wish, &operator.app.password_policy) {
        Ok(order) => order,
        Err(stop) => return show_add(&operator, &form, Undone::of(stop).shown_to(&operator, Right::AddUser)?),
    };
    let hash = match order.password.clone() {
        Some(password) => Some(operator.app.hasher.hash(password).await?),
        None => None,
    };
    let (scene, courier) = (operator.scene(), operator.app.courier.clone());
    let made = operator.carry_out(move |conn, actor| people::add(conn, actor, order, hash, &courier, &scene)).await?;
    match made {
        Ok(id) if operator.actor.may(Right::ViewUser) => Ok(done(&format!("/admin/users/{id}"), "created")),
        Ok(_) => Ok(done("/account", "created")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::AddUser)?;
            show_add(&operator, &form, errors)
        }
    }
}

/// The form for an account that stands.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "boxes that are ticked or not")]
pub struct EditUserPage {
    id: String,
    version: String,
    username: String,
    title_name: String,
    email: String,
    email_verified: bool,
    must_change_password: bool,
    is_staff: bool,
    is_superuser_account: bool,
    is_superuser: bool,
    has_password_here: bool,
    sections: Vec<Section>,
    errors: Vec<FieldError>,
}

impl ConsolePage for EditUserPage {
    const TEMPLATE: &'static str = "admin/user_edit.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        format!("Change {}", self.title_name)
    }

    fn sample() -> Self {
        Self {
            id: "0".into(),
            version: "sample".into(),
            username: "ada".into(),
            title_name: "ada".into(),
            email: "ada@example.test".into(),
            email_verified: true,
            must_change_password: false,
            is_staff: true,
            is_superuser_account: false,
            is_superuser: true,
            has_password_here: true,
            sections: profile_form::sample(),
            errors: vec![FieldError::new("username", "a sample")],
        }
    }
}

/// `GET /admin/users/{id}/edit`.
///
/// # Errors
/// A page.
pub async fn edit(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let user = find(&operator, &id).await?;
    let (actor, key) = (operator.actor.clone(), user.id);
    // Who may not change it does not get the form either.
    match operator.read(move |conn| people::within(conn, &actor, key).map(|_| ())).await {
        Err(Stop::Fault(fault)) => Err(fault.into()),
        Err(stop) => Err(super::gate::refused(&stop.to_string())),
        Ok(()) => show_edit(&operator, &user, None, vec![]).await,
    }
}

async fn show_edit(
    operator: &Operator,
    user: &User,
    typed: Option<&Params>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let id = user.id;
    let shown = user.clone();
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        Ok((emails::primary_of(conn, id)?, people::version(conn, &shown)?))
    };
    let (email, version) = operator.read(load).await?;
    let text =
        |name: &str, stored: String| typed.map_or(stored, |typed| typed.find(name).unwrap_or_default().to_owned());
    let ticked = |name: &str, stored: bool| typed.map_or(stored, |typed| typed.has(name));
    let is_verified = email.as_ref().is_some_and(|email| email.verified_at.is_some());
    operator.show(EditUserPage {
        id: user.id.to_string(),
        version: text("version", version),
        title_name: user.username.clone(),
        username: text("username", user.username.clone()),
        email: text("email", email.map(|email| email.address).unwrap_or_default()),
        email_verified: ticked("email_verified", is_verified),
        must_change_password: ticked("must_change_password", user.must_change_password),
        is_staff: ticked("is_staff", user.is_staff),
        is_superuser_account: ticked("is_superuser", user.is_superuser),
        is_superuser: operator.actor.is_superuser,
        has_password_here: !user.is_service && user.backend.is_none(),
        sections: profile_form::sections(user, &operator.app.config.profile_fields, typed, Editor::Staff),
        errors,
    })
}

/// `POST /admin/users/{id}/edit`.
///
/// # Errors
/// A page.
pub async fn post_edit(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let user = find(&operator, &id).await?;
    let read = profile_form::read(&form, &user, &operator.app.config.profile_fields, Editor::Staff);
    let read = match read {
        Ok(read) => read,
        Err(wrong) => {
            let errors = wrong.into_iter().map(|wrong| FieldError::new(wrong.field, wrong.message)).collect();
            return show_edit(&operator, &user, Some(&form), errors).await;
        }
    };
    let mut changes = Changes {
        username: form.find("username").map(str::to_owned),
        email: form.find("email").map(|typed| typed.trim().to_owned()),
        must_change_password: Some(form.has("must_change_password")),
        profile: read.profile,
        attributes: Some(read.attributes),
        seen: Some(form.find("version").unwrap_or_default().to_owned()),
        ..Changes::default()
    };
    if operator.actor.is_superuser {
        changes.email_verified = form.has("email_verified");
        changes.profile.is_staff = Some(form.has("is_staff") || form.has("is_superuser"));
        changes.profile.is_superuser = Some(form.has("is_superuser"));
    }
    let (scene, key, courier) = (operator.scene(), user.id, operator.app.courier.clone());
    let update = move |conn: &mut _, actor: &_| people::update(conn, actor, key, &changes, (&courier, &scene));
    match operator.carry_out(update).await? {
        Ok(()) => Ok(done(&format!("/admin/users/{}", user.id), "saved")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewUser)?;
            show_edit(&operator, &user, Some(&form), errors).await
        }
    }
}

/// The form for a password that an operator chooses.
#[derive(Clone, Debug, Serialize)]
pub struct SetPasswordPage {
    id: String,
    username: String,
    minimum_length: usize,
    errors: Vec<FieldError>,
}

impl ConsolePage for SetPasswordPage {
    const TEMPLATE: &'static str = "admin/user_password.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        format!("Set the password of {}", self.username)
    }

    fn sample() -> Self {
        let errors = vec![FieldError::new("new-password", "a sample")];
        Self { id: "0".into(), username: "ada".into(), minimum_length: 15, errors }
    }
}

/// `GET /admin/users/{id}/password`.
///
/// # Errors
/// A page.
pub async fn password(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    show_password(&operator, &find(&operator, &id).await?, vec![])
}

fn show_password(operator: &Operator, user: &User, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let minimum_length = operator.app.password_policy.minimum_length();
    operator.show(SetPasswordPage { id: user.id.to_string(), username: user.username.clone(), minimum_length, errors })
}

/// `POST /admin/users/{id}/password`: its person changes it at the next sign-in.
///
/// # Errors
/// A page.
pub async fn post_password(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let user = find(&operator, &id).await?;
    let refuse = |text: String| FieldError::new("new-password", text);
    let Some(password) = Password::parse(form.find("new-password").unwrap_or_default()) else {
        return show_password(&operator, &user, vec![refuse("Use at most 256 characters.".into())]);
    };
    let refusals = operator.app.password_policy.refusals(&password, &[&user.username, &user.display_name()]);
    if !refusals.is_empty() {
        return show_password(&operator, &user, refusals.into_iter().map(refuse).collect());
    }
    let hash = operator.app.hasher.hash(password).await?;
    let (scene, key, keep) = (operator.scene(), user.id, operator.app.password_policy.history());
    let courier = operator.app.courier.clone();
    let set = move |conn: &mut _, actor: &_| people::set_password(conn, actor, key, (hash, keep), (&courier, &scene));
    match operator.carry_out(set).await? {
        Ok(()) => Ok(done(&format!("/admin/users/{}", user.id), "password")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewUser)?;
            show_password(&operator, &user, errors)
        }
    }
}
