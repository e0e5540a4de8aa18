//! Loads that remember: one thread, one task per connection.

pub mod ask;
mod door;
pub mod login;
pub mod probe;
pub mod refresh;
pub mod register;

use std::net::SocketAddr;

use actix_web::rt;
use futures_util::future::join_all;

use crate::Outcome;
use crate::wire::Connection;

/// Runs one task per entry of `tasks` on a thread of its own, all connected before any begins.
fn run_all<T, F, R>(address: SocketAddr, tasks: Vec<T>, work: impl Fn(Connection, T) -> F) -> Outcome<Vec<R>>
where
    F: Future<Output = R> + 'static,
    R: 'static,
{
    rt::System::new().block_on(async {
        let mut connections = Vec::with_capacity(tasks.len());
        for _ in &tasks {
            connections.push(Connection::open(address).await?);
        }
        let running = connections.into_iter().zip(tasks).map(|(connection, task)| rt::spawn(work(connection, task)));
        let ended = join_all(running).await;
        ended.into_iter().map(|done| done.map_err(Into::into)).collect()
    })
}
