//! The windows in each of which a role is tried once without its external ID.
//!
//! Windows begin at multiples of the interval since 1970, so that all runs agree on them without a word.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The window of a run. It is that of the run's start, for all shards and attempts of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TrustWindow {
    /// The length of the window, in seconds.
    pub interval_s: u64,
    /// The time at which the window begins.
    pub start: Timestamp,
}

impl TrustWindow {
    /// Returns the window of a time.
    pub(in crate::engine) fn of(time: Timestamp, interval: Duration) -> Self {
        let interval_s = interval.as_secs().max(1);
        let length = i64::try_from(interval_s).unwrap_or(i64::MAX);
        let start = time.as_second().div_euclid(length).saturating_mul(length);
        Self { interval_s, start: Timestamp::from_second(start).unwrap_or(Timestamp::UNIX_EPOCH) }
    }

    /// Returns the window's name in keys of objects, such as `20261121T000000Z`.
    pub(in crate::engine) fn name(&self) -> String {
        self.start.strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_one_window_of_its_length() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let start = |time: &str, interval| TrustWindow::of(time.parse().unwrap(), interval).name();
        for (time, interval, window) in [
            ("2026-11-28T00:00:00Z", hours(24), "20261128T000000Z"),
            ("2026-11-28T23:59:59.999Z", hours(24), "20261128T000000Z"),
            ("2026-11-29T00:00:00Z", hours(24), "20261129T000000Z"),
            ("2026-11-28T13:30:00Z", hours(6), "20261128T120000Z"),
            ("2026-11-28T13:30:00Z", Duration::from_millis(60_500), "20261128T133000Z"),
            ("1970-01-01T00:00:01Z", hours(168), "19700101T000000Z"),
            ("1969-12-31T23:00:00Z", hours(24), "19691231T000000Z"),
        ] {
            assert_eq!(start(time, interval), window, "{time} {interval:?}");
        }
        // Nothing divides by zero or overflows.
        let _ = TrustWindow::of(Timestamp::MAX, Duration::ZERO);
        let _ = TrustWindow::of(Timestamp::MIN, Duration::MAX);
    }
}
