//! Converts durations to numbers, for JSON and ledgers.

use std::time::Duration;

/// Returns a duration in whole milliseconds, or the largest number if it does not fit.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
