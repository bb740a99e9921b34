//! The tables with resources that can hold a target, and the tables that say which zone answers where.
//!
//! **Invariant:** declares, and reads nothing. A table that the catalogue does not have is not read.

use std::collections::BTreeSet;

use HolderValue::{Address, Id, Instance, Name, Network, Prefix};

use crate::answers::facts::Read;

/// What a member of a resource is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HolderValue {
    /// An address that it has.
    Address,
    /// A range all of whose addresses it has.
    Prefix,
    /// A name that it has.
    Name,
    /// Its id or name, as its kind's forms capture it.
    Id,
    /// The instance to which it belongs.
    Instance,
    /// The VPC in which it is.
    Network,
}

/// A table with resources that can hold a target.
#[derive(Debug)]
pub(super) struct HolderTable {
    pub table: &'static str,
    /// What a resource is called.
    pub resource: &'static str,
    /// Columns, the members in them (empty: the column itself), and what they are.
    pub values: &'static [(&'static str, &'static str, HolderValue)],
    /// The columns that are read.
    pub columns: &'static [&'static str],
}

pub(super) const INTERFACES: &str = "ec2_network_interfaces";
pub(super) const INSTANCES: &str = "ec2_instances";
pub(super) const ADDRESSES: &str = "ec2_addresses";
pub(super) const NAT_GATEWAYS: &str = "ec2_nat_gateways";
pub(super) const VPN_CONNECTIONS: &str = "ec2_vpn_connections";
pub(super) const VPCS: &str = "ec2_vpcs";
pub(super) const BYOIP_CIDRS: &str = "ec2_byoip_cidrs";
const ACCELERATORS: &str = "globalaccelerator_accelerators";
const CUSTOM_ROUTING_ACCELERATORS: &str = "globalaccelerator_custom_routing_accelerators";
pub(super) const ZONES: &str = "route53_hosted_zones";
pub(super) const RECORDS: &str = "route53_records";
pub(super) const ASSOCIATIONS: &str = "route53_zone_associations";
pub(super) const RESOLVER_RULES: &str = "route53resolver_rules";
pub(super) const RULE_ASSOCIATIONS: &str = "route53resolver_rule_associations";
pub(super) const PROFILE_ASSOCIATIONS: &str = "route53profiles_associations";
pub(super) const PROFILE_RESOURCES: &str = "route53profiles_resource_associations";

/// Tables whose resources can have a public IPv4 address of EC2.
pub(super) const WITH_PUBLIC_ADDRESSES: &[&str] = &[INTERFACES, ADDRESSES, NAT_GATEWAYS, INSTANCES, VPN_CONNECTIONS];
/// Tables whose resources can have an address of Global Accelerator.
pub(super) const WITH_ACCELERATORS: &[&str] = &[ACCELERATORS, CUSTOM_ROUTING_ACCELERATORS];
/// Tables whose resources can have a private address or one of IPv6.
pub(super) const IN_NETWORKS: &[&str] = &[INTERFACES, NAT_GATEWAYS, INSTANCES];

/// The tables of holders, in the order in which one of several holders of a value counts.
pub(super) static HOLDER_TABLES: &[HolderTable] = &[
    HolderTable {
        table: INTERFACES,
        resource: "network interface",
        values: &[
            ("private_ip_address", "", Address),
            ("ipv6_address", "", Address),
            ("association", "PublicIp", Address),
            ("association", "CarrierIp", Address),
            ("association", "CustomerOwnedIp", Address),
            ("private_ip_addresses", "PrivateIpAddress", Address),
            ("private_ip_addresses", "Association.PublicIp", Address),
            ("private_ip_addresses", "Association.CarrierIp", Address),
            ("private_ip_addresses", "Association.CustomerOwnedIp", Address),
            ("ipv6_addresses", "Ipv6Address", Address),
            ("ipv4_prefixes", "Ipv4Prefix", Prefix),
            ("ipv6_prefixes", "Ipv6Prefix", Prefix),
            ("private_ip_addresses", "PrivateDnsName", Name),
            ("private_ip_addresses", "Association.PublicDnsName", Name),
            ("ipv6_addresses", "PublicIpv6DnsName", Name),
            ("public_ip_dns_name_options", "PublicIpv4DnsName", Name),
            ("public_ip_dns_name_options", "PublicIpv6DnsName", Name),
            ("public_ip_dns_name_options", "PublicDualStackDnsName", Name),
            ("private_dns_name", "", Name),
            ("attachment", "InstanceId", Instance),
            ("vpc_id", "", Network),
        ],
        columns: &[
            "private_ip_address",
            "ipv6_address",
            "association",
            "private_ip_addresses",
            "ipv6_addresses",
            "ipv4_prefixes",
            "ipv6_prefixes",
            "public_ip_dns_name_options",
            "private_dns_name",
            "attachment",
            "vpc_id",
        ],
    },
    HolderTable {
        table: ADDRESSES,
        resource: "elastic address",
        values: &[("public_ip", "", Address), ("carrier_ip", "", Address), ("customer_owned_ip", "", Address)],
        columns: &["public_ip", "carrier_ip", "customer_owned_ip"],
    },
    HolderTable {
        table: NAT_GATEWAYS,
        resource: "NAT gateway",
        values: &[
            ("nat_gateway_addresses", "PublicIp", Address),
            ("nat_gateway_addresses", "PrivateIp", Address),
            ("vpc_id", "", Network),
        ],
        columns: &["nat_gateway_addresses", "vpc_id", "state"],
    },
    HolderTable {
        table: INSTANCES,
        resource: "instance",
        values: &[
            ("private_ip_address", "", Address),
            ("public_ip_address", "", Address),
            ("ipv6_address", "", Address),
            ("private_dns_name", "", Name),
            ("public_dns_name", "", Name),
            ("vpc_id", "", Network),
        ],
        columns: &[
            "private_ip_address",
            "public_ip_address",
            "ipv6_address",
            "private_dns_name",
            "public_dns_name",
            "vpc_id",
            "state",
        ],
    },
    HolderTable {
        table: VPN_CONNECTIONS,
        resource: "VPN connection",
        values: &[
            ("vgw_telemetry", "OutsideIpAddress", Address),
            ("options", "TunnelOptions.OutsideIpAddress", Address),
        ],
        columns: &["vgw_telemetry", "options", "state"],
    },
    HolderTable { table: "ec2_vpc_endpoints", resource: "VPC endpoint", values: &[], columns: &["state"] },
    HolderTable {
        table: "ec2_vpc_endpoint_service_configurations",
        resource: "endpoint service",
        values: &[],
        columns: &[],
    },
    HolderTable {
        table: "ec2_client_vpn_endpoints",
        resource: "Client VPN endpoint",
        values: &[],
        columns: &["status"],
    },
    HolderTable {
        table: "ec2_instance_connect_endpoints",
        resource: "Instance Connect endpoint",
        values: &[],
        columns: &["state"],
    },
    HolderTable {
        table: "ec2_verified_access_endpoints",
        resource: "Verified Access endpoint",
        values: &[("endpoint_domain", "", Name)],
        columns: &["endpoint_domain"],
    },
    HolderTable {
        table: "elb_load_balancers",
        resource: "load balancer",
        values: &[("dns_name", "", Name)],
        columns: &["dns_name"],
    },
    HolderTable {
        table: "elbv2_load_balancers",
        resource: "load balancer",
        values: &[("dns_name", "", Name)],
        columns: &["dns_name", "state"],
    },
    HolderTable {
        table: "cloudfront_distributions",
        resource: "distribution",
        values: &[("domain_name", "", Name)],
        columns: &["domain_name"],
    },
    HolderTable {
        table: "apigateway_domain_names",
        resource: "custom domain",
        values: &[("distribution_domain_name", "", Name), ("regional_domain_name", "", Name)],
        columns: &["distribution_domain_name", "regional_domain_name"],
    },
    HolderTable {
        table: "apigatewayv2_domain_names",
        resource: "custom domain",
        values: &[("domain_name_configurations", "ApiGatewayDomainName", Name)],
        columns: &["domain_name_configurations"],
    },
    HolderTable { table: "s3_buckets", resource: "bucket", values: &[("name", "", Id)], columns: &["name"] },
    HolderTable {
        table: "elasticbeanstalk_environments",
        resource: "environment",
        values: &[("cname", "", Name)],
        columns: &["cname", "status"],
    },
    HolderTable {
        table: ACCELERATORS,
        resource: "accelerator",
        values: &[("dns_name", "", Name), ("dual_stack_dns_name", "", Name), ("ip_sets", "IpAddresses", Address)],
        columns: &["dns_name", "dual_stack_dns_name", "ip_sets"],
    },
    HolderTable {
        table: CUSTOM_ROUTING_ACCELERATORS,
        resource: "custom routing accelerator",
        values: &[("dns_name", "", Name), ("ip_sets", "IpAddresses", Address)],
        columns: &["dns_name", "ip_sets"],
    },
];

/// The table of this name.
#[cfg(test)]
pub(super) fn holder_table(name: &str) -> Option<&'static HolderTable> {
    HOLDER_TABLES.iter().find(|table| table.table == name)
}

/// The tables of holders that are collected, with what is read of them. Each is read for itself.
pub(crate) fn holder_reads(collected: &BTreeSet<&'static str>) -> Vec<Read> {
    let holders = HOLDER_TABLES.iter().map(|table| Read::context(table.table, table.columns));
    holders.filter(|read| collected.contains(read.table)).collect()
}

/// The records, and what says which zone answers where. All of these are read together.
pub(crate) fn zone_reads(collected: &BTreeSet<&'static str>) -> Vec<Read> {
    let reads = [
        Read::subject(
            RECORDS,
            &[
                "name_decoded",
                "type",
                "set_identifier",
                "resource_records",
                "alias_target",
                "hosted_zone_id",
                "hosted_zone_name",
                "private_zone",
            ],
        ),
        Read::context(ZONES, &["name", "config", "vpcs", "delegation_set"]),
        Read::context(ASSOCIATIONS, &["hosted_zone_id", "name", "owner", "vpc_id"]),
        Read::context(VPCS, &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set"]),
        Read::context(BYOIP_CIDRS, &["cidr", "state"]),
        Read::context(RESOLVER_RULES, &["domain_name", "rule_type"]),
        Read::context(RULE_ASSOCIATIONS, &["resolver_rule_id", "vpc_id"]),
        Read::context(PROFILE_ASSOCIATIONS, &["profile_id", "resource_id"]),
        Read::context(PROFILE_RESOURCES, &["profile_id", "resource_arn"]),
        Read::context(crate::catalogue::ACCOUNTS, &["regions"]),
    ];
    reads.into_iter().filter(|read| collected.contains(read.table)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_of_a_column_that_is_read() {
        for table in HOLDER_TABLES {
            for (column, ..) in table.values {
                assert!(table.columns.contains(column), "{}: {column}", table.table);
            }
        }
    }
    #[test]
    fn what_is_collected_today_has_the_columns_that_are_read() {
        let catalogue = crate::catalogue::Catalogue::get().unwrap();
        let collected: BTreeSet<&str> = catalogue.tables().iter().map(|table| table.entry.table).collect();
        for read in holder_reads(&collected).iter().chain(&zone_reads(&collected)) {
            let columns = catalogue.find(read.table).unwrap().all_columns();
            for column in read.columns {
                assert!(columns.iter().any(|known| known.name == *column), "{}: {column}", read.table);
            }
        }
    }
}
