//! Bounds the calls in flight of the process to what its processors can handle.
//!
//! A call in flight takes memory for its connection and its answer. While the processors are busy, more calls in flight
//! finish no earlier: they wait for the processors, and not for AWS. So the limit starts low, and grows only while all
//! permits are taken and the processors have time left.
//!
//! **Invariant:** knows how busy the runtime's threads are, and nothing of calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::concurrency_limit::{Priority, PrioritySemaphore, SemaphorePermit};

/// Calls in flight at the start, and the fewest later.
const FIRST: usize = 64;
/// How often the limit is adjusted while all permits are taken.
const INTERVAL: Duration = Duration::from_millis(50);
/// The share of the time below which the processors have time left.
const IDLE: f64 = 0.92;
/// The share of the time from which on the processors are the limit.
const BUSY: f64 = 0.97;

/// Limits the calls in flight of the process.
#[derive(Debug)]
pub(super) struct ProcessorLimit {
    semaphore: Arc<PrioritySemaphore>,
    max: usize,
    is_adjusting: AtomicBool,
}

impl ProcessorLimit {
    /// Creates a limit that grows up to `max`.
    pub(super) fn new(max: usize) -> Arc<Self> {
        let semaphore = PrioritySemaphore::new(FIRST.min(max));
        Arc::new(Self { semaphore, max, is_adjusting: AtomicBool::new(false) })
    }

    /// Waits for a permit.
    pub(super) async fn acquire(self: &Arc<Self>, priority: Priority) -> SemaphorePermit {
        if self.max > FIRST && self.semaphore.is_full() {
            self.start_adjusting();
        }
        self.semaphore.acquire(priority).await
    }

    /// Waits until a permit is free that no call waits for.
    pub(super) async fn available(&self) {
        self.semaphore.available().await;
    }

    /// Adjusts the limit from now on until a permit is free.
    fn start_adjusting(self: &Arc<Self>) {
        if self.is_adjusting.swap(true, Ordering::SeqCst) {
            return;
        }
        let limit = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut before = BusyTime::now();
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(limit) = limit.upgrade() else { return };
                let now = BusyTime::now();
                let share = now.share_since(&before);
                before = now;
                if limit.semaphore.is_full() {
                    limit.semaphore.resize(|calls| adjusted(calls, share, limit.max));
                } else {
                    limit.is_adjusting.store(false, Ordering::SeqCst);
                    // A call that has found it full just now has started nothing.
                    if !limit.semaphore.is_full() || limit.is_adjusting.swap(true, Ordering::SeqCst) {
                        return;
                    }
                }
            }
        });
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.semaphore.taken()
    }
}

/// The next limit, if the processors were busy for this share of the time.
fn adjusted(calls: usize, share: f64, max: usize) -> usize {
    let next = if share < IDLE {
        calls + calls / 4
    } else if share >= BUSY {
        calls - calls / 16
    } else {
        calls
    };
    next.clamp(FIRST.min(max), max)
}

/// How long the threads of the runtime have been busy at a time.
struct BusyTime {
    at: Instant,
    busy: Duration,
    threads: usize,
}

impl BusyTime {
    fn now() -> Self {
        let metrics = Handle::current().metrics();
        let threads = metrics.num_workers();
        let busy = (0..threads).map(|thread| metrics.worker_total_busy_duration(thread)).sum();
        Self { at: Instant::now(), busy, threads }
    }

    /// The share of the time in which the threads were busy.
    fn share_since(&self, before: &Self) -> f64 {
        let passed = (self.at - before.at).as_secs_f64() * self.threads as f64;
        self.busy.saturating_sub(before.busy).as_secs_f64() / passed.max(f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_the_processors_between_its_bounds() {
        let settle = |share: f64, from: usize| (0..100).fold(from, |calls, _| adjusted(calls, share, 384));
        assert_eq!((settle(0.1, FIRST), settle(1.0, 384)), (384, FIRST));
        assert_eq!((adjusted(100, 0.5, 384), adjusted(100, 0.95, 384), adjusted(100, 1.0, 384)), (125, 100, 94));
        // A lower setting is kept, whatever the processors do.
        assert_eq!((adjusted(30, 0.0, 30), adjusted(30, 1.0, 30), adjusted(1, 1.0, 1)), (30, 30, 1));
    }

    #[test]
    fn a_share_counts_every_thread() {
        let at = Instant::now();
        let before = BusyTime { at, busy: Duration::from_secs(7), threads: 2 };
        let now = BusyTime { at: at + Duration::from_secs(1), busy: Duration::from_secs(8), threads: 2 };
        assert!((now.share_since(&before) - 0.5).abs() < 1e-9);
        // Another runtime may have been busy for less.
        assert!(before.share_since(&BusyTime { at: at - Duration::from_secs(1), ..now }) <= 0.0);
    }

    /// Nothing ends and nothing else asks: the waiting calls are let in by time alone.
    #[tokio::test(start_paused = true)]
    async fn waiting_calls_are_let_in_while_the_processors_have_time() {
        let limit = ProcessorLimit::new(384);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..500 {
            let limit = limit.clone();
            calls.spawn(async move {
                let _permit = limit.acquire(Priority::Normal).await;
                tokio::time::sleep(Duration::from_secs(600)).await;
            });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(limit.taken(), FIRST);
        // Each interval is a moment in real time here, so the threads are nearly idle in it.
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(limit.taken(), 384);
        calls.join_all().await;
        assert_eq!(limit.taken(), 0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!limit.is_adjusting.load(Ordering::SeqCst));
    }
}
