//! A resizable semaphore with two FIFO queues: waiters of high priority are served before all others.
//!
//! Unlike tokio's semaphore, it can shrink, and it reports when a permit is free and nothing waits for it.

use crate::domain::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Notify, oneshot};

/// The order in which waiting calls get a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Served when no call of high priority waits.
    Normal,
    /// Like normal for permits. Of a rate limiter's tokens it takes only those that others need not wait for.
    Spare,
    /// Served before all calls of normal priority.
    High,
}

/// Bounds the calls in flight of a process, of an account, or of a region in it.
#[derive(Debug)]
pub struct PrioritySemaphore {
    state: Mutex<SemaphoreState>,
    freed: Notify,
}

#[derive(Debug)]
struct SemaphoreState {
    limit: usize,
    taken: usize,
    high: VecDeque<oneshot::Sender<SemaphorePermit>>,
    normal: VecDeque<oneshot::Sender<SemaphorePermit>>,
}

/// A permit, given back when it is dropped.
#[derive(Debug)]
pub struct SemaphorePermit(Arc<PrioritySemaphore>);

impl PrioritySemaphore {
    /// Creates a semaphore with `limit` permits, at least one.
    pub fn new(limit: usize) -> Arc<Self> {
        let state =
            SemaphoreState { limit: limit.max(1), taken: 0, high: VecDeque::default(), normal: VecDeque::default() };
        Arc::new(Self { state: Mutex::new(state), freed: Notify::new() })
    }

    /// Waits for a permit. Dropping the future only gives up the place in the queue.
    pub async fn acquire(self: &Arc<Self>, priority: Priority) -> SemaphorePermit {
        let waiting = {
            let mut state = self.lock();
            if state.taken < state.limit {
                state.taken += 1;
                return SemaphorePermit(self.clone());
            }
            let (sender, receiver) = oneshot::channel();
            if priority == Priority::High {
                state.high.push_back(sender)
            } else {
                state.normal.push_back(sender)
            }
            receiver
        };
        match waiting.await {
            Ok(permit) => permit,
            // Unreachable: no sender is dropped before it has sent a permit, as long as `self` exists.
            Err(_) => {
                self.lock().taken += 1;
                SemaphorePermit(self.clone())
            }
        }
    }

    /// Waits until a permit is free that no call waits for.
    pub async fn available(&self) {
        loop {
            let room = self.freed.notified();
            if self.lock().is_available() {
                return;
            }
            room.await;
        }
    }

    /// Whether every permit is taken.
    pub(super) fn is_full(&self) -> bool {
        let state = self.lock();
        state.taken >= state.limit
    }

    /// Changes the limit. Permits that are taken stay taken.
    pub fn resize(self: &Arc<Self>, to: impl FnOnce(usize) -> usize) {
        let mut state = self.lock();
        state.limit = to(state.limit).max(1);
        drop(state);
        self.serve();
    }

    /// Gives free permits to waiters.
    fn serve(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            if state.taken >= state.limit {
                return;
            }
            let Some(next) = state.next() else {
                self.freed.notify_waiters();
                return;
            };
            state.taken += 1;
            drop(state);
            // If the waiter is gone by now, dropping the permit gives it back.
            let _ = next.send(SemaphorePermit(self.clone()));
        }
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.lock().taken
    }

    fn lock(&self) -> MutexGuard<'_, SemaphoreState> {
        lock(&self.state)
    }
}

impl SemaphoreState {
    fn next(&mut self) -> Option<oneshot::Sender<SemaphorePermit>> {
        let SemaphoreState { high, normal, .. } = self;
        std::iter::from_fn(|| high.pop_front().or_else(|| normal.pop_front())).find(|waiter| !waiter.is_closed())
    }

    fn is_available(&mut self) -> bool {
        let free = self.taken < self.limit;
        free && self.high.iter().chain(&self.normal).all(oneshot::Sender::is_closed)
    }
}

impl Drop for SemaphorePermit {
    fn drop(&mut self) {
        self.0.lock().taken -= 1;
        self.0.serve();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_limit_holds_and_high_priority_is_served_first() {
        let slots = PrioritySemaphore::new(2);
        let order: Arc<Mutex<Vec<usize>>> = Arc::default();
        let mut jobs = tokio::task::JoinSet::new();
        for number in 0..8 {
            let (slots, order) = (slots.clone(), order.clone());
            jobs.spawn(async move {
                tokio::time::sleep(Duration::from_millis(number as u64)).await;
                let _slot = slots.acquire(if number >= 6 { Priority::High } else { Priority::Normal }).await;
                order.lock().unwrap().push(number);
                assert!(slots.lock().taken <= 2);
                tokio::time::sleep(Duration::from_secs(1)).await;
            });
        }
        jobs.join_all().await;
        assert_eq!(*order.lock().unwrap(), [0, 1, 6, 7, 2, 3, 4, 5]);
        assert_eq!(slots.lock().taken, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_is_dropped_takes_nothing_with_it() {
        let slots = PrioritySemaphore::new(1);
        let first = slots.acquire(Priority::Normal).await;
        for _ in 0..3 {
            let waited = tokio::time::timeout(Duration::from_secs(1), slots.acquire(Priority::Normal)).await;
            assert!(waited.is_err());
        }
        drop(first);
        let again = tokio::time::timeout(Duration::from_secs(1), slots.acquire(Priority::Normal)).await;
        assert!(again.is_ok() && slots.lock().taken == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_there_once_nobody_waits() {
        let slots = PrioritySemaphore::new(1);
        let (taken, seen) = (slots.acquire(Priority::Normal).await, slots.clone());
        let room = tokio::spawn(async move { seen.available().await });
        let (next, held) = (slots.clone(), Duration::from_secs(5));
        let waiter = tokio::spawn(async move {
            let _slot = next.acquire(Priority::Normal).await;
            tokio::time::sleep(held).await;
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(taken);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!room.is_finished(), "the waiter has it");
        waiter.await.unwrap();
        room.await.unwrap();
        // A higher limit serves the waiter.
        let _one = slots.acquire(Priority::Normal).await;
        let wider = slots.clone();
        let waits = tokio::spawn(async move { wider.acquire(Priority::Normal).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        slots.resize(|limit| limit + 1);
        waits.await.unwrap();
    }
}
