//! S3: buckets. Their names are unique among all accounts of a partition.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Detail, Id, Reach, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "s3_buckets",
    service: Service::S3,
    reach: Reach::Global,
    operation: "s3:ListBuckets",
    items_path: "Buckets",
    id: Id::Member(&["Name"]),
    probe_id: "rolecall-probe-0000000000000000000000000000000000000000",
    arn: ArnForm::Bucket,
    arn_member: Some("BucketArn"),
    details: &[Detail {
        region: Some("BucketRegion"),
        has_own_policy: true,
        ..Detail::per_resource("s3:GetBucketTagging", modelled!([Bucket] "s3:GetBucketTagging"))
    }],
    // Only an answer with a page size says in which region each bucket is.
    source: modelled!(listed "s3:ListBuckets", MaxBuckets = 1000, ContinuationToken from ContinuationToken),
    ..REGIONAL
}];
