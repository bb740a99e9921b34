//! VPC: networks, and the rules for traffic within them.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use aws_sdk_ec2::types::{AddressAttributeName, VpcAttributeName};

use super::calls::{paged, whole};
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Detail, ExtraColumn, Id, Measure, Owner, Parents, ResourceType, Source, ValueFrom};
use crate::aws::{NextPage, send};

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_vpcs",
        operation: "ec2:DescribeVpcs",
        items_path: "Vpcs",
        id: Id::Member(&["VpcId"]),
        probe_id: "vpc-00000000000000000",
        arn: ArnForm::Ec2("vpc/"),
        extra_columns: &[
            ExtraColumn { column: "enable_dns_support", from: vpc_attribute("EnableDnsSupport.Value") },
            ExtraColumn { column: "enable_dns_hostnames", from: vpc_attribute("EnableDnsHostnames.Value") },
        ],
        // AWS returns one attribute a call, for one VPC.
        details: &[
            Detail {
                key: "VpcId",
                ..Detail::per_resource(
                    VPC_ATTRIBUTE,
                    whole!([vpc_id] DescribeVpcAttribute: ec2.describe_vpc_attribute().attribute(VpcAttributeName::EnableDnsSupport)),
                )
            },
            Detail {
                key: "VpcId",
                ..Detail::per_resource(
                    VPC_ATTRIBUTE,
                    whole!([vpc_id] DescribeVpcAttribute: ec2.describe_vpc_attribute().attribute(VpcAttributeName::EnableDnsHostnames)),
                )
            },
        ],
        source: paged!(listed DescribeVpcs: ec2.describe_vpcs().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_subnets",
        operation: "ec2:DescribeSubnets",
        items_path: "Subnets",
        id: Id::Member(&["SubnetId"]),
        probe_id: "subnet-00000000000000000",
        arn: ArnForm::Ec2("subnet/"),
        measures: &[Measure::of("AvailableIpAddressCount", "changes with every interface in the subnet")],
        arn_member: Some("SubnetArn"),
        source: paged!(listed DescribeSubnets: ec2.describe_subnets().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_subnet_cidr_reservations",
        operation: "ec2:GetSubnetCidrReservations",
        items_path: "SubnetIpv4CidrReservations|SubnetIpv6CidrReservations",
        id: Id::Member(&["SubnetCidrReservationId"]),
        arn: ArnForm::Ec2("subnet-cidr-reservation/"),
        extra_columns: &[ExtraColumn { column: "vpc_id", from: ValueFrom::Parent("VpcId") }],
        source: Source::PerParent(
            Parents::all("ec2_subnets"),
            paged!([subnet_id] GetSubnetCidrReservations: ec2.get_subnet_cidr_reservations().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_block_public_access_exclusions",
        operation: "ec2:DescribeVpcBlockPublicAccessExclusions",
        items_path: "VpcBlockPublicAccessExclusions",
        id: Id::Member(&["ExclusionId"]),
        arn: ArnForm::Ec2("vpc-block-public-access-exclusion/"),
        source: paged!(listed DescribeVpcBlockPublicAccessExclusions: ec2.describe_vpc_block_public_access_exclusions().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_encryption_controls",
        operation: "ec2:DescribeVpcEncryptionControls",
        items_path: "VpcEncryptionControls",
        id: Id::Member(&["VpcEncryptionControlId"]),
        arn: ArnForm::Ec2("vpc-encryption-control/"),
        source: paged!(listed DescribeVpcEncryptionControls: ec2.describe_vpc_encryption_controls().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_route_tables",
        operation: "ec2:DescribeRouteTables",
        items_path: "RouteTables",
        id: Id::Member(&["RouteTableId"]),
        arn: ArnForm::Ec2("route-table/"),
        source: paged!(listed DescribeRouteTables: ec2.describe_route_tables().max_results(100)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_security_groups",
        operation: "ec2:DescribeSecurityGroups",
        items_path: "SecurityGroups",
        id: Id::Member(&["GroupId"]),
        arn: ArnForm::Ec2("security-group/"),
        arn_member: Some("SecurityGroupArn"),
        source: paged!(listed DescribeSecurityGroups: ec2.describe_security_groups().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_security_group_rules",
        operation: "ec2:DescribeSecurityGroupRules",
        items_path: "SecurityGroupRules",
        id: Id::Member(&["SecurityGroupRuleId"]),
        arn: ArnForm::Ec2("security-group-rule/"),
        arn_member: Some("SecurityGroupRuleArn"),
        owner: Owner::Member(&["GroupOwnerId"]),
        source: paged!(listed DescribeSecurityGroupRules: ec2.describe_security_group_rules().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_security_group_vpc_associations",
        operation: "ec2:DescribeSecurityGroupVpcAssociations",
        items_path: "SecurityGroupVpcAssociations",
        id: Id::Joined(&["GroupId", "VpcId"]),
        owner: Owner::Member(&["GroupOwnerId"]),
        source: paged!(listed DescribeSecurityGroupVpcAssociations: ec2.describe_security_group_vpc_associations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_network_acls",
        operation: "ec2:DescribeNetworkAcls",
        items_path: "NetworkAcls",
        id: Id::Member(&["NetworkAclId"]),
        arn: ArnForm::Ec2("network-acl/"),
        source: paged!(listed DescribeNetworkAcls: ec2.describe_network_acls().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_network_interfaces",
        operation: "ec2:DescribeNetworkInterfaces",
        items_path: "NetworkInterfaces",
        id: Id::Member(&["NetworkInterfaceId"]),
        arn: ArnForm::Ec2("network-interface/"),
        source: paged!(listed DescribeNetworkInterfaces: ec2.describe_network_interfaces().max_results(1000).include_managed_resources(true)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_addresses",
        operation: "ec2:DescribeAddresses",
        items_path: "Addresses",
        // An address of EC2-Classic has neither an allocation id nor an ARN.
        id: Id::Member(&["AllocationId", "PublicIp"]),
        arn: ArnForm::Ec2("elastic-ip/"),
        source: whole!(listed DescribeAddresses: ec2.describe_addresses()),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_address_attributes",
        operation: "ec2:DescribeAddressesAttribute",
        scope: "the names of reverse DNS (PTR) of the account's Elastic IP addresses",
        items_path: "Addresses",
        id: Id::Member(&["AllocationId", "PublicIp"]),
        arn: ArnForm::Ec2("elastic-ip/"),
        source: paged!(
            listed DescribeAddressesAttribute: ec2.describe_addresses_attribute().attribute(AddressAttributeName::DomainName).max_results(1000)
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_address_transfers",
        operation: "ec2:DescribeAddressTransfers",
        scope: "offers of the account's addresses to other accounts, for 14 days also after they ended",
        items_path: "AddressTransfers",
        id: Id::Joined(&["AllocationId", "TransferAccountId"]),
        source: paged!(listed DescribeAddressTransfers: ec2.describe_address_transfers().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_dhcp_options",
        operation: "ec2:DescribeDhcpOptions",
        items_path: "DhcpOptions",
        id: Id::Member(&["DhcpOptionsId"]),
        arn: ArnForm::Ec2("dhcp-options/"),
        source: paged!(listed DescribeDhcpOptions: ec2.describe_dhcp_options().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_flow_logs",
        operation: "ec2:DescribeFlowLogs",
        items_path: "FlowLogs",
        id: Id::Member(&["FlowLogId"]),
        arn: ArnForm::Ec2("vpc-flow-log/"),
        source: paged!(listed DescribeFlowLogs: ec2.describe_flow_logs().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_managed_prefix_lists",
        operation: "ec2:DescribeManagedPrefixLists",
        scope: "the account's own, with their entries: AWS's lists are the same in every account",
        items_path: "PrefixLists",
        id: Id::Member(&["PrefixListId"]),
        probe_id: "pl-00000000000000000",
        arn: ArnForm::Ec2("prefix-list/"),
        arn_member: Some("PrefixListArn"),
        extra_columns: &[ExtraColumn {
            column: "entries",
            from: ValueFrom::DetailMember("ec2:GetManagedPrefixListEntries", "Entries"),
        }],
        details: &[Detail::per_resource(
            "ec2:GetManagedPrefixListEntries",
            paged!([prefix_list_id] GetManagedPrefixListEntries: ec2.get_managed_prefix_list_entries().max_results(100)),
        )],
        source: Source::Listed(|client, params| {
            Box::pin(async move {
                let own = aws_sdk_ec2::types::Filter::builder().name("owner-id").values(client.account_id()).build();
                let scalars = send!(
                    client,
                    DescribeManagedPrefixLists: ec2.describe_managed_prefix_lists()
                        .filters(own)
                        .max_results(100)
                        .set_next_token(params.token())
                )?;
                Ok(NextPage::from_token(scalars.text("NextToken")))
            })
        }),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_traffic_mirror_sessions",
        operation: "ec2:DescribeTrafficMirrorSessions",
        items_path: "TrafficMirrorSessions",
        id: Id::Member(&["TrafficMirrorSessionId"]),
        arn: ArnForm::Ec2("traffic-mirror-session/"),
        source: paged!(listed DescribeTrafficMirrorSessions: ec2.describe_traffic_mirror_sessions().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_traffic_mirror_targets",
        operation: "ec2:DescribeTrafficMirrorTargets",
        items_path: "TrafficMirrorTargets",
        id: Id::Member(&["TrafficMirrorTargetId"]),
        arn: ArnForm::Ec2("traffic-mirror-target/"),
        source: paged!(listed DescribeTrafficMirrorTargets: ec2.describe_traffic_mirror_targets().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_traffic_mirror_filters",
        operation: "ec2:DescribeTrafficMirrorFilters",
        scope: "with their rules",
        items_path: "TrafficMirrorFilters",
        id: Id::Member(&["TrafficMirrorFilterId"]),
        arn: ArnForm::Ec2("traffic-mirror-filter/"),
        source: paged!(listed DescribeTrafficMirrorFilters: ec2.describe_traffic_mirror_filters().max_results(1000)),
        ..REGIONAL
    },
];

const VPC_ATTRIBUTE: &str = "ec2:DescribeVpcAttribute";

const fn vpc_attribute(member: &'static str) -> ValueFrom {
    ValueFrom::DetailMember(VPC_ATTRIBUTE, member)
}
