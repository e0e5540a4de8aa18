//! Where a sign-in leads: an app's name for the page, and its origin for the policy.

use crate::app::App;
use crate::kernel::fault::Fault;
use crate::spec::Params;
use crate::web::ReturnTo;
use crate::web::headers::{FormAction, origin_of};

/// Path of the authorization endpoint; `routes` mounts it there.
pub const AUTHORIZE: &str = "/oauth2/authorize";

/// What a page says of the app that waits.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The app's name.
    pub app_name: Option<String>,
    /// Where its picture is.
    pub app_logo: Option<String>,
    /// Its verified redirect origin.
    pub form_action: FormAction,
    /// Whether people may sign in to it by a link in a mail.
    pub allows_magic_link: bool,
    /// The parameters of its authorization request.
    pub request: Option<Params>,
}

/// Reads the `next` field or parameter: a local path, else the account's home.
#[must_use]
pub fn next_of(params: &Params) -> ReturnTo {
    params.find("next").and_then(ReturnTo::parse).unwrap_or_else(ReturnTo::home)
}

/// Looks at what waits behind `next`.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn destination(app: &App, next: &ReturnTo) -> Result<Destination, Fault> {
    let Some(request) = next.params_of(AUTHORIZE) else { return Ok(Destination::default()) };
    let Some(client_id) = request.find("client_id") else { return Ok(Destination::default()) };
    let Some(client) = app.clients.find(&app.db, client_id, app.clock.now()).await? else {
        return Ok(Destination::default());
    };
    let redirect_uri = request.find("redirect_uri").filter(|uri| client.find_redirect_uri(uri).is_some());
    let form_action = FormAction(redirect_uri.and_then(origin_of));
    Ok(Destination {
        app_name: Some(client.name.clone()),
        app_logo: client.logo_path(),
        form_action,
        allows_magic_link: client.allow_magic_link,
        request: Some(request),
    })
}
