//! How a client proves who it is at the token endpoint.

super::words! {
    /// `token_endpoint_auth_method` (OIDC Core section 9, RFC 7591 section 2).
    AuthMethod {
        /// HTTP Basic with form-encoded parts (RFC 6749 section 2.3.1).
        SecretBasic = "client_secret_basic",
        /// `client_id` and `client_secret` in the body.
        SecretPost = "client_secret_post",
        /// A signed assertion (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
        /// A public client: no proof, PKCE instead.
        None = "none",
    }
}
