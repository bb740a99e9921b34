//! Makes the rows: one for each value of each record that is asked for.
//!
//! **Invariant:** rows come in the order of account, zone, name and type, and of the values in their record.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::chains::{Asker, Chains, NameQuery, Wanted, merge, no_name};
use super::delegations::Delegation;
use super::dns_verdict::{DnsRow, Judgement};
use super::evidence::Evidence;
use super::hidden_records::hidden;
use super::holder_tables::{RECORDS, ZONES};
use super::holders::{HolderIndex, Preference};
use super::ip_ranges::PublishedRanges;
use super::public_zones::name_server;
use super::record_values::{RecordTarget, targets_of, type_of};
use super::zone_names::{NameRecords, ZoneNames, name_of};
use super::zones::{ZoneIndex, ZoneNumber};
use crate::answers::facts::{Facts, Resource};
use crate::answers::lookup::normal;
use crate::answers::ranges;

/// The records that are asked for: all of them, or those that answer for a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct AskedRecords(Option<Vec<u8>>);

impl AskedRecords {
    /// The records that answer for a name.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the name.
    pub(crate) fn named(text: &str) -> Result<Self, String> {
        let name = normal(text.trim()).map(|name| Self(Some(name)));
        name.ok_or_else(|| "it is no DNS name: write one such as www.example.com".to_owned())
    }

    fn includes(&self, names: &ZoneNames<'_>, zone: (ZoneNumber, &[u8]), record: Resource<'_>, own: &[u8]) -> bool {
        let Some(asked) = &self.0 else { return true };
        if asked == own {
            return true;
        }
        let is_wildcard_of = own.strip_prefix(b"*").is_some_and(|parent| asked.ends_with(parent));
        is_wildcard_of
            && match names.answer(zone.0, zone.1, asked) {
                NameRecords::Some(records) => records.iter().any(|other| other.id() == record.id()),
                _ => false,
            }
    }
}

/// Judges records, once it has every holder.
#[derive(Debug)]
pub(crate) struct DnsJudge<'p> {
    published: &'p PublishedRanges,
    collected: BTreeSet<&'static str>,
    holders: HolderIndex,
}

/// What one record is judged with.
struct Judged<'a, 'f> {
    chains: Chains<'a, 'f>,
    evidence: &'a Evidence<'a>,
    zones: &'a ZoneIndex,
    /// The zone of the last record, with the VPCs that see it.
    last: Option<(ZoneNumber, HashSet<String>)>,
}

impl<'p> DnsJudge<'p> {
    /// Begins with the tables that the catalogue has.
    pub(crate) fn new(published: &'p PublishedRanges, collected: BTreeSet<&'static str>) -> Self {
        Self { published, collected, holders: HolderIndex::default() }
    }

    /// Adds the holders of some tables.
    pub(crate) fn add_holders(&mut self, facts: &Facts) {
        self.holders.add(facts);
    }

    /// Judges the records of the facts, which have the tables of [`super::zone_reads`].
    pub(crate) fn judge(mut self, facts: &Facts, asked: &AskedRecords, mut accept: impl FnMut(DnsRow)) {
        self.holders.finish();
        let evidence = Evidence::new(facts, &self.holders, self.published, &self.collected);
        let zones = ZoneIndex::new(facts, &evidence.cells);
        let names = ZoneNames::new(facts, &zones);
        let chains = Chains::new(&evidence, &zones, &names);
        let mut judged = Judged { chains, evidence: &evidence, zones: &zones, last: None };
        let selected: HashSet<&str> = facts.selected(ZONES).map(Resource::id).collect();
        let listed: HashSet<&str> = facts.all(ZONES).map(Resource::id).collect();
        for record in facts.all(RECORDS) {
            let Some(id) = record.text("hosted_zone_id") else { continue };
            let is_selected = selected.contains(id) || !listed.contains(id) && facts.selection.includes(record);
            let (Some(zone), Some(own)) = (zones.find(id), normal(name_of(record))) else { continue };
            if !is_selected || !asked.includes(&names, (zone, &zones.zone(zone).name), record, &own) {
                continue;
            }
            let targets = targets_of(record);
            if targets.is_empty() {
                continue;
            }
            let hidden = hidden(&zones, &names, zone, (&own, type_of(record)));
            let servers: BTreeSet<Vec<u8>> = match targets.first() {
                Some(RecordTarget::NameServer(_)) => targets.iter().filter_map(name_server).collect(),
                _ => BTreeSet::new(),
            };
            for target in targets {
                let judgement = judged.target(record, zone, (&own, &servers), &target);
                accept(row(record, zones.zone(zone), target, &judgement, hidden.as_deref()));
            }
        }
    }
}

impl<'f> Judged<'_, 'f> {
    fn target(
        &mut self,
        record: Resource<'f>,
        zone: ZoneNumber,
        (own, servers): (&[u8], &BTreeSet<Vec<u8>>),
        target: &RecordTarget,
    ) -> Rc<Judgement> {
        match target {
            RecordTarget::Address(text) => Rc::new(self.address(zone, text)),
            RecordTarget::NameServer(text) => self.name_server(record, zone, (own, servers), text),
            _ => self.of_askers(zone, |judged, asker| judged.name(record, asker, target)),
        }
    }

    /// What all who see the zone get: of several verdicts the one that says most.
    fn of_askers(&mut self, zone: ZoneNumber, verdict: impl Fn(&mut Self, Asker) -> Rc<Judgement>) -> Rc<Judgement> {
        let zones = self.zones;
        let named = zones.zone(zone);
        let Some((first, others)) = named.classes.split_first().filter(|_| named.is_private) else {
            let asker = if named.is_private { Asker::ZoneAlone(zone) } else { Asker::Internet };
            return verdict(self, asker);
        };
        let mut found = verdict(self, Asker::Vpc(*first));
        for class in others {
            let other = verdict(self, Asker::Vpc(*class));
            found = merge(Some(found), other);
        }
        found
    }

    fn name(&mut self, record: Resource<'f>, asker: Asker, target: &RecordTarget) -> Rc<Judgement> {
        let wanted = if matches!(target, RecordTarget::Host(_)) { Wanted::Host } else { Wanted::Anything };
        let asked = match target {
            RecordTarget::Alias { name, zone_id } => self.chains.alias(record, asker, name, zone_id),
            _ => match normal(target.text()) {
                Some(name) => Ok(NameQuery { asker, wanted, zone: None, name: name.into() }),
                None => Err(Rc::new(no_name(target.text()))),
            },
        };
        asked.map_or_else(|end| end, |asked| self.chains.verdict(asked))
    }

    fn address(&mut self, zone: ZoneNumber, text: &str) -> Judgement {
        let named = self.zones.zone(zone);
        if self.last.as_ref().is_none_or(|(last, _)| *last != zone) {
            let classes = named.classes.iter().map(|class| &self.zones.classes[*class as usize]);
            self.last = Some((zone, classes.flat_map(|class| class.vpcs.iter().cloned()).collect()));
        }
        let networks = self.last.as_ref().map(|(_, networks)| networks).filter(|_| named.is_private);
        match ranges::address(text) {
            Some(address) => self.evidence.address(address, Preference { region: None, networks }),
            None => self.chains.address(text, Asker::Internet),
        }
    }

    fn name_server(
        &mut self,
        record: Resource<'f>,
        zone: ZoneNumber,
        (own, servers): (&[u8], &BTreeSet<Vec<u8>>),
        text: &str,
    ) -> Rc<Judgement> {
        let Some(server) = normal(text) else { return Rc::new(no_name(text)) };
        let delegation = Delegation { name: own, shown: name_of(record), servers, server: &server };
        let named = self.zones.zone(zone);
        if named.name == own {
            return Rc::new(self.evidence.own_name_server(named, delegation));
        }
        match self.evidence.delegated_name_server(self.zones, delegation) {
            Some(judgement) => Rc::new(judgement),
            None => {
                let name: Rc<[u8]> = server.as_slice().into();
                self.of_askers(zone, |judged, asker| {
                    let name = Rc::clone(&name);
                    judged.chains.verdict(NameQuery { asker, wanted: Wanted::Host, zone: None, name })
                })
            }
        }
    }
}

fn row(
    record: Resource<'_>,
    zone: &super::zones::NamedZone,
    target: RecordTarget,
    judgement: &Judgement,
    hidden: Option<&str>,
) -> DnsRow {
    let reason = sentence(&target, &judgement.reason, hidden);
    DnsRow {
        account_id: record.account_id().to_owned(),
        hosted_zone_id: zone.id.clone(),
        zone_name: zone.shown.clone(),
        private_zone: zone.is_private,
        name: name_of(record).to_owned(),
        r#type: type_of(record).to_owned(),
        set_identifier: record.text("set_identifier").map(str::to_owned),
        target: target.text().to_owned(),
        verdict: judgement.verdict,
        kind: judgement.kind,
        holder: judgement.holder.clone(),
        reason,
        needs: Rc::clone(&judgement.needs),
        collected_at: record.collected_at(),
    }
}

/// The reason as a sentence. It says through which name the record leads to its end, and that nobody sees it.
fn sentence(target: &RecordTarget, reason: &str, hidden: Option<&str>) -> String {
    let name = target.text().trim_end_matches('.').to_ascii_lowercase();
    let is_direct = matches!(target, RecordTarget::Address(_) | RecordTarget::NameServer(_)) || reason.contains(&name);
    let reason = if is_direct { reason.to_owned() } else { format!("it leads through {name}: {reason}") };
    let reason = match hidden {
        Some(hidden) => format!("nobody sees the record, since {hidden}; by its value, {reason}"),
        None => reason,
    };
    // Names begin as they are written.
    let is_word = reason.split(' ').next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    let mut letters = reason.chars();
    match letters.next().filter(|_| is_word) {
        Some(first) => format!("{}{}.", first.to_ascii_uppercase(), letters.as_str()),
        None => format!("{reason}."),
    }
}
