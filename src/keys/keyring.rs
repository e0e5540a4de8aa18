//! The keys of this moment, parsed, in memory. Discovery, JWKS, signing and verifying never ask
//! the database; [`Keyring::replace`] swaps the whole set when a key changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::DecodingKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::algorithm::Algorithm;
use super::jwks;
use super::jws::{self, TokenType};
use super::signing_key::SigningKey;
use super::store::{KeyRow, State};
use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;

/// Shared by all workers of a process.
#[derive(Debug)]
pub struct Keyring {
    current: RwLock<Arc<Keys>>,
}

/// One consistent set of keys.
pub struct Keys {
    signing: HashMap<Algorithm, SigningKey>,
    verifying: HashMap<String, VerifyingKey>,
    /// The JWKS document, serialized.
    pub jwks: Vec<u8>,
    /// Ids and states of the rows, to see whether anything changed.
    rows: Vec<(String, State)>,
}

struct VerifyingKey {
    alg: Algorithm,
    key: DecodingKey,
    state: State,
}

/// Which keys may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Keys that are published now.
    Published,
    /// Retired ones too: for hints, which only say who somebody was (OIDC RP-Initiated Logout section 2).
    Retired,
}

impl Keyring {
    /// A keyring of these keys.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self { current: RwLock::new(Arc::new(keys)) }
    }

    /// The set of this moment.
    pub fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Swaps the set.
    pub fn replace(&self, keys: Keys) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Signs `claims` with the active key of `alg`.
    ///
    /// # Errors
    /// [`Fault::Bug`] when there is none, which start-up rules out.
    pub fn sign(&self, alg: Algorithm, typ: TokenType, claims: &impl Serialize) -> Result<String, Fault> {
        let keys = self.current();
        let key = keys.signing.get(&alg).ok_or_else(|| Fault::bug(format!("no active {alg} key")))?;
        jws::sign(key, typ, claims)
    }

    /// The `typ` and claims of a token that one of our keys signed; everything else is `None`.
    #[must_use]
    pub fn verify<T: DeserializeOwned>(&self, token: &str, accept: Accept) -> Option<(Option<String>, T)> {
        let (alg, header) = jws::header(token)?;
        let keys = self.current();
        let known = keys.verifying.get(header.kid.as_deref()?)?;
        let serves = known.alg == alg && (known.state != State::Retired || accept == Accept::Retired);
        let claims = serves.then(|| jws::claims(token, &known.key, known.alg))??;
        Some((header.typ, claims))
    }

    /// Whether the key that `token` names is still published; its signature is not checked again.
    #[must_use]
    pub fn publishes_key_of(&self, kid: &str) -> bool {
        self.current().verifying.get(kid).is_some_and(|key| key.state != State::Retired)
    }
}

impl Keys {
    /// Opens and parses the stored rows.
    ///
    /// # Errors
    /// [`Fault::Bug`] when a row does not open under this master key or is no key.
    pub fn open(rows: &[KeyRow], sealer: &Sealer) -> Result<Self, Fault> {
        let mut signing = HashMap::new();
        let mut verifying = HashMap::new();
        for row in rows {
            let jwk = serde_json::from_value(row.public_jwk.clone()).map_err(|error| Fault::bug(error.to_string()))?;
            let key = DecodingKey::from_jwk(&jwk).map_err(|error| Fault::bug(error.to_string()))?;
            verifying.insert(row.kid.clone(), VerifyingKey { alg: row.alg, key, state: row.state });
            if row.state == State::Active {
                let id = row.id.to_string();
                let place = Place { table: "signing_keys", column: "sealed_private", row: &id };
                let private = row
                    .sealed_private
                    .as_deref()
                    .and_then(|sealed| sealer.open(place, sealed))
                    .ok_or_else(|| Fault::bug(format!("signing key {} does not open", row.kid)))?;
                signing.insert(row.alg, SigningKey::parse(row.kid.clone(), row.alg, private.expose())?);
            }
        }
        let jwks = jwks::document(rows.iter().filter(|row| row.state != State::Retired).map(|row| &row.public_jwk));
        Ok(Self { signing, verifying, jwks, rows: Self::outline(rows) })
    }

    /// Whether there is an active key of `alg`.
    #[must_use]
    pub fn signs_with(&self, alg: Algorithm) -> bool {
        self.signing.contains_key(&alg)
    }

    /// Whether `rows` are what this set was made of.
    #[must_use]
    pub fn are_of(&self, rows: &[KeyRow]) -> bool {
        self.rows == Self::outline(rows)
    }

    fn outline(rows: &[KeyRow]) -> Vec<(String, State)> {
        rows.iter().map(|row| (row.kid.clone(), row.state)).collect()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("rows", &self.rows).finish_non_exhaustive()
    }
}
