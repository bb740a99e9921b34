//! The settings of an account for a whole region: one row, filled by one call for each setting.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::whole;
use super::ec2::REGIONAL;
use super::entry::{Detail, ExtraColumn, Id, ResourceType, Source, ValueFrom};

const fn column(column: &'static str, operation: &'static str, member: &'static str) -> ExtraColumn {
    ExtraColumn { column, from: ValueFrom::DetailMember(operation, member) }
}

const EBS: &str = "ec2:GetEbsEncryptionByDefault";
const SNAPSHOTS: &str = "ec2:GetSnapshotBlockPublicAccessState";
const IMAGES: &str = "ec2:GetImageBlockPublicAccessState";
const CONSOLE: &str = "ec2:GetSerialConsoleAccessStatus";

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "ec2_account_settings",
    operation: "ec2:DescribeAccountAttributes",
    items_path: "",
    id: Id::Account,
    extra_columns: &[
        column("ebs_encryption_by_default", EBS, "EbsEncryptionByDefault"),
        column("ebs_sse_type", EBS, "SseType"),
        column("ebs_default_kms_key_id", "ec2:GetEbsDefaultKmsKeyId", "KmsKeyId"),
        column("snapshot_block_public_access_state", SNAPSHOTS, "State"),
        column("snapshot_block_public_access_managed_by", SNAPSHOTS, "ManagedBy"),
        column("image_block_public_access_state", IMAGES, "ImageBlockPublicAccessState"),
        column("image_block_public_access_managed_by", IMAGES, "ManagedBy"),
        column(
            "vpc_block_public_access_options",
            "ec2:DescribeVpcBlockPublicAccessOptions",
            "VpcBlockPublicAccessOptions",
        ),
        column("instance_metadata_defaults", "ec2:GetInstanceMetadataDefaults", "AccountLevel"),
        column("serial_console_access_enabled", CONSOLE, "SerialConsoleAccessEnabled"),
        column("serial_console_access_managed_by", CONSOLE, "ManagedBy"),
    ],
    details: &[
        Detail::per_resource(EBS, whole!(GetEbsEncryptionByDefault: ec2.get_ebs_encryption_by_default())),
        Detail::per_resource(
            "ec2:GetEbsDefaultKmsKeyId",
            whole!(GetEbsDefaultKmsKeyId: ec2.get_ebs_default_kms_key_id()),
        ),
        Detail::per_resource(
            SNAPSHOTS,
            whole!(GetSnapshotBlockPublicAccessState: ec2.get_snapshot_block_public_access_state()),
        ),
        Detail::per_resource(IMAGES, whole!(GetImageBlockPublicAccessState: ec2.get_image_block_public_access_state())),
        Detail::per_resource(
            "ec2:DescribeVpcBlockPublicAccessOptions",
            whole!(DescribeVpcBlockPublicAccessOptions: ec2.describe_vpc_block_public_access_options()),
        ),
        Detail::per_resource(
            "ec2:GetInstanceMetadataDefaults",
            whole!(GetInstanceMetadataDefaults: ec2.get_instance_metadata_defaults()),
        ),
        Detail::per_resource(CONSOLE, whole!(GetSerialConsoleAccessStatus: ec2.get_serial_console_access_status())),
    ],
    source: whole!(listed DescribeAccountAttributes: ec2.describe_account_attributes()),
    ..REGIONAL
}];
