//! Letters over SMTP: to whom, how sealed on the way, and what a refusal does.

use std::fs;

use chrono::Duration;
use portcullis::mail::store;

use super::{House, address_of};
use crate::support::TestServer;
use crate::support::mail::{Manner, SmtpSink, Terms, until};

/// A house whose letters go to this server.
fn house_of(sink: &SmtpSink, more: &[(&str, &str)]) -> House {
    let settings = sink.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let house = House::open_with(&[&settings, more].concat());
    for name in ["ada", "bob", "eve"] {
        house.server.user(name);
    }
    house
}

/// Somebody registers with the address of `name`, who is told.
async fn write_to(house: &House, name: &str) {
    house.register_as(&house.server.browser(), "/register", ("newcomer", &address_of(name))).await;
}

/// Waits until this many rows are as `what` says.
async fn rows(server: &TestServer, what: &str, count: i64) {
    let what = format!("mail_outbox WHERE {what}");
    let found = until(|| (server.count(&what) == count).then_some(())).await;
    assert!(found.is_some(), "{} of {what}", server.count(&what));
}

#[tokio::test]
async fn a_letter_has_two_parts_our_sender_and_says_that_a_machine_wrote_it() {
    let sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[("mail.from", "Gate <gate@id.example>")]);
    write_to(&house, "ada").await;
    let taken = sink.wait_for(1).await.remove(0);
    assert_eq!((taken.from.as_str(), taken.to.as_str()), ("gate@id.example", "ada@example.test"));
    assert!(!taken.over_tls);
    let letter = taken.letter;
    assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ada@example.test", "You already have an account"));
    assert!(letter.header("content-type").starts_with("multipart/alternative"));
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert!(letter.header("message-id").ends_with("@id.example>") && !letter.header("date").is_empty());
    assert!(letter.header("from").contains("gate@id.example"));
    assert!(letter.raw.lines().all(|line| line.len() <= 998), "RFC 5322 section 2.1.1");
    rows(&house.server, "sent_at IS NOT NULL", 1).await;
}

const LOGIN: Terms = Terms::StartTlsAndLogin { user: "gate", password: "a mail password" };

#[tokio::test]
async fn over_starttls_with_a_name_and_password_it_arrives_and_without_trust_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(LOGIN);
    let file = folder.path().join("ca.pem");
    fs::write(&file, &sink.certificate).unwrap();
    let (file, password) = (file.display().to_string(), ("mail.smtp.password", "a mail password"));
    let safe = [("mail.smtp.security", "starttls"), ("mail.smtp.username", "gate")];

    let stranger = house_of(&sink, &[&safe[..], &[password]].concat());
    write_to(&stranger, "ada").await;
    rows(&stranger.server, "last_error IS NOT NULL AND sent_at IS NULL AND parked_at IS NULL", 1).await;
    drop(stranger);

    let wrong = ("mail.smtp.password", "a mistyped password");
    let refused = house_of(&sink, &[&safe[..], &[wrong, ("mail.smtp.ca_file", &file)]].concat());
    write_to(&refused, "ada").await;
    rows(&refused.server, "last_error IS NOT NULL AND sent_at IS NULL AND parked_at IS NULL", 1).await;
    assert!(sink.refused_logins() > 0 && sink.taken().is_empty());
    assert_eq!(refused.server.count("mail_outbox WHERE last_error LIKE '%mistyped%'"), 0);
    drop(refused);

    let house = house_of(&sink, &[&safe[..], &[password, ("mail.smtp.ca_file", &file)]].concat());
    write_to(&house, "ada").await;
    let taken = sink.wait_for(1).await.remove(0);
    assert!(taken.over_tls && taken.to == "ada@example.test");
}

#[tokio::test]
async fn where_tls_is_asked_for_and_not_offered_nothing_is_sent_in_the_clear() {
    let sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[("mail.smtp.security", "starttls")]);
    write_to(&house, "ada").await;
    rows(&house.server, "last_error IS NOT NULL AND sent_at IS NULL", 1).await;
    assert!(sink.taken().is_empty());
}

#[tokio::test]
async fn after_an_hour_without_a_mail_server_every_letter_is_sent_once() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[]);
    write_to(&house, "ada").await;
    sink.wait_for(1).await;
    sink.go_down();
    for name in ["bob", "eve"] {
        write_to(&house, name).await;
    }
    for round in 1..7 {
        house.later(Duration::minutes(10));
        // While a letter is being sent it is due later than any pause is long.
        let rested = house.server.clock.now() + Duration::minutes(7);
        let waiting = format!("attempts >= {round} AND due_at <= '{rested}' AND sent_at IS NULL AND parked_at IS NULL");
        rows(&house.server, &waiting, 2).await;
    }
    sink.come_back();
    house.later(Duration::minutes(6));
    let taken = sink.wait_for(3).await;
    rows(&house.server, "sent_at IS NOT NULL", 3).await;
    let mut to: Vec<_> = taken.iter().map(|taken| taken.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.test", "bob@example.test", "eve@example.test"]);
    house.later(Duration::hours(1));
    house.letters_are_quiet(&sink, 3).await;
}

impl House {
    /// One more letter is posted and arrives; nothing else did.
    async fn letters_are_quiet(&self, sink: &SmtpSink, before: usize) {
        self.server.user("witness");
        write_to(self, "witness").await;
        let taken = sink.wait_for(before + 1).await;
        assert_eq!((taken.len(), taken[before].to.as_str()), (before + 1, "witness@example.test"));
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_parked_and_goes_when_an_operator_tries_again() {
    let sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[]);
    sink.behave(Manner::Refuses(550));
    write_to(&house, "ada").await;
    rows(&house.server, "parked_at IS NOT NULL AND attempts = 1 AND last_error LIKE '%550%'", 1).await;
    sink.behave(Manner::Takes);
    house.later(Duration::hours(1));
    house.letters_are_quiet(&sink, 0).await;
    let now = house.server.clock.now();
    assert_eq!(store::retry(&mut house.server.conn(), None, now).unwrap(), 1);
    assert_eq!(sink.wait_for(2).await[1].to, "ada@example.test");
    rows(&house.server, "sent_at IS NOT NULL AND parked_at IS NULL", 2).await;
    assert_eq!(store::retry(&mut house.server.conn(), None, now).unwrap(), 0, "what is sent is not sent again");
}

#[tokio::test]
async fn what_it_refuses_for_now_goes_later_and_keeps_nothing_else_waiting() {
    let sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[]);
    sink.behave(Manner::Refuses(451));
    write_to(&house, "ada").await;
    rows(&house.server, "attempts = 1 AND sent_at IS NULL AND parked_at IS NULL AND last_error LIKE '%451%'", 1).await;
    sink.behave(Manner::Takes);
    house.letters_are_quiet(&sink, 0).await;
    house.later(Duration::seconds(20));
    assert_eq!(sink.wait_for(2).await[1].to, "ada@example.test");
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_loses_no_letter() {
    for (manner, copies) in [(Manner::DropsBeforeKeeping, 1), (Manner::DropsAfterKeeping, 2)] {
        let sink = SmtpSink::start(Terms::Plain);
        let house = house_of(&sink, &[]);
        sink.behave(manner);
        write_to(&house, "ada").await;
        rows(&house.server, "last_error IS NOT NULL AND sent_at IS NULL AND parked_at IS NULL", 1).await;
        sink.behave(Manner::Takes);
        house.later(Duration::minutes(6));
        rows(&house.server, "sent_at IS NOT NULL", 1).await;
        let taken = sink.taken();
        assert_eq!(taken.len(), copies, "{manner:?}");
        // Where there are two, a reader's mail program can tell.
        let ids: Vec<_> = taken.iter().map(|taken| taken.letter.header("message-id")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

#[tokio::test]
async fn an_address_that_the_server_cannot_write_to_is_parked_and_stops_nobody() {
    let sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink, &[]);
    house.register_as(&house.server.browser(), "/register", ("uwe", "j\u{fc}rgen@example.test")).await;
    rows(&house.server, "last_error IS NOT NULL", 1).await;
    write_to(&house, "ada").await;
    assert_eq!(sink.wait_for(1).await[0].to, "ada@example.test");
    assert_eq!(house.server.count("mail_outbox WHERE parked_at IS NOT NULL"), 1);
}
