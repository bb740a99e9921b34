//! Estimates how long it takes to write what has been collected, so that a run knows how early it has to end.
//!
//! **Invariant:** knows sizes and times only, and nothing of files or formats.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lower bound of the estimate.
pub const MIN_WRITE_MARGIN: Duration = Duration::from_secs(10);
/// Upper bound of the estimate: a run needs time to collect, however slow the writing is.
const MAX_WRITE_MARGIN: Duration = Duration::from_secs(120);
/// Safety factor: at the end of a run all tables are written at the same time.
const SAFETY_FACTOR: u32 = 2;
/// Small objects written after the last file: the manifests of the shard and the run, `latest.json`, which is read and
/// written, and the list of files.
const TRAILING_OBJECTS: u64 = 5;
/// The largest part of a multipart upload, in bytes.
const PART_BYTES: u64 = 5 << 20;
/// The approximate size of a ledger row.
const LEDGER_ROW_BYTES: u64 = 400;

/// Measures the writing of a shard and estimates the rest of it.
#[derive(Debug, Default)]
pub struct WriteMarginEstimator(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    encoded_bytes: u64,
    encoding_time: Duration,
    /// The longest time that sending one part or one small object took.
    slowest_upload: Duration,
    pending_bytes: u64,
    open_files: u32,
    /// Cells that each still get a ledger row.
    open_cells: u64,
}

impl WriteMarginEstimator {
    /// Records the time in which an amount of content was encoded.
    pub fn record_encoding(&self, bytes: u64, time: Duration) {
        let mut measured = self.lock();
        measured.encoded_bytes += bytes;
        measured.encoding_time += time;
    }

    /// Records the time that one upload took.
    pub fn record_upload(&self, time: Duration) {
        let mut measured = self.lock();
        measured.slowest_upload = measured.slowest_upload.max(time);
    }

    /// Sets how much content is not yet written, and to how many files it belongs.
    pub fn set_pending(&self, bytes: u64, open_files: u32) {
        let mut measured = self.lock();
        (measured.pending_bytes, measured.open_files) = (bytes, open_files);
    }

    /// Adds cells whose ledger rows are still to come.
    pub fn open_cells(&self, count: u64) {
        self.lock().open_cells += count;
    }

    /// Removes cells whose ledger rows have reached the sink.
    pub fn close_cells(&self, count: u64) {
        let mut measured = self.lock();
        measured.open_cells = measured.open_cells.saturating_sub(count);
    }

    /// Estimates how long before its deadline a run has to end, if `parallel` uploads run at a time.
    pub fn margin(&self, parallel: usize) -> Duration {
        let measured = self.lock();
        let bytes = measured.pending_bytes + measured.open_cells * LEDGER_ROW_BYTES;
        let encoding = match measured.encoded_bytes {
            0 => Duration::ZERO,
            encoded => measured.encoding_time.mul_f64(bytes as f64 / encoded as f64),
        };
        let uploads = bytes.div_ceil(PART_BYTES) + u64::from(measured.open_files);
        let rounds = uploads.div_ceil(parallel as u64) + TRAILING_OBJECTS;
        let uploading = measured.slowest_upload * u32::try_from(rounds).unwrap_or(u32::MAX);
        (SAFETY_FACTOR * (encoding + uploading)).clamp(MIN_WRITE_MARGIN, MAX_WRITE_MARGIN)
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_follows_the_measured_times() {
        let margin = WriteMarginEstimator::default();
        assert_eq!(margin.margin(16), MIN_WRITE_MARGIN);
        // A slow function encodes 1 MB a second. A slow store takes half a second for an object.
        margin.record_encoding(10_000_000, Duration::from_secs(10));
        margin.record_upload(Duration::from_millis(500));
        margin.set_pending(20_000_000, 60);
        let uploads = 4 + 60;
        assert_eq!(margin.margin(16), 2 * (Duration::from_secs(20) + Duration::from_millis(500) * (uploads / 16 + 5)));
        // Each open cell adds a ledger row.
        let before = margin.margin(16);
        margin.open_cells(10_000);
        assert_eq!(margin.margin(16) - before, 2 * (Duration::from_secs(4) + Duration::from_millis(500)));
        margin.close_cells(10_000);
        // Written content no longer counts.
        margin.set_pending(0, 60);
        assert_eq!(margin.margin(16), MIN_WRITE_MARGIN);
    }

    #[test]
    fn the_margin_never_exceeds_its_upper_bound() {
        let margin = WriteMarginEstimator::default();
        margin.record_encoding(1_000_000, Duration::from_secs(1));
        margin.set_pending(500_000_000, 60);
        assert_eq!(margin.margin(16), MAX_WRITE_MARGIN);
    }
}
