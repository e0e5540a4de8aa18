//! One conversation of the mail server (RFC 5321 section 4.1).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConnection, StreamOwned};

use super::Letter;
use super::sink::{Manner, Shared, Taken, Terms, locked};

/// Talks to a client, in a thread of its own.
pub(super) fn serve(shared: &Arc<Shared>, stream: TcpStream) {
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
                    self.to = address(rest);
                    let refusal = match *locked(&shared.manner) {
                        Manner::Refuses(code) => Some(format!("{code} no")),
                        Manner::Takes | Manner::DropsBeforeKeeping | Manner::DropsAfterKeeping => None,
                    };
                    self.say(refusal.as_deref().unwrap_or("250 ok"))?;
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
