//! One private key, parsed once and kept parsed: parsing again for each token costs 2.5 times as much.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use serde_json::Value;

use super::algorithm::Algorithm;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;

/// A private key ready to sign, with the id it is published under.
pub struct SigningKey {
    /// RFC 7638 thumbprint of the public half.
    pub kid: String,
    /// The only algorithm this key is used with.
    pub alg: Algorithm,
    private: Private,
    random: SystemRandom,
}

enum Private {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key just made, before it is stored.
pub struct NewKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    /// PKCS#8, to be sealed.
    pub pkcs8: Secret<Vec<u8>>,
    /// The JWKS member: `kid`, `use` and `alg` set.
    pub public_jwk: Value,
}

impl NewKey {
    /// Makes a key: RSA of 2048 bits (about 50 ms), P-256 or Ed25519.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the library refuses.
    pub fn generate(alg: Algorithm) -> Result<Self, Fault> {
        let pkcs8 = Secret::new(generate_pkcs8(alg).map_err(|_| Fault::bug("key generation failed"))?);
        let mut jwk = public_jwk(alg, &pkcs8).map_err(|error| Fault::bug(format!("new key: {error}")))?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|error| Fault::bug(error.to_string()))?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut public_jwk = serde_json::to_value(&jwk).map_err(|error| Fault::bug(error.to_string()))?;
        if let Some(members) = public_jwk.as_object_mut() {
            members.insert("alg".into(), Value::from(alg.as_str()));
        }
        Ok(Self { kid, alg, pkcs8, public_jwk })
    }
}

fn generate_pkcs8(alg: Algorithm) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
    Ok(match alg {
        Algorithm::Rs256 | Algorithm::Ps256 => RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?.as_ref().to_vec(),
        Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec(),
        Algorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
    })
}

fn public_jwk(alg: Algorithm, pkcs8: &Secret<Vec<u8>>) -> jsonwebtoken::errors::Result<Jwk> {
    let body = STANDARD.encode(pkcs8.expose());
    let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    let key = match alg {
        Algorithm::Rs256 | Algorithm::Ps256 => EncodingKey::from_rsa_pem(pem.as_bytes())?,
        Algorithm::Es256 => EncodingKey::from_ec_pem(pem.as_bytes())?,
        Algorithm::EdDsa => EncodingKey::from_ed_pem(pem.as_bytes())?,
    };
    Jwk::from_encoding_key(&key, alg.library())
}

impl SigningKey {
    /// Parses a stored key.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the bytes are no such key.
    pub fn parse(kid: String, alg: Algorithm, pkcs8: &[u8]) -> Result<Self, Fault> {
        let refused = |error: aws_lc_rs::error::KeyRejected| Fault::bug(format!("stored key {kid}: {error}"));
        let private = match alg {
            Algorithm::Rs256 | Algorithm::Ps256 => Private::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?),
            Algorithm::Es256 => {
                Private::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(refused)?)
            }
            Algorithm::EdDsa => Private::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(refused)?),
        };
        Ok(Self { kid, alg, private, random: SystemRandom::new() })
    }

    /// The raw signature over `message`, as JWS wants it (RFC 7518 section 3).
    ///
    /// # Errors
    /// [`Fault::Bug`] when the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let failed = |_| Fault::bug("signing failed");
        match &self.private {
            Private::Rsa(key) => {
                let padding = if self.alg == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(padding, &self.random, message, &mut out).map_err(failed)?;
                Ok(out)
            }
            Private::Ec(key) => Ok(key.sign(&self.random, message).map_err(failed)?.as_ref().to_vec()),
            Private::Ed(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("alg", &self.alg).finish_non_exhaustive()
    }
}
