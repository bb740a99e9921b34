//! What one account may have in flight: little at first, and more with every answer, so that an account that does not
//! answer keeps few of the process's semaphore.

use std::sync::Arc;

use super::concurrency_limit::{Priority, PrioritySemaphore, SemaphorePermit};

/// So many calls go out before the first is answered.
const INITIAL_LIMIT: usize = 8;

/// One account's share of the semaphore.
#[derive(Debug)]
pub struct AdaptiveConcurrencyLimit {
    semaphore: Arc<PrioritySemaphore>,
    max: usize,
}

impl AdaptiveConcurrencyLimit {
    /// A share that grows to `max`.
    pub fn new(max: usize) -> Self {
        Self { semaphore: PrioritySemaphore::new(INITIAL_LIMIT.min(max)), max: max.max(1) }
    }

    /// Waits for one of them.
    pub async fn acquire(&self, priority: Priority) -> SemaphorePermit {
        self.semaphore.acquire(priority).await
    }

    /// A call was answered, however: one more may be out.
    pub fn on_success(&self) {
        self.semaphore.resize(|now| (now + 1).min(self.max));
    }

    /// A call was not answered in time: half as many may be out.
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
