//! What of an interface matters to the internet: its addresses, its security groups, its subnet.
//!
//! Kinds that are reached in another way: interfaces of NAT gateways accept nothing from the internet. Those of network and
//! gateway load balancers may have no security group; then none filters. What reaches a private address through an accelerator, a
//! distribution or a load balancer does not reach the interface itself.
//!
//! **Invariant:** knows no rule.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::sight;
use crate::answers::facts::{Facts, Resource};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AddressJson {
    public_ip: Option<String>,
    ipv6_address: Option<String>,
    ipv6_prefix: Option<String>,
    association: Option<Box<AddressJson>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupJson {
    group_id: String,
}

/// An interface as an instance shows it. Those of the table of interfaces have the same members.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct InterfaceJson {
    interface_type: Option<String>,
    subnet_id: Option<String>,
    vpc_id: Option<String>,
    groups: Vec<GroupJson>,
    association: Option<AddressJson>,
    private_ip_addresses: Vec<AddressJson>,
    ipv6_addresses: Vec<AddressJson>,
    ipv6_prefixes: Vec<AddressJson>,
}

/// An interface.
#[derive(Debug, Default)]
pub(super) struct Bearer {
    /// Whether what follows is current. The subnet is always: an interface never leaves it.
    pub is_known: bool,
    pub kind: String,
    pub subnet_id: String,
    pub vpc_id: String,
    /// The ids of its security groups.
    pub groups: Vec<String>,
    /// Its public IPv4 addresses.
    pub ipv4: Vec<String>,
    /// Its global IPv6 addresses and prefixes.
    pub ipv6: Vec<(Ipv6Addr, String)>,
    /// Whether AWS drops all its traffic with internet gateways.
    pub is_denied: bool,
}

impl Bearer {
    /// Whether it is of a kind that accepts nothing from the internet.
    pub(super) fn accepts_nothing(&self) -> bool {
        self.kind == "nat_gateway"
    }

    /// Whether no security group filters it.
    pub(super) fn is_unfiltered(&self) -> bool {
        let may_lack_groups = self.kind.contains("load_balancer");
        self.groups.is_empty() && may_lack_groups
    }

    /// Reads a row of the table of interfaces. The groups of one without any public address are not read.
    pub(super) fn of_interface(facts: &Facts, interface: Resource<'_>) -> Self {
        let has = |column: &str, word: &str| interface.text(column).is_some_and(|text| text.contains(word));
        let mut json = InterfaceJson {
            interface_type: interface.text("interface_type").map(str::to_owned),
            subnet_id: interface.text("subnet_id").map(str::to_owned),
            vpc_id: interface.text("vpc_id").map(str::to_owned),
            ..InterfaceJson::default()
        };
        let mut is_known = sight::is_current(facts, interface);
        let mut list = |column: &str, word: &str| {
            let items =
                if has(column, word) { sight::list::<AddressJson>(interface, column) } else { Some(Vec::new()) };
            is_known &= items.is_some();
            items.unwrap_or_default()
        };
        json.private_ip_addresses = list("private_ip_addresses", "PublicIp");
        json.private_ip_addresses.extend(one(interface, "association"));
        json.ipv6_addresses = list("ipv6_addresses", "Ipv6Address");
        json.ipv6_prefixes = list("ipv6_prefixes", "Ipv6Prefix");
        let is_denied = interface.flag("deny_all_igw_traffic") == Some(true);
        let mut bearer = Self { is_known, is_denied, ..Self::new(json) };
        let has_address = !bearer.ipv4.is_empty() || !bearer.ipv6.is_empty();
        if has_address || !is_known {
            let groups = sight::list::<GroupJson>(interface, "groups").unwrap_or_default();
            bearer.groups = groups.into_iter().map(|group| group.group_id).collect();
        }
        bearer
    }

    /// Reads the interfaces of an instance. An instance that lists none has at most the one of its own columns.
    pub(super) fn of_instance(facts: &Facts, instance: Resource<'_>) -> Vec<Self> {
        let is_known = sight::is_current(facts, instance);
        let listed = sight::list::<InterfaceJson>(instance, "network_interfaces");
        let is_readable = listed.is_some();
        let mut listed = listed.unwrap_or_default();
        if listed.is_empty() && instance.text("subnet_id").is_some() {
            listed.push(InterfaceJson {
                subnet_id: instance.text("subnet_id").map(str::to_owned),
                vpc_id: instance.text("vpc_id").map(str::to_owned),
                groups: sight::list(instance, "security_groups").unwrap_or_default(),
                private_ip_addresses: vec![AddressJson {
                    public_ip: instance.text("public_ip_address").map(str::to_owned),
                    ..AddressJson::default()
                }],
                ipv6_addresses: vec![AddressJson {
                    ipv6_address: instance.text("ipv6_address").map(str::to_owned),
                    ..AddressJson::default()
                }],
                ..InterfaceJson::default()
            });
        }
        let known = |json| Self { is_known: is_known && is_readable, ..Self::new(json) };
        listed.into_iter().map(known).collect()
    }

    fn new(json: InterfaceJson) -> Self {
        let mut bearer = Self {
            kind: json.interface_type.unwrap_or_default(),
            subnet_id: json.subnet_id.unwrap_or_default(),
            vpc_id: json.vpc_id.unwrap_or_default(),
            groups: json.groups.into_iter().map(|group| group.group_id).collect(),
            ..Self::default()
        };
        let association = json.association.into_iter().chain(json.private_ip_addresses);
        for address in association {
            let inner = address.association.map(|inner| *inner).unwrap_or_default();
            bearer.ipv4.extend(address.public_ip.or(inner.public_ip).filter(|address| !address.is_empty()));
        }
        bearer.ipv4.sort_unstable();
        bearer.ipv4.dedup();
        for address in json.ipv6_addresses.into_iter().chain(json.ipv6_prefixes) {
            let Some(text) = address.ipv6_address.or(address.ipv6_prefix) else { continue };
            let first = text.split('/').next().and_then(|first| first.parse::<Ipv6Addr>().ok());
            // 2000::/3 is what is global.
            bearer.ipv6.extend(first.filter(|first| first.segments()[0] >> 13 == 1).map(|first| (first, text)));
        }
        bearer
    }
}

/// The address of a column with one object.
fn one(interface: Resource<'_>, column: &str) -> Option<AddressJson> {
    interface.text(column).and_then(|text| serde_json::from_str(text).ok())
}
