//! `/healthz` and `/readyz`: is the process alive, and may it be sent requests?

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::Stopping;
use crate::app::App;
use crate::kernel::Conn;
use crate::kernel::db::takes_writes;
use crate::kernel::fault::Fault;
use crate::kernel::migrations;
use crate::keys::Algorithm;

/// The process answers: whatever the database does.
pub async fn process() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "status": "ok" }))
}

/// The process can do its work: database writable, migrations applied, keys at hand, not stopping.
pub async fn ready(app: web::Data<App>, stopping: web::Data<Stopping>) -> HttpResponse {
    let database = app.db.read(check).await;
    let keys = app.keyring.current();
    let has_keys = Algorithm::ALL.iter().all(|alg| keys.signs_with(*alg));
    let (database, migrations) = match database {
        Ok(0) => ("ok".to_owned(), "ok".to_owned()),
        Ok(missing) => ("ok".to_owned(), format!("{missing} not applied")),
        Err(fault) => {
            // Strangers may ask: where the database is stays in the log.
            tracing::warn!(%fault, "not ready");
            let word = if matches!(fault, Fault::DatabaseReadOnly) { "read_only" } else { "away" };
            (word.to_owned(), "unknown".to_owned())
        }
    };
    let is_ready = database == "ok" && migrations == "ok" && has_keys && !stopping.is_set();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "status": if is_ready { "ok" } else { "unavailable" },
        "checks": {
            "database": database,
            "migrations": migrations,
            "keys": if has_keys { "ok" } else { "missing" },
            "process": if stopping.is_set() { "stopping" } else { "ok" },
        },
    }))
}

/// How many migrations are missing, on a database that takes writes.
fn check(conn: &mut Conn) -> Result<usize, Fault> {
    if !takes_writes(conn)? {
        return Err(Fault::DatabaseReadOnly);
    }
    Ok(migrations::pending(conn)?.len())
}
