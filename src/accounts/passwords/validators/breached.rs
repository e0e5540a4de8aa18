//! Leaked passwords: a file that is read at the start, a folder that is asked each time. Both are
//! the operator's; nothing leaves this machine.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use sha1::{Digest as _, Sha1};

use super::Validate;
use crate::accounts::passwords::password::Password;
use crate::config;

/// Where leaked passwords are looked up.
#[derive(Debug)]
pub(in crate::accounts::passwords) struct Breaches {
    known: HashSet<[u8; 20]>,
    folder: Option<PathBuf>,
}

/// A list for one prefix has about a thousand lines of 40 bytes; more is not read.
const LONGEST_LIST: u64 = 4 * 1024 * 1024;
/// Digits of the SHA-1 that name the list.
const PREFIX: usize = 5;

impl Breaches {
    /// Reads what is configured; `None` when nothing is.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn load(config: &config::Passwords) -> Result<Option<Self>, String> {
        let (file, folder) = (&config.breached_file, &config.breached_dir);
        if file.is_none() && folder.is_none() {
            return Ok(None);
        }
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(format!("passwords.breached_dir: {} is no folder", folder.display()));
        }
        let known = file.as_deref().map(read_file).transpose()?.unwrap_or_default();
        Ok(Some(Self { known, folder: folder.clone() }))
    }

    fn has(&self, form: &str) -> bool {
        let digest: [u8; 20] = Sha1::digest(form).into();
        self.known.contains(&digest) || self.folder.as_deref().is_some_and(|folder| folder_has(folder, &digest))
    }
}

impl Validate for Breaches {
    fn refusal(&self, password: &Password, _own: &[&str]) -> Option<String> {
        // An empty password is refused for its length; some lists contain it.
        let is_leaked = !password.is_empty() && password.forms().any(|form| self.has(form));
        is_leaked.then(|| {
            "This password was stolen elsewhere and is known to attackers. Use another, and change it wherever you used it."
                .into()
        })
    }
}

fn read_file(path: &Path) -> Result<HashSet<[u8; 20]>, String> {
    let failed = |error: io::Error| format!("passwords.breached_file: {} cannot be read: {error}", path.display());
    let file = BufReader::new(File::open(path).map_err(failed)?);
    // Old lists are not all UTF-8: a line is bytes.
    let lines = file.split(b'\n').map(|line| line.map(|line| digest_of(line.trim_ascii_end())));
    lines.filter_map(Result::transpose).collect::<io::Result<_>>().map_err(failed)
}

/// A line is a password, or its SHA-1 in hexadecimal with or without a count.
fn digest_of(line: &[u8]) -> Option<[u8; 20]> {
    let before_count = line.split(|byte| *byte == b':').next().unwrap_or(line);
    let digest = from_hex(before_count).unwrap_or_else(|| Sha1::digest(line).into());
    (!line.is_empty()).then_some(digest)
}

fn from_hex(digits: &[u8]) -> Option<[u8; 20]> {
    let digits = str::from_utf8(digits).ok().filter(|text| text.len() == 40 && text.is_ascii())?;
    let mut out = [0; 20];
    for (at, byte) in out.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2).filter(|pair| !pair.starts_with('+'))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(out)
}

/// Whether the list of this prefix has the rest. A list that is missing or unreadable knows nothing:
/// people can still choose a password, and the log tells.
fn folder_has(folder: &Path, digest: &[u8; 20]) -> bool {
    let digits = hex(digest);
    let (prefix, rest) = digits.split_at(PREFIX);
    match open_list(folder, prefix).and_then(|list| list_has(list, rest)) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "a list of passwords.breached_dir cannot be read");
            false
        }
    }
}

fn open_list(folder: &Path, prefix: &str) -> io::Result<File> {
    File::open(folder.join(prefix)).or_else(|_| File::open(folder.join(format!("{prefix}.txt"))))
}

/// Lines are `REST:count`; a count of 0 is padding.
fn list_has(list: File, rest: &str) -> io::Result<bool> {
    for line in BufReader::new(list.take(LONGEST_LIST)).lines() {
        let line = line?;
        let (known, count) = line.trim().split_once(':').unwrap_or((line.trim(), "1"));
        if known.eq_ignore_ascii_case(rest) && count != "0" {
            return Ok(true);
        }
    }
    Ok(false)
}

fn hex(digest: &[u8; 20]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    use super::{Breaches, Password, Validate as _, read_file};

    /// SHA-1 of "password" and of "hunter2".
    const PASSWORD: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
    const HUNTER2: &str = "F3BBBD66A63D4BF1747940578EC3D0103530E21D";

    fn is_refused(breaches: &Breaches, text: &str) -> bool {
        breaches.refusal(&Password::parse(text).unwrap(), &[]).is_some()
    }

    fn of_folder(folder: &Path) -> Breaches {
        Breaches { known: HashSet::new(), folder: Some(folder.into()) }
    }

    #[test]
    fn a_file_has_passwords_and_digests_in_any_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("zebra crossing\r\n{}:37\n\ncaf\u{e9}:au lait\ncafe\u{301}\n", PASSWORD.to_lowercase());
        fs::write(file.path(), [text.as_bytes(), b"latin \xe9\nlast"].concat()).unwrap();
        let breaches = Breaches { known: read_file(file.path()).unwrap(), folder: None };
        for bad in ["zebra crossing", "password", "caf\u{e9}:au lait", "cafe\u{301}", "last"] {
            assert!(is_refused(&breaches, bad), "{bad}");
        }
        for good in ["", "zebra", "hunter2", "caf\u{e9}", PASSWORD, "Password"] {
            assert!(!is_refused(&breaches, good), "{good}");
        }
    }

    #[test]
    fn a_folder_is_asked_by_the_first_five_digits() {
        let folder = tempfile::tempdir().unwrap();
        let padding = "0".repeat(35);
        fs::write(folder.path().join("5BAA6"), format!("{padding}:3\r\n{}:52372427\r\n", &PASSWORD[5..])).unwrap();
        fs::write(folder.path().join("F3BBB.txt"), format!("{}:0\n", &HUNTER2[5..])).unwrap();
        let breaches = of_folder(folder.path());
        assert!(is_refused(&breaches, "password"));
        assert!(!is_refused(&breaches, "hunter2"), "padding");
        assert!(!is_refused(&breaches, "no list for this one"));
        fs::write(folder.path().join("F3BBB.txt"), HUNTER2[5..].to_lowercase()).unwrap();
        assert!(is_refused(&breaches, "hunter2"));
    }

    #[test]
    fn an_unreadable_list_refuses_nobody() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("5BAA6")).unwrap();
        assert!(!is_refused(&of_folder(folder.path()), "password"));
        fs::write(folder.path().join("F3BBB"), b"\xff\xfe\n").unwrap();
        assert!(!is_refused(&of_folder(folder.path()), "hunter2"));
    }
}
