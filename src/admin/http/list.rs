//! What lists of the console share: words out of the URL, choices, and the list as a file.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;

use crate::spec::Params;
use crate::web::PageError;

/// Longest word searched for, in characters.
const MAX_WORD: usize = 200;

/// One of a choice in the filter.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    value: String,
    label: String,
    selected: bool,
}

impl Choice {
    /// `value`, shown as `label`, which stands chosen when it is the `chosen` one.
    #[must_use]
    pub fn new(value: &str, label: &str, chosen: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), selected: value == chosen }
    }
}

/// What was typed into a field of the filter.
///
/// # Errors
/// A page when it stands twice.
pub fn word(query: &Params, name: &str) -> Result<String, PageError> {
    let value = query.one(name)?.unwrap_or_default().trim();
    Ok(value.chars().filter(|one| !one.is_control()).take(MAX_WORD).collect())
}

/// The URL of a list, with as much of its filter as says something.
#[must_use]
pub fn url(page: &str, given: &[(&str, &str)]) -> String {
    let params = given.iter().filter(|(_, value)| !value.is_empty());
    let query = params.fold(Params::default(), |all, (name, value)| all.with(name, value)).encode();
    if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
}

/// An answer that is kept as a file, and by no cache.
#[must_use]
pub fn file(media_type: &'static str, name: &str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}
