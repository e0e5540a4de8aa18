//! A Redis of the tests' own: one for all of them, and private ones that may be stopped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::server::free_port;

/// A server that ends when it is dropped, or with the test program.
pub struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    pub fn start() -> Self {
        let port = free_port();
        // Debian's setpriv ties its life to ours: the one that all tests share is never dropped.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server");
        let redis = Self { child, port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return redis;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Redis does not start");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Every key and value, as text.
    pub fn dump(&self) -> String {
        let keys = self.ask(&["KEYS", "*"]);
        let values: Vec<String> =
            keys.lines().filter(|line| line.contains(':')).map(|key| self.ask(&["GET", key])).collect();
        format!("{keys}\n{}", values.join("\n"))
    }

    fn ask(&self, words: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Redis");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
        write!(stream, "*{}\r\n", words.len()).expect("a question");
        for word in words {
            write!(stream, "${}\r\n{word}\r\n", word.len()).expect("a question");
        }
        let mut answer = Vec::new();
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first).expect("an answer");
        // The rest comes at once; the time-out ends the reading.
        let _ = reader.read_to_end(&mut answer);
        format!("{first}{}", String::from_utf8_lossy(&answer))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the one that all tests share.
pub fn redis_url() -> String {
    static SHARED: OnceLock<String> = OnceLock::new();
    static KEPT: OnceLock<Redis> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            // A thread of its own: the death signal follows the thread that started the child.
            let (tell, told) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let redis = KEPT.get_or_init(Redis::start);
                tell.send(redis.url()).expect("somebody waits");
                loop {
                    std::thread::park();
                }
            });
            told.recv().expect("Redis")
        })
        .clone()
}
