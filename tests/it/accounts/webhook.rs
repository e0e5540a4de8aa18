//! Text messages by the operator's own service.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use aws_lc_rs::hmac;
use portcullis::mail::TextMessage;
use portcullis::mail::outbox::Addressee;
use serde_json::Value;

use super::House;

/// A service that answers each post with these statuses in turn, and tells what it was sent.
fn service(statuses: &'static [&'static str]) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut request = Vec::new();
            let _ = stream.read_to_end(&mut request);
            let request = String::from_utf8(request).unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            tell.send((head.to_lowercase(), body.to_owned())).unwrap();
        }
    });
    (url, told)
}

fn post(house: &House) {
    let to = Addressee { user_id: None, address: "+4930123456".into(), locale: Some("de".into()) };
    let message = TextMessage::PhoneCode { code: "271828".into(), minutes: 10 };
    let courier = house.server.first.app.courier.clone();
    house.server.write(|conn, scene| {
        courier.postbox.post_text(conn, &to, &message, chrono::Duration::minutes(10), (scene.now, &scene.random))
    });
}

#[tokio::test]
async fn each_message_is_posted_signed_and_again_when_it_was_not_taken() {
    let (url, told) = service(&["503 Not now", "204 Taken"]);
    let secret = "a secret of the two";
    let house =
        House::open_with(&[("sms.transport", "webhook"), ("sms.webhook_url", &url), ("sms.webhook_secret", secret)]);
    house.server.user("ada");
    post(&house);
    let (_, first) = told.recv_timeout(Duration::from_secs(10)).unwrap();
    until(|| house.server.count("mail_outbox WHERE last_error LIKE '%503%'") == 1).await;
    house.server.clock.advance(chrono::Duration::minutes(1));
    let (head, second) = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(first, second, "the same message under the same id");
    let body: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(body["to"], "+4930123456");
    assert!(body["text"].as_str().unwrap().contains("271828") && body["text"].as_str().unwrap().contains("Minuten"));
    let signature = head.split("x-portcullis-signature: ").nth(1).unwrap().lines().next().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag: String = hmac::sign(&key, second.as_bytes()).as_ref().iter().fold(String::new(), |mut out, byte| {
        use std::fmt::Write as _;
        write!(out, "{byte:02x}").unwrap();
        out
    });
    assert_eq!(signature, tag);
    // Letters go on leaving beside it.
    let browser = house.server.browser();
    let csrf = browser.get("/password/reset").await.field("csrf_token");
    browser.post("/password/reset", &[("csrf_token", &csrf), ("next", ""), ("email", "ada")]).await;
    house.letters.next("ada@example.test").await;
}

#[tokio::test]
async fn what_the_service_refuses_for_good_is_parked() {
    let (url, told) = service(&["422 No such number"]);
    let house = House::open_with(&[
        ("sms.transport", "webhook"),
        ("sms.webhook_url", &url),
        ("sms.webhook_secret", "a secret of the two"),
    ]);
    post(&house);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    until(|| house.server.count("mail_outbox WHERE parked_at IS NOT NULL AND last_error LIKE '%422%'") == 1).await;
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not come to that");
}
