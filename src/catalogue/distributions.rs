//! CloudFront: distributions with the names that they answer to.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, Id, Reach, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "cloudfront_distributions",
    service: Service::CloudFront,
    reach: Reach::Global,
    operation: "cloudfront:ListDistributions",
    items_path: "Items",
    id: Id::Member(&["Id"]),
    probe_id: "arn:{partition}:cloudfront::{account}:distribution/E0000000000000",
    arn_member: Some("ARN"),
    details: &[Detail::per_arn(
        "cloudfront:ListTagsForResource",
        modelled!([Resource] "cloudfront:ListTagsForResource"),
    )],
    source: modelled!(listed "cloudfront:ListDistributions", MaxItems = 100, Marker from NextMarker),
    ..REGIONAL
}];
