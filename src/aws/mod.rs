//! How AWS is called: clients, limits, sessions, and what a failure means.
//!
//! **Invariant:** knows nothing of tables, files or runs.

mod error;
mod session_policy;
mod transport;
mod session;
mod backend;

pub use backend::{Backend, Identity};
pub use error::{AwsError, AwsErrorKind};
pub use session::Service;
pub(crate) use session::{ExpiredFlag, ServiceClient, Session};
pub(crate) use session_policy::SessionPolicy;
pub use transport::Priority;
pub(crate) use transport::{
    AdaptiveConcurrencyLimit, CallContext, CallLimits, DecodedPage, MemoryPermit, PrioritySemaphore, RateLimiter,
    TimeBudget,
};
