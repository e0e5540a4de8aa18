//! `check-config`: every problem at once, or the configuration with each value's source.

use serde_json::json;

use super::{Failure, Globals, output, workshop};
use crate::config::{Config, render_table};
use crate::forward_auth::Rules;
use crate::web::Pages;

/// Templates of the operator's folder parse.
///
/// # Errors
/// [`Failure::Configuration`] naming the template.
pub fn check_templates(config: &Config) -> Result<(), Failure> {
    let pages = Pages::load(config.templates.dir.as_deref());
    pages.map(|_| ()).map_err(|error| Failure::Configuration(format!("templates: {error}")))
}

/// Runs the command.
///
/// # Errors
/// [`Failure::Configuration`] with every problem.
pub fn run(globals: &Globals) -> Result<(), Failure> {
    let loaded = workshop::load(globals)?;
    check_templates(&loaded.config)?;
    let rules = Rules::parse(&loaded.config.forward_auth_rules);
    rules.map_err(|error| Failure::Configuration(format!("forward_auth.rules: {error}")))?;
    if globals.json {
        let rows: Vec<_> = loaded
            .sources
            .iter()
            .map(|setting| json!({ "key": setting.key, "value": setting.value_shown, "source": setting.source.to_string() }))
            .collect();
        output::print_json(&json!(rows));
    } else {
        output::say(render_table(&loaded.sources).trim_end());
    }
    Ok(())
}
