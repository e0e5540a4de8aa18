//! The environment as the top layer: `PORTCULLIS_<SECTION>__<KEY>`, `DATABASE_URL`, `PORT`.

use std::collections::BTreeMap;

use super::layers::{Layers, Raw, Source};
use super::problem::Problem;

const PREFIX: &str = "PORTCULLIS_";

/// Puts the environment above all files.
pub(super) fn add(layers: &mut Layers, env: &BTreeMap<String, String>) {
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if !is_service_link(rest, value) {
            let source = Source::Environment(name.clone());
            layers.give(dotted(rest), Raw::Text(value.clone()), source);
        }
    }
    add_database_url(layers, env);
    add_port(layers, env);
}

/// The environment's name of a dotted key.
pub(super) fn name_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn dotted(name: &str) -> String {
    name.replace("__", ".").to_lowercase()
}

/// Kubernetes and Docker links announce a service called `portcullis` by variables such as
/// `PORTCULLIS_PORT=tcp://10.0.0.1:80` and `PORTCULLIS_SERVICE_HOST`: not meant for us.
fn is_service_link(rest: &str, value: &str) -> bool {
    let link = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let numbered = rest.starts_with("PORT_") || rest.contains("_PORT_");
    !rest.contains("__")
        && (link
            || numbered
            || format!("_{rest}").ends_with("_SERVICE_HOST")
            || format!("_{rest}").contains("_SERVICE_PORT"))
}

/// A variable that platforms set by themselves: counts when it says something and ours is absent.
fn ambient<'a>(env: &'a BTreeMap<String, String>, name: &str, key: &str) -> Option<&'a str> {
    let own = name_of(key);
    let is_set = env.contains_key(&own) || env.contains_key(&format!("{own}_FILE"));
    let value = env.get(name).map(String::as_str);
    value.filter(|value| !is_set && !value.is_empty())
}

fn add_database_url(layers: &mut Layers, env: &BTreeMap<String, String>) {
    if let Some(url) = ambient(env, "DATABASE_URL", "database.url") {
        let source = Source::Environment(String::from("DATABASE_URL"));
        layers.give(String::from("database.url"), Raw::Text(url.to_owned()), source);
    }
}

/// `PORT` replaces the port of the address that the lower layers give.
fn add_port(layers: &mut Layers, env: &BTreeMap<String, String>) {
    let Some(port) = ambient(env, "PORT", "server.listen") else {
        return;
    };
    let source = Source::Environment(String::from("PORT"));
    if port.parse::<u16>().is_err() {
        let text = format!("`{port}` is not a port; give a number from 0 to 65535");
        layers.problems.push(Problem::new("server.listen", source, text));
        return;
    }
    if let Some(Raw::Text(listen)) = layers.current("server.listen").map(|given| &given.raw) {
        let host = listen.rsplit_once(':').map_or("", |(host, _)| host);
        let listen = Raw::Text(format!("{host}:{port}"));
        layers.give(String::from("server.listen"), listen, source);
    }
}
