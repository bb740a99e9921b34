//! Which rows tell whether the internet reaches some interfaces and instances, for answers about few of them.
//!
//! **Invariant:** names every row that [`super::Reachability`] looks at for them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bearer::Bearer;
use crate::answers::facts::{Facts, Resource};
use crate::output::rows::{Mentions, OneOf, RowTest};

/// The ids of what some interfaces and instances belong to.
#[derive(Debug, Default)]
pub(crate) struct ReachNeeds {
    subnets: BTreeSet<String>,
    vpcs: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl ReachNeeds {
    /// What these interfaces and instances need.
    pub(crate) fn of(facts: &Facts, resources: &[Resource<'_>]) -> Self {
        let mut needs = Self::default();
        for resource in resources {
            let bearers = match resource.table() {
                "ec2_instances" => Bearer::of_instance(facts, *resource),
                _ => vec![Bearer::of_interface(facts, *resource)],
            };
            for bearer in bearers {
                needs.subnets.insert(bearer.subnet_id);
                needs.vpcs.insert(bearer.vpc_id);
                needs.groups.extend(bearer.groups);
            }
        }
        needs
    }

    /// The rows of their subnets and groups.
    pub(crate) fn of_subnets(&self) -> Vec<(&'static str, RowTest)> {
        let one_of =
            |column, ids: &BTreeSet<String>| RowTest::default().or_text(column, OneOf::new(ids.iter().cloned()));
        let mentions = |test: RowTest| test.or_text("associations", Mentions::new(self.subnets.iter().cloned()));
        let tests = vec![
            ("ec2_security_groups", one_of("id", &self.groups)),
            ("ec2_subnets", one_of("id", &self.subnets)),
            ("ec2_vpcs", one_of("id", &self.vpcs)),
            ("ec2_route_tables", mentions(one_of("vpc_id", &self.vpcs))),
            ("ec2_network_acls", mentions(RowTest::default())),
        ];
        tests
    }

    /// The rows that those of [`Self::of_subnets`] name: gateways, prefix lists, settings, and route tables of the same VPCs.
    pub(crate) fn of_rules(&self, facts: &Facts) -> Vec<(&'static str, RowTest)> {
        let (mut lists, mut gateways, mut vpcs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for group in facts.all("ec2_security_groups") {
            add_texts(&group.json("ip_permissions"), &mut |member, text| {
                if member == "PrefixListId" {
                    lists.insert(text.to_owned());
                }
            });
        }
        for table in facts.all("ec2_route_tables") {
            vpcs.extend(table.text("vpc_id").map(str::to_owned));
            add_texts(&table.json("routes"), &mut |member, text| match member {
                "DestinationPrefixListId" => drop(lists.insert(text.to_owned())),
                "GatewayId" => drop(gateways.insert(text.to_owned())),
                _ => {}
            });
        }
        let owners: BTreeSet<String> = facts.all("ec2_subnets").map(|subnet| subnet.account_id().to_owned()).collect();
        let by = |test: RowTest, column, ids: BTreeSet<String>| {
            if ids.is_empty() { test } else { test.or_text(column, OneOf::new(ids)) }
        };
        let none = RowTest::default;
        vec![
            ("ec2_managed_prefix_lists", by(none(), "id", lists)),
            ("ec2_internet_gateways", by(none(), "id", gateways)),
            ("ec2_account_settings", by(by(none(), "account_id", owners.clone()), "owner_id", owners)),
            ("ec2_route_tables", by(none(), "vpc_id", vpcs.difference(&self.vpcs).cloned().collect())),
        ]
    }
}

/// Passes over all texts in JSON, with the names of their members.
fn add_texts(json: &Value, add: &mut impl FnMut(&str, &str)) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, add)),
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(text) => add(name, text),
            nested => add_texts(nested, add),
        }),
        _ => {}
    }
}
