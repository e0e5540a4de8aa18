//! What letters must not carry, and where their secrets must not stand.

use std::fs;

use diesel::prelude::*;
use reqwest::StatusCode;

use super::{HERONS, House, OWLS, ask_for_reset, enter_code, open, reset_by, with_next};
use crate::support::Browser;
use crate::support::mail::{Letter, until};
use crate::support::process;
use crate::support::server::Notifications;

#[tokio::test]
async fn every_link_begins_with_the_issuer_whatever_the_request_said() {
    let house = House::open();
    house.server.user("ada");
    let behind_proxy = house.server.second(Notifications::Cut);
    let lies: [&[(&str, &str)]; 4] = [
        &[("x-forwarded-host", "evil.example")],
        &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")],
        &[("forwarded", "host=evil.example;proto=https")],
        &[("x-original-host", "evil.example"), ("x-forwarded-server", "evil.example")],
    ];
    for base in [&house.server.first.base, &behind_proxy.base] {
        for headers in lies {
            house.later(chrono::Duration::days(2));
            let browser = Browser::new(base);
            let csrf = browser.get("/password/reset").await.field("csrf_token");
            let fields = [("csrf_token", csrf.as_str()), ("email", "ada")];
            let before = house.posted("reset_password");
            let answer = browser.post_with("/password/reset", &fields, headers).await;
            if answer.status == StatusCode::SEE_OTHER {
                let letter = house.letter_to("ada").await;
                assert!(!letter.raw.contains("evil.example"), "{headers:?}");
                let links = letter.links();
                assert!(
                    links.len() > 1 && links.iter().all(|link| link.starts_with(&house.server.issuer)),
                    "{links:?}"
                );
            } else {
                assert!(answer.status.is_client_error(), "{answer:?}");
                assert_eq!(house.posted("reset_password"), before, "refused, then");
            }
        }
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_no_letter_is_written() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    let csrf = browser.get("/password/reset").await.field("csrf_token");
    let fields = [("csrf_token", csrf.as_str()), ("email", "ada")];
    for host in ["evil.example", "localhost.evil.example", "localhost@evil.example"] {
        let answer = browser.post_with("/password/reset", &fields, &[("host", host)]).await;
        assert!(answer.status.is_client_error(), "{host}: {answer:?}");
    }
    assert_eq!(house.server.count("mail_outbox"), 0);
    assert_eq!(browser.post("/password/reset", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.server.count("mail_outbox"), 1);
}

#[tokio::test]
async fn names_and_browsers_that_lie_change_no_header_and_make_no_markup() {
    let house = House::open();
    let name = "<b>Win</b> at https://evil.example/ & \u{202e}more";
    let app = house.server.app("app");
    // From before such names were refused.
    let old = format!("UPDATE clients SET name = '{name}'");
    diesel::sql_query(old).execute(&mut house.server.conn()).unwrap();
    let honest = house.registered("bob").await;
    let plain = house.letter_to("bob").await;
    drop(honest);
    let browser = house.server.browser();
    house.register_at(&browser, &with_next("/register", &app.authorize_path(&[])), "ada").await;
    let letter = house.letter_to("ada").await;
    assert_eq!(letter.header_names(), plain.header_names());
    assert!(!letter.html.contains("<b>Win"), "{}", letter.html);
    assert!(!letter.text.contains("https://evil.example") && !letter.html.contains("https://evil.example"));
    assert!(!letter.raw.contains('\u{202e}') && !letter.text.contains('\u{202e}'));

    house.server.user("eve");
    let browser = house.server.browser();
    let csrf = browser.get("/password/reset").await.field("csrf_token");
    let agent = format!("<script>alert(1)</script>{}", "x".repeat(4000));
    let fields = [("csrf_token", csrf.as_str()), ("email", "eve")];
    browser.post_with("/password/reset", &fields, &[("user-agent", &agent)]).await;
    let letter = house.letter_to("eve").await;
    assert_eq!(letter.header_names(), plain.header_names());
    assert!(!letter.html.contains("<script") && !letter.raw.contains(&"x".repeat(200)));
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Every row of every table, without fractions of seconds: six digits may be a code.
fn dump(house: &House) -> String {
    let mut conn = house.server.conn();
    let tables = "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public'";
    let tables: Vec<Row> = diesel::sql_query(tables).load(&mut conn).unwrap();
    let rows = tables.into_iter().flat_map(|table| {
        let select = format!(r"SELECT regexp_replace(t::text, '\.\d+\+00', '', 'g') AS text FROM {} t", table.text);
        diesel::sql_query(select).load::<Row>(&mut conn).unwrap()
    });
    rows.map(|row| row.text + "\n").collect()
}

/// Whether the digits stand there by themselves.
fn holds_code(text: &str, code: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code)
}

#[tokio::test]
async fn once_sent_no_table_holds_a_link_or_a_code() {
    let house = House::open();
    house.server.user("bob");
    let browser = house.registered("ada").await;
    let proof = house.letter_to("ada").await;
    ask_for_reset(&house.server.browser(), "bob").await;
    let reset = house.letter_to("bob").await;
    let sent = until(|| (house.server.count("mail_outbox WHERE sent_at IS NOT NULL") == 2).then_some(()));
    sent.await.expect("both are sent");
    assert_eq!(house.server.count("mail_outbox WHERE length(sealed_letter) > 0"), 0);
    let holds = |when: &str| {
        let dump = dump(&house);
        assert!(dump.contains("ada@example.test") && holds_code(&dump, "ada"), "the search finds what is there");
        for secret in [proof.token(), reset.token(), OWLS.to_owned(), HERONS.to_owned()] {
            assert!(!dump.contains(&secret), "{when}");
        }
        assert!(!holds_code(&dump, &proof.code()), "{when}: a code");
    };
    holds("waiting");
    enter_code(&browser, &proof.code()).await;
    reset_by(&house.server.browser(), &house.path_in(&reset), HERONS).await;
    holds("used");
}

#[test]
fn the_search_for_codes_finds_one() {
    assert!(holds_code("(a,123456,b)", "123456") && !holds_code("(1234567,a123456)", "123456"));
}

/// The real binary, all it logs, and letters in its folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_letter_stands_in_the_log() {
    let house = process::House::new(&[("log.level", "debug"), ("mail.transport", "file")]);
    let mut running = house.serve();
    let letter = |number: usize| {
        let folder = house.data().join("mail");
        until(move || {
            let mut paths: Vec<_> = fs::read_dir(&folder).ok()?.flatten().map(|entry| entry.path()).collect();
            paths.retain(|path| path.extension().is_some_and(|end| end == "eml"));
            paths.sort();
            Some(Letter::read(&fs::read_to_string(paths.get(number)?).ok()?))
        })
    };
    let browser = Browser::new(&house.base);
    let issuer = house.base.replace("127.0.0.1", "localhost");
    let form = browser.get("/register").await;
    let fields = [("username", "planted-in-sight"), ("email", "ada@example.test"), ("new-password", OWLS)];
    browser.submit(&form, "/register", &fields).await;
    let proof = letter(0).await.expect("a letter");
    assert_eq!(open(&browser, &proof.path(&issuer)).await.status, StatusCode::OK);
    assert_eq!(enter_code(&browser, &proof.code()).await.status, StatusCode::SEE_OTHER);
    ask_for_reset(&browser, "planted-in-sight").await;
    let reset = letter(1).await.expect("another letter");
    assert_eq!(reset_by(&browser, &reset.path(&issuer), HERONS).await.status, StatusCode::SEE_OTHER);
    assert_eq!(running.stop(), Some(0));
    let log = running.log() + &running.printed();
    assert!(log.contains("/verify-email") && log.contains("\"sent\""), "there is a log: {log}");
    for secret in [proof.token(), reset.token(), OWLS.to_owned(), HERONS.to_owned()] {
        assert!(!log.contains(&secret));
    }
    assert!(!holds_code(&log, &proof.code()) && !log.contains("ada@example.test"));
}
