//! Follows names through the zones of the estate to what they lead to.
//!
//! A chain can have a million names, so it is followed without recursion, and what a name leads to is found once for those
//! who see the same zones.
//!
//! **Invariant:** a chain that comes back to itself is broken. Of several ends the one that says most counts.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::delegations::Delegation;
use super::dns_verdict::{DnsHolder, DnsVerdict, Judgement};
use super::evidence::{Evidence, unknown};
use super::holder_tables::{ASSOCIATIONS, RECORDS, ZONES};
use super::holders::Preference;
use super::horizons::{Horizon, lineage};
use super::public_zones::{PublicAnswer, PublicZones, name_server};
use super::record_values::{RecordTarget, targets_of, type_of};
use super::zone_names::{NameRecords, ZoneNames, name_of};
use super::zones::{ClassNumber, NamedZone, ZoneIndex, ZoneNumber};
use crate::answers::facts::Resource;
use crate::answers::lookup::normal;
use crate::answers::ranges;

/// More names than this are not remembered.
const MOST_REMEMBERED: usize = 50_000;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    Internet,
    /// A VPC of a class.
    Vpc(ClassNumber),
    /// Somebody who sees a private zone that no known VPC sees.
    ZoneAlone(ZoneNumber),
}

/// What a name must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wanted<'f> {
    /// Any record.
    Anything,
    /// Addresses.
    Host,
    /// Records of a type, for an alias.
    Type(&'f str),
}

/// A name that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NameQuery<'f> {
    pub asker: Asker,
    pub wanted: Wanted<'f>,
    /// The zone of an alias's target, which answers alone.
    pub zone: Option<ZoneNumber>,
    pub name: Rc<[u8]>,
}

/// What follows from one name.
#[derive(Default)]
struct NextNames<'f> {
    names: Vec<NameQuery<'f>>,
    found: Option<Rc<Judgement>>,
}

/// A name on the way.
struct ChainLink<'f> {
    asked: NameQuery<'f>,
    next: NextNames<'f>,
}

/// Follows names.
pub(super) struct Chains<'a, 'f> {
    pub evidence: &'a Evidence<'a>,
    pub public: PublicZones<'a, 'f>,
    /// What each name leads to. `None` while it is on the way.
    known: HashMap<NameQuery<'f>, Option<Rc<Judgement>>>,
}

/// Of two judgements the one that says more.
pub(super) fn merge(one: Option<Rc<Judgement>>, other: Rc<Judgement>) -> Rc<Judgement> {
    match one {
        Some(one) if one.verdict >= other.verdict => one,
        _ => other,
    }
}

impl<'f> NextNames<'f> {
    fn end(judgement: Judgement) -> Self {
        Self { names: Vec::new(), found: Some(Rc::new(judgement)) }
    }

    fn add(&mut self, judgement: Rc<Judgement>) {
        self.found = Some(merge(self.found.take(), judgement));
    }
}

impl<'a, 'f> Chains<'a, 'f> {
    pub(super) fn new(evidence: &'a Evidence<'a>, zones: &'a ZoneIndex, names: &'a ZoneNames<'f>) -> Self {
        Self { evidence, public: PublicZones { zones, names }, known: HashMap::new() }
    }

    pub(super) fn zones(&self) -> &'a ZoneIndex {
        self.public.zones
    }

    /// What a name leads to.
    pub(super) fn verdict(&mut self, asked: NameQuery<'f>) -> Rc<Judgement> {
        if let Some(Some(known)) = self.known.get(&asked) {
            return Rc::clone(known);
        }
        let mut steps = vec![self.begin(asked)];
        loop {
            let Some(step) = steps.last_mut() else { return Rc::new(nothing()) };
            if let Some(next) = step.next.names.pop() {
                match self.known.get(&next) {
                    Some(Some(known)) => step.next.add(Rc::clone(known)),
                    Some(None) => step.next.add(Rc::new(looped(&next.name))),
                    None => steps.push(self.begin(next)),
                }
                continue;
            }
            let Some(ChainLink { asked, next }) = steps.pop() else { continue };
            let found = next.found.unwrap_or_else(|| Rc::new(nothing()));
            if self.known.len() > MOST_REMEMBERED {
                self.known.retain(|_, known| known.is_none());
            }
            self.known.insert(asked, Some(Rc::clone(&found)));
            match steps.last_mut() {
                Some(before) => before.next.add(found),
                None => return found,
            }
        }
    }

    fn begin(&mut self, asked: NameQuery<'f>) -> ChainLink<'f> {
        self.known.insert(asked.clone(), None);
        let next = self.next(&asked);
        ChainLink { asked, next }
    }

    fn next(&self, asked: &NameQuery<'f>) -> NextNames<'f> {
        let zone = match asked.zone {
            Some(zone) => zone,
            None => match self.answering(asked) {
                Ok(zone) => zone,
                Err(end) => return NextNames { names: Vec::new(), found: Some(end) },
            },
        };
        let named = self.zones().zone(zone);
        if let Some(owner) = &named.stranger {
            return NextNames::end(self.of_stranger(named, owner, &asked.name));
        }
        if named.is_private
            && asked.zone.is_none()
            && let Some(cut) = self.public.names.cut(zone, &named.name, &asked.name)
            && let Some(record) = self.public.names.named(zone, cut).find(|record| type_of(*record) == "NS")
        {
            return NextNames { names: Vec::new(), found: Some(self.delegation(record)) };
        }
        let shown = String::from_utf8_lossy(&asked.name);
        let missing =
            |what: &str| NextNames::end(self.missing(named, asked, format!("{} {what} {shown}", named.named())));
        let records = match self.public.names.answer(zone, &named.name, &asked.name) {
            NameRecords::Nothing => return missing("has no name"),
            NameRecords::OnlyBelow => return missing("has only names below"),
            NameRecords::Some(records) => records,
        };
        let is_wanted = |record: &&Resource<'f>| match asked.wanted {
            Wanted::Type(kind) => type_of(**record) == kind,
            _ => matches!(type_of(**record), "A" | "AAAA" | "CNAME"),
        };
        let mut next = NextNames::default();
        for record in records.iter().filter(is_wanted) {
            for target in targets_of(*record) {
                self.add_target(&mut next, asked, *record, target);
            }
        }
        match (asked.wanted, records.first()) {
            _ if !next.names.is_empty() || next.found.is_some() => next,
            (Wanted::Type(kind), _) if !records.iter().any(|record| type_of(*record) == kind) => {
                missing(&format!("has no record of type {kind} for"))
            }
            (Wanted::Host, _) => missing("has no address for"),
            (_, Some(record)) => NextNames::end(held_by_record(*record)),
            _ => next,
        }
    }

    fn add_target(&self, next: &mut NextNames<'f>, asked: &NameQuery<'f>, record: Resource<'f>, target: RecordTarget) {
        match target {
            RecordTarget::Address(text) => next.add(Rc::new(self.address(&text, asked.asker))),
            RecordTarget::Alias { name, zone_id } => match self.alias(record, asked.asker, &name, &zone_id) {
                Ok(name) => next.names.push(name),
                Err(end) => next.add(end),
            },
            RecordTarget::Name(text) | RecordTarget::Host(text) | RecordTarget::NameServer(text) => {
                let wanted = if asked.wanted == Wanted::Host { Wanted::Host } else { Wanted::Anything };
                match normal(&text) {
                    Some(name) => {
                        next.names.push(NameQuery { asker: asked.asker, wanted, zone: None, name: name.into() });
                    }
                    None => next.add(Rc::new(no_name(&text))),
                }
            }
        }
    }

    /// The verdict on the text of an address.
    pub(super) fn address(&self, text: &str, asker: Asker) -> Judgement {
        match ranges::address(text) {
            Some(address) => self.evidence.address(address, self.preference(asker)),
            None => Judgement::new(DnsVerdict::Broken, format!("`{text}` is no address")),
        }
    }

    fn preference(&self, asker: Asker) -> Preference<'_> {
        let networks = match asker {
            Asker::Vpc(class) => Some(&self.zones().classes[class as usize].vpcs),
            _ => None,
        };
        Preference { region: None, networks }
    }

    /// The name to which an alias leads, or its end.
    pub(super) fn alias(
        &self,
        record: Resource<'f>,
        asker: Asker,
        target: &str,
        zone_id: &str,
    ) -> Result<NameQuery<'f>, Rc<Judgement>> {
        let Some(name) = normal(target) else { return Err(Rc::new(no_name(target))) };
        let zone = self.zones().find(zone_id);
        if zone.is_none() {
            let own = normal(name_of(record)).unwrap_or_default();
            let own = String::from_utf8_lossy(&own);
            let found = std::str::from_utf8(&name).ok();
            let found = found.and_then(|name| self.evidence.name_of_aws(name, &own, self.preference(asker)));
            if let Some(found) = found {
                return Err(Rc::new(found));
            }
        }
        let wanted = if zone.is_some() { Wanted::Type(type_of(record)) } else { Wanted::Anything };
        Ok(NameQuery { asker, wanted, zone, name: name.into() })
    }

    /// The zone that answers a name, or what the name is if no zone of the estate does.
    fn answering(&self, asked: &NameQuery<'f>) -> Result<ZoneNumber, Rc<Judgement>> {
        let name = &asked.name;
        let shown = String::from_utf8_lossy(name);
        let forwarded = || {
            Judgement::new(
                DnsVerdict::Foreign,
                format!("{shown} is under a forwarding rule of the VPC, so another resolver answers"),
            )
        };
        let mut rule_for_all = false;
        match asked.asker {
            Asker::Vpc(class) => match self.zones().horizon(class, name) {
                Horizon::Zone(zone) => return Ok(zone),
                Horizon::Rule => return Err(Rc::new(forwarded())),
                Horizon::RuleForAll => rule_for_all = true,
                Horizon::Public => {}
            },
            Asker::ZoneAlone(zone) if lineage(name).any(|domain| domain == self.zones().zone(zone).name) => {
                return Ok(zone);
            }
            _ => {}
        }
        let of_aws = std::str::from_utf8(name).ok();
        let of_aws = of_aws.and_then(|name| self.evidence.name_of_aws(name, name, self.preference(asked.asker)));
        if let Some(judgement) = of_aws {
            return Err(Rc::new(judgement));
        }
        if rule_for_all {
            return Err(Rc::new(forwarded()));
        }
        match self.public.answer(name) {
            PublicAnswer::Zone(zone) => Ok(zone),
            PublicAnswer::Delegation(record) => Err(self.delegation(record)),
            PublicAnswer::Outside => {
                let tables: &[&'static str] =
                    if asked.asker == Asker::Internet { &[ZONES] } else { &[ZONES, ASSOCIATIONS] };
                Err(Rc::new(self.evidence.foreign_name(&shown, tables)))
            }
        }
    }

    /// The verdict on all name servers of a delegation.
    fn delegation(&self, record: Resource<'f>) -> Rc<Judgement> {
        let name = normal(name_of(record)).unwrap_or_default();
        let servers: BTreeSet<Vec<u8>> = targets_of(record).iter().filter_map(name_server).collect();
        let mut found = None;
        for server in &servers {
            let delegation = Delegation { name: &name, shown: name_of(record), servers: &servers, server };
            let judged = self.evidence.delegated_name_server(self.zones(), delegation);
            let judged = judged.unwrap_or_else(|| {
                let server = String::from_utf8_lossy(server);
                let reason =
                    format!("{} is delegated to {server}, which is no name server of Route 53", name_of(record));
                Judgement::new(DnsVerdict::Foreign, reason)
            });
            found = Some(merge(found, Rc::new(judged)));
        }
        found.unwrap_or_else(|| Rc::new(nothing()))
    }

    /// A zone that a VPC sees, of an account or a service whose zones were not read.
    fn of_stranger(&self, zone: &NamedZone, owner: &str, name: &[u8]) -> Judgement {
        let name = String::from_utf8_lossy(name);
        let own = self.evidence.cells.unanswered_of(owner, &[ZONES, RECORDS]);
        if !owner.is_empty() && !own.is_empty() {
            return unknown(&format!("{name}, which the private zone {} of {owner} answers,", zone.id), own);
        }
        let owner = if owner.is_empty() { "another account" } else { owner };
        let reason =
            format!("{name} is answered by the private zone {} of {owner}, which is not in the estate", zone.id);
        Judgement::new(DnsVerdict::Foreign, reason)
    }

    /// A name that a zone does not have. Other zones can have it only if the name was not asked in one zone alone.
    fn missing(&self, zone: &NamedZone, asked: &NameQuery<'f>, reason: String) -> Judgement {
        if !zone.is_read {
            let own = self.evidence.cells.unanswered_of(&zone.account_id, &[RECORDS]);
            return unknown(&format!("what {} has for {}", zone.named(), String::from_utf8_lossy(&asked.name)), own);
        }
        let broken = Judgement::new(DnsVerdict::Broken, reason);
        match asked.zone {
            Some(_) => broken,
            None => broken.needing(self.evidence.cells.unanswered(&[ZONES], None)),
        }
    }
}

fn held_by_record(record: Resource<'_>) -> Judgement {
    let holder = DnsHolder {
        account_id: record.account_id().to_owned(),
        region: record.region().to_owned(),
        table: RECORDS,
        id: record.id().to_owned(),
        arn: record.arn().map(Cow::into_owned),
    };
    let reason = format!(
        "{} has a record of type {} in the zone {} of account {}",
        name_of(record),
        type_of(record),
        record.text("hosted_zone_id").unwrap_or_default(),
        record.account_id()
    );
    Judgement { holder: Some(holder), ..Judgement::new(DnsVerdict::Held, reason) }
}

fn looped(name: &[u8]) -> Judgement {
    Judgement::new(DnsVerdict::Broken, format!("{} leads back to itself", String::from_utf8_lossy(name)))
}

pub(super) fn no_name(text: &str) -> Judgement {
    Judgement::new(DnsVerdict::Broken, format!("`{text}` is no DNS name"))
}

fn nothing() -> Judgement {
    Judgement::new(DnsVerdict::Broken, "the record has no value")
}
