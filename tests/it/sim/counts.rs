//! Counts and peaks of the server's calls, and a log of the latest ones.

use super::call::Call;
use super::error::AwsError;
use super::fault::Service;
use super::state::lock;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The key by which calls are counted. An unknown account is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallKey {
    pub account: String,
    pub region: String,
    pub service: Service,
    pub operation: String,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Calls by the calling account, region, service and operation.
    pub calls: BTreeMap<CallKey, u64>,
    /// `AssumeRole` calls, including refused ones, by the account of the role.
    pub assumed: BTreeMap<String, u64>,
    /// The peak of requests in flight.
    pub peak_in_flight: u64,
    /// The peak of each account. `AssumeRole` counts for the role's account.
    pub peak_by_account: BTreeMap<String, u64>,
    /// The peak of each account and region.
    pub peak_by_region: BTreeMap<(String, String), u64>,
    /// The number of opened connections.
    pub connections: u64,
    /// The peak of open connections.
    pub peak_connections: u64,
    /// The number of throttling responses.
    pub throttled: u64,
    /// The number of responses with an error, including throttling.
    pub errors: u64,
}

impl Counts {
    /// Returns the number of all calls.
    pub(crate) fn total(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Returns the calls of one account, service and operation in all regions.
    pub(crate) fn of(&self, account: &str, service: Service, operation: &str) -> u64 {
        let fits = |key: &CallKey| key.account == account && key.service == service && key.operation == operation;
        self.calls.iter().filter(|(key, _)| fits(key)).map(|(_, calls)| calls).sum()
    }

    /// Returns all calls of one account.
    pub(crate) fn of_account(&self, account: &str) -> u64 {
        self.calls.iter().filter(|(key, _)| key.account == account).map(|(_, calls)| calls).sum()
    }
}

/// A logged call. Secrets in its parameters are replaced.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    /// The time of its arrival since the server's start.
    pub at: Duration,
    pub account: String,
    pub region: String,
    pub service: Service,
    pub operation: String,
    /// The account of the role, for `AssumeRole`.
    pub target: Option<String>,
    /// The parameters in the form, the query or the path.
    pub params: BTreeMap<String, String>,
    /// The HTTP status; 0 if there was no response.
    pub status: u16,
    pub code: Option<String>,
}

/// The counters of the running server.
pub(super) struct Counters {
    counts: Counts,
    in_flight: u64,
    by_account: HashMap<String, u64>,
    by_region: HashMap<(String, String), u64>,
    open: u64,
    log: VecDeque<LogEntry>,
    limit: usize,
    started: Instant,
}

impl Counters {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            counts: Counts::default(),
            in_flight: 0,
            by_account: HashMap::new(),
            by_region: HashMap::new(),
            open: 0,
            log: VecDeque::new(),
            limit,
            started: Instant::now(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.clone()
    }

    pub(super) fn log(&self) -> Vec<LogEntry> {
        self.log.iter().cloned().collect()
    }

    pub(super) fn reset(&mut self) {
        self.counts = Counts { peak_in_flight: self.in_flight, peak_connections: self.open, ..Counts::default() };
        self.log.clear();
    }

    pub(super) fn connection_opened(&mut self) {
        self.open += 1;
        self.counts.connections += 1;
        self.counts.peak_connections = self.counts.peak_connections.max(self.open);
    }

    pub(super) fn connection_closed(&mut self) {
        self.open -= 1;
    }

    /// Records the response to a call.
    pub(super) fn answered(&mut self, call: &Call, at: Instant, status: u16, code: Option<&str>) {
        self.counts.errors += u64::from(code.is_some());
        self.counts.throttled += u64::from(code.is_some_and(AwsError::is_throttle));
        if self.limit == 0 {
            return;
        }
        if self.log.len() >= self.limit {
            self.log.pop_front();
        }
        self.log.push_back(LogEntry {
            at: at.saturating_duration_since(self.started),
            account: call.account.clone(),
            region: call.region.clone(),
            service: call.service,
            operation: call.operation.clone(),
            target: call.target.clone(),
            params: call.params_without_secrets(),
            status,
            code: code.map(str::to_owned),
        });
    }

    fn begin(&mut self, call: &Call, account: &str) {
        let key = CallKey {
            account: call.account.clone(),
            region: call.region.clone(),
            service: call.service,
            operation: call.operation.clone(),
        };
        *self.counts.calls.entry(key).or_default() += 1;
        if call.operation == "AssumeRole" {
            *self.counts.assumed.entry(account.to_owned()).or_default() += 1;
        }
        self.in_flight += 1;
        self.counts.peak_in_flight = self.counts.peak_in_flight.max(self.in_flight);
        let now = self.by_account.entry(account.to_owned()).or_default();
        *now += 1;
        let peak = self.counts.peak_by_account.entry(account.to_owned()).or_default();
        *peak = (*peak).max(*now);
        let place = (account.to_owned(), call.region.clone());
        let now = self.by_region.entry(place.clone()).or_default();
        *now += 1;
        let peak = self.counts.peak_by_region.entry(place).or_default();
        *peak = (*peak).max(*now);
    }

    fn end(&mut self, place: &(String, String)) {
        self.in_flight -= 1;
        if let Some(now) = self.by_account.get_mut(&place.0) {
            *now -= 1;
        }
        if let Some(now) = self.by_region.get_mut(place) {
            *now -= 1;
        }
    }
}

/// Counts a call as in flight until dropped.
pub(super) struct InFlight {
    counters: Arc<Mutex<Counters>>,
    place: (String, String),
}

impl InFlight {
    pub(super) fn begin(counters: &Arc<Mutex<Counters>>, call: &Call) -> Self {
        let account = call.target.as_ref().unwrap_or(&call.account);
        lock(counters).begin(call, account);
        Self { counters: Arc::clone(counters), place: (account.clone(), call.region.clone()) }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        lock(&self.counters).end(&self.place);
    }
}
