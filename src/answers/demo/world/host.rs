//! Instances, each with its status, its interface and its root volume.
//!
//! **Invariant:** what is not said of an instance is as it should be: running, named, encrypted, IMDSv2 required.

use serde_json::{Value, json};

use super::super::ids::id;
use super::super::rows::DemoRows;
use super::DemoInterface;
use super::storage::{DemoVolume, volume};

/// An instance.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoHost {
    interface: DemoInterface,
    /// What its id follows from. Its name, unless it was made again.
    key: String,
    kind: &'static str,
    launched: &'static str,
    stopped: Option<&'static str>,
    image: &'static str,
    tokens: &'static str,
    is_encrypted: bool,
    tags: Value,
}

impl DemoHost {
    /// A running instance with this interface, and with the interface's name.
    pub(in super::super) fn new(interface: DemoInterface) -> Self {
        let tags = interface.tenant().tags(interface.name);
        Self {
            key: interface.name.to_owned(),
            interface,
            kind: "t4g.small",
            launched: "2026-03-02T08:15:00Z",
            stopped: None,
            image: "al2023",
            tokens: "required",
            is_encrypted: true,
            tags,
        }
    }

    /// Its type, `m7g.large`.
    pub(in super::super) fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// When it was launched.
    pub(in super::super) fn launched(self, launched: &'static str) -> Self {
        Self { launched, ..self }
    }

    /// Makes it another instance than the one that had this name before.
    pub(in super::super) fn again(self, launched: &'static str) -> Self {
        Self { key: format!("{} {launched}", self.key), launched, ..self }
    }

    /// The name of the image that it was launched from. Without one it is one of AWS's.
    pub(in super::super) fn image(self, image: &'static str) -> Self {
        Self { image, ..self }
    }

    /// Stops it, at a time as AWS writes it in its reason: `2026-05-04 10:12:33 GMT`.
    pub(in super::super) fn stopped(self, at: &'static str) -> Self {
        Self { stopped: Some(at), ..self }
    }

    /// Lets it answer IMDSv1.
    pub(in super::super) fn with_imdsv1(self) -> Self {
        Self { tokens: "optional", ..self }
    }

    /// Leaves its root volume unencrypted.
    pub(in super::super) fn unencrypted(self) -> Self {
        Self { is_encrypted: false, ..self }
    }

    /// Replaces its tags.
    pub(in super::super) fn tags(self, tags: Value) -> Self {
        Self { tags, ..self }
    }

    pub(in super::super) fn id(&self) -> String {
        id("i", &self.interface.tenant().unique(&self.key))
    }

    /// Writes the instance and what belongs to it.
    pub(in super::super) fn write(self, rows: &mut DemoRows) {
        let site = self.interface.tenant();
        let instance_id = self.id();
        let interface = self.interface.clone().of_instance(&instance_id, self.launched);
        interface.write(rows);
        rows.add(site, "ec2_instances", self.row(&interface));
        let word = if self.stopped.is_some() { "not-applicable" } else { "ok" };
        let status = json!({
            "instance_id": instance_id,
            "availability_zone": site.zone(interface.network.zone_of(interface.subnet)),
            "availability_zone_id": site.zone_id(interface.network.zone_of(interface.subnet)),
            "instance_state": self.state(),
            "instance_status": { "Status": word },
            "system_status": { "Status": word },
            "attached_ebs_status": { "Status": word },
        });
        rows.add(site, "ec2_instance_status", status);
        let root = DemoVolume {
            key: &format!("{} root", self.key),
            zone: interface.network.zone_of(interface.subnet),
            size: 30,
            is_encrypted: self.is_encrypted,
            created: self.launched,
            instance: Some((&instance_id, "/dev/xvda")),
            tags: self.tags.clone(),
        };
        volume(rows, site, &root);
    }

    fn state(&self) -> Value {
        if self.stopped.is_some() {
            json!({ "Code": 80, "Name": "stopped" })
        } else {
            json!({ "Code": 16, "Name": "running" })
        }
    }

    fn row(&self, interface: &DemoInterface) -> Value {
        let site = interface.tenant();
        let zone = interface.network.zone_of(interface.subnet);
        let mut row = json!({
            "instance_id": self.id(),
            "reservation_id": id("r", &site.unique(&self.key)),
            "image_id": id("ami", &site.unique(self.image)),
            "instance_type": self.kind,
            "architecture": if self.kind.contains('g') { "arm64" } else { "x86_64" },
            "state": self.state(),
            "state_transition_reason": self.stopped.map_or(String::new(), |at| format!("User initiated ({at})")),
            "launch_time": self.launched,
            "usage_operation": "RunInstances",
            "usage_operation_update_time": self.launched,
            "platform_details": "Linux/UNIX",
            "placement": {
                "AvailabilityZone": site.zone(zone), "AvailabilityZoneId": site.zone_id(zone),
                "GroupName": "", "Tenancy": "default",
            },
            "monitoring": { "State": "disabled" },
            "vpc_id": interface.network.id(),
            "subnet_id": interface.network.subnet_id(interface.subnet),
            "private_ip_address": interface.address,
            "private_dns_name": site.private_name(&interface.address),
            "public_dns_name": interface.public_address().map_or(String::new(), |address| site.public_name(address)),
            "security_groups": interface.group_list(),
            "source_dest_check": true,
            "ebs_optimized": true,
            "ena_support": true,
            "hypervisor": "xen",
            "virtualization_type": "hvm",
            "root_device_name": "/dev/xvda",
            "root_device_type": "ebs",
            "ami_launch_index": 0,
            "cpu_options": { "CoreCount": 2, "ThreadsPerCore": 1 },
            "block_device_mappings": [{
                "DeviceName": "/dev/xvda",
                "Ebs": {
                    "AttachTime": self.launched, "DeleteOnTermination": true, "Status": "attached",
                    "VolumeId": id("vol", &site.unique(&format!("{} root", self.key))),
                },
            }],
            "metadata_options": self.metadata_options(),
            "private_dns_name_options": {
                "HostnameType": "ip-name",
                "EnableResourceNameDnsARecord": false,
                "EnableResourceNameDnsAAAARecord": false,
            },
            "network_interfaces": [self.nested(interface)],
            "tags": self.tags,
        });
        if let Some(address) = interface.public_address() {
            row["public_ip_address"] = address.into();
        }
        if let Some(address) = interface.ipv6_address() {
            row["ipv6_address"] = address.into();
        }
        row
    }

    fn metadata_options(&self) -> Value {
        json!({
            "State": "applied", "HttpTokens": self.tokens, "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled",
        })
    }

    /// The interface as the instance's row has it.
    fn nested(&self, interface: &DemoInterface) -> Value {
        let mut nested = json!({
            "NetworkInterfaceId": interface.id(),
            "OwnerId": interface.tenant().account_id(),
            "Description": "",
            "InterfaceType": "interface",
            "Status": "in-use",
            "SourceDestCheck": true,
            "VpcId": interface.network.id(),
            "SubnetId": interface.network.subnet_id(interface.subnet),
            "PrivateIpAddress": interface.address,
            "PrivateIpAddresses": interface.addresses(),
            "Ipv6Addresses": interface.ipv6_addresses(),
            "Groups": interface.group_list(),
        });
        if let Some(mut association) = interface.association() {
            if let Some(members) = association.as_object_mut() {
                members.retain(|member, _| !matches!(member.as_str(), "AllocationId" | "AssociationId"));
            }
            nested["Association"] = association;
        }
        for address in nested["PrivateIpAddresses"].as_array_mut().into_iter().flatten() {
            let association = address.get_mut("Association").and_then(Value::as_object_mut);
            if let Some(members) = association {
                members.retain(|member, _| !matches!(member.as_str(), "AllocationId" | "AssociationId"));
            }
        }
        if let Some(mut attachment) = interface.attachment() {
            if let Some(members) = attachment.as_object_mut() {
                members.retain(|member, _| !matches!(member.as_str(), "InstanceId" | "InstanceOwnerId"));
            }
            nested["Attachment"] = attachment;
        }
        nested
    }
}
