//! What one account may have in flight: little at first, and more with every answer, so that an account that does not
//! answer keeps few of the process's slots.

use std::sync::Arc;

use super::concurrency_limit::{PrioritySemaphore, SemaphorePermit};

/// So many calls go out before the first is answered.
const AT_FIRST: usize = 8;

/// One account's share of the slots.
#[derive(Debug)]
pub struct AdaptiveConcurrencyLimit {
    slots: Arc<PrioritySemaphore>,
    most: usize,
}

impl AdaptiveConcurrencyLimit {
    /// A share that grows to `most`.
    pub fn new(most: usize) -> Self {
        Self { slots: PrioritySemaphore::new(AT_FIRST.min(most)), most: most.max(1) }
    }

    /// Waits for one of them.
    pub async fn take(&self, urgent: bool) -> SemaphorePermit {
        self.slots.take(urgent).await
    }

    /// A call was answered, however: one more may be out.
    pub fn answered(&self) {
        self.slots.resize(|now| (now + 1).min(self.most));
    }

    /// A call was not answered in time: half as many may be out.
    pub fn silent(&self) {
        self.slots.resize(|now| now / 2);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn widens_with_answers_and_narrows_with_silence() {
        let share = AdaptiveConcurrencyLimit::new(20);
        let fits = async |share: &AdaptiveConcurrencyLimit| {
            let mut held = Vec::new();
            while let Ok(slot) = tokio::time::timeout(Duration::from_millis(1), share.take(false)).await {
                held.push(slot);
            }
            held.len()
        };
        assert_eq!(fits(&share).await, AT_FIRST);
        (0..5).for_each(|_| share.answered());
        assert_eq!(fits(&share).await, AT_FIRST + 5);
        (0..50).for_each(|_| share.answered());
        assert_eq!(fits(&share).await, 20);
        share.silent();
        assert_eq!(fits(&share).await, 10);
        (0..9).for_each(|_| share.silent());
        assert_eq!(fits(&share).await, 1);
    }
}
