//! Response types of the authorization endpoint.

super::words! {
    /// `response_type` (RFC 6749 section 3.1.1). Only the code flow: no token ever travels
    /// through the browser's URL.
    ResponseType {
        /// An authorization code.
        Code = "code",
    }
}
