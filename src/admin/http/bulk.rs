//! `/admin/users/bulk/{deed}`: the same for many at once; first who it is about, then what came of it for each.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::frame::ConsolePage;
use super::gate;
use super::operator::{Operator, Ordered};
use crate::access::store as groups;
use crate::admin::deed::Stop;
use crate::admin::people;
use crate::admin::policy::{Actor, Right};
use crate::admin::store;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::ids::UserId;
use crate::spec::Params;
use crate::web::PageError;

/// At most so many at once: a page of the list.
const MOST: usize = 100;

crate::spec::words! {
    /// What is done with many.
    Deed {
        /// Nobody signs in any more.
        Disable = "disable",
        /// They may again.
        Enable = "enable",
        /// Every session and token ends.
        SignOut = "sign-out",
        /// Into a group.
        Join = "join",
        /// Out of a group.
        Leave = "leave",
    }
}

impl Deed {
    const fn title(self) -> &'static str {
        match self {
            Self::Disable => "Disable accounts",
            Self::Enable => "Enable accounts",
            Self::SignOut => "Sign people out",
            Self::Join => "Add people to a group",
            Self::Leave => "Remove people from a group",
        }
    }

    const fn consequence(self) -> &'static str {
        match self {
            Self::Disable => "They are signed out everywhere at once, and cannot sign in until they are enabled.",
            Self::Enable => "They can sign in again.",
            Self::SignOut => "Every session and every token of theirs ends. They can sign in again.",
            Self::Join => "They get what the group gives, in every app that goes by it.",
            Self::Leave => "They lose what only the group gives them.",
        }
    }

    const fn needs_group(self) -> bool {
        matches!(self, Self::Join | Self::Leave)
    }

    /// Of the path that was asked for, as the router knows it.
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let pattern = req.match_pattern().unwrap_or_default();
        let last = pattern.rsplit('/').next().unwrap_or_default();
        last.parse().map_err(|_| PageError::not_found())
    }
}

/// Who it is about.
#[derive(Clone, Debug, Serialize)]
pub struct BulkPage {
    deed: &'static str,
    title_of_deed: &'static str,
    consequence: &'static str,
    needs_group: bool,
    group: String,
    people: Vec<Target>,
    ids: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct BulkDonePage {
    title_of_deed: &'static str,
    done: usize,
    refused: Vec<Refused>,
}

#[derive(Clone, Debug, Serialize)]
struct Target {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Refused {
    id: String,
    name: String,
    why: String,
}

impl ConsolePage for BulkPage {
    const TEMPLATE: &'static str = "admin/bulk.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        self.title_of_deed.into()
    }

    fn sample() -> Self {
        let deed = Deed::Join;
        Self {
            deed: deed.as_str(),
            title_of_deed: deed.title(),
            consequence: deed.consequence(),
            needs_group: deed.needs_group(),
            group: "editors".into(),
            people: vec![Target { id: "0".into(), name: "ada".into() }],
            ids: "0".into(),
        }
    }
}

impl ConsolePage for BulkDonePage {
    const TEMPLATE: &'static str = "admin/bulk_done.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        self.title_of_deed.into()
    }

    fn sample() -> Self {
        let refused = Refused { id: "0".into(), name: "ada".into(), why: "a sample".into() };
        Self { title_of_deed: Deed::Disable.title(), done: 2, refused: vec![refused] }
    }
}

/// The ids that were ticked, or all of the page; what is none is nobody.
fn ticked(params: &Params) -> Vec<UserId> {
    let all = if params.has("all") { params.find("page") } else { params.find("users") };
    let listed = all.unwrap_or_default().split(',');
    let mut ids: Vec<UserId> = listed.chain(params.values("u")).filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MOST);
    ids
}

/// `GET /admin/users/bulk/{deed}`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let deed = Deed::of(&operator.req)?;
    let query = operator.query()?;
    show(&operator, deed, &query).await
}

async fn show(operator: &Operator, deed: Deed, params: &Params) -> Result<HttpResponse, PageError> {
    let people = names(operator, ticked(params)).await?;
    operator.show(BulkPage {
        deed: deed.as_str(),
        title_of_deed: deed.title(),
        consequence: deed.consequence(),
        needs_group: deed.needs_group(),
        group: params.find("group").unwrap_or_default().to_owned(),
        ids: people.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(","),
        people: people.into_iter().map(|(id, name)| Target { id: id.to_string(), name }).collect(),
    })
}

/// Those who are there, by name: for who may see people.
async fn names(operator: &Operator, ids: Vec<UserId>) -> Result<Vec<(UserId, String)>, PageError> {
    if !operator.actor.may(Right::ViewUser) {
        return Err(gate::refused("Choosing people takes the permission portcullis.view_user too."));
    }
    let mut people = operator.read(move |conn| store::usernames(conn, &ids)).await?;
    people.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(people)
}

/// `POST /admin/users/bulk/{deed}`: each by itself; whom it may not be done to stays as they are.
///
/// # Errors
/// A page.
pub async fn post(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let deed = Deed::of(&operator.req)?;
    let group = form.find("group").unwrap_or_default().trim().to_owned();
    let people = names(&operator, ticked(&form)).await?;
    if people.is_empty() || (deed.needs_group() && group.is_empty()) {
        return show(&operator, deed, &form).await;
    }
    let (mut done, mut refused) = (0, Vec::new());
    for (id, name) in people {
        let (scene, group) = (operator.scene(), group.clone());
        let why = match operator.carry_out(move |conn, actor| run(deed, conn, actor, (id, &group), &scene)).await {
            Ok(Ok(())) => {
                done += 1;
                continue;
            }
            Ok(Err(undone)) => undone.in_words(),
            // What was done for the others stands, and is told.
            Err(error) => {
                tracing::warn!(because = error.cause(), "one of many was left out");
                "They are gone, or it cannot be done at the moment.".to_owned()
            }
        };
        refused.push(Refused { id: id.to_string(), name, why });
    }
    operator.show(BulkDonePage { title_of_deed: deed.title(), done, refused })
}

fn run(deed: Deed, conn: &mut Conn, actor: &Actor, (id, group): (UserId, &str), scene: &Scene) -> Result<(), Stop> {
    match deed {
        Deed::Disable => people::disable(conn, actor, id, scene),
        Deed::Enable => people::enable(conn, actor, id, scene),
        Deed::SignOut => people::sign_out(conn, actor, id, scene),
        Deed::Join => people::join(conn, actor, id, group, scene),
        Deed::Leave if groups::find_group(conn, group)?.is_none() => {
            Err(Stop::wrong("group", format!("There is no group “{group}”.")))
        }
        Deed::Leave => people::leave(conn, actor, id, group, scene),
    }
}
