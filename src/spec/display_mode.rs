//! `display` (OIDC Core section 3.1.2.1): accepted, and every page is fit for all of them.

super::words! {
    /// How an app would like the pages shown.
    DisplayMode {
        /// A full page.
        Page = "page",
        /// A popup window.
        Popup = "popup",
        /// A touch device.
        Touch = "touch",
        /// A feature phone.
        Wap = "wap",
    }
}
