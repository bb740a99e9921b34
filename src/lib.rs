//! Rolecall inventories many AWS accounts through one role.
//!
//! An event names customer accounts. Rolecall assumes a role in each of them, lists the resources of EC2, Route 53 and
//! IAM in every region, and writes one inventory with a ledger that has a row for every question:
//!
//! ```text
//! event -> plan -> assume -> collect -> record -> sink -> report
//! ```
//!
//! [`Engine`] carries out a [`Request`], [`Catalogue`] has the resource types, and an [`Error`] says why a run was
//! refused.
//!
//! The modules are listed in the order in which they may know each other. Imports point up this list, and a test checks
//! it. The binaries only call `lambda::main` and `cli::main`.
//!
//! # Examples
//!
//! A request narrows what the registry allows. Reading one reports every problem at once:
//!
//! ```
//! use rolecall::{Request, RequestDraft};
//!
//! let request: Request = serde_json::from_str(r#"{ "accounts": ["111122223333"], "regions": ["eu-*"] }"#)?;
//! assert_eq!(request.regions, Some(vec!["eu-*".to_owned()]));
//! assert!(serde_json::from_str::<Request>(r#"{ "accounts": [] }"#).is_err());
//! let draft: RequestDraft = request.into();
//! # let _ = draft;
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The catalogue has one table per resource type:
//!
//! ```
//! let catalogue = rolecall::Catalogue::get().expect("a valid catalogue");
//! let vpcs = catalogue.find("ec2_vpcs").expect("a resource type");
//! assert_eq!(vpcs.entry.operation, "ec2:DescribeVpcs");
//! ```

#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "the Lambda build leaves out the command line, and what only it calls")
)]

pub(crate) mod input;
pub(crate) mod error;
pub(crate) mod domain;
pub(crate) mod decode;
pub(crate) mod settings;
pub(crate) mod terminal;
pub(crate) mod logging;
pub(crate) mod aws;
pub(crate) mod inventory;
pub(crate) mod store;
pub(crate) mod event;
pub(crate) mod catalogue;
pub(crate) mod customers;
pub(crate) mod output;
pub(crate) mod engine;
pub(crate) mod answers;
pub(crate) mod change_log;
pub(crate) mod report_pages;
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
    ChangesSummary, Disabling, Engine, GivenTargets, NoopObserver, Observer, PageWriting, PagesSummary, Recording,
    RequestDraft, Response, RunHistory, RunRequest, Steps, StopCondition,
};
pub use error::{Error, ErrorKind};
pub use event::{Request, RunIdSource};
pub use settings::{HttpEvents, ReportPages, Runtime, Settings, StepEvents};
