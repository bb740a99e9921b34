//! The account itself: one row for each account.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Reach, ResourceType, Source};

/// The table with one row for each account: its alias and its regions.
pub(crate) const ACCOUNTS: &str = "accounts";

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: ACCOUNTS,
    reach: Reach::Global,
    operation: "ec2:DescribeRegions",
    extra_actions: &["iam:ListAccountAliases", "account:ListRegions"],
    id: Id::Account,
    arn: ArnForm::Account,
    source: Source::Account,
    ..REGIONAL
}];
