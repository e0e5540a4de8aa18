//! `[metrics]`: where metrics are served. Reserved: takes effect in a later version.

use std::net::SocketAddr;

use super::reader::Reader;
use super::server::socket_address;

/// Numbers for Prometheus.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The address that serves `/metrics`.
    pub listen: SocketAddr,
}

impl Metrics {
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        let listen = from.parse("metrics.listen", socket_address)?;
        Some(Self { listen })
    }
}
