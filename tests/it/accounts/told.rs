//! Answers compared: what they tell, not what chance put into them.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::support::Page;

/// What an answer tells, without what differs from one request to the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    status: StatusCode,
    body: String,
    headers: BTreeSet<(String, String)>,
    cookies: BTreeSet<String>,
}

impl Told {
    pub(super) fn by(answer: &Page, typed: &[&str]) -> Self {
        let csrf = if answer.body.contains("csrf_token") { answer.field("csrf_token") } else { String::new() };
        let own = [csrf.as_str(), answer.header("x-request-id")];
        let own = own.iter().chain(typed).filter(|own| !own.is_empty());
        let varying = ["x-request-id", "date", "set-cookie"];
        let headers = answer.headers.iter().map(|(name, value)| {
            let value = if varying.contains(&name.as_str()) { "" } else { value.to_str().expect("text") };
            (name.to_string(), value.to_owned())
        });
        // Attributes are compared, values are not.
        let cookie = |line: &&str| {
            let (name, rest) = line.split_once('=').expect("a cookie");
            format!("{name};{}", rest.split_once(';').map_or("", |(_, attributes)| attributes))
        };
        Self {
            status: answer.status,
            body: own.fold(answer.body.clone(), |body, own| body.replace(own, "…")),
            headers: headers.collect(),
            cookies: answer.cookie_lines().iter().map(cookie).collect(),
        }
    }
}
