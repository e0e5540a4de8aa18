//! `import django`: dumps of a real Django project (`scripts/django_project.sh` sets it up), read by the real binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "it/support/browser.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod browser;
#[path = "it/support/cluster.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod cluster;
#[path = "import/django_project.rs"]
mod django_project;
#[path = "it/support/process.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod process;

#[path = "import/bad_rows.rs"]
mod bad_rows;
#[path = "import/clients.rs"]
mod clients;
#[path = "import/second_run.rs"]
mod second_run;
#[path = "import/users.rs"]
mod users;

use django_project::Site;
use serde_json::Value;

/// The reason that stands beside a row, or nothing.
fn reason<'a>(report: &'a Value, list: &str, row: &str) -> &'a str {
    let remarks = report.pointer(list).and_then(Value::as_array).unwrap();
    let found = remarks.iter().find(|remark| remark["row"].as_str().unwrap().contains(row));
    found.map_or("", |remark| remark["reason"].as_str().unwrap())
}

/// New, changed, unchanged, skipped.
fn counts(report: &Value, kind: &str) -> [u64; 4] {
    let tally = &report[kind];
    let number = |name: &str| tally[name].as_u64().unwrap();
    let skipped = tally["skipped"].as_array().unwrap().len();
    [number("new"), number("changed"), number("unchanged"), u64::try_from(skipped).unwrap()]
}
