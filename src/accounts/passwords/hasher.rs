//! Hashing on its own threads, behind its own bounded queue, never with a connection held.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Span;

use super::password::Password;
use super::schemes::Scheme;
use super::schemes::argon2id::{self, Cost};
use crate::kernel::fault::Fault;
use crate::kernel::workers::Workers;

/// Memory in use is at most `threads` × cost, save while a dearer hash from elsewhere is compared.
#[derive(Clone, Debug)]
pub struct Hasher {
    workers: Arc<Workers>,
    bench: Bench,
}

/// What every comparison needs.
#[derive(Clone, Debug)]
struct Bench {
    cost: Cost,
    dummy: Arc<Scheme>,
}

/// Nobody waits longer for a hash.
const LONGEST_WAIT: Duration = Duration::from_millis(1800);
/// Stored hashes that one password is compared with at most.
const MOST_COMPARED: usize = 24;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right {
        /// The hash with today's scheme and parameters, when the stored one is weaker.
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
        let dummy = Scheme::parse(&argon2id::hash("nobody has this password", cost)?);
        let dummy = dummy.ok_or_else(|| Fault::bug("passwords cost more than the ceiling of argon2"))?;
        let bench = Bench { cost, dummy: Arc::new(dummy) };
        Ok(Self { workers: Arc::new(Workers::start("hash", threads, queue)?), bench })
    }

    /// Compares `password` with the stored hash. Without one, compares with a dummy of the same
    /// cost: an unknown user takes as long as a wrong password. One that is cheaper, of another
    /// scheme or not readable is followed by the dummy, and so never answers sooner.
    ///
    /// What cannot be hidden: a hash from elsewhere that is dearer than ours answers later, until
    /// the first sign-in replaces it.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn verify(&self, password: Option<Password>, stored: Option<String>) -> Result<Verdict, Fault> {
        let bench = self.bench.clone();
        self.run(move || bench.judge(password.as_ref(), stored.as_deref())).await
    }

    /// Whether `password` is the one of any of the stored hashes, of which the first 24 count: for
    /// people who choose a new password. Each is a job of its own, so that sign-ins come in between.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn verify_any(&self, password: Password, stored: Vec<String>) -> Result<bool, Fault> {
        for stored in stored.into_iter().take(MOST_COMPARED) {
            let password = password.clone();
            let compare = move || Ok(Scheme::parse(&stored).is_some_and(|scheme| password.is_of(&scheme)));
            if self.run(compare).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn hash(&self, password: Password) -> Result<String, Fault> {
        let cost = self.bench.cost;
        self.run(move || argon2id::hash(password.expose(), cost)).await
    }

    /// Other work that takes a core for a while, such as decoding a picture, behind the same queue.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        self.run(move || Ok(work())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let (span, cost) = (Span::current(), self.bench.cost);
        self.workers.submit(move || {
            // Somebody who closed the browser in the queue costs nothing.
            if !answer.is_closed() {
                let _ = answer.send(span.in_scope(work));
                argon2id::keep_memory_for(cost);
            }
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answered).await {
            Ok(answer) => answer.map_err(|_| Fault::bug("a hashing job panicked"))?,
            Err(_elapsed) => Err(Fault::Busy("too many passwords are waiting")),
        }
    }
}

impl Bench {
    fn judge(&self, password: Option<&Password>, stored: Option<&str>) -> Result<Verdict, Fault> {
        let typed = password.filter(|password| !password.is_empty());
        let scheme = stored.and_then(Scheme::parse);
        let is_right = scheme.as_ref().is_some_and(|scheme| is_of(typed, scheme));
        let is_cheaper = scheme.is_none_or(|scheme| scheme.is_weaker(self.cost));
        if let (Some(password), true) = (typed, is_right) {
            let upgrade = is_cheaper.then(|| argon2id::hash(password.expose(), self.cost)).transpose()?;
            return Ok(Verdict::Right { upgrade });
        }
        if is_cheaper {
            black_box(is_of(typed, &self.dummy));
        }
        Ok(Verdict::Wrong)
    }
}

/// Takes the same time whether something was typed or nothing.
fn is_of(typed: Option<&Password>, scheme: &Scheme) -> bool {
    if let Some(password) = typed {
        return password.is_of(scheme);
    }
    black_box(scheme.matches("nothing typed"));
    false
}

impl Password {
    /// Whether one of its forms was hashed. Every scheme is asked for every form, the dummy too: the
    /// time tells of the typed characters alone.
    fn is_of(&self, scheme: &Scheme) -> bool {
        self.forms().any(|form| scheme.matches(form))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, Hasher, Password, Scheme, Verdict, argon2id};

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

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
    async fn nothing_typed_is_nobodys_password() {
        let hasher = Hasher::start(CHEAP, 1, 4).unwrap();
        for text in ["", "nothing typed"] {
            let stored = argon2id::hash(text, CHEAP).unwrap();
            for typed in [None, Password::parse("")] {
                assert_eq!(hasher.verify(typed, Some(stored.clone())).await.unwrap(), Verdict::Wrong);
            }
        }
    }

    #[tokio::test]
    async fn a_weaker_hash_is_upgraded() {
        let hasher = Hasher::start(Cost { memory_kib: 128, ..CHEAP }, 1, 4).unwrap();
        let stored = argon2id::hash("correct horse", CHEAP).unwrap();
        for stored in [stored.as_str(), BCRYPT, &format!("bcrypt${BCRYPT}")] {
            let verdict = hasher.verify(Password::parse("correct horse"), Some(stored.into())).await.unwrap();
            let Verdict::Right { upgrade: Some(better) } = verdict else { panic!("{stored}: {verdict:?}") };
            assert!(better.starts_with("$argon2id$v=19$m=128,"));
            let again = hasher.verify(Password::parse("correct horse"), Some(better)).await.unwrap();
            assert_eq!(again, Verdict::Right { upgrade: None });
        }
    }

    #[tokio::test]
    async fn the_typed_form_opens_what_was_hashed_elsewhere() {
        let hasher = Hasher::start(CHEAP, 1, 4).unwrap();
        let decomposed = "cafe\u{301} au lait";
        let elsewhere = bcrypt::hash_with_salt(decomposed, 4, [7; 16]).unwrap().to_string();
        let verdict = hasher.verify(Password::parse(decomposed), Some(elsewhere)).await.unwrap();
        let Verdict::Right { upgrade: Some(better) } = verdict else { panic!("{verdict:?}") };
        let composed = Password::parse("caf\u{e9} au lait");
        assert_eq!(hasher.verify(composed, Some(better)).await.unwrap(), Verdict::Right { upgrade: None });
    }

    #[tokio::test]
    async fn one_of_many_is_found_and_no_more_than_24_are_looked_at() {
        let hasher = Hasher::start(CHEAP, 1, 4).unwrap();
        let mut stored = vec![argon2id::hash("another", CHEAP).unwrap(), "!".into(), "odd".into(), BCRYPT.into()];
        let typed = |text: &str| Password::parse(text).unwrap();
        assert!(hasher.verify_any(typed("correct horse"), stored.clone()).await.unwrap());
        assert!(hasher.verify_any(typed("another"), stored.clone()).await.unwrap());
        assert!(!hasher.verify_any(typed("a third"), stored.clone()).await.unwrap());
        assert!(!hasher.verify_any(typed("another"), Vec::new()).await.unwrap());
        stored.splice(0..0, vec!["!".to_owned(); 23]);
        assert!(hasher.verify_any(typed("another"), stored.clone()).await.unwrap());
        assert!(!hasher.verify_any(typed("correct horse"), stored).await.unwrap());
    }

    #[test]
    fn whatever_is_no_hash_of_todays_cost_is_followed_by_the_dummy() {
        let today = Cost { memory_kib: 128, ..CHEAP };
        let is_weaker = |stored: &str| Scheme::parse(stored).is_none_or(|scheme| scheme.is_weaker(today));
        assert!(!is_weaker(&argon2id::hash("a", today).unwrap()));
        let dear = "$argon2id$v=19$m=4194304,t=1000,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        for stored in [&argon2id::hash("a", CHEAP).unwrap(), BCRYPT, "!", "", "odd", dear] {
            assert!(is_weaker(stored), "{stored}");
        }
    }
}
