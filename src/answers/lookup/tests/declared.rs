//! Checks what is declared against the catalogue's page.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::answers::searched::{LINKS, TABLES, ValueForm};

const CATALOGUE: &str = include_str!("../../../../infra/CATALOGUE.md");

/// The columns of every table of the catalogue.
fn catalogue() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let sections = CATALOGUE.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (table, rest) = section.split_once('\n').unwrap();
            (table, rest.split('`').skip(1).step_by(2).collect())
        })
        .collect()
}

#[test]
fn every_table_of_the_catalogue_is_declared_and_no_other() {
    let declared: BTreeSet<&str> = TABLES.iter().map(|table| table.table).collect();
    assert_eq!(declared, catalogue().keys().copied().collect::<BTreeSet<_>>());
    assert_eq!(declared.len(), TABLES.len());
}

#[test]
fn every_column_that_is_read_exists() {
    let catalogue = catalogue();
    let texts = ["10.0.0.1", "10.0.0.0/8", "www.example.com", "a=b", "acme prod"];
    let terms: Vec<Query> = texts.iter().map(|text| Query::parse(text).unwrap()).collect();
    for read in reads(&terms) {
        for column in read.columns {
            assert!(catalogue[read.table].contains(column), "{}.{column}", read.table);
        }
    }
    for table in TABLES {
        assert!(table.name.is_none_or(|name| catalogue[table.table].contains(name)), "{}", table.table);
    }
    for link in LINKS {
        let table = if link.is_outward { link.through } else { link.table };
        assert!(catalogue[table].contains(link.column));
    }
}

#[test]
fn every_column_that_may_hold_an_address_is_declared_or_known_to_hold_none_of_its_own() {
    // Columns with an address, range or name in their name that say nothing about who has it.
    let not_own = [
        "ec2_network_interfaces.mac_address",
        "ec2_security_group_rules.ip_protocol",
        "ec2_security_groups.ip_permissions",
        "ec2_security_groups.ip_permissions_egress",
        "ec2_subnets.map_public_ip_on_launch",
        "ec2_addresses.public_ipv4_pool",
        "ec2_addresses.customer_owned_ipv4_pool",
        "ec2_instances.private_dns_name_options",
        "ec2_subnets.customer_owned_ipv4_pool",
        "ec2_subnets.map_customer_owned_ip_on_launch",
        "ec2_subnets.assign_ipv6_address_on_creation",
        "ec2_subnets.enable_dns64",
        "ec2_subnets.ipv6_native",
        "ec2_subnets.private_dns_name_options_on_launch",
        "ec2_subnets.available_ip_address_count",
        "ec2_security_group_rules.cidr_ipv4",
        "ec2_security_group_rules.cidr_ipv6",
        "ec2_network_interfaces.ipv6_native",
        "ec2_managed_prefix_lists.address_family",
        "ec2_vpc_endpoints.ip_address_type",
        "ec2_vpc_endpoints.dns_options",
        "ec2_vpc_endpoints.private_dns_enabled",
        "ec2_vpc_endpoint_service_configurations.supported_ip_address_types",
        "ec2_vpc_endpoint_service_configurations.private_dns_name_configuration",
        "ec2_client_vpn_endpoints.dns_servers",
        "ec2_client_vpn_endpoints.endpoint_ip_address_type",
        "ec2_client_vpn_endpoints.traffic_ip_address_type",
        "ec2_instance_connect_endpoints.ip_address_type",
        "ec2_transit_gateway_routes.destination_cidr_block",
        "ec2_ipam_pools.address_family",
        "ec2_ipam_pools.public_ip_source",
        "ec2_public_ipv4_pools.total_address_count",
        "ec2_public_ipv4_pools.total_available_address_count",
        "route53_hosted_zones.dnssec_status",
        "route53_records.cidr_routing_config",
        "route53_cidr_collections.cidr_blocks",
        "ec2_instance_connect_endpoints.preserve_client_ip",
        "ec2_vpcs.enable_dns_support",
        "ec2_vpcs.enable_dns_hostnames",
        "ec2_subnet_cidr_reservations.subnet_cidr_reservation_id",
        "ec2_address_transfers.address_transfer_status",
        "ec2_vpc_endpoint_connections.ip_address_type",
        "ec2_client_vpn_routes.destination_cidr",
        "ec2_client_vpn_authorization_rules.destination_cidr",
        "ec2_local_gateway_routes.destination_cidr_block",
        "ec2_network_insights_paths.source_ip",
        "ec2_network_insights_paths.destination_ip",
        "ec2_ipam_pool_cidrs.ipam_pool_cidr_id",
        "ec2_ipam_resource_cidrs.resource_cidr",
        "ec2_ipam_resource_cidrs.ip_usage",
        "ec2_ipam_discovered_public_addresses.address_region",
        "ec2_ipam_discovered_public_addresses.address_owner_id",
        "ec2_ipam_discovered_public_addresses.address_allocation_id",
        "ec2_ipam_discovered_public_addresses.address_type",
        "ec2_ipam_discovered_public_addresses.public_ipv4_pool_id",
        "route53domains_domains.dns_sec",
        "route53domains_domains.dnssec_keys",
        "route53resolver_endpoints.dns64_enabled",
        "route53resolver_endpoints.ip_address_count",
        "route53resolver_endpoints.ipv6_internet_access_enabled",
        "route53resolver_firewall_rules.block_override_dns_type",
        "route53resolver_firewall_rules.dns_threat_protection",
        "elbv2_load_balancers.ip_address_type",
        "elbv2_load_balancers.enable_prefix_for_ipv6_source_nat",
        "elbv2_load_balancers.customer_owned_ipv4_pool",
        "cloudfront_distributions.is_ipv6_enabled",
        "cloudfront_distributions.anycast_ip_list_id",
        "globalaccelerator_accelerators.ip_address_type",
        "globalaccelerator_custom_routing_accelerators.ip_address_type",
        // Addresses of a connection between two routers, with the length of its prefix.
        "directconnect_virtual_interfaces.amazon_address",
        "directconnect_virtual_interfaces.customer_address",
        "directconnect_virtual_interfaces.address_family",
        "directconnect_virtual_interfaces.route_filter_prefixes",
        "directconnect_virtual_interfaces.prefix_pool_allocated_count_ipv4",
        "directconnect_virtual_interfaces.prefix_pool_allocated_count_ipv6",
        "directconnect_connections.prefix_pool_size_ipv4",
        "directconnect_connections.prefix_pool_size_ipv6",
        "directconnect_connections.prefix_pool_unallocated_count_ipv4",
        "directconnect_connections.prefix_pool_unallocated_count_ipv6",
    ];
    let is_network = |column: &str| {
        column.split('_').any(|word| {
            matches!(
                word,
                "ip" | "ipv4" | "ipv6" | "cidr" | "address" | "addresses" | "dns" | "dns64" | "dnssec" | "prefixes"
            )
        })
    };
    let mut left = Vec::new();
    for (table, columns) in catalogue() {
        let declared = TABLES.iter().find(|declared| declared.table == table).unwrap();
        let is_declared = |column: &str| declared.columns.iter().any(|own| own.column == column);
        let missing = columns.into_iter().filter(|column| is_network(column) && !is_declared(column));
        left.extend(missing.map(|column| format!("{table}.{column}")));
    }
    left.retain(|column| !not_own.contains(&column.as_str()));
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn pools_are_whole_objects() {
    let pools = TABLES.iter().flat_map(|table| table.columns).flat_map(|column| column.members);
    assert!(pools.filter(|(_, kind)| *kind == ValueForm::Pool).all(|(path, _)| path.is_empty()));
}
