//! Error codes that go out to apps.

super::words! {
    /// `error` of RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8707 section 2,
    /// OIDC Core sections 3.1.2.6 and 6.
    ErrorCode {
        /// The request is malformed.
        InvalidRequest = "invalid_request",
        /// Client authentication failed.
        InvalidClient = "invalid_client",
        /// The code or refresh token does not serve here.
        InvalidGrant = "invalid_grant",
        /// This client may not use this grant or response type.
        UnauthorizedClient = "unauthorized_client",
        /// No such grant type here.
        UnsupportedGrantType = "unsupported_grant_type",
        /// No such response type here.
        UnsupportedResponseType = "unsupported_response_type",
        /// No such token type to revoke (RFC 7009 section 2.2.1).
        UnsupportedTokenType = "unsupported_token_type",
        /// The scope is malformed, unknown or too wide.
        InvalidScope = "invalid_scope",
        /// The audience is not one this client may ask for.
        InvalidTarget = "invalid_target",
        /// The person said no.
        AccessDenied = "access_denied",
        /// `prompt=none`, but nobody (or somebody else) is signed in.
        LoginRequired = "login_required",
        /// `prompt=none`, but consent is missing.
        ConsentRequired = "consent_required",
        /// `prompt=none`, but a page must be shown.
        InteractionRequired = "interaction_required",
        /// `prompt=none`, but an account must be chosen.
        AccountSelectionRequired = "account_selection_required",
        /// `request` is not supported.
        RequestNotSupported = "request_not_supported",
        /// `request_uri` is not supported.
        RequestUriNotSupported = "request_uri_not_supported",
        /// The access token is not valid here (RFC 6750).
        InvalidToken = "invalid_token",
        /// The access token lacks a scope (RFC 6750).
        InsufficientScope = "insufficient_scope",
        /// Ours: a fault.
        ServerError = "server_error",
        /// Ours: try again in a moment.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}
