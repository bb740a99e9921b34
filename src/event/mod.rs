//! The input contract: the shapes of events, the fields of a request, and the name of its run.
//!
//! [`classify`] detects the shape of an event by its fields. [`Request::read`] reads the request in it and reports all
//! errors at once. [`run_id()`] derives the name of the run, so that a second delivery of an event is the same run.
//!
//! **Invariant:** does not know the registry, the catalogue or AWS. Later steps check whether an account is known, a
//! glob matches a resource type and a format is available.
//!
//! **Invariant:** knows no role ARN and no external ID, because an event must not contain them.

pub(crate) use default_request::default_request;
pub use http::HttpRequest;
pub(crate) use http::HttpRoute;
pub(crate) use incoming::Message;
pub use incoming::{Event, classify};
pub(crate) use request::Accounts;
pub use request::Request;
pub use run_id_source::RunIdSource;
pub(crate) use run_id_source::{is_reserved, names_its_own_time, run_id, second_run_id};
pub(crate) use step::{ChangesMessage, ReportMessage, resumed_run};
pub use step::{Planning, Step};

mod default_request;
mod request;
mod run_id_source;
mod step;
mod http;
mod incoming;
