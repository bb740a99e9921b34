//! EC2: volumes, snapshots and images.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::paged;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Measure, ResourceType, Source};

const PROGRESS: Measure = Measure::of("Progress", "rises while a snapshot is made, which its state says too");

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_volumes",
        operation: "ec2:DescribeVolumes",
        items_path: "Volumes",
        id: Id::Member(&["VolumeId"]),
        arn: ArnForm::Ec2("volume/"),
        arn_member: Some("VolumeArn"),
        source: paged!(listed DescribeVolumes: ec2.describe_volumes().max_results(1000).include_managed_resources(true)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_snapshots",
        operation: "ec2:DescribeSnapshots",
        scope: "the account's own: without an owner, AWS lists every public snapshot",
        measures: &[PROGRESS],
        items_path: "Snapshots",
        id: Id::Member(&["SnapshotId"]),
        arn: ArnForm::Ec2WithoutAccount("snapshot/"),
        source: paged!(listed DescribeSnapshots: ec2.describe_snapshots().owner_ids("self").max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_public_snapshots",
        operation: "ec2:DescribeSnapshots",
        scope: "those of the account's own that every AWS account may restore",
        measures: &[PROGRESS],
        items_path: "Snapshots",
        id: Id::Member(&["SnapshotId"]),
        arn: ArnForm::Ec2WithoutAccount("snapshot/"),
        // No member of a snapshot says that it is public. Both conditions apply, so that snapshots of others are not listed.
        source: paged!(
            listed DescribeSnapshots: ec2.describe_snapshots().owner_ids("self").restorable_by_user_ids("all").max_results(1000)
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_images",
        operation: "ec2:DescribeImages",
        scope: "the account's own, disabled and deprecated ones included; `public` says which every account may launch",
        items_path: "Images",
        id: Id::Member(&["ImageId"]),
        arn: ArnForm::Ec2WithoutAccount("image/"),
        source: paged!(
            listed DescribeImages: ec2.describe_images().owners("self").include_disabled(true).include_deprecated(true).max_results(1000)
        ),
        ..REGIONAL
    },
];
