//! Which private zone or forwarding rule answers a name in a VPC.
//!
//! The most specific one answers alone. A rule comes before a zone of the same name, as Route 53 Resolver has it.
//!
//! **Invariant:** looks at names, and at no record.

use super::zones::{ClassNumber, ZoneIndex, ZoneNumber};
use crate::answers::lookup::parents;

/// What answers a name in a VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Horizon {
    Zone(ZoneNumber),
    /// A forwarding rule: the answer comes from elsewhere.
    Rule,
    /// A forwarding rule for every name.
    RuleForAll,
    /// No private zone and no rule.
    Public,
}

/// A name and the names above it, the nearest first.
pub(super) fn lineage(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::once(name).chain(parents(name))
}

impl ZoneIndex {
    /// What answers a name in the VPCs of a class.
    pub(super) fn horizon(&self, class: ClassNumber, name: &[u8]) -> Horizon {
        let class = &self.classes[class as usize];
        for domain in lineage(name) {
            if self.rules.contains(domain) && class.rules.contains(domain) {
                return Horizon::Rule;
            }
            let zones = self.private.get(domain).into_iter().flatten();
            if let Some(zone) = zones.into_iter().find(|zone| class.zones.contains(zone)) {
                return Horizon::Zone(*zone);
            }
        }
        let is_everything = |rules: &std::collections::HashSet<Vec<u8>>| rules.contains(&b""[..]);
        if is_everything(&self.rules) && is_everything(&class.rules) { Horizon::RuleForAll } else { Horizon::Public }
    }
}
