//! Sign-in for apps behind a proxy.

mod check;
mod proxies;
mod tickets;

use std::fs;

use tempfile::TempDir;

use crate::support::TestServer;

/// A server with these rules, which trusts proxies of this machine.
fn server(rules: &str) -> (TestServer, TempDir) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("rules.toml");
    fs::write(&file, rules).unwrap();
    let settings = [("config_file", file.to_str().unwrap()), ("server.trusted_proxies", "127.0.0.0/8,::1/128")];
    (TestServer::start_with(&settings), folder)
}

/// A rule with these keys.
fn rule(keys: &str) -> String {
    format!("[[forward_auth.rules]]\n{}\n", keys.replace("; ", "\n"))
}
