//! Who has an address, a name or an id: every resource of the tables of holders, by what targets are compared with.
//!
//! **Invariant:** keeps of a table only what is compared. What AWS still lists although it is gone holds nothing.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::dns_verdict::DnsHolder;
use super::holder_tables::{HOLDER_TABLES, HolderTable, HolderValue, INSTANCES};
use super::prefix_map::PrefixMap;
use crate::answers::facts::{Facts, Resource};
use crate::answers::lookup::{normal, texts};
use crate::answers::ranges;

/// The states of resources that hold nothing any more.
const GONE: [&str; 6] = ["deleted", "deprovisioned", "failed", "terminated", "rejected", "expired"];

/// The number of a holder.
type HolderNumber = u32;

/// A resource that holds something.
#[derive(Debug)]
pub(super) struct Holder {
    /// The place of its table among [`HOLDER_TABLES`].
    table: u8,
    account_id: Arc<str>,
    pub region: Arc<str>,
    id: Box<str>,
    arn: Option<Box<str>>,
    /// The VPC in which it is.
    network: Option<Arc<str>>,
    /// The instance to which it belongs.
    instance: Option<Box<str>>,
}

/// What of several holders of one value counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Preference<'a> {
    /// Holders elsewhere do not count.
    pub region: Option<&'a str>,
    /// Holders in one of these VPCs come first.
    pub networks: Option<&'a HashSet<String>>,
}

/// Every holder.
#[derive(Debug, Default)]
pub(super) struct HolderIndex {
    holders: Vec<Holder>,
    addresses: Vec<(IpAddr, HolderNumber)>,
    prefixes: PrefixMap<HolderNumber>,
    names: HashMap<Box<[u8]>, Vec<HolderNumber>>,
    ids: HashMap<Box<str>, Vec<HolderNumber>>,
    /// Texts that many holders share.
    shared: HashSet<Arc<str>>,
}

impl HolderIndex {
    /// Adds the holders of the tables that were read.
    pub(super) fn add(&mut self, facts: &Facts) {
        for (number, table) in (0_u8..).zip(HOLDER_TABLES) {
            facts.all(table.table).for_each(|resource| self.add_resource(number, table, resource));
        }
    }

    /// Arranges the addresses, once all tables were added.
    pub(super) fn finish(&mut self) {
        // Holders of the table that counts first come first.
        let holders = &self.holders;
        self.addresses.sort_unstable_by_key(|(address, holder)| (*address, holders[*holder as usize].table, *holder));
        self.addresses.dedup();
        self.shared = HashSet::new();
    }

    fn add_resource(&mut self, number: u8, table: &HolderTable, resource: Resource<'_>) {
        if is_gone(resource) {
            return;
        }
        let holder = HolderNumber::try_from(self.holders.len()).unwrap_or(HolderNumber::MAX);
        let mut new = Holder {
            table: number,
            account_id: self.share(resource.account_id()),
            region: self.share(resource.region()),
            id: resource.id().into(),
            arn: resource.arn().map(Box::from),
            network: None,
            instance: None,
        };
        for (column, member, value) in table.values {
            let Some(text) = resource.text(column) else { continue };
            for text in texts(text, member) {
                match value {
                    HolderValue::Address => self.addresses.extend(ranges::address(&text).map(|it| (it, holder))),
                    HolderValue::Prefix => {
                        let range: Option<IpNet> = ranges::range(&text);
                        range.into_iter().for_each(|range| self.prefixes.insert(range, holder));
                    }
                    HolderValue::Name => self.add_name(&text, holder),
                    HolderValue::Id => self.ids.entry(text.into()).or_default().push(holder),
                    HolderValue::Instance => new.instance = Some(text.into()),
                    HolderValue::Network => new.network = Some(self.share(&text)),
                }
            }
        }
        self.ids.entry(new.id.clone()).or_default().push(holder);
        self.holders.push(new);
    }

    fn add_name(&mut self, text: &str, holder: HolderNumber) {
        let Some(name) = normal(text) else { return };
        let holders = self.names.entry(name.into()).or_default();
        if holders.last() != Some(&holder) {
            holders.push(holder);
        }
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.shared.insert(Arc::clone(&text));
        text
    }

    /// Who has an address.
    pub(super) fn of_address(&self, address: IpAddr, preference: Preference<'_>) -> Option<&Holder> {
        let start = self.addresses.partition_point(|(other, _)| *other < address);
        let own = self.addresses[start..].iter().take_while(|(other, _)| *other == address).map(|(_, holder)| *holder);
        self.preferred(own.chain(self.prefixes.around(address).copied()), preference)
    }

    /// Who of these tables has a name.
    pub(super) fn of_name(&self, name: &str, tables: &[&str], preference: Preference<'_>) -> Option<&Holder> {
        let holders = self.names.get(name.as_bytes()).into_iter().flatten().copied();
        self.preferred(holders.filter(|holder| self.is_of(*holder, tables)), preference)
    }

    /// The resource of these tables that has an id.
    pub(super) fn of_id(&self, id: &str, tables: &[&str], preference: Preference<'_>) -> Option<&Holder> {
        let holders = self.ids.get(id).into_iter().flatten().copied();
        self.preferred(holders.filter(|holder| self.is_of(*holder, tables)), preference)
    }

    /// The instance to which a holder belongs, if the estate has it, and else the holder.
    pub(super) fn instance_of<'h>(&'h self, holder: &'h Holder) -> &'h Holder {
        let instance = holder.instance.as_deref();
        instance.and_then(|id| self.of_id(id, &[INSTANCES], Preference::default())).unwrap_or(holder)
    }

    fn is_of(&self, holder: HolderNumber, tables: &[&str]) -> bool {
        tables.contains(&self.table(&self.holders[holder as usize]).table)
    }

    fn preferred(&self, holders: impl Iterator<Item = HolderNumber>, preference: Preference<'_>) -> Option<&Holder> {
        let holders = holders.map(|number| &self.holders[number as usize]);
        let mut holders = holders.filter(|holder| preference.region.is_none_or(|region| *holder.region == *region));
        let Some(networks) = preference.networks else { return holders.next() };
        let is_near = |holder: &Holder| holder.network.as_deref().is_some_and(|network| networks.contains(network));
        let first = holders.next()?;
        if is_near(first) { Some(first) } else { Some(holders.find(|holder| is_near(holder)).unwrap_or(first)) }
    }

    fn table(&self, holder: &Holder) -> &'static HolderTable {
        &HOLDER_TABLES[usize::from(holder.table)]
    }

    /// The holder as the answer has it.
    pub(super) fn shown(&self, holder: &Holder) -> DnsHolder {
        DnsHolder {
            account_id: holder.account_id.to_string(),
            region: holder.region.to_string(),
            table: self.table(holder).table,
            id: holder.id.to_string(),
            arn: holder.arn.as_deref().map(str::to_owned),
        }
    }

    /// The holder in a sentence.
    pub(super) fn named(&self, holder: &Holder) -> String {
        let place =
            if &*holder.region == crate::inventory::GLOBAL { String::new() } else { format!(" in {}", holder.region) };
        format!("{} {} of account {}{place}", self.table(holder).resource, holder.id, holder.account_id)
    }
}

/// Whether AWS lists a resource that is gone.
fn is_gone(resource: Resource<'_>) -> bool {
    ["state", "status"].iter().filter_map(|column| resource.text(column)).any(|text| {
        let state = text.trim_start();
        let names = if state.starts_with('{') {
            [texts(text, "Name"), texts(text, "Code")].concat()
        } else {
            vec![text.to_owned()]
        };
        names.iter().any(|name| GONE.iter().any(|gone| name.eq_ignore_ascii_case(gone)))
    })
}
