//! Hashing on its own threads, behind its own bounded queue, never with a connection held.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Span;

use super::password::Password;
use super::schemes::argon2id::{self, Cost};
use crate::kernel::fault::Fault;
use crate::kernel::workers::Workers;

/// Memory in use is at most `threads` × cost.
#[derive(Clone, Debug)]
pub struct Hasher {
    workers: Arc<Workers>,
    cost: Cost,
    dummy: Arc<str>,
}

/// Nobody waits longer for a hash.
const LONGEST_WAIT: Duration = Duration::from_millis(1800);

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right {
        /// The hash with today's parameters, when the stored one is weaker.
        upgrade: Option<String>,
    },
    /// It is not, or there is none.
    Wrong,
}

impl Hasher {
    /// Starts `threads` threads; at most `queue` passwords wait.
    ///
    /// # Errors
    /// [`Fault`] when a thread or the dummy hash cannot be made.
    pub fn start(cost: Cost, threads: usize, queue: usize) -> Result<Self, Fault> {
        let dummy = argon2id::hash("nobody has this password", cost)?.into();
        Ok(Self { workers: Arc::new(Workers::start("hash", threads, queue)?), cost, dummy })
    }

    /// Compares `password` with the stored hash. Without one, compares with a dummy of the same
    /// cost: an unknown user takes as long as a wrong password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn verify(&self, password: Option<Password>, stored: Option<String>) -> Result<Verdict, Fault> {
        let (cost, dummy) = (self.cost, Arc::clone(&self.dummy));
        self.run(move || {
            let typed = password.as_ref().filter(|password| !password.is_empty());
            let against = stored.as_deref().unwrap_or(&dummy);
            let same = argon2id::verify(typed.map_or("nothing typed", Password::expose), against);
            match (typed, &stored) {
                (Some(password), Some(stored)) if same => {
                    let weak = argon2id::is_weaker(stored, cost);
                    let upgrade = if weak { Some(argon2id::hash(password.expose(), cost)?) } else { None };
                    Ok(Verdict::Right { upgrade })
                }
                _ => {
                    // A hash from cheaper times must not answer sooner than the dummy.
                    if stored.as_deref().is_some_and(|stored| argon2id::is_weaker(stored, cost)) {
                        let _ = argon2id::verify("nothing typed", &dummy);
                    }
                    Ok(Verdict::Wrong)
                }
            }
        })
        .await
    }

    /// Whether the password is one of these.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn verify_any(&self, password: &Password, stored: Vec<String>) -> Result<bool, Fault> {
        let password = password.clone();
        self.run(move || Ok(stored.iter().any(|hash| argon2id::verify(password.expose(), hash)))).await
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn hash(&self, password: Password) -> Result<String, Fault> {
        let cost = self.cost;
        self.run(move || argon2id::hash(password.expose(), cost)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let span = Span::current();
        self.workers.submit(move || {
            // Somebody who closed the browser in the queue costs nothing.
            if !answer.is_closed() {
                let _ = answer.send(span.in_scope(work));
            }
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answered).await {
            Ok(answer) => answer.map_err(|_| Fault::bug("a hashing job panicked"))?,
            Err(_elapsed) => Err(Fault::Busy("too many passwords are waiting")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, Hasher, Password, Verdict, argon2id};

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[tokio::test]
    async fn only_the_right_password_of_a_user_is_right() {
        let hasher = Hasher::start(CHEAP, 1, 4).unwrap();
        let stored = argon2id::hash("correct horse", CHEAP).unwrap();
        let typed = |text: &str| Password::parse(text);
        assert_eq!(
            hasher.verify(typed("correct horse"), Some(stored.clone())).await.unwrap(),
            Verdict::Right { upgrade: None }
        );
        assert_eq!(hasher.verify(typed("wrong"), Some(stored.clone())).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(typed(""), Some(stored)).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(typed("nobody has this password"), None).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(None, None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_weaker_hash_is_upgraded() {
        let hasher = Hasher::start(Cost { memory_kib: 128, ..CHEAP }, 1, 4).unwrap();
        let stored = argon2id::hash("correct horse", CHEAP).unwrap();
        let verdict = hasher.verify(Password::parse("correct horse"), Some(stored)).await.unwrap();
        let Verdict::Right { upgrade: Some(better) } = verdict else { panic!("{verdict:?}") };
        assert!(better.contains("m=128,"));
    }
}
