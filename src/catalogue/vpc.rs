//! VPC: networks, and what connects them.

use super::ec2::{REGIONAL, paged};
use super::entry::{Arn, Id, ResourceType, Source};
use crate::failure::Cause;

pub const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_vpcs",
        operation: "ec2:DescribeVpcs",
        items: "Vpcs",
        id: Id::Member(&["VpcId"]),
        arn: Arn::Ec2("vpc/"),
        source: paged!(ec2.describe_vpcs().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_subnets",
        operation: "ec2:DescribeSubnets",
        items: "Subnets",
        id: Id::Member(&["SubnetId"]),
        arn: Arn::Ec2("subnet/"),
        source: paged!(ec2.describe_subnets().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_route_tables",
        operation: "ec2:DescribeRouteTables",
        items: "RouteTables",
        id: Id::Member(&["RouteTableId"]),
        arn: Arn::Ec2("route-table/"),
        source: paged!(ec2.describe_route_tables().max_results(100)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_security_groups",
        operation: "ec2:DescribeSecurityGroups",
        items: "SecurityGroups",
        id: Id::Member(&["GroupId"]),
        arn: Arn::Ec2("security-group/"),
        source: paged!(ec2.describe_security_groups().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_network_interfaces",
        operation: "ec2:DescribeNetworkInterfaces",
        items: "NetworkInterfaces",
        id: Id::Member(&["NetworkInterfaceId"]),
        arn: Arn::Ec2("network-interface/"),
        source: paged!(ec2.describe_network_interfaces().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_addresses",
        operation: "ec2:DescribeAddresses",
        items: "Addresses",
        // An address of EC2-Classic has no allocation id, and no ARN.
        id: Id::Member(&["AllocationId", "PublicIp"]),
        arn: Arn::Ec2("elastic-ip/"),
        // The only one here that AWS does not page.
        source: Source::Listed(|asker, _| {
            Box::pin(async move { asker.ec2().describe_addresses().send().await.map(|_| None).map_err(Cause::of) })
        }),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_internet_gateways",
        operation: "ec2:DescribeInternetGateways",
        items: "InternetGateways",
        id: Id::Member(&["InternetGatewayId"]),
        arn: Arn::Ec2("internet-gateway/"),
        source: paged!(ec2.describe_internet_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_nat_gateways",
        operation: "ec2:DescribeNatGateways",
        items: "NatGateways",
        id: Id::Member(&["NatGatewayId"]),
        arn: Arn::Ec2("natgateway/"),
        source: paged!(ec2.describe_nat_gateways().max_results(1000)),
        ..REGIONAL
    },
];
