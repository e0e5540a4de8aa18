//! Where the servers of a directory are, and that no password goes to them in the open.

use std::net::IpAddr;

use url::{Host, Url};

use crate::config::reader::Reader;

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryServer {
    /// `ldap://` or `ldaps://`, a host, perhaps a port.
    pub url: Url,
    /// How what is said to it is protected.
    pub channel: Channel,
}

/// The protection of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said that matters (RFC 4511 section 4.14).
    StartTls,
    /// None: on this machine, or because the operator says so.
    Plain,
}

/// What the operator says about protection.
struct Protection {
    starttls: bool,
    allow_plain: bool,
}

pub(super) fn read(from: &mut Reader) -> Vec<DirectoryServer> {
    let problems = from.problem_count();
    let urls = from.list("servers", address);
    if urls.is_empty() && from.problem_count() == problems {
        let text = "names no server; name at least one, like [\"ldaps://ldap.example.org\"]";
        from.blame("servers", String::from(text));
    }
    let protection = Protection { starttls: from.flag("starttls"), allow_plain: from.flag("allow_plain") };
    let mut servers = Vec::new();
    for url in urls {
        match protection.channel(&url) {
            Ok(channel) => servers.push(DirectoryServer { url, channel }),
            Err(text) => from.blame("servers", format!("`{url}` {text}")),
        }
    }
    servers
}

impl Protection {
    fn channel(&self, url: &Url) -> Result<Channel, String> {
        let channel = match (url.scheme(), self.starttls) {
            ("ldaps", false) => Channel::Tls,
            ("ldaps", true) => return Err(String::from("speaks TLS already; write ldap://, or remove starttls")),
            (_, true) => Channel::StartTls,
            (_, false) => Channel::Plain,
        };
        if channel == Channel::Plain && !self.allow_plain && !is_loopback(url) {
            return Err(String::from(
                "would get passwords in the open; write ldaps://, or set starttls = true (allow_plain = true accepts it)",
            ));
        }
        if channel != Channel::Plain && matches!(url.host(), Some(Host::Ipv6(_))) {
            return Err(String::from("has no name that a certificate could be compared with; write its host name"));
        }
        Ok(channel)
    }
}

fn address(text: &str) -> Result<Url, String> {
    // Not shown: it may hold a password.
    let refused = || String::from("has one that is no server; write each like ldaps://ldap.example.org");
    let url = Url::parse(text).map_err(|_| refused())?;
    let host = url.host_str().unwrap_or_default();
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && ["", "/"].contains(&url.path())
        && url.query().is_none()
        && url.fragment().is_none();
    if ["ldap", "ldaps"].contains(&url.scheme()) && !host.is_empty() && !host.contains('%') && is_bare {
        return Ok(url);
    }
    Err(refused())
}

/// In the address of a scheme that is not the web's, an IPv4 address is still text.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
