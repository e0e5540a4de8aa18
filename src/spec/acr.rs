//! How strongly a person was authenticated (`acr`, OIDC Core section 2).

super::words! {
    /// Assurance levels in the terms of NIST SP 800-63B.
    Acr {
        /// One factor: a password.
        Aal1 = "aal1",
    }
}
