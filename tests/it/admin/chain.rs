//! The chain of the audit log, and how long it is kept.

use diesel::connection::SimpleConnection as _;
use portcullis::audit::chain::{self, Link, Reach, Verdict};
use portcullis::jobs;
use portcullis::kernel::Conn;

use crate::support::TestServer;

fn link(server: &TestServer) {
    jobs::link(&server.first.app, &mut server.conn(), Reach::Far).expect("linked");
}

fn verify(server: &TestServer) -> Verdict {
    chain::verify(&mut server.conn(), &server.first.app.audit_chain, server.clock.now()).expect("an answer")
}

fn head(server: &TestServer) -> Link {
    match verify(server) {
        Verdict::Whole(Some(head)) => head,
        other => panic!("{other:?}"),
    }
}

/// As somebody who owns the database, and not the master key.
fn tamper(server: &TestServer, sql: &str) {
    let conn: &mut Conn = &mut server.conn();
    let alone = "ALTER TABLE audit_events DISABLE TRIGGER ALL; ALTER TABLE audit_chain DISABLE TRIGGER ALL";
    let again = "ALTER TABLE audit_events ENABLE TRIGGER ALL; ALTER TABLE audit_chain ENABLE TRIGGER ALL";
    conn.batch_execute(&format!("{alone}; {sql}; {again}")).expect("tampered");
}

fn with_entries() -> TestServer {
    let server = TestServer::start();
    for name in ["ada", "bob", "eve"] {
        server.user(name);
    }
    link(&server);
    server
}

#[test]
fn a_log_that_nobody_touched_is_whole_and_grows() {
    let server = with_entries();
    let before = head(&server);
    assert_eq!(before.position, server.count("audit_events"));
    link(&server);
    assert_eq!(head(&server), before, "linked once");
    server.user("tom");
    link(&server);
    let after = head(&server);
    assert_eq!(after.position, before.position + 1);
    assert!(chain::holds(&mut server.conn(), &before).unwrap() && chain::holds(&mut server.conn(), &after).unwrap());
}

#[test]
fn what_was_written_late_is_linked_by_the_look_from_further_back() {
    let server = with_entries();
    // A transaction of half an hour: its entry has the time at which it began.
    let late = "INSERT INTO audit_events (id, at, event, actor) \
                SELECT overlay(replace(id::text, '-', '') placing to_hex((extract(epoch from began) * 1000)::bigint) FROM 2)::uuid, \
                       began, 'user.updated', 'cli' \
                FROM (SELECT id, at - interval '30 minutes' AS began FROM audit_events ORDER BY id LIMIT 1) AS made";
    server.conn().batch_execute(late).expect("an entry from a while ago");
    let before = head(&server).position;
    let near = |server: &TestServer| {
        jobs::link(&server.first.app, &mut server.conn(), Reach::Near).expect("linked");
    };
    near(&server);
    assert_eq!(head(&server).position, before, "not seen from nearby");
    server.user("tom");
    near(&server);
    assert_eq!(head(&server).position, before + 1, "what is new is, in spite of it");
    link(&server);
    assert_eq!(head(&server).position, before + 2);
    assert_eq!(head(&server).position, server.count("audit_events"));
}

#[test]
fn whoever_changes_the_database_alone_breaks_the_chain() {
    let second = "(SELECT event_id FROM audit_chain WHERE position = 2)";
    for (sql, position) in [
        (format!("UPDATE audit_events SET actor = 'somebody' WHERE id = {second}"), 2),
        (format!("UPDATE audit_events SET details = '{{\"a\": 1}}' WHERE id = {second}"), 2),
        (format!("DELETE FROM audit_events WHERE id = {second}"), 2),
        (format!("DELETE FROM audit_events WHERE id = {second}; DELETE FROM audit_chain WHERE position = 2"), 2),
        ("UPDATE audit_chain SET digest = decode(repeat('00', 32), 'hex') WHERE position = 3".to_owned(), 3),
        ("DELETE FROM audit_chain WHERE position = 1".to_owned(), 2),
        ("DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain WHERE position = 1)".to_owned(), 1),
    ] {
        let server = with_entries();
        tamper(&server, &sql);
        match verify(&server) {
            Verdict::Broken(at, _) => assert_eq!(at, position, "{sql}"),
            whole @ Verdict::Whole(_) => panic!("{sql}: {whole:?}"),
        }
    }
    let server = with_entries();
    let old = "INSERT INTO audit_events (id, at, event, actor) \
               SELECT gen_random_uuid(), min(at) - interval '1 day', 'user.created', 'root' FROM audit_events";
    server.conn().batch_execute(old).expect("an entry that claims to be old");
    link(&server);
    assert!(matches!(verify(&server), Verdict::Broken(..)), "put in later");
    let server = with_entries();
    let noted = head(&server);
    tamper(
        &server,
        "DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain ORDER BY position DESC LIMIT 1); \
         DELETE FROM audit_chain WHERE position = (SELECT max(position) FROM audit_chain)",
    );
    assert!(!chain::holds(&mut server.conn(), &noted).unwrap(), "what is cut off shows by a head that was noted");
}

#[test]
fn old_entries_are_let_go_and_the_rest_stays_whole() {
    let server = TestServer::start_with(&[("audit.keep_secs", "2592000")]);
    for name in ["ada", "bob"] {
        server.user(name);
    }
    link(&server);
    let old = server.count("audit_events");
    server.clock.advance(chrono::Duration::days(20));
    server.user("eve");
    server.clock.advance(chrono::Duration::days(11));
    let tidy = || jobs::tidy(&server.first.app, &mut server.conn(), server.clock.now()).expect("tidied");
    tidy();
    assert_eq!(server.count("audit_events WHERE event = 'user.created'"), 1, "eve's");
    assert_eq!(server.count("audit_events WHERE event = 'audit.retained' AND actor = 'server'"), 1);
    assert_eq!(server.count(&format!("audit_events WHERE (details->>'entries')::int = {old}")), 1);
    link(&server);
    let whole = head(&server);
    tidy();
    assert_eq!(head(&server), whole, "nothing more is old enough");
    server.clock.advance(chrono::Duration::days(31));
    tidy();
    link(&server);
    assert!(matches!(verify(&server), Verdict::Whole(Some(_))), "twice");
    // What retention deletes, nobody else does; and a beginning that is taken away is no retention.
    for statement in [
        "DELETE FROM audit_events",
        "DELETE FROM audit_chain",
        "UPDATE audit_chain SET position = 9",
        "TRUNCATE audit_chain",
    ] {
        let refused = server.conn().batch_execute(statement).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}");
    }
    tamper(&server, "DELETE FROM audit_events WHERE event = 'audit.retained'");
    assert!(matches!(verify(&server), Verdict::Broken(..)));
    // Nor is it one when somebody writes into the log that it was.
    let server = with_entries();
    let forged = "INSERT INTO audit_events (id, at, event, actor, details) \
                  SELECT gen_random_uuid(), now(), 'audit.retained', 'server', jsonb_build_object('entries', 1, \
                   'position', position, 'digest', encode(digest, 'hex'), 'proof', encode(digest, 'hex')) \
                  FROM audit_chain WHERE position = 1; \
                  DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain WHERE position = 1)";
    tamper(&server, forged);
    assert!(matches!(verify(&server), Verdict::Broken(1, _)));
}
