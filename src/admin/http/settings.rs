//! `/admin/settings`: the configuration in force, and where each value comes from.

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list;
use super::operator::Operator;
use crate::web::PageError;

/// Every setting, by section.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsPage {
    sections: Vec<Section>,
    q: String,
    version: &'static str,
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
        let sections = vec![Section { name: "server".into(), rows: vec![row] }];
        Self { sections, q: "listen".into(), version: env!("CARGO_PKG_VERSION") }
    }
}

/// `GET /admin/settings`. Secrets are not in it: they were taken out when the configuration was read.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let q = list::word(&operator.query()?, "q")?;
    let mut sections: Vec<Section> = Vec::new();
    for setting in operator.app.settings.iter().filter(|setting| setting.key.contains(&q)) {
        let name = setting.key.split(['.', '[']).next().unwrap_or_default();
        if sections.last().is_none_or(|last| last.name != name) {
            sections.push(Section { name: name.to_owned(), rows: Vec::new() });
        }
        let source = setting.source.to_string();
        let row =
            Row { key: setting.key.clone(), value: setting.value_shown.clone(), is_set: source != "built in", source };
        sections.last_mut().into_iter().for_each(|section| section.rows.push(row.clone()));
    }
    operator.show(SettingsPage { sections, q, version: env!("CARGO_PKG_VERSION") })
}
