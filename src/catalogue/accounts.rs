//! The account itself: one row for each account.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Reach, ResourceType, Source};

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "accounts",
    reach: Reach::Global,
    operation: "ec2:DescribeRegions",
    extra_actions: &["iam:ListAccountAliases", "account:ListRegions"],
    id: Id::Account,
    arn: ArnForm::Account,
    source: Source::Account,
    ..REGIONAL
}];
