//! `/admin/invitations`: who is asked to register.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Back, Button, Choice, MOST_IN_FILE, Window};
use super::operator::{Operator, Ordered, done};
use crate::accounts::store::invitations::{self, Filter, Listed};
use crate::admin::invitations::{self as deeds, Wish};
use crate::admin::policy::Right;
use crate::kernel::fault::Fault;
use crate::kernel::ids::InvitationId;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// Hours that an invitation serves when nobody says otherwise.
const USUAL_HOURS: &str = "72";

/// Every invitation, the latest first.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page shows a thing or not, each by itself")]
pub struct InvitationsPage {
    rows: Vec<Row>,
    back: Back,
    q: String,
    states: Vec<Choice>,
    sizes: Vec<Choice>,
    is_filtered: bool,
    csv: String,
    deeds: Vec<Button>,
    /// Ids on this page, for the box that means all of them.
    page: String,
    may_add: bool,
    may_withdraw: bool,
    email: String,
    groups: String,
    hours: String,
    send: bool,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    address: Option<String>,
    groups: Vec<String>,
    by: String,
    made: String,
    ends: String,
    state: &'static str,
    is_open: bool,
}

impl ConsolePage for InvitationsPage {
    const TEMPLATE: &'static str = "admin/invitations.html";
    const MENU: &'static str = "invitations";

    fn title(&self) -> String {
        "Invitations".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            address: Some("ada@example.test".into()),
            groups: vec!["editors".into()],
            by: "root".into(),
            made: "2026-11-20 10:00 UTC".into(),
            ends: "2026-11-23 10:00 UTC".into(),
            state: "open",
            is_open: true,
        };
        Self {
            rows: vec![row],
            back: Back::sample(),
            q: "ada".into(),
            states: states(true),
            sizes: list::sizes(&Params::default()),
            is_filtered: true,
            csv: "/admin/invitations.csv".into(),
            deeds: list::sample_buttons(),
            page: "0".into(),
            may_add: true,
            may_withdraw: true,
            email: String::new(),
            groups: String::new(),
            hours: USUAL_HOURS.into(),
            send: true,
            flash: Some("a sample"),
            errors: vec![FieldError::new("email", "a sample")],
        }
    }
}

/// The link, once.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationMadePage {
    link: String,
    email: Option<String>,
    hours: u32,
    was_sent: bool,
}

impl ConsolePage for InvitationMadePage {
    const TEMPLATE: &'static str = "admin/invitation_made.html";
    const MENU: &'static str = "invitations";

    fn title(&self) -> String {
        "The invitation".into()
    }

    fn sample() -> Self {
        let link = "https://id.example.test/register?invitation=sample".into();
        Self { link, email: Some("ada@example.test".into()), hours: 72, was_sent: true }
    }
}

/// `GET /admin/invitations`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("withdrawn") => Some("The invitation serves no more."),
        _ => None,
    };
    let fresh = Params::default().with("hours", USUAL_HOURS).with("send", "1");
    show(&operator, &fresh, flash, vec![]).await
}

async fn show(
    operator: &Operator,
    typed: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let now = operator.app.clock.now();
    // A form that failed has no query that is the list's.
    let query = operator.query().unwrap_or_default();
    let asked = Asked::read(&query)?;
    let window = Window::read(&query);
    let filter = asked.filter(now, (window.before, window.limit()));
    let load = move |conn: &mut Conn| {
        let rows = invitations::list(conn, &filter)?;
        // A part of an address is looked for line by line: those that fit are not all looked for.
        let counted = if filter.q.is_empty() {
            Some(window.counted(rows.len(), || invitations::count(conn, &filter))?)
        } else {
            window.all(rows.len())
        };
        Ok::<_, Fault>((
            rows,
            counted.map_or_else(String::new, |counted| list::total(counted, ["invitation", "invitations"])),
        ))
    };
    let (mut rows, total) = operator.read(load).await?;
    let here = asked.url("/admin/invitations", list::size_in_url(&query));
    let back = window.cut(&mut rows, total, &here, |row| row.id.to_string());
    let sees_people = sees_addresses(operator);
    let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
    operator.show(InvitationsPage {
        page: rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>().join(","),
        rows: rows.into_iter().map(|row| line(row, sees_people, now)).collect(),
        back,
        states: states(asked.is_open),
        sizes: list::sizes(&query),
        is_filtered: asked.is_open || !asked.q.is_empty(),
        csv: asked.url("/admin/invitations.csv", ""),
        q: asked.q,
        deeds: list::buttons(
            &operator.actor,
            &[("Withdraw", "/admin/invitations/bulk/withdraw", Right::DeleteInvitation)],
        ),
        may_add: operator.actor.may(Right::AddInvitation),
        may_withdraw: operator.actor.may(Right::DeleteInvitation),
        email: text("email"),
        groups: text("groups"),
        hours: text("hours"),
        send: typed.has("send"),
        flash,
        errors,
    })
}

/// What the URL asks for.
struct Asked {
    q: String,
    is_open: bool,
}

impl Asked {
    fn read(query: &Params) -> Result<Self, PageError> {
        Ok(Self { q: list::word(query, "q")?, is_open: query.find("state") == Some("open") })
    }

    fn filter(&self, now: Instant, (before, limit): (Option<InvitationId>, i64)) -> Filter {
        Filter { q: self.q.clone(), open_at: self.is_open.then_some(now), before, limit }
    }

    fn url(&self, page: &str, size: &str) -> String {
        list::url(page, &[("q", &self.q), ("state", if self.is_open { "open" } else { "" }), ("size", size)])
    }
}

fn states(is_open: bool) -> Vec<Choice> {
    let chosen = if is_open { "open" } else { "" };
    vec![Choice::new("", "All", chosen), Choice::new("open", "Open", chosen)]
}

/// To whom invitations went is for those who may see people, or invite.
fn sees_addresses(operator: &Operator) -> bool {
    operator.actor.may(Right::ViewUser) || operator.actor.may(Right::AddInvitation)
}

/// `GET /admin/invitations.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let (asked, now) = (Asked::read(&operator.query()?)?, operator.app.clock.now());
    let filter = asked.filter(now, (None, MOST_IN_FILE));
    let sees = sees_addresses(&operator);
    let rows = operator.read(move |conn| invitations::list(conn, &filter)).await?;
    let rows = rows.into_iter().map(|row| line(row, sees, now)).map(|row| {
        let address = row.address.unwrap_or_else(|| "anybody".to_owned());
        vec![address, row.groups.join(";"), row.by, row.made, row.ends, row.state.to_owned()]
    });
    Ok(list::csv("invitations.csv", &["for", "groups", "by", "made", "ends", "state"], rows))
}

fn line(row: Listed, sees_people: bool, now: Instant) -> Row {
    let state = row.state(now);
    let names = row.groups.as_array().into_iter().flatten();
    Row {
        id: row.id.to_string(),
        groups: names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        address: row.address.map(|address| if sees_people { address } else { "somebody".to_owned() }),
        by: row.invited_by,
        made: when::at(row.created_at),
        ends: when::at(row.expires_at),
        is_open: state == "open",
        state,
    }
}

/// `POST /admin/invitations/add`: the answer shows the link, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let names = text("groups");
    let wish = Wish {
        email: text("email"),
        groups: names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        hours: text("hours").parse().unwrap_or(0),
        // Ticked from the start: without an address there is nothing to mail.
        send: form.has("send") && form.find("email").is_some_and(|email| !email.trim().is_empty()),
    };
    let (email, hours, was_sent) = (Some(wish.email.clone()).filter(|email| !email.is_empty()), wish.hours, wish.send);
    let (scene, courier, site) =
        (operator.scene(), operator.app.courier.clone(), operator.app.config.server.site_name.clone());
    let made = operator.carry_out(move |conn, actor| deeds::add(conn, actor, &wish, (&courier, &site), &scene)).await?;
    match made {
        Ok((_, link)) => operator.show_once(InvitationMadePage { link: link.expose().clone(), email, hours, was_sent }),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewInvitation)?;
            show(&operator, &form, None, errors).await
        }
    }
}

/// `POST /admin/invitations/{id}/withdraw`.
///
/// # Errors
/// A page.
pub async fn withdraw(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: InvitationId = id.parse().map_err(|_| PageError::not_found())?;
    let scene = operator.scene();
    match operator.carry_out(move |conn, _| deeds::withdraw(conn, id, &scene)).await? {
        Ok(()) => Ok(done("/admin/invitations", "withdrawn")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewInvitation)?;
            show(&operator, &form, None, errors).await
        }
    }
}
