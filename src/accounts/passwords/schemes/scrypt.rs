//! Scrypt (RFC 7914): Django's `scrypt$N$salt$r$p$digest` and the PHC string `$scrypt$ln=…,r=…,p=…$`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use password_hash::phc::PasswordHash;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq as _;

/// Most memory of one hash, in bytes.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// Most work: that memory times the rounds through it. Django's default is 80 MiB.
const MOST_WORK: u64 = 512 * 1024 * 1024;
const MOST_ROUNDS: u32 = 16;
const LONGEST_SALT: usize = 128;
/// Django's digests have 64 bytes; fewer than 16 could be met by chance.
const DJANGO_DIGEST: usize = 64;
const SHORTEST_DIGEST: usize = 16;

/// A scrypt hash of an acceptable cost.
#[derive(Clone, Debug)]
pub struct Stored {
    params: Params,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Stored {
    /// Reads `N$salt$r$p$digest`: the salt is text, the digest padded base64.
    pub fn parse_django(text: &str) -> Option<Self> {
        let mut parts = text.split('$');
        let n: u64 = parts.next()?.parse().ok()?;
        let salt = parts.next()?;
        let (r, p) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let digest = STANDARD.decode(parts.next()?).ok()?;
        let is_whole = parts.next().is_none() && n.is_power_of_two() && digest.len() == DJANGO_DIGEST;
        is_whole.then(|| Self::checked((n.trailing_zeros(), r, p), salt.into(), digest))?
    }

    /// Reads `$scrypt$ln=…,r=…,p=…$salt$digest`, where `ln` is the logarithm of N.
    pub fn parse_phc(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let number = |name| hash.params.get_decimal(name);
        let salt = AsRef::<[u8]>::as_ref(hash.salt.as_ref()?).to_vec();
        Self::checked((number("ln")?, number("r")?, number("p")?), salt, hash.hash.as_ref()?.as_bytes().to_vec())
    }

    fn checked((log_n, r, p): (u32, u32, u32), salt: Vec<u8>, digest: Vec<u8>) -> Option<Self> {
        let memory = 1_u64.checked_shl(log_n)?.checked_mul(u64::from(r))?.checked_mul(128)?;
        let work = memory.checked_mul(u64::from(p))?;
        let is_sound = log_n >= 1
            && memory <= MOST_MEMORY
            && work <= MOST_WORK
            && p <= MOST_ROUNDS
            && (1..=LONGEST_SALT).contains(&salt.len())
            && digest.len() >= SHORTEST_DIGEST;
        if !is_sound {
            return None;
        }
        // Only now: the library multiplies what it is given without looking.
        let params = Params::new(u8::try_from(log_n).ok()?, r, p).ok()?;
        Some(Self { params, salt, digest })
    }

    /// Whether `password` is the one that was hashed.
    pub fn matches(&self, password: &str) -> bool {
        let mut made = vec![0; self.digest.len()];
        let done = scrypt(password.as_bytes(), &self.salt, &self.params, &mut made);
        done.is_ok() && bool::from(made.ct_eq(&self.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    // Made by Python's hashlib.
    const HORSE: &str = "$scrypt$ln=6,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$ytNTVGS2l+llYxdJChu8HakGQF32HF0fm/uQZNFvgnc";
    const DIGEST: &str = "KiTolNilLi3gPnNrpOdroPhXyBtM2mTIdEhViym+ScUtkoyeGgTz4T2z8lOSB6lTrBIqzvkbjpeqNj7F+YHMcQ==";

    #[test]
    fn a_phc_string_matches_its_password() {
        let stored = Stored::parse_phc(HORSE).unwrap();
        assert!(stored.matches("correct horse") && !stored.matches("correct house"));
    }

    #[test]
    fn memory_work_and_lengths_are_bounded() {
        for (cost, is_read) in [
            ("ln=18,r=8,p=1", true),
            ("ln=18,r=8,p=2", true),
            ("ln=18,r=8,p=3", false),
            ("ln=19,r=8,p=1", false),
            ("ln=14,r=8,p=16", true),
            ("ln=4,r=8,p=17", false),
            ("ln=64,r=8,p=1", false),
            ("ln=63,r=4294967295,p=4294967295", false),
            ("ln=0,r=8,p=1", false),
            ("ln=1,r=1073741824,p=1", false),
            ("ln=6,r=0,p=1", false),
            ("ln=6,r=8,p=0", false),
            ("ln=6,r=8", false),
        ] {
            assert_eq!(Stored::parse_phc(&HORSE.replace("ln=6,r=8,p=1", cost)).is_some(), is_read, "{cost}");
        }
        for (cost, is_read) in [
            ("16384$salt$8$5", true),
            ("16385$salt$8$5", false),
            ("0$salt$8$5", false),
            ("1$salt$8$5", false),
            ("16384$$8$5", false),
            ("16384$salt$8$5$", false),
            ("-2$salt$8$5", false),
        ] {
            assert_eq!(Stored::parse_django(&format!("{cost}${DIGEST}")).is_some(), is_read, "{cost}");
        }
    }
}
