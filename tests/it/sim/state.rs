//! What the running server shares: the world, the sessions, the faults, the counts, the buckets.

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

/// Locks; a panic elsewhere makes nothing worse here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server's state.
pub(super) struct State {
    world: RwLock<Arc<World>>,
    pub callers: Callers,
    pub faults: Faults,
    pub counters: Arc<Mutex<Counters>>,
    pub buckets: TokenBuckets,
    pub store: Mutex<Store>,
    /// Ids of zones that were deleted.
    pub deleted_zones: Mutex<HashSet<String>>,
    /// Requests to customers' accounts as they were sent, where they are kept.
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

    /// The world as it is now.
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

    /// The server's clock, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.now_ms() / 1000
    }

    /// The server's clock, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        now + self.skew.load(Ordering::Relaxed) * 1000
    }

    /// Whether a request of this date (`x-amz-date`) is too far off the server's clock.
    pub(super) fn is_skewed(&self, date: Option<&str>) -> bool {
        date.and_then(clock::parse_amz).is_some_and(|date| (date - self.now()).abs() > 300)
    }

    /// A new request id, of AWS's form.
    pub(super) fn request_id(&self) -> String {
        format!("51300000-0000-4000-8000-{:012x}", self.requests.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
