//! The document of a lease, and the rule by which it has ended.
//!
//! **Invariant:** reads and writes nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::domain::RunId;

/// How far two clocks may differ. AWS refuses requests of clocks that differ from its own by this much.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The longest time for which a lease is watched. Another writer of the output cannot block a run for longer.
const MAX_DURATION: Duration = Duration::from_secs(15 * 60);

/// The right of one attempt to collect a shard. It is renewed while the attempt works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub run_id: RunId,
    pub shard: String,
    /// The attempt that holds the lease, as it is in the names of its files.
    pub holder: String,
    /// The time at which the holder got the lease, by its own clock.
    pub since: Timestamp,
    /// The time at which the lease ends unless it is renewed, by the holder's clock.
    pub expires_at: Timestamp,
    /// The time from a renewal to the end of the lease.
    pub duration_ms: u64,
    /// The number of renewals. So each renewal changes the document, however coarse the clock is.
    pub renewals: u64,
    /// True once the holder has ended, successfully or not.
    pub released: bool,
}

impl Lease {
    /// Returns the lease after one more renewal.
    pub(super) fn renewed(&self, now: Timestamp) -> Self {
        Self { expires_at: self.end(now), renewals: self.renewals + 1, ..self.clone() }
    }

    /// Returns the lease as its holder leaves it.
    pub(super) fn ended(&self, now: Timestamp) -> Self {
        Self { expires_at: now, renewals: self.renewals + 1, released: true, ..self.clone() }
    }

    /// Returns true if another attempt may work at the shard, as far as the clock of the reader can tell.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        !self.released && now.duration_since(self.expires_at) <= CLOCK_SKEW
    }

    fn end(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.duration()).unwrap_or(Timestamp::MAX)
    }

    fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms).min(MAX_DURATION)
    }
}

/// Watches the lease of another attempt.
///
/// The clocks of holder and watcher may differ. So the watcher measures by its own clock how long the document has not
/// changed: a live holder would have renewed it. The time in the document alone ends a lease that is long over.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(String, Instant)>,
}

impl Watch {
    /// Returns true if the lease, which was just read with this entity tag, has ended.
    pub(super) fn has_ended(&mut self, lease: &Lease, etag: &str, now: Timestamp) -> bool {
        if !lease.is_live(now) {
            return true;
        }
        match &self.seen {
            Some((tag, since)) if tag == etag => since.elapsed() >= lease.duration(),
            _ => {
                self.seen = Some((etag.to_owned(), Instant::now()));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(expires_at: &str) -> Lease {
        Lease {
            run_id: "x".parse().unwrap(),
            shard: "0".into(),
            holder: "01234567".into(),
            since: "2026-11-21T03:00:00Z".parse().unwrap(),
            expires_at: expires_at.parse().unwrap(),
            duration_ms: 60_000,
            renewals: 0,
            released: false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_ends_when_its_holder_stops_renewing() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        // Whatever the holder's clock says: an hour ahead, right, or minutes behind.
        for expires_at in ["2026-11-21T04:10:00Z", "2026-11-21T03:11:00Z", "2026-11-21T03:06:00Z"] {
            let (lease, mut watch) = (lease(expires_at), Watch::default());
            assert!(!watch.has_ended(&lease, "1", now));
            tokio::time::advance(Duration::from_secs(59)).await;
            assert!(!watch.has_ended(&lease, "1", now));
            // A renewal proves that the holder lives, and the watch begins anew.
            assert!(!watch.has_ended(&lease.renewed(now), "2", now));
            tokio::time::advance(Duration::from_secs(59)).await;
            assert!(!watch.has_ended(&lease, "2", now));
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(watch.has_ended(&lease, "2", now), "{expires_at}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_long_over_or_released_is_not_watched() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        assert!(Watch::default().has_ended(&lease("2026-11-21T03:04:59Z"), "1", now));
        assert!(Watch::default().has_ended(&lease("2026-11-21T03:11:00Z").ended(now), "1", now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_of_any_duration_ends_within_minutes() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        let endless = Lease { duration_ms: u64::MAX, ..lease("9999-12-30T22:00:00Z") };
        let mut watch = Watch::default();
        assert!(!watch.has_ended(&endless, "1", now));
        tokio::time::advance(MAX_DURATION).await;
        assert!(watch.has_ended(&endless, "1", now));
        assert!(endless.renewed(Timestamp::MAX).expires_at == Timestamp::MAX);
    }
}
