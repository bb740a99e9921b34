//! Hands what remains of a run to the function's own queue, a bounded number of times.
//!
//! The request's run id makes it safe to send twice: whichever message comes later finds that run begun or committed.

use super::{Engine, run_store};
use crate::aws::AwsError;
use crate::engine::report::Response;
use crate::error::{Error, ErrorKind};
use crate::store::Store;

impl Engine {
    /// Sends what remains of a run, where the settings name a queue for it.
    pub(super) async fn hand_on(&self, store: &Store, response: &Response) -> Result<(), Error> {
        let (Some(queue), Some(remaining)) = (&self.settings.continue_queue, &response.remaining) else {
            return Ok(());
        };
        let Some(run_id) = &remaining.run_id else { return Ok(()) };
        let run = response.run_id.as_str();
        if run_id.continuation_number() > self.settings.continuations {
            let most = self.settings.continuations;
            tracing::error!(run, most, "the run has been continued as often as it may be: its rest is not done");
            return Ok(());
        }
        // A second delivery of an event that was done long ago has nothing to hand on.
        let done = run_store::read_manifest(store, run_id).await;
        if done.map_err(|error| error.at(&store.address("")))?.is_some() {
            return Ok(());
        }
        let refused = |what: String| {
            let message = format!(
                "run {run} is committed at {}, but what remains of it could not be sent to {queue}: {what}. Deliver the \
                 event again, or send the manifest's `remaining`",
                response.manifest
            );
            Error::new(ErrorKind::ContinuationNotSent, message)
        };
        let body = serde_json::to_string(remaining).map_err(|error| refused(error.to_string()))?;
        let client = aws_sdk_sqs::Client::new(&self.backend.config);
        let sent = client.send_message().queue_url(queue).message_body(body).send().await;
        sent.map_err(|error| refused(AwsError::of(error).to_string()))?;
        tracing::info!(run, continues_as = run_id.as_str(), "what remains was sent to the queue");
        Ok(())
    }
}
