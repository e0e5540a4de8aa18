//! What is done to see what would come of it, and taken back.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use portcullis::audit::Event;
use portcullis::audit::event::Kind;
use portcullis::kernel::Conn;
use portcullis::kernel::db::{take_back, transaction};
use portcullis::kernel::fault::Fault;
use tracing::subscriber::with_default;

use crate::support::TestServer;

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn it_leaves_nothing_in_the_database_and_nothing_in_the_log_of_the_process() {
    let server = TestServer::start();
    let scene = server.scene();
    let rule = |conn: &mut Conn| -> Result<i64, Fault> {
        scene.record(conn, &Event::new(Kind::GroupCreated))?;
        Ok(7)
    };
    let log = Log::default();
    let kept = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || kept.clone()).finish();
    let lines = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    with_default(subscriber, || {
        assert_eq!(take_back(&mut server.conn(), rule).expect("no fault"), 7);
        assert_eq!(server.count("audit_events WHERE event = 'group.created'"), 0);
        assert_eq!(lines(), "");
        let refused = take_back(&mut server.conn(), |conn| rule(conn).and(Err::<(), _>(Fault::bug("refused"))));
        assert!(refused.is_err_and(|fault| fault.to_string().contains("refused")));
        assert_eq!(transaction(&mut server.conn(), rule).expect("no fault"), 7);
    });
    assert_eq!(server.count("audit_events WHERE event = 'group.created'"), 1);
    assert!(lines().contains("group.created") && lines().lines().count() == 1, "{}", lines());
}
