//! Making the cluster: beside its place, and moved there when it is whole.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use super::account::{Account, command};
use super::binaries::Binaries;
use super::error::ClusterError;
use super::folders::{Folders, make_private};

/// Locales to try; C.UTF-8 knows letters of all languages and is missing on macOS.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Lines of output that an error shows.
pub(super) const SHOWN_LINES: usize = 12;

/// Makes a new cluster with the database `portcullis` in it. Leaves nothing behind on failure.
pub(super) fn run(folders: &Folders, binaries: &Binaries, account: Option<&Account>) -> Result<(), ClusterError> {
    let new = folders.data.join("postgres.new");
    tracing::info!(data = %folders.cluster.display(), version = binaries.major, "making a private postgres");
    let made = make(&new, folders, binaries, account).and_then(|()| publish(&new, folders));
    if made.is_err() {
        // The first failure is the one to report; what stays is removed at the next start.
        let _ = fs::remove_dir_all(&new);
    }
    made
}

fn make(new: &Path, folders: &Folders, binaries: &Binaries, account: Option<&Account>) -> Result<(), ClusterError> {
    let mut failure = String::new();
    for locale in LOCALES {
        clear(new)?;
        make_private(new, account)?;
        let output = initdb(new, locale, binaries, account)?;
        if output.status.success() {
            return create_database(new, folders, binaries, account);
        }
        failure = text_of(&output);
        if !failure.contains("invalid locale") {
            break;
        }
    }
    Err(ClusterError::Initialize { cluster: folders.cluster.clone(), output: last_lines(&failure) })
}

fn initdb(new: &Path, locale: &str, binaries: &Binaries, account: Option<&Account>) -> Result<Output, ClusterError> {
    let program = binaries.program("initdb");
    command(&program, account)
        .arg("-D")
        .arg(new)
        .args(["-U", "portcullis", "-A", "trust", "-E", "UTF8"])
        .args(["--data-checksums", "--no-instructions"])
        .arg(format!("--locale={locale}"))
        .stdin(Stdio::null())
        .output()
        .map_err(ClusterError::spawn(&program))
}

/// `postgres --single` reads statements from its input, prints errors, and ends with 0 all the
/// same.
fn create_database(
    new: &Path,
    folders: &Folders,
    binaries: &Binaries,
    account: Option<&Account>,
) -> Result<(), ClusterError> {
    let program = binaries.program("postgres");
    let mut child = command(&program, account)
        .args(["--single", "-j", "-D"])
        .arg(new)
        .arg("template1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(ClusterError::spawn(&program))?;
    if let Some(mut input) = child.stdin.take() {
        // A write fails only when the program has ended, and then its output says why.
        let _ = input.write_all(b"CREATE DATABASE portcullis;\n\n");
    }
    let output = child.wait_with_output().map_err(ClusterError::spawn(&program))?;
    let text = text_of(&output);
    let has_error = ["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| text.contains(word));
    if output.status.success() && !has_error {
        return Ok(());
    }
    Err(ClusterError::Initialize { cluster: folders.cluster.clone(), output: last_lines(&text) })
}

/// Gives the cluster its name, durably. An empty folder of that name (a mount point) gives way.
fn publish(new: &Path, folders: &Folders) -> Result<(), ClusterError> {
    fs::rename(new, &folders.cluster)
        .and_then(|()| File::open(&folders.data)?.sync_all())
        .map_err(ClusterError::folder("make the folder", &folders.cluster))
}

fn clear(new: &Path) -> Result<(), ClusterError> {
    if new.exists() {
        fs::remove_dir_all(new).map_err(ClusterError::folder("remove", new))?;
    }
    Ok(())
}

fn text_of(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stdout}{stderr}")
}

/// The end of what a program said, indented.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(SHOWN_LINES);
    let shown: Vec<String> = lines.iter().skip(skipped).map(|line| format!("  {line}")).collect();
    shown.join("\n")
}
