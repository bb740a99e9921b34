//! How long an account has waited for AWS: the time in which at least one of its calls was out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

/// How soon a clock that stands near its end is looked at again.
const MIN_RECHECK: Duration = Duration::from_millis(20);

/// One account's budget. Waiting for our own limiter, a slot or memory does not move it.
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

/// A call that is out; the clock runs until the last one is dropped.
#[derive(Debug)]
pub struct BudgetTimer(Arc<TimeBudget>);

impl TimeBudget {
    /// A clock that stands, with a budget for [`TimeBudget::exhausted`].
    pub fn new(budget: Duration) -> Arc<Self> {
        Arc::new(Self {
            budget,
            state: Mutex::new(BudgetState { running: 0, since: Instant::now(), spent: Duration::ZERO }),
        })
    }

    /// Starts the clock, or keeps it running.
    pub fn start_timer(self: &Arc<Self>) -> BudgetTimer {
        let mut state = self.lock();
        if state.running == 0 {
            state.since = Instant::now();
        }
        state.running += 1;
        drop(state);
        BudgetTimer(self.clone())
    }

    /// What has been spent so far.
    pub fn spent(&self) -> Duration {
        let state = self.lock();
        if state.running == 0 { state.spent } else { state.spent + state.since.elapsed() }
    }

    /// Returns once the budget is spent.
    pub async fn exhausted(&self) {
        loop {
            let left = self.budget.saturating_sub(self.spent());
            if left.is_zero() {
                return;
            }
            // The clock may stand for a while, so what is left is looked at again.
            tokio::time::sleep(left.max(MIN_RECHECK)).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BudgetState> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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
