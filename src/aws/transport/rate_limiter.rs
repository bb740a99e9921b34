//! A token bucket: one service in one account (and region), as AWS counts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// From nothing to its full rate a limiter takes so long, once it has been throttled_at down.
const RECOVERY_TIME: Duration = Duration::from_secs(60);
/// A limiter is throttled_at down to this part of its rate at most.
const MIN_RATE_FACTOR: f64 = 1.0 / 8.0;
/// Refusals of calls that were on their way together count once.
const THROTTLE_WINDOW: Duration = Duration::from_secs(1);

/// Lets calls through at a rate, after a burst. Waiting is first come, first served.
#[derive(Debug)]
pub struct RateLimiter {
    per_second: f64,
    burst: f64,
    state: Mutex<LimiterState>,
}

#[derive(Debug)]
struct LimiterState {
    tokens: f64,
    /// What the limiter lets through now: less than it may for some time after AWS has refused a call for its rate.
    rate: f64,
    updated_at: Instant,
    throttled_at: Option<Instant>,
}

impl RateLimiter {
    /// A full bucket of `burst` calls that refills with `per_second`.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let state = LimiterState { tokens: burst, rate: per_second, updated_at: Instant::now(), throttled_at: None };
        Self { per_second, burst, state: Mutex::new(state) }
    }

    /// Waits for this call's turn. A waiter that is dropped has used its turn up: rather too slow than too fast.
    pub async fn acquire(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// AWS has refused a call for its rate: others draw on the same bucket, and it is emptier than assumed. So no
    /// burst is left, and the rate is halved, and comes back slowly.
    pub fn on_throttled(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        state.advance(now, self.per_second, self.burst);
        state.tokens = state.tokens.min(0.0);
        if state.throttled_at.is_none_or(|throttled_at| now.duration_since(throttled_at) >= THROTTLE_WINDOW) {
            state.throttled_at = Some(now);
            state.rate = (state.rate / 2.0).max(self.per_second * MIN_RATE_FACTOR);
        }
    }

    fn reserve(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(Instant::now(), self.per_second, self.burst);
        state.tokens -= 1.0;
        if state.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-state.tokens / state.rate) }
    }
}

impl LimiterState {
    fn advance(&mut self, now: Instant, per_second: f64, burst: f64) {
        let passed = now.duration_since(self.updated_at).as_secs_f64();
        self.updated_at = now;
        self.rate = (self.rate + passed * per_second / RECOVERY_TIME.as_secs_f64()).min(per_second);
        self.tokens = (self.tokens + passed * self.rate).min(burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_rate() {
        let limiter = std::sync::Arc::new(RateLimiter::new(5.0, 10.0));
        let started = Instant::now();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..35 {
            let limiter = limiter.clone();
            calls.spawn(async move { limiter.acquire().await });
        }
        while calls.join_next().await.is_some() {}
        let took = started.elapsed().as_secs_f64();
        assert!((took - 5.0).abs() < 0.01, "35 calls at 5/s after a burst of 10 took {took} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_others_empty_too_is_drawn_on_less_for_a_while() {
        let limiter = RateLimiter::new(10.0, 50.0);
        let calls_in = async |seconds: u64| {
            let end = Instant::now() + Duration::from_secs(seconds);
            let mut calls = 0;
            while Instant::now() < end {
                limiter.acquire().await;
                calls += 1;
            }
            calls
        };
        // Three calls that were on their way together: one refusal, no burst, half the rate.
        (0..3).for_each(|_| limiter.on_throttled());
        let throttled_at = calls_in(2).await;
        assert!((9..=13).contains(&throttled_at), "{throttled_at}");
        // It comes back, and no further than it may.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let burst = calls_in(1).await;
        assert!((58..=62).contains(&burst), "{burst}");
        // Refused again and again, it never stands still.
        for _ in 0..20 {
            limiter.on_throttled();
            tokio::time::sleep(THROTTLE_WINDOW).await;
        }
        let slowest = calls_in(4).await;
        assert!((4..=12).contains(&slowest), "{slowest}");
    }
}
