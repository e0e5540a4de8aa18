//! `/admin/settings`: the configuration in force, where each value comes from, and what runs here.

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Choice};
use super::operator::Operator;
use crate::config::{Setting, Source};
use crate::kernel::db;
use crate::web::PageError;

/// Every setting, by section.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsPage {
    sections: Vec<Section>,
    q: String,
    which: Vec<Choice>,
    is_filtered: bool,
    /// Whether they may take the configuration away, and bring one.
    may_carry: bool,
    version: &'static str,
    postgres: String,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Section {
    name: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    key: String,
    value: String,
    source: String,
    is_set: bool,
}

impl ConsolePage for SettingsPage {
    const TEMPLATE: &'static str = "admin/settings.html";
    const MENU: &'static str = "settings";

    fn title(&self) -> String {
        "Settings".into()
    }

    fn sample() -> Self {
        let row = Row {
            key: "server.listen".into(),
            value: "127.0.0.1:8080".into(),
            source: "environment PORTCULLIS_SERVER__LISTEN".into(),
            is_set: true,
        };
        Self {
            sections: vec![Section { name: "server".into(), rows: vec![row] }],
            q: "listen".into(),
            which: which("1"),
            is_filtered: true,
            may_carry: true,
            version: env!("CARGO_PKG_VERSION"),
            postgres: "17.0".into(),
            flash: Some("a sample"),
        }
    }
}

fn which(chosen: &str) -> Vec<Choice> {
    [("", "All"), ("1", "Set here")].map(|(value, label)| Choice::new(value, label, chosen)).to_vec()
}

/// `GET /admin/settings`. Secrets are not in it: they were taken out when the configuration was read.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let (q, set) = (list::word(&query, "q")?, query.find("set") == Some("1"));
    let flash = (query.find("done") == Some("imported"))
        .then_some("The configuration is imported. What was made and changed stands in the audit log.");
    let is_wanted = |one: &&Setting| one.key.contains(&q) && (!set || one.source != Source::BuiltIn);
    let mut sections: Vec<Section> = Vec::new();
    for setting in operator.app.settings.iter().filter(is_wanted) {
        let name = setting.key.split(['.', '[']).next().unwrap_or_default();
        let row = Row {
            key: setting.key.clone(),
            value: setting.value_shown.clone(),
            is_set: setting.source != Source::BuiltIn,
            source: setting.source.to_string(),
        };
        match sections.last_mut().filter(|last| last.name == name) {
            Some(section) => section.rows.push(row),
            None => sections.push(Section { name: name.to_owned(), rows: vec![row] }),
        }
    }
    operator.show(SettingsPage {
        sections,
        is_filtered: set || !q.is_empty(),
        which: which(if set { "1" } else { "" }),
        q,
        may_carry: operator.actor.is_superuser,
        version: env!("CARGO_PKG_VERSION"),
        postgres: operator.read(db::version).await?,
        flash,
    })
}
