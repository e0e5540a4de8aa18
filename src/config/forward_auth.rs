//! `[forward_auth]`: what a proxy that asks us lets through.

use super::choice::Choice;
use super::reader::Reader;

const KEY: &str = "forward_auth.rules";

/// One `[[forward_auth.rules]]`: the first that fits decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardAuthRule {
    /// `app.example.test`, or `*.example.test` for every name below it, in small letters; with `:8443` or `:*` where the
    /// port is not the usual one.
    pub host: String,
    /// This path and what is below it.
    pub path: String,
    /// Whom it lets through.
    pub allow: Allow,
    /// Members of one of these.
    pub groups: Vec<String>,
    /// Holders of this too: whoever is either.
    pub permission: Option<String>,
    /// People who proved who they are this strongly only.
    pub acr: Option<String>,
}

/// Whom a rule lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allow {
    /// Everybody; nobody is looked for.
    Public,
    /// Whoever is signed in, as far as the rule's other keys admit them.
    #[default]
    SignedIn,
    /// Nobody.
    Nobody,
}

impl Choice for Allow {
    const WORDS: &'static [(&'static str, Self)] =
        &[("public", Self::Public), ("signed_in", Self::SignedIn), ("nobody", Self::Nobody)];
}

const DEFAULTS: &[(&str, &str)] = &[("path", "/"), ("allow", "signed_in")];

/// Reads all tables.
pub(super) fn read(from: &mut Reader) -> Vec<ForwardAuthRule> {
    from.tables(KEY, DEFAULTS, read_one)
}

fn read_one(from: &mut Reader) -> Option<ForwardAuthRule> {
    let host = from.parse("host", host);
    let path = from.parse("path", path);
    let allow: Allow = from.choice("allow");
    let groups = from.list("groups", |name| Ok(name.to_owned()));
    let permission = from.find("permission", |name| Ok(name.to_owned()));
    let acr = from.find("acr", |name| Ok(name.to_owned()));
    let narrows = !groups.is_empty() || permission.is_some() || acr.is_some();
    if narrows && allow != Allow::SignedIn {
        from.blame("allow", "is not signed_in: groups, permission and acr say nothing here".into());
    }
    Some(ForwardAuthRule { host: host?, path: path?, allow, groups, permission, acr })
}

fn host(text: &str) -> Result<String, String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let name = name.strip_prefix("*.").unwrap_or(name);
    let sound_port = port.is_none_or(|port| port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0));
    let sound = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        !label.is_empty() && letters
    };
    if sound_port && name.split('.').all(sound) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is no host name in small letters; write it like app.example.test, *.example.test or app.example.test:8443"
        ))
    }
}

fn path(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\;*".contains(&byte));
    let steps = !text.contains("//") && !text.split('/').any(|step| step == "." || step == "..");
    if text.starts_with('/') && plain && steps {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no plain path; write it like /admin"))
    }
}

#[cfg(test)]
mod tests {
    use super::{host, path};

    #[test]
    fn hosts_and_paths_are_plain() {
        for good in
            ["app.example.test", "*.example.test", "localhost", "a-1.b", "127.0.0.1", "app.test:8080", "app.test:*"]
        {
            assert!(host(good).is_ok(), "{good}");
        }
        for bad in ["", "*", "*.", "App.test", "app.test:", "app.test:x", "https://app.test", "a..b", "*.*.test", "a_b"]
        {
            assert!(host(bad).is_err(), "{bad}");
        }
        for good in ["/", "/admin", "/a/b.c/"] {
            assert!(path(good).is_ok(), "{good}");
        }
        for bad in ["", "admin", "/a//b", "/../a", "/a/.", "/%61", "/a?b", "/a*", "/a;b", "/a\\b"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}
