//! The real binary: commands, and servers that can be killed.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// What an operator has: a folder, settings, a port.
pub struct House {
    folder: TempDir,
    env: Vec<(String, String)>,
    pub base: String,
}

/// A server process of this house; killed when dropped.
pub struct Running {
    child: Child,
    log: PathBuf,
    out: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The JSON it printed.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl House {
    /// A house with a private Postgres of its own, not started yet. `settings` as in a file: `login.failure_limit`.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("portcullis-house-").tempdir().expect("a folder");
        // The account of Postgres must be able to pass.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("opened");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut house = Self { folder, env: Vec::new(), base: format!("http://127.0.0.1:{port}") };
        house.set("server.public_url", &format!("http://localhost:{port}"));
        house.set("server.listen", &format!("127.0.0.1:{port}"));
        house.set("data.dir", &house.data().display().to_string());
        house.set("log.format", "json");
        for (key, value) in settings {
            house.set(key, value);
        }
        house
    }

    /// Changes a setting; what is running keeps the old one.
    pub fn set(&mut self, key: &str, value: &str) {
        let name = format!("PORTCULLIS_{}", key.to_uppercase().replace('.', "__"));
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.to_owned()));
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where its private Postgres is reached, as libpq's key=value text.
    pub fn url(&self) -> String {
        format!("host={} port=5432 user=portcullis dbname=portcullis", self.data().join("run").display())
    }

    #[expect(clippy::disallowed_methods, reason = "what this test run was started with must not reach the binary")]
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        for (name, _) in std::env::vars_os() {
            let ours = name
                .to_str()
                .is_some_and(|name| name.starts_with("PORTCULLIS_") || name == "DATABASE_URL" || name == "PORT");
            if ours {
                command.env_remove(name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command();
        let child = child.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("a process");
        // A command that does not read closes the pipe: nobody's problem.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().expect("an end");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Starts `serve` and waits until it is ready.
    pub fn serve(&self) -> Running {
        let mut running = self.serve_unready();
        for _ in 0..6000 {
            if self.is_ready() {
                return running;
            }
            if let Ok(Some(status)) = running.child.try_wait() {
                panic!("it ended with {status}: {}", running.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("not ready in a minute: {}", running.log());
    }

    /// Starts `serve`.
    pub fn serve_unready(&self) -> Running {
        let name = |kind: &str| {
            let number = fs::read_dir(self.folder.path()).expect("a folder").count();
            self.folder.path().join(format!("{kind}-{number}"))
        };
        let (log, out) = (name("log"), name("out"));
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file"));
        let child = self.command().arg("serve").stdin(Stdio::null()).stdout(file(&out)).stderr(file(&log)).spawn();
        Running { child: child.expect("a process"), log, out }
    }

    fn is_ready(&self) -> bool {
        self.run(&["healthcheck"]).code == Some(0)
    }
}

impl Running {
    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.out).expect("its output")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, and waits; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
        self.child.wait().expect("an end").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Stopped rather than killed, so that its Postgres ends before the folder goes.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}
