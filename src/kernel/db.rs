//! The one door to Postgres.
//!
//! ```text
//! handler ── permit (a future; time-out → 503) ──► queue ──► thread that borrows a connection
//!    ▲                                                          │  BEGIN … COMMIT, span carried
//!    └───────────────────────── answer ◄────────────────────────┘
//! ```
//! A handler waits as a future; rules run on the database's own threads and never await. A caller
//! that has given up (time-out, closed browser) is not committed behind its back.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use diesel::r2d2::Pool;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{Connection as _, RunQueryDsl as _};
use tokio::sync::{Semaphore, oneshot};
use tracing::Span;
use tracing::dispatcher::{Dispatch, with_default};
use tracing::subscriber::NoSubscriber;

use super::Conn;
pub use super::connections::connect;
use super::connections::{Connections, LogOnce};
use super::fault::Fault;
use super::secret::Secret;
use super::workers::Workers;

/// How the database is reached, and how long anybody waits for it.
#[derive(Clone, Debug)]
pub struct DbSettings {
    /// Connection string, URL or `key=value` form.
    pub url: Secret<String>,
    /// Connections, and threads that use them.
    pub pool_size: u32,
    /// Longest wait of a caller, from asking to the answer.
    pub wait: Duration,
}

/// A handle on the pool; cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    workers: Workers,
    pool: Pool<Connections>,
    permits: Semaphore,
    wait: Duration,
}

/// Callers that may stand in the queue for each connection before the rest wait for a permit.
const QUEUED_PER_CONNECTION: usize = 2;

impl Db {
    /// Starts the threads. Connections are made when first needed, so this succeeds while the
    /// database is away.
    ///
    /// # Errors
    /// [`Fault::Bug`] when a thread cannot be started.
    pub fn open(settings: &DbSettings) -> Result<Self, Fault> {
        let pool = Pool::builder()
            .max_size(settings.pool_size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(settings.wait.mul_f32(0.7))
            .error_handler(Box::new(LogOnce))
            .build_unchecked(Connections::new(settings));
        let threads = usize::try_from(settings.pool_size).unwrap_or(1);
        let places = threads.saturating_mul(1 + QUEUED_PER_CONNECTION);
        let workers = Workers::start("db", threads, places)?;
        Ok(Self { inner: Arc::new(Inner { workers, pool, permits: Semaphore::new(places), wait: settings.wait }) })
    }

    /// Runs `rule` without a transaction: for reads, and for writes that are one statement.
    ///
    /// # Errors
    /// The rule's own, or the [`Fault`] of a database that is away, slow or busy.
    pub async fn read<T, E>(&self, rule: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.run(move |conn, _| rule(conn)).await
    }

    /// Runs `rule` in one transaction: `Ok` commits, `Err` rolls back, always.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write<T, E>(&self, rule: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.run(move |conn, caller_waits| {
            transaction(conn, |conn| {
                let answer = rule(conn)?;
                if caller_waits() { Ok(answer) } else { Err(E::from(Fault::Busy("the caller gave up"))) }
            })
        })
        .await
    }

    async fn run<T, E>(
        &self,
        rule: impl FnOnce(&mut Conn, &dyn Fn() -> bool) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let work = async {
            let _permit = self.inner.permits.acquire().await.map_err(|_| Fault::bug("the database is closed"))?;
            let (answer, answered) = oneshot::channel();
            self.inner.workers.submit(job(self.inner.pool.clone(), answer, rule))?;
            answered.await.map_err(|_| Fault::bug("a database job panicked"))
        };
        match tokio::time::timeout(self.inner.wait, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(fault)) => Err(fault.into()),
            Err(_elapsed) => Err(Fault::DatabaseAway("no answer in time".into()).into()),
        }
    }
}

/// Runs `rule` in one transaction on a connection already held: for commands and start-up.
///
/// # Errors
/// The rule's own, or the [`Fault`] of BEGIN or COMMIT.
pub fn transaction<T, E: From<Fault>>(conn: &mut Conn, rule: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    enum Ended<E> {
        Rule(E),
        Database(diesel::result::Error),
    }
    impl<E> From<diesel::result::Error> for Ended<E> {
        fn from(error: diesel::result::Error) -> Self {
            Self::Database(error)
        }
    }
    conn.transaction(|conn| rule(conn).map_err(Ended::Rule)).map_err(|ended| match ended {
        Ended::Rule(error) => error,
        Ended::Database(error) => Fault::from(error).into(),
    })
}

/// Hears nothing; made once, since each that is made is known to every line of the log.
static UNHEARD: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Runs `rule` in a transaction, or part of one, that is taken back, and tells what it came to. What it says in the log of the
/// process is not so, and is not said.
///
/// # Errors
/// The rule's own, or the [`Fault`] of BEGIN or ROLLBACK.
pub fn take_back<T, E: From<Fault>>(conn: &mut Conn, rule: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    enum Ended<T, E> {
        Done(T),
        Not(E),
    }
    impl<T, E: From<Fault>> From<Fault> for Ended<T, E> {
        fn from(fault: Fault) -> Self {
            Self::Not(fault.into())
        }
    }
    let unheard = || transaction(conn, |conn| Err::<(), _>(rule(conn).map_or_else(Ended::Not, Ended::Done)));
    match with_default(&UNHEARD, unheard) {
        Ok(()) => Err(Fault::bug("what was to be taken back was kept").into()),
        Err(Ended::Done(done)) => Ok(done),
        Err(Ended::Not(error)) => Err(error),
    }
}

/// Whether the database takes writes on this connection: no standby, not set read-only.
///
/// # Errors
/// [`Fault`] of the database.
pub fn takes_writes(conn: &mut Conn) -> Result<bool, Fault> {
    let ask = "NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";
    Ok(diesel::select(diesel::dsl::sql::<Bool>(ask)).get_result(conn)?)
}

/// The version of Postgres, as it tells it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn version(conn: &mut Conn) -> Result<String, Fault> {
    Ok(diesel::select(diesel::dsl::sql::<Text>("current_setting('server_version')")).get_result(conn)?)
}

/// Waits for the advisory lock `key` and holds it until the transaction ends: one writer of its
/// kind at a time, over all instances.
///
/// # Errors
/// [`Fault`] of the database, among them its lock timeout.
pub fn lock_for_transaction(conn: &mut Conn, key: i64) -> Result<(), Fault> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(conn)?;
    Ok(())
}

fn job<T, E>(
    pool: Pool<Connections>,
    answer: oneshot::Sender<Result<T, E>>,
    rule: impl FnOnce(&mut Conn, &dyn Fn() -> bool) -> Result<T, E> + Send + 'static,
) -> impl FnOnce() + Send
where
    T: Send + 'static,
    E: From<Fault> + Send + 'static,
{
    let span = Span::current();
    move || {
        if answer.is_closed() {
            return;
        }
        let _entered = span.enter();
        let result = match pool.get() {
            Err(error) => Err(Fault::DatabaseAway(error.to_string()).into()),
            Ok(mut held) => {
                let result = rule(&mut held.pg, &|| !answer.is_closed());
                held.broken = result.is_err();
                result
            }
        };
        // A caller that no longer waits has its 503 already.
        let _ = answer.send(result);
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}
