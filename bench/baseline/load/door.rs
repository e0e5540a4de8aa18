//! A form as a browser fills it in: the page with its cookies and CSRF token, then the post.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Outcome;
use crate::scene::Scene;
use crate::wire::{self, Answer, Connection};

/// A connection that forms go through, one browser's after another's.
pub struct Door {
    pub scene: Rc<Scene>,
    connection: Connection,
}

impl Door {
    pub const fn new(scene: Rc<Scene>, connection: Connection) -> Self {
        Self { scene, connection }
    }

    /// Gets the page at `path`, posts its form with `fields`, and answers what came back.
    pub async fn fill_in(&mut self, path: &str, fields: &[(&str, &str)], cookies: &mut Cookies) -> Outcome<Answer<'_>> {
        let host = self.scene.host();
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{}Accept: text/html\r\n\r\n", cookies.header());
        let page = self.connection.exchange(ask.as_bytes()).await?;
        cookies.keep(&page);
        let csrf = page
            .quoted_after("name=\"csrf_token\" value=\"")
            .ok_or_else(|| format!("no CSRF field: {}", page.summary()))?;

        let mut form = format!("csrf_token={}", encode(csrf));
        for (name, value) in fields {
            write!(form, "&{name}={}", encode(value))?;
        }
        let headers = format!(
            "{}Origin: http://{host}\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n\
             Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
            cookies.header()
        );
        let answer = self.connection.exchange(&wire::post(&host, path, &headers, &form)).await?;
        cookies.keep(&answer);
        Ok(answer)
    }

    /// After an error, half an answer may be on its way here.
    pub async fn reopen(&mut self) -> Outcome<()> {
        self.connection = Connection::open(self.scene.address).await?;
        Ok(())
    }
}

fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

/// What one browser keeps.
#[derive(Default)]
pub struct Cookies(BTreeMap<String, String>);

impl Cookies {
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    fn keep(&mut self, answer: &Answer<'_>) {
        for (name, value) in answer.cookies() {
            if value.is_empty() {
                self.forget(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The whole line, or nothing.
    fn header(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }
}
