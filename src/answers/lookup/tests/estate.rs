//! A small estate with every table in which addresses and names are.

use super::*;

const EU: &str = "eu-west-1";

fn networks(builder: FactsBuilder) -> FactsBuilder {
    let state = |state: &str| json!({"State": state});
    builder
        .row(
            "ec2_vpcs",
            row(A, EU, "vpc-1", json!({
                "cidr_block": "10.20.0.0/16",
                "cidr_block_association_set": [
                    {"CidrBlock": "10.20.0.0/16", "CidrBlockState": state("associated")},
                    {"CidrBlock": "10.99.0.0/16", "CidrBlockState": state("disassociated")},
                ],
                "ipv6_cidr_block_association_set": [
                    {"Ipv6CidrBlock": "2001:db8:0:100::/56", "Ipv6CidrBlockState": state("associated")}
                ],
            })),
        )
        .row("ec2_subnets", row(A, EU, "subnet-1", json!({"cidr_block": "10.20.4.0/24"})))
        .row("ec2_subnets", row(A, EU, "subnet-2", json!({"cidr_block": "10.20.5.0/24"})))
        .row("ec2_managed_prefix_lists", row(A, EU, "pl-1", json!({
            "prefix_list_name": "offices",
            "entries": [{"Cidr": "203.0.113.0/26"}, {"Cidr": "0.0.0.0/0"}],
        })))
        .row("ec2_byoip_cidrs", row(A, EU, "198.51.100.0/24", json!({
            "cidr": "198.51.100.0/24", "ipam_pool_id": "ipam-pool-1", "pool_id": "ipv4pool-ec2-1",
        })))
        .row("ec2_ipam_pools", row(A, EU, "ipam-pool-1", json!({})))
        .row("ec2_public_ipv4_pools", row(A, EU, "ipv4pool-ec2-1", json!({
            "pool_address_ranges": [{"FirstAddress": "198.51.100.16", "LastAddress": "198.51.100.40"}],
        })))
        .row("ec2_client_vpn_endpoints", row(A, EU, "cvpn-endpoint-1", json!({
            "client_cidr_block": "172.16.0.0/22", "dns_name": "*.cvpn-endpoint-1.prod.clientvpn.eu-west-1.amazonaws.com",
        })))
        .row("ec2_transit_gateways", row(A, EU, "tgw-1", json!({
            "options": {"TransitGatewayCidrBlocks": ["192.0.2.0/26"]},
        })))
}

fn interfaces(builder: FactsBuilder) -> FactsBuilder {
    builder
        .row("ec2_network_interfaces", row(A, EU, "eni-1", json!({
            "tags": {"Name": "front"},
            "private_ip_address": "10.20.4.17",
            "private_ip_addresses": [
                {"PrivateIpAddress": "10.20.4.17", "Association": {"PublicIp": "198.51.100.20",
                    "PublicDnsName": "ec2-198-51-100-20.eu-west-1.compute.amazonaws.com"}},
                {"PrivateIpAddress": "10.20.4.18"},
            ],
            "association": {"PublicIp": "198.51.100.20"},
            "ipv6_addresses": [{"Ipv6Address": "2001:db8:0:100::5"}],
            "ipv4_prefixes": [{"Ipv4Prefix": "10.20.4.32/28"}],
            "private_dns_name": "ip-10-20-4-17.eu-west-1.compute.internal",
            "attachment": {"InstanceId": "i-1"},
        })))
        .row("ec2_network_interfaces", row(A, EU, "eni-2", json!({
            "private_ip_address": "10.20.5.7",
            "private_ip_addresses": [{"PrivateIpAddress": "10.20.5.7"}],
        })))
        .row("ec2_instances", row(A, EU, "i-1", json!({
            "tags": {"Name": "web", "env": "prod"},
            "arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "private_ip_address": "10.20.4.17",
            "private_dns_name": "ip-10-20-4-17.eu-west-1.compute.internal",
            "public_dns_name": "ec2-198-51-100-20.eu-west-1.compute.amazonaws.com",
            "network_interfaces": [{"PrivateIpAddresses": [{"PrivateIpAddress": "10.20.4.18"}]}],
        })))
        .row("ec2_instance_status", row(A, EU, "i-1", json!({
            "arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
        })))
        .row("ec2_addresses", row(A, EU, "eipalloc-1", json!({
            "public_ip": "198.51.100.20", "private_ip_address": "10.20.4.17",
        })))
        .row("ec2_addresses", row(A, EU, "eipalloc-2", json!({"public_ip": "198.51.100.99"})))
        .row("ec2_vpc_endpoints", row(A, EU, "vpce-1", json!({
            "network_interface_ids": ["eni-2"],
            "dns_entries": [
                {"DnsName": "vpce-1-abc.execute-api.eu-west-1.vpce.amazonaws.com", "HostedZoneId": "Z1"},
                {"DnsName": "*.vpce-1.s3.eu-west-1.vpce.amazonaws.com", "HostedZoneId": "Z1"},
            ],
        })))
        .row("ec2_vpc_endpoints", row(A, EU, "vpce-2", json!({
            "ipv4_prefixes": [{"SubnetId": "subnet-2", "IpPrefixes": ["10.20.5.64/28"]}],
        })))
        .row("ec2_instance_connect_endpoints", row(A, EU, "eice-1", json!({
            "network_interface_ids": ["eni-2"], "dns_name": "eice-1.ec2-instance-connect-endpoint.eu-west-1.amazonaws.com",
        })))
}

fn gateways(builder: FactsBuilder) -> FactsBuilder {
    builder
        .row("ec2_nat_gateways", row(A, EU, "nat-1", json!({
            "state": "available", "nat_gateway_addresses": [{"PublicIp": "198.51.100.99", "PrivateIp": "10.20.5.9"}],
        })))
        .row("ec2_nat_gateways", row(A, EU, "nat-2", json!({
            "state": "deleted", "nat_gateway_addresses": [{"PublicIp": "198.51.100.99"}],
        })))
        .row("ec2_customer_gateways", row(A, EU, "cgw-1", json!({"ip_address": "203.0.113.5", "state": "available"})))
        .row("ec2_vpn_connections", row(A, EU, "vpn-1", json!({
            "options": {"TunnelOptions": [{"OutsideIpAddress": "192.0.2.201", "TunnelInsideCidr": "169.254.10.0/30"}]},
            "vgw_telemetry": [{"OutsideIpAddress": "192.0.2.202"}],
        })))
}

fn zones(builder: FactsBuilder) -> FactsBuilder {
    builder
        .row("route53_hosted_zones", row(A, "global", "Z1", json!({"name": "example.com.", "tags": {"env": "prod"}})))
        .row("route53_records", record("Z1", "example.com.", "NS", &["ns-1.awsdns-1.com.", "ns-2.awsdns-2.net."]))
        .row("route53_records", record("Z1", "www.example.com.", "CNAME", &["Front.Example.com"]))
        .row("route53_records", record("Z1", "front.example.com.", "A", &["198.51.100.20"]))
        .row("route53_records", record("Z1", "front.example.com.", "AAAA", &["2001:DB8:0:100:0:0:0:5"]))
        .row("route53_records", alias("Z1", "app.example.com.", "A", "front.example.com.", "Z1"))
        .row("route53_records", record("Z1", "a.loop.example.com.", "CNAME", &["b.loop.example.com."]))
        .row("route53_records", record("Z1", "b.loop.example.com.", "CNAME", &["a.loop.example.com."]))
        .row("route53_records", record("Z1", "*.wild.example.com.", "A", &["10.20.5.7"]))
        .row("route53_records", record("Z1", "own.wild.example.com.", "TXT", &["\"10.20.5.7\""]))
        .row("route53_records", record("Z1", "example.com.", "MX", &["10 front.example.com."]))
        .row(
            "route53_records",
            record("Z1", "api.example.com.", "CNAME", &["vpce-1-abc.execute-api.eu-west-1.vpce.amazonaws.com"]),
        )
        .row(
            "route53_records",
            record("Z1", "ec2.example.com.", "CNAME", &["ec2-198-51-100-99.eu-west-1.compute.amazonaws.com."]),
        )
        .row(
            "route53_records",
            record("Z1", "example.com.", "HTTPS", &["1 front.example.com. ipv4hint=\"10.20.5.9,192.0.2.1\""]),
        )
        .row(
            "route53_traffic_policy_instances",
            row(
                A,
                "global",
                "b7c5e1b2-0000-4000-8000-000000000000",
                json!({
                    "name": "policy.example.com.",
                }),
            ),
        )
}

/// The estate.
pub(super) fn builder() -> FactsBuilder {
    let accounts = |builder: FactsBuilder| {
        builder
            .row("accounts", row(A, "global", A, json!({"account_alias": "acme-prod", "owner_id": A})))
            .account(B, EU)
    };
    accounts(zones(gateways(interfaces(networks(FactsBuilder::new(&[]))))))
}

pub(super) fn facts() -> Facts {
    let mut facts = builder().facts();
    facts.account_names.insert(B.into(), "Acme Test".into());
    facts
}
