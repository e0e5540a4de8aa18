//! `/account/not-me`: somebody else was in the account.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use crate::app::App;
use crate::kernel::fault::Fault;
use crate::login::{departure, recovery};
use crate::sessions::http::Current;
use crate::sessions::http::current::leave;
use crate::web::page::{Viewer, see_other};
use crate::web::{Form, Page, PageError};

/// What will happen.
#[derive(Clone, Debug, Serialize)]
pub struct NotMePage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
}

impl Page for NotMePage {
    const TEMPLATE: &'static str = "account/not_me.html";

    fn title(&self) -> String {
        "Was it somebody else?".into()
    }

    fn sample() -> Self {
        let user = Viewer { name: "Ada Lovelace".into(), username: "ada".into() };
        Self { csrf: String::new(), nav_current: "activity", user }
    }
}

const PAGE: &str = "/account/not-me";

/// `GET /account/not-me`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.show(&NotMePage { csrf: asker.csrf(), nav_current: "activity", user: asker.viewer() })
}

/// `POST /account/not-me`: everybody is out, here too; a link for a new password goes to the stored
/// address.
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
    let (user, scene, courier) = (asker.user().await?, asker.scene(), app.courier.clone());
    app.db
        .write(move |conn| -> Result<(), Fault> {
            departure::disown(conn, &user, &scene)?;
            recovery::send(conn, &courier, &user, "/account", &scene)
        })
        .await?;
    app.forget();
    leave(&req);
    Ok(see_other("/login?done=not-me"))
}
