//! The account itself.

use super::entry::{Arn, Id, Reach, ResourceType, Source};
use crate::session::Service;

pub const TYPES: &[ResourceType] = &[ResourceType {
    table: "accounts",
    service: Service::Ec2,
    reach: Reach::Global,
    operation: "ec2:DescribeRegions",
    actions: &["iam:ListAccountAliases", "account:ListRegions"],
    items: "",
    id: Id::Account,
    arn: Arn::Account,
    owner_around: None,
    added: &[],
    details: &[],
    source: Source::Account,
}];
