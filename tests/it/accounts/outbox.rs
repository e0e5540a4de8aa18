//! The outbox: each letter once, none too late, none lost with an instance.

use chrono::Duration;
use portcullis::mail::store;
use reqwest::StatusCode;

use super::{House, ask_again, ask_for_reset};
use crate::support::mail::{SmtpSink, Terms, until};
use crate::support::server::Notifications;

fn house_of(sink: &SmtpSink) -> House {
    let settings = sink.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    House::open_with(&settings)
}

async fn rows(house: &House, what: &str, count: i64) {
    let what = format!("mail_outbox WHERE {what}");
    let found = until(|| (house.server.count(&what) == count).then_some(())).await;
    assert!(found.is_some(), "{} of {what}", house.server.count(&what));
}

#[tokio::test]
async fn two_instances_send_each_letter_once() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink);
    let other = house.server.second(Notifications::Heard);
    sink.go_down();
    let names: Vec<String> = (0..12).map(|number| format!("person{number:02}")).collect();
    for name in &names {
        house.registered(name).await;
    }
    sink.come_back();
    house.later(Duration::minutes(6));
    rows(&house, "sent_at IS NOT NULL", 12).await;
    let mut to: Vec<String> = sink.taken().into_iter().map(|taken| taken.to).collect();
    to.sort();
    let expected: Vec<String> = names.iter().map(|name| super::address_of(name)).collect();
    assert_eq!(to, expected);
    drop(other);
}

#[tokio::test]
async fn a_letter_of_an_instance_that_died_is_sent_by_another_when_its_lease_is_over() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink);
    sink.go_down();
    house.registered("ada").await;
    rows(&house, "last_error IS NOT NULL", 1).await;
    // An instance takes it, and is never heard of again.
    let then = house.server.clock.now() + Duration::minutes(1);
    let claimed = store::claim(&mut house.server.conn(), then, then + Duration::minutes(10)).unwrap();
    assert_eq!(claimed.expect("a row").recipient, "ada@example.test");
    assert!(store::claim(&mut house.server.conn(), then, then + Duration::minutes(10)).unwrap().is_none());
    sink.come_back();
    house.later(Duration::minutes(9));
    house.registered("bob").await;
    assert_eq!(sink.wait_for(1).await[0].to, "bob@example.test", "the lease lasts");
    house.later(Duration::minutes(3));
    let taken = sink.wait_for(2).await;
    assert_eq!((taken.len(), taken[1].to.as_str()), (2, "ada@example.test"));
    rows(&house, "sent_at IS NOT NULL", 2).await;
}

#[tokio::test]
async fn what_has_expired_is_never_sent_and_its_secret_goes() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink);
    house.server.user("ada");
    sink.go_down();
    ask_for_reset(&house.server.browser(), "ada").await;
    house.registered("bob").await;
    rows(&house, "attempts > 0", 2).await;
    house.later(Duration::minutes(31));
    sink.come_back();
    assert_eq!(sink.wait_for(1).await[0].to, "bob@example.test", "an hour, not half of one");
    house.tidy();
    let expired = format!("parked_at IS NOT NULL AND last_error = '{}' AND length(sealed_letter) = 0", store::EXPIRED);
    rows(&house, &expired, 1).await;
    assert_eq!(store::retry(&mut house.server.conn(), None, house.server.clock.now()).unwrap(), 0);
    assert_eq!(sink.taken().len(), 1);
}

#[tokio::test]
async fn an_account_that_goes_takes_its_letters_along() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink);
    sink.go_down();
    house.registered("ada").await;
    house.later(Duration::days(8));
    house.tidy();
    assert_eq!((house.users(), house.server.count("mail_outbox")), (0, 0));
}

#[tokio::test]
async fn while_no_mail_leaves_people_see_the_same_pages() {
    let mut sink = SmtpSink::start(Terms::Plain);
    let house = house_of(&sink);
    sink.go_down();
    let browser = house.registered("ada").await;
    house.later(Duration::seconds(31));
    assert_eq!(ask_again(&browser).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/verify-email").await.status, StatusCode::OK);
    sink.come_back();
    house.later(Duration::minutes(6));
    // Both arrive; the older one's code is void.
    let taken = sink.wait_for(2).await;
    let newest = taken.iter().max_by_key(|taken| taken.letter.header("message-id")).unwrap();
    assert_eq!(super::enter_code(&browser, &newest.letter.code()).await.status, StatusCode::SEE_OTHER);
}
