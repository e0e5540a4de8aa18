//! How an authorization answer travels.

super::words! {
    /// `response_mode` (OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode).
    ResponseMode {
        /// In the query of the redirect URI: the default for codes.
        Query = "query",
        /// As a form that the browser posts.
        FormPost = "form_post",
    }
}
