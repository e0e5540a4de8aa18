//! What all pages of the console have around them.

use serde::Serialize;

use crate::web::Page;
use crate::web::page::Viewer;

/// A page of the console.
pub trait ConsolePage: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
    /// The entry of the menu that it belongs to.
    const MENU: &'static str;

    /// The words in the window's title.
    fn title(&self) -> String;

    /// Something to look at.
    fn sample() -> Self
    where
        Self: Sized;
}

/// A page, and what is around it.
#[derive(Clone, Debug, Serialize)]
pub struct Framed<P> {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    #[serde(flatten)]
    page: P,
}

impl<P: ConsolePage> Framed<P> {
    /// Frames a page.
    #[must_use]
    pub const fn new(csrf: String, user: Viewer, page: P) -> Self {
        Self { csrf, nav_current: P::MENU, user, page }
    }
}

impl<P: ConsolePage> Page for Framed<P> {
    const TEMPLATE: &'static str = P::TEMPLATE;

    fn title(&self) -> String {
        self.page.title()
    }

    fn sample() -> Self {
        Self::new(String::new(), Viewer { name: "Ada Lovelace".into(), username: "ada".into() }, P::sample())
    }
}
