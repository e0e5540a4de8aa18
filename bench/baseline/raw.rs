//! The work itself with nothing around it, one thread per core: what the hardware can do.

use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::Outcome;

#[derive(Args)]
pub struct SignSettings {
    #[arg(long)]
    algorithm: SigningAlgorithm,
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum SigningAlgorithm {
    Rs256,
    Es256,
}

#[derive(Args)]
pub struct HashSettings {
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

/// How often, by all cores together.
#[derive(Serialize)]
pub struct Rate {
    operations: u32,
    per_second: f64,
}

/// Header and claims of an access token in base64url are about this long.
const SIGNED_PART: [u8; 450] = [b'A'; 450];

/// Signs with a key that is parsed once, as the server does.
pub fn sign(settings: &SignSettings) -> Outcome<Rate> {
    let random = SystemRandom::new();
    match settings.algorithm {
        SigningAlgorithm::Rs256 => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
            on_all_cores(settings.seconds, || {
                let mut signature = vec![0; key.public_modulus_len()];
                let random = &random;
                let key = &key;
                move || Ok(key.sign(&RSA_PKCS1_SHA256, random, &SIGNED_PART, &mut signature)?)
            })
        }
        SigningAlgorithm::Es256 => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            on_all_cores(settings.seconds, || {
                let (random, key) = (&random, &key);
                move || key.sign(random, &SIGNED_PART).map(drop).map_err(Into::into)
            })
        }
    }
}

/// Hashes in memory that each thread allocates once: no page faults, the most the cores give.
pub fn hash(settings: &HashSettings) -> Outcome<Rate> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| error.to_string())?;
    let blocks = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    on_all_cores(settings.seconds, || {
        let argon2 = &argon2;
        let mut memory = vec![Block::default(); blocks];
        let mut out = [0; 32];
        move || {
            argon2
                .hash_password_into_with_memory(
                    b"lantern-orchard-velvet-51",
                    b"a salt, 16 bytes",
                    &mut out,
                    &mut memory,
                )
                .map_err(|error| error.to_string().into())
        }
    })
}

/// `worker` makes what one thread repeats.
fn on_all_cores<W>(seconds: u32, worker: impl Fn() -> W + Sync) -> Outcome<Rate>
where
    W: FnMut() -> Outcome<()>,
{
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds.into());
    let repeat = || -> Outcome<u32> {
        let mut work = worker();
        let mut count = 0;
        while Instant::now() < end {
            work()?;
            count += 1;
        }
        Ok(count)
    };
    let operations = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores()).map(|_| scope.spawn(repeat)).collect();
        threads
            .into_iter()
            .try_fold(0, |sum, thread| -> Outcome<u32> { Ok(sum + thread.join().map_err(|_| "a thread panicked")??) })
    })?;
    Ok(Rate { operations, per_second: f64::from(operations) / begin.elapsed().as_secs_f64() })
}

/// As the server counts them for its workers.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
