//! The account itself.

use super::ec2::REGIONAL;
use super::entry::{Arn, Id, Reach, ResourceType, Source};

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "accounts",
    reach: Reach::Global,
    operation: "ec2:DescribeRegions",
    extra_actions: &["iam:ListAccountAliases", "account:ListRegions"],
    id: Id::Account,
    arn: Arn::Account,
    source: Source::Account,
    ..REGIONAL
}];
