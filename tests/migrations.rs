//! The schema's history: down and up again on filled tables, and started twice at once.
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "it/support/cluster.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
mod cluster;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};
use portcullis::kernel::migrations;

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("a connection")
}

fn words(conn: &mut PgConnection, query: &str) -> BTreeSet<String> {
    let rows: Vec<Word> = diesel::sql_query(query).load(conn).expect("an answer");
    rows.into_iter().map(|row| row.word).collect()
}

const TABLES: &str = "SELECT tablename AS word FROM pg_tables \
    WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'";

/// Columns, constraints, indexes, functions and triggers, each as one line.
fn outline(conn: &mut PgConnection) -> BTreeSet<String> {
    words(
        conn,
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS word \
           FROM information_schema.columns WHERE table_schema = 'public' \
         UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
           WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
         UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    )
}

/// One row in each table, in the order of their references.
const ROWS: [&str; 39] = [
    "instance VALUES (1, 'sealed', now())",
    "setup_links VALUES (sha256('link'), now(), now(), NULL)",
    "users (id, sub, username, username_key, created_at, updated_at) VALUES (:id, :id, 'ada', 'ada', now(), now())",
    "emails VALUES (:id, :id, 'ada@example.test', 'ada@example.test', true, now(), now())",
    "groups VALUES (:id, 'staff', 'staff', now())",
    "groups VALUES ('00000000-0000-7000-8000-000000000002', 'editors', 'editors', now())",
    "memberships VALUES (:id, :id, now())",
    "subgroups VALUES (:id, '00000000-0000-7000-8000-000000000002', now())",
    "permissions VALUES (:id, 'blog', 'add_article', '', now())",
    "group_permissions VALUES (:id, :id, now())",
    "user_permissions VALUES (:id, :id, now())",
    "object_permissions VALUES (:id, :id, '1', :id, NULL, now())",
    "sessions (id, digest, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at) \
     VALUES (:id, sha256('session'), :id, now(), 'aal1', 'pwd', now(), now(), now())",
    "clients (id, client_id, name, kind, grant_types, scope, id_token_alg, access_token_alg, access_token_typ, created_at, \
     updated_at) VALUES (:id, 'app', 'App', 'public', 'authorization_code', 'openid', 'RS256', 'ES256', 'at+jwt', now(), now())",
    "grants (id, user_id, client_id, scope, created_at, updated_at) VALUES (:id, :id, :id, 'openid', now(), now())",
    "families (id, grant_id, user_id, client_id, session_id, is_offline, scope, audiences, auth_time, acr, amr, created_at, \
     rotated_at, expires_at) VALUES (:id, :id, :id, :id, :id, true, 'openid', '[]', now(), 'aal1', 'pwd', now(), now(), now())",
    "codes (digest, family_id, grant_id, user_id, client_id, session_id, redirect_uri, scope, audiences, auth_time, acr, amr, \
     created_at, expires_at) VALUES (sha256('code'), :id, :id, :id, :id, :id, 'https://app.example/', 'openid', '[]', now(), \
     'aal1', 'pwd', now(), now())",
    "blacklist VALUES (:id, now(), now())",
    "assertions VALUES (:id, sha256('jti'), now())",
    "signing_keys (id, kid, alg, state, public_jwk, sealed_private, created_at) \
     VALUES (:id, 'kid', 'ES256', 'active', '{}', 'sealed', now())",
    "throttles VALUES (sha256('bucket'), 1, now(), NULL)",
    "mail_outbox (id, kind, recipient, sealed_letter, created_at, due_at) VALUES (:id, 'k', 'r', 'sealed', now(), now())",
    "audit_events (id, at, event, actor) VALUES (:id, now(), 'user.created', 'cli')",
    "confirmations (id, purpose, user_id, target, link_digest, created_at, expires_at) \
     VALUES (:id, 'verify_email', :id, 'ada@example.test', sha256('link'), now(), now())",
    "invitations (id, digest, invited_by, created_at, expires_at) VALUES (:id, sha256('invite'), 'cli', now(), now())",
    "former_passwords VALUES (:id, :id, 'hash', now())",
    "pictures VALUES (:id, :id, 'jpeg', now())",
    "api_keys (id, user_id, name, prefix, digest, scope, created_at) \
     VALUES (:id, :id, 'key', 'ptc_', sha256('key'), 'openid', now())",
    "totp_devices (id, user_id, name, sealed_secret, digits, period_secs, created_at) \
     VALUES (:id, :id, 'phone', 'sealed', 6, 30, now())",
    "group_managers VALUES (:id, :id, now())",
    "idempotency_keys VALUES (:id, sha256('key'), sha256('request'), 'sealed', now())",
    "traces (id, at, request_id, stage, code, because) VALUES (:id, now(), '1', 'token', 'invalid_grant', 'why')",
    "audit_chain VALUES (1, :id, sha256('link'), now())",
    "statistics VALUES (current_date, 'users', 1, now())",
    "imports VALUES (:id, :id, 'people.csv', 'checking', false, false, NULL, NULL, NULL, now(), now())",
    "import_rows VALUES (:id, 2, '{}', NULL, NULL, '')",
    "saved_views VALUES (:id, :id, 'Failures', 'event=login.failed', now())",
    "former_usernames VALUES ('eve', now())",
    "logos VALUES (:id, :id, 'png', now())",
];

fn fill(conn: &mut PgConnection) {
    for row in ROWS {
        let row = row.replace(":id", "'00000000-0000-7000-8000-000000000001'");
        conn.batch_execute(&format!("INSERT INTO {row}")).unwrap_or_else(|error| panic!("{error}: {row}"));
    }
    for table in words(conn, TABLES) {
        let rows = words(conn, &format!("SELECT count(*)::text AS word FROM {table}"));
        assert!(!rows.contains("0"), "{table} is empty: a row of it belongs to ROWS");
    }
}

#[test]
fn every_migration_goes_down_and_up_on_filled_tables() {
    let url = cluster::empty_database();
    let mut conn = connect(&url);
    let applied = migrations::run(&mut conn).unwrap();
    assert!(!applied.is_empty() && migrations::pending(&mut conn).unwrap().is_empty());
    let fresh = outline(&mut conn);
    for _ in 0..2 {
        fill(&mut conn);
        migrations::revert_all(&mut conn).unwrap();
        assert_eq!(words(&mut conn, TABLES), BTreeSet::new(), "nothing of ours remains");
        let rest = outline(&mut conn);
        assert!(
            rest.iter().all(|line| line.contains("__diesel_schema_migrations") || line.contains("diesel_")),
            "{rest:#?}"
        );
        assert_eq!(migrations::pending(&mut conn).unwrap().len(), applied.len());
        assert_eq!(migrations::run(&mut conn).unwrap(), applied);
        assert_eq!(outline(&mut conn), fresh);
    }
    fill(&mut conn);
    // Again changes nothing.
    assert_eq!(migrations::run(&mut conn).unwrap(), Vec::<String>::new());
}

#[test]
fn an_audit_event_is_not_rewritten() {
    let mut conn = connect(&cluster::new_database());
    conn.batch_execute("INSERT INTO audit_events (id, at, event, actor) VALUES (gen_random_uuid(), now(), 'a', 'b')")
        .unwrap();
    let refused = conn.batch_execute("UPDATE audit_events SET event = 'c'").unwrap_err();
    assert!(refused.to_string().contains("append-only"), "{refused}");
}

#[test]
fn several_who_migrate_an_empty_database_at_once_all_succeed() {
    let url = cluster::empty_database();
    let barrier = Barrier::new(4);
    let migrate = || {
        let mut conn = connect(&url);
        barrier.wait();
        migrations::run(&mut conn).expect("it succeeds")
    };
    let applied: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
        all.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    let each: BTreeSet<_> = applied.iter().collect();
    assert_eq!(each.len(), applied.len(), "each is applied by one");
    assert!(migrations::pending(&mut connect(&url)).unwrap().is_empty());
}

#[test]
fn two_processes_that_migrate_an_empty_database_at_once_both_succeed() {
    let url = cluster::empty_database();
    let spawn = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(["migrate", "--json"]).env("PORTCULLIS_DATABASE__URL", &url).spawn().expect("a process")
    };
    for mut process in [spawn(), spawn()] {
        assert!(process.wait().expect("an end").success());
    }
    assert!(migrations::pending(&mut connect(&url)).unwrap().is_empty());
}

#[test]
fn two_who_migrate_a_filled_database_leave_its_rows_alone() {
    let url = cluster::empty_database();
    let mut conn = connect(&url);
    migrations::run(&mut conn).unwrap();
    fill(&mut conn);
    let rows = words(&mut conn, "SELECT u::text AS word FROM users u");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| migrations::run(&mut connect(&url)).expect("it succeeds"));
        }
    });
    assert_eq!(words(&mut conn, "SELECT u::text AS word FROM users u"), rows);
}
