//! Routes, gateways, block public access, addresses, and what was not seen of them.

use serde_json::{Value, json};

use super::super::Reachability;
use super::{A, B, Estate};

fn to(gateway: &str, cidr: &str) -> Value {
    json!({"DestinationCidrBlock": cidr, "GatewayId": gateway, "State": "active"})
}

#[test]
fn the_most_specific_route_decides() {
    let by = |routes: Value| Estate::open().routes(routes).public();
    let nat = |cidr: &str| json!({"DestinationCidrBlock": cidr, "NatGatewayId": "nat-1", "State": "active"});
    assert_eq!(by(json!([to("igw-1", "0.0.0.0/1"), to("igw-1", "128.0.0.0/1")])), Some(true));
    assert_eq!(by(json!([nat("0.0.0.0/0")])), Some(false));
    assert_eq!(by(json!([to("igw-1", "0.0.0.0/0"), nat("0.0.0.0/1"), nat("128.0.0.0/1")])), Some(false));
    assert_eq!(by(json!([nat("0.0.0.0/0"), to("igw-1", "52.0.0.0/8")])), Some(false));
    assert_eq!(by(json!([to("igw-1", "0.0.0.0/0"), nat("52.0.0.0/8")])), Some(true));
    assert_eq!(by(json!([to("eigw-1", "0.0.0.0/0")])), Some(false));
    assert_eq!(by(json!([])), Some(false));
    let mut blackhole = to("igw-1", "0.0.0.0/0");
    blackhole["State"] = json!("blackhole");
    assert_eq!(by(json!([blackhole])), Some(false));
}

#[test]
fn a_route_of_ipv4_connects_no_ipv6() {
    let estate = || Estate::open().rules(&[Estate::rule("tcp", 22, 22, &["::/0"])]).ipv6("2a05:d018::1");
    assert_eq!(estate().public(), Some(true));
    assert_eq!(estate().routes(json!([to("igw-1", "0.0.0.0/0")])).public(), Some(false));
}

#[test]
fn routes_by_prefix_list_count() {
    let by = |list: &str| {
        let route = json!([{"DestinationPrefixListId": list, "GatewayId": "igw-1", "State": "active"}]);
        let entries = json!({"entries": [{"Cidr": "0.0.0.0/0"}]});
        Estate::open().routes(route).row("ec2_managed_prefix_lists", "pl-0123456789abcdef0", entries).public()
    };
    assert_eq!(by("pl-0123456789abcdef0"), Some(true));
    assert_eq!(by("pl-0123456789abcdef1"), None);
    assert_eq!(by("pl-6da54004"), Some(false));
}

#[test]
fn an_appliance_before_the_gateway_is_unknown() {
    let estate = || Estate::open().routes(json!([to("vpce-1", "0.0.0.0/0")]));
    assert_eq!(estate().public(), Some(false));
    let edge = json!({"vpc_id": "vpc-1", "associations": [{"GatewayId": "igw-1"}], "routes": []});
    assert_eq!(estate().row("ec2_route_tables", "rtb-edge", edge).public(), None);
}

#[test]
fn a_subnet_without_a_table_has_the_main_one() {
    let main = json!({"associations": [{"Main": true}]});
    let estate = || Estate::open().with("ec2_route_tables", main.clone());
    assert_eq!(estate().public(), Some(true));
    assert_eq!(estate().routes(json!([])).public(), Some(false));
    assert_eq!(estate().denied(A, "ec2_route_tables").public(), None);
    assert_eq!(Estate::open().without("ec2_route_tables").public(), None);
    let other = json!({"vpc_id": "vpc-1", "associations": [{"Main": true}], "routes": []});
    assert_eq!(Estate::open().row("ec2_route_tables", "rtb-main", other).public(), Some(true), "it has its own");
}

#[test]
fn a_detached_gateway_connects_nothing() {
    let by = |attachments: Value| {
        Estate::open().with("ec2_internet_gateways", json!({ "attachments": attachments })).public()
    };
    assert_eq!(by(json!([])), Some(false));
    assert_eq!(by(json!([{"VpcId": "vpc-2", "State": "available"}])), Some(false));
    assert_eq!(Estate::open().denied(A, "ec2_internet_gateways").public(), Some(true), "the route says active");
}

#[test]
fn block_public_access_is_what_the_subnet_says() {
    let blocked = json!({"block_public_access_states": {"InternetGatewayBlockMode": "block-ingress"}});
    let exposure = Estate::open().with("ec2_subnets", blocked.clone()).exposure();
    assert_eq!((exposure.public, exposure.reason), (Some(false), "block public access is on"));
    assert_eq!(Estate::open().with("ec2_vpcs", blocked.clone()).public(), Some(true), "an exclusion of the subnet");
    let none = json!({"block_public_access_states": null});
    assert_eq!(Estate::open().with("ec2_subnets", none.clone()).with("ec2_vpcs", blocked).public(), Some(false));
    let silent = || Estate::open().with("ec2_subnets", none.clone()).with("ec2_vpcs", none.clone());
    let options = |exclusions: &str| {
        json!({"vpc_block_public_access_options": {
            "InternetGatewayBlockMode": "block-bidirectional", "ExclusionsAllowed": exclusions}})
    };
    assert_eq!(silent().public(), Some(true));
    assert_eq!(silent().row("ec2_account_settings", A, options("not-allowed")).public(), Some(false));
    assert_eq!(silent().row("ec2_account_settings", A, options("allowed")).public(), None);
    assert_eq!(silent().denied(A, "ec2_account_settings").public(), None);
    assert_eq!(Estate::open().denied(A, "ec2_account_settings").public(), Some(true), "not needed");
}

#[test]
fn an_interface_needs_a_public_address() {
    let by = |columns: Value| Estate::open().with("ec2_network_interfaces", columns).exposure();
    let none = json!({"association": null, "private_ip_addresses": [{"PrivateIpAddress": "10.0.0.4"}]});
    let exposure = by(none.clone());
    assert_eq!((exposure.public, exposure.reason), (Some(false), "it has no public address"));
    assert_eq!(Estate::open().with("ec2_network_interfaces", none).without("ec2_subnets").public(), Some(false));
    let carrier = json!({"association": {"CarrierIp": "3.4.5.6"}, "private_ip_addresses": null});
    assert_eq!(by(carrier).public, Some(false));
    let second = json!({"association": null, "private_ip_addresses": [
        {"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "3.4.5.7"}}]});
    assert_eq!(by(second).addresses, ["3.4.5.7"]);
    assert_eq!(by(json!({"deny_all_igw_traffic": true})).public, Some(false));
}

#[test]
fn kinds_that_are_reached_otherwise() {
    let by = |kind: &str, groups: Value| {
        let columns = json!({"interface_type": kind, "groups": groups});
        let exposure = Estate::open().with("ec2_network_interfaces", columns).exposure();
        (exposure.public, exposure.allowed_by.len())
    };
    assert_eq!(by("nat_gateway", json!([])), (Some(false), 0));
    assert_eq!(by("network_load_balancer", json!([])), (Some(true), 0));
    assert_eq!(by("network_load_balancer", json!([{"GroupId": "sg-1"}])), (Some(true), 1));
    assert_eq!(by("interface", json!([])), (None, 0), "every other kind has a group");
}

#[test]
fn what_was_not_seen_is_unknown_unless_something_else_decides() {
    let estate = Estate::open;
    assert_eq!(estate().denied(A, "ec2_network_interfaces").public(), None);
    assert_eq!(estate().denied(A, "ec2_network_interfaces").routes(json!([])).public(), Some(false));
    assert_eq!(estate().denied(A, "ec2_network_interfaces").rules(&[]).public(), None, "it may have another group");
    assert_eq!(estate().denied(A, "ec2_network_acls").public(), None);
    assert_eq!(estate().without("ec2_subnets").public(), None);
    let unknown = estate().without("ec2_network_acls").exposure();
    assert_eq!(
        (unknown.allowed_by.as_slice(), unknown.reason),
        (&["sg-1".to_owned()][..], "the network ACL of the subnet is not known")
    );
    let decided = estate().without("ec2_network_acls").routes(json!([])).exposure();
    assert_eq!((decided.public, decided.allowed_by.len()), (Some(false), 0));
}

#[test]
fn a_shared_subnet_is_its_owners() {
    let participant = || {
        let of_b = json!({"account_id": B, "owner_id": B});
        Estate::open().with("ec2_network_interfaces", of_b.clone()).with("ec2_security_groups", of_b)
    };
    assert_eq!(participant().public(), Some(true));
    assert_eq!(participant().denied(A, "ec2_network_acls").public(), None);
    assert_eq!(participant().denied(B, "ec2_network_acls").public(), Some(true));
    // The owner is no account of the estate: the participant sees the subnet, and no route table.
    let stranger = json!({"account_id": B, "owner_id": "999900001111"});
    let alone = participant().with("ec2_subnets", stranger).without("ec2_route_tables").without("ec2_network_acls");
    assert_eq!(alone.public(), None);
}

#[test]
fn an_instance_is_reached_through_one_of_its_interfaces() {
    let interface = |address: Value| json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "Groups": [{"GroupId": "sg-1"}], "Association": address});
    let by = |columns: Value| {
        let facts = Estate::open().row("ec2_instances", "i-1", columns).facts();
        let instance = facts.all("ec2_instances").next().unwrap();
        let exposure = Reachability::new(&facts).instance(instance);
        (exposure.public, exposure.addresses, exposure.allowed_by)
    };
    let (none, address, group): (Vec<String>, _, _) = (Vec::new(), vec!["3.4.5.6".to_owned()], vec!["sg-1".to_owned()]);
    let both = json!({"network_interfaces": [interface(Value::Null), interface(json!({"PublicIp": "3.4.5.6"}))]});
    assert_eq!(by(both), (Some(true), address.clone(), group.clone()));
    assert_eq!(by(json!({"network_interfaces": [interface(Value::Null)]})), (Some(false), none.clone(), none.clone()));
    assert_eq!(by(json!({})), (Some(false), none.clone(), none), "terminated");
    let own = json!({
        "subnet_id": "subnet-1", "vpc_id": "vpc-1", "security_groups": [{"GroupId": "sg-1"}], "public_ip_address": "3.4.5.6"
    });
    assert_eq!(by(own), (Some(true), address, group));
}
