//! A house to move into, and the dumps of a real project.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use serde_json::Value;

use crate::cluster;
use crate::process::{Ended, House};

/// Where the dumps are: `plain.json`, `natural.json`, `mail.json`, `lines.jsonl`.
pub fn dumps() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("build/django/dumps");
        let made = Command::new(root.join("scripts/django_project.sh")).arg(&folder).output().expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        folder
    })
}

/// The rows of a dump.
pub fn rows_of(name: &str) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(dumps().join(name)).unwrap()).unwrap()
}

/// A house on a database of its own.
pub struct Site {
    pub house: House,
    pub url: String,
}

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Nullable<Text>)]
    cell: Option<String>,
}

impl Site {
    pub fn new() -> Self {
        let url = cluster::new_database();
        let key = cluster::master_key_file().display().to_string();
        let house =
            House::new(&[("database.url", &url), ("database.pool_size", "4"), ("secrets.master_key_file", &key)]);
        Self { house, url }
    }

    /// Imports a dump and gives the report.
    pub fn import(&self, name: &str, more: &[&str]) -> Value {
        let file = dumps().join(name).display().to_string();
        self.house.run(&[&["import", "django", &file, "--json"], more].concat()).json()
    }

    /// Imports rows made up by the test, from standard input.
    pub fn import_rows(&self, rows: &Value, more: &[&str]) -> Value {
        self.import_text(&rows.to_string(), more).json()
    }

    pub fn import_text(&self, text: &str, more: &[&str]) -> Ended {
        self.house.run_with(&[&["import", "django", "-", "--json"], more].concat(), text)
    }

    /// One column of text, sorted by the query.
    pub fn ask(&self, query: &str) -> Vec<String> {
        let mut conn = PgConnection::establish(&self.url).unwrap();
        let rows: Vec<Cell> = diesel::sql_query(query).load(&mut conn).unwrap();
        rows.into_iter().map(|row| row.cell.unwrap_or_else(|| "null".into())).collect()
    }

    /// Everything that an import could touch, as text.
    pub fn snapshot(&self) -> Vec<String> {
        let tables = [
            "users",
            "emails",
            "groups",
            "permissions",
            "memberships",
            "group_permissions",
            "user_permissions",
            "clients",
            "totp_devices",
            "audit_events",
            "instance",
        ];
        tables
            .iter()
            .flat_map(|table| self.ask(&format!("SELECT '{table} ' || t::text AS cell FROM {table} t ORDER BY 1")))
            .collect()
    }
}
