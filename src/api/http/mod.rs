//! The API over HTTP: JSON in, JSON out, no cookies, nothing for scripts of other origins.

pub mod answer;
pub mod authzen;
pub mod body;
pub mod docs;
pub mod rest;
pub mod token_pair;
