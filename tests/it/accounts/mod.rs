//! Accounts that people run themselves, and the letters that carry them.

use chrono::Duration;
use diesel::connection::SimpleConnection as _;
use portcullis::jobs;
use reqwest::StatusCode;

use crate::support::mail::{Letter, LetterBox};
use crate::support::{Browser, Page, TestServer};

mod addresses;
mod changing;
mod codes;
mod held;
mod history;
mod known;
mod leaving;
mod links;
mod magic;
mod modes;
mod one_time;
mod outbox;
mod own_fields;
mod pacing;
mod phone;
mod recovery;
mod recovery_ends;
mod registering;
mod secrets;
mod smtp;
mod squatting;
mod staying;
mod throttles;
mod told;
mod twins;
mod webhook;

use told::Told;

/// Passwords that the rules allow.
const OWLS: &str = "seven brown owls at dusk";
const HERONS: &str = "nine grey herons at dawn";

/// A server and the folder its letters arrive in.
struct House {
    server: TestServer,
    letters: LetterBox,
}

impl House {
    fn open() -> Self {
        Self::open_with(&[])
    }

    fn open_with(settings: &[(&str, &str)]) -> Self {
        let letters = LetterBox::new();
        let folder = letters.data_dir();
        let server = TestServer::start_with(&[&[("data.dir", folder.as_str())], settings].concat());
        Self { server, letters }
    }

    /// Fills the form at `path` and posts it; the address is `name@example.test`.
    async fn register_at(&self, browser: &Browser, path: &str, name: &str) -> Page {
        self.register_as(browser, path, (name, &address_of(name))).await
    }

    async fn register_as(&self, browser: &Browser, path: &str, (name, address): (&str, &str)) -> Page {
        let form = browser.get(path).await;
        assert_eq!(form.status, StatusCode::OK, "{form:?}");
        let (next, invitation) = (form.field("next"), form.field("invitation"));
        let fields = [
            ("next", next.as_str()),
            ("invitation", &invitation),
            ("username", name),
            ("email", address),
            ("given_name", ""),
            ("family_name", ""),
            ("new-password", OWLS),
        ];
        browser.submit(&form, "/register", &fields).await
    }

    /// A browser that has registered `name` and waits for its letter.
    async fn registered(&self, name: &str) -> Browser {
        let browser = self.server.browser();
        let answer = self.register_at(&browser, "/register", name).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/verify-email"), "{answer:?}");
        browser
    }

    /// The next letter to `name@example.test`.
    async fn letter_to(&self, name: &str) -> Letter {
        self.letters.next(&address_of(name)).await
    }

    /// The path of a letter's link.
    fn path_in(&self, letter: &Letter) -> String {
        letter.path(&self.server.issuer)
    }

    /// The letter that answers a request for a new password for `typed`.
    async fn reset_letter(&self, browser: &Browser, typed: &str, name: &str) -> Letter {
        ask_for_reset(browser, typed).await;
        let letter = self.letter_to(name).await;
        assert_eq!(letter.subject, "Choose a new password", "{letter:?}");
        letter
    }

    /// Letters ever posted of a kind.
    fn posted(&self, kind: &str) -> i64 {
        self.server.count(&format!("mail_outbox WHERE kind = '{kind}'"))
    }

    fn sql(&self, statement: &str) {
        self.server.conn().batch_execute(statement).expect("sound SQL");
    }

    fn users(&self) -> i64 {
        self.server.count("users")
    }

    fn later(&self, by: Duration) {
        self.server.clock.advance(by);
    }

    /// One round of tidying, at the present instant.
    fn tidy(&self) {
        let now = self.server.clock.now();
        jobs::tidy(&self.server.first.app, &mut self.server.conn(), now).expect("no fault");
    }
}

fn address_of(name: &str) -> String {
    format!("{name}@example.test")
}

fn with_next(path: &str, next: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{path}?{query}")
}

/// Enters a code on the page that asks for it.
async fn enter_code(browser: &Browser, code: &str) -> Page {
    let form = browser.get("/verify-email").await;
    assert_eq!(form.status, StatusCode::OK, "{form:?}");
    let next = form.field("next");
    browser.submit(&form, "/verify-email", &[("code", code), ("next", &next)]).await
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    format!("{rest}{}", (last.parse::<u8>().expect("a digit") + 1) % 10)
}

async fn ask_again(browser: &Browser) -> Page {
    let form = browser.get("/verify-email").await;
    let next = form.field("next");
    browser.submit(&form, "/verify-email/resend", &[("next", &next)]).await
}

/// Opens a link and looks at the page it leads to.
async fn open(browser: &Browser, path: &str) -> Page {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    browser.get(answer.location()).await
}

/// Opens a link that proves an address, and presses its button.
async fn open_and_confirm(browser: &Browser, path: &str) -> Page {
    let page = open(browser, path).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, "/verify-email/confirm", &[]).await
}

async fn ask_for_reset(browser: &Browser, typed: &str) -> Page {
    let form = browser.get("/password/reset").await;
    let answer = browser.submit(&form, "/password/reset", &[("email", typed), ("next", "")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    answer
}

/// Opens a link for a new password and sets it; everybody else is signed out.
async fn reset_by(browser: &Browser, path: &str, password: &str) -> Page {
    let form = open(browser, path).await;
    assert_eq!(form.status, StatusCode::OK, "{form:?}");
    browser.submit(&form, "/password/reset/new", &[("new-password", password), ("sign_out_others", "on")]).await
}

/// Follows redirects to local pages; the path of the page they end at.
async fn follow(browser: &Browser, path: &str) -> (String, Page) {
    let mut path = path.to_owned();
    for _ in 0..6 {
        let page = browser.get(&path).await;
        if page.status != StatusCode::SEE_OTHER {
            return (path.split('?').next().unwrap_or_default().to_owned(), page);
        }
        page.location().clone_into(&mut path);
    }
    panic!("redirects without end: {path}")
}

/// Posts a form of a page of the account, with a token from that page.
async fn post_own(browser: &Browser, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    let form = browser.get(page).await;
    assert_eq!(form.status, StatusCode::OK, "{page}: {form:?}");
    browser.submit(&form, path, fields).await
}

async fn change_password(browser: &Browser, old: &str, new: &str) -> Page {
    post_own(browser, "/account/password", "/account/password", &[("password", old), ("new-password", new)]).await
}
