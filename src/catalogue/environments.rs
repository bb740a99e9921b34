//! Elastic Beanstalk: environments, whose names under `elasticbeanstalk.com` customers may choose.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, Id, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "elasticbeanstalk_environments",
    service: Service::ElasticBeanstalk,
    operation: "elasticbeanstalk:DescribeEnvironments",
    scope: "environments that are not deleted",
    items_path: "Environments",
    id: Id::Member(&["EnvironmentId"]),
    probe_id: "arn:{partition}:elasticbeanstalk:{region}:{account}:environment/rolecall/rolecall-probe",
    arn_member: Some("EnvironmentArn"),
    details: &[Detail::per_arn(
        "elasticbeanstalk:ListTagsForResource",
        modelled!([ResourceArn] "elasticbeanstalk:ListTagsForResource"),
    )],
    source: modelled!(listed "elasticbeanstalk:DescribeEnvironments", MaxRecords = 1000),
    ..REGIONAL
}];
