//! The export `hosts`: a file such as `/etc/hosts`, one line for each address, with all of its names.
//!
//! - Instances: their private and public addresses, each with the name that AWS gives to it. The tag `Name` names the private
//!   address, if it is a host name.
//! - A and AAAA records of public and private zones, if everybody gets them: no aliases, no routed record sets, no wildcards.
//!
//! **Invariant:** an address is in one line, a name is once in a line, and both are valid. The order is that of the addresses.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use super::export_summary::ExportSummary;
use super::host_names::{host_name, is_host_address};
use super::record_sets::{RECORDS, RecordSet, SetForm};
use super::{Accept, ExportFile};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::lookup::texts;
use crate::answers::ranges;
use crate::error::Error;

const INSTANCES: &str = "ec2_instances";

/// What the export reads.
pub(crate) const HOST_READS: &[Read] = &[
    Read::subject(
        INSTANCES,
        &[
            "private_ip_address",
            "private_dns_name",
            "public_ip_address",
            "public_dns_name",
            "ipv6_address",
            "network_interfaces",
            "vpc_id",
        ],
    ),
    RECORDS,
    Read::context("route53_hosted_zones", &["name"]),
];

/// The addresses with their names, and what has no place in a hosts file.
#[derive(Debug, Default)]
struct Hosts {
    names: BTreeMap<IpAddr, BTreeSet<String>>,
    /// The VPCs in which an instance has an address.
    networks: BTreeMap<IpAddr, BTreeSet<String>>,
    routed: u64,
    aliases: u64,
    invalid: u64,
}

/// Writes the file.
///
/// # Errors
///
/// Returns the error of a file that is not accepted.
pub(crate) fn export_hosts(facts: &Facts, accept: Accept<'_>) -> Result<ExportSummary, Error> {
    let mut hosts = Hosts::default();
    let mut summary = ExportSummary::default();
    for instance in facts.selected(INSTANCES) {
        hosts.add_instance(instance);
        summary.saw([instance]);
    }
    // Zones have tags, and their records have none.
    let zones: HashSet<&str> = facts.selected("route53_hosted_zones").map(Resource::id).collect();
    let listed: HashSet<&str> = facts.all("route53_hosted_zones").map(Resource::id).collect();
    for record in facts.all(RECORDS.table) {
        let zone = record.text("hosted_zone_id").unwrap_or_default();
        if zones.contains(zone) || !listed.contains(zone) && facts.selection.includes(record) {
            hosts.add_record(record);
            summary.saw([record]);
        }
    }
    let mut text = "# Hosts of an estate, written by `rolecall export hosts`.\n".to_owned();
    let named = hosts.names.iter().filter(|(_, names)| !names.is_empty());
    for (address, names) in named.clone() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        text.push_str(&format!("{address}\t{}\n", names.join(" ")));
    }
    accept(ExportFile { path: "hosts".to_owned(), bytes: text.into_bytes() })?;
    summary.count(named.clone().count(), "address", "addresses");
    summary.count(named.map(|(_, names)| names.len()).sum(), "name", "names");
    summary
        .left_out(hosts.aliases, "alias record sets of type A and AAAA, since AWS answers with the target's addresses");
    summary.left_out(hosts.routed, "routed record sets of type A and AAAA, since who asks decides about the address");
    summary.left_out(hosts.invalid, "names or addresses that a hosts file cannot have, such as wildcards");
    let shared = hosts.networks.values().filter(|networks| networks.len() > 1).count() as u64;
    if shared > 0 {
        let what = "addresses that hosts in several VPCs have, with the names of all of them in one line";
        summary.remark(shared, what);
    }
    Ok(summary)
}

impl Hosts {
    fn add(&mut self, address: &str, name: &str) {
        if address.is_empty() || name.is_empty() {
            return;
        }
        let address = ranges::address(address).filter(|address| is_host_address(*address));
        match address.zip(host_name(name)) {
            Some((address, name)) => drop(self.names.entry(address).or_default().insert(name)),
            None => self.invalid += 1,
        }
    }

    fn add_instance(&mut self, instance: Resource<'_>) {
        let text = |column: &str| instance.text(column).unwrap_or_default();
        let private = text("private_ip_address");
        if let Some(address) = ranges::address(private) {
            self.networks.entry(address).or_default().insert(text("vpc_id").to_owned());
        }
        self.add(private, text("private_dns_name"));
        self.add(text("public_ip_address"), text("public_dns_name"));
        let Some(name) = instance.name() else { return };
        self.add(private, &name);
        let interfaces = instance.text("network_interfaces");
        let of_interfaces = interfaces.map(|text| texts(text, "Ipv6Addresses.Ipv6Address")).unwrap_or_default();
        let own = instance.text("ipv6_address").map(str::to_owned);
        for address in own.into_iter().chain(of_interfaces).collect::<BTreeSet<_>>() {
            self.add(&address, &name);
        }
    }

    fn add_record(&mut self, record: Resource<'_>) {
        if !matches!(record.text("type"), Some("A" | "AAAA")) {
            return;
        }
        let Some(set) = RecordSet::read(record) else {
            self.invalid += 1;
            return;
        };
        match set.form {
            SetForm::Alias => self.aliases += 1,
            SetForm::Routed(_) => self.routed += 1,
            SetForm::Plain => set.values.iter().for_each(|value| self.add(value, &set.name.absolute())),
        }
    }
}
