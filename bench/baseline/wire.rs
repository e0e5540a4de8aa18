//! Just enough HTTP/1.1 to keep a connection busy: the load shares the cores with what it measures.

use std::io::ErrorKind;
use std::net::SocketAddr;

use actix_web::rt::net::TcpStream;

use crate::Outcome;

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
}

/// What came back; borrowed from the connection until the next exchange.
pub struct Answer<'a> {
    pub status: u16,
    head: &'a str,
    pub body: &'a str,
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Connection {
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, inbox: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads its whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        self.send(request).await?;
        self.inbox.clear();
        let head_bytes = loop {
            self.receive().await?;
            let end = self.inbox.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
            if let Some(end) = end {
                break end + END_OF_HEAD.len();
            }
        };
        let body_bytes = content_length(self.inbox.get(..head_bytes))?;
        while self.inbox.len() < head_bytes + body_bytes {
            self.receive().await?;
        }
        let (head, body) = self.inbox.split_at_checked(head_bytes).ok_or("a short answer")?;
        let head = str::from_utf8(head)?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok(Answer { status, head, body: str::from_utf8(body)? })
    }

    async fn send(&self, mut bytes: &[u8]) -> Outcome<()> {
        while !bytes.is_empty() {
            match self.stream.try_write(bytes) {
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Outcome<()> {
        let mut piece = [0; 8 * 1024];
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut piece) {
                Ok(0) => return Err("the server closed the connection".into()),
                Ok(count) => {
                    self.inbox.extend_from_slice(piece.get(..count).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn content_length(head: Option<&[u8]>) -> Outcome<usize> {
    let head = str::from_utf8(head.unwrap_or_default())?;
    let length = headers(head, "content-length").next().ok_or_else(|| format!("no length: {head}"))?;
    Ok(length.parse()?)
}

fn headers<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

impl<'a> Answer<'a> {
    /// The cookies it sets, as `(name, value)`.
    pub fn cookies(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        headers(self.head, "set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('='))
    }

    /// Where it leads.
    pub fn location(&self) -> Option<&'a str> {
        headers(self.head, "location").next()
    }

    /// What stands in the body between `before` and the next quotation mark.
    pub fn quoted_after(&self, before: &str) -> Option<&'a str> {
        let (_, rest) = self.body.split_once(before)?;
        rest.split_once('"').map(|(value, _)| value)
    }

    /// For a report of what went wrong: status and the beginning of the body.
    pub fn summary(&self) -> String {
        format!("{} {}", self.status, self.body.chars().take(200).collect::<String>())
    }
}

/// A form post, headers and all.
pub fn post(host: &str, path: &str, headers: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}
