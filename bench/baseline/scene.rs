//! Who is there to be signed in, and by which client: written by `bench/measure` once the server runs.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use crate::Outcome;

/// The server and its people.
#[derive(Deserialize)]
pub struct Scene {
    /// Address and port of the server: also its public host.
    pub address: SocketAddr,
    /// `Basic …` of the client that holds the tokens.
    pub authorization: String,
    /// Access tokens to introspect.
    pub access_tokens: Vec<String>,
    /// People with the one password.
    pub usernames: Vec<String>,
    pub password: String,
    /// Name of the cookie that a sign-in must bring.
    pub session_cookie: String,
}

impl Scene {
    pub fn read(path: &Path) -> Outcome<Self> {
        Ok(serde_json::from_reader(File::open(path)?)?)
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }
}
