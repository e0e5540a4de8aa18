//! The effective configuration as `portcullis check-config` prints it.

use super::layers::Source;

/// One key as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The dotted key, such as `server.listen` or `login.backends[0].kind`.
    pub key: String,
    /// Its value as text, secrets redacted; `none` where nothing is set.
    pub value_shown: String,
    /// Where the value came from.
    pub source: Source,
}

/// The settings in aligned columns: key, value, source; one line each, with a heading.
#[must_use]
pub fn render_table(settings: &[Setting]) -> String {
    let width = |longest: Option<usize>| longest.unwrap_or(0).max("value".len());
    let keys = width(settings.iter().map(|line| line.key.chars().count()).max());
    let values = width(settings.iter().map(|line| line.value_shown.chars().count()).max());
    let line = |key: &str, value: &str, source: &str| format!("{key:keys$}  {value:values$}  {source}");
    let mut lines = vec![line("key", "value", "source")];
    lines.extend(settings.iter().map(|setting| {
        let source = setting.source.to_string();
        line(&setting.key, &setting.value_shown, &source)
    }));
    lines.push(String::new());
    lines.join("\n")
}
