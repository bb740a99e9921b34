//! The commands, one a file.

pub(crate) mod resources;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod plan;
pub(crate) mod targets;
pub(crate) mod policy;
pub(crate) mod check;
pub(crate) mod onboard;
