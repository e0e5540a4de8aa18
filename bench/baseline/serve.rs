//! A bare actix server with as many workers as ours: what the framework and the pool can do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, error, rt, web};
use clap::Args;
use diesel::{Connection as _, PgConnection, QueryDsl as _, RunQueryDsl as _};
use portcullis::kernel::db::{Db, DbSettings};
use portcullis::kernel::fault::Fault;
use portcullis::kernel::secret::Secret;
use serde::Serialize;
use uuid::Uuid;

use crate::{Outcome, raw};

#[derive(Args)]
pub struct Settings {
    #[arg(long)]
    listen: SocketAddr,
    /// Bytes served at `/discovery`.
    #[arg(long)]
    discovery: PathBuf,
    /// Bytes served at `/jwks`.
    #[arg(long)]
    jwks: PathBuf,
    /// Postgres that has `bench_users`.
    #[arg(long)]
    database: String,
    /// Connections, as many as the server has.
    #[arg(long)]
    pool_size: u32,
}

diesel::table! {
    bench_users (id) {
        id -> Uuid,
        sub -> Uuid,
        username -> Text,
        is_active -> Bool,
    }
}

#[derive(diesel::Queryable, Serialize)]
struct User {
    sub: Uuid,
    username: String,
    is_active: bool,
}

/// The rows to ask for, one after the other.
struct Turn {
    ids: Vec<Uuid>,
    next: AtomicUsize,
}

struct Documents {
    discovery: Bytes,
    jwks: Bytes,
}

pub fn run(settings: &Settings) -> Outcome<()> {
    let documents = Data::new(Documents {
        discovery: std::fs::read(&settings.discovery)?.into(),
        jwks: std::fs::read(&settings.jwks)?.into(),
    });
    let mut conn = PgConnection::establish(&settings.database)?;
    let ids = bench_users::table.select(bench_users::id).load(&mut conn)?;
    drop(conn);
    let turn = Data::new(Turn { ids, next: AtomicUsize::new(0) });
    let db = Data::new(Db::open(&DbSettings {
        url: Secret::new(settings.database.clone()),
        pool_size: settings.pool_size,
        wait: Duration::from_millis(1500),
    })?);
    rt::System::new().block_on(async {
        HttpServer::new(move || {
            App::new()
                .app_data(Data::clone(&documents))
                .app_data(Data::clone(&turn))
                .app_data(Data::clone(&db))
                .route("/discovery", web::get().to(discovery))
                .route("/jwks", web::get().to(jwks))
                .route("/select", web::get().to(select))
                .route("/select", web::post().to(select_after_body))
        })
        .workers(raw::cores())
        .bind(settings.listen)?
        .run()
        .await
    })?;
    Ok(())
}

async fn discovery(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(documents.discovery.clone())
}

async fn jwks(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(documents.jwks.clone())
}

async fn select(db: Data<Db>, turn: Data<Turn>) -> actix_web::Result<HttpResponse> {
    let at = turn.next.fetch_add(1, Ordering::Relaxed) % turn.ids.len().max(1);
    let id = turn.ids.get(at).copied().ok_or_else(|| error::ErrorNotFound("no rows"))?;
    let user = db.read(move |conn| find(conn, id)).await.map_err(error::ErrorServiceUnavailable)?;
    Ok(HttpResponse::Ok().json(user))
}

async fn select_after_body(_body: Bytes, db: Data<Db>, turn: Data<Turn>) -> actix_web::Result<HttpResponse> {
    select(db, turn).await
}

fn find(conn: &mut PgConnection, id: Uuid) -> Result<User, Fault> {
    let columns = (bench_users::sub, bench_users::username, bench_users::is_active);
    Ok(bench_users::table.find(id).select(columns).first(conn)?)
}
