//! What a subnet lets through between the internet and its interfaces: its route table, block public access, its network ACL.
//!
//! Subnet, route table and network ACL are those of the VPC's owner. Block public access is what the subnet says, which heeds
//! exclusions, else the VPC, else the setting of the owner's account.
//!
//! **Invariant:** knows no security group.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::acls::{Acl, Acls};
use super::prefixes::PrefixLists;
use super::routes::Routes;
use super::sight;
use super::space::FAMILIES;
use crate::answers::facts::{Facts, Resource};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Range {
    ipv6_cidr_block: Option<String>,
    ipv6_address_attribute: Option<String>,
}

/// What a subnet lets through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate<'r> {
    /// Whether a route connects each family with the internet.
    pub routed: [Option<bool>; 2],
    /// Whether block public access leaves it alone.
    pub unblocked: Option<bool>,
    /// Its network ACL, if it is known.
    pub acl: Option<&'r Acl>,
}

/// The subnets of an estate.
#[derive(Debug)]
pub(super) struct Subnets<'a> {
    facts: &'a Facts,
    subnets: HashMap<&'a str, Resource<'a>>,
    vpcs: HashMap<&'a str, Resource<'a>>,
    settings: HashMap<(&'a str, &'a str), Resource<'a>>,
    routes: Routes<'a>,
    acls: Acls,
}

impl<'a> Subnets<'a> {
    pub(super) fn new(facts: &'a Facts, lists: &PrefixLists<'a>) -> Self {
        let key = |settings: Resource<'a>| ((settings.account_id(), settings.region()), settings);
        Self {
            facts,
            subnets: sight::by_id(facts, "ec2_subnets"),
            vpcs: sight::by_id(facts, "ec2_vpcs"),
            settings: facts.all("ec2_account_settings").map(key).collect(),
            routes: Routes::new(facts, lists),
            acls: Acls::new(facts),
        }
    }

    /// What a subnet of a VPC lets through.
    pub(super) fn gate(&self, subnet_id: &str, vpc_id: &str) -> Gate<'_> {
        let subnet = self.subnets.get(subnet_id).copied();
        let vpc = self.vpcs.get(vpc_id).copied();
        Gate {
            routed: self.routed(subnet_id, vpc_id, subnet.or(vpc)),
            unblocked: self.unblocked(subnet, vpc),
            acl: self.acls.of(subnet_id),
        }
    }

    fn routed(&self, subnet_id: &str, vpc_id: &str, owned: Option<Resource<'a>>) -> [Option<bool>; 2] {
        if let Some(own) = self.routes.of_subnet(subnet_id) {
            return own;
        }
        // That a subnet has no table of its own is known only if every table of the VPC is.
        let is_answered =
            |owned: &Resource<'_>| self.facts.is_answered(owned.account_id(), owned.region(), "ec2_route_tables");
        let main = owned.filter(is_answered).and_then(|_| self.routes.of_vpc(vpc_id));
        main.unwrap_or([None; 2])
    }

    fn unblocked(&self, subnet: Option<Resource<'a>>, vpc: Option<Resource<'a>>) -> Option<bool> {
        let is_current = |resource: &Resource<'a>| sight::is_current(self.facts, *resource);
        let subnet = subnet.filter(is_current)?;
        if let Some(mode) = block_mode(&subnet.json("block_public_access_states")) {
            return Some(mode == "off");
        }
        if let Some(mode) = vpc.filter(is_current).and_then(|vpc| block_mode(&vpc.json("block_public_access_states"))) {
            return Some(mode == "off");
        }
        let place = (subnet.account_id(), subnet.region());
        if !self.facts.is_answered(place.0, place.1, "ec2_account_settings") {
            return None;
        }
        let options = self.settings.get(&place).map(|settings| settings.json("vpc_block_public_access_options"));
        let options = options.unwrap_or(Value::Null);
        match block_mode(&options).as_deref() {
            None | Some("off") => Some(true),
            // An exclusion may open the subnet, and exclusions are not collected.
            Some(_) if options["ExclusionsAllowed"] == "allowed" => None,
            Some(_) => Some(false),
        }
    }

    /// Whether an IPv6 address of a subnet is of a range that AWS does not announce.
    pub(super) fn is_private(&self, subnet_id: &str, address: std::net::Ipv6Addr) -> bool {
        let ranges = self.subnets.get(subnet_id).and_then(|subnet| {
            let text = subnet.text("ipv6_cidr_block_association_set")?;
            text.contains("private").then(|| sight::list::<Ipv6Range>(*subnet, "ipv6_cidr_block_association_set"))?
        });
        let has = |range: &Ipv6Range| {
            let net = range.ipv6_cidr_block.as_deref().and_then(|cidr| cidr.parse::<ipnet::Ipv6Net>().ok());
            range.ipv6_address_attribute.as_deref() == Some("private") && net.is_some_and(|net| net.contains(&address))
        };
        ranges.is_some_and(|ranges| ranges.iter().any(has))
    }
}

impl Gate<'_> {
    /// Whether the network ACL lets anything in from most of the internet, for each family.
    pub(super) fn acl_lets_in(&self) -> [Option<bool>; 2] {
        FAMILIES.map(|family| self.acl.map(|acl| acl.lets_anything_in(family)))
    }
}

fn block_mode(states: &Value) -> Option<String> {
    states["InternetGatewayBlockMode"].as_str().map(str::to_owned)
}
