//! The simulated AWS: STS, EC2, Route 53, IAM, Account and S3 on loopback, for any number of accounts.
//!
//! It runs on a runtime of its own, so that a test's paused clock or busy threads do not touch it, and ends when
//! dropped. Whose call it is, and in which region, is read from the SigV4 credential scope; signatures are not
//! checked. What each account holds is a [`World`]; what goes wrong is a list of [`Fault`]s; what was asked is
//! counted and kept ([`Counts`], [`LogEntry`]). It knows nothing of rolecall, and uses no AWS crate.
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
mod http;
mod iam;
mod names;
mod policy;
mod reply;
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
pub(crate) use names::{account_id, health_check_id, record_name, resource_id, zone_id, zone_name};
pub(crate) use s3::Object;
pub(crate) use world::{Account, Buckets, Deny, Rate, Role, World};

use bytes::Bytes;
use state::{State, lock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};

/// How many connections may wait to be accepted.
const MOST_WAITING: u32 = 4096;

/// A running simulated AWS. Dropped, it stops.
pub(crate) struct Sim {
    state: Arc<State>,
    port: u16,
    runtime: Option<Runtime>,
}

impl Sim {
    /// Starts on a free loopback port. Panics where the machine gives no port or thread.
    pub(crate) async fn start(world: World) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(world.threads.max(1))
            .thread_name("sim")
            .enable_all()
            .build()
            .expect("a runtime");
        let state = Arc::new(State::new(world));
        let listener = {
            // Hundreds of connections may be opened at once; whoever finds no place in line waits for a second.
            let _entered = runtime.enter();
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a loopback port");
            socket.listen(MOST_WAITING).expect("a listening socket")
        };
        let port = listener.local_addr().expect("a local address").port();
        runtime.spawn(http::listen(Arc::clone(&state), listener));
        Self { state, port, runtime: Some(runtime) }
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes the world under the running server; calls that have begun keep the old one. New buckets are opened.
    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        self.state.change(change);
    }

    /// From now on the requests to customers' accounts are kept as they are sent.
    pub(crate) fn record(&self) {
        *lock(&self.state.recorded) = Some(Vec::new());
    }

    /// What was kept: heads and bodies in turn. No more is.
    pub(crate) fn recorded(&self) -> Vec<Bytes> {
        lock(&self.state.recorded).take().unwrap_or_default()
    }

    /// Adds a fault; it holds from the next call on.
    pub(crate) fn add_fault(&self, fault: Fault) -> FaultId {
        self.state.faults.add(fault)
    }

    /// How often a fault struck.
    pub(crate) fn fired(&self, id: FaultId) -> u64 {
        self.state.faults.fired(id)
    }

    /// A fault strikes no more; whom it held goes on. Its count stays.
    pub(crate) fn lift(&self, id: FaultId) {
        self.state.faults.lift(id);
    }

    /// Takes all faults away, their counts included.
    pub(crate) fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// All that was counted until now.
    pub(crate) fn counts(&self) -> Counts {
        lock(&self.state.counters).counts()
    }

    /// The latest calls, oldest first (at most `World::log_limit`).
    pub(crate) fn log(&self) -> Vec<LogEntry> {
        lock(&self.state.counters).log()
    }

    /// The logged calls of one operation.
    pub(crate) fn log_of(&self, service: Service, operation: &str) -> Vec<LogEntry> {
        self.log().into_iter().filter(|e| e.service == service && e.operation == operation).collect()
    }

    /// The most logged calls of those wanted that came within any such window.
    pub(crate) fn peak_within(&self, window: Duration, wanted: impl Fn(&LogEntry) -> bool) -> usize {
        let mut times: Vec<Duration> = self.log().iter().filter(|entry| wanted(entry)).map(|entry| entry.at).collect();
        times.sort_unstable();
        let within = |(first, from): (usize, &Duration)| times.partition_point(|at| *at <= *from + window) - first;
        times.iter().enumerate().map(within).max().unwrap_or(0)
    }

    /// Forgets counts and log, so that a second run starts at none. Connections that are open stay open.
    pub(crate) fn reset_counts(&self) {
        lock(&self.state.counters).reset();
    }

    /// From now on the sessions issued for this account count as expired; new ones are good.
    pub(crate) fn expire_sessions(&self, account: &str) {
        self.state.callers.expire_account(account);
    }

    /// From now on the sessions issued for this account are denied everything, as after "revoke active sessions".
    pub(crate) fn revoke_sessions(&self, account: &str) {
        self.state.callers.revoke_account(account);
    }

    /// Moves the server's clock: a request dated more than five minutes off it is refused.
    pub(crate) fn set_clock_skew(&self, seconds: i64) {
        self.state.set_skew(seconds);
    }

    /// Every secret handed out or wanted (secret keys, session tokens, external ids): none may show in any output.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut all = self.state.callers.secrets();
        let world = self.state.world();
        let roles = world.accounts.values().flat_map(|account| account.roles.values());
        all.extend(roles.filter_map(|role| role.external_id.clone()));
        all
    }

    /// The objects of a bucket, by key.
    pub(crate) fn objects(&self, bucket: &str) -> BTreeMap<String, Bytes> {
        lock(&self.state.store).objects(bucket).into_iter().map(|(key, object)| (key, object.body)).collect()
    }

    /// One object, with the headers it was written with.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        lock(&self.state.store).objects(bucket).remove(key)
    }

    /// Puts an object there without a call.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, body: impl Into<Bytes>) {
        lock(&self.state.store).put_directly(bucket, key, body.into());
    }

    /// Multipart uploads that were neither completed nor aborted: (bucket, key).
    pub(crate) fn open_uploads(&self) -> Vec<(String, String)> {
        lock(&self.state.store).open_uploads()
    }

    /// S3 calls made with the credentials of an account that does not own the bucket.
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
