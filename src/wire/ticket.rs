//! What one cell calls with: its lane, its account's clock, its tally, and the rows of the answer
//! that came last.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::OwnedSemaphorePermit;

use super::{Clock, Grant, Lane, Wire};
use crate::failure::{Cause, Kind};
use crate::transcode::{Answer, Wanted};

/// What a cell's calls cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests sent, retries included.
    pub calls: u64,
    /// Those of them that repeated one.
    pub retries: u64,
    /// Those of them that were refused for rate.
    pub throttles: u64,
    /// Answers read.
    pub pages: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.retries += more.retries;
        self.throttles += more.throttles;
        self.pages += more.pages;
    }
}

/// An answer taken off the wire, with the memory that it holds.
#[derive(Debug)]
pub struct Taken {
    /// The rows and what stood around them.
    pub answer: Answer,
    /// Kept until the rows are written.
    pub grant: Grant,
}

/// One cell's way to the wire. One call at a time.
#[derive(Debug)]
pub struct Ticket {
    pub(super) wire: Wire,
    pub(super) lane: Arc<Lane>,
    pub(super) clock: Arc<Clock>,
    slot: Mutex<Option<OwnedSemaphorePermit>>,
    wanted: Mutex<Option<Arc<Wanted>>>,
    taken: Mutex<Option<Taken>>,
    first_attempt: AtomicBool,
    last_refusal: Mutex<Option<Cause>>,
    last_request_id: Mutex<Option<String>>,
    calls: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    pages: AtomicU64,
}

impl Ticket {
    pub(super) fn new(wire: Wire, lane: Arc<Lane>, clock: Arc<Clock>) -> Self {
        Self {
            wire,
            lane,
            clock,
            slot: Mutex::default(),
            wanted: Mutex::default(),
            taken: Mutex::default(),
            first_attempt: AtomicBool::new(true),
            last_refusal: Mutex::default(),
            last_request_id: Mutex::default(),
            calls: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            throttles: AtomicU64::new(0),
            pages: AtomicU64::new(0),
        }
    }

    /// Waits for a slot and for the lane, before the request is signed; what is `wanted` of the answer
    /// becomes rows.
    pub async fn open(&self, wanted: Option<Arc<Wanted>>) {
        // The lane comes first: who waits for its rate takes no slot from others.
        self.lane.turn().await;
        let slot = self.wire.in_flight.clone().acquire_owned().await.ok();
        *lock(&self.slot) = slot;
        *lock(&self.wanted) = wanted;
        *lock(&self.taken) = None;
        *lock(&self.last_request_id) = None;
        self.first_attempt.store(true, Ordering::Relaxed);
        *lock(&self.last_refusal) = None;
    }

    /// The rows of the call that has just succeeded.
    pub fn take(&self) -> Option<Taken> {
        let taken = lock(&self.taken).take();
        if taken.is_some() {
            self.pages.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Gives the slot back when a call was ended from outside.
    pub fn close(&self) {
        *lock(&self.slot) = None;
        *lock(&self.taken) = None;
    }

    /// What the calls cost so far.
    pub fn tally(&self) -> Tally {
        Tally {
            calls: self.calls.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            throttles: self.throttles.load(Ordering::Relaxed),
            pages: self.pages.load(Ordering::Relaxed),
        }
    }

    /// What AWS refused the last attempt with, as it came off the wire.
    pub fn last_refusal(&self) -> Option<Cause> {
        lock(&self.last_refusal).clone()
    }

    /// The request id of the last answer, for failures that the SDK knows none of.
    pub fn last_request_id(&self) -> Option<String> {
        lock(&self.last_request_id).clone()
    }

    /// Before an attempt: the slot of the first was taken by [`Ticket::open`], a retry waits its turn again.
    pub(super) async fn admit(&self) -> Option<OwnedSemaphorePermit> {
        if self.first_attempt.swap(false, Ordering::Relaxed) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            return lock(&self.slot).take();
        }
        self.lane.turn().await;
        let slot = self.wire.in_flight.clone().acquire_owned().await.ok();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.retries.fetch_add(1, Ordering::Relaxed);
        slot
    }

    pub(super) fn answered(&self, request_id: Option<&str>, refusal: Option<Cause>) {
        if refusal.as_ref().is_some_and(|cause| cause.kind == Kind::Throttled) {
            self.throttles.fetch_add(1, Ordering::Relaxed);
            self.lane.refused();
        }
        *lock(&self.last_refusal) = refusal;
        *lock(&self.last_request_id) = request_id.map(str::to_owned);
    }

    pub(super) fn wanted(&self) -> Option<Arc<Wanted>> {
        lock(&self.wanted).clone()
    }

    pub(super) fn put(&self, taken: Taken) {
        *lock(&self.taken) = Some(taken);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
