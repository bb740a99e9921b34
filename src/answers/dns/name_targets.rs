//! The verdict on a name by its form: of a kind that is collected, of another service, or outside of AWS.
//!
//! **Invariant:** follows no record.

use super::dns_verdict::{DnsVerdict, Judgement};
use super::evidence::Evidence;
use super::holder_tables::INSTANCES;
use super::holders::{Holder, Preference};
use super::target_forms::{TargetForm, TargetKey, form_of};
use super::target_kinds::TargetKind;

impl Evidence<'_> {
    /// The verdict on a name of AWS. `None` if it has no form of AWS's names. `own` is the record's name.
    pub(super) fn name_of_aws(&self, name: &str, own: &str, preference: Preference<'_>) -> Option<Judgement> {
        Some(match form_of(name, own)? {
            TargetForm::Service(service) => Judgement::new(
                DnsVerdict::Foreign,
                format!("{name} is a name of {service}, which rolecall does not collect"),
            ),
            TargetForm::Kind { kind, .. } if !self.collects(kind.tables) => {
                let TargetKind { resource, service, .. } = kind;
                let article = if resource.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                let reason = format!("{name} is {article} {resource} of {service}, which rolecall does not collect");
                Judgement::new(DnsVerdict::Foreign, reason)
            }
            TargetForm::Kind { kind, region: Some(region), key: TargetKey::Address(address) }
                if kind.takeable.is_some() =>
            {
                self.named_address(address, region)
            }
            TargetForm::Kind { kind, region, key } => self.resource(name, kind, (region, key), preference),
        })
    }

    fn resource(
        &self,
        name: &str,
        kind: &TargetKind,
        (region, key): (Option<&str>, TargetKey),
        preference: Preference<'_>,
    ) -> Judgement {
        let own = |id: &str| {
            let found = self.holders.of_id(id, kind.tables, Preference::default());
            found.map(|holder| (holder, format!("the {} {id}", kind.resource)))
        };
        let found: Option<(&Holder, String)> = match &key {
            TargetKey::Id(id) => own(id),
            TargetKey::Name(known) => {
                let here = Preference { region: None, ..preference };
                self.holders.of_name(known, kind.tables, here).map(|holder| (holder, format!("the name {name}")))
            }
            TargetKey::Address(address) => {
                let here = Preference { region, ..preference };
                let named = self.holders.of_name(name, &[INSTANCES], here);
                let holder = named.or_else(|| self.holders.of_address(*address, here));
                holder.map(|holder| (self.holders.instance_of(holder), format!("the name {name}")))
            }
        };
        match found {
            Some((holder, what)) => self.held(holder, &what),
            None => {
                let what = match &key {
                    TargetKey::Id(id) => format!("the {} {id} of {}", kind.resource, kind.service),
                    _ => format!("the {} {name} of {}", kind.resource, kind.service),
                };
                self.not_held(&what, self.cells.unanswered(kind.tables, region), kind.takeable.as_ref())
            }
        }
    }

    /// The verdict on a name outside of AWS and of all known zones.
    pub(super) fn foreign_name(&self, name: &str, tables: &[&'static str]) -> Judgement {
        let reason = format!("{name} is outside of AWS and of every zone that is known");
        Judgement::new(DnsVerdict::Foreign, reason).needing(self.cells.unanswered(tables, None))
    }
}
