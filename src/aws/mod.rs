//! How AWS is called: clients, limits, sessions, and what a failure means.
//!
//! **Invariant:** knows nothing of tables, files or runs.

mod error;
mod error_body;
mod environment;
mod lazy_http_client;
mod credential_cause;
mod own_credentials;
mod identity_error;
mod session_policy;
mod cancellation;
mod transport;
mod session;
mod page;
mod call;
mod backend;

pub use backend::{Backend, Identity};
pub use cancellation::Cancellation;
pub use error::{AwsError, AwsErrorKind};
pub(crate) use error_body::bucket_region;
pub(crate) use page::{CallParams, NextPage};
pub(crate) use page::{PageRequest, SendFn, Token};
pub use session::Service;
pub(crate) use session::{ExpiredFlag, ServiceClient, Session, SessionCredentials};
pub(crate) use session_policy::SessionPolicy;
pub use transport::Priority;
pub(crate) use transport::{
    AdaptiveConcurrencyLimit, CallContext, CallLimits, DecodedPage, MemoryPermit, PrioritySemaphore, RateLimiter,
    TimeBudget,
};
