//! A mail server that keeps what it is given (RFC 5321), and can be told to behave badly.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::talk::serve;
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

/// What the conversations share.
pub(super) struct Shared {
    pub(super) terms: Terms,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) manner: Mutex<Manner>,
    pub(super) taken: Mutex<Vec<Taken>>,
    pub(super) open: Mutex<Vec<TcpStream>>,
    pub(super) refused_logins: Mutex<u32>,
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

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
