//! Text messages by the operator's own service: one POST for each.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::json;

use super::Undelivered;
use crate::kernel::fault::Fault;
use crate::kernel::random::hex;
use crate::kernel::secret::Secret;

/// The operator's service.
#[derive(Clone, Debug)]
pub struct Webhook {
    client: reqwest::Client,
    url: url::Url,
    secret: Secret<String>,
}

/// The service answers within this time.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Webhook {
    /// `secret` signs each body.
    ///
    /// # Errors
    /// [`Fault::Bug`] when no client can be made.
    pub fn new(url: url::Url, secret: Secret<String>) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // Each message has its own runtime: a kept connection would belong to one that is gone.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| Fault::bug(error.to_string()))?;
        Ok(Self { client, url, secret })
    }

    /// Posts `{"to", "text", "id"}`; `id` is the same when a message is tried again.
    ///
    /// # Errors
    /// [`Undelivered`]: for good on 4xx but 408 and 429.
    pub fn send(&self, to: &str, text: &str, id: &str) -> Result<(), Undelivered> {
        let body = json!({ "to": to, "text": text, "id": id }).to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose().as_bytes());
        let signature = hex(hmac::sign(&key, body.as_bytes()).as_ref());
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-portcullis-signature", signature)
            .body(body);
        let away = |error: String| Undelivered::NobodyThere(error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| away(error.to_string()))?;
        // Within the runtime from the start: the client's time-outs look for one when they are made.
        let response =
            runtime.block_on(async { request.send().await }).map_err(|error| away(error.without_url().to_string()))?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) {
            Err(Undelivered::ForGood(format!("the service answered {status}")))
        } else {
            Err(Undelivered::ForNow(format!("the service answered {status}")))
        }
    }
}
