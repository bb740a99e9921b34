//! Stops a shard early enough that what it has collected can be written.
//!
//! **Invariant:** knows nothing of accounts and cells.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::output::sink;
use crate::output::sink::WriteMarginEstimator;

/// How often the write margin is estimated again.
const ESTIMATE_INTERVAL: Duration = Duration::from_millis(500);

/// The time before the deadline that is kept for writing: fixed by the settings, or estimated from the writes so far.
pub(super) struct WriteMargin {
    pub fixed: Option<Duration>,
    pub estimator: Arc<WriteMarginEstimator>,
}

impl WriteMargin {
    fn current(&self) -> Duration {
        self.fixed.unwrap_or_else(|| self.estimator.margin(sink::PARALLEL_FINISHES))
    }
}

/// Cancels `stop` when only the write margin is left until the deadline. Dropping the handle ends the timer.
pub(super) fn stop_in_time(deadline: Instant, margin: WriteMargin, stop: CancellationToken) -> AbortOnDropHandle<()> {
    // At most half of the time is kept for writing. In a short time nothing would begin otherwise.
    let half = deadline.saturating_duration_since(Instant::now()) / 2;
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            let kept = margin.current().min(half);
            let left = (deadline - kept).saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!(kept_ms = kept.as_millis(), "the run's time is nearly up: no further call is begun");
                stop.cancel();
                return;
            }
            // The estimate grows while more waits to be written.
            tokio::time::sleep(left.min(ESTIMATE_INTERVAL)).await;
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn stops_after(time: Duration, margin: WriteMargin) -> Duration {
        let (stop, began) = (CancellationToken::new(), Instant::now());
        let _timer = stop_in_time(began + time, margin, stop.clone());
        stop.cancelled().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_stops_early_enough_to_write_its_records() {
        let secs = Duration::from_secs;
        let margin = |fixed| WriteMargin { fixed, estimator: Arc::default() };
        assert_eq!(stops_after(secs(60), margin(Some(secs(5)))).await, secs(55));
        assert_eq!(stops_after(secs(60), margin(None)).await, secs(60) - sink::MIN_WRITE_MARGIN);
        // Of a short time half is used.
        assert_eq!(stops_after(secs(6), margin(Some(secs(5)))).await, secs(3));
        assert_eq!(stops_after(secs(0), margin(None)).await, secs(0));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_writes_make_a_run_stop_earlier() {
        let estimator: Arc<WriteMarginEstimator> = Arc::default();
        let slow = estimator.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            slow.record_upload(Duration::from_secs(4));
        });
        let margin = WriteMargin { fixed: None, estimator: estimator.clone() };
        let stopped = stops_after(Duration::from_secs(100), margin).await;
        assert_eq!(stopped, Duration::from_secs(100) - estimator.margin(sink::PARALLEL_FINISHES));
        assert!(estimator.margin(sink::PARALLEL_FINISHES) > sink::MIN_WRITE_MARGIN);
    }
}
