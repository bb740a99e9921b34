//! A token bucket for one service in one account (and region), which is how AWS counts. It slows down while AWS throttles.

use crate::domain::lock;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Time in which a throttled limiter would recover from zero to its full rate.
const RECOVERY_TIME: Duration = Duration::from_secs(60);
/// The lowest rate of a throttled limiter, as a fraction of its full rate.
const MIN_RATE_FACTOR: f64 = 1.0 / 8.0;
/// Refusals within this time count once, since their calls were in flight together.
const THROTTLE_WINDOW: Duration = Duration::from_secs(1);
/// The shortest wait of a call that takes spare tokens only.
const MIN_SPARE_WAIT: Duration = Duration::from_millis(5);

/// Admits calls at a rate, after a burst, in the order in which they came.
#[derive(Debug)]
pub struct RateLimiter {
    per_second: f64,
    burst: f64,
    state: Mutex<LimiterState>,
}

#[derive(Debug)]
struct LimiterState {
    tokens: f64,
    /// The current rate, which is lower for some time after AWS throttled a call.
    rate: f64,
    updated_at: Instant,
    throttled_at: Option<Instant>,
}

impl RateLimiter {
    /// Creates a full bucket of `burst` calls that refills with `per_second`.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let state = LimiterState { tokens: burst, rate: per_second, updated_at: Instant::now(), throttled_at: None };
        Self { per_second, burst, state: Mutex::new(state) }
    }

    /// Waits for a token. Dropping the future still uses the token up: too slow is safer than too fast.
    pub async fn acquire(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits until half of the burst is left, and takes a token then: for calls that must not delay others. Dropping the
    /// future takes nothing.
    pub async fn acquire_spare(&self) {
        while let Some(wait) = self.take_spare() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token if half of the burst is left. Else returns the time until it may be.
    fn take_spare(&self) -> Option<Duration> {
        let mut state = lock(&self.state);
        state.advance(Instant::now(), self.per_second, self.burst);
        let lacking = self.burst / 2.0 - state.tokens;
        if lacking <= 0.0 {
            state.tokens -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64(lacking / state.rate).max(MIN_SPARE_WAIT))
    }

    /// Empties the bucket and halves the rate, which recovers slowly. AWS throttled a call, so other clients draw on the same
    /// bucket and it is emptier than assumed.
    pub fn on_throttled(&self) {
        let mut state = lock(&self.state);
        let now = Instant::now();
        state.advance(now, self.per_second, self.burst);
        state.tokens = state.tokens.min(0.0);
        if state.throttled_at.is_none_or(|throttled_at| now.duration_since(throttled_at) >= THROTTLE_WINDOW) {
            state.throttled_at = Some(now);
            state.rate = (state.rate / 2.0).max(self.per_second * MIN_RATE_FACTOR);
        }
    }

    fn reserve(&self) -> Duration {
        let mut state = lock(&self.state);
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
    async fn throttling_halves_the_rate_which_recovers() {
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
        // Three calls that were in flight together count as one refusal: no burst, half the rate.
        (0..3).for_each(|_| limiter.on_throttled());
        let slowed = calls_in(2).await;
        assert!((9..=13).contains(&slowed), "{slowed}");
        // The rate recovers, and not beyond its limit.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let burst = calls_in(1).await;
        assert!((58..=62).contains(&burst), "{burst}");
        // Refusals without end never stop it.
        for _ in 0..20 {
            limiter.on_throttled();
            tokio::time::sleep(THROTTLE_WINDOW).await;
        }
        let slowest = calls_in(4).await;
        assert!((4..=12).contains(&slowest), "{slowest}");
    }

    #[tokio::test(start_paused = true)]
    async fn spare_calls_delay_no_other() {
        let limiter = std::sync::Arc::new(RateLimiter::new(10.0, 20.0));
        let spare = |count: usize| {
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..count {
                let limiter = limiter.clone();
                calls.spawn(async move { limiter.acquire_spare().await });
            }
            calls
        };
        // A full bucket gives its upper half.
        let (started, mut calls) = (Instant::now(), spare(30));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        for _ in 0..9 {
            limiter.acquire().await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "the lower half is left to the others");
        while calls.join_next().await.is_some() {}
        let took = started.elapsed().as_secs_f64();
        assert!((2.0..=3.5).contains(&took), "30 calls, 10 of them at once and 9 tokens later, took {took} s");
        // Calls that are given up while they wait take nothing.
        limiter.on_throttled();
        let mut given_up = spare(50);
        given_up.abort_all();
        while given_up.join_next().await.is_some() {}
        tokio::time::sleep(Duration::from_secs(120)).await;
        let began = Instant::now();
        for _ in 0..20 {
            limiter.acquire().await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        // A bucket that never holds a whole token gives one.
        let narrow = RateLimiter::new(0.5, 0.5);
        narrow.acquire_spare().await;
    }
}
