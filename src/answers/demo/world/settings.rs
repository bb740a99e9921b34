//! The account itself, and its settings for a region.
//!
//! **Invariant:** every account has one row here, and one for each region.

use serde_json::{Value, json};

use super::super::accounts::{DemoAccount, REGIONS, Site};
use super::super::ids::id;
use super::super::rows::DemoRows;
use crate::inventory::GLOBAL;

/// Writes the row of an account.
pub(in super::super) fn account(rows: &mut DemoRows, account: &'static DemoAccount) {
    let regions: Vec<Value> = REGIONS
        .iter()
        .map(|region| {
            json!({
                "RegionName": region, "OptInStatus": "opt-in-not-required",
                "Endpoint": format!("ec2.{region}.amazonaws.com"),
            })
        })
        .collect();
    let columns = json!({ "id": account.account_id, "regions": regions });
    rows.add(account.at(GLOBAL), "accounts", columns);
}

/// Writes the settings of an account for a region, and its DHCP options. `block_mode` is whether VPCs are cut off from
/// the internet: `off`, `block-bidirectional` or `block-ingress`.
pub(in super::super) fn region_settings(rows: &mut DemoRows, site: Site, block_mode: &str) {
    let attribute =
        |name: &str, value: &str| json!({ "AttributeName": name, "AttributeValues": [{ "AttributeValue": value }] });
    let columns = json!({
        "id": site.account_id(),
        "account_attributes": [
            attribute("supported-platforms", "VPC"), attribute("vpc-max-elastic-ips", "5"),
            attribute("max-instances", "20"),
        ],
        "ebs_encryption_by_default": true,
        "ebs_sse_type": "sse-kms",
        "ebs_default_kms_key_id": "alias/aws/ebs",
        "snapshot_block_public_access_state": "unblocked",
        "snapshot_block_public_access_managed_by": "account",
        "image_block_public_access_state": "unblocked",
        "image_block_public_access_managed_by": "account",
        "vpc_block_public_access_options": {
            "AwsAccountId": site.account_id(),
            "AwsRegion": site.region,
            "State": if block_mode == "off" { "default-state" } else { "update-complete" },
            "InternetGatewayBlockMode": block_mode,
            "ManagedBy": "account",
            "ExclusionsAllowed": "allowed",
        },
        "instance_metadata_defaults": { "HttpTokens": "required" },
        "serial_console_access_enabled": false,
        "serial_console_access_managed_by": "account",
    });
    rows.add(site, "ec2_account_settings", columns);
    let domain = if site.region == "us-east-1" {
        "ec2.internal".to_owned()
    } else {
        format!("{}.compute.internal", site.region)
    };
    let columns = json!({
        "dhcp_options_id": id("dopt", &site.unique("default")),
        "dhcp_configurations": [
            { "Key": "domain-name", "Values": [{ "Value": domain }] },
            { "Key": "domain-name-servers", "Values": [{ "Value": "AmazonProvidedDNS" }] },
        ],
        "tags": site.tags("default"),
    });
    rows.add(site, "ec2_dhcp_options", columns);
}
