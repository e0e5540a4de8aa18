//! Which names this server answers to. No URL is ever made from one (RFC 9700 section 4.17).

use url::Url;

/// The `Host` values and origins that are ours.
#[derive(Clone, Debug)]
pub struct Hosts {
    authorities: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    /// Those of the public URL. On loopback the three ways to write it are one.
    #[must_use]
    pub fn of(public_url: &Url) -> Self {
        let host = public_url.host_str().unwrap_or_default();
        let is_loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let names: Vec<&str> = if is_loopback { vec!["localhost", "127.0.0.1", "[::1]"] } else { vec![host] };
        let scheme = public_url.scheme();
        let mut authorities = Vec::new();
        for name in names {
            match (public_url.port(), public_url.port_or_known_default()) {
                (None, Some(default)) => authorities.extend([name.to_owned(), format!("{name}:{default}")]),
                (Some(port), _) => authorities.push(format!("{name}:{port}")),
                (None, None) => authorities.push(name.to_owned()),
            }
        }
        let origins = authorities.iter().map(|authority| format!("{scheme}://{authority}")).collect();
        Self { authorities, origins }
    }

    /// Whether a request for `host` is meant for us.
    #[must_use]
    pub fn answers(&self, host: &str) -> bool {
        self.authorities.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Whether `origin` is one of our own pages.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn only_our_own_names_are_answered() {
        let public = Hosts::of(&"https://id.example".parse().unwrap());
        assert!(public.answers("id.example") && public.answers("ID.example:443"));
        assert!(!public.answers("id.example:8443") && !public.answers("evil.example") && !public.answers("localhost"));
        assert!(public.is_own_origin("https://id.example"));
        for foreign in ["http://id.example", "null", "https://id.example.evil.example"] {
            assert!(!public.is_own_origin(foreign), "{foreign}");
        }
        let local = Hosts::of(&"http://localhost:8080".parse().unwrap());
        assert!(local.answers("127.0.0.1:8080") && !local.answers("127.0.0.1:8081"));
    }
}
