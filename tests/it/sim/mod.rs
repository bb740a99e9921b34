//! The simulated AWS: STS, EC2, Route 53 with Resolver, Profiles and Domains, IAM, Account and S3 on
//! loopback, for any number of accounts.
//!
//! The server has its own runtime, so that a test's paused clock or busy threads do not affect it. It stops when
//! dropped. It reads the caller and the region from the SigV4 credential scope and does not check signatures. A
//! [`World`] describes the accounts' resources, and a [`Fault`] what goes wrong. [`Counts`] and [`LogEntry`] report
//! the calls.
//!
//! **Invariant:** knows nothing of rolecall, and uses no AWS crate.
#![allow(dead_code, unused_imports)]
#![expect(clippy::disallowed_methods, reason = "the server keeps real time, whatever a test does to Tokio's clock")]

mod account;
mod authorization;
mod bucket;
mod call;
mod caller;
mod clock;
mod counts;
mod dispatch;
mod ec2;
mod error;
mod fault;
mod holders;
mod http;
mod iam;
mod names;
mod organizations;
mod policy;
mod reply;
mod resolver;
mod route53;
mod s3;
mod state;
mod sts;
#[cfg(test)]
mod tests;
mod token;
mod world;
mod xml;

pub(crate) use counts::{CallKey, Counts, LogEntry};
pub(crate) use ec2::Kind;
pub(crate) use fault::{Fault, FaultId, FaultKind, Service, Times};
pub(crate) use names::{account_id, external_id, health_check_id, record_name, resource_id, zone_id, zone_name};
pub(crate) use organizations::{ROOT, SimOrganization};
pub(crate) use s3::Object;
pub(crate) use world::{Account, Buckets, DEFAULT_REGIONS, Deny, Rate, Role, World};

use bytes::Bytes;
use state::{State, lock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};

/// The number of connections that may wait to be accepted.
const LISTEN_BACKLOG: u32 = 4096;

/// A running simulated AWS. It stops when dropped.
pub(crate) struct Sim {
    state: Arc<State>,
    port: u16,
    runtime: Option<Runtime>,
}

impl Sim {
    /// Starts on a free loopback port. Panics if the machine has no free port or thread.
    pub(crate) async fn start(world: World) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(world.threads.max(1))
            .thread_name("sim")
            .enable_all()
            .build()
            .expect("a runtime");
        let state = Arc::new(State::new(world));
        let listener = {
            // Hundreds of connections may be opened at once. A client that finds the backlog full waits for a second.
            let _entered = runtime.enter();
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a loopback port");
            socket.listen(LISTEN_BACKLOG).expect("a listening socket")
        };
        let port = listener.local_addr().expect("a local address").port();
        runtime.spawn(http::listen(Arc::clone(&state), listener));
        Self { state, port, runtime: Some(runtime) }
    }

    /// Returns its endpoint: `http://127.0.0.1:<port>`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes the world of the running server. Calls in flight keep the old one. New buckets are created.
    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        self.state.change(change);
    }

    /// Starts recording the requests to customers' accounts, byte for byte.
    pub(crate) fn record(&self) {
        *lock(&self.state.recorded) = Some(Vec::new());
    }

    /// Stops recording and returns the heads and bodies of the requests in turn.
    pub(crate) fn recorded(&self) -> Vec<Bytes> {
        lock(&self.state.recorded).take().unwrap_or_default()
    }

    /// Adds a fault, which applies from the next call on.
    pub(crate) fn add_fault(&self, fault: Fault) -> FaultId {
        self.state.faults.add(fault)
    }

    /// Returns how often a fault has fired.
    pub(crate) fn fired(&self, id: FaultId) -> u64 {
        self.state.faults.fired(id)
    }

    /// Disables a fault and releases the calls that it held. Its count stays.
    pub(crate) fn lift(&self, id: FaultId) {
        self.state.faults.lift(id);
    }

    /// Removes all faults and their counts.
    pub(crate) fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Returns all counts until now.
    pub(crate) fn counts(&self) -> Counts {
        lock(&self.state.counters).counts()
    }

    /// Returns the latest calls, oldest first, at most `World::log_limit`.
    pub(crate) fn log(&self) -> Vec<LogEntry> {
        lock(&self.state.counters).log()
    }

    /// Returns the logged calls of one operation.
    pub(crate) fn log_of(&self, service: Service, operation: &str) -> Vec<LogEntry> {
        self.log().into_iter().filter(|e| e.service == service && e.operation == operation).collect()
    }

    /// Returns the maximum number of matching calls in any window of this length.
    pub(crate) fn peak_within(&self, window: Duration, matches: impl Fn(&LogEntry) -> bool) -> usize {
        let mut times: Vec<Duration> = self.log().iter().filter(|entry| matches(entry)).map(|entry| entry.at).collect();
        times.sort_unstable();
        let within = |(first, from): (usize, &Duration)| times.partition_point(|at| *at <= *from + window) - first;
        times.iter().enumerate().map(within).max().unwrap_or(0)
    }

    /// Resets the counts and the log, so that a second run starts at zero. Open connections stay open.
    pub(crate) fn reset_counts(&self) {
        lock(&self.state.counters).reset();
    }

    /// Expires all sessions of an account. New sessions are valid.
    pub(crate) fn expire_sessions(&self, account: &str) {
        self.state.callers.expire_account(account);
    }

    /// Denies all sessions of an account everything, as "revoke active sessions" does.
    pub(crate) fn revoke_sessions(&self, account: &str) {
        self.state.callers.revoke_account(account);
    }

    /// Moves the server's clock. A request whose date is more than five minutes off is refused.
    pub(crate) fn set_clock_skew(&self, seconds: i64) {
        self.state.set_skew(seconds);
    }

    /// Returns all secrets: secret keys, session tokens and external IDs. No output may contain one.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut all = self.state.callers.secrets();
        let world = self.state.world();
        let roles = world.accounts.values().flat_map(|account| account.roles.values());
        all.extend(roles.filter_map(|role| role.external_id.clone()));
        all
    }

    /// Returns the objects of a bucket by key.
    pub(crate) fn objects(&self, bucket: &str) -> BTreeMap<String, Bytes> {
        lock(&self.state.store).objects(bucket).into_iter().map(|(key, object)| (key, object.body)).collect()
    }

    /// Returns one object with the headers of its write.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        lock(&self.state.store).objects(bucket).remove(key)
    }

    /// Stores an object without a call.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, body: impl Into<Bytes>) {
        lock(&self.state.store).put_directly(bucket, key, body.into());
    }

    /// Returns bucket and key of the multipart uploads that are neither completed nor aborted.
    pub(crate) fn open_uploads(&self) -> Vec<(String, String)> {
        lock(&self.state.store).open_uploads()
    }

    /// Returns the number of S3 calls with the credentials of an account that does not own the bucket.
    pub(crate) fn foreign_s3_calls(&self) -> u64 {
        lock(&self.state.store).foreign_calls()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
