//! Volumes, snapshots and images.
//!
//! **Invariant:** an image and the snapshot below it name each other.

use serde_json::{Value, json};

use super::super::accounts::Site;
use super::super::ids::id;
use super::super::rows::DemoRows;

/// A volume.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoVolume<'a> {
    /// What its id follows from.
    pub key: &'a str,
    pub zone: char,
    /// Its size in GiB.
    pub size: i64,
    pub is_encrypted: bool,
    pub created: &'a str,
    /// The id of the instance that it is attached to, and the name of the device.
    pub instance: Option<(&'a str, &'a str)>,
    pub tags: Value,
}

fn key_arn(site: Site) -> String {
    let key = super::super::ids::uuid(&site.unique("ebs"));
    format!("arn:aws:kms:{}:{}:key/{key}", site.region, site.account_id())
}

/// Writes a volume.
pub(in super::super) fn volume(rows: &mut DemoRows, site: Site, volume: &DemoVolume<'_>) {
    let volume_id = id("vol", &site.unique(volume.key));
    let attachments: Vec<Value> = volume
        .instance
        .iter()
        .map(|(instance_id, device)| {
            json!({
                "AttachTime": volume.created, "DeleteOnTermination": true, "Device": device, "InstanceId": instance_id,
                "State": "attached", "VolumeId": volume_id,
            })
        })
        .collect();
    let mut columns = json!({
        "volume_id": volume_id,
        "volume_type": "gp3",
        "size": volume.size,
        "iops": 3000,
        "throughput": 125,
        "state": if attachments.is_empty() { "available" } else { "in-use" },
        "attachments": attachments,
        "availability_zone": site.zone(volume.zone),
        "availability_zone_id": site.zone_id(volume.zone),
        "create_time": volume.created,
        "encrypted": volume.is_encrypted,
        "multi_attach_enabled": false,
        "snapshot_id": id("snap", &site.unique("al2023")),
        "tags": volume.tags,
    });
    if volume.is_encrypted {
        columns["kms_key_id"] = key_arn(site).into();
    }
    rows.add(site, "ec2_volumes", columns);
}

fn snapshot_row(site: Site, name: &str, started: &str, is_encrypted: bool) -> Value {
    let mut columns = json!({
        "snapshot_id": id("snap", &site.unique(name)),
        "volume_id": id("vol", &site.unique(&format!("{name} source"))),
        "volume_size": 30,
        "state": "completed",
        "progress": "100%",
        "start_time": started,
        "completion_time": started,
        "storage_tier": "standard",
        "description": format!("Backup of {name}"),
        "encrypted": is_encrypted,
        "full_snapshot_size_in_bytes": 8_053_063_680_i64,
        "tags": site.tags(name),
    });
    if is_encrypted {
        columns["kms_key_id"] = key_arn(site).into();
    }
    columns
}

/// Writes a snapshot of the account's own, of which only the account knows.
pub(in super::super) fn snapshot(rows: &mut DemoRows, site: Site, name: &str, started: &str) {
    rows.add(site, "ec2_snapshots", snapshot_row(site, name, started, true));
}

/// Writes a snapshot of the account's own that everybody may restore.
pub(in super::super) fn public_snapshot(rows: &mut DemoRows, site: Site, name: &str, started: &str) {
    for table in ["ec2_snapshots", "ec2_public_snapshots"] {
        rows.add(site, table, snapshot_row(site, name, started, false));
    }
}

/// Writes an image with its snapshot.
pub(in super::super) fn image(
    rows: &mut DemoRows,
    site: Site,
    (name, created): (&str, &str),
    (is_public, last_launched): (bool, Option<&str>),
) {
    let image_id = id("ami", &site.unique(name));
    let mut backing = snapshot_row(site, name, created, !is_public);
    backing["description"] = format!("Created by CreateImage for {image_id}").into();
    rows.add(site, "ec2_snapshots", backing);
    let mut columns = json!({
        "image_id": image_id,
        "name": name,
        "description": format!("Base image {name}"),
        "image_location": format!("{}/{name}", site.account_id()),
        "image_type": "machine",
        "state": "available",
        "creation_date": created.replace('Z', ".000Z"),
        "public": is_public,
        "architecture": "arm64",
        "platform_details": "Linux/UNIX",
        "usage_operation": "RunInstances",
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "virtualization_type": "hvm",
        "hypervisor": "xen",
        "ena_support": true,
        "imds_support": "v2.0",
        "boot_mode": "uefi",
        "block_device_mappings": [{
            "DeviceName": "/dev/xvda",
            "Ebs": {
                "DeleteOnTermination": true, "Encrypted": !is_public, "Iops": 3000, "Throughput": 125, "VolumeSize": 30,
                "VolumeType": "gp3", "SnapshotId": id("snap", &site.unique(name)),
            },
        }],
        "tags": site.tags(name),
    });
    if let Some(launched) = last_launched {
        columns["last_launched_time"] = launched.into();
    }
    rows.add(site, "ec2_images", columns);
}
