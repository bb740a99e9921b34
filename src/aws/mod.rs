//! How AWS is called: clients, limits, sessions, and what a failure means.
//!
//! **Invariant:** knows nothing of tables, files or runs.

mod error;
mod error_body;
mod environment;
mod lazy_http_client;
mod credential_cause;
mod own_credentials;
mod patience;
mod identity_error;
mod session_policy;
mod cancellation;
mod transport;
mod service;
mod session;
mod page;
mod call;
pub(crate) mod sdk;
mod backend;
pub(crate) mod listing;
mod event_bus;
#[cfg(feature = "cli")]
mod web_client;

pub use backend::{Backend, Identity};
pub use cancellation::Cancellation;
pub(crate) use error::ACCESS_DENIED;
pub use error::{AwsError, AwsErrorKind};
pub(crate) use error_body::bucket_region;
pub(crate) use event_bus::{BusEvent, MAX_ENTRIES, MAX_ENTRY_BYTES, put_events};
pub(crate) use page::{CallParams, NextPage, PageRequest, SendFn, Token, is_true, marker_if_truncated};
pub(crate) use patience::repeat;
pub(crate) use sdk::{ModelledListing, SdkOperation, send};
pub use service::Service;
pub(crate) use session::{ExpiredFlag, ServiceClient, Session, SessionCredentials};
pub(crate) use session_policy::SessionPolicy;
pub use transport::Priority;
pub(crate) use transport::{
    AdaptiveConcurrencyLimit, CallContext, CallLimits, DecodedPage, MemoryPermit, PrioritySemaphore, RateLimiter,
    SilenceLimit, TimeBudget,
};
#[cfg(feature = "cli")]
pub(crate) use web_client::WebClient;
