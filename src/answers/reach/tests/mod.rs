//! Checks whom the internet reaches, on small estates with one thing changed.

mod estate;
mod obstacles;
mod rules;
mod speed;

use estate::{A, B, Estate};
