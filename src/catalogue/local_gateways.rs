//! Outposts: local gateways, their interfaces, route tables and routes.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::paged;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Parents, ResourceType, Source};

const ROUTE_TABLES: &str = "ec2_local_gateway_route_tables";

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_local_gateways",
        operation: "ec2:DescribeLocalGateways",
        items_path: "LocalGateways",
        id: Id::Member(&["LocalGatewayId"]),
        arn: ArnForm::Ec2("local-gateway/"),
        source: paged!(listed DescribeLocalGateways: ec2.describe_local_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_local_gateway_virtual_interface_groups",
        operation: "ec2:DescribeLocalGatewayVirtualInterfaceGroups",
        items_path: "LocalGatewayVirtualInterfaceGroups",
        id: Id::Member(&["LocalGatewayVirtualInterfaceGroupId"]),
        arn: ArnForm::Ec2("local-gateway-virtual-interface-group/"),
        arn_member: Some("LocalGatewayVirtualInterfaceGroupArn"),
        source: paged!(listed DescribeLocalGatewayVirtualInterfaceGroups: ec2.describe_local_gateway_virtual_interface_groups().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_local_gateway_virtual_interfaces",
        operation: "ec2:DescribeLocalGatewayVirtualInterfaces",
        items_path: "LocalGatewayVirtualInterfaces",
        id: Id::Member(&["LocalGatewayVirtualInterfaceId"]),
        arn: ArnForm::Ec2("local-gateway-virtual-interface/"),
        arn_member: Some("LocalGatewayVirtualInterfaceArn"),
        source: paged!(listed DescribeLocalGatewayVirtualInterfaces: ec2.describe_local_gateway_virtual_interfaces().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: ROUTE_TABLES,
        operation: "ec2:DescribeLocalGatewayRouteTables",
        items_path: "LocalGatewayRouteTables",
        id: Id::Member(&["LocalGatewayRouteTableId"]),
        probe_id: "lgw-rtb-00000000000000000",
        arn: ArnForm::Ec2("local-gateway-route-table/"),
        arn_member: Some("LocalGatewayRouteTableArn"),
        source: paged!(listed DescribeLocalGatewayRouteTables: ec2.describe_local_gateway_route_tables().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_local_gateway_route_table_vpc_associations",
        operation: "ec2:DescribeLocalGatewayRouteTableVpcAssociations",
        items_path: "LocalGatewayRouteTableVpcAssociations",
        id: Id::Member(&["LocalGatewayRouteTableVpcAssociationId"]),
        arn: ArnForm::Ec2("local-gateway-route-table-vpc-association/"),
        source: paged!(listed DescribeLocalGatewayRouteTableVpcAssociations: ec2.describe_local_gateway_route_table_vpc_associations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_local_gateway_route_table_interface_group_associations",
        operation: "ec2:DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations",
        items_path: "LocalGatewayRouteTableVirtualInterfaceGroupAssociations",
        id: Id::Member(&["LocalGatewayRouteTableVirtualInterfaceGroupAssociationId"]),
        arn: ArnForm::Ec2("local-gateway-route-table-virtual-interface-group-association/"),
        source: paged!(listed DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations: ec2.describe_local_gateway_route_table_virtual_interface_group_associations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_local_gateway_routes",
        operation: "ec2:SearchLocalGatewayRoutes",
        items_path: "Routes",
        id: Id::UnderParent(&["DestinationCidrBlock", "DestinationPrefixListId"]),
        source: Source::PerParent(
            Parents::all(ROUTE_TABLES),
            paged!([local_gateway_route_table_id] SearchLocalGatewayRoutes: ec2.search_local_gateway_routes().max_results(1000)),
        ),
        ..REGIONAL
    },
];
