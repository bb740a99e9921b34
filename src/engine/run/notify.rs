//! Tells an event bus that a run is committed: at least once, and as a rule once.
//!
//! Whoever commits the run tells it and notes that it did; whoever finds a committed run of which that is not noted tells
//! it then.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::json;

use super::{Engine, run_store};
use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::RunId;
use crate::engine::collect::now;
use crate::engine::report::Response;
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::store::StoreError;

/// Whose events they are.
const SOURCE: &str = "rolecall";
/// What they are called.
const DETAIL_TYPE: &str = "rolecall run committed";

fn noted_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/announced.json")
}

impl Engine {
    /// Sends the event, where the settings name a bus and nobody has.
    pub(super) async fn notify(&self, store: &Store, response: &Response) -> Result<(), Error> {
        let Some(bus) = &self.settings.event_bus else { return Ok(()) };
        let at_output = |error: StoreError| error.at(&store.address(""));
        let noted = noted_key(&response.run_id);
        if store.read(&noted).await.map_err(at_output)?.is_some() {
            return Ok(());
        }
        let id = self.put_event(bus, response).await.map_err(|cause| {
            let message = format!(
                "run {} is committed at {}, but the event bus {bus} could not be told: {cause}. Deliver the event again",
                response.run_id.as_str(),
                response.manifest
            );
            Error::new(ErrorKind::EventNotSent, message)
        })?;
        tracing::info!(event_id = id, bus, "the event bus is told that the run is committed");
        run_store::create(store, &noted, &json!({ "event_id": id, "sent_at": now() })).await.map_err(at_output)?;
        Ok(())
    }

    async fn put_event(&self, bus: &str, response: &Response) -> Result<String, AwsError> {
        let detail = json!({
            "run_id": response.run_id, "status": response.status, "accounts": response.accounts,
            "records": response.records, "cells": response.cells, "calls": response.calls,
            "started_at": response.started_at, "duration_ms": response.duration_ms, "manifest": response.manifest,
            "remaining": response.remaining.is_some(),
        });
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(DETAIL_TYPE)
            .detail(detail.to_string())
            .build();
        let client = aws_sdk_eventbridge::Client::new(&self.backend.config);
        let answer = client.put_events().entries(entry).send().await.map_err(AwsError::of)?;
        let entry = answer.entries.unwrap_or_default().into_iter().next();
        // EventBridge refuses single events in an answer that is otherwise a success.
        match entry.map(|entry| (entry.event_id, entry.error_code, entry.error_message)) {
            Some((Some(id), None, _)) => Ok(id),
            Some((_, code, message)) => Err(AwsError {
                code,
                ..AwsError::new(AwsErrorKind::Other, message.unwrap_or_else(|| "it was not taken".into()))
            }),
            None => Err(AwsError::new(AwsErrorKind::Unreadable, "EventBridge did not say whether it took the event")),
        }
    }
}
