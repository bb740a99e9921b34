//! The integration tests. They are one binary, so that the engine is linked once.
//!
//! There are seven layers, from the cheapest to the dearest:
//!
//! | layer | where | what it shows |
//! | --- | --- | --- |
//! | unit | beside the code, in `src` | one module, with Tokio's clock paused where time matters |
//! | structure | [`architecture`], [`samples`] | import order, unique type names, schemas and samples up to date |
//! | simulated AWS | [`sim`] and tests with a [`fixture`], [`open_roles`] | paging, faults, throttling, time, interruption, open roles |
//! | answers | [`answers`] | odd and mutated bodies: every item becomes a row, or the cell says that it does not |
//! | answers to users | [`estate`] | the state after each commit, moments of the past, gaps, invalid input |
//! | properties | [`properties`], [`regions`], [`refusals`], [`fault_matrix`], [`fleet`] | invariants under random requests, faults and dying shards |
//! | emulated AWS | tests with an [`emulator`], [`filled`] | IAM, policies, the deployed function, the templates |
//!
//! The simulated AWS runs in this process and is ours, so a test decides what fails and when. The emulated AWS is a
//! server that others maintain: it evaluates policies and runs the function. It needs `.emulator/`, which
//! `make emulator` installs.

// A fixture that cannot be set up fails its test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod altered_documents;
mod answers;
mod architecture;
mod bad_input;
mod claims;
mod command;
mod commits;
mod disabling;
mod documents;
mod emulator;
mod environment;
mod estate;
mod examples;
mod fault_matrix;
mod fidelity;
mod files;
mod filled;
mod fixture;
mod fleet;
mod function;
mod given_targets;
mod holders;
mod leases;
mod limits;
mod modelled;
mod onboarding;
mod open_roles;
mod organizations;
mod output;
mod over_http;
mod parents;
mod properties;
mod refusals;
mod regions;
mod resumed;
mod samples;
mod secrets;
mod shared_types;
mod silent_bucket;
mod sim;
mod simulated;
mod sizes;
mod stores;
mod templates;
mod terminal;
mod trust;
mod views;
