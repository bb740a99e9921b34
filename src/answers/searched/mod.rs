//! What every table has to be found by: the forms of its ids and ARNs, its tags, the columns with addresses and names.
//!
//! **Invariant:** declares, and reads nothing. A new table of the catalogue gets an entry here.

mod forms;
mod columns;
mod links;

use ValueForm::{Address, Delegated, Name, Pool, Range, ZoneName};

pub(super) use forms::{IdForm, SearchedColumn, SearchedTable, ValueForm};
pub(super) use links::{LINKS, LinkedTable};

use columns::{ACCELERATOR, INSTANCE, INTERFACE, LOAD_BALANCER, NETWORK, SUBNET};
use forms::{address, column, name, named, plain, range, tagged};

pub(super) const INTERFACES: &str = "ec2_network_interfaces";
pub(super) const INSTANCES: &str = "ec2_instances";
pub(super) const BYOIP_CIDRS: &str = "ec2_byoip_cidrs";
pub(super) const RECORDS: &str = "route53_records";
pub(super) const ZONES: &str = "route53_hosted_zones";
pub(super) const ACCOUNTS: &str = "accounts";

/// Every table. Those through which others are found come first.
pub(super) static TABLES: &[SearchedTable] = &[
    SearchedTable { columns: INTERFACE, ..tagged(INTERFACES, "eni-", "ec2:network-interface/") },
    SearchedTable { columns: &[range("cidr")], ..plain(BYOIP_CIDRS, IdForm::None) },
    SearchedTable { arn: "iam:root", ..plain(ACCOUNTS, IdForm::None) },
    plain("ec2_account_settings", IdForm::None),
    SearchedTable { columns: INSTANCE, ..tagged(INSTANCES, "i-", "ec2:instance/") },
    SearchedTable { has_tags: false, ..tagged("ec2_instance_status", "i-", "ec2:instance/") },
    SearchedTable { name: Some("key_name"), ..tagged("ec2_key_pairs", "key-", "ec2:key-pair/") },
    SearchedTable {
        name: Some("launch_template_name"),
        ..tagged("ec2_launch_templates", "lt-", "ec2:launch-template/")
    },
    SearchedTable { name: Some("group_name"), ..tagged("ec2_placement_groups", "pg-", "ec2:placement-group/") },
    SearchedTable { id: IdForm::Uuid, ..tagged("ec2_reserved_instances", "", "ec2:reserved-instances/") },
    tagged("ec2_capacity_reservations", "cr-", "ec2:capacity-reservation/"),
    tagged("ec2_hosts", "h-", "ec2:dedicated-host/"),
    tagged("ec2_spot_instance_requests", "sir-", "ec2:spot-instances-request/"),
    tagged("ec2_fleets", "fleet-", "ec2:fleet/"),
    tagged("ec2_spot_fleet_requests", "sfr-", "ec2:spot-fleet-request/"),
    tagged("ec2_host_reservations", "hr-", "ec2:host-reservation/"),
    plain("ec2_iam_instance_profile_associations", IdForm::Prefix("iip-assoc-")),
    tagged("ec2_volumes", "vol-", "ec2:volume/"),
    tagged("ec2_snapshots", "snap-", "ec2:snapshot/"),
    tagged("ec2_public_snapshots", "snap-", "ec2:snapshot/"),
    SearchedTable { name: Some("name"), ..tagged("ec2_images", "ami-", "ec2:image/") },
    SearchedTable { columns: NETWORK, ..tagged("ec2_vpcs", "vpc-", "ec2:vpc/") },
    SearchedTable { columns: SUBNET, ..tagged("ec2_subnets", "subnet-", "ec2:subnet/") },
    SearchedTable {
        columns: &[range("cidr")],
        ..tagged("ec2_subnet_cidr_reservations", "scr-", "ec2:subnet-cidr-reservation/")
    },
    tagged("ec2_vpc_block_public_access_exclusions", "vpcbpa-exclude-", "ec2:vpc-block-public-access-exclusion/"),
    tagged("ec2_vpc_encryption_controls", "vpcec-", "ec2:vpc-encryption-control/"),
    tagged("ec2_route_tables", "rtb-", "ec2:route-table/"),
    SearchedTable { name: Some("group_name"), ..tagged("ec2_security_groups", "sg-", "ec2:security-group/") },
    tagged("ec2_security_group_rules", "sgr-", "ec2:security-group-rule/"),
    plain("ec2_security_group_vpc_associations", IdForm::Under("sg-")),
    tagged("ec2_network_acls", "acl-", "ec2:network-acl/"),
    SearchedTable {
        columns: &[
            address("public_ip"),
            address("private_ip_address"),
            address("carrier_ip"),
            address("customer_owned_ip"),
        ],
        ..tagged("ec2_addresses", "eipalloc-", "ec2:elastic-ip/")
    },
    SearchedTable {
        has_tags: false,
        columns: &[address("public_ip"), name("ptr_record")],
        ..tagged("ec2_address_attributes", "eipalloc-", "ec2:elastic-ip/")
    },
    SearchedTable { columns: &[address("public_ip")], ..plain("ec2_address_transfers", IdForm::Under("eipalloc-")) },
    tagged("ec2_dhcp_options", "dopt-", "ec2:dhcp-options/"),
    tagged("ec2_flow_logs", "fl-", "ec2:vpc-flow-log/"),
    SearchedTable {
        name: Some("prefix_list_name"),
        columns: &[column("entries", &[("Cidr", Range)])],
        ..tagged("ec2_managed_prefix_lists", "pl-", "ec2:prefix-list/")
    },
    tagged("ec2_traffic_mirror_sessions", "tms-", "ec2:traffic-mirror-session/"),
    tagged("ec2_traffic_mirror_targets", "tmt-", "ec2:traffic-mirror-target/"),
    tagged("ec2_traffic_mirror_filters", "tmf-", "ec2:traffic-mirror-filter/"),
    tagged("ec2_internet_gateways", "igw-", "ec2:internet-gateway/"),
    tagged("ec2_egress_only_internet_gateways", "eigw-", "ec2:egress-only-internet-gateway/"),
    tagged("ec2_carrier_gateways", "cagw-", "ec2:carrier-gateway/"),
    SearchedTable {
        columns: &[column("nat_gateway_addresses", &[("PublicIp", Address), ("PrivateIp", Address)])],
        ..tagged("ec2_nat_gateways", "nat-", "ec2:natgateway/")
    },
    tagged("ec2_vpc_peering_connections", "pcx-", "ec2:vpc-peering-connection/"),
    SearchedTable {
        columns: &[
            column("ipv4_prefixes", &[("IpPrefixes", Delegated)]),
            column("ipv6_prefixes", &[("IpPrefixes", Delegated)]),
            column("dns_entries", &[("DnsName", Name)]),
        ],
        ..tagged("ec2_vpc_endpoints", "vpce-", "ec2:vpc-endpoint/")
    },
    SearchedTable {
        columns: &[
            name("base_endpoint_dns_names"),
            name("private_dns_name"),
            column("service_name", &[("", ZoneName)]),
        ],
        ..tagged("ec2_vpc_endpoint_service_configurations", "vpce-svc-", "ec2:vpc-endpoint-service/")
    },
    SearchedTable {
        columns: &[column("dns_entries", &[("DnsName", Name)])],
        ..tagged("ec2_vpc_endpoint_connections", "vpce-connection-", "ec2:vpc-endpoint-connection/")
    },
    SearchedTable {
        columns: &[address("ip_address")],
        ..tagged("ec2_customer_gateways", "cgw-", "ec2:customer-gateway/")
    },
    tagged("ec2_vpn_gateways", "vgw-", "ec2:vpn-gateway/"),
    SearchedTable {
        columns: &[
            column(
                "options",
                &[
                    ("TunnelOptions.OutsideIpAddress", Address),
                    ("TunnelOptions.TunnelInsideCidr", Range),
                    ("TunnelOptions.TunnelInsideIpv6Cidr", Range),
                ],
            ),
            column("vgw_telemetry", &[("OutsideIpAddress", Address)]),
        ],
        ..tagged("ec2_vpn_connections", "vpn-", "ec2:vpn-connection/")
    },
    SearchedTable {
        columns: &[range("client_cidr_block"), name("dns_name")],
        ..tagged("ec2_client_vpn_endpoints", "cvpn-endpoint-", "ec2:client-vpn-endpoint/")
    },
    plain("ec2_client_vpn_routes", IdForm::Under("cvpn-endpoint-")),
    plain("ec2_client_vpn_target_networks", IdForm::Prefix("cvpn-assoc-")),
    plain("ec2_client_vpn_authorization_rules", IdForm::Under("cvpn-endpoint-")),
    SearchedTable {
        columns: &[
            name("dns_name"),
            name("fips_dns_name"),
            column(
                "public_dns_names",
                &[
                    ("Ipv4.DnsName", Name),
                    ("Ipv4.FipsDnsName", Name),
                    ("Dualstack.DnsName", Name),
                    ("Dualstack.FipsDnsName", Name),
                ],
            ),
        ],
        ..tagged("ec2_instance_connect_endpoints", "eice-", "ec2:instance-connect-endpoint/")
    },
    SearchedTable {
        columns: &[column("cidr_endpoints_custom_sub_domain", &[("SubDomain", Name)])],
        ..tagged("ec2_verified_access_instances", "vai-", "ec2:verified-access-instance/")
    },
    SearchedTable {
        columns: &[
            name("application_domain"),
            name("endpoint_domain"),
            name("device_validation_domain"),
            column("rds_options", &[("RdsEndpoint", Name)]),
            column("cidr_options", &[("Cidr", Range)]),
        ],
        ..tagged("ec2_verified_access_endpoints", "vae-", "ec2:verified-access-endpoint/")
    },
    tagged("ec2_verified_access_groups", "vagr-", "ec2:verified-access-group/"),
    tagged("ec2_verified_access_trust_providers", "vatp-", "ec2:verified-access-trust-provider/"),
    tagged("ec2_route_servers", "rs-", "ec2:route-server/"),
    SearchedTable {
        columns: &[address("eni_address")],
        ..tagged("ec2_route_server_endpoints", "rse-", "ec2:route-server-endpoint/")
    },
    SearchedTable {
        columns: &[address("peer_address"), address("endpoint_eni_address")],
        ..tagged("ec2_route_server_peers", "rsp-", "ec2:route-server-peer/")
    },
    tagged("ec2_network_insights_paths", "nip-", "ec2:network-insights-path/"),
    tagged("ec2_network_insights_access_scopes", "nis-", "ec2:network-insights-access-scope/"),
    tagged("ec2_local_gateways", "lgw-", "ec2:local-gateway/"),
    tagged("ec2_local_gateway_virtual_interface_groups", "lgw-vif-grp-", "ec2:local-gateway-virtual-interface-group/"),
    SearchedTable {
        columns: &[address("local_address"), address("peer_address")],
        ..tagged("ec2_local_gateway_virtual_interfaces", "lgw-vif-", "ec2:local-gateway-virtual-interface/")
    },
    tagged("ec2_local_gateway_route_tables", "lgw-rtb-", "ec2:local-gateway-route-table/"),
    tagged(
        "ec2_local_gateway_route_table_vpc_associations",
        "lgw-vpc-assoc-",
        "ec2:local-gateway-route-table-vpc-association/",
    ),
    tagged(
        "ec2_local_gateway_route_table_interface_group_associations",
        "lgw-vif-grp-assoc-",
        "ec2:local-gateway-route-table-virtual-interface-group-association/",
    ),
    plain("ec2_local_gateway_routes", IdForm::Under("lgw-rtb-")),
    SearchedTable {
        columns: &[column("options", &[("TransitGatewayCidrBlocks", Range)])],
        ..tagged("ec2_transit_gateways", "tgw-", "ec2:transit-gateway/")
    },
    tagged("ec2_transit_gateway_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_vpc_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_peering_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_route_tables", "tgw-rtb-", "ec2:transit-gateway-route-table/"),
    plain("ec2_transit_gateway_routes", IdForm::Under("tgw-rtb-")),
    tagged("ec2_transit_gateway_connects", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    SearchedTable {
        columns: &[column(
            "connect_peer_configuration",
            &[("TransitGatewayAddress", Address), ("PeerAddress", Address), ("InsideCidrBlocks", Range)],
        )],
        ..tagged("ec2_transit_gateway_connect_peers", "tgw-connect-peer-", "ec2:transit-gateway-connect-peer/")
    },
    tagged("ec2_transit_gateway_multicast_domains", "tgw-mcast-domain-", "ec2:transit-gateway-multicast-domain/"),
    tagged("ec2_transit_gateway_policy_tables", "tgw-ptb-", "ec2:transit-gateway-policy-table/"),
    plain("ec2_transit_gateway_route_table_associations", IdForm::Under("tgw-rtb-")),
    plain("ec2_transit_gateway_route_table_propagations", IdForm::Under("tgw-rtb-")),
    plain("ec2_transit_gateway_prefix_list_references", IdForm::Under("tgw-rtb-")),
    tagged("ec2_ipams", "ipam-", "ec2:ipam/"),
    tagged("ec2_ipam_pools", "ipam-pool-", "ec2:ipam-pool/"),
    tagged("ec2_ipam_scopes", "ipam-scope-", "ec2:ipam-scope/"),
    SearchedTable { columns: &[range("cidr")], ..plain("ec2_ipam_pool_cidrs", IdForm::Prefix("ipam-pool-cidr-")) },
    SearchedTable {
        has_tags: true,
        columns: &[range("cidr")],
        ..plain("ec2_ipam_pool_allocations", IdForm::Prefix("ipam-pool-alloc-"))
    },
    // Their ranges are those of resources that are in tables of their own.
    plain("ec2_ipam_resource_cidrs", IdForm::Under("ipam-scope-")),
    tagged("ec2_ipam_resource_discoveries", "ipam-res-disco-", "ec2:ipam-resource-discovery/"),
    tagged(
        "ec2_ipam_resource_discovery_associations",
        "ipam-res-disco-assoc-",
        "ec2:ipam-resource-discovery-association/",
    ),
    SearchedTable {
        columns: &[address("address")],
        ..plain("ec2_ipam_discovered_public_addresses", IdForm::Under("ipam-res-disco-"))
    },
    SearchedTable {
        columns: &[column("pool_cidr_blocks", &[("Cidr", Range)])],
        ..tagged("ec2_ipv6_pools", "ipv6pool-ec2-", "ec2:ipv6pool-ec2/")
    },
    SearchedTable { columns: &[range("pool_cidrs")], ..tagged("ec2_coip_pools", "ipv4pool-coip-", "ec2:coip-pool/") },
    SearchedTable {
        columns: &[column("pool_address_ranges", &[("", Pool)])],
        ..tagged("ec2_public_ipv4_pools", "ipv4pool-ec2-", "ec2:ipv4pool-ec2/")
    },
    SearchedTable {
        id: IdForm::Zone,
        name: Some("name"),
        columns: &[column("name", &[("", ZoneName)])],
        ..tagged(ZONES, "", "route53:hostedzone/")
    },
    SearchedTable { name: Some("name_decoded"), ..plain(RECORDS, IdForm::Under("Z")) },
    plain("route53_vpc_association_authorizations", IdForm::ZoneAndVpc),
    SearchedTable { name: Some("name"), ..plain("route53_zone_associations", IdForm::Under("vpc-")) },
    SearchedTable { id: IdForm::Uuid, ..tagged("route53_health_checks", "", "route53:healthcheck/") },
    SearchedTable { arn: "route53:queryloggingconfig/", ..plain("route53_query_logging_configs", IdForm::Uuid) },
    SearchedTable { arn: "route53:delegationset/", ..plain("route53_reusable_delegation_sets", IdForm::DelegationSet) },
    SearchedTable {
        arn: "route53:trafficpolicy/",
        name: Some("name"),
        ..plain("route53_traffic_policies", IdForm::Uuid)
    },
    SearchedTable {
        arn: "route53:trafficpolicyinstance/",
        name: Some("name"),
        columns: &[name("name")],
        ..plain("route53_traffic_policy_instances", IdForm::Uuid)
    },
    SearchedTable {
        arn: "route53:cidrcollection/",
        name: Some("name"),
        ..plain("route53_cidr_collections", IdForm::Uuid)
    },
    // Ids of endpoints begin with `rslvr-in-` or `rslvr-out-`.
    SearchedTable {
        columns: &[column("ip_addresses", &[("Ip", Address), ("Ipv6", Address)])],
        ..named("route53resolver_endpoints", "rslvr-", "route53resolver:resolver-endpoint/")
    },
    named("route53resolver_rules", "rslvr-rr-", "route53resolver:resolver-rule/"),
    named("route53resolver_rule_associations", "rslvr-rrassoc-", ""),
    named("route53resolver_query_log_configs", "rqlc-", "route53resolver:resolver-query-log-config/"),
    plain("route53resolver_query_log_config_associations", IdForm::Prefix("rqlca-")),
    plain("route53resolver_dnssec_configs", IdForm::Prefix("rdsc-")),
    named("route53resolver_firewall_rule_groups", "rslvr-frg-", "route53resolver:firewall-rule-group/"),
    SearchedTable { name: Some("name"), ..plain("route53resolver_firewall_rules", IdForm::Under("rslvr-frg-")) },
    named("route53resolver_firewall_domain_lists", "rslvr-fdl-", "route53resolver:firewall-domain-list/"),
    named(
        "route53resolver_firewall_rule_group_associations",
        "rslvr-frgassoc-",
        "route53resolver:firewall-rule-group-association/",
    ),
    plain("route53resolver_firewall_configs", IdForm::Prefix("rslvr-fc-")),
    named("route53profiles_profiles", "rp-", "route53profiles:profile/"),
    named("route53profiles_associations", "rpassoc-", ""),
    named("route53profiles_resource_associations", "rpr-", ""),
    SearchedTable {
        name: Some("domain_name"),
        columns: &[column("domain_name", &[("", ZoneName)])],
        ..plain("route53domains_domains", IdForm::None)
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("load_balancer_name"),
        columns: &[name("dns_name"), name("canonical_hosted_zone_name")],
        ..tagged("elb_load_balancers", "", "elasticloadbalancing:loadbalancer/")
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("load_balancer_name"),
        columns: LOAD_BALANCER,
        ..tagged("elbv2_load_balancers", "", "elasticloadbalancing:loadbalancer/")
    },
    SearchedTable {
        id: IdForm::None,
        columns: &[name("domain_name"), column("aliases", &[("Items", Name)])],
        ..tagged("cloudfront_distributions", "", "cloudfront:distribution/")
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("domain_name"),
        columns: &[name("domain_name"), name("regional_domain_name"), name("distribution_domain_name")],
        ..tagged("apigateway_domain_names", "", "apigateway:/domainnames/")
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("domain_name"),
        columns: &[name("domain_name"), column("domain_name_configurations", &[("ApiGatewayDomainName", Name)])],
        ..tagged("apigatewayv2_domain_names", "", "apigateway:/domainnames/")
    },
    SearchedTable { id: IdForm::None, name: Some("name"), ..tagged("s3_buckets", "", "s3:") },
    SearchedTable {
        name: Some("environment_name"),
        columns: &[name("cname"), column("endpoint_url", &[("", Name)])],
        ..tagged("elasticbeanstalk_environments", "e-", "elasticbeanstalk:environment/")
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("name"),
        columns: ACCELERATOR,
        ..tagged("globalaccelerator_accelerators", "", "globalaccelerator:accelerator/")
    },
    SearchedTable {
        id: IdForm::None,
        name: Some("name"),
        columns: &[name("dns_name"), column("ip_sets", &[("IpAddresses", Address)])],
        ..tagged("globalaccelerator_custom_routing_accelerators", "", "globalaccelerator:accelerator/")
    },
    SearchedTable {
        name: Some("connection_name"),
        ..tagged("directconnect_connections", "dxcon-", "directconnect:dxcon/")
    },
    SearchedTable {
        id: IdForm::Uuid,
        name: Some("direct_connect_gateway_name"),
        ..tagged("directconnect_gateways", "", "directconnect:dx-gateway/")
    },
    SearchedTable {
        name: Some("virtual_interface_name"),
        ..tagged("directconnect_virtual_interfaces", "dxvif-", "directconnect:dxvif/")
    },
    SearchedTable {
        name: Some("name"),
        columns: &[column("name", &[("", ZoneName)])],
        ..tagged("servicediscovery_namespaces", "ns-", "servicediscovery:namespace/")
    },
    tagged("networkmanager_core_networks", "core-network-", "networkmanager:core-network/"),
];

/// The table of this name.
pub(super) fn table(name: &str) -> Option<&'static SearchedTable> {
    TABLES.iter().find(|table| table.table == name)
}

/// The column with the name of a resource of a table that has no tag `Name`.
pub(crate) fn name_column(name: &str) -> Option<&'static str> {
    table(name)?.name
}
