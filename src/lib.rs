//! Rolecall takes the roll of many AWS accounts through one role.
//!
//! An event names customer accounts; rolecall assumes each customer's role, asks EC2, Route 53 and IAM
//! what is there in every region, and writes one inventory with a ledger of every question asked:
//!
//! ```text
//! event -> plan -> assume -> collect -> record -> sink -> report
//! ```
//!
//! The modules stand in the order in which they may know each other: imports point up this list, and a
//! test holds them to it. `run` is the one that knows every stage; the binaries are thin.

// What everything speaks of.
pub mod attempt;
pub mod json;
pub mod logging;
pub mod record;
pub mod shapes;
pub mod transcode;
pub mod failure;
pub mod fan_out;

// What comes in.
pub mod input;
pub mod settings;
pub mod event;
pub mod registry;

// How AWS is asked, and what for.
pub mod wire;
pub mod session;
pub mod catalogue;
pub mod plan;

// Where it goes, and who we are.
pub mod store;
pub mod refusal;
pub mod keeper;
pub mod backend;
pub mod credentials;
pub mod ledger;
pub mod sink;
pub mod views;
pub mod collect;

// The whole.
pub mod report;
pub mod run;

// What only a person at a terminal needs: from a stranger's account to a target, and fleets from afar.
#[cfg(feature = "cli")]
pub mod grants;
#[cfg(feature = "cli")]
pub mod policies;
#[cfg(feature = "cli")]
pub mod check;
#[cfg(feature = "cli")]
pub mod onboard;
#[cfg(feature = "cli")]
pub mod import;
#[cfg(feature = "cli")]
pub mod machine;

// The face in Lambda.
pub mod schema;
pub mod metrics;
pub mod lambda;
