//! Reading a form that somebody posted: bounded before it is kept.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;

use crate::spec::Params;
use crate::spec::params::ParamsError;

/// Largest body read, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A body must be complete within this time.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A posted form, or what is wrong with it: each endpoint answers in its own words.
#[derive(Debug)]
pub struct Form(pub Result<Params, FormError>);

/// Why a body is no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Another media type.
    #[error("the body is not application/x-www-form-urlencoded")]
    MediaType,
    /// Longer than [`MAX_BODY_BYTES`].
    #[error("the body is larger than 64 kB")]
    TooLarge,
    /// It broke off.
    #[error("the body broke off")]
    Broken,
    /// It is no list of parameters.
    #[error(transparent)]
    Params(#[from] ParamsError),
}

impl FormError {
    /// The status for a page or a machine.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken | Self::Params(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl FromRequest for Form {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = is_form(req);
        let body = read_body(req, payload);
        Box::pin(async move {
            Ok(Self(match body.await {
                Ok(body) if body.is_empty() => Ok(Params::default()),
                Ok(_) if !is_form => Err(FormError::MediaType),
                Ok(body) => Params::parse(&body).map_err(FormError::from),
                Err(error) => Err(error),
            }))
        })
    }
}

/// Whether the request says that its body is a form; parameters of the media type are ignored.
#[must_use]
pub fn is_form(req: &HttpRequest) -> bool {
    let media_type = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// The bytes of a body, bounded in length and in time.
///
/// # Errors
/// [`FormError::TooLarge`] and [`FormError::Broken`].
pub fn read_body(req: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Vec<u8>, FormError>> + use<> {
    read_body_up_to(MAX_BODY_BYTES, req, payload)
}

/// The whole body, if it is not longer than so many bytes.
///
/// # Errors
/// As [`read_body`].
pub fn read_body_up_to(
    most: usize,
    req: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Vec<u8>, FormError>> + use<> {
    let announced = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let payload = payload.take();
    async move {
        if announced.is_some_and(|length: usize| length > most) {
            return Err(FormError::TooLarge);
        }
        tokio::time::timeout(BODY_TIMEOUT, read(payload, most)).await.unwrap_or(Err(FormError::Broken))
    }
}

async fn read(mut payload: Payload, most: usize) -> Result<Vec<u8>, FormError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| FormError::Broken)?;
        if body.len() + chunk.len() > most {
            return Err(FormError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The parameters of the query.
///
/// # Errors
/// [`ParamsError`].
pub fn query(req: &HttpRequest) -> Result<Params, ParamsError> {
    Params::parse(req.query_string().as_bytes())
}
