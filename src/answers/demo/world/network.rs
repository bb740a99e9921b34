//! Networks: which subnets, route tables and network ACLs a VPC has, and what they are called.
//!
//! **Invariant:** writes no row.

use serde_json::{Value, json};

use super::super::accounts::{DemoAccount, Site};
use super::super::ids::id;

/// An entry of a network ACL for inbound TCP: number, range, ports, and whether it lets them pass.
pub(in super::super) type AclRule = (i64, &'static str, (i64, i64), bool);

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
    pub(super) block_mode: &'static str,
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
    pub(super) is_shared: bool,
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

    /// Whether it is the default VPC of its region.
    pub(super) fn is_default(&self) -> bool {
        self.is_default
    }

    /// Whether it has an internet gateway.
    pub(super) fn has_internet(&self) -> bool {
        self.has_internet
    }
}
