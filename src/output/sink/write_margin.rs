//! How long it would take to write what has been collected: worked out from what writing has taken so far, so that a
//! run knows how early to end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is kept for writing at least.
pub const MIN_WRITE_MARGIN: Duration = Duration::from_secs(10);
/// What is worked out counts twice: the end of a run is when everything is written at once.
const CAUTION: u32 = 2;
/// After the last part come the shard's manifest, the run's, the newest run's name, read and written, and the names of
/// the files.
const DOCUMENTS: u64 = 5;
/// What goes in one send at most.
const PART: u64 = 5 << 20;
/// More is not kept, whatever was measured: a run has to begin at some time.
const LONGEST: Duration = Duration::from_secs(120);
/// How large a row of the ledger is, about.
const LEDGER_ROW: u64 = 400;

/// What writing takes here.
#[derive(Debug, Default)]
pub struct WriteMarginEstimator(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    /// Content that was taken, and how long it took to put it into its format.
    taken: u64,
    taking: Duration,
    /// The longest that a part or a small object took to be sent.
    longest: Duration,
    /// Content that waits.
    waiting: u64,
    /// Files that are open.
    files: u32,
    /// Cells that will each have a row of the ledger.
    cells: u64,
}

impl WriteMarginEstimator {
    /// So much content was put into its format in this time.
    pub fn took(&self, content: u64, time: Duration) {
        let mut measured = self.lock();
        measured.taken += content;
        measured.taking += time;
    }

    /// Something was sent in this time.
    pub fn sent(&self, time: Duration) {
        let mut measured = self.lock();
        measured.longest = measured.longest.max(time);
    }

    /// What waits to be written by now.
    pub fn waits(&self, content: u64, files: u32) {
        let mut measured = self.lock();
        (measured.waiting, measured.files) = (content, files);
    }

    /// More cells are open, or fewer.
    pub fn cells(&self, more: u64, fewer: u64) {
        let mut measured = self.lock();
        measured.cells = (measured.cells + more).saturating_sub(fewer);
    }

    /// How long before its deadline a run has to end, so that all of it is written.
    pub fn margin(&self, side_by_side: usize) -> Duration {
        let measured = self.lock();
        let content = measured.waiting + measured.cells * LEDGER_ROW;
        let encoding = match measured.taken {
            0 => Duration::ZERO,
            taken => measured.taking.mul_f64(content as f64 / taken as f64),
        };
        let sends = content.div_ceil(PART) + u64::from(measured.files);
        let rounds = sends.div_ceil(side_by_side as u64) + DOCUMENTS;
        let sending = measured.longest * u32::try_from(rounds).unwrap_or(u32::MAX);
        (CAUTION * (encoding + sending).min(LONGEST)).max(MIN_WRITE_MARGIN)
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_worth_the_time_that_such_things_took() {
        let pace = WriteMarginEstimator::default();
        assert_eq!(pace.margin(16), MIN_WRITE_MARGIN);
        // A slow function: 1 MB a second; a slow store: half a second an object.
        pace.took(10_000_000, Duration::from_secs(10));
        pace.sent(Duration::from_millis(500));
        pace.waits(20_000_000, 60);
        let sends = 4 + 60;
        assert_eq!(pace.margin(16), 2 * (Duration::from_secs(20) + Duration::from_millis(500) * (sends / 16 + 5)));
        // Each open cell will have its row.
        let before = pace.margin(16);
        pace.cells(10_000, 0);
        assert_eq!(pace.margin(16) - before, 2 * (Duration::from_secs(4) + Duration::from_millis(500)));
        pace.cells(0, 10_000);
        // Whatever is written no longer counts.
        pace.waits(0, 60);
        assert_eq!(pace.margin(16), MIN_WRITE_MARGIN);
    }
}
