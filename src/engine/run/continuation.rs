//! Sends what remains of a run to the function's own queue, a bounded number of times.
//!
//! Sending it twice is harmless: the second message finds the run of that name planned or committed.

use std::time::Duration;

use super::Engine;
use super::history::continues;
use super::run_store::RunStore;
use crate::aws::AwsError;
use crate::engine::report::Response;
use crate::error::{Error, ErrorKind};
use crate::event::Request;

/// The longest look at what exists under the name of the continuation.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);
/// Most bytes of a request in a message. A larger one is read from the manifest of the run that it continues.
const MAX_MESSAGE_BYTES: usize = 200 << 10;

impl Engine {
    /// Sends the request that does the rest of a run, if the settings name a queue and the limit is not reached.
    pub(super) async fn enqueue_continuation(&self, store: &RunStore, response: &Response) -> Result<(), Error> {
        let (Some(queue), Some(remaining)) = (&self.settings.continue_queue, &response.remaining) else {
            return Ok(());
        };
        let Some(next) = &remaining.run_id else { return Ok(()) };
        if !self.may_continue(remaining) {
            self.log_limit_reached(response);
            return Ok(());
        }
        let run_id = response.run_id.as_str();
        let not_sent = |reason: String| {
            let message = format!(
                "run {run_id} is committed at {}, but what remains of it could not be sent to {queue}: {reason}. Deliver \
                 the event again, or send the manifest's `remaining`",
                response.manifest
            );
            Error::new(ErrorKind::ContinuationNotSent, message)
        };
        // Losing it is worse than sending it twice, so it waits for no silent bucket.
        match tokio::time::timeout(LOOK_PATIENCE, store.manifest(next)).await {
            // A later delivery of an event whose continuation is committed has nothing left to send.
            Ok(Ok(Some(manifest))) if continues(&manifest, response) => return Ok(()),
            Ok(Ok(Some(_))) => return Err(not_sent(format!("another request has taken the name {next}"))),
            Ok(Err(error)) if error.kind == ErrorKind::RunIdTaken => return Err(not_sent(error.message)),
            Ok(Err(error)) => tracing::warn!(run_id, %error, "whether the continuation is committed is not known"),
            Err(_) => tracing::warn!(run_id, "the output does not say in time whether the continuation is committed"),
            Ok(Ok(None)) => {}
        }
        let mut body = serde_json::to_string(remaining).map_err(|error| not_sent(error.to_string()))?;
        if body.len() > MAX_MESSAGE_BYTES {
            body = serde_json::json!({ "resumes": response.run_id }).to_string();
        }
        self.send_to(queue, body).await.map_err(|error| not_sent(error.to_string()))?;
        tracing::info!(run_id, continued_as = next.as_str(), "the rest of the run was sent to the queue");
        Ok(())
    }

    /// Sends a message to the function's own queue. Returns false if the settings name none.
    pub(crate) async fn enqueue(&self, body: String) -> Result<bool, AwsError> {
        let Some(queue) = &self.settings.continue_queue else { return Ok(false) };
        self.send_to(queue, body).await.map(|()| true)
    }

    async fn send_to(&self, queue: &str, body: String) -> Result<(), AwsError> {
        let client = aws_sdk_sqs::Client::new(&self.backend.config);
        let result = client.send_message().queue_url(queue).message_body(body).send().await;
        result.map(|_| ()).map_err(AwsError::of)
    }

    /// Returns true if the settings allow one more continuation.
    pub(super) fn may_continue(&self, remaining: &Request) -> bool {
        remaining.run_id.as_ref().is_some_and(|next| next.continuation_number() <= self.settings.continuations)
    }

    /// Logs that the rest of a run is left undone.
    pub(super) fn log_limit_reached(&self, response: &Response) {
        let (run_id, limit) = (response.run_id.as_str(), self.settings.continuations);
        tracing::error!(run_id, limit, "the run has reached its limit of continuations: the rest is not collected");
    }
}
