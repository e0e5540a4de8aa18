//! Real proxies in front of an app that knows nothing of sign-in, and says what reaches it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::free_port;

const NGINX: &str = include_str!("nginx.conf");
const CADDY: &str = include_str!("Caddyfile");

/// An app that answers each request with its path and headers, as JSON. It lives as long as the test program.
pub struct App {
    port: u16,
}

impl App {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(thread::spawn(|| answer(stream)))));
        Self { port }
    }
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let mut headers = serde_json::Map::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        let all = headers.entry(name.to_lowercase()).or_insert_with(|| json!([]));
        all.as_array_mut().expect("a list").push(value.into());
    }
    let body = json!({ "request": first, "headers": Value::Object(headers) }).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
}

/// Which program.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Nginx,
    Caddy,
}

/// A proxy; killed when dropped.
pub struct Proxy {
    child: Child,
    /// Where browsers reach the app.
    pub base: String,
    _folder: TempDir,
}

impl Proxy {
    /// In front of `app`, asking the Portcullis on this port.
    pub fn start(kind: Kind, app: &App, portcullis: u16) -> Self {
        let folder =
            tempfile::Builder::new().prefix("proxy-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let port = free_port();
        let text = match kind {
            Kind::Nginx => NGINX,
            Kind::Caddy => CADDY,
        };
        let text = text
            .replace("$FOLDER", &folder.path().display().to_string())
            .replace("$PORTCULLIS", &portcullis.to_string())
            .replace("$PORT", &port.to_string())
            .replace("$APP", &app.port.to_string());
        let file = folder.path().join("proxy.conf");
        fs::write(&file, text).expect("a file");
        let child = command(kind, folder.path(), &file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let proxy = Self { child: child.expect("a proxy"), base: format!("http://127.0.0.1:{port}"), _folder: folder };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return proxy;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("{kind:?} does not start");
    }
}

fn command(kind: Kind, folder: &Path, file: &Path) -> Command {
    let mut command = match kind {
        Kind::Nginx => {
            let mut nginx = Command::new("nginx");
            nginx.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "error.log", "-g", "master_process off;"]);
            nginx
        }
        Kind::Caddy => {
            let mut caddy = Command::new("caddy");
            caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
            caddy.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder).env("HOME", folder);
            caddy
        }
    };
    command.current_dir(folder);
    command
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
