//! `/admin/permissions/overview`: which groups hold what of an app, as a table to read.

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Choice};
use super::operator::Operator;
use crate::access::overview::{self, Holding, Overview};
use crate::access::permission::OWN_APP;
use crate::access::store::permissions;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::web::PageError;

/// Groups side by side.
const COLUMNS: usize = 8;

/// The table of one app.
#[derive(Clone, Debug, Serialize)]
pub struct OverviewPage {
    app: String,
    apps: Vec<Choice>,
    groups: Vec<Column>,
    rows: Vec<Row>,
    total: usize,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Column {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    description: String,
    /// For each group: `itself`, `inherited`, or nothing.
    cells: Vec<&'static str>,
}

impl ConsolePage for OverviewPage {
    const TEMPLATE: &'static str = "admin/overview.html";
    const MENU: &'static str = "permissions";

    fn title(&self) -> String {
        format!("Who holds what of {}", self.app)
    }

    fn sample() -> Self {
        let cells = vec!["itself", "inherited", ""];
        let column = |name: &str| Column { id: "0".into(), name: name.into() };
        Self {
            app: "blog".into(),
            apps: vec![Choice::new("blog", "blog", "blog")],
            groups: vec![column("editors"), column("authors"), column("readers")],
            rows: vec![Row { name: "blog.view_article".into(), description: "Can view article".into(), cells }],
            total: 3,
            next: Some("x".into()),
            first: Some("x".into()),
        }
    }
}

/// `GET /admin/permissions/overview`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let wanted = list::word(&query, "app")?;
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let mut apps: Vec<String> = permissions::list(conn, None)?.into_iter().map(|one| one.name.app).collect();
        apps.dedup();
        // The console's own come last.
        apps.sort_by_key(|app| app == OWN_APP);
        let app = apps.iter().find(|app| **app == wanted).or_else(|| apps.first()).cloned().unwrap_or_default();
        let overview = overview::of_app(conn, &app)?;
        Ok((app, apps, overview))
    };
    let (app, apps, overview) = operator.read(load).await?;
    let total = overview.groups.len();
    let from = query.find("from").and_then(|from| from.parse().ok()).filter(|from| *from < total).unwrap_or(0);
    let shown: Vec<_> = overview.groups.iter().skip(from).take(COLUMNS).cloned().collect();
    let url = |from: &str| list::url("/admin/permissions/overview", &[("app", &app), ("from", from)]);
    let end = from + shown.len();
    operator.show(OverviewPage {
        apps: apps.iter().map(|one| Choice::new(one, one, &app)).collect(),
        rows: rows(&overview, &shown),
        groups: shown.into_iter().map(|(id, name)| Column { id: id.to_string(), name }).collect(),
        total,
        next: (end < total).then(|| url(&end.to_string())),
        first: (from > 0).then(|| url("")),
        app,
    })
}

fn rows(overview: &Overview, groups: &[(crate::kernel::ids::GroupId, String)]) -> Vec<Row> {
    let cell = |holding| match holding {
        Holding::Itself => "itself",
        Holding::Inherited => "inherited",
        Holding::No => "",
    };
    let row = |one: &permissions::Permission| Row {
        name: one.name.to_string(),
        description: one.description.clone(),
        cells: groups.iter().map(|(group, _)| cell(overview.holding(*group, one.id))).collect(),
    };
    overview.permissions.iter().map(row).collect()
}
