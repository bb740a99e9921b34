//! An estate whose one interface the internet reaches at one port: each test changes a part of it.

use serde_json::{Value, json};

use super::super::{Exposure, Reachability};
use crate::answers::facts::{Facts, FactsBuilder};
use crate::inventory::Status;

pub(super) const A: &str = "111122223333";
pub(super) const B: &str = "444455556666";
const REGION: &str = "eu-west-1";

/// The rows of an estate, and what was not answered.
pub(super) struct Estate {
    rows: Vec<(&'static str, Value)>,
    unanswered: Vec<(&'static str, &'static str)>,
}

/// An entry of a network ACL.
pub(super) fn entry(number: i64, egress: bool, cidr: &str, protocol: &str, action: &str) -> Value {
    let block = if cidr.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
    json!({"RuleNumber": number, "Egress": egress, block: cidr, "Protocol": protocol, "RuleAction": action})
}

/// An entry of a network ACL for TCP ports.
pub(super) fn ports(number: i64, egress: bool, from: i64, to: i64, action: &str) -> Value {
    let mut entry = entry(number, egress, "0.0.0.0/0", "6", action);
    entry["PortRange"] = json!({"From": from, "To": to});
    entry
}

impl Estate {
    /// An interface with an IPv4 address whose group opens TCP port 22.
    pub(super) fn open() -> Self {
        let off = json!({"InternetGatewayBlockMode": "off"});
        let route = |member: &str, cidr: &str| json!({member: cidr, "GatewayId": "igw-1", "State": "active"});
        let acl: Vec<Value> = ["0.0.0.0/0", "::/0"]
            .into_iter()
            .flat_map(|cidr| [false, true].map(|egress| entry(100, egress, cidr, "-1", "allow")))
            .collect();
        Self { rows: Vec::new(), unanswered: Vec::new() }
            .row("ec2_vpcs", "vpc-1", json!({"vpc_id": "vpc-1", "block_public_access_states": off}))
            .row("ec2_subnets", "subnet-1", json!({"vpc_id": "vpc-1", "block_public_access_states": off}))
            .row("ec2_internet_gateways", "igw-1", json!({"attachments": [{"VpcId": "vpc-1", "State": "available"}]}))
            .row(
                "ec2_route_tables",
                "rtb-1",
                json!({
                    "vpc_id": "vpc-1",
                    "associations": [{"SubnetId": "subnet-1", "AssociationState": {"State": "associated"}}],
                    "routes": [
                        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                        route("DestinationCidrBlock", "0.0.0.0/0"),
                        route("DestinationIpv6CidrBlock", "::/0"),
                    ],
                }),
            )
            .row("ec2_network_acls", "acl-1", json!({"associations": [{"SubnetId": "subnet-1"}], "entries": acl}))
            .row("ec2_security_groups", "sg-1", json!({"ip_permissions": [Self::rule("tcp", 22, 22, &["0.0.0.0/0"])]}))
            .row("ec2_network_interfaces", "eni-1", json!({
                "subnet_id": "subnet-1", "vpc_id": "vpc-1", "interface_type": "interface", "groups": [{"GroupId": "sg-1"}],
                "association": {"PublicIp": "3.4.5.6"},
                "private_ip_addresses": [{"PrivateIpAddress": "10.0.0.4", "Association": {"PublicIp": "3.4.5.6"}}],
            }))
    }

    /// A rule of a security group: CIDR ranges and prefix lists.
    pub(super) fn rule(protocol: &str, from: i64, to: i64, sources: &[&str]) -> Value {
        let of = |member: &str, is: &dyn Fn(&str) -> bool| -> Vec<Value> {
            sources.iter().filter(|source| is(source)).map(|source| json!({member: source})).collect()
        };
        let mut rule = json!({
            "IpProtocol": protocol,
            "IpRanges": of("CidrIp", &|source| source.contains('.')),
            "Ipv6Ranges": of("CidrIpv6", &|source| source.contains(':')),
            "PrefixListIds": of("PrefixListId", &|source| source.starts_with("pl-")),
            "UserIdGroupPairs": [{"GroupId": "sg-9", "UserId": A}],
        });
        if protocol != "-1" {
            rule["FromPort"] = json!(from);
            rule["ToPort"] = json!(to);
        }
        rule
    }

    /// Adds a row of account A.
    pub(super) fn row(mut self, table: &'static str, id: &str, columns: Value) -> Self {
        let mut row = json!({"account_id": A, "owner_id": A, "region": REGION, "id": id});
        row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
        self.rows.push((table, row));
        self
    }

    /// Changes columns of every row of a table.
    pub(super) fn with(mut self, table: &str, columns: Value) -> Self {
        for (_, row) in self.rows.iter_mut().filter(|(of, _)| *of == table) {
            row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
        }
        self
    }

    /// Changes the rules of the group.
    pub(super) fn rules(self, rules: &[Value]) -> Self {
        self.with("ec2_security_groups", json!({"ip_permissions": rules}))
    }

    /// Changes the routes of the table.
    pub(super) fn routes(self, routes: Value) -> Self {
        self.with("ec2_route_tables", json!({"routes": routes}))
    }

    /// Changes the entries of the network ACL.
    pub(super) fn entries(self, entries: &[Value]) -> Self {
        self.with("ec2_network_acls", json!({"entries": entries}))
    }

    /// Gives the interface an IPv6 address and no other.
    pub(super) fn ipv6(self, address: &str) -> Self {
        let addresses = json!([{"Ipv6Address": address}]);
        let none = Value::Null;
        self.with(
            "ec2_network_interfaces",
            json!({"association": none, "private_ip_addresses": none, "ipv6_addresses": addresses}),
        )
    }

    /// Takes the rows of a table away.
    pub(super) fn without(mut self, table: &str) -> Self {
        self.rows.retain(|(of, _)| *of != table);
        self
    }

    /// Says that an account was denied a table.
    pub(super) fn denied(mut self, account: &'static str, table: &'static str) -> Self {
        self.unanswered.push((account, table));
        self
    }

    pub(super) fn facts(self) -> Facts {
        let builder = FactsBuilder::new(Reachability::READS).account(B, REGION);
        let builder = self.rows.into_iter().fold(builder, |builder, (table, row)| builder.row(table, row));
        let denied = self.unanswered.into_iter();
        denied.fold(builder, |builder, (account, table)| builder.status(account, REGION, table, Status::Denied)).facts()
    }

    /// How the internet reaches the first interface.
    pub(super) fn exposure(self) -> Exposure {
        let facts = self.facts();
        let interface = facts.all("ec2_network_interfaces").next().unwrap();
        Reachability::new(&facts).interface(interface)
    }

    /// Whether the internet reaches the first interface, and at what traffic.
    pub(super) fn traffic(self) -> (Option<bool>, Vec<String>) {
        let exposure = self.exposure();
        (exposure.public, exposure.traffic.iter().map(ToString::to_string).collect())
    }

    /// Whether the internet reaches the first interface.
    pub(super) fn public(self) -> Option<bool> {
        self.exposure().public
    }
}
