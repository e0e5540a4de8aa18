//! What an authorization request leads to. Pure: OIDC Core section 3.1.2 as a function.

use chrono::Duration;

use super::request::AuthorizeRequest;
use crate::kernel::Instant;
use crate::spec::ErrorCode;
use crate::tokens::grant::Consent;

/// The session, as far as the decision needs it.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub sub: String,
    /// When credentials were checked.
    pub auth_time: Instant,
}

/// Proofs that a wish of the request has been met on the way back to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Credentials were checked since the request first came.
    pub login: bool,
    /// This account was chosen since then.
    pub choice: bool,
    /// Consent was given to this very request just now.
    pub consent: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Issue a code.
    Issue,
    /// Ask for credentials; `Again` although somebody is signed in.
    Login(Again),
    /// Let the person choose.
    SelectAccount,
    /// Ask for consent.
    Consent,
    /// Tell the app.
    Refuse(ErrorCode),
}

/// Whether somebody signed in is asked once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nobody is signed in.
    No,
    /// They are, and prove it again.
    Yes,
    /// Somebody is, but not the person whom the app expects.
    AsAnother,
}

/// Decides. `consent`: what this person has allowed this client so far; `needs_consent`: the operator
/// does not answer for it.
#[must_use]
pub fn decide(
    request: &AuthorizeRequest,
    session: Option<&SignedIn>,
    (consent, needs_consent): (Option<&Consent>, bool),
    met: Met,
    now: Instant,
) -> Decision {
    let none = request.prompts.none;
    // Core 3.1.2.1: prompt=none never shows a page.
    let ask = |decision: Decision, code: ErrorCode| if none { Decision::Refuse(code) } else { decision };
    let Some(session) = session else {
        return ask(Decision::Login(Again::No), ErrorCode::LoginRequired);
    };
    if request.prompts.select_account && !met.choice && !met.login {
        return Decision::SelectAccount;
    }
    // Core 3.1.2.1, id_token_hint: another person than the one expected.
    if request.subject.as_ref().is_some_and(|expected| *expected != session.sub) {
        return if met.login {
            Decision::Refuse(ErrorCode::LoginRequired)
        } else {
            ask(Decision::Login(Again::AsAnother), ErrorCode::LoginRequired)
        };
    }
    if request.prompts.login && !met.login {
        return Decision::Login(Again::Yes);
    }
    // max_age=0 is prompt=login by another name; any other age is only a matter of time.
    let just_now = |age: Duration| age.is_zero() && met.login;
    if request.max_age.is_some_and(|age| is_older(session.auth_time, age, now) && !just_now(age)) {
        return ask(Decision::Login(Again::Yes), ErrorCode::LoginRequired);
    }
    let asked = request.consent();
    let is_covered = !needs_consent || consent.is_some_and(|given| given.covers(&asked));
    if (request.prompts.consent || !is_covered) && !met.consent {
        return ask(Decision::Consent, ErrorCode::ConsentRequired);
    }
    Decision::Issue
}

/// Whether credentials were checked longer ago than `age`, to the second as `auth_time` is told.
const fn is_older(auth_time: Instant, age: Duration, now: Instant) -> bool {
    age.is_zero() || now.timestamp() - auth_time.timestamp() > age.num_seconds()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::{Again, AuthorizeRequest, Decision, Met, SignedIn, decide};
    use crate::spec::{ErrorCode, Prompts, Scope};
    use crate::tokens::grant::Consent;

    fn request(prompt: &str) -> AuthorizeRequest {
        AuthorizeRequest {
            scope: Scope::parse("openid email").unwrap(),
            audiences: crate::spec::Audiences::default(),
            challenge: None,
            nonce: None,
            prompts: Prompts::parse(prompt).unwrap(),
            max_age: None,
            subject: None,
            claims: None,
        }
    }

    #[test]
    fn the_table_of_core_3_1_2() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let ada = SignedIn { sub: "ada".into(), auth_time: now - Duration::seconds(100) };
        let all = Consent { scope: Scope::parse("openid email profile").unwrap(), ..Consent::default() };
        let less = Consent { scope: Scope::parse("openid").unwrap(), ..Consent::default() };
        let met = Met::default();
        let login = Met { login: true, ..met };
        let chosen = Met { choice: true, ..met };
        let agreed = Met { consent: true, ..met };
        let again = Decision::Login(Again::Yes);
        let aged = |secs| AuthorizeRequest { max_age: Some(Duration::seconds(secs)), ..request("") };
        let hint = |sub: &str, prompt: &str| AuthorizeRequest { subject: Some(sub.into()), ..request(prompt) };
        let refused = Decision::Refuse;
        for (row, (request, session, consent, met, decision)) in [
            (request(""), None, None, met, Decision::Login(Again::No)),
            (request("none"), None, None, met, refused(ErrorCode::LoginRequired)),
            (request(""), Some(&ada), Some(&all), met, Decision::Issue),
            (request("none"), Some(&ada), Some(&all), met, Decision::Issue),
            (request(""), Some(&ada), Some(&less), met, Decision::Consent),
            (request(""), Some(&ada), None, met, Decision::Consent),
            (request("none"), Some(&ada), Some(&less), met, refused(ErrorCode::ConsentRequired)),
            (request(""), Some(&ada), Some(&less), agreed, Decision::Issue),
            (request("consent"), Some(&ada), Some(&all), met, Decision::Consent),
            (request("consent"), Some(&ada), Some(&all), agreed, Decision::Issue),
            (request("login"), Some(&ada), Some(&all), met, again),
            (request("login"), Some(&ada), Some(&all), login, Decision::Issue),
            (request("login consent"), Some(&ada), Some(&all), login, Decision::Consent),
            (request("select_account"), Some(&ada), Some(&all), met, Decision::SelectAccount),
            (request("select_account"), Some(&ada), Some(&all), chosen, Decision::Issue),
            (request("select_account"), Some(&ada), Some(&all), login, Decision::Issue),
            (request("select_account"), None, None, met, Decision::Login(Again::No)),
            (aged(50), Some(&ada), Some(&all), met, again),
            (aged(50), Some(&ada), Some(&all), login, again),
            (aged(0), Some(&ada), Some(&all), login, Decision::Issue),
            (aged(100), Some(&ada), Some(&all), met, Decision::Issue),
            (aged(0), Some(&ada), Some(&all), met, again),
            (hint("ada", ""), Some(&ada), Some(&all), met, Decision::Issue),
            (hint("bob", ""), Some(&ada), Some(&all), met, Decision::Login(Again::AsAnother)),
            (hint("bob", "none"), Some(&ada), Some(&all), met, refused(ErrorCode::LoginRequired)),
            (hint("bob", ""), Some(&ada), Some(&all), login, refused(ErrorCode::LoginRequired)),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(decide(&request, session, (consent, true), met, now), decision, "row {row}");
        }
        assert_eq!(decide(&request(""), Some(&ada), (None, false), met, now), Decision::Issue);
        let none_aged = AuthorizeRequest { max_age: Some(Duration::seconds(50)), ..request("none") };
        assert_eq!(decide(&none_aged, Some(&ada), (Some(&all), true), met, now), refused(ErrorCode::LoginRequired));
    }
}
