//! `[server]`: addresses, TLS, proxies, workers.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ipnet::IpNet;

use super::public_url::PublicUrl;
use super::reader::Reader;

/// How the server is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The issuer; never derived from a request.
    pub public_url: PublicUrl,
    /// What people call this place: in letters, and no password may be made of it.
    pub site_name: String,
    /// Whom people ask who may not use an app: shown to them as it is.
    pub contact: Option<String>,
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Certificate and key to serve HTTPS with; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Networks of proxies whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Worker threads, at least 1 (a configured 0 is resolved to the number of cores).
    pub workers: usize,
    /// How long open requests may take to finish when the server stops.
    pub shutdown: Duration,
}

/// The two PEM files of HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
}

impl Server {
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        let public_url = from.parse("server.public_url", PublicUrl::parse);
        let site_name = from.parse("server.site_name", site_name).unwrap_or_default();
        let contact = from.optional_as("server.contact", contact);
        let listen = from.parse("server.listen", socket_address);
        let tls = read_tls(from);
        let trusted_proxies = from.list("server.trusted_proxies", network);
        let workers = or_cores(from.number("server.workers", 0..=1024));
        let shutdown = from.seconds("server.shutdown_secs", 0..=3600);
        Some(Self {
            public_url: public_url?,
            site_name,
            contact,
            listen: listen?,
            tls,
            trusted_proxies,
            workers,
            shutdown,
        })
    }
}

fn site_name(text: &str) -> Result<String, String> {
    let sound = text.chars().count() <= 60 && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err("takes a name of at most 60 characters on one line".into()) }
}

fn contact(text: &str) -> Result<String, String> {
    let sound = text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err("takes at most 200 characters on one line".into()) }
}

/// Cores this process may use, at least 1.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// `count`, or the number of cores for 0.
pub(super) fn or_cores(count: usize) -> usize {
    if count == 0 { cores() } else { count }
}

/// Reads `127.0.0.1:8080` or `[::1]:8080`.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an IP address with a port; write it like 127.0.0.1:8080 or [::]:8080"))
}

fn read_tls(from: &mut Reader) -> Option<TlsFiles> {
    let certificate = from.path("server.tls.certificate_file");
    let key = from.path("server.tls.key_file");
    match (certificate, key) {
        (Some(certificate_file), Some(key_file)) => Some(TlsFiles { certificate_file, key_file }),
        (Some(_), None) => {
            let text = "needs server.tls.key_file too; set both or neither";
            from.blame("server.tls.certificate_file", String::from(text));
            None
        }
        (None, Some(_)) => {
            let text = "needs server.tls.certificate_file too; set both or neither";
            from.blame("server.tls.key_file", String::from(text));
            None
        }
        (None, None) => None,
    }
}

/// A network, or a single address as the network of one.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    let alone = || text.parse::<IpAddr>().map(IpNet::from);
    network
        .or_else(|_| alone())
        .map_err(|_| format!("`{text}` is not a network; write it like 10.0.0.0/8, fd00::/8 or 192.0.2.7"))
}
