//! `/admin/{users,clients,invitations}/bulk/{deed}`: the same for many at once; first what it is about, then what came of it for
//! each.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::frame::ConsolePage;
use super::gate;
use super::operator::{Operator, Ordered};
use crate::access::store as groups;
use crate::accounts::store::invitations;
use crate::admin::deed::Stop;
use crate::admin::policy::{Actor, Right};
use crate::admin::store;
use crate::admin::{clients as apps, invitations as invites, people};
use crate::audit::Scene;
use crate::clients;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{InvitationId, UserId};
use crate::spec::Params;
use crate::web::PageError;

/// At most so many at once: a page of the list.
const MOST: usize = 100;

/// What is done with many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Nobody signs in any more.
    Disable,
    /// They may again.
    Enable,
    /// Every session and token ends.
    SignOut,
    /// Into a group.
    Join,
    /// Out of a group.
    Leave,
    /// Nobody uses the app any more.
    DisableApp,
    /// The app may be used again.
    EnableApp,
    /// The invitation serves no more.
    Withdraw,
}

/// Of which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    People,
    Apps,
    Invitations,
}

impl Kind {
    /// Where the list is.
    const fn list(self) -> &'static str {
        match self {
            Self::People => "/admin/users",
            Self::Apps => "/admin/clients",
            Self::Invitations => "/admin/invitations",
        }
    }

    /// What the list is called, one of it, and several.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::People => ("Users", "person", "people"),
            Self::Apps => ("Apps", "app", "apps"),
            Self::Invitations => ("Invitations", "invitation", "invitations"),
        }
    }

    /// What one has to hold to be told what they are called.
    const fn right(self) -> Right {
        match self {
            Self::People => Right::ViewUser,
            Self::Apps => Right::ViewClient,
            Self::Invitations => Right::ViewInvitation,
        }
    }
}

impl Deed {
    const ALL: [Self; 8] = [
        Self::Disable,
        Self::Enable,
        Self::SignOut,
        Self::Join,
        Self::Leave,
        Self::DisableApp,
        Self::EnableApp,
        Self::Withdraw,
    ];

    /// Its page.
    const fn path(self) -> &'static str {
        match self {
            Self::Disable => "/admin/users/bulk/disable",
            Self::Enable => "/admin/users/bulk/enable",
            Self::SignOut => "/admin/users/bulk/sign-out",
            Self::Join => "/admin/users/bulk/join",
            Self::Leave => "/admin/users/bulk/leave",
            Self::DisableApp => "/admin/clients/bulk/disable",
            Self::EnableApp => "/admin/clients/bulk/enable",
            Self::Withdraw => "/admin/invitations/bulk/withdraw",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Disable | Self::Enable | Self::SignOut | Self::Join | Self::Leave => Kind::People,
            Self::DisableApp | Self::EnableApp => Kind::Apps,
            Self::Withdraw => Kind::Invitations,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Disable => "Disable accounts",
            Self::Enable => "Enable accounts",
            Self::SignOut => "Sign people out",
            Self::Join => "Add people to a group",
            Self::Leave => "Remove people from a group",
            Self::DisableApp => "Disable apps",
            Self::EnableApp => "Enable apps",
            Self::Withdraw => "Withdraw invitations",
        }
    }

    const fn consequence(self) -> &'static str {
        match self {
            Self::Disable => "They are signed out everywhere at once, and cannot sign in until they are enabled.",
            Self::Enable => "They can sign in again.",
            Self::SignOut => "Every session and every token of theirs ends. They can sign in again.",
            Self::Join => "They get what the group gives, in every app that goes by it.",
            Self::Leave => "They lose what only the group gives them.",
            Self::DisableApp => "Nobody can use them, and their tokens are dead, until they are enabled.",
            Self::EnableApp => "They may be used again.",
            Self::Withdraw => "Their links serve no more.",
        }
    }

    /// Whether it takes something away.
    const fn takes_away(self) -> bool {
        matches!(self, Self::Disable | Self::SignOut | Self::Leave | Self::DisableApp | Self::Withdraw)
    }

    const fn needs_group(self) -> bool {
        matches!(self, Self::Join | Self::Leave)
    }

    /// Of the path that was asked for, as the router knows it.
    fn of(req: &HttpRequest) -> Result<Self, PageError> {
        let pattern = req.match_pattern().unwrap_or_default();
        Self::ALL.into_iter().find(|deed| deed.path() == pattern).ok_or_else(PageError::not_found)
    }
}

/// Words and addresses that both pages show.
#[derive(Clone, Copy, Debug, Serialize)]
struct About {
    list: &'static str,
    list_name: &'static str,
    one: &'static str,
    several: &'static str,
    /// Whether each of them has a page of its own.
    has_pages: bool,
}

impl About {
    fn menu(self) -> &'static str {
        self.list.trim_start_matches("/admin/")
    }
}

impl Kind {
    const fn about(self) -> About {
        let (list_name, one, several) = self.words();
        About { list: self.list(), list_name, one, several, has_pages: !matches!(self, Self::Invitations) }
    }
}

/// What it is about.
#[derive(Clone, Debug, Serialize)]
pub struct BulkPage {
    about: About,
    action: &'static str,
    title_of_deed: &'static str,
    consequence: &'static str,
    takes_away: bool,
    needs_group: bool,
    group: String,
    targets: Vec<Target>,
    ids: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct BulkDonePage {
    about: About,
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

    fn menu(&self) -> &'static str {
        self.about.menu()
    }

    fn sample() -> Self {
        let deed = Deed::Join;
        Self {
            about: deed.kind().about(),
            action: deed.path(),
            title_of_deed: deed.title(),
            consequence: deed.consequence(),
            takes_away: deed.takes_away(),
            needs_group: deed.needs_group(),
            group: "editors".into(),
            targets: vec![Target { id: "0".into(), name: "ada".into() }],
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

    fn menu(&self) -> &'static str {
        self.about.menu()
    }

    fn sample() -> Self {
        let refused = Refused { id: "0".into(), name: "ada".into(), why: "a sample".into() };
        let about = Kind::People.about();
        Self { about, title_of_deed: Deed::Disable.title(), done: 2, refused: vec![refused] }
    }
}

/// The ids that were ticked, or all of the page.
fn ticked(params: &Params) -> Vec<String> {
    let all = if params.has("all") { params.find("page") } else { params.find("users") };
    let listed = all.unwrap_or_default().split(',').filter(|id| !id.is_empty());
    let mut ids: Vec<String> = listed.chain(params.values("u")).map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MOST);
    ids
}

/// `GET`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let deed = Deed::of(&operator.req)?;
    let query = operator.query()?;
    show(&operator, deed, &query).await
}

async fn show(operator: &Operator, deed: Deed, params: &Params) -> Result<HttpResponse, PageError> {
    let targets = find(operator, deed, ticked(params)).await?;
    operator.show(BulkPage {
        about: deed.kind().about(),
        action: deed.path(),
        title_of_deed: deed.title(),
        consequence: deed.consequence(),
        takes_away: deed.takes_away(),
        needs_group: deed.needs_group(),
        group: params.find("group").unwrap_or_default().to_owned(),
        ids: targets.iter().map(|target| target.id.as_str()).collect::<Vec<_>>().join(","),
        targets,
    })
}

/// Those that are there, by name: for who may see them.
async fn find(operator: &Operator, deed: Deed, ids: Vec<String>) -> Result<Vec<Target>, PageError> {
    let right = deed.kind().right();
    if !operator.actor.may(right) {
        return Err(gate::refused(&format!("Choosing them takes the permission portcullis.{right} too.")));
    }
    // To whom invitations went is for those who may see people.
    let sees_people = operator.actor.may(Right::ViewUser);
    let mut targets = operator.read(move |conn| load(conn, deed.kind(), &ids, sees_people)).await?;
    targets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(targets)
}

fn load(conn: &mut Conn, kind: Kind, ids: &[String], sees_people: bool) -> Result<Vec<Target>, Fault> {
    let target = |(id, name): (String, String)| Target { id, name };
    let named: Vec<(String, String)> = match kind {
        Kind::People => {
            let ids: Vec<UserId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            store::usernames(conn, &ids)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect()
        }
        Kind::Apps => clients::store::names(conn, ids)?,
        Kind::Invitations => {
            let ids: Vec<InvitationId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            let name = |address: Option<String>| match address {
                Some(address) if sees_people => address,
                Some(_) => "somebody".to_owned(),
                None => "anybody".to_owned(),
            };
            let found = invitations::find_all(conn, &ids)?.into_iter();
            found.map(|row| (row.id.to_string(), name(row.address))).collect()
        }
    };
    Ok(named.into_iter().map(target).collect())
}

/// `POST`: each by itself; what it may not be done to stays as it is.
///
/// # Errors
/// A page.
pub async fn post(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let deed = Deed::of(&operator.req)?;
    let group = form.find("group").unwrap_or_default().trim().to_owned();
    let targets = find(&operator, deed, ticked(&form)).await?;
    if targets.is_empty() || (deed.needs_group() && group.is_empty()) {
        return show(&operator, deed, &form).await;
    }
    let (mut done, mut refused) = (0, Vec::new());
    for Target { id, name } in targets {
        let (scene, group, issuer) = (operator.scene(), group.clone(), operator.app.issuer.clone());
        let own = id.clone();
        let work = move |conn: &mut Conn, actor: &Actor| run(deed, conn, actor, (&own, &group, &issuer), &scene);
        let why = match operator.carry_out(work).await {
            Ok(Ok(())) => {
                done += 1;
                continue;
            }
            Ok(Err(undone)) => undone.in_words(),
            // What was done for the others stands, and is told.
            Err(error) => {
                tracing::warn!(because = error.cause(), "one of many was left out");
                "It is gone, or it cannot be done at the moment.".to_owned()
            }
        };
        refused.push(Refused { id, name, why });
    }
    operator.show_once(BulkDonePage { about: deed.kind().about(), title_of_deed: deed.title(), done, refused })
}

fn run(
    deed: Deed,
    conn: &mut Conn,
    actor: &Actor,
    (id, group, issuer): (&str, &str, &str),
    scene: &Scene,
) -> Result<(), Stop> {
    let person = || id.parse::<UserId>().map_err(|_| Stop::Gone);
    match deed {
        Deed::Disable => people::disable(conn, actor, person()?, scene),
        Deed::Enable => people::enable(conn, actor, person()?, scene),
        Deed::SignOut => people::sign_out(conn, actor, person()?, scene),
        Deed::Join => people::join(conn, actor, person()?, group, scene),
        Deed::Leave if groups::find_group(conn, group)?.is_none() => {
            Err(Stop::wrong("group", format!("There is no group “{group}”.")))
        }
        Deed::Leave => people::leave(conn, actor, person()?, group, scene),
        Deed::DisableApp => apps::set_enabled(conn, actor, (id, false), issuer, scene),
        Deed::EnableApp => apps::set_enabled(conn, actor, (id, true), issuer, scene),
        Deed::Withdraw => invites::withdraw(conn, id.parse().map_err(|_| Stop::Gone)?, scene),
    }
}
