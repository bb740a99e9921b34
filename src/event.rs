//! The input contract: what may come in, what a request may ask for, and what its run is called.
//!
//! [`tell_apart`] says by its own marks what shape an event has; [`Request::read`] reads the request
//! in it, naming every problem at once; [`run_id()`] derives the run's name so that a second delivery
//! of the same event is the same run.
//!
//! This module does not know the registry, the catalogue or AWS: whether an account is known, a glob
//! matches a resource type or a format is available is found out later. And it knows no role ARN and
//! no external ID, since an event may not carry them.

pub use globs::{Globs, region_glob, resource_glob};
pub use incoming::{Incoming, Message, tell_apart};
pub use naming::{Naming, run_id};
pub use request::{Accounts, Request};
pub use run_id::RunId;
pub use step::{BATCH, Planning, Step};
pub use words::{AccountId, Format};

mod globs;
mod incoming;
mod naming;
mod request;
mod run_id;
mod step;
mod words;
