//! What lists of the console share: words out of the URL, choices, and the list as a file.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;

use crate::admin::policy::{Actor, Right};
use crate::audit::export;
use crate::kernel::counted;
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

/// What can be done with those who are ticked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Button {
    label: &'static str,
    url: &'static str,
}

/// The buttons that this operator may press.
#[must_use]
pub fn buttons(actor: &Actor, all: &[(&'static str, &'static str, Right)]) -> Vec<Button> {
    let theirs = all.iter().filter(|(.., right)| actor.may(*right));
    theirs.map(|(label, url, _)| Button { label, url }).collect()
}

/// Some to look at.
#[must_use]
pub fn sample_buttons() -> Vec<Button> {
    vec![Button { label: "Disable", url: "/admin/users/bulk/disable" }]
}

/// A heading of a table, which may sort it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heading {
    label: &'static str,
    url: Option<String>,
    /// As `aria-sort` has it.
    sorted: Option<&'static str>,
}

impl Heading {
    /// One that sorts nothing.
    #[must_use]
    pub const fn plain(label: &'static str) -> Self {
        Self { label, url: None, sorted: None }
    }

    /// One that sorts by the first of `orders`, and by the second when that is in force. `ascending` says which of them goes up.
    pub fn sorting(
        label: &'static str,
        (orders, in_force): ([&'static str; 2], &str),
        ascending: &str,
        url: impl Fn(&str) -> String,
    ) -> Self {
        let is_up = || if in_force == ascending { "ascending" } else { "descending" };
        let sorted = orders.contains(&in_force).then(is_up);
        let next = if in_force == orders[0] { orders[1] } else { orders[0] };
        Self { label, url: Some(url(next)), sorted }
    }
}

/// A link to a part of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Tab {
    id: &'static str,
    label: &'static str,
}

/// Links to those parts of a page that are there.
#[must_use]
pub fn tabs(parts: &[(&'static str, &'static str, bool)]) -> Vec<Tab> {
    parts.iter().filter(|(.., is_there)| *is_there).map(|(id, label, _)| Tab { id, label }).collect()
}

/// What was typed into a field of the filter.
///
/// # Errors
/// A page when it stands twice.
pub fn word(query: &Params, name: &str) -> Result<String, PageError> {
    let value = query.one(name)?.unwrap_or_default().trim();
    Ok(value.chars().filter(|one| !one.is_control()).take(MAX_WORD).collect())
}

/// Lines on a page, unless another number is asked for.
const USUAL_SIZE: &str = "50";
/// Numbers of lines that may be asked for.
const SIZES: [&str; 3] = ["25", USUAL_SIZE, "100"];

/// How many lines a page has.
fn size(query: &Params) -> &'static str {
    let asked = query.find("size");
    SIZES.into_iter().find(|size| asked == Some(*size)).unwrap_or(USUAL_SIZE)
}

/// The choice of how many.
#[must_use]
pub fn sizes(query: &Params) -> Vec<Choice> {
    SIZES.map(|one| Choice::new(one, one, size(query))).to_vec()
}

/// As it stands in links to other pages of the list; empty: as usual.
#[must_use]
pub fn size_in_url(query: &Params) -> &'static str {
    Some(size(query)).filter(|size| *size != USUAL_SIZE).unwrap_or_default()
}

/// A page of a list that is short enough to be had whole, and the links to others.
#[derive(Clone, Debug, Serialize)]
pub struct Pages {
    total: usize,
    next: Option<String>,
    first: Option<String>,
}

impl Pages {
    /// Cuts `rows` down to the page that `from` begins. `url` leads to the page that begins at a line.
    pub fn cut<T>(rows: &mut Vec<T>, query: &Params, url: impl Fn(&str) -> String) -> Self {
        let total = rows.len();
        let from = query.find("from").and_then(|from| from.parse().ok()).filter(|from| *from < total).unwrap_or(0);
        rows.drain(..from);
        rows.truncate(size(query).parse().unwrap_or(usize::MAX));
        let end = from + rows.len();
        Self { total, next: (end < total).then(|| url(&end.to_string())), first: (from > 0).then(|| url("")) }
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Self {
        Self { total: 3, next: Some("x".into()), first: Some("x".into()) }
    }
}

/// Part of a list that goes back in time, and the links to others. `Id` is in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct Window<Id> {
    /// Only what is older.
    pub before: Option<Id>,
    /// Lines on the page.
    pub size: usize,
}

/// How many lines a list has on all its pages, in words: of `one`, of `many`.
#[must_use]
pub fn total(counted: i64, [one, many]: [&str; 2]) -> String {
    if counted > counted::MOST {
        return format!("more than {} {many}", grouped(counted::MOST));
    }
    format!("{} {}", grouped(counted), if counted == 1 { one } else { many })
}

/// The same of a whole table that is too long to be counted, by what Postgres `believed` of it when it last looked through.
#[must_use]
pub fn total_about(counted: i64, believed: i64, [one, many]: [&str; 2]) -> String {
    if counted <= counted::MOST || believed <= counted::MOST {
        return total(counted, [one, many]);
    }
    // It is not true to the last digit, and does not look like it.
    let digits = believed.ilog10().saturating_sub(2);
    let step = 10_i64.pow(digits);
    format!("about {} {many}", grouped((believed + step / 2) / step * step))
}

/// A number with its thousands apart.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Links to other parts of such a list.
#[derive(Clone, Debug, Serialize)]
pub struct Back {
    /// In words; empty: nothing to count.
    total: String,
    older: Option<String>,
    latest: Option<String>,
}

impl<Id: std::str::FromStr + Copy> Window<Id> {
    /// What the URL asks for.
    #[must_use]
    pub fn read(query: &Params) -> Self {
        let before = query.find("before").and_then(|id| id.parse().ok());
        Self { before, size: size(query).parse().unwrap_or(usize::MAX) }
    }

    /// One more than is shown: so that it is known whether there is more.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// How many lines there are on all pages, where `found` were found for this one. What is on one page is not counted again.
    ///
    /// # Errors
    /// Those of `count`.
    pub fn counted<E>(&self, found: usize, count: impl FnOnce() -> Result<i64, E>) -> Result<i64, E> {
        self.all(found).map_or_else(count, Ok)
    }

    /// The same where nobody counts; `None`: there are others on other pages.
    #[must_use]
    pub fn all(&self, found: usize) -> Option<i64> {
        let is_all = self.before.is_none() && found <= self.size;
        is_all.then(|| i64::try_from(found).unwrap_or(i64::MAX))
    }

    /// Cuts `rows` down to what is shown, of so many in `total`. `list` is the URL of the list with its filter.
    pub fn cut<T>(&self, rows: &mut Vec<T>, total: String, list: &str, id: impl Fn(&T) -> String) -> Back {
        let has_more = rows.len() > self.size;
        rows.truncate(self.size);
        let older = rows.last().filter(|_| has_more).map(|last| with(list, "before", &id(last)));
        Back { total, older, latest: self.before.map(|_| list.to_owned()) }
    }
}

impl Back {
    /// Something to look at.
    #[must_use]
    pub fn sample() -> Self {
        Self { total: "3 lines".into(), older: Some("x".into()), latest: Some("x".into()) }
    }
}

/// Lines of a file at most.
pub const MOST_IN_FILE: i64 = 100_000;

/// The URL of a list, with as much of its filter as says something.
#[must_use]
pub fn url(page: &str, given: &[(&str, &str)]) -> String {
    let params = given.iter().filter(|(_, value)| !value.is_empty());
    let query = params.fold(Params::default(), |all, (name, value)| all.with(name, value)).encode();
    if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
}

/// The same URL with one parameter more, when that says something.
#[must_use]
pub fn with(url: &str, name: &str, value: &str) -> String {
    if value.is_empty() {
        return url.to_owned();
    }
    let between = if url.contains('?') { '&' } else { '?' };
    format!("{url}{between}{}", Params::default().with(name, value).encode())
}

/// A table as a CSV file (RFC 4180).
#[must_use]
pub fn csv(name: &str, heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> HttpResponse {
    let mut text = format!("{}\r\n", heading.join(","));
    text.extend(rows.map(|row| export::line(&row)));
    file("text/csv; charset=utf-8", name, text)
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

#[cfg(test)]
mod tests {
    use super::{total, total_about};

    #[test]
    fn totals_are_told_as_far_as_they_are_known() {
        let users = ["user", "users"];
        assert_eq!(total(0, users), "0 users");
        assert_eq!(total(1, users), "1 user");
        assert_eq!(total(1000, users), "1,000 users");
        assert_eq!(total(1001, users), "more than 1,000 users");
        assert_eq!(total_about(17, 1_002_345, users), "17 users", "counted is better than believed");
        for believed in [-1, 0, 900] {
            assert_eq!(total_about(1001, believed, users), "more than 1,000 users");
        }
        assert_eq!(total_about(1001, 1_002_345, users), "about 1,000,000 users");
        assert_eq!(total_about(1001, 1_999, users), "about 2,000 users");
        assert_eq!(total_about(1001, 10_004_999, ["entry", "entries"]), "about 10,000,000 entries");
    }
}
