//! The objects of an estate: customers, VPCs, subnets, instances and addresses.
//!
//! | estate | NetBox |
//! | --- | --- |
//! | customer of the registry, else account | tenant |
//! | VPC | VRF, with the VPC's id as route distinguisher |
//! | range of a VPC, subnet | prefix with the role `aws-vpc` or `aws-subnet` |
//! | account and region | cluster |
//! | instance, network interface of it | virtual machine, interface |
//! | address of an interface, elastic address | IP address, assigned to the interface, with its DNS name |
//!
//! **Invariant:** two objects never have one key. Of resources that would, the first counts.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde_json::{Value, json};

use super::netbox_kind::NetboxKind;
use super::netbox_names::{NAME_LENGTH, TAG, cut, description, dns_name};
use super::netbox_object::{NetboxObject, NetboxValue, own_tags, plain};
use super::netbox_tenants::{Tenant, tenants};
use crate::answers::export::record_sets::{RECORDS, RecordSet, SetForm};
use crate::answers::facts::{Facts, Read, Resource, Role};
use crate::answers::lookup::texts;
use crate::answers::ranges;

/// What the export reads. An estate that is not known in full is exported, and nothing of its unknown part is deleted.
pub(crate) const NETBOX_READS: &[Read] = &[
    Read::subject("ec2_vpcs", &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set"]),
    Read::subject(
        "ec2_subnets",
        &["cidr_block", "ipv6_cidr_block_association_set", "vpc_id", "available_ip_address_count"],
    ),
    Read::subject("ec2_instances", &["state", "instance_type"]),
    Read::subject(
        "ec2_network_interfaces",
        &["vpc_id", "subnet_id", "private_ip_addresses", "ipv6_addresses", "private_dns_name", "attachment", "status"],
    ),
    Read::subject("ec2_addresses", &["public_ip", "association_id"]),
    Read::context(RECORDS.table, RECORDS.columns),
];

/// AWS keeps the first four addresses of a subnet and its last (VPC user guide, "Subnet sizing").
const RESERVED: u128 = 5;

/// Makes objects, each key once.
struct Objects<'f> {
    /// The tenant of each account.
    tenants: HashMap<String, Tenant>,
    instances: HashMap<&'f str, Resource<'f>>,
    made: BTreeMap<(NetboxKind, String), NetboxObject>,
    /// The DNS names of addresses, by whether the zone is private.
    names: HashMap<(bool, IpAddr), String>,
}

/// The objects of an estate, each after those that it refers to.
pub(crate) fn netbox_objects(facts: &Facts, customers: &HashMap<String, String>) -> Vec<NetboxObject> {
    let instances = facts.selected("ec2_instances").map(|instance| (instance.id(), instance)).collect();
    let subjects = NETBOX_READS.iter().filter(|read| read.role == Role::Subject);
    let tenants = tenants(facts, subjects.map(|read| read.table), customers);
    let mut objects = Objects { tenants, instances, made: BTreeMap::new(), names: names(facts) };
    objects.add(NetboxKind::Tag, vec![("name", plain(TAG)), ("slug", plain(TAG))]);
    for role in ["vpc", "subnet"] {
        let name = format!("aws-{role}");
        objects.add(NetboxKind::Role, vec![("name", plain(name.as_str())), ("slug", plain(name))]);
    }
    let kind = vec![("name", plain("Amazon EC2")), ("slug", plain("amazon-ec2"))];
    objects.add(NetboxKind::ClusterType, kind);
    facts.selected("ec2_vpcs").for_each(|vpc| objects.add_vpc(vpc));
    // A subnet that is all of its VPC's range is the prefix of both.
    facts.selected("ec2_subnets").for_each(|subnet| objects.add_subnet(subnet));
    facts.selected("ec2_vpcs").for_each(|vpc| objects.add_ranges(vpc));
    facts.selected("ec2_instances").for_each(|instance| objects.add_instance(instance));
    let lengths: HashMap<&str, Vec<ipnet::IpNet>> =
        facts.all("ec2_subnets").map(|subnet| (subnet.id(), subnet_ranges(subnet))).collect();
    facts.selected("ec2_network_interfaces").for_each(|interface| objects.add_interface(interface, &lengths));
    facts.selected("ec2_addresses").for_each(|address| objects.add_elastic(address));
    objects.made.into_values().collect()
}

/// The names that record sets give to addresses: of several the shortest.
fn names(facts: &Facts) -> HashMap<(bool, IpAddr), String> {
    let mut names: HashMap<(bool, IpAddr), String> = HashMap::new();
    // Also of accounts that are not asked for: else a part of the estate would rename what it shares.
    for record in facts.all(RECORDS.table) {
        if !matches!(record.text("type"), Some("A" | "AAAA")) {
            continue;
        }
        let Some(set) = RecordSet::read(record).filter(|set| set.form == SetForm::Plain) else { continue };
        let name = dns_name(&set.name.absolute());
        let is_private = record.flag("private_zone") == Some(true);
        for address in set.values.iter().filter(|_| !name.is_empty()).filter_map(|value| ranges::address(value)) {
            let known = names.entry((is_private, address)).or_insert_with(|| name.clone());
            if (name.len(), &name) < (known.len(), known) {
                known.clone_from(&name);
            }
        }
    }
    names
}

fn subnet_ranges(subnet: Resource<'_>) -> Vec<ipnet::IpNet> {
    let own = subnet.text("cidr_block").map(str::to_owned);
    let more = subnet.text("ipv6_cidr_block_association_set");
    let more = more.map(|text| texts(text, "Ipv6CidrBlock")).unwrap_or_default();
    own.into_iter().chain(more).filter_map(|text| ranges::range(&text)).collect()
}

impl Objects<'_> {
    fn add(&mut self, kind: NetboxKind, fields: Vec<(&'static str, NetboxValue)>) -> String {
        let object = NetboxObject::new(kind, fields);
        let key = object.key.clone();
        self.made.entry((kind, key.clone())).or_insert(object);
        key
    }

    fn tenant(&mut self, account_id: &str) -> NetboxValue {
        let Tenant { name, slug } = self.tenants[account_id].clone();
        let fields = vec![("name", plain(name)), ("slug", plain(slug)), ("tags", own_tags())];
        NetboxValue::Reference(NetboxKind::Tenant, self.add(NetboxKind::Tenant, fields))
    }

    fn vrf(&mut self, vpc_id: &str) -> NetboxValue {
        if self.made.contains_key(&(NetboxKind::Vrf, vpc_id.to_owned())) {
            return NetboxValue::Reference(NetboxKind::Vrf, vpc_id.to_owned());
        }
        // A shared subnet is in a VPC that its participants do not see.
        let fields = vec![("name", plain(vpc_id)), ("rd", plain(vpc_id)), ("tags", own_tags())];
        NetboxValue::Reference(NetboxKind::Vrf, self.add(NetboxKind::Vrf, fields))
    }

    fn add_vpc(&mut self, vpc: Resource<'_>) {
        let tenant = self.tenant(vpc.account_id());
        let name = vpc.name().map(|name| cut(&name, NAME_LENGTH)).filter(|name| !name.is_empty());
        let fields = vec![
            ("name", plain(name.unwrap_or_else(|| vpc.id().to_owned()))),
            ("rd", plain(vpc.id())),
            ("tenant", tenant),
            ("description", plain(description(vpc.id(), vpc.account_id(), vpc.region(), ""))),
            ("tags", own_tags()),
        ];
        self.add(NetboxKind::Vrf, fields);
    }

    fn add_ranges(&mut self, vpc: Resource<'_>) {
        let columns = [
            ("cidr_block", ""),
            ("cidr_block_association_set", "CidrBlock"),
            ("ipv6_cidr_block_association_set", "Ipv6CidrBlock"),
        ];
        let values = columns.iter().filter_map(|(column, member)| Some((vpc.text(column)?, *member)));
        let found: Vec<String> = values.flat_map(|(text, member)| texts(text, member)).collect();
        for range in found.iter().filter_map(|text| ranges::range(text)) {
            let vrf = self.vrf(vpc.id());
            self.add_prefix(vpc, (range, vrf), ("container", "aws-vpc"), "");
        }
    }

    fn add_subnet(&mut self, subnet: Resource<'_>) {
        for range in subnet_ranges(subnet) {
            let free = subnet.integer("available_ip_address_count").filter(|_| range.addr().is_ipv4());
            let size = ranges::blocks(range, range.max_prefix_len()).saturating_sub(RESERVED);
            let used = free.and_then(|free| size.checked_sub(u128::try_from(free).ok()?));
            let more = used.map(|used| format!("{used} of {size} addresses used")).unwrap_or_default();
            let vrf = self.vrf(subnet.text("vpc_id").unwrap_or_default());
            self.add_prefix(subnet, (range, vrf), ("active", "aws-subnet"), &more);
        }
    }

    fn add_prefix(
        &mut self,
        owner: Resource<'_>,
        (range, vrf): (ipnet::IpNet, NetboxValue),
        (status, role): (&str, &str),
        more: &str,
    ) {
        let tenant = self.tenant(owner.account_id());
        let fields = vec![
            ("prefix", plain(range.to_string())),
            ("vrf", vrf),
            ("tenant", tenant),
            ("status", plain(status)),
            ("role", NetboxValue::Reference(NetboxKind::Role, role.to_owned())),
            ("description", plain(description(owner.id(), owner.account_id(), owner.region(), more))),
            ("tags", own_tags()),
        ];
        self.add(NetboxKind::Prefix, fields);
    }

    /// The name of an instance's machine. Tags repeat, so that the id is a part of it.
    fn machine_name(instance: Resource<'_>) -> String {
        let id = instance.id();
        let name = instance.name().map(|name| cut(&name, 64_usize.saturating_sub(id.len() + 3)));
        name.filter(|name| !name.is_empty()).map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
    }

    fn add_instance(&mut self, instance: Resource<'_>) {
        let state = instance.json("state")["Name"].as_str().unwrap_or_default().to_owned();
        if matches!(state.as_str(), "terminated" | "shutting-down") {
            return;
        }
        let tenant = self.tenant(instance.account_id());
        let cluster = format!("{} {}", instance.account_id(), instance.region());
        let kind = NetboxValue::Reference(NetboxKind::ClusterType, "amazon-ec2".to_owned());
        let fields =
            vec![("name", plain(cluster.as_str())), ("type", kind), ("tenant", tenant.clone()), ("tags", own_tags())];
        let cluster = self.add(NetboxKind::Cluster, fields);
        let status = match state.as_str() {
            "running" => "active",
            "pending" => "staged",
            _ => "offline",
        };
        let kind = instance.text("instance_type").unwrap_or_default();
        let fields = vec![
            ("name", plain(Self::machine_name(instance))),
            ("cluster", NetboxValue::Reference(NetboxKind::Cluster, cluster)),
            ("tenant", tenant),
            ("status", plain(status)),
            ("description", plain(description(instance.id(), instance.account_id(), instance.region(), kind))),
            ("tags", own_tags()),
        ];
        self.add(NetboxKind::Machine, fields);
    }

    /// The interface of NetBox for one of an instance. Others have none.
    fn assigned(&mut self, interface: Resource<'_>) -> Option<NetboxValue> {
        let attachment = interface.json("attachment");
        let instance = attachment["InstanceId"].as_str()?;
        let machine = *self.instances.get(instance)?;
        let place = (machine.account_id(), machine.region());
        let cluster = format!("{} {}", place.0, place.1);
        let key = format!("{cluster} {}", Self::machine_name(machine));
        self.made.contains_key(&(NetboxKind::Machine, key.clone())).then_some(())?;
        let fields = vec![
            ("virtual_machine", NetboxValue::Reference(NetboxKind::Machine, key)),
            ("name", plain(interface.id())),
            ("description", plain(description(interface.id(), interface.account_id(), interface.region(), ""))),
            ("tags", own_tags()),
        ];
        Some(NetboxValue::Reference(NetboxKind::Interface, self.add(NetboxKind::Interface, fields)))
    }

    fn add_interface(&mut self, interface: Resource<'_>, lengths: &HashMap<&str, Vec<ipnet::IpNet>>) {
        let assigned = self.assigned(interface);
        let own = lengths.get(interface.text("subnet_id").unwrap_or_default());
        let items = interface.items("private_ip_addresses").into_iter().map(|item| (item, "PrivateIpAddress"));
        let more = interface.items("ipv6_addresses").into_iter().map(|item| (item, "Ipv6Address"));
        let items: Vec<(Value, &str)> = items.chain(more).collect();
        let vpc = interface.text("vpc_id").unwrap_or_default();
        for (item, member) in &items {
            let Some(address) = item[*member].as_str().and_then(ranges::address) else { continue };
            let length = own.into_iter().flatten().find(|range| range.contains(&address));
            let length = length.map_or(if address.is_ipv4() { 32 } else { 128 }, ipnet::IpNet::prefix_len);
            let vrf = self.vrf(vpc);
            let fallback = item["PrivateDnsName"].as_str().or_else(|| interface.text("private_dns_name"));
            let name = self.name_of(true, address, fallback);
            self.add_address(interface, (address, length), Some(vrf), (&name, assigned.clone()));
            if let Some(public) = item["Association"]["PublicIp"].as_str().and_then(ranges::address) {
                let name = self.name_of(false, public, item["Association"]["PublicDnsName"].as_str());
                self.add_address(interface, (public, 32), None, (&name, assigned.clone()));
            }
        }
    }

    fn add_elastic(&mut self, address: Resource<'_>) {
        let Some(public) = address.text("public_ip").and_then(ranges::address) else { return };
        let name = self.name_of(false, public, None);
        self.add_address(address, (public, 32), None, (&name, None));
    }

    /// The name of an address: of a zone that is as private as the address, else of any, else AWS's.
    fn name_of(&self, is_private: bool, address: IpAddr, fallback: Option<&str>) -> String {
        let known = self.names.get(&(is_private, address)).or_else(|| self.names.get(&(!is_private, address)));
        known.cloned().unwrap_or_else(|| dns_name(fallback.unwrap_or_default()))
    }

    fn add_address(
        &mut self,
        owner: Resource<'_>,
        (address, length): (IpAddr, u8),
        vrf: Option<NetboxValue>,
        (name, assigned): (&str, Option<NetboxValue>),
    ) {
        let tenant = self.tenant(owner.account_id());
        let kind = assigned.as_ref().map(|_| "virtualization.vminterface");
        let fields = vec![
            ("address", plain(format!("{address}/{length}"))),
            ("vrf", vrf.unwrap_or_else(|| plain(Value::Null))),
            ("tenant", tenant),
            ("status", plain("active")),
            ("dns_name", plain(name)),
            ("assigned_object_type", plain(json!(kind))),
            ("assigned_object_id", assigned.unwrap_or_else(|| plain(Value::Null))),
            ("description", plain(description(owner.id(), owner.account_id(), owner.region(), ""))),
            ("tags", own_tags()),
        ];
        self.add(NetboxKind::Address, fields);
    }
}
