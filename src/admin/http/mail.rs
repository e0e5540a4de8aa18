//! `/admin/mail`: what was sent, what waits, and what letters look like.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Back, Choice, MOST_IN_FILE, Window};
use super::operator::{Operator, Ordered, Undone, done};
use crate::admin::mail as deeds;
use crate::admin::policy::Right;
use crate::config::MailTransport;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::ParcelId;
use crate::mail::language::Language;
use crate::mail::letter::Letter;
use crate::mail::render::Rendered;
use crate::mail::store::{self, Fate, Filter, Listed};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// The latest letters and text messages.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page shows a thing or not, each by itself")]
pub struct MailPage {
    rows: Vec<Row>,
    back: Back,
    q: String,
    states: Vec<Choice>,
    sizes: Vec<Choice>,
    is_filtered: bool,
    csv: String,
    transport: String,
    from: String,
    letters: Vec<&'static str>,
    languages: Vec<&'static str>,
    has_parked: bool,
    sees_people: bool,
    may_change: bool,
    to: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    kind: String,
    to: String,
    state: &'static str,
    badge: &'static str,
    made: String,
    error: Option<String>,
    /// What to look at, where the error tells.
    hint: Option<&'static str>,
    is_parked: bool,
}

impl ConsolePage for MailPage {
    const TEMPLATE: &'static str = "admin/mail.html";
    const MENU: &'static str = "mail";

    fn title(&self) -> String {
        "Mail".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            kind: "reset_password".into(),
            to: "ada@example.test".into(),
            state: "given up",
            badge: "danger",
            made: "2026-11-20 10:00 UTC".into(),
            error: Some("a sample".into()),
            hint: Some("a sample"),
            is_parked: true,
        };
        Self {
            rows: vec![row],
            back: Back::sample(),
            q: "ada".into(),
            states: states(Some(Fate::Parked)),
            sizes: list::sizes(&Params::default()),
            is_filtered: true,
            csv: "/admin/mail.csv".into(),
            transport: "smtp, mail.example.test:587".into(),
            from: "Portcullis <id@example.test>".into(),
            letters: vec!["test"],
            languages: vec!["en"],
            has_parked: true,
            sees_people: true,
            may_change: true,
            to: String::new(),
            flash: Some("a sample"),
            errors: vec![FieldError::new("to", "a sample")],
        }
    }
}

/// `GET /admin/mail`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("retried") => Some("What was given up is tried again."),
        Some("nothing") => Some("Nothing is given up that could still be sent."),
        Some("tested") => Some("A test letter is on its way: look below for what became of it."),
        _ => None,
    };
    show(&operator, &Params::default(), flash, vec![]).await
}

async fn show(
    operator: &Operator,
    typed: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    // A form that failed has no query that is the list's.
    let query = operator.query().unwrap_or_default();
    let sees_people = operator.actor.may(Right::ViewUser);
    let asked = Asked::read(&query, sees_people)?;
    let window = Window::read(&query);
    let filter = Filter { before: window.before, ..asked.filter(window.limit()) };
    let load = move |conn: &mut Conn| {
        let rows = store::list(conn, &filter)?;
        // A part of an address is looked for line by line: those that fit are not all looked for.
        let counted = if filter.q.is_empty() {
            Some(window.counted(rows.len(), || store::count(conn, &filter))?)
        } else {
            window.all(rows.len())
        };
        Ok::<_, Fault>((
            rows,
            counted.map_or_else(String::new, |counted| list::total(counted, ["letter", "letters"])),
            store::has_parked(conn)?,
        ))
    };
    let (mut rows, total, has_parked) = operator.read(load).await?;
    let back =
        window.cut(&mut rows, total, &asked.url("/admin/mail", list::size_in_url(&query)), |row| row.id.to_string());
    let config = &operator.app.config.mail;
    operator.show(MailPage {
        has_parked,
        rows: rows.into_iter().map(|row| line(row, sees_people)).collect(),
        back,
        states: states(asked.fate),
        sizes: list::sizes(&query),
        is_filtered: asked.fate.is_some() || !asked.q.is_empty(),
        csv: asked.url("/admin/mail.csv", ""),
        q: asked.q,
        transport: match config.transport {
            MailTransport::File => "written into files, sent to nobody (mail.transport is file)".into(),
            MailTransport::Smtp => format!("by SMTP over {}:{}", config.smtp.host, config.smtp.port),
        },
        from: config.from.to_string(),
        letters: Letter::samples().iter().map(Letter::kind).collect(),
        languages: Language::ALL.iter().map(|language| language.as_str()).collect(),
        sees_people,
        may_change: operator.actor.may(Right::ChangeMail),
        to: typed.find("to").unwrap_or_default().to_owned(),
        flash,
        errors,
    })
}

/// What the URL asks for.
struct Asked {
    q: String,
    fate: Option<Fate>,
}

impl Asked {
    /// Whether an address is there is for those who may see people.
    fn read(query: &Params, sees_people: bool) -> Result<Self, PageError> {
        let q = if sees_people { list::word(query, "q")? } else { String::new() };
        Ok(Self { q, fate: query.find("state").and_then(|state| state.parse().ok()) })
    }

    fn filter(&self, limit: i64) -> Filter {
        Filter { q: self.q.clone(), fate: self.fate, before: None, limit }
    }

    fn url(&self, page: &str, size: &str) -> String {
        list::url(page, &[("q", &self.q), ("state", self.fate.map_or("", Fate::as_str)), ("size", size)])
    }
}

fn states(fate: Option<Fate>) -> Vec<Choice> {
    let chosen = fate.map_or("", Fate::as_str);
    let all = [("", "All"), ("waiting", "Waiting"), ("sent", "Sent"), ("parked", "Given up")];
    all.map(|(value, label)| Choice::new(value, label, chosen)).to_vec()
}

/// `GET /admin/mail.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let sees_people = operator.actor.may(Right::ViewUser);
    let filter = Asked::read(&operator.query()?, sees_people)?.filter(MOST_IN_FILE);
    let rows = operator.read(move |conn| store::list(conn, &filter)).await?;
    let rows = rows.into_iter().map(|row| line(row, sees_people));
    let rows = rows.map(|row| vec![row.kind, row.to, row.made, row.state.to_owned(), row.error.unwrap_or_default()]);
    Ok(list::csv("mail.csv", &["letter", "to", "made", "state", "error"], rows))
}

fn line(row: Listed, sees_people: bool) -> Row {
    let (state, badge) = match (row.sent_at, row.parked_at) {
        (Some(_), _) => ("sent", "success"),
        (None, Some(_)) => ("given up", "danger"),
        (None, None) => ("waiting", "neutral"),
    };
    let error = row.last_error.filter(|_| row.sent_at.is_none());
    Row {
        id: row.id.to_string(),
        kind: row.kind,
        to: if sees_people { row.recipient } else { String::new() },
        state,
        badge,
        made: when::at(row.created_at),
        hint: error.as_deref().and_then(hint),
        error,
        is_parked: row.sent_at.is_none() && row.parked_at.is_some(),
    }
}

/// Where to look, by what mail servers and the network say.
const HINTS: [(&[&str], &str); 4] = [
    (&["authentication", "credentials", "(535"], "Look at mail.smtp.username and the password."),
    (&["certificate", "tls", "handshake"], "Look at mail.smtp.security, mail.smtp.port and mail.smtp.ca_file."),
    (
        &["refused", "timed out", "timeout", "lookup", "resolve", "unreachable"],
        "Is mail.smtp.host right, and reached from here?",
    ),
    (&["(550", "(551", "(553", "mailbox", "recipient"], "The mail server takes nothing for this address. Is it right?"),
];

fn hint(error: &str) -> Option<&'static str> {
    let error = error.to_lowercase();
    HINTS.iter().find(|(marks, _)| marks.iter().any(|mark| error.contains(mark))).map(|(_, hint)| *hint)
}

/// `POST /admin/mail/retry`: one, or all.
///
/// # Errors
/// A page.
pub async fn retry(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let only = form.find("id").filter(|id| !id.is_empty()).map(str::parse::<ParcelId>).transpose();
    let only = only.map_err(|_| PageError::not_found())?;
    let scene = operator.scene();
    let tried = operator.carry_out(move |conn, _| deeds::retry(conn, only, &scene)).await?;
    after(&operator, &form, tried.map(|count| if count == 0 { "nothing" } else { "retried" })).await
}

/// `POST /admin/mail/test`.
///
/// # Errors
/// A page.
pub async fn test(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let to = form.find("to").unwrap_or_default().trim().to_owned();
    let (scene, courier) = (operator.scene(), operator.app.courier.clone());
    let sent = operator.carry_out(move |conn, _| deeds::send_test(conn, &to, &courier, &scene)).await?;
    after(&operator, &form, sent.map(|()| "tested")).await
}

async fn after(
    operator: &Operator,
    form: &Params,
    what: Result<&'static str, Undone>,
) -> Result<HttpResponse, PageError> {
    match what {
        Ok(what) => Ok(done("/admin/mail", what)),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewMail)?;
            show(operator, form, None, errors).await
        }
    }
}

/// A letter with sample words.
#[derive(Clone, Debug, Serialize)]
pub struct LetterPage {
    letter: String,
    subject: String,
    text: String,
    /// As HTML in light and in dark.
    html_urls: [String; 2],
    languages: Vec<Choice>,
}

impl ConsolePage for LetterPage {
    const TEMPLATE: &'static str = "admin/letter.html";
    const MENU: &'static str = "mail";

    fn title(&self) -> String {
        format!("Letter {}", self.letter)
    }

    fn sample() -> Self {
        Self {
            letter: "test".into(),
            subject: "a sample".into(),
            text: "a sample".into(),
            html_urls: ["light", "dark"].map(|look| format!("/admin/mail/letters/test/html?look={look}")),
            languages: vec![Choice::new("en", "en", "en")],
        }
    }
}

fn render(operator: &Operator, name: &str) -> Result<(Rendered, Language), PageError> {
    let language: Language = list::word(&operator.query()?, "lang")?.parse().unwrap_or_else(|_| Language::of_tag("en"));
    let samples = Letter::samples();
    let letter = samples.iter().find(|letter| letter.kind() == name).ok_or_else(PageError::not_found)?;
    let rendered = operator.app.letters.render(letter, language, &operator.app.site);
    Ok((rendered.map_err(PageError::bug)?, language))
}

/// `GET /admin/mail/letters/{letter}`.
///
/// # Errors
/// A page.
pub async fn letter(operator: Operator, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (rendered, language) = render(&operator, &name)?;
    operator.show(LetterPage {
        subject: rendered.subject,
        text: rendered.text,
        html_urls: ["light", "dark"].map(|look| format!("/admin/mail/letters/{name}/html?lang={language}&look={look}")),
        languages: Language::ALL.iter().map(|one| Choice::new(one.as_str(), one.as_str(), language.as_str())).collect(),
        letter: name.into_inner(),
    })
}

/// Letters bring their styles along, and nothing else: no script runs, nothing is fetched, no form leads anywhere.
const LETTER_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'";

/// What a letter says before its colors for the dark.
const IN_THE_DARK: &str = "@media (prefers-color-scheme: dark)";

/// `GET /admin/mail/letters/{letter}/html`: as a mail program shows it, in the dark or not.
///
/// # Errors
/// A page.
pub async fn letter_html(operator: Operator, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (rendered, _) = render(&operator, &name)?;
    let html = match operator.query()?.find("look") {
        Some("dark") => rendered.html.replace(IN_THE_DARK, "@media all"),
        Some("light") => rendered.html.replace(IN_THE_DARK, "@media not all"),
        _ => rendered.html,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, LETTER_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(html))
}
