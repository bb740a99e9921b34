//! Between the SDK and the network: who may call when, how long it may take, what it cost, and the
//! listed items of an answer turned into rows before the SDK's deserialiser sees it.
//!
//! The SDK builds, signs, retries and pages; every attempt of its passes the `gate`, which knows
//! HTTP bodies and waiting, and nothing of accounts, tables or what a failure means.

mod clock;
mod gate;
mod lane;
mod memory;
mod share;
mod slots;
mod ticket;
mod timings;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::Mutex;

pub use clock::Clock;
pub use lane::Lane;
pub use memory::Grant;
pub use share::Share;
pub use slots::{Slot, Slots};
pub use ticket::{Taken, Tally, Ticket, Way};
pub use timings::{Spent, Timings};

use crate::settings::Settings;

/// How soon the first calls of an account that was admitted stand in line.
const SHOWS_AFTER: Duration = Duration::from_millis(2);

/// What all calls of one process share.
#[derive(Clone, Debug)]
pub struct Wire {
    http: SharedHttpClient,
    in_flight: Arc<Slots>,
    admission: Arc<Mutex<()>>,
    memory: memory::Memory,
    call_timeout: Duration,
    operation_timeout: Duration,
    timings: Option<Arc<Timings>>,
}

impl Wire {
    /// One wire for the process, over the one HTTP client.
    pub fn new(http: SharedHttpClient, settings: &Settings) -> Self {
        Self {
            http,
            in_flight: Slots::new(settings.in_flight),
            admission: Arc::default(),
            memory: memory::Memory::new(settings.body_memory),
            call_timeout: settings.call_timeout,
            operation_timeout: settings.operation_timeout,
            timings: settings.timings.then(Arc::default),
        }
    }

    /// A ticket to call with, for one cell.
    pub fn ticket(&self, way: Way) -> Arc<Ticket> {
        Arc::new(Ticket::new(self.clone(), way))
    }

    /// Waits until there is room for the many calls of one more account. Accounts that wait here cost no more than
    /// their sessions, so no more are begun than keep the slots taken.
    pub async fn admit(&self) {
        let _turn = self.admission.lock().await;
        self.in_flight.room().await;
        // What the account asks shows after a moment only.
        tokio::time::sleep(SHOWS_AFTER).await;
    }

    /// Where the time went, where the settings ask for it.
    pub fn timings(&self) -> Option<&Arc<Timings>> {
        self.timings.as_ref()
    }
}
