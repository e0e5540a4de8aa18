//! `/account/activity`.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::Asker;
use super::frame::AccountPage;
use super::when;
use crate::audit::store::{Listed, Wanted, list_of};
use crate::kernel::Instant;
use crate::portal::activity::{Filter, in_words, is_bad};
use crate::spec::Params;
use crate::web::{PageError, ReturnTo};

/// What happened.
#[derive(Clone, Debug, Serialize)]
pub struct ActivityPage {
    kinds: Vec<Kind>,
    events: Vec<Row>,
    next_url: Option<String>,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Kind {
    value: &'static str,
    label: &'static str,
    selected: bool,
}

/// One event, as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    id: String,
    what: &'static str,
    device: Option<String>,
    address: Option<String>,
    app: Option<String>,
    when: String,
    when_title: String,
    is_bad: bool,
}

impl Row {
    /// An event in words.
    #[must_use]
    pub fn of(event: Listed, now: Instant) -> Self {
        Self {
            id: event.id.to_string(),
            what: in_words(&event.event),
            device: event.device,
            address: event.address,
            app: event.client_id,
            when: when::ago(event.at, now),
            when_title: when::at(event.at),
            is_bad: is_bad(&event.event),
        }
    }

    /// For galleries.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            id: "0".into(),
            what: "Signed in",
            device: Some("Firefox on Linux".into()),
            address: Some("192.0.2.1".into()),
            app: None,
            when: "2 hours ago".into(),
            when_title: "2026-11-20 10:00 UTC".into(),
            is_bad: true,
        }
    }
}

impl AccountPage for ActivityPage {
    const TEMPLATE: &'static str = "account/activity.html";
    const PATH: &'static str = "/account/activity";
    const MENU: &'static str = "activity";

    fn title(&self) -> String {
        "Activity".into()
    }

    fn sample() -> Self {
        Self {
            kinds: vec![Kind { value: "", label: "Everything", selected: true }],
            events: vec![Row::sample()],
            next_url: Some("/account/activity?before=0".into()),
            flash: None,
        }
    }
}

/// Events on one page.
const PER_PAGE: usize = 30;
/// Events are shown this long.
const SHOWN: chrono::Duration = chrono::Duration::days(90);

/// `GET /account/activity?kind=&before=`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<ActivityPage>) -> Result<HttpResponse, PageError> {
    let query = asker.query()?;
    let (filter, before) = (Filter::of(query.find("kind").unwrap_or_default()), query.find("before"));
    let before = before.and_then(|id| id.parse().ok());
    let (user, now) = (asker.session.user_id, asker.app.clock.now());
    let mut events = asker
        .read(move |conn| {
            let limit = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
            list_of(conn, &Wanted { user, kinds: &filter.kinds(), since: now - SHOWN, before, limit })
        })
        .await?;
    let has_more = events.len() > PER_PAGE;
    events.truncate(PER_PAGE);
    let word = Filter::ALL.iter().find(|(known, ..)| *known == filter).map_or("", |(_, word, _)| *word);
    let older = |last: &Listed| {
        let query = Params::default().with("kind", word).with("before", &last.id.to_string());
        ReturnTo::to(ActivityPage::PATH, &query).to_string()
    };
    asker.show(ActivityPage {
        kinds: Filter::ALL
            .iter()
            .map(|(known, value, label)| Kind { value, label, selected: *known == filter })
            .collect(),
        next_url: events.last().filter(|_| has_more).map(older),
        events: events.into_iter().map(|event| Row::of(event, now)).collect(),
        flash: None,
    })
}
