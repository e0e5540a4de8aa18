//! A form with one file: its token first, then its other fields, then the file, no more of it than may be.

use std::time::Duration;

use actix_multipart::Multipart;
use futures_util::StreamExt as _;

use super::csrf;
use super::errors::PageError;
use crate::spec::Params;

/// Longest value of a field that is no file, in bytes.
const MAX_VALUE: usize = 1024;
/// Most fields beside the file.
const MAX_FIELDS: usize = 16;
/// The whole form has to be there within this time.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What was posted.
#[derive(Debug)]
pub struct Upload {
    /// Fields that stood before the file.
    pub form: Params,
    /// As its owner calls it.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFile {
    /// Longer than may be.
    TooLarge,
    /// None was chosen.
    Missing,
}

/// Reads the parts of a form whose file is called `field`. Nothing of the file is read before `check_token` found the token right.
///
/// # Errors
/// A page, for a body that is no such form, or whose token is not theirs.
pub async fn receive(
    upload: Multipart,
    (field, max_bytes): (&str, usize),
    check_token: impl Fn(&Params) -> Result<(), PageError>,
) -> Result<Result<Upload, NoFile>, PageError> {
    let read = read(upload, (field, max_bytes), check_token);
    let slow = || PageError::bad_request("the upload took longer than a minute");
    tokio::time::timeout(TIMEOUT, read).await.unwrap_or_else(|_| Err(slow()))
}

async fn read(
    mut upload: Multipart,
    (field, max_bytes): (&str, usize),
    check_token: impl Fn(&Params) -> Result<(), PageError>,
) -> Result<Result<Upload, NoFile>, PageError> {
    // What has no token before it breaks off is not ours to begin with.
    let broken = |is_ours: bool| {
        if is_ours {
            PageError::bad_request("the upload is no multipart form")
        } else {
            PageError::foreign_form("the form token is missing")
        }
    };
    let (mut is_ours, mut form, mut fields) = (false, Params::default(), 0);
    while let Some(part) = upload.next().await {
        let mut part = part.map_err(|_| broken(is_ours))?;
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = name == field;
        fields += 1;
        if (name != csrf::FIELD && !is_ours) || fields > MAX_FIELDS {
            return Err(broken(is_ours));
        }
        let file_name = part.content_disposition().and_then(|told| told.get_filename()).unwrap_or_default().to_owned();
        let limit = if is_file { max_bytes } else { MAX_VALUE };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|_| broken(is_ours))?;
            if bytes.len() + chunk.len() > limit {
                return if is_file { Ok(Err(NoFile::TooLarge)) } else { Err(broken(is_ours)) };
            }
            bytes.extend_from_slice(&chunk);
        }
        if is_file {
            let has_file = !bytes.is_empty();
            return Ok(if has_file { Ok(Upload { form, file_name, bytes }) } else { Err(NoFile::Missing) });
        }
        let value = String::from_utf8(bytes).map_err(|_| broken(is_ours))?;
        if name == csrf::FIELD {
            check_token(&Params::default().with(csrf::FIELD, &value))?;
            is_ours = true;
        } else {
            form = form.with(&name, &value);
        }
    }
    if is_ours { Ok(Err(NoFile::Missing)) } else { Err(broken(is_ours)) }
}
