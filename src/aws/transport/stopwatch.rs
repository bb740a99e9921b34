//! Measures the time of an attempt at a call.
//!
//! **Invariant:** knows nothing of requests and answers, only how long to wait for a future.

use std::time::Duration;

use tokio::time::Instant;

/// The time of an attempt, which can be paused.
pub(super) struct Stopwatch {
    began: Instant,
    deadline: Instant,
    paused: Duration,
}

impl Stopwatch {
    pub(super) fn start(timeout: Duration) -> Self {
        let began = Instant::now();
        Self { began, deadline: began + timeout, paused: Duration::ZERO }
    }

    /// How long it ran, and how long it was paused.
    pub(super) fn times(&self) -> (Duration, Duration) {
        (self.began.elapsed().saturating_sub(self.paused), self.paused)
    }

    /// Awaits a future; `None` if the time runs out first.
    pub(super) async fn time<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.deadline, future).await.ok()
    }

    /// Awaits a future with the clock paused.
    pub(super) async fn pause<T>(&mut self, future: impl Future<Output = T>) -> T {
        let since = Instant::now();
        let value = future.await;
        let paused = since.elapsed();
        self.deadline += paused;
        self.paused += paused;
        value
    }
}
