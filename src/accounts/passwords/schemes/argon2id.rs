//! Argon2id (RFC 9106) in PHC strings.

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
}

/// The PHC string of `password`, with a new salt.
///
/// # Errors
/// [`Fault::Bug`] when the parameters are outside RFC 9106 or there is no randomness.
pub fn hash(password: &str, cost: Cost) -> Result<String, Fault> {
    let hash = cost.hasher()?.hash_password(password.as_bytes()).map_err(|error| Fault::bug(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether `password` is the one of `stored`. A string that is no argon2 hash, or one above the
/// ceiling, matches nothing.
#[must_use]
pub fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).ok().and_then(|hash| compare(password, &hash)).unwrap_or(false)
}

fn compare(password: &str, stored: &PasswordHash) -> Option<bool> {
    let cost = cost_of(stored).filter(|cost| cost.is_within(CEILING))?;
    let (salt, known) = (stored.salt.as_ref()?, stored.hash.as_ref()?);
    let algorithm = Algorithm::new(stored.algorithm.as_str()).ok()?;
    let version = Version::try_from(stored.version.unwrap_or(0x13)).ok()?;
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(known.len())).ok()?;
    let mut made = vec![0; known.len()];
    fill(&Argon2::new(algorithm, version, params), password, salt.as_ref(), &mut made)?;
    Some(made.ct_eq(known.as_bytes()).into())
}

/// Hashes in memory that the thread keeps: asking the system for 19 MiB and giving them back costs a
/// fifth of the hash.
fn fill(argon2: &Argon2<'_>, password: &str, salt: &[u8], out: &mut [u8]) -> Option<()> {
    thread_local! {
        static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
    }
    MEMORY.with_borrow_mut(|memory| {
        let blocks = argon2.params().block_count();
        if memory.len() < blocks {
            memory.resize_with(blocks, Block::new);
        }
        let memory = memory.get_mut(..blocks)?;
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory).ok()
    })
}

/// Whether `stored` was made with less than `cost`, or by another scheme.
#[must_use]
pub fn is_weaker(stored: &str, cost: Cost) -> bool {
    let known = PasswordHash::new(stored).ok().filter(|hash| hash.algorithm.as_str() == "argon2id");
    known.as_ref().and_then(cost_of).is_none_or(|known| {
        known.memory_kib < cost.memory_kib || known.iterations < cost.iterations || known.parallelism < cost.parallelism
    })
}

fn cost_of(hash: &PasswordHash) -> Option<Cost> {
    Some(Cost {
        memory_kib: hash.params.get_decimal("m")?,
        iterations: hash.params.get_decimal("t")?,
        parallelism: hash.params.get_decimal("p")?,
    })
}

impl Cost {
    const fn is_within(self, ceiling: Self) -> bool {
        self.memory_kib <= ceiling.memory_kib
            && self.iterations <= ceiling.iterations
            && self.parallelism <= ceiling.parallelism
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, hash, is_weaker, verify};

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[test]
    fn a_hash_matches_its_password_and_costs_what_was_asked() {
        let stored = hash("correct horse", CHEAP).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(verify("correct horse", &stored));
        assert!(!verify("wrong horse", &stored));
        assert!(!verify(&stored, &stored));
        assert!(!is_weaker(&stored, CHEAP));
        assert!(is_weaker(&stored, Cost { memory_kib: 128, ..CHEAP }));
    }

    #[test]
    fn a_hostile_hash_is_refused_before_it_costs_anything() {
        let dear = "$argon2id$v=19$m=4194304,t=1000,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        assert!(!verify("a", dear));
        for odd in ["", "!", "plain", "$argon2id$", "$argon2id$v=19$m=x,t=1,p=1$a$b"] {
            assert!(!verify("a", odd), "{odd}");
        }
    }
}
