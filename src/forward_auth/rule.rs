//! Which rule a request falls under: the first that fits.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

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
    port: Port,
    path: String,
    /// The path as the most forgiving app would read it.
    folded: String,
    /// Whom it lets through.
    pub allow: Allow,
    /// Whom of those who are signed in.
    pub restriction: Restriction,
    /// How strongly they have to have proved who they are.
    pub acr: Option<Acr>,
}

/// Which ports of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    /// The one that a browser does not show.
    Usual,
    /// This one.
    This(u16),
    /// Every one.
    Any,
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
            let (host, port) = match rule.host.split_once(':') {
                None => (rule.host.as_str(), Port::Usual),
                Some((host, "*")) => (host, Port::Any),
                Some((host, port)) => (host, Port::This(port.parse().map_err(|_| format!("`{port}` is no port"))?)),
            };
            let (path, folded) = (rule.path.clone(), fold(&rule.path));
            Ok(Rule { host: host.to_owned(), port, path, folded, allow: rule.allow, restriction, acr })
        };
        configured.iter().map(parse).collect::<Result<_, String>>().map(Self)
    }

    /// The rule of a request, with its place in the list. None: nobody is let through.
    ///
    /// A path that an app might read otherwise than we do (with `..`, `//`, or a character written as `%61` that need not be) is
    /// under no rule, where rules for this host tell paths apart; nor is one with letters that some take for others (`ı` for `i`,
    /// full-width ones, some that do not show), where that would be another rule's path.
    #[must_use]
    pub fn find(&self, target: &Target) -> Option<(usize, &Rule)> {
        let of_host = || self.0.iter().enumerate().filter(|(_, rule)| rule.is_of_host(target));
        let tells_paths_apart = of_host().any(|(_, rule)| rule.path != "/");
        if tells_paths_apart && !is_plain(target.path()) {
            return None;
        }
        let found = of_host().find(|(_, rule)| rule.is_of_path(target.path()))?;
        if tells_paths_apart && has_letters_of_others(target.path()) {
            let folded = fold(target.path());
            if !has_plain_steps(&folded) {
                return None;
            }
            return of_host().find(|(_, rule)| begins(&folded, &rule.folded)).filter(|(place, _)| *place == found.0);
        }
        Some(found)
    }

    /// Whether there is any rule for this host and port.
    #[must_use]
    pub fn know(&self, target: &Target) -> bool {
        self.0.iter().any(|rule| rule.is_of_host(target))
    }
}

impl Rule {
    fn is_of_host(&self, target: &Target) -> bool {
        let hostname = target.hostname();
        let is_name = match self.host.strip_prefix('*') {
            Some(domain) => hostname.strip_suffix(domain).is_some_and(|name| !name.is_empty()),
            None => hostname == self.host,
        };
        let is_port = match self.port {
            Port::Any => true,
            Port::Usual => target.port().is_none(),
            Port::This(port) => target.port() == Some(port),
        };
        is_name && is_port
    }

    /// Apps differ in whether `/Admin` is `/admin`: where a rule lets everybody through it is not, elsewhere it is.
    fn is_of_path(&self, path: &str) -> bool {
        let prefix = self.path.trim_end_matches('/');
        let Some((start, rest)) = path.split_at_checked(prefix.len()) else { return false };
        let is_alike = if self.allow == Allow::Public { start == prefix } else { start.eq_ignore_ascii_case(prefix) };
        is_alike && (rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether a folded path leads where its steps say: what does not show may have stood between two dots, or between two slashes.
fn has_plain_steps(folded: &str) -> bool {
    let steps = folded.strip_prefix('/').unwrap_or(folded);
    let steps = steps.strip_suffix('/').unwrap_or(steps);
    let is_plain = |step: &str| !step.is_empty() && step != "." && step != ".." && step.trim() == step;
    steps.is_empty() || steps.split('/').all(is_plain)
}

fn begins(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn has_letters_of_others(path: &str) -> bool {
    percent_decode_str(path).any(|byte| !byte.is_ascii())
}

/// A path as the most forgiving app would read it: decoded, small, without accents and what does not show, and with the letters
/// that some take for one of ASCII (Unicode TR 36 section 2).
fn fold(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let shown = decoded.nfkd().filter(|one| !is_combining_mark(*one) && !does_not_show(*one));
    shown.map(|one| if one == '\u{131}' { 'i' } else { one }).flat_map(char::to_lowercase).nfkd().collect()
}

/// Characters that may be left out (Unicode `Default_Ignorable_Code_Point`), as far as they are assigned.
const fn does_not_show(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether everybody reads this path alike, decoded or not.
fn is_plain(path: &str) -> bool {
    let is_odd = ["\\", "//", ";"].iter().any(|odd| path.contains(odd)) || hides_a_character(path);
    if is_odd || path.split('/').any(|step| step == "." || step == "..") {
        return false;
    }
    // Overlong forms of a slash or a dot are no UTF-8, and look-alikes of them are one when an app tidies what it decoded.
    let Ok(decoded) = percent_decode_str(path).decode_utf8() else { return false };
    let tidied: String = decoded.nfkc().collect();
    let separators = |text: &str| text.bytes().filter(|byte| b"/\\.;%?#".contains(byte)).count();
    // Some systems take spaces off the ends of names.
    separators(&decoded) == separators(&tidied) && decoded.split('/').all(|step| step.trim() == step)
}

/// Whether a percent sign stands for a character that a path has as it is, or that would divide it, or for nothing. What browsers
/// have to write so (RFC 3986 section 2.1) hides nothing: a space, a quotation mark, brackets, and what is not ASCII.
fn hides_a_character(path: &str) -> bool {
    let is_needed = |rest: &str| {
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii() || b" \"<>[]^`{|}".contains(&byte))
    };
    !path.split('%').skip(1).all(is_needed)
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
            ("ports.test:8443", "/", Allow::SignedIn),
            ("any.test:*", "/", Allow::SignedIn),
        ]);
        for (url, expected) in [
            ("https://app.test/", Some(Allow::SignedIn)),
            ("https://app.test/public", Some(Allow::Public)),
            ("https://app.test/public/a?b=/../c", Some(Allow::Public)),
            ("https://app.test/public/%C3%A4", Some(Allow::Public)),
            ("https://app.test/public/My%20Page%20%22one%22", Some(Allow::Public)),
            ("https://app.test/public/%5B1%5D/%7Bid%7D", Some(Allow::Public)),
            ("https://app.test/My%20Page", Some(Allow::SignedIn)),
            ("https://app.test/Public", Some(Allow::SignedIn)),
            ("https://app.test/Closed/a", Some(Allow::Nobody)),
            // Letters that some apps take for those of a rule, and letters that are only another language's.
            ("https://app.test/clo%C5%BFed/a", None),
            ("https://app.test/%EF%BD%83losed", None),
            ("https://app.test/clo%C2%ADsed", None),
            ("https://app.test/closed%E2%80%8B/a", None),
            ("https://app.test/publ%C4%B1c", None),
            ("https://app.test/cl%C3%B6sed", None),
            ("https://app.test/public/.%E2%80%8B./closed", None),
            ("https://app.test/%E2%80%8B/closed", None),
            ("https://app.test/public/%C2%AD.", None),
            ("https://app.test/public/%C3%A4/", Some(Allow::Public)),
            ("https://app.test/closed/%C5%BF", Some(Allow::Nobody)),
            ("https://app.test/b%C3%BCcher/%E6%9C%AC", Some(Allow::SignedIn)),
            ("https://app.test:443/", Some(Allow::SignedIn)),
            ("https://app.test:8443/", None),
            ("https://ports.test:8443/", Some(Allow::SignedIn)),
            ("https://ports.test/", None),
            ("https://any.test:1/", Some(Allow::SignedIn)),
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
            "/%61dmin",
            "/public/%61",
            "/public/%00",
            "/public/%3F",
            "/public/%25",
            "/public/%5C..%5Cadmin",
            // Overlong forms, halves of characters, and look-alikes of a slash and a dot.
            "/public/%c0%ae%c0%ae/admin",
            "/public/..%c0%afadmin",
            "/public/%ff",
            "/public/%EF%BC%8Fadmin",
            "/public/%EF%BC%8E%EF%BC%8E/admin",
            "/public/%E2%80%A5/admin",
            "/%20admin",
            "/admin%20",
            "/public/%+1",
            "/%",
            "/%zz",
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
