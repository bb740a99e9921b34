//! What every table has to be found by: the forms of its ids and ARNs, its tags, the columns with addresses and names.
//!
//! **Invariant:** declares, and reads nothing. A new table of the catalogue gets an entry here.

use ValueForm::{Address, Delegated, Name, Pool, Range, ZoneName};

/// The form of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdForm {
    /// A prefix of EC2's ids.
    Prefix(&'static str),
    /// The id of a hosted zone.
    Zone,
    /// The id of a delegation set.
    DelegationSet,
    Uuid,
    /// The id of a hosted zone, a slash, and that of a VPC.
    ZoneAndVpc,
    /// An id of the form with this prefix (`Z` for a zone), a slash, and what identifies the resource below that one.
    Under(&'static str),
    /// Resources are not found by an id: it is an account, or an address or range.
    None,
}

/// What the text of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// An address that the resource has.
    Address,
    /// A range that is the resource's own.
    Range,
    /// A range all of whose addresses the resource has.
    Delegated,
    /// An object with the first and the last address of a range.
    Pool,
    /// A DNS name of the resource.
    Name,
    /// A DNS name that identifies the resource.
    ZoneName,
}

/// A column with addresses, ranges or names.
#[derive(Clone, Copy, Debug)]
pub(super) struct SearchedColumn {
    pub column: &'static str,
    /// The paths of the members, such as `Association.PublicIp`. Empty if the column's text or its items are meant.
    pub members: &'static [(&'static str, ValueForm)],
}

/// What a table has to be found by.
#[derive(Clone, Copy, Debug)]
pub(super) struct SearchedTable {
    pub table: &'static str,
    pub id: IdForm,
    /// The service and type in its ARNs, `ec2:instance/`. Empty if it has none.
    pub arn: &'static str,
    /// Whether its resources can have tags.
    pub has_tags: bool,
    /// The column with the name of a resource that has no tag `Name`.
    pub name: Option<&'static str>,
    pub columns: &'static [SearchedColumn],
}

impl SearchedTable {
    /// Whether it has members of a kind that passes.
    pub(super) fn has(&self, is_kind: fn(ValueForm) -> bool) -> bool {
        self.columns.iter().any(|column| column.has(is_kind))
    }
}

impl SearchedColumn {
    /// Whether it has members of a kind that passes.
    pub(super) fn has(&self, is_kind: fn(ValueForm) -> bool) -> bool {
        self.members.iter().any(|(_, kind)| is_kind(*kind))
    }
}

pub(super) const INTERFACES: &str = "ec2_network_interfaces";
pub(super) const INSTANCES: &str = "ec2_instances";
pub(super) const BYOIP_CIDRS: &str = "ec2_byoip_cidrs";
pub(super) const RECORDS: &str = "route53_records";
pub(super) const ZONES: &str = "route53_hosted_zones";
pub(super) const ACCOUNTS: &str = "accounts";

/// A table whose resources have tags and nothing to be searched.
const fn tagged(table: &'static str, id: &'static str, arn: &'static str) -> SearchedTable {
    SearchedTable { table, id: IdForm::Prefix(id), arn, has_tags: true, name: None, columns: &[] }
}

/// A table whose resources have neither tags nor ARNs.
const fn plain(table: &'static str, id: IdForm) -> SearchedTable {
    SearchedTable { table, id, arn: "", has_tags: false, name: None, columns: &[] }
}

const fn column(column: &'static str, members: &'static [(&'static str, ValueForm)]) -> SearchedColumn {
    SearchedColumn { column, members }
}

const fn address(name: &'static str) -> SearchedColumn {
    column(name, &[("", Address)])
}

const fn name(name: &'static str) -> SearchedColumn {
    column(name, &[("", Name)])
}

const fn range(name: &'static str) -> SearchedColumn {
    column(name, &[("", Range)])
}

const NETWORK: &[SearchedColumn] = &[
    range("cidr_block"),
    column("cidr_block_association_set", &[("CidrBlock", Range)]),
    column("ipv6_cidr_block_association_set", &[("Ipv6CidrBlock", Range)]),
];

const SUBNET: &[SearchedColumn] =
    &[range("cidr_block"), column("ipv6_cidr_block_association_set", &[("Ipv6CidrBlock", Range)])];

const INTERFACE: &[SearchedColumn] = &[
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

const INSTANCE: &[SearchedColumn] = &[
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
    tagged("ec2_volumes", "vol-", "ec2:volume/"),
    tagged("ec2_snapshots", "snap-", "ec2:snapshot/"),
    tagged("ec2_public_snapshots", "snap-", "ec2:snapshot/"),
    SearchedTable { name: Some("name"), ..tagged("ec2_images", "ami-", "ec2:image/") },
    SearchedTable { columns: NETWORK, ..tagged("ec2_vpcs", "vpc-", "ec2:vpc/") },
    SearchedTable { columns: SUBNET, ..tagged("ec2_subnets", "subnet-", "ec2:subnet/") },
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
    tagged("ec2_dhcp_options", "dopt-", "ec2:dhcp-options/"),
    tagged("ec2_flow_logs", "fl-", "ec2:vpc-flow-log/"),
    SearchedTable {
        name: Some("prefix_list_name"),
        columns: &[column("entries", &[("Cidr", Range)])],
        ..tagged("ec2_managed_prefix_lists", "pl-", "ec2:prefix-list/")
    },
    tagged("ec2_traffic_mirror_sessions", "tms-", "ec2:traffic-mirror-session/"),
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
        columns: &[column("options", &[("TransitGatewayCidrBlocks", Range)])],
        ..tagged("ec2_transit_gateways", "tgw-", "ec2:transit-gateway/")
    },
    tagged("ec2_transit_gateway_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_vpc_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_peering_attachments", "tgw-attach-", "ec2:transit-gateway-attachment/"),
    tagged("ec2_transit_gateway_route_tables", "tgw-rtb-", "ec2:transit-gateway-route-table/"),
    plain("ec2_transit_gateway_routes", IdForm::Under("tgw-rtb-")),
    tagged("ec2_ipams", "ipam-", "ec2:ipam/"),
    tagged("ec2_ipam_pools", "ipam-pool-", "ec2:ipam-pool/"),
    tagged("ec2_ipam_scopes", "ipam-scope-", "ec2:ipam-scope/"),
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
];

/// A table whose resources are found through those of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkedTable {
    /// The table whose resources are found.
    pub table: &'static str,
    /// The table through which they are found.
    pub through: &'static str,
    /// The column, and the member in it, with the id of the other resource.
    pub column: &'static str,
    pub member: &'static str,
    /// Whether the column belongs to the table through which they are found.
    pub is_outward: bool,
}

const fn by_interfaces(table: &'static str) -> LinkedTable {
    LinkedTable { table, through: INTERFACES, column: "network_interface_ids", member: "", is_outward: false }
}

pub(super) static LINKS: &[LinkedTable] = &[
    by_interfaces("ec2_vpc_endpoints"),
    by_interfaces("ec2_instance_connect_endpoints"),
    LinkedTable { table: INSTANCES, through: INTERFACES, column: "attachment", member: "InstanceId", is_outward: true },
    LinkedTable { table: "ec2_ipam_pools", through: BYOIP_CIDRS, column: "ipam_pool_id", member: "", is_outward: true },
];

/// The table of this name.
pub(super) fn table(name: &str) -> Option<&'static SearchedTable> {
    TABLES.iter().find(|table| table.table == name)
}

/// The column with the name of a resource of a table that has no tag `Name`.
pub(crate) fn name_column(name: &str) -> Option<&'static str> {
    table(name)?.name
}
