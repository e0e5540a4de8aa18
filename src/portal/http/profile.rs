//! `/account/profile`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use crate::accounts::{User, profile};
use crate::app::App;
use crate::kernel::fault::Fault;
use crate::portal::profile_form::{self, Section};
use crate::sessions::http::Current;
use crate::spec::Params;
use crate::web::page::{Viewer, see_other};
use crate::web::{Form, Page, PageError, form};

/// The profile.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    picture: Option<String>,
    sections: Vec<Section>,
    flash: Option<&'static str>,
    errors: Vec<Wrong>,
}

#[derive(Clone, Debug, Serialize)]
struct Wrong {
    field: String,
    message: String,
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";

    fn title(&self) -> String {
        "Profile".into()
    }

    fn sample() -> Self {
        Self {
            csrf: String::new(),
            nav_current: "profile",
            user: Viewer { name: "Ada Lovelace".into(), username: "ada".into() },
            picture: Some("/pictures/0".into()),
            sections: profile_form::sample(),
            flash: None,
            errors: vec![Wrong { field: "name".into(), message: "a sample".into() }],
        }
    }
}

const PAGE: &str = "/account/profile";

/// `GET /account/profile`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let flash = match form::query(&req)?.find("done") {
        Some("saved") => Some("Your profile is saved."),
        Some("picture") => Some("Your picture is changed."),
        _ => None,
    };
    let user = asker.user().await?;
    show(&app, &asker, &user, None, (flash, vec![]))
}

fn show(
    app: &App,
    asker: &Asker<'_>,
    user: &User,
    typed: Option<&Params>,
    (flash, errors): (Option<&'static str>, Vec<profile_form::Wrong>),
) -> Result<HttpResponse, PageError> {
    asker.show(&ProfilePage {
        csrf: asker.csrf(),
        nav_current: "profile",
        user: asker.viewer(),
        picture: user.picture.clone().filter(|picture| picture.contains("/pictures/")),
        sections: profile_form::sections(user, &app.config.profile_fields, typed),
        flash,
        errors: errors.into_iter().map(|wrong| Wrong { field: wrong.field, message: wrong.message }).collect(),
    })
}

/// The profile again, with something wrong about the picture.
///
/// # Errors
/// A page.
pub async fn show_picture_error(app: &App, asker: &Asker<'_>, message: String) -> Result<HttpResponse, PageError> {
    let user = asker.user().await?;
    let wrong = profile_form::Wrong { field: "picture".into(), message };
    show(app, asker, &user, None, (None, vec![wrong]))
}

/// `POST /account/profile`.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let user = asker.user().await?;
    let changes = match profile_form::read(&form, &user, &app.config.profile_fields) {
        Ok(changes) => changes,
        Err(wrong) => return show(&app, &asker, &user, Some(&form), (None, wrong)),
    };
    let scene = asker.scene();
    app.db
        .write(move |conn| -> Result<(), Fault> {
            profile::update_attributes(conn, user.id, &changes.attributes)?;
            profile::update(conn, user.id, &changes.profile, &scene)
        })
        .await?;
    app.forget();
    Ok(see_other("/account/profile?done=saved"))
}
