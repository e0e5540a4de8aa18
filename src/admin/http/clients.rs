//! `/admin/clients`: apps, and how another one is registered.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use actix_web::HttpResponse;
use chrono::Duration;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Button, Choice, Heading, Pages};
use super::operator::{Operator, Ordered};
use crate::admin::clients as deeds;
use crate::admin::deed::Stop;
use crate::admin::policy::Right;
use crate::admin::statistics;
use crate::admin::store as console;
use crate::clients::client::{Client, Kind};
use crate::clients::store;
use crate::clients::template::{Block, Template};
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when::{self, Moment};
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// Every app.
#[derive(Clone, Debug, Serialize)]
pub struct ClientsPage {
    rows: Vec<Row>,
    orders: Vec<Choice>,
    headings: Vec<Heading>,
    pages: Pages,
    sizes: Vec<Choice>,
    deeds: Vec<Button>,
    /// Ids on this page, for the box that means all of them.
    page: String,
    csv: String,
    q: String,
    may_add: bool,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    client_id: String,
    name: String,
    logo: Option<String>,
    kind: &'static str,
    last: Option<Moment>,
    people: i64,
    badges: Vec<Badge>,
}

/// A word about an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    label: &'static str,
    kind: &'static str,
}

impl ConsolePage for ClientsPage {
    const TEMPLATE: &'static str = "admin/clients.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        "Apps".into()
    }

    fn sample() -> Self {
        let row = Row {
            client_id: "my-app".into(),
            name: "My app".into(),
            logo: Some("/logos/0".into()),
            kind: "confidential",
            last: Some(Moment::sample()),
            people: 3,
            badges: vec![Badge { label: "Disabled", kind: "danger" }],
        };
        let headings = vec![Heading::plain("App")];
        Self {
            rows: vec![row],
            orders: vec![Choice::new("name", "By name", "name")],
            headings,
            pages: Pages::sample(),
            sizes: list::sizes(&Params::default()),
            deeds: list::sample_buttons(),
            page: "my-app".into(),
            csv: "/admin/clients.csv".into(),
            q: "my".into(),
            may_add: true,
            flash: Some("a sample"),
        }
    }
}

/// A secret is worth replacing after a year.
const OLD_SECRET: Duration = Duration::days(365);

/// What is worth saying of an app at a glance.
#[must_use]
pub fn badges(client: &Client, now: Instant) -> Vec<Badge> {
    let is_old = client.secret_set_at.is_some_and(|set| now - set > OLD_SECRET);
    let plain_http = client.redirect_uris.iter().any(|uri| uri.as_str().starts_with("http://"));
    let all = [
        (!client.is_enabled, "Disabled", "danger"),
        (!client.restriction.is_none(), "Restricted", "info"),
        (client.skip_consent, "No consent asked", "neutral"),
        (client.allow_token_pair, "Takes passwords", "warning"),
        (!client.needs_pkce() && !client.redirect_uris.is_empty(), "PKCE not demanded", "warning"),
        (client.secret.is_some() && is_old, "Old secret", "warning"),
        (plain_http && client.kind == Kind::Confidential, "Redirects to http", "warning"),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, label, kind)| Badge { label, kind }).collect()
}

/// Orders of the list; the first, unless another is asked for.
const ORDERS: [(&str, &str); 6] = [
    ("name", "By name"),
    ("name-back", "By name, from the end"),
    ("seen", "Last seen first"),
    ("seen-back", "Unseen longest first"),
    ("people", "Most people first"),
    ("people-back", "Fewest people first"),
];

/// `GET /admin/clients`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let flash = query.find("done").filter(|done| *done == "deleted").map(|_| "The app is deleted.");
    let Found { q, order, mut clients, known } = find(&operator, &query).await?;
    let now = operator.app.clock.now();
    let size = list::size_in_url(&query);
    let url = |order: &str, from: &str| {
        list::url("/admin/clients", &[("q", &q), ("order", order), ("size", size), ("from", from)])
    };
    let pages = Pages::cut(&mut clients, &query, |from| url(order, from));
    let sorting = |label, orders, up| Heading::sorting(label, (orders, order), up, |order| url(order, ""));
    let headings = vec![
        sorting("App", ["name", "name-back"], "name"),
        Heading::plain("Type"),
        sorting("Last seen in the log", ["seen", "seen-back"], "seen-back"),
        sorting("People, 30 days", ["people", "people-back"], "people-back"),
        Heading::plain("Worth knowing"),
    ];
    let row = |client: Client| Row {
        badges: known.badges(&client, now),
        last: known.last.get(&client.client_id).map(|at| Moment::of(*at, now)),
        people: known.people_of(&client),
        kind: client.kind.as_str(),
        logo: client.logo_path(),
        name: client.name,
        client_id: client.client_id,
    };
    let (may_add, csv) =
        (operator.actor.may(Right::AddClient), list::url("/admin/clients.csv", &[("q", &q), ("order", order)]));
    let deeds = list::buttons(
        &operator.actor,
        &[
            ("Disable", "/admin/clients/bulk/disable", Right::ChangeClient),
            ("Enable", "/admin/clients/bulk/enable", Right::ChangeClient),
        ],
    );
    let page = clients.iter().map(|client| client.client_id.as_str()).collect::<Vec<_>>().join(",");
    operator.show(ClientsPage {
        deeds,
        rows: clients.into_iter().map(row).collect(),
        sizes: list::sizes(&query),
        orders: ORDERS.map(|(value, label)| Choice::new(value, label, order)).to_vec(),
        headings,
        pages,
        page,
        csv,
        q,
        may_add,
        flash,
    })
}

/// `GET /admin/clients.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let Found { clients, known, .. } = find(&operator, &operator.query()?).await?;
    let now = operator.app.clock.now();
    let rows = clients.into_iter().map(|client| {
        let words: Vec<_> = known.badges(&client, now).iter().map(|badge| badge.label).collect();
        let seen = known.last.get(&client.client_id).map(|at| when::at(*at)).unwrap_or_default();
        let (kind, people) = (client.kind.as_str().to_owned(), known.people_of(&client).to_string());
        vec![client.client_id, client.name, kind, seen, people, words.join(";")]
    });
    Ok(list::csv("apps.csv", &["client_id", "name", "type", "last_seen", "people_30_days", "worth_knowing"], rows))
}

/// Apps that were asked for, in the order that was asked for.
struct Found {
    q: String,
    order: &'static str,
    clients: Vec<Client>,
    known: Known,
}

/// What is known of all apps, by client id.
struct Known {
    last: HashMap<String, Instant>,
    people: HashMap<String, i64>,
    unused: HashSet<String>,
}

impl Known {
    fn people_of(&self, client: &Client) -> i64 {
        self.people.get(&client.client_id).copied().unwrap_or_default()
    }

    /// With what only use shows. An app that nobody signs in to is used by no person, rightly.
    fn badges(&self, client: &Client, now: Instant) -> Vec<Badge> {
        let is_for_people = !client.redirect_uris.is_empty();
        let unused = is_for_people && self.unused.contains(&client.client_id);
        let unused = unused.then_some(Badge { label: "Nobody uses it", kind: "neutral" });
        badges(client, now).into_iter().chain(unused).collect()
    }
}

async fn find(operator: &Operator, query: &Params) -> Result<Found, PageError> {
    let q = list::word(query, "q")?;
    let now = operator.app.clock.now();
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let clients = store::list(conn)?;
        let ids: Vec<String> = clients.iter().map(|client| client.client_id.clone()).collect();
        let (last, unused) = (console::last_activity(conn, &ids)?, console::unused_clients(conn)?);
        Ok((clients, Known { last, people: statistics::people_by_app(conn, now)?, unused }))
    };
    let (mut clients, known) = operator.read(load).await?;
    let wanted = q.to_lowercase();
    clients.retain(|client| client.name.to_lowercase().contains(&wanted) || client.client_id.contains(&q));
    let asked = query.find("order");
    let order = ORDERS.into_iter().map(|(order, _)| order).find(|order| asked == Some(*order)).unwrap_or("name");
    match order {
        "seen" => clients.sort_by_key(|client| Reverse(known.last.get(&client.client_id).copied())),
        "seen-back" => clients.sort_by_key(|client| known.last.get(&client.client_id).copied()),
        "people" => clients.sort_by_key(|client| Reverse(known.people_of(client))),
        "people-back" => clients.sort_by_key(|client| known.people_of(client)),
        _ => clients.sort_by_key(|client| client.name.to_lowercase()),
    }
    if order == "name-back" {
        clients.reverse();
    }
    Ok(Found { q, order, clients, known })
}

/// Apps that we know how to set up.
#[derive(Clone, Debug, Serialize)]
pub struct GalleryPage {
    tiles: Vec<Tile>,
    q: String,
}

#[derive(Clone, Debug, Serialize)]
struct Tile {
    id: String,
    name: String,
    about: String,
    is_general: bool,
}

impl ConsolePage for GalleryPage {
    const TEMPLATE: &'static str = "admin/gallery.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        "New app".into()
    }

    fn sample() -> Self {
        let tile =
            Tile { id: "miniflux".into(), name: "Miniflux".into(), about: "Feed reader".into(), is_general: false };
        Self { tiles: vec![tile], q: "feed".into() }
    }
}

/// `GET /admin/clients/new`.
///
/// # Errors
/// A page.
pub async fn gallery(operator: Operator) -> Result<HttpResponse, PageError> {
    let q = list::word(&operator.query()?, "q")?;
    let wanted = q.to_lowercase();
    let fits = |template: &&Template| {
        template.is_general()
            || template.name.to_lowercase().contains(&wanted)
            || template.about.to_lowercase().contains(&wanted)
    };
    let tile = |template: &Template| Tile {
        id: template.id.clone(),
        name: template.name.clone(),
        about: template.about.clone(),
        is_general: template.is_general(),
    };
    operator.show(GalleryPage { tiles: operator.app.gallery.iter().filter(fits).map(tile).collect(), q })
}

/// The form for a new app.
#[derive(Clone, Debug, Serialize)]
pub struct AddClientPage {
    template: String,
    app_name: String,
    homepage: String,
    note: String,
    needs_url: bool,
    name: String,
    client_id: String,
    url: String,
    restricted_to_groups: String,
    errors: Vec<FieldError>,
}

impl ConsolePage for AddClientPage {
    const TEMPLATE: &'static str = "admin/client_add.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        format!("New app: {}", self.app_name)
    }

    fn sample() -> Self {
        Self {
            template: "miniflux".into(),
            app_name: "Miniflux".into(),
            homepage: "https://miniflux.app".into(),
            note: "a sample".into(),
            needs_url: true,
            name: "Miniflux".into(),
            client_id: "miniflux".into(),
            url: "https://feeds.example.test".into(),
            restricted_to_groups: "editors".into(),
            errors: vec![FieldError::new("url", "a sample")],
        }
    }
}

fn find_template<'a>(operator: &'a Operator, id: &str) -> Result<&'a Template, PageError> {
    operator.app.gallery.iter().find(|template| template.id == id).ok_or_else(PageError::not_found)
}

/// `GET /admin/clients/add?template=…`.
///
/// # Errors
/// A page.
pub async fn add(operator: Operator) -> Result<HttpResponse, PageError> {
    let id = list::word(&operator.query()?, "template")?;
    let template = find_template(&operator, &id)?;
    let (name, own) = (template.name.clone(), template.id.clone());
    show_add(&operator, template, &Params::default().with("name", &name).with("client_id", &own), vec![])
}

fn show_add(
    operator: &Operator,
    template: &Template,
    typed: &Params,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
    operator.show(AddClientPage {
        template: template.id.clone(),
        app_name: template.name.clone(),
        homepage: template.homepage.clone(),
        note: template.note.clone(),
        needs_url: template.needs_url(),
        name: text("name"),
        client_id: text("client_id"),
        url: text("url"),
        restricted_to_groups: text("restricted_to_groups"),
        errors,
    })
}

/// Lines, or parts between commas, without what is empty.
#[must_use]
pub fn words(text: &str, between: &[char]) -> Vec<String> {
    text.split(between).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// The app is registered: its secret once, and what to paste.
#[derive(Clone, Debug, Serialize)]
pub struct ClientMadePage {
    name: String,
    client_id: String,
    secret: Option<String>,
    issuer: String,
    blocks: Vec<Block>,
    may_view: bool,
}

impl ConsolePage for ClientMadePage {
    const TEMPLATE: &'static str = "admin/client_made.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        format!("{} is registered", self.name)
    }

    fn sample() -> Self {
        Self {
            name: "Miniflux".into(),
            client_id: "miniflux".into(),
            secret: Some("sample".into()),
            issuer: "https://id.example.test".into(),
            blocks: vec![Block { label: "Environment".into(), text: "A=1\nB=2".into() }],
            may_view: true,
        }
    }
}

/// `POST /admin/clients/add`: the answer shows the secret, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn post_add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let template = find_template(&operator, &text("template"))?.clone();
    let url = text("url");
    let mut draft = match template.draft(text("client_id"), Some(&url)) {
        Ok(draft) => draft,
        Err(why) => return show_add(&operator, &template, &form, vec![FieldError::new("url", why)]),
    };
    draft.name = text("name");
    draft.restrict_to_groups = words(&text("restricted_to_groups"), &[',', '\n']);
    let (client_id, name, issuer) = (draft.client_id.clone(), draft.name.clone(), operator.app.issuer.clone());
    let (scene, own) = (operator.scene(), issuer.clone());
    let made = operator
        .carry_out(move |conn, actor| -> Result<_, Stop> { deeds::add(conn, actor, draft, &own, &scene) })
        .await?;
    match made {
        Ok(secret) => operator.show_once(ClientMadePage {
            blocks: template.blocks(&issuer, &client_id, secret.as_ref(), &url),
            secret: secret.map(|secret| secret.expose().clone()),
            may_view: operator.actor.may(Right::ViewClient),
            name,
            client_id,
            issuer,
        }),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::AddClient)?;
            show_add(&operator, &template, &form, errors)
        }
    }
}
