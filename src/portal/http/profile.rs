//! `/account/profile`.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use crate::accounts::{User, profile};
use crate::config::Editor;
use crate::kernel::fault::Fault;
use crate::portal::profile_form::{self, Section};
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// The profile.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    picture: Option<String>,
    sections: Vec<Section>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

impl AccountPage for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";
    const PATH: &'static str = "/account/profile";
    const MENU: &'static str = "profile";

    fn title(&self) -> String {
        "Profile".into()
    }

    fn sample() -> Self {
        Self {
            picture: Some("/pictures/0".into()),
            sections: profile_form::sample(),
            flash: None,
            errors: vec![FieldError::new("name", "a sample")],
        }
    }
}

/// `GET /account/profile`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<ProfilePage>) -> Result<HttpResponse, PageError> {
    let flash = match asker.query()?.find("done") {
        Some("saved") => Some("Your profile is saved."),
        Some("picture") => Some("Your picture is changed."),
        _ => None,
    };
    let user = asker.user().await?;
    show(&asker, &user, None, (flash, vec![]))
}

fn show(
    asker: &Asker<ProfilePage>,
    user: &User,
    typed: Option<&Params>,
    (flash, errors): (Option<&'static str>, Vec<profile_form::Wrong>),
) -> Result<HttpResponse, PageError> {
    asker.show(ProfilePage {
        picture: user.picture.clone().filter(|picture| picture.contains("/pictures/")),
        sections: profile_form::sections(user, &asker.app.config.profile_fields, typed, Editor::Person),
        flash,
        errors: errors.into_iter().map(|wrong| FieldError::new(wrong.field, wrong.message)).collect(),
    })
}

/// The profile again, with something wrong about the picture.
///
/// # Errors
/// A page.
pub async fn show_picture_error(asker: &Asker<ProfilePage>, message: String) -> Result<HttpResponse, PageError> {
    let user = asker.user().await?;
    let wrong = profile_form::Wrong { field: "picture".into(), message };
    show(asker, &user, None, (None, vec![wrong]))
}

/// `POST /account/profile`.
///
/// # Errors
/// A page.
pub async fn post(Posted { asker, form }: Posted<ProfilePage>) -> Result<HttpResponse, PageError> {
    let user = asker.user().await?;
    let changes = match profile_form::read(&form, &user, &asker.app.config.profile_fields, Editor::Person) {
        Ok(changes) => changes,
        Err(wrong) => return show(&asker, &user, Some(&form), (None, wrong)),
    };
    let scene = asker.scene();
    asker
        .change(move |conn| -> Result<(), Fault> {
            profile::update_attributes(conn, user.id, &changes.attributes)?;
            profile::update(conn, user.id, &changes.profile, &scene)
        })
        .await?;
    Ok(see_other("/account/profile?done=saved"))
}
