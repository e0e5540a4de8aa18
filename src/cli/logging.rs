//! Log lines: JSON where a program reads them, plain on a terminal.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::config::{Log, LogFormat};

/// Starts logging to standard error.
///
/// # Errors
/// [`Failure::Configuration`] for a level that is none.
pub fn start(log: &Log) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_new(&log.level).map_err(|error| Failure::Configuration(format!("log.level: {error}")))?;
    let is_json = match log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Nobody reads any more: not a reason to fail a request, or to panic.
        .log_internal_errors(false);
    let started = if is_json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        builder.compact().try_init()
    };
    started.map_err(|error| Failure::Failed(error.to_string()))
}
