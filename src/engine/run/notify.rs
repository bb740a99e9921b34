//! Sends an event to EventBridge when a run is committed: at least once, normally exactly once.
//!
//! The invocation that commits the run sends the event and then records that it did. An invocation that finds a committed
//! run without that record sends it again.

use serde_json::json;

use super::Engine;
use super::run_store::RunStore;
use crate::aws::{AwsError, AwsErrorKind, BusEvent, put_events};
use crate::domain::RunId;
use crate::engine::collect::now;
use crate::engine::report::{Response, RunNotice};
use crate::error::{Error, ErrorKind};

/// The `detail-type` of the events.
const DETAIL_TYPE: &str = "rolecall run committed";

/// The record that the event of a run was sent.
fn sent_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/announced.json")
}

impl Engine {
    /// Sends the event, if the settings name a bus and no invocation has sent it yet.
    pub(super) async fn notify(&self, store: &RunStore, response: &Response) -> Result<(), Error> {
        let Some(bus) = &self.settings.event_bus else { return Ok(()) };
        let key = sent_key(&response.run_id);
        if store.exists(&key).await? {
            return Ok(());
        }
        let run_id = response.run_id.as_str();
        let event_id = self.put_event(bus, response).await.map_err(|cause| {
            let message = format!(
                "run {run_id} is committed at {}, but its event could not be sent to the event bus {bus}: {cause}. Deliver \
                 the event again",
                response.manifest
            );
            Error::new(ErrorKind::EventNotSent, message)
        })?;
        tracing::info!(run_id, event_id, bus, "the event of the committed run was sent to the event bus");
        store.put_if_absent(&key, &json!({ "event_id": event_id, "sent_at": now() })).await?;
        Ok(())
    }

    /// Sends the event. A failure is only logged, for callers whose next step matters more.
    pub(super) async fn notify_or_log(&self, store: &RunStore, response: &Response) {
        if let Err(error) = self.notify(store, response).await {
            let run_id = response.run_id.as_str();
            tracing::error!(run_id, %error, "the event of the committed run could not be sent");
        }
    }

    async fn put_event(&self, bus: &str, response: &Response) -> Result<String, AwsError> {
        let detail = serde_json::to_string(&RunNotice::of(response))
            .map_err(|error| AwsError::new(AwsErrorKind::Other, format!("the event cannot be encoded: {error}")))?;
        let event = BusEvent { detail_type: DETAIL_TYPE, detail };
        let taken = put_events(&self.backend.config, bus, &[event]).await?;
        let unread = || AwsError::new(AwsErrorKind::Unreadable, "EventBridge did not say whether it took the event");
        taken.into_iter().next().ok_or_else(unread)?
    }
}
