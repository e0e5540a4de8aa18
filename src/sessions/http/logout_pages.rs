//! The pages around signing out: asked by people at `/logout`, by apps at `/oauth2/logout`.

use serde::Serialize;

use crate::web::Page;
use crate::web::page::Viewer;

/// A name and a value to post along.
#[derive(Clone, Debug, Serialize)]
pub struct Hidden {
    /// Field.
    pub name: String,
    /// Value.
    pub value: String,
}

/// "Sign out?"
#[derive(Clone, Debug, Serialize)]
pub struct LogoutPage {
    /// Form token.
    pub csrf: String,
    /// Where the form goes.
    pub action: &'static str,
    /// What it carries.
    pub hidden: Vec<Hidden>,
    /// The app that asks.
    pub app_name: Option<String>,
    /// Who is signed in.
    pub user: Option<Viewer>,
}

impl Page for LogoutPage {
    const TEMPLATE: &'static str = "login/logout.html";

    fn title(&self) -> String {
        "Sign out".into()
    }

    fn sample() -> Self {
        Self { csrf: String::new(), action: "/logout", hidden: vec![], app_name: None, user: None }
    }
}

/// "You are signed out."
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoggedOutPage {
    /// The app that asked.
    pub app_name: Option<String>,
    /// The way back to it.
    pub return_url: Option<String>,
}

impl Page for LoggedOutPage {
    const TEMPLATE: &'static str = "login/logged_out.html";

    fn title(&self) -> String {
        "Signed out".into()
    }

    fn sample() -> Self {
        Self { app_name: Some("Grafana".into()), return_url: Some("https://grafana.example/".into()) }
    }
}
