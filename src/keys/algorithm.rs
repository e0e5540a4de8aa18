//! The algorithms we sign with.

crate::spec::words! {
    /// JWS algorithms (RFC 7518 section 3.1, RFC 8037). No `none`, no HMAC for anybody else's eyes.
    Algorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256: what every relying party understands.
        Rs256 = "RS256",
        /// ECDSA on P-256: small and fast.
        Es256 = "ES256",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

impl Algorithm {
    /// The library's name for it.
    #[must_use]
    pub const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }

    /// Ours for the library's; `None` for what we never accept.
    #[must_use]
    pub fn from_library(alg: jsonwebtoken::Algorithm) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.library() == alg)
    }
}
