//! Randomness, as a value that is passed down.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::Instant;
use super::fault::Fault;
use super::secret::Secret;

/// Where random bytes come from: the operating system, or a seed in tests.
#[derive(Clone, Debug)]
pub enum Random {
    /// The cryptographic generator of aws-lc, seeded by the operating system.
    System(SystemRandom),
    /// A hash chain from a seed: repeatable, for tests only.
    Seeded(Arc<Mutex<[u8; 32]>>),
}

impl Default for Random {
    fn default() -> Self {
        Self::System(SystemRandom::new())
    }
}

impl Random {
    /// A repeatable source for tests.
    #[must_use]
    pub fn seeded(seed: u8) -> Self {
        Self::Seeded(Arc::new(Mutex::new([seed; 32])))
    }

    /// Fills `out`.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the operating system gives no randomness.
    pub fn fill(&self, out: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::System(source) => source.fill(out).map_err(|_| Fault::bug("no randomness from the system")),
            Self::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in out.chunks_mut(32) {
                    let next = digest::digest(&digest::SHA256, state.as_ref());
                    state.copy_from_slice(next.as_ref());
                    for (to, from) in chunk.iter_mut().zip(next.as_ref()) {
                        *to = *from ^ 0x5a;
                    }
                }
                Ok(())
            }
        }
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }

    /// A new 256-bit secret in base64url: 43 characters, safe in a URL and a cookie.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn secret(&self) -> Result<Secret<String>, Fault> {
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(self.bytes::<32>()?)))
    }

    /// `N` random bytes in hexadecimal.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn hex<const N: usize>(&self) -> Result<String, Fault> {
        Ok(hex(&self.bytes::<N>()?))
    }

    /// A number of so many decimal digits, leading zeros kept: for codes that people type.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn digits(&self, count: u32) -> Result<String, Fault> {
        // 64 bits over a million: the first numbers are likelier by less than one in 10^13.
        let number = u64::from_le_bytes(self.bytes()?) % 10_u64.saturating_pow(count);
        Ok(format!("{number:0width$}", width = usize::try_from(count).unwrap_or(6)))
    }

    /// A random id without any order: for `sub`, which says nothing about its owner.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn uuid(&self) -> Result<Uuid, Fault> {
        Ok(uuid::Builder::from_random_bytes(self.bytes()?).into_uuid())
    }

    /// A time-ordered id (RFC 9562 section 5.7): for keys of rows and for `jti`.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn ordered_uuid(&self, now: Instant) -> Result<Uuid, Fault> {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()?).into_uuid())
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
