//! The memory budget for responses: bytes are granted before they are read from the network.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Permits are counted in units of this size.
const UNIT_BYTES: u64 = 4096;
/// The least that one answer may take, however small the budget is. No page of AWS comes near it.
const MIN_ANSWER_BYTES: u64 = 64 << 20;
/// The first permit of a body of unknown length.
const INITIAL_BYTES: u64 = 64 << 10;

/// The memory that all response bodies share.
#[derive(Clone, Debug)]
pub(super) struct MemoryBudget {
    free: Arc<Semaphore>,
    units: u32,
    overdraft: Arc<Mutex<()>>,
}

/// Granted bytes, given back when it is dropped, which is when the rows are written.
#[derive(Debug)]
pub struct MemoryPermit {
    memory: MemoryBudget,
    bytes: u64,
    _permits: Vec<OwnedSemaphorePermit>,
    overdraft: Option<OwnedMutexGuard<()>>,
}

impl MemoryBudget {
    /// Creates a budget of `bytes`.
    pub(super) fn new(bytes: u64) -> Self {
        let units = u32::try_from((bytes / UNIT_BYTES).max(1)).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32);
        Self { free: Arc::new(Semaphore::new(units as usize)), units, overdraft: Arc::new(Mutex::new(())) }
    }

    /// The most memory that one answer may take, with all that it becomes.
    pub(super) fn largest_answer(&self) -> u64 {
        (u64::from(self.units) * UNIT_BYTES).max(MIN_ANSWER_BYTES)
    }

    /// Waits for the bytes of a body, or for [`INITIAL_BYTES`] if its length is unknown. A body larger than the budget takes
    /// all of it and is read alone.
    pub(super) async fn acquire(&self, length: Option<u64>) -> MemoryPermit {
        let bytes = length.unwrap_or(INITIAL_BYTES).max(1);
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX).min(self.units);
        // The semaphore is never closed, so this never fails.
        let permit = self.free.clone().acquire_many_owned(units).await.ok();
        let whole = u64::from(units) * UNIT_BYTES;
        let bytes = if units == self.units { whole.max(bytes) } else { whole };
        MemoryPermit { memory: self.clone(), bytes, _permits: permit.into_iter().collect(), overdraft: None }
    }
}

impl MemoryPermit {
    /// Whether the permit covers this many bytes.
    pub fn covers(&self, bytes: u64) -> bool {
        bytes <= self.bytes || self.overdraft.is_some()
    }

    /// Waits until the permit covers `to` bytes. If bodies wait for each other, one at a time may overdraw the budget, so that
    /// one of them always completes.
    pub async fn grow(&mut self, to: u64) {
        if self.covers(to) {
            return;
        }
        let more = (to - self.bytes).max(self.bytes);
        let units = u32::try_from(more.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX).min(self.memory.units);
        tokio::select! {
            biased;
            permit = self.memory.free.clone().acquire_many_owned(units) => {
                self._permits.extend(permit.ok());
                self.bytes = (self.bytes + u64::from(units) * UNIT_BYTES).max(to);
            }
            guard = self.memory.overdraft.clone().lock_owned() => self.overdraft = Some(guard),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bodies_that_wait_for_each_other_all_complete() {
        let memory = MemoryBudget::new(1 << 20);
        let mut bodies = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let memory = memory.clone();
            bodies.spawn(async move {
                let mut grant = memory.acquire(None).await;
                for step in 1..=8_u64 {
                    grant.grow(step * (256 << 10)).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        }
        let all = async { while bodies.join_next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("a body waits for ever");
        assert_eq!(memory.free.available_permits(), memory.units as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_larger_than_the_budget_is_read_alone() {
        let memory = MemoryBudget::new(1 << 20);
        let large = memory.acquire(Some(10 << 20)).await;
        assert!(large.covers(10 << 20));
        let other = tokio::time::timeout(Duration::from_secs(1), memory.acquire(Some(1))).await;
        assert!(other.is_err());
    }
}
