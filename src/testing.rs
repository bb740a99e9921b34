//! Interior items for integration tests and benchmarks. No part of the public API.

pub use crate::aws::{AwsError, AwsErrorKind, Backend, Cancellation, Identity, Priority, Service};
pub use crate::catalogue::{
    Catalogue, Id, MemberFilter, Reach, SECRET_ACTIONS, Scope, Source, Table, ValueFrom, actions_of, session_policies,
};
pub use crate::customers::{Registry, RoleAssumer, backend_role};
pub use crate::decode::{Scalars, Value as CellValue, decode};
pub use crate::domain::{Format, RunId};
pub use crate::engine::{
    AccountSummary, Disabling, Engine, NoopObserver, Observer, PlanStepOutput, ReduceStepOutput, RequestDraft,
    Response, RunRequest, Steps, StopCondition,
};
pub use crate::error::{Error, ErrorKind};
pub use crate::event::{Event, HttpRequest, Planning, Request, RunIdSource, Step, classify};
pub use crate::input::{ValidationErrors, parse};
pub use crate::inventory::{Location, Page};
#[cfg(feature = "cli")]
pub use crate::onboarding::iam_policy::role_reader::READ_ROLE_ACTIONS;
pub use crate::output::sink;
pub use crate::output::sink::{FileNaming, SinkConfig, SinkMessage, Tables, parquet_to_ndjson};
pub use crate::settings::{Runtime, Settings};
pub use crate::store::{PutOutcome, Store, split_object};

/// The shapes of AWS's responses.
pub mod shapes {
    pub use crate::decode::shapes::{List, Member, MemberKind, Operation, Structure, operation};
}

/// The JSON Schemas of documents.
pub mod schema {
    pub use crate::schema::*;
}
