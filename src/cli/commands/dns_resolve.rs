//! Asks the system's resolver for the targets of records.
//!
//! **Invariant:** an answer changes no verdict. What the resolver cannot say is null, and never false.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use futures::StreamExt;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The names that are asked for at the same time.
const AT_ONCE: usize = 16;
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether each target resolves. Addresses are not asked for, so they have no answer.
pub(super) async fn resolved(targets: BTreeSet<String>) -> BTreeMap<String, Option<bool>> {
    let asked = targets.into_iter().map(|target| async move {
        let resolves = resolves(&target).await;
        (target, resolves)
    });
    futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

async fn resolves(target: &str) -> Option<bool> {
    let name = target.trim_end_matches('.');
    // A resolver would take what is no name for a path of its own.
    let is_name = !name.is_empty() && name.parse::<IpAddr>().is_err() && !name.contains(['\\', '*', ' ', ':', '/']);
    if !is_name {
        return None;
    }
    // With the dot, no domain of this machine is tried.
    let name = format!("{name}.");
    let answer =
        timeout(PATIENCE, spawn_blocking(move || (name.as_str(), 0).to_socket_addrs().map(Iterator::count))).await;
    answered(answer.ok()?.ok()?)
}

/// What an answer of the resolver says.
fn answered(answer: io::Result<usize>) -> Option<bool> {
    match answer {
        Ok(addresses) => Some(addresses > 0),
        // The C library tells "there is none" and "nobody answered" apart by their texts alone.
        Err(error) => {
            let text = error.to_string().to_ascii_lowercase();
            let is_absent = ["not known", "no address associated", "no such host", "nodename nor servname"];
            is_absent.iter().any(|absent| text.contains(absent)).then_some(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_answer_says_that_there_is_none() {
        let failed = |text: &str| answered(Err(io::Error::other(text)));
        assert_eq!((answered(Ok(2)), answered(Ok(0))), (Some(true), Some(false)));
        assert_eq!(failed("failed to lookup address information: Name or service not known"), Some(false));
        assert_eq!(failed("failed to lookup address information: No address associated with hostname"), Some(false));
        assert_eq!(failed("failed to lookup address information: Temporary failure in name resolution"), None);
        assert_eq!(failed("anything else"), None);
    }

    #[tokio::test]
    async fn addresses_and_what_is_no_name_are_not_asked_for() {
        let targets = ["192.0.2.1", "2001:db8::1", "a\\052b.example.", "*.example.", "", "."].map(str::to_owned);
        let resolved = resolved(targets.into()).await;
        assert!(resolved.len() == 6 && resolved.values().all(Option::is_none), "{resolved:?}");
    }
}
