//! Between the SDK and the network: who may call when, how long it may take, what it cost, and the
//! listed items of an answer turned into rows before the SDK's deserialiser sees it.
//!
//! The SDK builds, signs, retries and pages; every attempt of its passes the `gate`, which knows
//! HTTP bodies and waiting, and nothing of accounts, tables or what a failure means.

mod clock;
mod gate;
mod lane;
mod memory;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::Semaphore;

pub use clock::Clock;
pub use lane::Lane;
pub use memory::Grant;
pub use ticket::{Taken, Tally, Ticket};

use crate::settings::Settings;

/// What all calls of one process share.
#[derive(Clone, Debug)]
pub struct Wire {
    http: SharedHttpClient,
    in_flight: Arc<Semaphore>,
    memory: memory::Memory,
    call_timeout: Duration,
}

impl Wire {
    /// One wire for the process, over the one HTTP client.
    pub fn new(http: SharedHttpClient, settings: &Settings) -> Self {
        Self {
            http,
            in_flight: Arc::new(Semaphore::new(settings.in_flight)),
            memory: memory::Memory::new(settings.body_memory),
            call_timeout: settings.call_timeout,
        }
    }

    /// A ticket to call with, for one cell: its calls keep to `lane` and are timed by `clock`.
    pub fn ticket(&self, lane: Arc<Lane>, clock: Arc<Clock>) -> Arc<Ticket> {
        Arc::new(Ticket::new(self.clone(), lane, clock))
    }
}
