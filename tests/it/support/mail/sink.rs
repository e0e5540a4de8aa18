//! A mail server that keeps what it is given (RFC 5321), and can be told to behave badly.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Letter, until};

/// What the server asks of its clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Nothing.
    Plain,
    /// TLS by STARTTLS (RFC 3207), then a name and a password (RFC 4954).
    StartTlsAndLogin { user: &'static str, password: &'static str },
}

/// How it treats letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes them.
    Takes,
    /// Answers RCPT with this code.
    Refuses(u16),
    /// Hangs up when the letter is there, and does not keep it.
    DropsBeforeKeeping,
    /// Keeps the letter and hangs up before saying so.
    DropsAfterKeeping,
}

/// A letter that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub letter: Letter,
    pub over_tls: bool,
}

struct Shared {
    terms: Terms,
    tls: Arc<ServerConfig>,
    manner: Mutex<Manner>,
    taken: Mutex<Vec<Taken>>,
    open: Mutex<Vec<TcpStream>>,
    refused_logins: Mutex<u32>,
}

/// The server, in a thread of its own.
pub struct SmtpSink {
    pub port: u16,
    /// What clients must trust, in PEM.
    pub certificate: String,
    shared: Arc<Shared>,
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl SmtpSink {
    pub fn start(terms: Terms) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let shared = Shared {
            terms,
            tls: tls(&made),
            manner: Mutex::new(Manner::Takes),
            taken: Mutex::default(),
            open: Mutex::default(),
            refused_logins: Mutex::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut sink = Self { port, certificate: made.cert.pem(), shared: Arc::new(shared), running: None };
        sink.listen(listener);
        sink
    }

    /// Settings that send mail here.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let port = self.port.to_string();
        vec![
            ("mail.transport", "smtp".into()),
            ("mail.smtp.host", "localhost".into()),
            ("mail.smtp.port", port),
            ("mail.smtp.security", "none".into()),
            ("mail.smtp.timeout_secs", "5".into()),
        ]
    }

    pub fn behave(&self, manner: Manner) {
        *locked(&self.shared.manner) = manner;
    }

    /// Nobody answers any more; connections that are open break.
    pub fn go_down(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            stop.store(true, Ordering::SeqCst);
            thread.join().expect("no panic");
        }
        for stream in locked(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn come_back(&mut self) {
        self.listen(TcpListener::bind(("127.0.0.1", self.port)).expect("the same port"));
    }

    pub fn taken(&self) -> Vec<Taken> {
        locked(&self.shared.taken).clone()
    }

    /// Logins with a wrong name or password.
    pub fn refused_logins(&self) -> u32 {
        *locked(&self.shared.refused_logins)
    }

    /// Waits until so many letters are here.
    pub async fn wait_for(&self, count: usize) -> Vec<Taken> {
        let taken = until(|| Some(self.taken()).filter(|taken| taken.len() >= count)).await;
        taken.unwrap_or_else(|| panic!("not {count} letters: {:?}", self.taken()))
    }

    fn listen(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).expect("a listener");
        let (stop, shared) = (Arc::new(AtomicBool::new(false)), Arc::clone(&self.shared));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => serve(&shared, stream),
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        self.running = Some((stop, thread));
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.go_down();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic")
}

fn tls(made: &CertifiedKey<KeyPair>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key);
    Arc::new(config.expect("a configuration"))
}

fn serve(shared: &Arc<Shared>, stream: TcpStream) {
    stream.set_nonblocking(false).expect("a stream");
    let handle = || stream.try_clone().expect("a handle");
    let whole = handle();
    locked(&shared.open).push(handle());
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let mut talk = Talk { wire: Wire::Plain(stream), from: String::new(), to: String::new(), is_known: false };
        // A client that hangs up is no failure.
        let _ = talk.hold(&shared);
        let _ = whole.shutdown(Shutdown::Both);
    });
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
    Gone,
}

impl Wire {
    fn both(&mut self) -> io::Result<&mut dyn ReadWrite> {
        match self {
            Self::Plain(stream) => Ok(stream),
            Self::Tls(stream) => Ok(stream.as_mut()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

/// One connection.
struct Talk {
    wire: Wire,
    from: String,
    to: String,
    is_known: bool,
}

impl Talk {
    fn hold(&mut self, shared: &Shared) -> io::Result<()> {
        self.say("220 sink")?;
        loop {
            let line = self.line()?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_uppercase().as_str() {
                "EHLO" | "HELO" => self.greet(shared)?,
                "STARTTLS" => self.start_tls(shared)?,
                "AUTH" => self.log_in(shared, rest)?,
                "MAIL" if shared.terms != Terms::Plain && !self.is_known => self.say("530 5.7.0 who are you")?,
                "MAIL" => {
                    self.from = address(rest);
                    self.say("250 ok")?;
                }
                "RCPT" => {
                    if let Manner::Refuses(code) = *locked(&shared.manner) {
                        self.say(&format!("{code} no"))?;
                    } else {
                        self.to = address(rest);
                        self.say("250 ok")?;
                    }
                }
                "DATA" => self.take(shared)?,
                "QUIT" => return self.say("221 bye"),
                _ => self.say("250 ok")?,
            }
        }
    }

    fn greet(&mut self, shared: &Shared) -> io::Result<()> {
        match (shared.terms, &self.wire) {
            (Terms::Plain, _) => self.say("250-sink\r\n250 8BITMIME"),
            (_, Wire::Tls(_)) => self.say("250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN"),
            _ => self.say("250-sink\r\n250-8BITMIME\r\n250 STARTTLS"),
        }
    }

    fn start_tls(&mut self, shared: &Shared) -> io::Result<()> {
        self.say("220 go ahead")?;
        let Wire::Plain(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else { return Ok(()) };
        let connection = ServerConnection::new(Arc::clone(&shared.tls)).map_err(io::Error::other)?;
        self.wire = Wire::Tls(Box::new(StreamOwned::new(connection, stream)));
        Ok(())
    }

    fn log_in(&mut self, shared: &Shared, rest: &str) -> io::Result<()> {
        let Terms::StartTlsAndLogin { user, password } = shared.terms else { return self.say("503 no need") };
        let given = rest.strip_prefix("PLAIN ").and_then(|packed| STANDARD.decode(packed).ok());
        self.is_known = given.is_some_and(|given| given == format!("\0{user}\0{password}").into_bytes());
        if self.is_known {
            return self.say("235 welcome");
        }
        *locked(&shared.refused_logins) += 1;
        self.say("535 5.7.8 wrong name or password")
    }

    fn take(&mut self, shared: &Shared) -> io::Result<()> {
        self.say("354 go on")?;
        let mut raw = String::new();
        loop {
            let line = self.line()?;
            if line == "." {
                break;
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
            raw.push_str("\r\n");
        }
        let manner = *locked(&shared.manner);
        if manner == Manner::DropsBeforeKeeping {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let over_tls = matches!(self.wire, Wire::Tls(_));
        let (from, to) = (self.from.clone(), self.to.clone());
        locked(&shared.taken).push(Taken { from, to, letter: Letter::read(&raw), over_tls });
        if manner == Manner::DropsAfterKeeping {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.say("250 kept")
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let wire = self.wire.both()?;
        wire.write_all(format!("{text}\r\n").as_bytes())?;
        wire.flush()
    }

    fn line(&mut self) -> io::Result<String> {
        let wire = self.wire.both()?;
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            wire.read_exact(&mut byte)?;
            match byte {
                [b'\n'] => break,
                [b'\r'] => {}
                [other] => line.push(other),
            }
        }
        String::from_utf8(line).map_err(io::Error::other)
    }
}

/// What stands between the angle brackets.
fn address(text: &str) -> String {
    text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or_else(String::new, |(it, _)| it.to_owned())
}
