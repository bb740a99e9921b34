//! Which public zone answers a name, by the delegations of the estate.
//!
//! The walk begins at the zone with the shortest name. A zone below it answers if its parent delegates to it, or if the
//! parent has nothing of the name.
//!
//! **Invariant:** a zone whose records were not read has no delegation that is known.

use super::horizons::lineage;
use super::record_values::{RecordTarget, targets_of, type_of};
use super::zone_names::{NameRecords, ZoneNames};
use super::zones::{ZoneIndex, ZoneNumber};
use crate::answers::facts::Resource;
use crate::answers::lookup::normal;

/// What answers a name on the internet.
#[derive(Clone, Copy, Debug)]
pub(super) enum PublicAnswer<'f> {
    Zone(ZoneNumber),
    /// The name servers of a delegation that leads to no zone of the estate.
    Delegation(Resource<'f>),
    /// No zone of the estate.
    Outside,
}

/// The zones of the estate with the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicZones<'z, 'f> {
    pub zones: &'z ZoneIndex,
    pub names: &'z ZoneNames<'f>,
}

impl<'f> PublicZones<'_, 'f> {
    /// What answers a name.
    pub(super) fn answer(self, name: &[u8]) -> PublicAnswer<'f> {
        let mut domains: Vec<&[u8]> = lineage(name).filter(|domain| self.zones.public.contains_key(*domain)).collect();
        let Some(mut zone) = domains.pop().map(|domain| self.best(domain, name)) else { return PublicAnswer::Outside };
        loop {
            let apex = &self.zones.zone(zone).name;
            let Some(cut) = self.names.cut(zone, apex, name) else {
                match domains.pop() {
                    Some(domain) if !self.has(zone, name) => zone = self.best(domain, name),
                    _ => return PublicAnswer::Zone(zone),
                }
                continue;
            };
            let Some(delegation) = self.names.named(zone, cut).find(|record| type_of(*record) == "NS") else {
                return PublicAnswer::Zone(zone);
            };
            match self.delegated(cut, delegation) {
                Some(child) => {
                    domains.retain(|domain| domain.len() > cut.len());
                    zone = child;
                }
                None => return PublicAnswer::Delegation(delegation),
            }
        }
    }

    /// Whether a zone has anything for a name.
    fn has(self, zone: ZoneNumber, name: &[u8]) -> bool {
        !matches!(self.names.answer(zone, &self.zones.zone(zone).name, name), NameRecords::Nothing)
    }

    /// Of several zones of one name the one that has the name, else one whose records are not known.
    fn best(self, domain: &[u8], name: &[u8]) -> ZoneNumber {
        let zones = self.zones.public.get(domain).map(Vec::as_slice).unwrap_or_default();
        let with_name = zones.iter().find(|zone| zones.len() > 1 && self.has(**zone, name));
        let unread = || zones.iter().find(|zone| !self.zones.zone(**zone).is_read);
        with_name.or_else(unread).or(zones.first()).copied().unwrap_or_default()
    }

    /// The zone of this name to which a delegation leads.
    fn delegated(self, name: &[u8], delegation: Resource<'_>) -> Option<ZoneNumber> {
        let zones = self.zones.public.get(name)?;
        let given: Vec<Vec<u8>> = targets_of(delegation).iter().filter_map(name_server).collect();
        let leads = |zone: &&ZoneNumber| {
            let servers = self.zones.zone(**zone).name_servers.as_ref();
            servers.is_none_or(|servers| given.iter().any(|server| servers.contains(server)))
        };
        zones.iter().find(leads).copied()
    }
}

/// A name server in its normal form.
pub(super) fn name_server(target: &RecordTarget) -> Option<Vec<u8>> {
    normal(target.text())
}
