//! The rows of a network: the VPC, its subnets, route tables, network ACLs and gateway to the internet.
//!
//! **Invariant:** what AWS makes with every VPC (main route table, default network ACL, default security group) is
//! there.

use serde_json::{Value, json};

use super::super::ids::id;
use super::super::rows::DemoRows;
use super::groups::default_group;
use super::network::{DemoNetwork, DemoSubnet};
use super::routing::{write_acls, write_tables};

impl DemoNetwork {
    /// Writes the VPC and everything in it.
    pub(in super::super) fn write(&self, rows: &mut DemoRows) {
        rows.add_for(&self.observers(true), self.site, "ec2_vpcs", self.vpc_row());
        for (number, subnet) in (0_u8..).zip(&self.subnets) {
            let observers = self.observers(subnet.is_shared);
            rows.add_for(&observers, self.site, "ec2_subnets", self.subnet_row(subnet, number));
        }
        write_tables(self, rows);
        write_acls(self, rows);
        default_group(self, rows);
        if self.has_internet() {
            let columns = json!({
                "internet_gateway_id": self.igw_id(),
                "attachments": [{ "State": "available", "VpcId": self.id() }],
                "tags": self.tags(&format!("{}-internet", self.name)),
            });
            rows.add(self.site, "ec2_internet_gateways", columns);
        }
    }

    fn vpc_row(&self) -> Value {
        let ipv6: Vec<Value> = self.ipv6.iter().map(|cidr| self.ipv6_range(cidr)).collect();
        json!({
            "vpc_id": self.id(),
            "cidr_block": self.cidr,
            "cidr_block_association_set": [{
                "AssociationId": self.id_of("vpc-cidr-assoc", ""),
                "CidrBlock": self.cidr,
                "CidrBlockState": { "State": "associated" },
            }],
            "ipv6_cidr_block_association_set": ipv6,
            "state": "available",
            "instance_tenancy": "default",
            "is_default": self.is_default(),
            "dhcp_options_id": id("dopt", &self.site.unique("default")),
            "block_public_access_states": { "InternetGatewayBlockMode": self.block_mode },
            "tags": self.tags(self.name),
        })
    }

    fn ipv6_range(&self, cidr: &str) -> Value {
        let is_private = cidr.starts_with("fd");
        json!({
            "AssociationId": self.id_of("vpc-cidr-assoc", cidr),
            "Ipv6CidrBlock": cidr,
            "Ipv6CidrBlockState": { "State": "associated" },
            "NetworkBorderGroup": self.site.region,
            "Ipv6Pool": if is_private { "IPAM Managed" } else { "Amazon" },
            "Ipv6AddressAttribute": if is_private { "private" } else { "public" },
            "IpSource": if is_private { "none" } else { "amazon" },
        })
    }

    fn subnet_row(&self, subnet: &DemoSubnet, number: u8) -> Value {
        let ipv6: Vec<Value> = self
            .ipv6
            .iter()
            .map(|cidr| {
                let cidr = cidr.replace("00::/56", &format!("{number:02x}::/64"));
                json!({
                    "AssociationId": self.id_of("subnet-cidr-assoc", subnet.name),
                    "Ipv6CidrBlock": cidr,
                    "Ipv6CidrBlockState": { "State": "associated" },
                    "Ipv6AddressAttribute": if cidr.starts_with("fd") { "private" } else { "public" },
                    "IpSource": if cidr.starts_with("fd") { "none" } else { "amazon" },
                })
            })
            .collect();
        json!({
            "subnet_id": self.subnet_id(subnet.name),
            "vpc_id": self.id(),
            "cidr_block": subnet.cidr,
            "ipv6_cidr_block_association_set": ipv6,
            "availability_zone": self.site.zone(subnet.zone),
            "availability_zone_id": self.site.zone_id(subnet.zone),
            // The estate counts the free addresses at its end, when all interfaces are there.
            "available_ip_address_count": 0,
            "state": "available",
            "default_for_az": self.is_default(),
            "map_public_ip_on_launch": self.is_default(),
            "assign_ipv6_address_on_creation": false,
            "map_customer_owned_ip_on_launch": false,
            "enable_dns64": false,
            "ipv6_native": false,
            "private_dns_name_options_on_launch": {
                "HostnameType": "ip-name",
                "EnableResourceNameDnsARecord": false,
                "EnableResourceNameDnsAAAARecord": false,
            },
            "block_public_access_states": { "InternetGatewayBlockMode": self.block_mode },
            "tags": self.tags(&format!("{}-{}", self.name, subnet.name)),
        })
    }
}
