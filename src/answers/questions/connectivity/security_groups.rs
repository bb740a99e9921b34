//! Security groups that nothing uses.
//!
//! **Invariant:** a group is used by interfaces and by rules of other groups. Launch templates do not count.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::super::{AnswerRow, ColumnKind, Options, Question};
use super::values::{column, list, text};
use crate::answers::facts::{Facts, Read, Resource, RowFilter};

const GROUPS: &str = "ec2_security_groups";
const INTERFACES: &str = "ec2_network_interfaces";
const PEERINGS: &str = "ec2_vpc_peering_connections";
const GATEWAYS: &str = "ec2_transit_gateways";
const ATTACHMENTS: &str = "ec2_transit_gateway_vpc_attachments";

pub(super) const QUESTION: Question = Question {
    name: "unused-security-groups",
    title: "Security groups that nothing uses",
    description: "Security groups of no network interface, to which no rule of another group refers. Default groups cannot be \
                  deleted and are left out. The verdict is `unknown` if an account that may use the group was not answered: its \
                  owner, who sees it, and who is connected to its VPC so that rules may refer to it.",
    why: "Groups that nothing uses hide those that matter, and open what next gets them.",
    columns: &[
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("group_name", ColumnKind::Text),
        column("description", ColumnKind::Text),
        column("vpc_id", ColumnKind::Text),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        // The groups are the subject. Their rules are context, so that every account needs to be known.
        Read::context(GROUPS, &["group_name", "description", "vpc_id", "ip_permissions", "ip_permissions_egress"]),
        Read::context(INTERFACES, &["groups"]),
        Read::context(PEERINGS, &["accepter_vpc_info", "requester_vpc_info"]),
        Read::context(GATEWAYS, &["options"]),
        Read::context(ATTACHMENTS, &["transit_gateway_id", "vpc_id", "options"]),
    ],
    duckdb: None,
    athena: None,
    answer,
};

/// The groups that an interface has, or a rule of another group names.
fn used(facts: &Facts) -> HashSet<String> {
    let mut used = HashSet::new();
    for interface in facts.all(INTERFACES) {
        let groups = interface.items("groups");
        used.extend(groups.iter().filter_map(|group| text(group, &["GroupId"])).map(str::to_owned));
    }
    for group in facts.all(GROUPS) {
        for rule in ["ip_permissions", "ip_permissions_egress"].iter().flat_map(|column| group.items(column)) {
            let named = list(&rule, "UserIdGroupPairs").filter_map(|pair| text(pair, &["GroupId"]));
            used.extend(named.filter(|named| *named != group.id()).map(str::to_owned));
        }
    }
    used
}

/// Whose rules may refer to the groups of a VPC, beside its owner's.
struct VpcNeighbours<'a> {
    facts: &'a Facts,
    /// The accounts with a VPC that is peered in the same region.
    peers: HashMap<String, BTreeSet<String>>,
    /// The VPCs whose transit gateway lets groups be referred to, or may do so.
    on_gateways: HashSet<&'a str>,
    /// The accounts and regions whose groups are not known.
    unknown: BTreeSet<(String, String)>,
}

impl<'a> VpcNeighbours<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut peers: HashMap<String, BTreeSet<String>> = HashMap::new();
        for peering in facts.all(PEERINGS) {
            let sides = [peering.json("requester_vpc_info"), peering.json("accepter_vpc_info")];
            if text(&sides[0], &["Region"]) != text(&sides[1], &["Region"]) {
                continue;
            }
            for (side, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
                if let (Some(vpc), Some(owner)) = (text(side, &["VpcId"]), text(other, &["OwnerId"])) {
                    peers.entry(vpc.to_owned()).or_default().insert(owner.to_owned());
                }
            }
        }
        let refuses = |resource: Resource<'_>| {
            text(&resource.json("options"), &["SecurityGroupReferencingSupport"]) == Some("disable")
        };
        let refusing: HashSet<&str> =
            facts.all(GATEWAYS).filter(|gateway| refuses(*gateway)).map(Resource::id).collect();
        let on_gateways = facts.all(ATTACHMENTS).filter(|attachment| {
            !refuses(*attachment)
                && attachment.text("transit_gateway_id").is_none_or(|gateway| !refusing.contains(gateway))
        });
        let on_gateways = on_gateways.filter_map(|attachment| attachment.text("vpc_id")).collect();
        let unknown = facts.cells.coverage(&[Read::context(GROUPS, &[])], &RowFilter::default()).unknown;
        let unknown = unknown.into_iter().map(|cell| (cell.account_id, cell.region)).collect();
        Self { facts, peers, on_gateways, unknown }
    }

    /// Whether every account that may use a group was answered.
    fn is_known(&self, group: Resource<'_>) -> bool {
        let (owner, region) = (group.account_id(), group.region());
        let answered = |account: &str, table: &str| self.facts.is_answered(account, region, table);
        if [GROUPS, INTERFACES, PEERINGS, ATTACHMENTS].iter().any(|table| !answered(owner, table)) {
            return false;
        }
        if group.observers().any(|account| !answered(account, INTERFACES) || !answered(account, GROUPS)) {
            return false;
        }
        let Some(vpc) = group.text("vpc_id") else { return true };
        let hides = |account: &str, place: &str| place == region || place == "*" && !answered(account, GROUPS);
        let mut unknown = self.unknown.iter().filter(|(account, place)| hides(account, place));
        let peers = self.peers.get(vpc);
        !unknown
            .any(|(account, _)| self.on_gateways.contains(vpc) || peers.is_some_and(|peers| peers.contains(account)))
    }
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let used = used(facts);
    let neighbours = VpcNeighbours::new(facts);
    let is_default = |group: &Resource<'_>| group.text("group_name") == Some("default");
    let unused = facts.selected(GROUPS).filter(|group| !is_default(group) && !used.contains(group.id()));
    unused
        .map(|group| {
            let values = vec![
                json!(group.id()),
                json!(group.arn()),
                json!(group.name()),
                json!(group.text("group_name")),
                json!(group.text("description")),
                json!(group.text("vpc_id")),
                json!(if neighbours.is_known(group) { "unused" } else { "unknown" }),
            ];
            AnswerRow::of(group, values)
        })
        .collect()
}
