//! Which rule a request falls under: the first that fits.

use super::target::Target;
use crate::clients::client::Restriction;
use crate::config::{Allow, ForwardAuthRule};
use crate::spec::Acr;

/// The rules in force, in their order.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

/// One rule, parsed.
#[derive(Clone, Debug)]
pub struct Rule {
    host: String,
    path: String,
    /// Whom it lets through.
    pub allow: Allow,
    /// Whom of those who are signed in.
    pub restriction: Restriction,
    /// How strongly they have to have proved who they are.
    pub acr: Option<Acr>,
}

impl Rules {
    /// Parses what was configured.
    ///
    /// # Errors
    /// Names the permission or level that is none.
    pub fn parse(configured: &[ForwardAuthRule]) -> Result<Self, String> {
        let parse = |rule: &ForwardAuthRule| {
            let permission = rule.permission.as_deref().map(str::parse).transpose()?;
            let restriction = Restriction { groups: rule.groups.clone(), permission };
            let acr = rule.acr.as_deref().map(str::parse).transpose()?;
            Ok(Rule { host: rule.host.clone(), path: rule.path.clone(), allow: rule.allow, restriction, acr })
        };
        configured.iter().map(parse).collect::<Result<_, String>>().map(Self)
    }

    /// The rule of a request, with its place in the list. None: nobody is let through.
    ///
    /// A path that an app might read otherwise than we do (with `..`, `//`, `%2F` and the like) is
    /// under no rule, where rules for this host tell paths apart.
    #[must_use]
    pub fn find(&self, target: &Target) -> Option<(usize, &Rule)> {
        let of_host = || self.0.iter().enumerate().filter(|(_, rule)| rule.is_of_host(target.hostname()));
        let tells_paths_apart = of_host().any(|(_, rule)| rule.path != "/");
        if tells_paths_apart && !is_plain(target.path()) {
            return None;
        }
        of_host().find(|(_, rule)| rule.is_of_path(target.path()))
    }

    /// Whether there is any rule for this host.
    #[must_use]
    pub fn know(&self, hostname: &str) -> bool {
        self.0.iter().any(|rule| rule.is_of_host(hostname))
    }
}

impl Rule {
    fn is_of_host(&self, hostname: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(domain) => hostname.strip_suffix(domain).is_some_and(|name| !name.is_empty()),
            None => hostname == self.host,
        }
    }

    fn is_of_path(&self, path: &str) -> bool {
        let prefix = self.path.trim_end_matches('/');
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether everybody reads this path alike.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let is_odd = ["%2e", "%2f", "%5c", "%25", "%00", "\\", "//", ";"].iter().any(|odd| lower.contains(odd));
    !is_odd && !path.split('/').any(|step| step == "." || step == "..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Rules, is_plain};
    use crate::config::{Allow, ForwardAuthRule};
    use crate::forward_auth::target::Target;

    fn rules(rules: &[(&str, &str, Allow)]) -> Rules {
        let rule = |(host, path, allow): &(&str, &str, Allow)| ForwardAuthRule {
            host: (*host).into(),
            path: (*path).into(),
            allow: *allow,
            groups: vec![],
            permission: None,
            acr: None,
        };
        Rules::parse(&rules.iter().map(rule).collect::<Vec<_>>()).unwrap()
    }

    fn allowed(rules: &Rules, url: &str) -> Option<Allow> {
        let target = Target::parse(url)?;
        rules.find(&target).map(|(_, rule)| rule.allow)
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_none_lets_nobody_through() {
        let rules = rules(&[
            ("app.test", "/public", Allow::Public),
            ("app.test", "/closed/", Allow::Nobody),
            ("app.test", "/", Allow::SignedIn),
            ("*.apps.test", "/", Allow::SignedIn),
        ]);
        for (url, expected) in [
            ("https://app.test/", Some(Allow::SignedIn)),
            ("https://app.test/public", Some(Allow::Public)),
            ("https://app.test:8443/public/a?b=/../c", Some(Allow::Public)),
            ("https://APP.test/public", Some(Allow::Public)),
            ("https://app.test/publicity", Some(Allow::SignedIn)),
            ("https://app.test/closed", Some(Allow::Nobody)),
            ("https://app.test/closed/a", Some(Allow::Nobody)),
            ("https://a.apps.test/", Some(Allow::SignedIn)),
            ("https://a.b.apps.test/", Some(Allow::SignedIn)),
            ("https://a.apps.test/a%2Fb/../c", Some(Allow::SignedIn)),
            ("https://apps.test/", None),
            ("https://xapps.test/", None),
            ("https://app.test.evil.test/", None),
            ("https://other.test/", None),
        ] {
            assert_eq!(allowed(&rules, url), expected, "{url}");
        }
    }

    #[test]
    fn a_path_that_could_be_read_otherwise_is_under_no_rule_where_paths_are_told_apart() {
        let rules = rules(&[("app.test", "/public", Allow::Public), ("app.test", "/", Allow::SignedIn)]);
        for path in [
            "/public/../admin",
            "/public/%2e%2E/admin",
            "/public//admin",
            "/public%2Fadmin",
            "/public/..;/x",
            "/public\\..\\x",
            "/./public",
            "/public%252e",
        ] {
            assert_eq!(allowed(&rules, &format!("https://app.test{path}")), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_path_means_the_same_to_a_url_parser(path in "/[a-z./%2efF;\\\\]{0,20}") {
            if is_plain(&path) {
                let read = url::Url::parse(&format!("https://app.test{path}")).unwrap();
                prop_assert_eq!(read.path(), path);
            }
        }
    }
}
