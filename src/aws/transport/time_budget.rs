//! The time budget of an account: the time in which at least one of its calls waited for AWS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::lock;

/// The shortest pause between two checks of a budget that is nearly spent.
const MIN_RECHECK: Duration = Duration::from_millis(20);

/// One account's budget. Waiting for the rate limiter, a permit or memory does not count.
#[derive(Debug)]
pub struct TimeBudget {
    budget: Duration,
    state: Mutex<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    running: u32,
    since: Instant,
    spent: Duration,
}

/// Counts time against the budget until it is dropped. Concurrent timers count once.
#[derive(Debug)]
pub struct BudgetTimer(Arc<TimeBudget>);

/// Waits until nothing is left. Less may have been spent meanwhile than time has passed, so the rest is checked again.
pub(super) async fn run_out(left: impl Fn() -> Duration) {
    loop {
        let left = left();
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.max(MIN_RECHECK)).await;
    }
}

impl TimeBudget {
    /// Creates an unspent budget.
    pub fn new(budget: Duration) -> Arc<Self> {
        Arc::new(Self {
            budget,
            state: Mutex::new(BudgetState { running: 0, since: Instant::now(), spent: Duration::ZERO }),
        })
    }

    /// Counts time against the budget while the timer exists.
    pub fn start_timer(self: &Arc<Self>) -> BudgetTimer {
        let mut state = self.lock();
        if state.running == 0 {
            state.since = Instant::now();
        }
        state.running += 1;
        drop(state);
        BudgetTimer(self.clone())
    }

    /// The time that has been spent.
    pub fn spent(&self) -> Duration {
        let state = self.lock();
        if state.running == 0 { state.spent } else { state.spent + state.since.elapsed() }
    }

    /// The time that is left.
    pub fn left(&self) -> Duration {
        self.budget.saturating_sub(self.spent())
    }

    /// Begins anew: nothing is spent.
    pub fn restart(&self) {
        let mut state = self.lock();
        (state.spent, state.since) = (Duration::ZERO, Instant::now());
    }

    /// Waits until the budget is spent.
    pub async fn exhausted(&self) {
        run_out(|| self.left()).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BudgetState> {
        lock(&self.state)
    }
}

impl Drop for BudgetTimer {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        if state.running == 0 {
            let ran = state.since.elapsed();
            state.spent += ran;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn runs_only_while_a_call_is_out() {
        let budget = TimeBudget::new(Duration::from_secs(10));
        let wait = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        let first = budget.start_timer();
        wait(2).await;
        let second = budget.start_timer();
        wait(2).await;
        drop(first);
        wait(2).await;
        drop(second);
        wait(60).await;
        assert_eq!(budget.spent(), Duration::from_secs(6));
        let _third = budget.start_timer();
        let before = Instant::now();
        budget.exhausted().await;
        assert_eq!(before.elapsed(), Duration::from_secs(4));
    }
}
