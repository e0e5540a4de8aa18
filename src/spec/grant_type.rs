//! Grant types of the token endpoint.

super::words! {
    /// `grant_type` (RFC 6749 sections 4.1.3, 4.4.2, 6).
    GrantType {
        /// A code for tokens.
        AuthorizationCode = "authorization_code",
        /// A refresh token for tokens.
        RefreshToken = "refresh_token",
        /// A client for itself.
        ClientCredentials = "client_credentials",
    }
}
