//! Lists the columns of the tables with many addresses: networks, interfaces and instances.
//!
//! **Invariant:** names no table.

use super::forms::SearchedColumn;
use super::forms::ValueForm::{Address, Delegated, Name, Range};
use super::forms::{address, column, name, range};

pub(super) const NETWORK: &[SearchedColumn] = &[
    range("cidr_block"),
    column("cidr_block_association_set", &[("CidrBlock", Range)]),
    column("ipv6_cidr_block_association_set", &[("Ipv6CidrBlock", Range)]),
];

pub(super) const SUBNET: &[SearchedColumn] =
    &[range("cidr_block"), column("ipv6_cidr_block_association_set", &[("Ipv6CidrBlock", Range)])];

pub(super) const INTERFACE: &[SearchedColumn] = &[
    address("private_ip_address"),
    address("ipv6_address"),
    column(
        "association",
        &[("PublicIp", Address), ("CarrierIp", Address), ("CustomerOwnedIp", Address), ("PublicDnsName", Name)],
    ),
    column(
        "private_ip_addresses",
        &[
            ("PrivateIpAddress", Address),
            ("Association.PublicIp", Address),
            ("Association.CarrierIp", Address),
            ("Association.CustomerOwnedIp", Address),
            ("PrivateDnsName", Name),
            ("Association.PublicDnsName", Name),
        ],
    ),
    column("ipv6_addresses", &[("Ipv6Address", Address), ("PublicIpv6DnsName", Name)]),
    column("ipv4_prefixes", &[("Ipv4Prefix", Delegated)]),
    column("ipv6_prefixes", &[("Ipv6Prefix", Delegated)]),
    name("private_dns_name"),
    name("public_dns_name"),
    column(
        "public_ip_dns_name_options",
        &[("PublicIpv4DnsName", Name), ("PublicIpv6DnsName", Name), ("PublicDualStackDnsName", Name)],
    ),
];

pub(super) const INSTANCE: &[SearchedColumn] = &[
    address("private_ip_address"),
    address("public_ip_address"),
    address("ipv6_address"),
    column(
        "network_interfaces",
        &[
            ("PrivateIpAddress", Address),
            ("Association.PublicIp", Address),
            ("Association.CarrierIp", Address),
            ("Association.CustomerOwnedIp", Address),
            ("PrivateIpAddresses.PrivateIpAddress", Address),
            ("PrivateIpAddresses.Association.PublicIp", Address),
            ("PrivateIpAddresses.Association.CarrierIp", Address),
            ("PrivateIpAddresses.Association.CustomerOwnedIp", Address),
            ("Ipv6Addresses.Ipv6Address", Address),
            ("Ipv4Prefixes.Ipv4Prefix", Delegated),
            ("Ipv6Prefixes.Ipv6Prefix", Delegated),
            ("PrivateDnsName", Name),
            ("Association.PublicDnsName", Name),
            ("PrivateIpAddresses.PrivateDnsName", Name),
            ("PrivateIpAddresses.Association.PublicDnsName", Name),
        ],
    ),
    column("secondary_interfaces", &[("PrivateIpAddresses.PrivateIpAddress", Address)]),
    name("private_dns_name"),
    name("public_dns_name"),
];

pub(super) const LOAD_BALANCER: &[SearchedColumn] = &[
    name("dns_name"),
    column(
        "availability_zones",
        &[
            ("LoadBalancerAddresses.IpAddress", Address),
            ("LoadBalancerAddresses.PrivateIPv4Address", Address),
            ("LoadBalancerAddresses.IPv6Address", Address),
        ],
    ),
];

pub(super) const ACCELERATOR: &[SearchedColumn] =
    &[name("dns_name"), name("dual_stack_dns_name"), column("ip_sets", &[("IpAddresses", Address)])];
