//! An adaptive concurrency limit for one account: additive increase with every response, multiplicative decrease with every
//! timeout (AIMD). An account that does not answer keeps few of the process's permits.

use std::sync::Arc;

use super::concurrency_limit::{Priority, PrioritySemaphore, SemaphorePermit};

/// Calls in flight before the first response.
const INITIAL_LIMIT: usize = 8;

/// Limits the calls in flight to one account.
#[derive(Debug)]
pub struct AdaptiveConcurrencyLimit {
    semaphore: Arc<PrioritySemaphore>,
    max: usize,
}

impl AdaptiveConcurrencyLimit {
    /// Creates a limit that grows up to `max`.
    pub fn new(max: usize) -> Self {
        Self { semaphore: PrioritySemaphore::new(INITIAL_LIMIT.min(max)), max: max.max(1) }
    }

    /// Waits for a permit.
    pub async fn acquire(&self, priority: Priority) -> SemaphorePermit {
        self.semaphore.acquire(priority).await
    }

    /// Raises the limit by one, after any response, errors included.
    pub fn on_success(&self) {
        self.semaphore.resize(|now| (now + 1).min(self.max));
    }

    /// Halves the limit, after a call that timed out.
    pub fn on_timeout(&self) {
        self.semaphore.resize(|now| now / 2);
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.semaphore.taken()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn widens_with_answers_and_narrows_with_silence() {
        let limit = AdaptiveConcurrencyLimit::new(20);
        let fits = async |limit: &AdaptiveConcurrencyLimit| {
            let mut held = Vec::new();
            while let Ok(slot) = tokio::time::timeout(Duration::from_millis(1), limit.acquire(Priority::Normal)).await {
                held.push(slot);
            }
            held.len()
        };
        assert_eq!(fits(&limit).await, INITIAL_LIMIT);
        (0..5).for_each(|_| limit.on_success());
        assert_eq!(fits(&limit).await, INITIAL_LIMIT + 5);
        (0..50).for_each(|_| limit.on_success());
        assert_eq!(fits(&limit).await, 20);
        limit.on_timeout();
        assert_eq!(fits(&limit).await, 10);
        (0..9).for_each(|_| limit.on_timeout());
        assert_eq!(fits(&limit).await, 1);
    }
}
