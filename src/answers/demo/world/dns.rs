//! Hosted zones with their record sets, and the networks that see them.
//!
//! **Invariant:** every zone has its SOA and NS records, and its number of record sets is right.

use serde_json::{Value, json};

use super::super::accounts::DemoAccount;
use super::super::ids::{name_servers, zone_id};
use super::super::rows::DemoRows;
use super::DemoNetwork;
use crate::inventory::GLOBAL;

/// A hosted zone. It is private if networks see it.
#[derive(Clone, Debug)]
pub(in super::super) struct DemoZone {
    account: &'static DemoAccount,
    /// The name without a dot at its end.
    name: &'static str,
    networks: Vec<DemoNetwork>,
    records: Vec<Value>,
}

/// A record set. `@` stands for the name of the zone, and every other name is below it.
pub(in super::super) fn record(name: &str, kind: &str, ttl: i64, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
    json!({ "name": name, "type": kind, "ttl": ttl, "resource_records": values })
}

/// An alias record set of type A.
pub(in super::super) fn alias(name: &str, zone_id: &str, target: &str) -> Value {
    let target = json!({ "HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": false });
    json!({ "name": name, "type": "A", "alias_target": target })
}

/// One of several record sets of a name and type: `routing` has the columns that choose it.
pub(in super::super) fn routed(mut record: Value, set_identifier: &str, routing: Value) -> Value {
    record["set_identifier"] = set_identifier.into();
    for (column, value) in routing.as_object().into_iter().flatten() {
        record[column] = value.clone();
    }
    record
}

impl DemoZone {
    /// A public zone.
    pub(in super::super) fn public(account: &'static DemoAccount, name: &'static str) -> Self {
        Self { account, name, networks: Vec::new(), records: Vec::new() }
    }

    /// A private zone that these networks see.
    pub(in super::super) fn private(
        account: &'static DemoAccount,
        name: &'static str,
        networks: &[&DemoNetwork],
    ) -> Self {
        let networks = networks.iter().map(|network| (*network).clone()).collect();
        Self { networks, ..Self::public(account, name) }
    }

    /// Adds record sets.
    pub(in super::super) fn records(mut self, records: impl IntoIterator<Item = Value>) -> Self {
        self.records.extend(records);
        self
    }

    fn unique(&self) -> String {
        let kind = if self.networks.is_empty() { "public" } else { "private" };
        self.account.at(GLOBAL).unique(&format!("{kind} {}", self.name))
    }

    pub(in super::super) fn id(&self) -> String {
        zone_id(&self.unique())
    }

    /// The names of the servers that answer for it.
    pub(in super::super) fn name_servers(&self) -> Vec<String> {
        if self.networks.is_empty() {
            name_servers(&self.unique())
        } else {
            vec!["ns-1536.awsdns-00.co.uk".into(), "ns-0.awsdns-00.com".into(), "ns-1024.awsdns-00.org".into()]
        }
    }

    /// The delegation of this zone, for its parent. `name` is its name in the parent.
    pub(in super::super) fn delegation(&self, name: &str) -> Value {
        let servers: Vec<String> = self.name_servers().iter().map(|server| format!("{server}.")).collect();
        record(name, "NS", 172_800, &servers.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Writes the zone, its record sets and its associations.
    pub(in super::super) fn write(self, rows: &mut DemoRows) {
        let site = self.account.at(GLOBAL);
        let is_private = !self.networks.is_empty();
        let mut records = vec![self.delegation("@"), self.start_of_authority()];
        records.extend(self.records.iter().cloned());
        let vpcs: Vec<Value> = self
            .networks
            .iter()
            .map(|network| json!({ "VPCId": network.id(), "VPCRegion": network.site.region }))
            .collect();
        let mut columns = json!({
            "id": self.id(),
            "aws_id": format!("/hostedzone/{}", self.id()),
            "name": format!("{}.", self.name),
            "caller_reference": super::super::ids::uuid(&self.unique()),
            "config": { "Comment": format!("{} of {}", self.name, self.account.name), "PrivateZone": is_private },
            "resource_record_set_count": records.len(),
            "vpcs": vpcs,
            "tags": site.tags(self.name),
        });
        if !is_private {
            columns["delegation_set"] = json!({ "NameServers": self.name_servers() });
            columns["dnssec_status"] = json!({ "ServeSignature": "NOT_SIGNING" });
            columns["key_signing_keys"] = json!([]);
        }
        rows.add(site, "route53_hosted_zones", columns);
        for record in records {
            rows.add(site, "route53_records", self.whole(record));
        }
        for network in &self.networks {
            let columns = json!({
                "id": format!("{}/{}", network.id(), self.id()),
                "hosted_zone_id": self.id(),
                "name": format!("{}.", self.name),
                "owner": { "OwningAccount": self.account.account_id },
                "owner_id": self.account.account_id,
                "vpc_id": network.id(),
            });
            rows.add_for(&[network.site.account], network.site, "route53_zone_associations", columns);
        }
    }

    fn start_of_authority(&self) -> Value {
        let server = self.name_servers().into_iter().next().unwrap_or_default();
        let value = format!("{server}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
        record("@", "SOA", 900, &[value.as_str()])
    }

    /// A record set with the columns that come from its zone.
    fn whole(&self, mut record: Value) -> Value {
        let relative = record["name"].as_str().unwrap_or_default();
        let decoded = if relative == "@" { format!("{}.", self.name) } else { format!("{relative}.{}.", self.name) };
        let name = decoded.replace('*', "\\052");
        let kind = record["type"].as_str().unwrap_or_default();
        let set = record["set_identifier"].as_str().map_or(String::new(), |set| format!("/{set}"));
        record["id"] = format!("{}/{name}/{kind}{set}", self.id()).into();
        record["name"] = name.into();
        record["name_decoded"] = decoded.into();
        record["hosted_zone_id"] = self.id().into();
        record["hosted_zone_name"] = format!("{}.", self.name).into();
        record["private_zone"] = (!self.networks.is_empty()).into();
        record
    }
}
