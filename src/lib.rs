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
pub mod failure;
pub mod fan_out;
pub mod json;
pub mod logging;
pub mod record;
pub mod shapes;
pub mod transcode;

// What comes in.
pub mod event;
pub mod input;
pub mod registry;
pub mod settings;

// How AWS is asked, and what for.
pub mod catalogue;
pub mod plan;
pub mod session;
pub mod wire;

// Where it goes.
pub mod backend;
pub mod collect;
pub mod credentials;
pub mod ledger;
pub mod refusal;
pub mod sink;
pub mod store;

// The whole.
pub mod lambda;
pub mod report;
pub mod run;
pub mod schema;
