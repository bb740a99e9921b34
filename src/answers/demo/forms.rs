//! How the id and the ARN of each table's rows are made.
//!
//! **Invariant:** repeats what the catalogue declares, so that the estate needs no service model.

use serde_json::{Map, Value};

use ArnKind::{Account, Ec2, Ec2InRegionOf, Ec2Named, Ec2WithoutAccount, Ec2WithoutRegion, Route53};

/// How the id and the ARN of a table's rows are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowForm {
    table: &'static str,
    /// The column with the id. It is `id` where the row has to give it itself.
    pub id: &'static str,
    pub arn: ArnKind,
    /// The column that repeats the ARN.
    pub arn_column: Option<&'static str>,
}

/// The form of a table's ARNs.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArnKind {
    None,
    /// Ends with the id.
    Ec2(&'static str),
    /// Ends with another column.
    Ec2Named(&'static str, &'static str),
    /// Has the region of a member of this column.
    Ec2InRegionOf(&'static str, &'static str),
    Ec2WithoutAccount(&'static str),
    Ec2WithoutRegion(&'static str),
    Route53(&'static str),
    Account,
}

const fn form(table: &'static str, id: &'static str, arn: ArnKind) -> RowForm {
    RowForm { table, id, arn, arn_column: None }
}

const fn named(table: &'static str, id: &'static str, arn: ArnKind, arn_column: &'static str) -> RowForm {
    RowForm { table, id, arn, arn_column: Some(arn_column) }
}

const FORMS: &[RowForm] = &[
    form("accounts", "id", Account),
    form("ec2_instances", "instance_id", Ec2("instance/")),
    form("ec2_instance_status", "instance_id", Ec2("instance/")),
    form("ec2_key_pairs", "key_pair_id", Ec2Named("key-pair/", "key_name")),
    form("ec2_launch_templates", "launch_template_id", Ec2("launch-template/")),
    named("ec2_volumes", "volume_id", Ec2("volume/"), "volume_arn"),
    form("ec2_snapshots", "snapshot_id", Ec2WithoutAccount("snapshot/")),
    form("ec2_public_snapshots", "snapshot_id", Ec2WithoutAccount("snapshot/")),
    form("ec2_images", "image_id", Ec2WithoutAccount("image/")),
    form("ec2_vpcs", "vpc_id", Ec2("vpc/")),
    named("ec2_subnets", "subnet_id", Ec2("subnet/"), "subnet_arn"),
    form("ec2_route_tables", "route_table_id", Ec2("route-table/")),
    named("ec2_security_groups", "group_id", Ec2("security-group/"), "security_group_arn"),
    named("ec2_security_group_rules", "security_group_rule_id", Ec2("security-group-rule/"), "security_group_rule_arn"),
    form("ec2_network_acls", "network_acl_id", Ec2("network-acl/")),
    form("ec2_network_interfaces", "network_interface_id", Ec2("network-interface/")),
    form("ec2_addresses", "allocation_id", Ec2("elastic-ip/")),
    form("ec2_dhcp_options", "dhcp_options_id", Ec2("dhcp-options/")),
    form("ec2_flow_logs", "flow_log_id", Ec2("vpc-flow-log/")),
    named("ec2_managed_prefix_lists", "prefix_list_id", Ec2("prefix-list/"), "prefix_list_arn"),
    form("ec2_internet_gateways", "internet_gateway_id", Ec2("internet-gateway/")),
    form("ec2_egress_only_internet_gateways", "egress_only_internet_gateway_id", Ec2("egress-only-internet-gateway/")),
    form("ec2_nat_gateways", "nat_gateway_id", Ec2("natgateway/")),
    form(
        "ec2_vpc_peering_connections",
        "vpc_peering_connection_id",
        Ec2InRegionOf("vpc-peering-connection/", "requester_vpc_info"),
    ),
    form("ec2_vpc_endpoints", "vpc_endpoint_id", Ec2("vpc-endpoint/")),
    form("ec2_customer_gateways", "customer_gateway_id", Ec2("customer-gateway/")),
    form("ec2_vpn_gateways", "vpn_gateway_id", Ec2("vpn-gateway/")),
    form("ec2_vpn_connections", "vpn_connection_id", Ec2("vpn-connection/")),
    form("ec2_client_vpn_endpoints", "client_vpn_endpoint_id", Ec2("client-vpn-endpoint/")),
    named("ec2_transit_gateways", "transit_gateway_id", Ec2("transit-gateway/"), "transit_gateway_arn"),
    form("ec2_transit_gateway_attachments", "transit_gateway_attachment_id", Ec2("transit-gateway-attachment/")),
    form("ec2_transit_gateway_vpc_attachments", "transit_gateway_attachment_id", Ec2("transit-gateway-attachment/")),
    form(
        "ec2_transit_gateway_peering_attachments",
        "transit_gateway_attachment_id",
        Ec2InRegionOf("transit-gateway-attachment/", "requester_tgw_info"),
    ),
    form("ec2_transit_gateway_route_tables", "transit_gateway_route_table_id", Ec2("transit-gateway-route-table/")),
    named("ec2_ipams", "ipam_id", Ec2WithoutRegion("ipam/"), "ipam_arn"),
    named("ec2_ipam_pools", "ipam_pool_id", Ec2WithoutRegion("ipam-pool/"), "ipam_pool_arn"),
    named("ec2_ipam_scopes", "ipam_scope_id", Ec2WithoutRegion("ipam-scope/"), "ipam_scope_arn"),
    form("ec2_byoip_cidrs", "cidr", ArnKind::None),
    form("ec2_public_ipv4_pools", "pool_id", Ec2("ipv4pool-ec2/")),
    form("route53_hosted_zones", "id", Route53("hostedzone/")),
    form("route53_health_checks", "aws_id", Route53("healthcheck/")),
    form("route53_query_logging_configs", "aws_id", Route53("queryloggingconfig/")),
    form("route53_reusable_delegation_sets", "id", Route53("delegationset/")),
];

impl RowForm {
    /// The form of a table. One that is not listed has no ARN and gives its ids itself.
    pub(super) fn of(table: &'static str) -> Self {
        FORMS.iter().find(|form| form.table == table).copied().unwrap_or(form(table, "id", ArnKind::None))
    }
}

impl ArnKind {
    /// The ARN of a resource.
    pub(super) fn of(self, region: &str, owner: &str, (id, columns): (&str, &Map<String, Value>)) -> Option<String> {
        Some(match self {
            Self::None => return None,
            Self::Ec2(part) => format!("arn:aws:ec2:{region}:{owner}:{part}{id}"),
            Self::Ec2Named(part, column) => {
                format!("arn:aws:ec2:{region}:{owner}:{part}{}", text(columns, column).unwrap_or_default())
            }
            Self::Ec2InRegionOf(part, column) => {
                let home = columns.get(column).and_then(|info| info["Region"].as_str()).unwrap_or(region);
                format!("arn:aws:ec2:{home}:{owner}:{part}{id}")
            }
            Self::Ec2WithoutAccount(part) => format!("arn:aws:ec2:{region}::{part}{id}"),
            Self::Ec2WithoutRegion(part) => format!("arn:aws:ec2::{owner}:{part}{id}"),
            Self::Route53(part) => format!("arn:aws:route53:::{part}{id}"),
            Self::Account => format!("arn:aws:iam::{owner}:root"),
        })
    }
}

/// The text of a column.
pub(super) fn text(columns: &Map<String, Value>, column: &str) -> Option<String> {
    columns.get(column).and_then(Value::as_str).map(str::to_owned)
}
