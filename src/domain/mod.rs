//! Domain types that all other groups share: account and run ids, ARNs, partitions, globs, formats, counts.
//!
//! **Invariant:** uses no other group than `input`, no AWS crate and no file.

mod string_newtype;
mod account_id;
mod arn;
mod role_arn;
mod attempt_id;
mod call_counts;
mod format;
mod globs;
mod grouped;
mod lock;
mod millis;
mod partition;
mod place;
mod run_id;

pub use format::Format;
pub use run_id::RunId;

pub(crate) use account_id::AccountId;
pub(crate) use arn::Arn;
pub(crate) use attempt_id::new_attempt_id;
pub(crate) use call_counts::CallCounts;
pub(crate) use globs::{Globs, MAX_GLOB_CHARACTERS, REGION_GLOB_PATTERN, is_full_name, region_glob, resource_glob};
pub(crate) use grouped::grouped;
pub(crate) use lock::lock;
pub(crate) use millis::millis;
pub(crate) use partition::{
    Partition, is_region_in_form, partition, partition_names, partition_of_region, partition_or_default,
};
pub(crate) use place::Place;
pub(crate) use role_arn::{ROLE_ARN_PATTERN, ROLE_NAME_PATTERN, RoleArn, role_name};
pub(crate) use run_id::sanitised;
