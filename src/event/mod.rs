//! The input contract: what may come in, what a request may ask for, and what its run is called.
//!
//! [`classify`] says by its own marks what shape an event has; [`Request::read`] reads the request
//! in it, naming every problem at once; [`run_id()`] derives the run's name so that a second delivery
//! of the same event is the same run.
//!
//! This module does not know the registry, the catalogue or AWS: whether an account is known, a glob
//! matches a resource type or a format is available is found out later. And it knows no role ARN and
//! no external ID, since an event may not carry them.

pub(crate) use default_request::default_request;
pub(crate) use incoming::Message;
pub use incoming::{Event, classify};
pub(crate) use request::Accounts;
pub use request::Request;
pub use run_id_source::RunIdSource;
pub(crate) use run_id_source::run_id;
pub use step::{Planning, Step};

mod default_request;
mod request;
mod run_id_source;
mod step;
mod incoming;
