//! Networks: a VPC with its subnets, route tables, network ACLs and gateway to the internet.
//!
//! **Invariant:** what AWS makes with every VPC (main route table, default network ACL, default security group) is
//! there.

use serde_json::{Value, json};

use super::super::accounts::{DemoAccount, Site};
use super::super::ids::id;
use super::super::rows::DemoRows;
use super::groups::default_group;
use super::routing::{AclRule, write_acls, write_tables};

/// A VPC and what is in it.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoNetwork {
    pub site: Site,
    /// The account that uses it, where that is a participant and not the owner.
    pub tenant: Site,
    pub name: &'static str,
    pub cidr: &'static str,
    pub ipv6: Option<&'static str>,
    is_default: bool,
    has_internet: bool,
    block_mode: &'static str,
    /// The accounts that its shared subnets are shared with.
    pub participants: &'static [&'static DemoAccount],
    pub subnets: Vec<DemoSubnet>,
    pub(super) tables: Vec<(&'static str, &'static [&'static str], Vec<Value>)>,
    pub(super) acls: Vec<(&'static str, &'static [&'static str], &'static [AclRule])>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoSubnet {
    pub name: &'static str,
    pub cidr: &'static str,
    pub zone: char,
    is_shared: bool,
}

impl DemoNetwork {
    /// A VPC without subnets.
    pub(in super::super) fn new(site: Site, name: &'static str, cidr: &'static str) -> Self {
        Self {
            site,
            tenant: site,
            name,
            cidr,
            ipv6: None,
            is_default: false,
            has_internet: false,
            block_mode: "off",
            participants: &[],
            subnets: Vec::new(),
            tables: Vec::new(),
            acls: Vec::new(),
        }
    }

    /// The default VPC that AWS makes in every region of an account.
    pub(in super::super) fn default_of(site: Site) -> Self {
        let network = Self { is_default: true, ..Self::new(site, "default", "172.31.0.0/16") };
        let network = network.subnet("default-a", "172.31.16.0/20", 'a').subnet("default-b", "172.31.32.0/20", 'b');
        network.subnet("default-c", "172.31.0.0/20", 'c').internet()
    }

    /// Gives it an IPv6 range.
    pub(in super::super) fn ipv6(self, cidr: &'static str) -> Self {
        Self { ipv6: Some(cidr), ..self }
    }

    /// Attaches an internet gateway.
    pub(in super::super) fn internet(self) -> Self {
        Self { has_internet: true, ..self }
    }

    /// Says that the region's settings block the internet.
    pub(in super::super) fn blocked(self) -> Self {
        Self { block_mode: "block-bidirectional", ..self }
    }

    /// Adds a subnet in the zone of a letter.
    pub(in super::super) fn subnet(mut self, name: &'static str, cidr: &'static str, zone: char) -> Self {
        self.subnets.push(DemoSubnet { name, cidr, zone, is_shared: false });
        self
    }

    /// Shares the last subnet with these accounts.
    pub(in super::super) fn shared_with(mut self, accounts: &'static [&'static DemoAccount]) -> Self {
        self.participants = accounts;
        if let Some(subnet) = self.subnets.last_mut() {
            subnet.is_shared = true;
        }
        self
    }

    /// Adds a route table of some subnets. Subnets without one use the main table, which has the local routes alone.
    pub(in super::super) fn table(
        mut self,
        name: &'static str,
        subnets: &'static [&'static str],
        routes: Vec<Value>,
    ) -> Self {
        self.tables.push((name, subnets, routes));
        self
    }

    /// Adds a network ACL of some subnets. Subnets without one use the default one, which lets everything pass.
    pub(in super::super) fn acl(
        mut self,
        name: &'static str,
        subnets: &'static [&'static str],
        rules: &'static [AclRule],
    ) -> Self {
        self.acls.push((name, subnets, rules));
        self
    }

    /// The same network as a participant uses it.
    pub(in super::super) fn used_by(self, account: &'static DemoAccount) -> Self {
        Self { tenant: account.at(self.site.region), ..self }
    }

    /// The id of a resource in this network.
    pub(in super::super) fn id_of(&self, prefix: &str, name: &str) -> String {
        id(prefix, &self.site.unique(&format!("{}/{name}", self.name)))
    }

    pub(in super::super) fn id(&self) -> String {
        self.id_of("vpc", "")
    }

    pub(in super::super) fn igw_id(&self) -> String {
        self.id_of("igw", "")
    }

    pub(in super::super) fn subnet_id(&self, name: &str) -> String {
        self.id_of("subnet", name)
    }

    pub(in super::super) fn table_id(&self, name: &str) -> String {
        self.id_of("rtb", name)
    }

    pub(in super::super) fn group_id(&self, name: &str) -> String {
        self.id_of("sg", name)
    }

    /// The zone of a subnet.
    pub(in super::super) fn zone_of(&self, subnet: &str) -> char {
        self.subnets.iter().find(|own| own.name == subnet).map_or('a', |own| own.zone)
    }

    /// The accounts that see what is shared of it, the owner first.
    pub(in super::super) fn observers(&self, is_shared: bool) -> Vec<&'static DemoAccount> {
        let others = if is_shared { self.participants } else { &[] };
        std::iter::once(self.site.account).chain(others.iter().copied()).collect()
    }

    pub(super) fn is_shared(&self, subnet: &str) -> bool {
        self.subnets.iter().any(|own| own.name == subnet && own.is_shared)
    }

    /// The tags of what is in it. What AWS made by itself has none.
    pub(super) fn tags(&self, name: &str) -> Value {
        if self.is_default { json!({}) } else { self.tenant.tags(name) }
    }

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
        if self.has_internet {
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
            "is_default": self.is_default,
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
            "default_for_az": self.is_default,
            "map_public_ip_on_launch": self.is_default,
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

    /// Whether it is the default VPC of its region.
    pub(super) fn is_default(&self) -> bool {
        self.is_default
    }

    /// Whether it has an internet gateway.
    pub(super) fn has_internet(&self) -> bool {
        self.has_internet
    }
}
