//! The verdict on a name server of an NS record.
//!
//! **Invariant:** compares with the whole set of a zone. Of several zones of one name, the one that agrees most counts.

use std::collections::BTreeSet;

use super::aws_services::is_name_server;
use super::dns_verdict::{DnsHolder, DnsVerdict, Judgement};
use super::evidence::{Evidence, unknown};
use super::holder_tables::ZONES;
use super::target_kinds::DELEGATION;
use super::zones::{NamedZone, ZoneIndex};
use crate::inventory::GLOBAL;

/// An NS record, and the name server that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delegation<'a> {
    /// The record's name in its normal form, and as the user reads it.
    pub name: &'a [u8],
    pub shown: &'a str,
    /// All name servers of the record, in their normal form.
    pub servers: &'a BTreeSet<Vec<u8>>,
    pub server: &'a [u8],
}

impl NamedZone {
    /// The zone as a holder.
    pub(super) fn holder(&self) -> DnsHolder {
        DnsHolder {
            account_id: self.account_id.clone(),
            region: GLOBAL.to_owned(),
            table: ZONES,
            id: self.id.clone(),
            arn: self.arn.clone(),
        }
    }

    /// The zone in a sentence.
    pub(super) fn named(&self) -> String {
        format!("the zone {} ({}) of account {}", self.shown, self.id, self.account_id)
    }
}

impl Evidence<'_> {
    /// The verdict on a name server of a zone's own NS record.
    pub(super) fn own_name_server(&self, zone: &NamedZone, delegation: Delegation<'_>) -> Judgement {
        let server = String::from_utf8_lossy(delegation.server);
        let held =
            |reason: String| Judgement { holder: Some(zone.holder()), ..Judgement::new(DnsVerdict::Held, reason) };
        match &zone.name_servers {
            Some(servers) if servers.contains(delegation.server) => {
                held(format!("{server} is a name server of {}", zone.named()))
            }
            Some(_) => Judgement::new(
                DnsVerdict::Broken,
                format!("{server} is none of the name servers that Route 53 gave to {}", zone.named()),
            ),
            None if zone.is_private => {
                held(format!("{} is private, so its name servers are those of its VPCs", zone.named()))
            }
            None => {
                let own = self.cells.unanswered_of(&zone.account_id, &[ZONES]);
                let reason = format!("the name servers that Route 53 gave to {} are not known", zone.named());
                Judgement::new(DnsVerdict::Unknown, reason).needing(own)
            }
        }
    }

    /// The verdict on a name server to which a name below a zone is delegated. `None` if it is a name outside of Route 53, and
    /// the estate has no zone of the name.
    pub(super) fn delegated_name_server(&self, zones: &ZoneIndex, delegation: Delegation<'_>) -> Option<Judgement> {
        let server = String::from_utf8_lossy(delegation.server);
        let is_of_route_53 = is_name_server(&server);
        let children = zones.public.get(delegation.name).into_iter().flatten().map(|number| zones.zone(*number));
        let agreeing = |zone: &&NamedZone| {
            zone.name_servers.as_ref().map_or(0, |servers| servers.intersection(delegation.servers).count())
        };
        let needs = self.cells.unanswered(&[ZONES], None);
        let Some(child) = children.rev().max_by_key(agreeing) else {
            let what = format!("a zone of {} at the name server {server}", delegation.shown);
            return is_of_route_53.then(|| self.not_held(&what, needs, DELEGATION.takeable.as_ref()));
        };
        let agrees = child.name_servers.as_ref().map(|servers| servers.contains(delegation.server));
        let differs = format!("{server} is none of the name servers of {}", child.named());
        Some(match agrees {
            Some(true) => Judgement {
                holder: Some(child.holder()),
                ..Judgement::new(DnsVerdict::Held, format!("{server} is a name server of {}", child.named()))
            },
            None => {
                let own = self.cells.unanswered_of(&child.account_id, &[ZONES]);
                let reason = format!("the name servers that Route 53 gave to {} are not known", child.named());
                Judgement::new(DnsVerdict::Unknown, reason).needing(own)
            }
            // Another zone of the name may have these name servers.
            Some(false) if is_of_route_53 && agreeing(&child) == 0 && !needs.is_empty() => {
                unknown(&format!("{differs}; another zone of the name with it"), needs)
            }
            Some(false) => Judgement::new(DnsVerdict::Broken, differs).needing(needs),
        })
    }
}
