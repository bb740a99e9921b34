//! Network interfaces, and the elastic addresses that they bear.
//!
//! **Invariant:** an address and the interface that bears it name each other.

use serde_json::{Value, json};

use super::super::accounts::Site;
use super::super::ids::{id, mac};
use super::super::rows::DemoRows;
use super::DemoNetwork;

/// A network interface.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoInterface {
    pub network: DemoNetwork,
    pub subnet: &'static str,
    pub name: &'static str,
    pub address: String,
    secondary: Vec<String>,
    groups: Vec<&'static str>,
    ipv6: Option<&'static str>,
    /// The public address, and the name of the elastic address that it is.
    public: Option<(&'static str, Option<&'static str>)>,
    /// The pool that the elastic address is of. None: AWS's.
    pool: Option<String>,
    /// The id of the instance that it belongs to, and when it was attached.
    instance: Option<(String, &'static str)>,
    /// The kind of interface and the service that made it.
    service: Option<(&'static str, &'static str)>,
    description: String,
}

impl DemoInterface {
    /// An interface in a subnet, attached to nothing.
    pub(in super::super) fn new(
        network: &DemoNetwork,
        subnet: &'static str,
        name: &'static str,
        address: &str,
    ) -> Self {
        Self {
            network: network.clone(),
            subnet,
            name,
            address: address.to_owned(),
            secondary: Vec::new(),
            groups: Vec::new(),
            ipv6: None,
            public: None,
            pool: None,
            instance: None,
            service: None,
            description: String::new(),
        }
    }

    /// Its security groups, by their names in the network. Without one it has the default group.
    pub(in super::super) fn groups(self, names: &[&'static str]) -> Self {
        Self { groups: names.to_vec(), ..self }
    }

    /// Gives it further private addresses.
    pub(in super::super) fn secondary(self, addresses: Vec<String>) -> Self {
        Self { secondary: addresses, ..self }
    }

    pub(in super::super) fn ipv6(self, address: &'static str) -> Self {
        Self { ipv6: Some(address), ..self }
    }

    /// Gives it a public address of AWS's.
    pub(in super::super) fn public(self, address: &'static str) -> Self {
        Self { public: Some((address, None)), ..self }
    }

    /// Gives it an elastic address.
    pub(in super::super) fn elastic(self, name: &'static str, address: &'static str) -> Self {
        Self { public: Some((address, Some(name))), ..self }
    }

    /// Says that the elastic address is one of the account's own.
    pub(in super::super) fn own_pool(self, pool_id: &str) -> Self {
        Self { pool: Some(pool_id.to_owned()), ..self }
    }

    /// Attaches it to an instance.
    pub(super) fn of_instance(self, instance_id: &str, since: &'static str) -> Self {
        Self { instance: Some((instance_id.to_owned(), since)), ..self }
    }

    /// Makes it one of a service: the kind of interface, and the service's name.
    pub(in super::super) fn of_service(self, kind: &'static str, service: &'static str, description: &str) -> Self {
        Self { service: Some((kind, service)), description: description.to_owned(), ..self }
    }

    /// The account that uses it. It is a participant's in a shared subnet.
    pub(super) fn tenant(&self) -> Site {
        self.network.tenant
    }

    pub(in super::super) fn id(&self) -> String {
        self.network.id_of("eni", self.name)
    }

    pub(super) fn public_address(&self) -> Option<&'static str> {
        self.public.map(|(address, _)| address)
    }

    pub(super) fn ipv6_address(&self) -> Option<&'static str> {
        self.ipv6
    }

    pub(super) fn group_list(&self) -> Value {
        let names = if self.groups.is_empty() { &["default"][..] } else { &self.groups };
        let group = |name: &&str| {
            let group_name =
                if *name == "default" { "default".to_owned() } else { format!("{}-{name}", self.network.name) };
            json!({ "GroupId": self.network.group_id(name), "GroupName": group_name })
        };
        names.iter().map(group).collect()
    }

    /// What AWS says of the public address at a private one.
    pub(super) fn association(&self) -> Option<Value> {
        let (address, elastic) = self.public?;
        let site = self.tenant();
        let mut association = json!({
            "PublicIp": address,
            "PublicDnsName": site.public_name(address),
            "IpOwnerId": if elastic.is_some() { site.account_id() } else { "amazon" },
        });
        if let Some(name) = elastic {
            association["AllocationId"] = allocation_id(site, name).into();
            association["AssociationId"] = self.association_id(name).into();
        }
        Some(association)
    }

    fn association_id(&self, elastic: &str) -> String {
        id("eipassoc", &format!("{} {}", allocation_id(self.tenant(), elastic), self.id()))
    }

    pub(super) fn addresses(&self) -> Vec<Value> {
        let site = self.tenant();
        let mut primary = json!({
            "Primary": true, "PrivateIpAddress": self.address, "PrivateDnsName": site.private_name(&self.address),
        });
        if let Some(association) = self.association() {
            primary["Association"] = association;
        }
        let secondary = self.secondary.iter().map(|address| {
            json!({ "Primary": false, "PrivateIpAddress": address, "PrivateDnsName": site.private_name(address) })
        });
        std::iter::once(primary).chain(secondary).collect()
    }

    pub(super) fn ipv6_addresses(&self) -> Value {
        self.ipv6.iter().map(|address| json!({ "Ipv6Address": address, "IsPrimaryIpv6": false })).collect()
    }

    pub(super) fn attachment(&self) -> Option<Value> {
        let attachment_id = format!("{}-attach-0{}", "eni", self.id().trim_start_matches("eni-0"));
        if let Some((instance_id, since)) = &self.instance {
            return Some(json!({
                "AttachmentId": attachment_id,
                "AttachTime": since,
                "DeleteOnTermination": true,
                "DeviceIndex": 0,
                "NetworkCardIndex": 0,
                "InstanceId": instance_id,
                "InstanceOwnerId": self.tenant().account_id(),
                "Status": "attached",
            }));
        }
        self.service.map(|(_, service)| {
            json!({
                "AttachmentId": attachment_id,
                "DeleteOnTermination": false,
                "DeviceIndex": 1,
                "InstanceOwnerId": service,
                "Status": "attached",
            })
        })
    }

    /// Writes the interface and its elastic address.
    pub(in super::super) fn write(&self, rows: &mut DemoRows) {
        let site = self.tenant();
        let observers: &[_] = if site.account == self.network.site.account {
            &[site.account]
        } else {
            &[site.account, self.network.site.account]
        };
        rows.add_for(observers, site, "ec2_network_interfaces", self.row());
        if let Some((address, Some(name))) = self.public {
            let mut columns = address_row(site, name, address);
            columns["association_id"] = self.association_id(name).into();
            if let Some(pool) = &self.pool {
                columns["public_ipv4_pool"] = pool.as_str().into();
            }
            columns["network_interface_id"] = self.id().into();
            columns["network_interface_owner_id"] = site.account_id().into();
            columns["private_ip_address"] = self.address.as_str().into();
            if let Some((instance_id, _)) = &self.instance {
                columns["instance_id"] = instance_id.as_str().into();
            }
            rows.add(site, "ec2_addresses", columns);
        }
    }

    fn row(&self) -> Value {
        let site = self.tenant();
        let zone = self.network.zone_of(self.subnet);
        let attachment = self.attachment();
        let tags = if self.service.is_some() { json!({}) } else { site.tags(self.name) };
        let mut row = json!({
            "network_interface_id": self.id(),
            "status": if attachment.is_some() { "in-use" } else { "available" },
            "attachment": attachment,
            "interface_type": self.service.map_or("interface", |(kind, _)| kind),
            "description": self.description,
            "availability_zone": site.zone(zone),
            "availability_zone_id": site.zone_id(zone),
            "subnet_id": self.network.subnet_id(self.subnet),
            "vpc_id": self.network.id(),
            "groups": if self.has_no_group() { json!([]) } else { self.group_list() },
            "mac_address": mac(&self.id()),
            "private_ip_address": self.address,
            "private_dns_name": site.private_name(&self.address),
            "private_ip_addresses": self.addresses(),
            "ipv6_addresses": self.ipv6_addresses(),
            "requester_managed": self.service.is_some(),
            "source_dest_check": true,
            "tag_set": to_list(&tags),
            "tags": tags,
        });
        if let Some(address) = self.ipv6 {
            row["ipv6_address"] = address.into();
        }
        if let Some(association) = self.association() {
            row["public_dns_name"] = association["PublicDnsName"].clone();
            row["association"] = association;
        }
        if let Some((_, service)) = self.service {
            row["requester_id"] = service.into();
        }
        row
    }

    fn has_no_group(&self) -> bool {
        self.service.is_some_and(|(kind, _)| matches!(kind, "nat_gateway" | "transit_gateway"))
    }
}

fn to_list(tags: &Value) -> Value {
    let tags = tags.as_object().into_iter().flatten();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// The id of an elastic address.
pub(super) fn allocation_id(site: Site, name: &str) -> String {
    id("eipalloc", &site.unique(name))
}

fn address_row(site: Site, name: &str, address: &str) -> Value {
    json!({
        "allocation_id": allocation_id(site, name),
        "public_ip": address,
        "public_ipv4_pool": "amazon",
        "network_border_group": site.region,
        "domain": "vpc",
        "tags": site.tags(name),
    })
}

/// Writes an elastic address that nothing uses.
pub(in super::super) fn elastic(rows: &mut DemoRows, site: Site, name: &str, address: &str) {
    rows.add(site, "ec2_addresses", address_row(site, name, address));
}
