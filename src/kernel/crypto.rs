//! Keys derived from the master key, and the seal around what the database must not see.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use aws_lc_rs::hmac;
use zeroize::Zeroize as _;

use super::fault::Fault;
use super::random::Random;
use super::secret::Secret;

/// What a derived key is for. The label keeps one use from opening another's door (RFC 5869).
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// AEAD around private keys and letters.
    Seal,
    /// The signature of refresh tokens (never published).
    RefreshToken,
    /// CSRF tokens.
    Csrf,
    /// The signature around the session cookie's opaque id.
    Cookie,
    /// Marks of browsers that have signed in before.
    KnownBrowser,
    /// Keyed digests of what people typed, for throttle counters.
    Throttle,
    /// Keyed digests of short codes sent by mail or text message.
    Code,
    /// Passes and tickets of forward auth.
    ForwardAuth,
    /// The chain of the audit log.
    AuditChain,
    /// Keyed digests of requests with an `Idempotency-Key`: passwords may stand in them.
    RequestDigest,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"portcullis/seal/v1",
            Self::RefreshToken => b"portcullis/refresh-token/v1",
            Self::Csrf => b"portcullis/csrf/v1",
            Self::Cookie => b"portcullis/session-cookie/v1",
            Self::KnownBrowser => b"portcullis/known-browser/v1",
            Self::Throttle => b"portcullis/throttle/v1",
            Self::Code => b"portcullis/one-time-code/v1",
            Self::ForwardAuth => b"portcullis/forward-auth/v1",
            Self::AuditChain => b"portcullis/audit-chain/v1",
            Self::RequestDigest => b"portcullis/request-digest/v1",
        }
    }
}

/// The one key outside the database. Nothing uses it but to derive others.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    /// Takes 32 random bytes in.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for writing the key file.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The 64-byte key for `purpose` (HKDF-SHA256, RFC 5869).
    ///
    /// # Errors
    /// [`Fault::Bug`] when the library refuses the length, which it does not.
    pub fn derive(&self, purpose: Purpose) -> Result<Secret<[u8; 64]>, Fault> {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                64
            }
        }
        let mut out = [0; 64];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"portcullis")
            .extract(self.0.expose())
            .expand(&[purpose.label()], Length)
            .and_then(|okm| okm.fill(&mut out))
            .map_err(|_| Fault::bug("HKDF refused"))?;
        Ok(Secret::new(out))
    }

    /// An HMAC-SHA256 key for `purpose`.
    ///
    /// # Errors
    /// As [`MasterKey::derive`].
    pub fn mac(&self, purpose: Purpose) -> Result<Mac, Fault> {
        Ok(Mac(hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose)?.expose())))
    }
}

/// Authenticates our own short strings (HMAC-SHA256).
#[derive(Clone, Debug)]
pub struct Mac(hmac::Key);

impl Mac {
    /// The tag over `parts`, each preceded by its length so that no two lists collide.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.context(parts).sign().as_ref());
        out
    }

    /// Whether `tag` is the one over `parts`, in constant time.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        use subtle::ConstantTimeEq as _;
        self.tag(parts).as_slice().ct_eq(tag).into()
    }

    fn context(&self, parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        context
    }
}

/// Where a sealed value lives; part of the seal, so that a value moved to another row, column or
/// table does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table name.
    pub table: &'static str,
    /// Column name.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a str,
}

impl Place<'_> {
    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from(format!("{}\n{}\n{}", self.table, self.column, self.row).into_bytes())
    }
}

/// Seals values for the database: AES-256-GCM under a key derived from the master key.
#[derive(Clone, Debug)]
pub struct Sealer(Arc<LessSafeKey>);

impl Sealer {
    /// The sealer of this master key.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the library refuses the key, which it does not.
    pub fn new(master: &MasterKey) -> Result<Self, Fault> {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(master.derive(Purpose::Seal)?.expose()) {
            *to = *from;
        }
        let unbound = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| Fault::bug("AEAD refused the key"));
        key.zeroize();
        Ok(Self(Arc::new(LessSafeKey::new(unbound?))))
    }

    /// Nonce, ciphertext and tag of `plain`, bound to `place`.
    ///
    /// # Errors
    /// [`Fault::Bug`] without randomness.
    pub fn seal(&self, place: Place<'_>, plain: &[u8], random: &Random) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = random.bytes()?;
        let mut body = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place.aad(), &mut body)
            .map_err(|_| Fault::bug("sealing failed"))?;
        Ok([nonce.as_slice(), &body].concat())
    }

    /// The value sealed at `place`; `None` when the key or the place is another.
    #[must_use]
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self.0.open_in_place(nonce, place.aad(), &mut body).ok()?.to_vec();
        body.zeroize();
        Some(Secret::new(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::{MasterKey, Place, Purpose, Sealer};
    use crate::kernel::random::Random;

    const HERE: Place<'static> = Place { table: "keys", column: "sealed", row: "1" };

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let own = Sealer::new(&MasterKey::new([7; 32])).unwrap();
        let sealed = own.seal(HERE, b"private", &Random::seeded(1)).unwrap();
        assert_eq!(own.open(HERE, &sealed).unwrap().expose(), b"private");
        for moved in [Place { row: "2", ..HERE }, Place { column: "other", ..HERE }, Place { table: "other", ..HERE }] {
            assert!(own.open(moved, &sealed).is_none(), "{moved:?}");
        }
        let other = Sealer::new(&MasterKey::new([8; 32])).unwrap();
        assert!(other.open(HERE, &sealed).is_none());
        assert!(own.open(HERE, &sealed[..5]).is_none());
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let master = MasterKey::new([7; 32]);
        let csrf = master.derive(Purpose::Csrf).unwrap();
        assert!(csrf.matches(master.derive(Purpose::Csrf).unwrap().expose()));
        assert!(!csrf.matches(master.derive(Purpose::Cookie).unwrap().expose()));
    }

    #[test]
    fn a_tag_tells_lists_apart() {
        let mac = MasterKey::new([7; 32]).mac(Purpose::Csrf).unwrap();
        let tag = mac.tag(&[b"ab", b"c"]);
        assert!(mac.verify(&[b"ab", b"c"], &tag));
        assert!(!mac.verify(&[b"a", b"bc"], &tag));
        assert!(!mac.verify(&[b"ab", b"c"], &tag[..31]));
    }
}
