//! `/admin/users/import` and `/admin/imports/{id}`: people from a file; first what would come of it, then for good.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Choice};
use super::operator::{Operator, Ordered, Undone};
use crate::admin::deed::Stop;
use crate::admin::imports::{self as deeds, COLUMNS, Import, MAX_BYTES, MAX_ROWS, Outcome, State, Wishes};
use crate::admin::policy::{Actor, Right};
use crate::admin::store::imports::{self as store, Listed};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::ids::ImportId;
use crate::portal::http::when;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};
use crate::web::upload::{self, NoFile};

/// Rows on a page.
const SIZE: i64 = 100;

/// The form for a file, and what came before.
#[derive(Clone, Debug, Serialize)]
pub struct ImportFormPage {
    columns: String,
    most: usize,
    changes_known: bool,
    sends_links: bool,
    may_change: bool,
    before: Vec<Before>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Before {
    id: String,
    file_name: String,
    made: String,
    state: &'static str,
}

impl ConsolePage for ImportFormPage {
    const TEMPLATE: &'static str = "admin/user_import.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        "Import users".into()
    }

    fn sample() -> Self {
        let before = Before { id: "0".into(), file_name: "people.csv".into(), made: "just now".into(), state: "done" };
        Self {
            columns: COLUMNS.join(", "),
            most: MAX_ROWS,
            changes_known: true,
            sends_links: true,
            may_change: true,
            before: vec![before],
            errors: vec![FieldError::new("file", "a sample")],
        }
    }
}

/// `GET /admin/users/import`.
///
/// # Errors
/// A page.
pub async fn form(operator: Operator) -> Result<HttpResponse, PageError> {
    show_form(&operator, Wishes { changes_known: false, sends_links: false }, vec![]).await
}

async fn show_form(operator: &Operator, wishes: Wishes, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let (user, now) = (operator.actor.id, operator.app.clock.now());
    let before = operator.read(move |conn| store::list_of(conn, user)).await?.into_iter();
    let before = before.map(|import| Before {
        id: import.id.to_string(),
        made: when::ago(import.created_at, now),
        state: in_words(import.state),
        file_name: import.file_name,
    });
    operator.show(ImportFormPage {
        columns: COLUMNS.join(", "),
        most: MAX_ROWS,
        changes_known: wishes.changes_known,
        sends_links: wishes.sends_links,
        may_change: operator.actor.may(Right::ChangeUser),
        before: before.collect(),
        errors,
    })
}

const fn in_words(state: State) -> &'static str {
    match state {
        State::Checking => "being tried",
        State::Checked => "ready",
        State::Writing => "being written",
        State::Done => "done",
        State::Stopped => "stopped",
    }
}

/// `POST /admin/users/import`: the file is tried; nothing is written yet.
///
/// # Errors
/// A page.
pub async fn post(operator: Operator, upload: Multipart) -> Result<HttpResponse, PageError> {
    let received = upload::receive(upload, ("file", MAX_BYTES), |form| operator.check_token(form)).await?;
    let fresh = Wishes { changes_known: false, sends_links: false };
    let refuse = |why: String| vec![FieldError::new("file", why)];
    let upload = match received {
        Ok(upload) => upload,
        Err(NoFile::TooLarge) => {
            return show_form(&operator, fresh, refuse("Use a file of at most 2 MB.".into())).await;
        }
        Err(NoFile::Missing) => return show_form(&operator, fresh, refuse("Choose a file first.".into())).await,
    };
    let wishes = Wishes {
        changes_known: upload.form.has("changes_known") && operator.actor.may(Right::ChangeUser),
        sends_links: upload.form.has("sends_links"),
    };
    let rows = match deeds::read(&upload.bytes) {
        Ok(rows) => rows,
        Err(why) => return show_form(&operator, wishes, refuse(why)).await,
    };
    let scene = operator.scene();
    let add = move |conn: &mut Conn, actor: &Actor| deeds::add(conn, actor, (&upload.file_name, wishes, &rows), &scene);
    match operator.carry_out(add).await? {
        Ok(id) => Ok(see_other(&format!("/admin/imports/{id}"))),
        Err(undone) => show_form(&operator, wishes, undone.shown_to(&operator, Right::AddUser)?).await,
    }
}

/// One import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportPage {
    id: String,
    file_name: String,
    state: State,
    title_of_state: String,
    write_label: String,
    stop_label: &'static str,
    is_moving: bool,
    stopped_because: Option<String>,
    changes_known: bool,
    sends_links: bool,
    total: i64,
    done: i64,
    counts: Vec<Count>,
    /// Rows that would change something.
    to_write: i64,
    rows: Vec<Row>,
    shown: Vec<Choice>,
    next: Option<String>,
    first: Option<String>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Count {
    label: &'static str,
    number: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    line: i32,
    username: String,
    email: Option<String>,
    word: &'static str,
    kind: &'static str,
    reason: String,
}

impl ConsolePage for ImportPage {
    const TEMPLATE: &'static str = "admin/import.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        format!("Import of {}", self.file_name)
    }

    fn sample() -> Self {
        Self {
            id: "0".into(),
            file_name: "people.csv".into(),
            state: State::Checked,
            title_of_state: "Ready to import".into(),
            write_label: "Import 2 rows".into(),
            stop_label: "Do not import",
            is_moving: false,
            stopped_because: Some("a sample".into()),
            changes_known: true,
            sends_links: true,
            total: 3,
            done: 3,
            counts: vec![Count { label: "New", number: 2 }],
            to_write: 2,
            rows: vec![Row {
                line: 2,
                username: "ada".into(),
                email: Some("ada@example.test".into()),
                word: "New",
                kind: "success",
                reason: "in editors".into(),
            }],
            shown: vec![Choice::new("", "All", "")],
            next: Some("x".into()),
            first: Some("x".into()),
            errors: vec![FieldError::new("", "a sample")],
        }
    }
}

const fn outcome_in_words(outcome: Option<Outcome>, is_trial: bool) -> (&'static str, &'static str) {
    match outcome {
        Some(Outcome::New) => (if is_trial { "New" } else { "Made" }, "success"),
        Some(Outcome::Changed) => (if is_trial { "Will change" } else { "Changed" }, "info"),
        Some(Outcome::Same) => ("Stays as it is", "neutral"),
        Some(Outcome::Refused) => ("Refused", "danger"),
        None => ("Waits", "neutral"),
    }
}

fn title(state: State) -> String {
    if state == State::Checked { "Ready to import".into() } else { format!("The import is {}", in_words(state)) }
}

fn read_id(id: &str) -> Result<ImportId, PageError> {
    id.parse().map_err(|_| PageError::not_found())
}

/// What is shown of an import.
struct Found {
    import: Import,
    counts: Vec<store::Count>,
    rows: Vec<Listed>,
}

/// `GET /admin/imports/{id}`: their own only.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    show(&operator, read_id(&id)?, vec![]).await
}

async fn show(operator: &Operator, id: ImportId, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    // A form that failed has no query that is the list's.
    let query = operator.query().unwrap_or_default();
    let shown = list::word(&query, "show")?;
    let after = query.find("after").and_then(|line| line.parse().ok()).unwrap_or(0);
    let (actor, only) = (operator.actor.clone(), shown.parse::<Outcome>().ok());
    let load = move |conn: &mut Conn| -> Result<_, Stop> {
        let import = deeds::find(conn, &actor, id)?;
        let (counts, rows) = (store::counts(conn, id)?, store::rows(conn, id, only, after, SIZE + 1)?);
        Ok(Found { import, counts, rows })
    };
    let Found { import, counts, mut rows } = match operator.read(load).await {
        Ok(found) => found,
        Err(Stop::Fault(fault)) => return Err(fault.into()),
        Err(_) => return Err(PageError::not_found()),
    };
    let size = usize::try_from(SIZE).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let path = format!("/admin/imports/{id}");
    let link = |after: Option<i32>| {
        let after = after.map(|line| line.to_string()).unwrap_or_default();
        list::url(&path, &[("show", &shown), ("after", &after)])
    };
    let next = rows.last().filter(|_| has_more).map(|row| link(Some(row.line)));
    let is_trial = matches!(import.state, State::Checking | State::Checked);
    let words = [
        ("", "All rows"),
        ("new", "New"),
        ("changed", "Changed"),
        ("same", "Staying as they are"),
        ("refused", "Refused"),
    ];
    let of = |wanted: Outcome| {
        let now =
            |(expected, outcome, _): &&store::Count| (if is_trial { *expected } else { *outcome }) == Some(wanted);
        counts.iter().filter(now).map(|(.., count)| count).sum::<i64>()
    };
    let (new, changed, same, refused) =
        (of(Outcome::New), of(Outcome::Changed), of(Outcome::Same), of(Outcome::Refused));
    let count = |label, number| Count { label, number };
    operator.show(ImportPage {
        id: id.to_string(),
        title_of_state: title(import.state),
        write_label: format!("Import {} {}", new + changed, if new + changed == 1 { "row" } else { "rows" }),
        stop_label: if import.state == State::Writing { "Stop" } else { "Do not import" },
        is_moving: import.state.is_moving(),
        state: import.state,
        stopped_because: import.stopped_because,
        changes_known: import.wishes.changes_known,
        sends_links: import.wishes.sends_links,
        file_name: import.file_name,
        total: counts.iter().map(|(.., count)| count).sum(),
        done: new + changed + same + refused,
        counts: vec![
            count(if is_trial { "New" } else { "Made" }, new),
            count(if is_trial { "Will change" } else { "Changed" }, changed),
            count("Stay as they are", same),
            count("Refused", refused),
        ],
        to_write: new + changed,
        rows: rows.into_iter().map(|row| line(row, is_trial)).collect(),
        shown: words.map(|(value, label)| Choice::new(value, label, &shown)).to_vec(),
        next,
        first: (after > 0).then(|| link(None)),
        errors,
    })
}

fn line(row: Listed, is_trial: bool) -> Row {
    let (word, kind) = outcome_in_words(if is_trial { row.expected } else { row.outcome }, is_trial);
    Row { line: row.line, username: row.person.username, email: row.person.email, word, kind, reason: row.reason }
}

/// What one does to an import, by its id.
type Step = fn(&mut Conn, &Actor, ImportId, &Scene) -> Result<(), Stop>;

async fn go_on(operator: &Operator, id: &str, step: Step) -> Result<HttpResponse, PageError> {
    let (id, scene) = (read_id(id)?, operator.scene());
    let done: Result<(), Undone> = operator.carry_out(move |conn, actor| step(conn, actor, id, &scene)).await?;
    match done {
        Ok(()) => Ok(see_other(&format!("/admin/imports/{id}"))),
        Err(undone) => show(operator, id, undone.shown_to(operator, Right::AddUser)?).await,
    }
}

/// `POST /admin/imports/{id}/start`: it is written.
///
/// # Errors
/// A page.
pub async fn start(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    go_on(&operator, &id, deeds::start).await
}

/// `POST /admin/imports/{id}/stop`: what is not written by now never is.
///
/// # Errors
/// A page.
pub async fn stop(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    go_on(&operator, &id, deeds::stop).await
}

/// `GET /admin/imports/{id}/report.csv`: every row, and what came of it.
///
/// # Errors
/// A page.
pub async fn report(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (id, actor) = (read_id(&id)?, operator.actor.clone());
    let most = i64::try_from(MAX_ROWS).unwrap_or(i64::MAX);
    let load = move |conn: &mut Conn| -> Result<_, Stop> {
        let import = deeds::find(conn, &actor, id)?;
        Ok((matches!(import.state, State::Checking | State::Checked), store::rows(conn, id, None, 0, most)?))
    };
    let (is_trial, rows) = match operator.read(load).await {
        Ok(found) => found,
        Err(Stop::Fault(fault)) => return Err(fault.into()),
        Err(_) => return Err(PageError::not_found()),
    };
    let rows = rows.into_iter().map(|row| line(row, is_trial)).map(|row| {
        vec![row.line.to_string(), row.username, row.email.unwrap_or_default(), row.word.to_owned(), row.reason]
    });
    Ok(list::csv("import-report.csv", &["line", "username", "email", "outcome", "reason"], rows))
}
