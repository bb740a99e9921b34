//! The shared state of the running server: world, sessions, faults, counters and token buckets.

use super::bucket::TokenBuckets;
use super::caller::Callers;
use super::clock;
use super::counts::Counters;
use super::fault::Faults;
use super::s3::Store;
use super::world::World;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Locks a mutex, even after a panic in another thread: the data stays consistent.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct State {
    world: RwLock<Arc<World>>,
    pub callers: Callers,
    pub faults: Faults,
    pub counters: Arc<Mutex<Counters>>,
    pub buckets: TokenBuckets,
    pub store: Mutex<Store>,
    /// The ids of deleted zones.
    pub deleted_zones: Mutex<HashSet<String>>,
    /// The recorded requests to customers' accounts; `None` if recording is off.
    pub recorded: Mutex<Option<Vec<bytes::Bytes>>>,
    skew: AtomicI64,
    requests: AtomicU64,
}

impl State {
    pub(super) fn new(world: World) -> Self {
        let mut store = Store::default();
        store.open_buckets(&world.s3_buckets);
        Self {
            callers: Callers::default(),
            faults: Faults::default(),
            counters: Arc::new(Mutex::new(Counters::new(world.log_limit))),
            buckets: TokenBuckets::default(),
            store: Mutex::new(store),
            deleted_zones: Mutex::new(HashSet::new()),
            recorded: Mutex::new(None),
            skew: AtomicI64::new(0),
            requests: AtomicU64::new(0),
            world: RwLock::new(Arc::new(world)),
        }
    }

    /// Returns the current world.
    pub(super) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut World)) {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut world));
        lock(&self.store).open_buckets(&world.s3_buckets);
    }

    pub(super) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::Relaxed);
    }

    /// Returns the server's time in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.now_ms() / 1000
    }

    /// Returns the server's time in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        now + self.skew.load(Ordering::Relaxed) * 1000
    }

    /// Returns whether a request's date (`x-amz-date`) is too far from the server's time.
    pub(super) fn is_skewed(&self, date: Option<&str>) -> bool {
        date.and_then(clock::parse_amz).is_some_and(|date| (date - self.now()).abs() > 300)
    }

    /// Returns a new request id in the form of AWS.
    pub(super) fn request_id(&self) -> String {
        format!("51300000-0000-4000-8000-{:012x}", self.requests.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
