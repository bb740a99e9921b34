//! Finds the regions that a service control policy closes, so that their remaining cells are not asked: each would be one more
//! denied call in the customer's CloudTrail.
//!
//! A region counts as closed after five denials in a row by such a policy, without one answer there, of operations that
//! another region of the account answers. A denial by the role closes nothing: a role may allow a few types only.
//!
//! **Invariant:** makes no call and knows no session. Nothing waits for a region that cannot go on.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::lock;
use crate::inventory::Status;

/// The denials in a row that close a region.
const DENIALS: usize = 5;

/// What is known of the regions of one account.
#[derive(Debug)]
pub(super) struct ClosedRegions {
    regions: Mutex<HashMap<String, RegionState>>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct RegionState {
    /// The operations that are not asked yet, or not answered yet.
    pending: HashSet<&'static str>,
    answered: HashSet<&'static str>,
    /// The operations that were denied since anything else was answered.
    denied_in_a_row: Vec<&'static str>,
    running: usize,
}

impl RegionState {
    fn is_suspect(&self) -> bool {
        self.answered.is_empty() && self.denied_in_a_row.len() >= DENIALS
    }

    /// Whether this region may still answer an operation. A suspect region asks nothing until others have answered.
    fn may_answer(&self, operation: &str) -> bool {
        self.pending.contains(operation) && (self.running > 0 || !self.is_suspect())
    }
}

/// A listing that was admitted. It counts as running until it is dropped.
pub(super) struct AdmittedListing {
    regions: Arc<ClosedRegions>,
    region: String,
    operation: &'static str,
    status: Status,
}

enum Decision {
    Ask,
    Closed(Vec<&'static str>),
    /// Whether the region is closed depends on other regions.
    Wait,
}

impl ClosedRegions {
    /// Starts with the operations that are planned in each region.
    pub(super) fn new<'a>(planned: impl Iterator<Item = (&'a str, &'static str)>) -> Arc<Self> {
        let mut regions: HashMap<String, RegionState> = HashMap::new();
        for (region, operation) in planned {
            regions.entry(region.to_owned()).or_default().pending.insert(operation);
        }
        Arc::new(Self { regions: Mutex::new(regions), changes: watch::Sender::new(()) })
    }

    /// Admits a listing. The error says that its region is closed. Waits while other regions may decide that.
    pub(super) async fn admit(
        self: &Arc<Self>,
        region: &str,
        operation: &'static str,
        stop: &CancellationToken,
    ) -> Result<AdmittedListing, AwsError> {
        loop {
            // Subscribed before the decision, so that no change after it is missed.
            let mut changes = self.changes.subscribe();
            match self.decide(region) {
                Decision::Wait if !stop.is_cancelled() => {
                    tokio::select! {
                        _ = changes.changed() => {}
                        () = stop.cancelled() => {}
                    }
                }
                Decision::Ask | Decision::Wait => break,
                Decision::Closed(denied) => {
                    self.end(region, operation, Status::ScpDenied);
                    return Err(closed(&denied));
                }
            }
        }
        lock(&self.regions).entry(region.to_owned()).or_default().running += 1;
        let (regions, region) = (self.clone(), region.to_owned());
        Ok(AdmittedListing { regions, region, operation, status: Status::Failed })
    }

    fn decide(&self, region: &str) -> Decision {
        let regions = lock(&self.regions);
        let Some(here) = regions.get(region).filter(|here| here.is_suspect()) else { return Decision::Ask };
        let others = || regions.iter().filter(|(name, _)| *name != region).map(|(_, other)| other);
        let denied = || here.denied_in_a_row.iter().copied();
        let answered: Vec<&str> = denied().filter(|one| others().any(|other| other.answered.contains(one))).collect();
        if answered.len() >= DENIALS {
            return Decision::Closed(answered);
        }
        let possible = denied().filter(|one| answered.contains(one) || others().any(|other| other.may_answer(one)));
        if possible.count() >= DENIALS { Decision::Wait } else { Decision::Ask }
    }

    fn end(&self, region: &str, operation: &'static str, status: Status) {
        let mut regions = lock(&self.regions);
        let here = regions.entry(region.to_owned()).or_default();
        here.pending.remove(operation);
        match status {
            Status::Ok | Status::Empty | Status::Partial => {
                here.answered.insert(operation);
            }
            Status::ScpDenied => here.denied_in_a_row.push(operation),
            _ => here.denied_in_a_row.clear(),
        }
        drop(regions);
        self.changes.send_replace(());
    }
}

impl AdmittedListing {
    /// Records how the listing ended.
    pub(super) fn ended(mut self, status: Status) {
        self.status = status;
    }
}

impl Drop for AdmittedListing {
    fn drop(&mut self) {
        lock(&self.regions.regions).entry(self.region.clone()).or_default().running -= 1;
        self.regions.end(&self.region, self.operation, self.status);
    }
}

fn closed(denied: &[&str]) -> AwsError {
    let what = format!(
        "not asked: a service control policy has denied {} calls in a row in this region, and other regions of the account \
         answer the same operations ({})",
        denied.len(),
        denied[..denied.len().min(DENIALS)].join(", ")
    );
    AwsError::new(AwsErrorKind::ScpDenied, what)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use proptest::prelude::*;

    use super::*;

    const OPERATIONS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    fn regions(names: &[&str]) -> Arc<ClosedRegions> {
        ClosedRegions::new(names.iter().flat_map(|name| OPERATIONS.map(|operation| (*name, operation))))
    }

    /// Whether a listing may be asked now; `None` if it would wait.
    fn may_ask(regions: &Arc<ClosedRegions>, region: &str) -> Option<bool> {
        match regions.decide(region) {
            Decision::Ask => Some(true),
            Decision::Closed(_) => Some(false),
            Decision::Wait => None,
        }
    }

    #[test]
    fn five_denials_close_a_region_that_others_contradict() {
        let regions = regions(&["open", "closed"]);
        for operation in &OPERATIONS[..5] {
            assert_eq!(may_ask(&regions, "closed"), Some(true));
            regions.end("closed", operation, Status::ScpDenied);
        }
        assert_eq!(may_ask(&regions, "closed"), None, "the other region decides");
        for operation in &OPERATIONS[..5] {
            assert_eq!(may_ask(&regions, "closed"), None);
            regions.end("open", operation, Status::Empty);
        }
        assert_eq!(may_ask(&regions, "closed"), Some(false));
        assert_eq!(may_ask(&regions, "open"), Some(true));
    }

    #[test]
    fn other_answers_keep_a_region_open() {
        for other in [Status::Ok, Status::Denied, Status::Failed, Status::Unsupported] {
            let regions = regions(&["open", "closed"]);
            OPERATIONS.iter().for_each(|operation| regions.end("open", operation, Status::Ok));
            for (number, operation) in OPERATIONS.iter().enumerate() {
                regions.end("closed", operation, if number == 4 { other } else { Status::ScpDenied });
            }
            assert_eq!(may_ask(&regions, "closed"), Some(true), "{other:?}");
        }
    }

    #[test]
    fn a_region_waits_for_no_region_that_cannot_answer() {
        let regions = regions(&["one", "other"]);
        for region in ["one", "other"] {
            OPERATIONS[..5].iter().for_each(|operation| regions.end(region, operation, Status::ScpDenied));
        }
        assert_eq!((may_ask(&regions, "one"), may_ask(&regions, "other")), (Some(true), Some(true)));
    }

    #[tokio::test]
    async fn a_cancelled_run_waits_for_nothing() {
        let (regions, stop) = (regions(&["open", "closed"]), CancellationToken::new());
        OPERATIONS[..5].iter().for_each(|operation| regions.end("closed", operation, Status::ScpDenied));
        assert!(regions.admit("closed", "f", &stop).now_or_never().is_none());
        stop.cancel();
        assert!(regions.admit("closed", "f", &stop).await.is_ok());
    }

    proptest! {
        /// Regions ask their operations in any interleaving, two at a time. All of them come to an end.
        #[test]
        fn every_listing_is_decided(
            denied in prop::collection::vec(prop::collection::vec(any::<bool>(), 8), 1..4),
            order in prop::collection::vec(0_usize..4, 200),
        ) {
            let names: Vec<String> = (0..denied.len()).map(|number| number.to_string()).collect();
            let regions = regions(&names.iter().map(String::as_str).collect::<Vec<_>>());
            let stop = CancellationToken::new();
            let mut left: Vec<Vec<usize>> = vec![(0..8).rev().collect(); denied.len()];
            let mut running: Vec<Vec<(usize, AdmittedListing)>> = denied.iter().map(|_| Vec::new()).collect();
            let rest = (0..).map(|step: usize| step % denied.len()).take(400);
            for at in order.into_iter().filter(|at| *at < denied.len()).chain(rest) {
                if running[at].len() == 2 || left[at].is_empty() {
                    if let Some((operation, listing)) = running[at].pop() {
                        listing.ended(if denied[at][operation] { Status::ScpDenied } else { Status::Ok });
                    }
                    continue;
                }
                let operation = left[at][left[at].len() - 1];
                match regions.admit(&names[at], OPERATIONS[operation], &stop).now_or_never() {
                    Some(admitted) => {
                        left[at].pop();
                        if let Ok(listing) = admitted {
                            running[at].push((operation, listing));
                        } else {
                            prop_assert!(denied[at].iter().filter(|denied| **denied).count() >= 5);
                        }
                    }
                    // It waits, so what runs in this region ends.
                    None => if let Some((operation, listing)) = running[at].pop() {
                        listing.ended(if denied[at][operation] { Status::ScpDenied } else { Status::Ok });
                    }
                }
            }
            prop_assert!(left.iter().all(Vec::is_empty), "a listing waits for ever: {:?}", left);
        }
    }
}
