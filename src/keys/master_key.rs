//! The master key's file, and the proof that it is the one this database was sealed with.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::store;
use crate::kernel::crypto::{MasterKey, Place, Sealer};
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

const LOCK: i64 = 0x706f_7274_6d61_7374;
const CHECK: &[u8] = b"portcullis master key";
const PLACE: Place<'static> = Place { table: "instance", column: "master_key_check", row: "1" };

/// Why there is no master key to go on with.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The database is sealed, the file is not there.
    #[error(
        "the master key {0} is missing, but this database is sealed with one. Copy the file from the other instance \
         or from your backup, or point secrets.master_key_file at it"
    )]
    Missing(PathBuf),
    /// The file holds another key.
    #[error(
        "the master key {0} is not the one this database was sealed with. Restore the right file from your backup; \
         nothing has been changed"
    )]
    Wrong(PathBuf),
    /// The file is no key.
    #[error("the master key {0} is unreadable: {1}")]
    Unreadable(PathBuf, String),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Reads the master key and checks it against the database; on the very first start makes it (0600)
/// and leaves the check behind. To be called in a transaction.
///
/// # Errors
/// [`MasterKeyError`], each saying what to do.
pub fn open(conn: &mut Conn, file: &Path, random: &Random, now: Instant) -> Result<MasterKey, MasterKeyError> {
    lock_for_transaction(conn, LOCK)?;
    let Some(check) = store::find_master_key_check(conn)? else { return first_start(conn, file, random, now) };
    let key = read(file)?.ok_or_else(|| MasterKeyError::Missing(file.into()))?;
    match Sealer::new(&key)?.open(PLACE, &check) {
        Some(plain) if plain.matches(CHECK) => Ok(key),
        _ => Err(MasterKeyError::Wrong(file.into())),
    }
}

fn first_start(conn: &mut Conn, file: &Path, random: &Random, now: Instant) -> Result<MasterKey, MasterKeyError> {
    let key = match read(file)? {
        Some(key) => key,
        None => create(file, random)?,
    };
    let check = Sealer::new(&key)?.seal(PLACE, CHECK, random)?;
    store::insert_master_key_check(conn, &check, now)?;
    Ok(key)
}

fn read(file: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
    let unreadable = |because: String| MasterKeyError::Unreadable(file.into(), because);
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(MasterKey::new).map(Some).ok_or_else(|| unreadable("it is not 32 bytes in base64url".into()))
}

fn create(file: &Path, random: &Random) -> Result<MasterKey, MasterKeyError> {
    let unwritable = |error: std::io::Error| MasterKeyError::Unreadable(file.into(), error.to_string());
    let key = MasterKey::new(random.bytes()?);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(unwritable)?;
    writeln!(out, "{}", URL_SAFE_NO_PAD.encode(key.expose())).map_err(unwritable)?;
    out.sync_all().map_err(unwritable)?;
    Ok(key)
}
