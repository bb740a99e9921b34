//! Rolecall takes the roll of many AWS accounts through one role.
//!
//! An event names customer accounts; rolecall assumes each customer's role, asks EC2, Route 53 and IAM
//! what is there in every region, and writes one inventory with a ledger of every question asked:
//!
//! ```text
//! event -> plan -> assume -> collect -> record -> sink -> report
//! ```
//!
//! The groups stand in the order in which they may know each other: imports point up this list, and a
//! test holds them to it. The binaries are thin.

#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "the Lambda build leaves out the command line, and what only it calls")
)]

pub(crate) mod input;
pub(crate) mod error;
pub(crate) mod domain;
pub(crate) mod decode;
pub(crate) mod settings;
pub(crate) mod logging;
pub(crate) mod aws;
pub(crate) mod inventory;
pub(crate) mod store;
pub(crate) mod event;
pub(crate) mod catalogue;
pub(crate) mod customers;
pub(crate) mod output;
pub(crate) mod engine;
#[cfg(feature = "cli")]
pub(crate) mod onboarding;
pub(crate) mod schema;
pub mod lambda;
#[cfg(feature = "cli")]
pub mod cli;

#[doc(hidden)]
pub mod testing;

pub use catalogue::Catalogue;
pub use engine::{
    Engine, NoopObserver, Observer, RequestDraft, Response, RunHistory, RunRequest, Steps, StopCondition,
};
pub use error::{Error, ErrorKind};
pub use event::{Request, RunIdSource};
pub use settings::{Runtime, Settings};
