//! Security groups that nothing uses.
//!
//! **Invariant:** a group is used by interfaces and by rules of other groups. Launch templates do not count.

use std::collections::HashSet;

use serde_json::json;

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::neighbours::{ATTACHMENTS, GATEWAYS, GROUPS, INTERFACES, PEERINGS, SUBNETS, VPCS, VpcNeighbours};
use super::values::{column, list, text};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "unused-security-groups",
    title: "Security groups that nothing uses",
    description: "Security groups of no network interface, to which no rule of another group refers. Default groups cannot be \
                  deleted and are left out. The verdict is `unknown` if an account that may use the group was not answered, or \
                  never asked: its owner, who sees it, who is in its VPC, and who is connected to its VPC so that rules may refer \
                  to it.",
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
        Read::context(INTERFACES, &["groups", "vpc_id"]),
        Read::context(VPCS, &[]),
        Read::context(SUBNETS, &["vpc_id"]),
        Read::context(PEERINGS, &["accepter_vpc_info", "requester_vpc_info", "status"]),
        Read::context(GATEWAYS, &["options"]),
        Read::context(ATTACHMENTS, &["transit_gateway_id", "vpc_id", "state", "options"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unused-security-groups.duckdb.sql"),
        athena: include_str!("../sql/unused-security-groups.athena.sql"),
    },
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
                json!(if neighbours.are_known(group) { "unused" } else { "unknown" }),
            ];
            AnswerRow::of(group, values)
        })
        .collect()
}
