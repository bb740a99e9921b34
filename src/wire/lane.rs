//! A token bucket: one service in one account (and region), as AWS counts.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Lets calls through at a rate, after a burst. Waiting is first come, first served.
#[derive(Debug)]
pub struct Lane {
    per_second: f64,
    burst: f64,
    state: Mutex<(f64, Instant)>,
}

impl Lane {
    /// A full bucket of `burst` calls that refills with `per_second`.
    pub fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, state: Mutex::new((burst, Instant::now())) }
    }

    /// Waits for this call's turn. A waiter that is dropped has used its turn up: rather too slow than too fast.
    pub async fn turn(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn reserve(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let now = Instant::now();
        let refilled = now.duration_since(state.1).as_secs_f64() * self.per_second;
        *state = ((state.0 + refilled).min(self.burst) - 1.0, now);
        if state.0 >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-state.0 / self.per_second) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_rate() {
        let lane = std::sync::Arc::new(Lane::new(5.0, 10.0));
        let started = Instant::now();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..35 {
            let lane = lane.clone();
            calls.spawn(async move { lane.turn().await });
        }
        while calls.join_next().await.is_some() {}
        let took = started.elapsed().as_secs_f64();
        assert!((took - 5.0).abs() < 0.01, "35 calls at 5/s after a burst of 10 took {took} s");
    }
}
