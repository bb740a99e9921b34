//! The commands, one per file.

pub(crate) mod resources;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod plan;
mod target_list;
pub(crate) mod targets;
pub(crate) mod policy;
mod check_report;
pub(crate) mod check;
pub(crate) mod trust;
mod onboard_report;
pub(crate) mod onboard;
mod answer;
pub(crate) mod ask;
mod dns_findings;
mod dns_resolve;
pub(crate) mod dns;
pub(crate) mod look_up;
pub(crate) mod history;
pub(crate) mod diff;
pub(crate) mod report;
mod export_folder;
mod export_tables;
pub(crate) mod export;
pub(crate) mod demo;
pub(crate) mod documents;
