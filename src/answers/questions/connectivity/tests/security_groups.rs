//! Checks which security groups are called unused, and when that is unknown.

use serde_json::{Value, json};

use super::{A, B, R, ask, estate, of};
use crate::answers::facts::FactsBuilder;
use crate::inventory::Status;

fn group(account: &str, id: &str, name: &str, vpc: &str, named: &[&str]) -> Value {
    let pairs: Vec<Value> = named.iter().map(|id| json!({"GroupId": id, "UserId": account})).collect();
    of(
        account,
        id,
        json!({"group_name": name, "vpc_id": vpc, "ip_permissions": [{"IpProtocol": "-1", "UserIdGroupPairs": pairs}]}),
    )
}

fn groups() -> FactsBuilder {
    estate("unused-security-groups")
        .row("ec2_vpcs", of(A, "vpc-1", json!({})))
        .row("ec2_vpcs", of(A, "vpc-3", json!({})))
        .row("ec2_security_groups", group(A, "sg-default", "default", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-worn", "web", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-named", "named", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-self", "self", "vpc-1", &["sg-self"]))
        .row("ec2_security_groups", group(A, "sg-idle", "idle", "vpc-3", &["sg-named"]))
        .row("ec2_network_interfaces", of(A, "eni-1", json!({"groups": [{"GroupId": "sg-worn", "GroupName": "web"}]})))
        .account(B, R)
}

fn group_verdicts(estate: FactsBuilder) -> Vec<Value> {
    let rows = ask("unused-security-groups", &estate.facts(), &["id", "verdict"]);
    rows.into_iter().map(|row| json!([row[2], row[3]])).collect()
}

#[test]
fn groups_that_nothing_uses() {
    assert_eq!(group_verdicts(groups()), [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])]);
    let referred = groups().row("ec2_security_groups", group(B, "sg-b", "default", "vpc-2", &["sg-self"]));
    assert_eq!(group_verdicts(referred), [json!(["sg-idle", "unused"])]);
}

#[test]
fn groups_that_somebody_unseen_may_use_are_unknown() {
    let (idle, own) = (json!(["sg-idle", "unknown"]), json!(["sg-self", "unknown"]));
    for table in ["ec2_network_interfaces", "ec2_security_groups", "ec2_vpc_peering_connections"] {
        assert_eq!(group_verdicts(groups().status(A, R, table, Status::Denied)), [idle.clone(), own.clone()]);
    }
    let denied = || groups().status(B, R, "ec2_security_groups", Status::Denied);
    assert_eq!(
        group_verdicts(denied()),
        [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])],
        "B cannot refer to them"
    );
    let unused = [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])];
    let peered = |state: &str| denied().row("ec2_vpc_peering_connections", peering(B, state));
    assert_eq!(group_verdicts(peered("active")), [json!(["sg-idle", "unused"]), own.clone()]);
    for gone in ["deleted", "rejected", "expired", "failed", "pending-acceptance"] {
        assert_eq!(group_verdicts(peered(gone)), unused, "a peering that is {gone}");
    }
    let attached = |support: &str, state: &str| {
        attached(denied(), A, "vpc-1", state).row("ec2_transit_gateways", gateway(A, support))
    };
    assert_eq!(group_verdicts(attached("enable", "available")), [json!(["sg-idle", "unused"]), own]);
    assert_eq!(group_verdicts(attached("disable", "available")), unused);
    assert_eq!(group_verdicts(attached("enable", "deleted")), unused);
}

/// A peering of VPC 1 with one of this account.
fn peering(other: &str, state: &str) -> Value {
    let info = |account: &str, vpc: &str| json!({"OwnerId": account, "Region": R, "VpcId": vpc});
    let sides = json!({"requester_vpc_info": info(other, "vpc-2"), "accepter_vpc_info": info(A, "vpc-1"), "status": {"Code": state}});
    of(A, "pcx-1", sides)
}

/// An estate with a VPC of an account on the transit gateway.
fn attached(estate: FactsBuilder, owner: &str, vpc: &str, state: &str) -> FactsBuilder {
    let more = json!({"owner_id": owner, "transit_gateway_id": "tgw-1", "vpc_id": vpc, "state": state});
    estate.row("ec2_transit_gateway_vpc_attachments", of(A, &format!("tgw-attach-{vpc}"), more))
}

fn gateway(owner: &str, support: &str) -> Value {
    let more = json!({"owner_id": owner, "options": {"SecurityGroupReferencingSupport": support}});
    of(A, "tgw-1", more)
}

const STRANGER: &str = "999900001111";

#[test]
fn groups_that_an_account_outside_of_the_estate_may_refer_to_are_unknown() {
    let own = |verdict: &str| [json!(["sg-idle", "unused"]), json!(["sg-self", verdict])];
    let peered = |other: &str| groups().row("ec2_vpc_peering_connections", peering(other, "active"));
    assert_eq!(group_verdicts(peered(B)), own("unused"));
    assert_eq!(group_verdicts(peered(STRANGER)), own("unknown"));
    let on_gateway = |owner: &str, other: &str| {
        let both = attached(attached(groups(), A, "vpc-1", "available"), other, "vpc-9", "available");
        group_verdicts(both.row("ec2_transit_gateways", gateway(owner, "enable")))
    };
    assert_eq!(on_gateway(A, B), own("unused"));
    assert_eq!(on_gateway(A, STRANGER), own("unknown"), "its VPC is on the gateway");
    assert_eq!(on_gateway(STRANGER, B), own("unknown"), "only the gateway's owner knows what is on it");
}

/// Whoever has resources in a shared VPC may refer to the groups of its owner, and the other way round.
#[test]
fn groups_of_a_shared_vpc_are_unknown_if_one_of_its_accounts_is() {
    let subnet = |account: &str| {
        let more = json!({"owner_id": A, "vpc_id": "vpc-1", "arn": format!("arn:aws:ec2:{R}:{A}:subnet/subnet-1")});
        of(account, "subnet-1", more)
    };
    let shared = || groups().row("ec2_subnets", subnet(A)).row("ec2_subnets", subnet(B));
    let own = |verdict: &str| [json!(["sg-idle", "unused"]), json!(["sg-self", verdict])];
    assert_eq!(group_verdicts(shared()), own("unused"));
    let denied = |estate: FactsBuilder| group_verdicts(estate.status(B, R, "ec2_security_groups", Status::Denied));
    assert_eq!(denied(shared()), own("unknown"));
    let interface = of(A, "eni-b", json!({"owner_id": B, "vpc_id": "vpc-1", "groups": []}));
    assert_eq!(denied(groups().row("ec2_network_interfaces", interface)), own("unknown"));
    let of_b = || groups().row("ec2_security_groups", group(B, "sg-of-b", "mine", "vpc-1", &[]));
    assert_eq!(group_verdicts(of_b())[2], json!(["sg-of-b", "unused"]));
    for table in ["ec2_security_groups", "ec2_vpc_peering_connections"] {
        let rows = group_verdicts(of_b().status(A, R, table, Status::Denied));
        assert_eq!(rows[2], json!(["sg-of-b", "unknown"]), "{table} of the VPC's owner");
    }
    let elsewhere = groups().row("ec2_security_groups", group(B, "sg-of-b", "mine", "vpc-9", &[]));
    assert_eq!(group_verdicts(elsewhere)[2], json!(["sg-of-b", "unknown"]), "nobody saw its VPC");
}
