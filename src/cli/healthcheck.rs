//! `healthcheck`: GET `/readyz` on itself, by the address it listens on.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::{Failure, Globals, output, workshop};

/// Nobody waits longer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the command.
///
/// # Errors
/// [`Failure::Failed`] (exit code 1, as containers want it) when the server does not say that it is ready.
pub fn run(globals: &Globals) -> Result<(), Failure> {
    let config = workshop::load(globals)?.config;
    let mut address = config.server.listen;
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        address.set_ip(loopback);
    }
    // With TLS the handshake would need our own certificate's name: that the port answers must do.
    if config.server.tls.is_some() {
        return TcpStream::connect_timeout(&address, TIMEOUT).map(|_| ()).map_err(|error| not_ready(&error));
    }
    let status = ask(address).map_err(|error| not_ready(&error))?;
    if status != "200" {
        return Err(Failure::Failed(format!("/readyz answers {status}")));
    }
    output::say(if globals.json { "{\"status\": \"ok\"}" } else { "ready" });
    Ok(())
}

fn not_ready(error: &std::io::Error) -> Failure {
    Failure::Failed(format!("the server does not answer: {error}"))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).unwrap_or("nothing").to_owned())
}
