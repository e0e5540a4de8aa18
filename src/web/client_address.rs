//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The rightmost hop that no trusted proxy vouches for. Headers of strangers are not read; a value
/// that cannot be read ends the walk at the proxy that sent it.
#[must_use]
pub fn client_address(req: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip();
    let forwarded = req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    Some(rightmost_untrusted(peer, forwarded, trusted))
}

/// Whether the peer is a proxy of the operator's.
#[must_use]
pub fn comes_through_trusted_proxy(req: &HttpRequest, trusted: &[IpNet]) -> bool {
    req.peer_addr().is_some_and(|peer| is_trusted(canonical(peer.ip()), trusted))
}

fn rightmost_untrusted<'a>(peer: IpAddr, headers: impl Iterator<Item = &'a str>, trusted: &[IpNet]) -> IpAddr {
    let hops: Vec<&str> = headers.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut address = canonical(peer);
    for hop in hops.iter().rev() {
        if !is_trusted(address, trusted) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(next) => address = canonical(next),
            Err(_) => break,
        }
    }
    address
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

const fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::rightmost_untrusted;

    #[test]
    fn only_trusted_hops_are_walked_back() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from = |peer: &str, header: &str| {
            rightmost_untrusted(peer.parse().unwrap(), std::iter::once(header), &trusted).to_string()
        };
        assert_eq!(from("203.0.113.9", "1.2.3.4"), "203.0.113.9");
        assert_eq!(from("10.0.0.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(from("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2"), "1.2.3.4");
        assert_eq!(from("10.0.0.1", "1.2.3.4, nonsense"), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", "1.2.3.4"), "1.2.3.4");
    }
}
