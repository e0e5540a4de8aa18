//! Before every page of the console: signed in, staff, and the right that the route takes.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _};

use super::list;
use crate::admin::policy::{self, Actor, Right};
use crate::portal::http::asker::Person;
use crate::spec::Params;
use crate::web::{PageError, ReturnTo};

/// What a route of the console takes.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// GET (and HEAD) or POST.
    pub method: &'static str,
    /// As the router knows it, with names in braces.
    pub path: &'static str,
    /// Who may; without one, all staff.
    pub right: Option<Right>,
    /// Whether the password has to have been given just before.
    pub needs_fresh: bool,
    /// Whether it is open, for their own groups, to managers without the right.
    pub for_managers: bool,
    /// Whether it takes being a superuser, since no permission covers all that is behind it.
    pub for_superusers: bool,
}

impl Door {
    /// Open to managers of groups too; the page looks whether the group is theirs.
    #[must_use]
    pub const fn or_manager(self) -> Self {
        Self { for_managers: true, ..self }
    }

    /// Whether this is for them.
    #[must_use]
    pub fn admits(&self, actor: &Actor) -> bool {
        if self.for_superusers {
            return actor.is_superuser;
        }
        self.right.is_none_or(|right| actor.may(right)) || (self.for_managers && actor.is_manager())
    }

    /// For all staff to look at.
    #[must_use]
    pub const fn for_staff(path: &'static str) -> Self {
        Self { method: "GET", path, right: None, needs_fresh: false, for_managers: false, for_superusers: false }
    }

    /// To look at something.
    #[must_use]
    pub const fn look(path: &'static str, right: Right) -> Self {
        Self { right: Some(right), ..Self::for_staff(path) }
    }

    /// To change something.
    #[must_use]
    pub const fn change(path: &'static str, right: Right) -> Self {
        Self { method: "POST", ..Self::look(path, right) }
    }

    /// To change something that a borrowed browser must not.
    #[must_use]
    pub const fn change_freshly(path: &'static str, right: Right) -> Self {
        Self { needs_fresh: true, ..Self::change(path, right) }
    }

    /// For superusers to look at.
    #[must_use]
    pub const fn look_at_all(path: &'static str) -> Self {
        Self { for_superusers: true, ..Self::for_staff(path) }
    }

    /// For superusers to change.
    #[must_use]
    pub const fn change_all(path: &'static str) -> Self {
        Self { method: "POST", needs_fresh: true, ..Self::look_at_all(path) }
    }
}

/// Somebody who came past the gate, and the door that it was.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who.
    pub actor: Actor,
    /// Where.
    pub door: Door,
}

/// Wraps one route of the console, whose doors are those of `path`. The route is told which it is: what a client makes of
/// a path has no say in which right it takes.
///
/// # Errors
/// Those of the handlers.
pub async fn pass<B: MessageBody>(
    (path, doors): (&'static str, &'static [Door]),
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match check(path, doors, req.request()).await {
        Ok(admitted) => {
            req.extensions_mut().insert(admitted);
            next.call(req).await.map(ServiceResponse::map_into_left_body)
        }
        Err(refusal) => Ok(req.into_response(refusal.error_response()).map_into_right_body()),
    }
}

async fn check(path: &str, doors: &[Door], req: &HttpRequest) -> Result<Admitted, PageError> {
    // The database knows no text with a NUL: nothing is called so.
    if req.uri().path().contains("%00") {
        return Err(PageError::not_found());
    }
    let Some(person) = Person::find(req)? else { return Err(first_sign_in(req)) };
    let user = person.session.user_id;
    let actor = person.read(move |conn| policy::find_actor(conn, user)).await?.ok_or_else(not_staff)?;
    let method = if *req.method() == Method::HEAD { "GET" } else { req.method().as_str() };
    let door = doors.iter().find(|door| door.path == path && door.method == method);
    let Some(door) = door else {
        let is_shown = doors.iter().any(|door| door.path == path && door.method == "GET");
        return Err(PageError::wrong_method(if is_shown { "GET, HEAD" } else { "POST" }));
    };
    if !door.admits(&actor) {
        return Err(match door.right {
            _ if door.for_superusers => not_superuser(),
            Some(right) => no_right(right),
            None => no_rights(),
        });
    }
    // The form too, so that nobody fills it in to lose it; and then there is time to fill it in.
    let leads_to_fresh = |door: &Door| door.path == path && door.needs_fresh && door.admits(&actor);
    let has_page = doors.iter().any(|door| door.path == path && door.method == "GET");
    let is_fresh = if method == "POST" && has_page { person.is_fresh_enough_to_post() } else { person.is_fresh() };
    if (door.needs_fresh || (method == "GET" && doors.iter().any(leads_to_fresh))) && !is_fresh {
        return Err(first_confirm(req, has_page));
    }
    Ok(Admitted { actor, door: *door })
}

fn first_sign_in(req: &HttpRequest) -> PageError {
    let here = if *req.method() == Method::GET { req.uri().to_string() } else { parent(req) };
    PageError::first(ReturnTo::to("/login", &Params::default().with("next", &here)).as_str())
}

/// Stands in the address of the page that somebody is back at who was asked for their password when they posted a form of it.
pub const INTERRUPTED: &str = "interrupted";

/// The password, and back to the page that the form stands on, which says that nothing was done.
fn first_confirm(req: &HttpRequest, is_page: bool) -> PageError {
    let next = match (is_page, req.method()) {
        (true, &Method::POST) => req.path().to_owned(),
        (true, _) => req.uri().to_string(),
        (false, _) => list::with(&parent(req), INTERRUPTED, "1"),
    };
    let query = Params::default().with("confirm", "1").with("next", &next);
    PageError::first(ReturnTo::to("/login", &query).as_str())
}

fn parent(req: &HttpRequest) -> String {
    req.path().rsplit_once('/').map_or_else(|| "/admin".to_owned(), |(parent, _)| parent.to_owned())
}

fn not_staff() -> PageError {
    PageError::new(
        StatusCode::FORBIDDEN,
        "access_denied",
        "Not for you",
        "These pages are for the people who run this place.",
        "If you should be one of them, ask those who are.",
    )
    .back("/account", "Go to your account")
    .because("the person is no staff")
}

/// For staff who may see nothing.
#[must_use]
pub fn no_rights() -> PageError {
    PageError::new(
        StatusCode::FORBIDDEN,
        "access_denied",
        "There is nothing here for you yet",
        "You may enter the console, but you hold none of its permissions.",
        "Ask somebody who may grant them.",
    )
    .back("/account", "Go to your account")
    .because("the operator holds no permission of the console")
}

/// For who may do something, but not this, and not see the page that would say so.
#[must_use]
pub fn refused(why: &str) -> PageError {
    PageError::new(StatusCode::FORBIDDEN, "refused", "Nothing was changed", why, "Go back, and try something else.")
        .because(why)
}

fn not_superuser() -> PageError {
    PageError::new(
        StatusCode::FORBIDDEN,
        "access_denied",
        "You may not do this",
        "It is about everything here, and takes a superuser.",
        "Ask a superuser to do it for you.",
    )
    .back("/admin", "Go to the console")
    .because("the operator is no superuser")
}

fn no_right(right: Right) -> PageError {
    PageError::new(
        StatusCode::FORBIDDEN,
        "access_denied",
        "You may not do this",
        &format!("It takes the permission portcullis.{right}, which you do not have."),
        "Ask somebody who may grant it, or who may do it for you.",
    )
    .back("/admin", "Go to the console")
    .because(format!("the permission portcullis.{right} is missing"))
}
