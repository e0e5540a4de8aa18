//! A letter of every kind, to look at and to test with. Names in them are as strangers may choose them.

use super::letter::{Facts, Letter, OtherWay};

impl Letter {
    /// One letter of every kind, in the order of the enum.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        [invitations(), passwords(), addresses(), sign_ins(), accounts(), alarms()].concat()
    }
}

fn invitations() -> Vec<Letter> {
    vec![
        Letter::VerifyEmail {
            username: who(),
            app: Some(app()),
            link: link("verify?token=kP3vQ9x&next=%2Faccount"),
            code: "482 913".to_owned(),
            minutes: 30,
        },
        Letter::AddressKnown { username: who(), sign_in_link: link("login"), reset_link: link("password/reset") },
        Letter::Invitation {
            inviter: Some("Grace O'Hopper <grace@example.org>".to_owned()),
            site: "Example & Sons".to_owned(),
            link: link("register?invitation=Zx81_n&lang=en"),
            hours: 72,
        },
        Letter::AccountMade { username: who(), link: link("password/new?token=w7&u=1"), hours: 72 },
    ]
}

fn passwords() -> Vec<Letter> {
    vec![
        Letter::ResetPassword { username: who(), link: link("password/new?token=a1&u=2"), minutes: 30, facts: facts() },
        Letter::ResetWithoutPassword {
            username: who(),
            way: OtherWay::Directory { name: "Staff <directory>".to_owned() },
            sign_in_link: link("login"),
            facts: facts(),
        },
        Letter::PasswordChanged { username: who(), facts: facts(), reset_link: link("password/reset?u=ada&why=mail") },
    ]
}

fn addresses() -> Vec<Letter> {
    vec![
        Letter::EmailChangeVerify {
            username: who(),
            new_address: "ada+new@example.org".to_owned(),
            link: link("verify?token=m2&change=1"),
            code: "073 551".to_owned(),
            minutes: 60,
        },
        Letter::EmailChanged {
            username: who(),
            old_address: "ada@example.org".to_owned(),
            new_address: "\"<ada>\"@example.net".to_owned(),
            undo_link: link("email/undo?token=u7&n=2"),
            days: 7,
            facts: facts(),
        },
        Letter::EmailRemoved {
            username: who(),
            address: "ada.old@example.org".to_owned(),
            facts: facts(),
            security_link: link("account/security"),
        },
    ]
}

fn sign_ins() -> Vec<Letter> {
    vec![
        Letter::NewDevice { username: who(), facts: facts(), not_me_link: link("not-me?session=01&t=x") },
        Letter::MagicLink {
            username: who(),
            app: Some(app()),
            link: link("login/link?token=w0&flow=9"),
            code: "47".to_owned(),
            minutes: 10,
            facts: facts(),
        },
    ]
}

fn accounts() -> Vec<Letter> {
    vec![
        Letter::AccountDeletionPlanned {
            username: who(),
            due: "21 November 2026".to_owned(),
            sign_in_link: link("login"),
            facts: Facts { app: None, ..facts() },
        },
        Letter::AccountDeleted { username: who() },
    ]
}

fn alarms() -> Vec<Letter> {
    vec![
        Letter::SignInThrottled { username: who(), facts: facts(), reset_link: link("password/reset") },
        Letter::RefreshReused { username: who(), app: app(), facts: facts(), sessions_link: link("account/sessions") },
        Letter::ApiKeyCreated {
            username: who(),
            name: "backup <job>".to_owned(),
            facts: Facts { address: None, app: None, ..facts() },
        },
        Letter::ApiKeyExpiring { username: who(), name: "backup <job>".to_owned(), date: "1 December 2026".to_owned() },
        Letter::Test {},
    ]
}

fn facts() -> Facts {
    Facts {
        time: "14 November 2026, 09:41 (Europe/Berlin)".to_owned(),
        device: "Firefox <140> on Linux".to_owned(),
        address: Some("2001:db8:85a3::8a2e:370:7334".to_owned()),
        app: Some(app()),
    }
}

fn who() -> String {
    "ada & <b>bob</b>".to_owned()
}

fn app() -> String {
    "Ops & \"Graphs\"".to_owned()
}

fn link(path: &str) -> String {
    format!("https://id.example.org/{path}")
}

/// Shapes that [`Letter::samples`] leaves out: what is optional is absent, the other ways to sign in.
#[cfg(test)]
pub(super) fn other_shapes() -> Vec<Letter> {
    let way = |way| Letter::ResetWithoutPassword { username: who(), way, sign_in_link: link("login"), facts: facts() };
    vec![
        Letter::VerifyEmail { username: who(), app: None, link: link("v"), code: "482 913".to_owned(), minutes: 1 },
        Letter::Invitation { inviter: None, site: "Example".to_owned(), link: link("register"), hours: 1 },
        way(OtherWay::Provider { name: "GitHub".to_owned() }),
        way(OtherWay::Passkey),
        Letter::MagicLink {
            username: who(),
            app: None,
            link: link("login/link"),
            code: "47".to_owned(),
            minutes: 1,
            facts: Facts { address: None, app: None, ..facts() },
        },
    ]
}
