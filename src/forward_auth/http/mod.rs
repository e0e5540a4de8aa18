//! Forward auth over HTTP: [`check`] for proxies, [`start`] for browsers at the issuer.

pub mod check;
pub mod start;
