//! `GET /api/docs`: the API in words, a page made of the same table as the API and its document. No script, nothing fetched.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::api::rest::endpoints::{Answer, BASE, ENDPOINTS, Endpoint, READ, WRITE};
use crate::api::rest::shape::{Field, Kind};
use crate::app::App;
use crate::web::headers::FormAction;
use crate::web::{Page, PageError};

/// The whole API.
#[derive(Clone, Debug, Serialize)]
pub struct DocsPage {
    base: String,
    read: &'static str,
    write: &'static str,
    version: &'static str,
    parts: Vec<Part>,
    documents: Vec<Document>,
}

/// Endpoints that begin alike.
#[derive(Clone, Debug, Serialize)]
struct Part {
    id: &'static str,
    title: String,
    endpoints: Vec<Shown>,
}

#[derive(Clone, Debug, Serialize)]
struct Shown {
    id: String,
    method: &'static str,
    path: String,
    summary: &'static str,
    right: &'static str,
    scope: &'static str,
    is_paged: bool,
    query: Vec<Row>,
    body: Vec<Row>,
    has_body: bool,
    status: &'static str,
    document: Option<&'static str>,
    is_list: bool,
}

/// What an answer is made of.
#[derive(Clone, Debug, Serialize)]
struct Document {
    name: &'static str,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: &'static str,
    holds: String,
    about: &'static str,
    is_required: bool,
}

impl Page for DocsPage {
    const TEMPLATE: &'static str = "api/docs.html";

    fn title(&self) -> String {
        "The API".into()
    }

    fn sample() -> Self {
        Self::of("https://id.example.test")
    }
}

/// Paths that belong to the part of another one.
const GATHERED: [(&str, &str); 2] = [("permission-models", "permissions"), ("signing-key-rotations", "signing-keys")];

impl DocsPage {
    fn of(issuer: &str) -> Self {
        let (mut parts, mut documents): (Vec<Part>, BTreeMap<&'static str, Document>) = (Vec::new(), BTreeMap::new());
        for endpoint in ENDPOINTS {
            let id = endpoint.path.split('/').nth(1).unwrap_or_default();
            let id = GATHERED.iter().find(|(one, _)| *one == id).map_or(id, |(_, with)| *with);
            match parts.iter_mut().find(|part| part.id == id) {
                Some(part) => part.endpoints.push(shown(endpoint)),
                None => parts.push(Part { id, title: titled(id), endpoints: vec![shown(endpoint)] }),
            }
            if let Some((name, fields)) = answered(endpoint) {
                documents.entry(name).or_insert_with(|| Document { name, rows: fields.iter().map(row).collect() });
            }
        }
        Self {
            base: format!("{}{BASE}", issuer.trim_end_matches('/')),
            read: READ,
            write: WRITE,
            version: env!("CARGO_PKG_VERSION"),
            parts,
            documents: documents.into_values().collect(),
        }
    }
}

/// `signing-keys` as a heading.
fn titled(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const fn answered(endpoint: &Endpoint) -> Option<(&'static str, &'static [Field])> {
    match endpoint.answer {
        Answer::Nothing => None,
        Answer::One(name, fields)
        | Answer::Made(name, fields)
        | Answer::List(name, fields)
        | Answer::All(name, fields) => Some((name, fields)),
    }
}

fn shown(endpoint: &Endpoint) -> Shown {
    Shown {
        id: format!("{}{}", endpoint.method.to_lowercase(), endpoint.path.replace(['/', '{', '}'], "-")),
        method: endpoint.method,
        path: format!("{BASE}{}", endpoint.path),
        summary: endpoint.summary,
        right: endpoint.right.as_str(),
        scope: if endpoint.is_look() { READ } else { WRITE },
        is_paged: endpoint.is_paged(),
        query: endpoint.query.iter().map(row).collect(),
        body: endpoint.body.unwrap_or_default().iter().map(row).collect(),
        has_body: endpoint.body.is_some(),
        status: match endpoint.answer {
            Answer::Nothing => "204",
            Answer::Made(..) => "201",
            Answer::One(..) | Answer::List(..) | Answer::All(..) => "200",
        },
        document: answered(endpoint).map(|(name, _)| name),
        is_list: matches!(endpoint.answer, Answer::List(..) | Answer::All(..)),
    }
}

fn row(field: &Field) -> Row {
    let holds = match field.kind {
        Kind::Text(most) => format!("text, at most {most} characters"),
        Kind::Flag => "true or false".into(),
        Kind::Number(least, most) => format!("number, {least} to {most}"),
        Kind::Texts => "list of texts".into(),
        Kind::Word(words) => words.join(" | "),
        Kind::Time => "time (RFC 3339)".into(),
        Kind::Id => "UUID".into(),
        Kind::Object => "object".into(),
    };
    let holds = if field.is_nullable { format!("{holds}, or null") } else { holds };
    Row { name: field.name, holds, about: field.about, is_required: field.is_required }
}

/// The page.
///
/// # Errors
/// A page, when the template fails.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    app.pages.answer(&req, StatusCode::OK, &DocsPage::of(&app.issuer), &FormAction::default())
}

#[cfg(test)]
mod tests {
    use super::{DocsPage, ENDPOINTS};

    #[test]
    fn every_endpoint_and_every_document_stands_on_the_page() {
        let page = DocsPage::of("https://id.example.test/");
        assert_eq!(page.base, "https://id.example.test/api/v1");
        assert_eq!(page.parts.iter().map(|part| part.endpoints.len()).sum::<usize>(), ENDPOINTS.len());
        let mut ids: Vec<_> = page.parts.iter().flat_map(|part| &part.endpoints).map(|one| &one.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), ENDPOINTS.len(), "each has a name of its own");
        let named = page.parts.iter().flat_map(|part| &part.endpoints).filter_map(|one| one.document);
        for name in named {
            assert!(page.documents.iter().any(|document| document.name == name), "{name}");
        }
    }
}
