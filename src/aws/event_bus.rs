//! Sends events to a bus of EventBridge.
//!
//! **Invariant:** knows neither what the events say nor whether they were sent before.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::{AwsError, AwsErrorKind};

/// The `source` of all events.
const SOURCE: &str = "rolecall";
/// The most entries in a call.
pub(crate) const MAX_ENTRIES: usize = 10;
/// The most bytes of all entries in a call: EventBridge takes 256 KiB.
pub(crate) const MAX_ENTRY_BYTES: usize = 250 << 10;

/// An event to send.
#[derive(Clone, Debug)]
pub(crate) struct BusEvent {
    pub detail_type: &'static str,
    /// A JSON object.
    pub detail: String,
}

impl BusEvent {
    /// The bytes that EventBridge counts.
    pub(crate) fn bytes(&self) -> usize {
        SOURCE.len() + self.detail_type.len() + self.detail.len()
    }
}

/// Sends events in one call. Returns the id of each, or why it was refused: EventBridge refuses single events in a response
/// that is otherwise a success.
pub(crate) async fn put_events(
    config: &SdkConfig,
    bus: &str,
    events: &[BusEvent],
) -> Result<Vec<Result<String, AwsError>>, AwsError> {
    let entry = |event: &BusEvent| {
        PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(event.detail_type)
            .detail(event.detail.as_str())
            .build()
    };
    let entries = events.iter().map(entry).collect();
    let client = aws_sdk_eventbridge::Client::new(config);
    let response = client.put_events().set_entries(Some(entries)).send().await.map_err(AwsError::of)?;
    let taken = response.entries.unwrap_or_default();
    if taken.len() != events.len() {
        return Err(AwsError::new(AwsErrorKind::Unreadable, "EventBridge did not say whether it took the events"));
    }
    let outcome = taken.into_iter().map(|entry| match (entry.event_id, entry.error_code, entry.error_message) {
        (Some(id), None, _) => Ok(id),
        (_, code, message) => Err(AwsError {
            code,
            ..AwsError::new(AwsErrorKind::Other, message.unwrap_or_else(|| "it was not taken".into()))
        }),
    });
    Ok(outcome.collect())
}
