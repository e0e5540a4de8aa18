//! Argon2 (RFC 9106) in PHC strings. Argon2id is the one scheme that is written.

use std::cell::RefCell;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use password_hash::PasswordHasher as _;
use password_hash::phc::PasswordHash;
use subtle::ConstantTimeEq as _;

use crate::kernel::fault::Fault;

/// The cost of one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// A stored hash that would cost more than this is not computed: a hostile string cannot exhaust us.
const CEILING: Cost = Cost { memory_kib: 256 * 1024, iterations: 16, parallelism: 8 };

impl Cost {
    fn hasher(self) -> Result<Argon2<'static>, Fault> {
        let params = Params::new(self.memory_kib, self.iterations, self.parallelism, None)
            .map_err(|error| Fault::bug(format!("argon2 parameters: {error}")))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    fn of(hash: &PasswordHash) -> Option<Self> {
        Some(Self {
            memory_kib: hash.params.get_decimal("m")?,
            iterations: hash.params.get_decimal("t")?,
            parallelism: hash.params.get_decimal("p")?,
        })
    }

    const fn is_within(self, ceiling: Self) -> bool {
        self.memory_kib <= ceiling.memory_kib
            && self.iterations <= ceiling.iterations
            && self.parallelism <= ceiling.parallelism
    }
}

/// The PHC string of `password`, with a new salt.
///
/// # Errors
/// [`Fault::Bug`] when the parameters are outside RFC 9106 or there is no randomness.
pub fn hash(password: &str, cost: Cost) -> Result<String, Fault> {
    let hash = cost.hasher()?.hash_password(password.as_bytes()).map_err(|error| Fault::bug(error.to_string()))?;
    Ok(hash.to_string())
}

/// A hash of argon2id, argon2i or argon2d, below the ceiling.
#[derive(Clone, Debug)]
pub struct Stored {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    params: Params,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Stored {
    /// Reads a PHC string; `None` for another scheme and above the ceiling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let cost = Cost::of(&hash).filter(|cost| cost.is_within(CEILING))?;
        let digest = hash.hash.as_ref()?.as_bytes().to_vec();
        Some(Self {
            algorithm: Algorithm::new(hash.algorithm.as_str()).ok()?,
            // The reference implementation leaves `v` out for the first version only.
            version: Version::try_from(hash.version.unwrap_or(0x10)).ok()?,
            cost,
            params: Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(digest.len())).ok()?,
            salt: AsRef::<[u8]>::as_ref(hash.salt.as_ref()?).to_vec(),
            digest,
        })
    }

    /// Whether `password` is the one that was hashed.
    #[must_use]
    pub fn matches(&self, password: &str) -> bool {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let mut made = vec![0; self.digest.len()];
        fill(&argon2, password, &self.salt, &mut made).is_some() && bool::from(made.ct_eq(&self.digest))
    }

    /// Whether it was made with less than `cost`, or is no argon2id of today's version.
    #[must_use]
    pub fn is_weaker(&self, cost: Cost) -> bool {
        self.algorithm != Algorithm::Argon2id || self.version != Version::V0x13 || !cost.is_within(self.cost)
    }
}

thread_local! {
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Hashes in memory that the thread keeps: asking the system for 19 MiB and giving them back costs a
/// fifth of the hash.
fn fill(argon2: &Argon2<'_>, password: &str, salt: &[u8], out: &mut [u8]) -> Option<()> {
    MEMORY.with_borrow_mut(|memory| {
        let blocks = argon2.params().block_count();
        if memory.len() < blocks {
            memory.resize_with(blocks, Block::new);
        }
        let memory = memory.get_mut(..blocks)?;
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory).ok()
    })
}

/// Gives back what this thread keeps beyond one hash of `cost`: somebody else's hash may have needed
/// more than ours ever will.
pub fn keep_memory_for(cost: Cost) {
    let blocks = cost.hasher().map_or(0, |argon2| argon2.params().block_count());
    MEMORY.with_borrow_mut(|memory| {
        memory.truncate(blocks);
        memory.shrink_to_fit();
    });
}

#[cfg(test)]
mod tests {
    use super::{Cost, MEMORY, Stored, hash, keep_memory_for};

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[test]
    fn a_hash_matches_its_password_and_costs_what_was_asked() {
        let text = hash("correct horse", CHEAP).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        let stored = Stored::parse(&text).unwrap();
        assert!(stored.matches("correct horse"));
        assert!(!stored.matches("wrong horse"));
        assert!(!stored.matches(&text));
        assert!(!stored.is_weaker(CHEAP));
        assert!(stored.is_weaker(Cost { memory_kib: 128, ..CHEAP }));
        assert!(stored.is_weaker(Cost { iterations: 2, ..CHEAP }));
        assert!(Stored::parse(&text.replace("$argon2id", "$argon2i")).unwrap().is_weaker(CHEAP));
    }

    #[test]
    fn a_hash_without_a_version_is_of_the_first_one() {
        // Made by the reference implementation (argon2-cffi, version 16).
        let text = "$argon2i$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$pYGiorOulP17VZFOBTEaBknB/fVXauA01z5djsAJMts";
        for text in [text.to_owned(), text.replace("$m=", "$v=16$m=")] {
            let stored = Stored::parse(&text).unwrap();
            assert!(stored.matches("correct horse") && !stored.matches("correct house"), "{text}");
        }
        assert!(!Stored::parse(&text.replace("$m=", "$v=19$m=")).unwrap().matches("correct horse"));
    }

    #[test]
    fn a_hostile_hash_is_refused_before_it_costs_anything() {
        let dear = "$argon2id$v=19$m=4194304,t=1000,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        assert!(Stored::parse(dear).is_none());
        for odd in ["", "!", "plain", "$argon2id$", "$argon2id$v=19$m=x,t=1,p=1$a$b"] {
            assert!(Stored::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_thread_keeps_no_more_memory_than_its_own_hashes_need() {
        let dearer = Stored::parse(&hash("a", Cost { memory_kib: 1024, ..CHEAP }).unwrap()).unwrap();
        assert!(dearer.matches("a"));
        let kept = || MEMORY.with_borrow(Vec::len);
        assert_eq!(kept(), 1024);
        keep_memory_for(CHEAP);
        assert_eq!(kept(), 64);
    }
}
