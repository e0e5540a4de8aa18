//! `[log]`: form and level of log lines.

use super::choice::Choice;
use super::reader::Reader;

/// Words for a level, as `EnvFilter` takes them.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is logged, and how it looks.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// A filter in the words of `tracing_subscriber::EnvFilter`.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// Text for people.
    Text,
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("auto", Self::Auto), ("json", Self::Json), ("text", Self::Text)];
}

impl Log {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self { format: from.choice("log.format"), level: from.parse("log.level", filter).unwrap_or_default() }
    }
}

/// Stricter than `EnvFilter`, which takes the misspelled level `inof` for the name of a module.
fn filter(text: &str) -> Result<String, String> {
    let directives = text.split(',').map(str::trim);
    for directive in directives {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
        let spans = directive.contains('[');
        if !spans && !LEVELS.contains(&level.to_lowercase().as_str()) {
            return Err(format!("`{directive}` has no level; write one of {}, or module=level", LEVELS.join(", ")));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_filter_needs_levels_that_exist() {
        for honest in ["info", "WARN", "info,portcullis::oidc=debug", "off, a[span{x=1}]=trace"] {
            assert_eq!(filter(honest).as_deref(), Ok(honest));
        }
        for typo in ["inof", "info,portcullis=verbose", "portcullis", "info,", "a="] {
            assert!(filter(typo).is_err(), "{typo}");
        }
    }
}
