//! A directory of its own for a test: a real `OpenLDAP` server with the people of `slapd.ldif`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::PASSWORD;

/// Where Debian, others, and Homebrew keep the server.
const PROGRAMS: [&str; 4] = [
    "/usr/sbin/slapd",
    "/usr/libexec/slapd",
    "/opt/homebrew/opt/openldap/libexec/slapd",
    "/usr/local/opt/openldap/libexec/slapd",
];
const SCHEMAS: [&str; 4] =
    ["/etc/ldap/schema", "/etc/openldap/schema", "/opt/homebrew/etc/openldap/schema", "/usr/local/etc/openldap/schema"];
/// Where Debian keeps what others build in.
const MODULES: &str = "/usr/lib/ldap";

const PEOPLE: &str = include_str!("slapd.ldif");

/// The server; killed when dropped.
pub struct Slapd {
    child: Child,
    folder: TempDir,
    ports: [u16; 2],
}

impl Slapd {
    /// A server whose certificate is for `localhost`.
    pub fn start() -> Self {
        Self::start_as("localhost")
    }

    /// A server whose certificate is for `host`, whatever it is reached by.
    pub fn start_as(host: &str) -> Self {
        // Not in the temporary folder of the system: programs may not run from there.
        let folder = tempfile::Builder::new().prefix("slapd-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.expect("a folder");
        furnish(folder.path(), host);
        for _ in 0..5 {
            let ports = [free_port(), free_port()];
            if let Some(child) = run(folder.path(), ports) {
                return Self { child, folder, ports };
            }
        }
        panic!("slapd does not start: {}", fs::read_to_string(folder.path().join("log")).unwrap_or_default());
    }

    /// The address without TLS; knows `StartTLS`.
    pub fn ldap(&self) -> String {
        format!("ldap://localhost:{}", self.ports[0])
    }

    /// The address with TLS.
    pub fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.ports[1])
    }

    /// The certificate that its own descends from: itself.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Program, certificate, configuration and people.
fn furnish(folder: &Path, host: &str) {
    // Ubuntu confines the program at its usual place to the usual folders.
    fs::copy(first(&PROGRAMS), folder.join("slapd")).expect("a copy of slapd");
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
    fs::write(folder.join("tls.crt"), made.cert.pem()).expect("written");
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).expect("written");
    fs::create_dir(folder.join("data")).expect("a folder");
    fs::write(folder.join("slapd.conf"), configuration(folder)).expect("written");
    fs::write(folder.join("people.ldif"), PEOPLE.replace("PASSWORD", PASSWORD)).expect("written");
    let mut add = slapd(folder, &["-T", "add"]);
    let added = add.arg("-l").arg(folder.join("people.ldif")).output().expect("slapd -T add");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
}

/// Binds with a name and no password succeed here, as on many servers: whoever sends one is let in.
fn configuration(folder: &Path) -> String {
    let (folder, schema) = (folder.display(), first(&SCHEMAS).display().to_string());
    let modules = if Path::new(MODULES).exists() {
        format!("modulepath {MODULES}\nmoduleload back_mdb\n")
    } else {
        String::new()
    };
    format!(
        "include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
allow bind_anon_dn
TLSCertificateFile {folder}/tls.crt
TLSCertificateKeyFile {folder}/tls.key
{modules}database mdb
suffix \"dc=example,dc=test\"
directory {folder}/data
maxsize 16777216
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=\"cn=portcullis,dc=example,dc=test\" read by users read by * none
"
    )
}

/// Runs in the foreground; none where it ended at once, perhaps because a port was taken meanwhile.
fn run(folder: &Path, ports: [u16; 2]) -> Option<Child> {
    let urls = format!("ldap://127.0.0.1:{} ldaps://127.0.0.1:{}", ports[0], ports[1]);
    let log = fs::File::create(folder.join("log")).expect("a file");
    let mut child = slapd(folder, &["-d", "0", "-h", &urls]).stderr(log).spawn().expect("slapd runs");
    for _ in 0..1000 {
        if ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
            return Some(child);
        }
        if !matches!(child.try_wait(), Ok(None)) {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// With the folder's configuration, never the system's. `first` because the program wants its role first of all.
fn slapd(folder: &Path, first: &[&str]) -> Command {
    let mut command = Command::new(folder.join("slapd"));
    command.args(first).arg("-f").arg(folder.join("slapd.conf")).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn first(places: &[&str]) -> PathBuf {
    let place = places.iter().map(PathBuf::from).find(|place| place.exists());
    place.unwrap_or_else(|| panic!("none of {places:?}: scripts/install.sh test"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}
