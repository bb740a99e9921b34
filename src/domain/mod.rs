//! The words that every other group speaks: account and run ids, ARNs, partitions, globs, counts.
//!
//! **Invariant:** knows no other group, no AWS crate and no file.

mod account_id;
mod arn;
mod attempt_id;
mod call_counts;
mod globs;
mod lock;
mod millis;
mod partition;
mod run_id;

pub use account_id::Format;

pub(crate) use account_id::AccountId;
pub(crate) use arn::{ROLE_ARN_PATTERN, ROLE_NAME_PATTERN, RoleArn, account_of_role, role_arn, role_name};
pub(crate) use attempt_id::new_attempt_id;
pub(crate) use call_counts::CallCounts;
pub(crate) use globs::{Globs, region_glob, resource_glob};
pub(crate) use lock::lock;
pub(crate) use millis::millis;
pub(crate) use partition::{Partition, is_region_in_form, partition, partition_of_region};
pub use run_id::RunId;
pub(crate) use run_id::sanitised;
