//! Addresses, ranges, ids, ARNs and tags.

use super::*;

#[test]
fn every_holder_of_an_address_is_found() {
    let facts = estate::facts();
    insta::assert_debug_snapshot!(found(&facts, &["10.20.4.17"]), @r#"
    [
        "bears ec2_addresses eipalloc-1 10.20.4.17",
        "bears ec2_instances i-1 10.20.4.17",
        "bears ec2_network_interfaces eni-1 10.20.4.17",
        "contains ec2_subnets subnet-1 10.20.4.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["198.51.100.20"]), @r#"
    [
        "bears ec2_addresses eipalloc-1 198.51.100.20",
        "bears ec2_instances i-1 198.51.100.20",
        "bears ec2_network_interfaces eni-1 198.51.100.20",
        "contains ec2_byoip_cidrs 198.51.100.0/24 198.51.100.0/24",
        "contains ec2_ipam_pools ipam-pool-1 198.51.100.0/24",
        "contains ec2_public_ipv4_pools ipv4pool-ec2-1 198.51.100.16-198.51.100.40",
        "names route53_records Z1/front.example.com./A 198.51.100.20",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["2001:0DB8:0:100::0005"]), @r#"
    [
        "bears ec2_instances i-1 2001:db8:0:100::5",
        "bears ec2_network_interfaces eni-1 2001:db8:0:100::5",
        "contains ec2_vpcs vpc-1 2001:db8:0:100::/56",
        "names route53_records Z1/front.example.com./AAAA 2001:db8:0:100::5",
    ]
    "#);
    assert_eq!(found(&facts, &["::ffff:10.20.4.18"]), found(&facts, &["10.20.4.18"]));
    insta::assert_debug_snapshot!(found(&facts, &["10.20.4.18"]), @r#"
    [
        "bears ec2_instances i-1 10.20.4.18",
        "bears ec2_network_interfaces eni-1 10.20.4.18",
        "contains ec2_subnets subnet-1 10.20.4.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
    ]
    "#);
}

#[test]
fn delegated_prefixes_endpoints_and_gateways_bear_addresses() {
    let facts = estate::facts();
    insta::assert_debug_snapshot!(found(&facts, &["10.20.4.40"]), @r#"
    [
        "bears ec2_instances i-1 10.20.4.32/28",
        "bears ec2_network_interfaces eni-1 10.20.4.32/28",
        "contains ec2_subnets subnet-1 10.20.4.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["10.20.5.7"]), @r#"
    [
        "bears ec2_instance_connect_endpoints eice-1 10.20.5.7",
        "bears ec2_network_interfaces eni-2 10.20.5.7",
        "bears ec2_vpc_endpoints vpce-1 10.20.5.7",
        "contains ec2_subnets subnet-2 10.20.5.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
        "names route53_records Z1/*.wild.example.com./A 10.20.5.7",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["10.20.5.70"]), @r#"
    [
        "bears ec2_vpc_endpoints vpce-2 10.20.5.64/28",
        "contains ec2_subnets subnet-2 10.20.5.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["198.51.100.99"]), @r#"
    [
        "bears ec2_addresses eipalloc-2 198.51.100.99",
        "bears ec2_nat_gateways nat-1 198.51.100.99",
        "contains ec2_byoip_cidrs 198.51.100.0/24 198.51.100.0/24",
        "contains ec2_ipam_pools ipam-pool-1 198.51.100.0/24",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["203.0.113.5"]), @r#"
    [
        "bears ec2_customer_gateways cgw-1 203.0.113.5",
        "contains ec2_managed_prefix_lists pl-1 203.0.113.0/26",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["192.0.2.201", "192.0.2.202", "192.0.2.1", "10.20.5.9"]), @r#"
    [
        "bears ec2_vpn_connections vpn-1 192.0.2.201",
        "bears ec2_vpn_connections vpn-1 192.0.2.202",
        "contains ec2_transit_gateways tgw-1 192.0.2.0/26",
        "names route53_records Z1/example.com./HTTPS 192.0.2.1",
        "bears ec2_nat_gateways nat-1 10.20.5.9",
        "contains ec2_subnets subnet-2 10.20.5.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
        "names route53_records Z1/example.com./HTTPS 10.20.5.9",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["172.16.1.1", "169.254.10.1", "10.99.0.1", "8.8.8.8"]), @r#"
    [
        "contains ec2_client_vpn_endpoints cvpn-endpoint-1 172.16.0.0/22",
        "contains ec2_vpn_connections vpn-1 169.254.10.0/30",
    ]
    "#);
}

#[test]
fn ranges_are_equal_inside_or_around() {
    let facts = estate::facts();
    insta::assert_debug_snapshot!(found(&facts, &["10.20.4.0/24"]), @r#"
    [
        "is ec2_subnets subnet-1 10.20.4.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
        "inside ec2_addresses eipalloc-1 10.20.4.17",
        "inside ec2_instances i-1 10.20.4.17",
        "inside ec2_instances i-1 10.20.4.18",
        "inside ec2_instances i-1 10.20.4.32/28",
        "inside ec2_network_interfaces eni-1 10.20.4.17",
        "inside ec2_network_interfaces eni-1 10.20.4.18",
        "inside ec2_network_interfaces eni-1 10.20.4.32/28",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["10.20.5.0/25"]), @r#"
    [
        "contains ec2_subnets subnet-2 10.20.5.0/24",
        "contains ec2_vpcs vpc-1 10.20.0.0/16",
        "inside ec2_instance_connect_endpoints eice-1 10.20.5.7",
        "inside ec2_nat_gateways nat-1 10.20.5.9",
        "inside ec2_network_interfaces eni-2 10.20.5.7",
        "inside ec2_vpc_endpoints vpce-1 10.20.5.7",
        "inside ec2_vpc_endpoints vpce-2 10.20.5.64/28",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["198.51.100.0/24"]), @r#"
    [
        "is ec2_byoip_cidrs 198.51.100.0/24 198.51.100.0/24",
        "is ec2_ipam_pools ipam-pool-1 198.51.100.0/24",
        "inside ec2_addresses eipalloc-1 198.51.100.20",
        "inside ec2_addresses eipalloc-2 198.51.100.99",
        "inside ec2_instances i-1 198.51.100.20",
        "inside ec2_nat_gateways nat-1 198.51.100.99",
        "inside ec2_network_interfaces eni-1 198.51.100.20",
        "inside ec2_public_ipv4_pools ipv4pool-ec2-1 198.51.100.16-198.51.100.40",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["2001:db8::/32"]), @r#"
    [
        "inside ec2_instances i-1 2001:db8:0:100::5",
        "inside ec2_network_interfaces eni-1 2001:db8:0:100::5",
        "inside ec2_vpcs vpc-1 2001:db8:0:100::/56",
    ]
    "#);
    assert_eq!(found(&facts, &["10.20.4.77/24"]), found(&facts, &["10.20.4.0/24"]), "the bits of a host do not count");
    assert_eq!(found(&facts, &["0.0.0.0/0"]).iter().filter(|row| row.starts_with("is ")).count(), 1);
    assert_eq!(
        found(&facts, &["2001:db8:0:100::5/128"]),
        [
            "contains ec2_vpcs vpc-1 2001:db8:0:100::/56",
            "inside ec2_instances i-1 2001:db8:0:100::5",
            "inside ec2_network_interfaces eni-1 2001:db8:0:100::5",
        ]
    );
}

#[test]
fn ids_arns_and_tags_are_exact() {
    let facts = estate::facts();
    let instance = ["is ec2_instance_status i-1 -", "is ec2_instances i-1 -"];
    assert_eq!(found(&facts, &["i-1"]), instance);
    assert_eq!(found(&facts, &["arn:aws:ec2:eu-west-1:111122223333:instance/i-1"]), instance);
    assert_eq!(found(&facts, &["/hostedzone/Z1"]), found(&facts, &["Z1"]));
    assert_eq!(found(&facts, &["Z1"]), ["is route53_hosted_zones Z1 -"]);
    assert_eq!(found(&facts, &["Z1/www.example.com./CNAME"]), ["is route53_records Z1/www.example.com./CNAME -"]);
    assert_eq!(found(&facts, &["eni-2", "eni-9"]), ["is ec2_network_interfaces eni-2 -"]);
    assert_eq!(
        found(&facts, &["env=prod"]),
        ["tagged ec2_instances i-1 env=prod", "tagged route53_hosted_zones Z1 env=prod"]
    );
    assert_eq!(found(&facts, &["Name=web"]), ["tagged ec2_instances i-1 Name=web"]);
    assert_eq!(found(&facts, &["env=Prod", "Env=prod", "env=prod ", "env="]), Vec::<String>::new());
}

#[test]
fn a_row_has_every_column() {
    let facts = estate::facts();
    let hits = look_up(&facts, &[Query::parse("Name=web").unwrap()]);
    let row = serde_json::to_string_pretty(&hits[0]).unwrap();
    insta::assert_snapshot!(row, @r#"
    {
      "query": "Name=web",
      "relation": "tagged",
      "account_id": "111122223333",
      "account_alias": null,
      "region": "eu-west-1",
      "table": "ec2_instances",
      "id": "i-1",
      "arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
      "name": "web",
      "value": "Name=web",
      "public": false,
      "allowed_by": [],
      "observers": [
        "111122223333"
      ],
      "collected_at": "2026-11-28T12:00:00Z"
    }
    "#);
}

#[test]
fn what_was_not_selected_is_no_row_but_others_are_found_through_it() {
    let only = |tags: &[(&str, &str)]| crate::answers::facts::RowFilter {
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Default::default()
    };
    let interface = row(A, "eu-west-1", "eni-5", json!({"private_ip_address": "10.0.0.5"}));
    let endpoint = json!({"network_interface_ids": ["eni-5"], "tags": {"env": "prod"}});
    let facts = FactsBuilder::new(&[])
        .row("ec2_network_interfaces", interface)
        .row("ec2_vpc_endpoints", row(A, "eu-west-1", "vpce-5", endpoint))
        .selection(only(&[("env", "prod")]))
        .facts();
    assert_eq!(found(&facts, &["10.0.0.5"]), ["bears ec2_vpc_endpoints vpce-5 10.0.0.5"]);
}

#[test]
fn a_shared_resource_is_one_row_with_its_observers() {
    let subnet = |account: &str| {
        let mut subnet = row(account, "eu-west-1", "subnet-1", json!({"cidr_block": "10.0.0.0/24", "owner_id": A}));
        subnet["arn"] = json!("arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1");
        subnet
    };
    let facts = FactsBuilder::new(&[]).row("ec2_subnets", subnet(B)).row("ec2_subnets", subnet(A)).facts();
    let hits = look_up(&facts, &[Query::parse("10.0.0.1").unwrap()]);
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].account_id.as_str(), &hits[0].observers[..]), (A, &[A.to_owned(), B.to_owned()][..]));
}

#[test]
fn interfaces_and_instances_say_whether_the_internet_reaches_them() {
    let interface = json!({
        "vpc_id": "vpc-1", "subnet_id": "subnet-1", "association": {"PublicIp": "198.51.100.7"},
        "groups": [{"GroupId": "sg-1"}], "private_ip_address": "10.0.0.7",
        "private_ip_addresses": [{"PrivateIpAddress": "10.0.0.7", "Association": {"PublicIp": "198.51.100.7"}}],
    });
    let open = json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let routes = json!([{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]);
    let entry = |egress: bool| {
        json!({
            "RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "Egress": egress, "CidrBlock": "0.0.0.0/0",
        })
    };
    let eu = |id: &str, more: Value| row(A, "eu-west-1", id, more);
    let terms = [Query::parse("198.51.100.7").unwrap()];
    let facts = FactsBuilder::new(&reads(&terms))
        .row("ec2_network_interfaces", eu("eni-1", interface))
        .row("ec2_nat_gateways", eu("nat-1", json!({"nat_gateway_addresses": [{"PublicIp": "198.51.100.7"}]})))
        .row("ec2_vpcs", eu("vpc-1", json!({"cidr_block": "10.0.0.0/16"})))
        .row("ec2_subnets", eu("subnet-1", json!({"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24"})))
        .row("ec2_security_groups", eu("sg-1", json!({"ip_permissions": open})))
        .row(
            "ec2_route_tables",
            eu("rtb-1", json!({"vpc_id": "vpc-1", "associations": [{"Main": true}], "routes": routes})),
        )
        .row("ec2_internet_gateways", eu("igw-1", json!({"attachments": [{"VpcId": "vpc-1", "State": "available"}]})))
        .row(
            "ec2_network_acls",
            eu(
                "acl-1",
                json!({
                    "associations": [{"SubnetId": "subnet-1"}], "entries": [entry(false), entry(true)],
                }),
            ),
        )
        .row(
            "ec2_account_settings",
            eu(A, json!({"vpc_block_public_access_options": {"InternetGatewayBlockMode": "off"}})),
        )
        .facts();
    let hits = look_up(&facts, &terms);
    let reach = |table: &str| {
        let hit = hits.iter().find(|hit| hit.table == table).unwrap();
        (hit.public, hit.allowed_by.clone())
    };
    assert_eq!(reach("ec2_network_interfaces"), (Some(true), vec!["sg-1".to_owned()]));
    assert_eq!(reach("ec2_nat_gateways"), (None, Vec::new()));
}
