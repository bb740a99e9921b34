//! The sections of the page, and which sheets each has.
//!
//! **Invariant:** every question is in one section. A test says so when a question is added.

use serde::Serialize;

/// A section of the page.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ReportSection {
    /// The name in links: `#exposure`.
    pub id: &'static str,
    pub title: &'static str,
    /// The sheets, in their order.
    pub sheets: &'static [&'static str],
}

const fn section(id: &'static str, title: &'static str, sheets: &'static [&'static str]) -> ReportSection {
    ReportSection { id, title, sheets }
}

pub(super) const SECTIONS: [ReportSection; 9] = [
    section("overview", "Overview", &["account-ages"]),
    section(
        "map",
        "Network map",
        &[
            "links",
            "blackhole-routes",
            "pending-connections",
            "vpn-tunnels-down",
            "endpoints-by-service",
            "shared-resources",
        ],
    ),
    section("plan", "Address plan", &["address-plan", "next-free-block", "full-subnets", "overlapping-networks"]),
    section(
        "dns",
        "DNS",
        &["dns-verdicts", "zones", "records", "private-zones", "delegations", "unused-health-checks"],
    ),
    section(
        "exposure",
        "Exposure",
        &[
            "exposed-instances",
            "open-security-groups",
            "public-addresses",
            "public-snapshots",
            "public-images",
            "imdsv1-instances",
            "unencrypted-volumes",
            "missing-flow-logs",
            "default-vpcs-in-use",
        ],
    ),
    section(
        "waste",
        "Waste",
        &[
            "public-ipv4-cost",
            "unattached-addresses",
            "unattached-volumes",
            "unattached-interfaces",
            "unused-nat-gateways",
            "unused-security-groups",
            "stopped-instances",
            "old-snapshots",
            "old-images",
        ],
    ),
    section("tags", "Tags", &["missing-tags", "unnamed-instances", "tag-keys"]),
    section("changes", "Changes", &["changes"]),
    section("unknown", "Not seen", &["unknown-cells", "denied"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::answers::questions::of_one_moment;

    #[test]
    fn every_question_is_in_one_section() {
        let sheets: Vec<&str> = SECTIONS.iter().flat_map(|section| section.sheets).copied().collect();
        let unique: BTreeSet<&str> = sheets.iter().copied().collect();
        assert_eq!(unique.len(), sheets.len());
        let own = ["dns-verdicts", "links", "zones", "records", "tag-keys", "changes", "unknown-cells"];
        let asked: BTreeSet<&str> = of_one_moment().map(|question| question.name).chain(own).collect();
        assert_eq!(unique, asked, "a new question goes into a section");
    }
}
