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

    /// Awaits a future; `None` if the time runs out first, or what `left` returns. That may become more meanwhile.
    pub(super) async fn time<T>(&self, future: impl Future<Output = T>, left: impl Fn() -> Duration) -> Option<T> {
        let mut future = std::pin::pin!(future);
        loop {
            let end = Instant::now().checked_add(left()).map_or(self.deadline, |end| end.min(self.deadline));
            match tokio::time::timeout_at(end, &mut future).await {
                Ok(value) => return Some(value),
                Err(_) if Instant::now() < self.deadline && !left().is_zero() => {}
                Err(_) => return None,
            }
        }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_future_has_the_shorter_time_which_may_become_more() {
        let secs = Duration::from_secs;
        let began = Instant::now();
        let never = std::future::pending::<()>;
        assert!(Stopwatch::start(secs(30)).time(never(), || secs(90)).await.is_none());
        assert_eq!(began.elapsed(), secs(30));
        let end = began + secs(35);
        assert!(Stopwatch::start(secs(30)).time(never(), || end - Instant::now()).await.is_none());
        assert_eq!(began.elapsed(), secs(35));
        // Another call is answered after the five seconds that were left.
        let asked = Cell::new(0);
        let left = || {
            asked.set(asked.get() + 1);
            if asked.get() == 1 { secs(5) } else { secs(90) }
        };
        assert!(Stopwatch::start(secs(30)).time(never(), left).await.is_none());
        assert_eq!(began.elapsed(), secs(65));
    }
}
