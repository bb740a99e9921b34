//! The integration tests: one binary, so that the engine is linked once.
//!
//! What is asked of AWS is asked of an emulator where identity matters (`emulator`), and of the
//! simulated AWS where paging, faults and time matter (`sim`).

// Whatever breaks a test's own arrangements is meant to break the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod anything;
mod architecture;
mod bad_input;
mod command;
mod emulator;
mod fidelity;
mod filled;
mod fleet;
mod function;
mod limits;
mod matrix;
mod onboarding;
mod output;
mod parents;
mod resumed;
mod samples;
mod fixture;
mod secrets;
mod sim;
mod simulated;
mod stores;
mod templates;
mod trust;
mod views;
