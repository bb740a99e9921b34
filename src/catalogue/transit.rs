//! Transit gateways: attachments, route tables and routes.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use aws_sdk_ec2::types::Filter;

use super::calls::paged;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, ExtraColumn, Id, Owner, Parents, ResourceType, Source, ValueFrom};
use crate::aws::{AwsError, AwsErrorKind, NextPage, is_true, send};

const ROUTE_TABLES: &str = "ec2_transit_gateway_route_tables";

const OF_GATEWAY: ExtraColumn =
    ExtraColumn { column: "transit_gateway_id", from: ValueFrom::Parent("TransitGatewayId") };

const OF_ROUTE_TABLE: &[ExtraColumn] =
    &[ExtraColumn { column: "transit_gateway_route_table_id", from: ValueFrom::ParentId }, OF_GATEWAY];

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_transit_gateways",
        operation: "ec2:DescribeTransitGateways",
        items_path: "TransitGateways",
        id: Id::Member(&["TransitGatewayId"]),
        arn: ArnForm::Ec2("transit-gateway/"),
        arn_member: Some("TransitGatewayArn"),
        source: paged!(listed DescribeTransitGateways: ec2.describe_transit_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_attachments",
        operation: "ec2:DescribeTransitGatewayAttachments",
        items_path: "TransitGatewayAttachments",
        id: Id::Member(&["TransitGatewayAttachmentId"]),
        arn: ArnForm::Ec2("transit-gateway-attachment/"),
        // The owner of the gateway sees an attachment too. It belongs to the owner of the attached resource.
        owner: Owner::Member(&["ResourceOwnerId"]),
        source: paged!(listed DescribeTransitGatewayAttachments: ec2.describe_transit_gateway_attachments().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_vpc_attachments",
        operation: "ec2:DescribeTransitGatewayVpcAttachments",
        items_path: "TransitGatewayVpcAttachments",
        id: Id::Member(&["TransitGatewayAttachmentId"]),
        arn: ArnForm::Ec2("transit-gateway-attachment/"),
        owner: Owner::Member(&["VpcOwnerId"]),
        source: paged!(listed DescribeTransitGatewayVpcAttachments: ec2.describe_transit_gateway_vpc_attachments().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_peering_attachments",
        operation: "ec2:DescribeTransitGatewayPeeringAttachments",
        items_path: "TransitGatewayPeeringAttachments",
        id: Id::Member(&["TransitGatewayAttachmentId"]),
        arn: ArnForm::Ec2InRegionOf("transit-gateway-attachment/", "RequesterTgwInfo.Region"),
        owner: Owner::Member(&["RequesterTgwInfo.OwnerId"]),
        source: paged!(listed DescribeTransitGatewayPeeringAttachments: ec2.describe_transit_gateway_peering_attachments().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: ROUTE_TABLES,
        operation: "ec2:DescribeTransitGatewayRouteTables",
        items_path: "TransitGatewayRouteTables",
        id: Id::Member(&["TransitGatewayRouteTableId"]),
        probe_id: "tgw-rtb-00000000000000000",
        arn: ArnForm::Ec2("transit-gateway-route-table/"),
        source: paged!(listed DescribeTransitGatewayRouteTables: ec2.describe_transit_gateway_route_tables().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_routes",
        operation: "ec2:SearchTransitGatewayRoutes",
        items_path: "Routes",
        id: Id::UnderParent(&["DestinationCidrBlock", "PrefixListId"]),
        extra_columns: OF_ROUTE_TABLE,
        source: Source::PerParent(Parents::all(ROUTE_TABLES), |client, params| {
            Box::pin(async move {
                // AWS requires a filter. Every route passes this one.
                let types = ["propagated", "static"].map(String::from).to_vec();
                let every = Filter::builder().name("type").set_values(Some(types)).build();
                let scalars = send!(
                    client,
                    SearchTransitGatewayRoutes: ec2.search_transit_gateway_routes()
                        .transit_gateway_route_table_id(params.subject())
                        .filters(every)
                        .max_results(1000)
                        .set_next_token(params.token())
                )?;
                let has_more = is_true(&scalars, "AdditionalRoutesAvailable")?;
                Ok(match NextPage::from_token(scalars.text("NextToken")) {
                    NextPage::End if has_more && params.token.is_none() => {
                        let what = "the route table has more routes than AWS returns, and the response has no token for the rest";
                        NextPage::Truncated(AwsError::new(AwsErrorKind::Other, what))
                    }
                    next => next,
                })
            })
        }),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_connects",
        operation: "ec2:DescribeTransitGatewayConnects",
        items_path: "TransitGatewayConnects",
        id: Id::Member(&["TransitGatewayAttachmentId"]),
        arn: ArnForm::Ec2("transit-gateway-attachment/"),
        source: paged!(listed DescribeTransitGatewayConnects: ec2.describe_transit_gateway_connects().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_connect_peers",
        operation: "ec2:DescribeTransitGatewayConnectPeers",
        items_path: "TransitGatewayConnectPeers",
        id: Id::Member(&["TransitGatewayConnectPeerId"]),
        arn: ArnForm::Ec2("transit-gateway-connect-peer/"),
        source: paged!(listed DescribeTransitGatewayConnectPeers: ec2.describe_transit_gateway_connect_peers().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_multicast_domains",
        operation: "ec2:DescribeTransitGatewayMulticastDomains",
        items_path: "TransitGatewayMulticastDomains",
        id: Id::Member(&["TransitGatewayMulticastDomainId"]),
        arn: ArnForm::Ec2("transit-gateway-multicast-domain/"),
        arn_member: Some("TransitGatewayMulticastDomainArn"),
        source: paged!(listed DescribeTransitGatewayMulticastDomains: ec2.describe_transit_gateway_multicast_domains().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_policy_tables",
        operation: "ec2:DescribeTransitGatewayPolicyTables",
        items_path: "TransitGatewayPolicyTables",
        id: Id::Member(&["TransitGatewayPolicyTableId"]),
        arn: ArnForm::Ec2("transit-gateway-policy-table/"),
        source: paged!(listed DescribeTransitGatewayPolicyTables: ec2.describe_transit_gateway_policy_tables().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_route_table_associations",
        operation: "ec2:GetTransitGatewayRouteTableAssociations",
        items_path: "Associations",
        id: Id::UnderParent(&["TransitGatewayAttachmentId"]),
        extra_columns: OF_ROUTE_TABLE,
        source: Source::PerParent(
            Parents::all(ROUTE_TABLES),
            paged!([transit_gateway_route_table_id] GetTransitGatewayRouteTableAssociations: ec2.get_transit_gateway_route_table_associations().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_route_table_propagations",
        operation: "ec2:GetTransitGatewayRouteTablePropagations",
        items_path: "TransitGatewayRouteTablePropagations",
        id: Id::UnderParent(&["TransitGatewayAttachmentId", "TransitGatewayRouteTableAnnouncementId"]),
        extra_columns: OF_ROUTE_TABLE,
        source: Source::PerParent(
            Parents::all(ROUTE_TABLES),
            paged!([transit_gateway_route_table_id] GetTransitGatewayRouteTablePropagations: ec2.get_transit_gateway_route_table_propagations().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_transit_gateway_prefix_list_references",
        operation: "ec2:GetTransitGatewayPrefixListReferences",
        items_path: "TransitGatewayPrefixListReferences",
        id: Id::UnderParent(&["PrefixListId"]),
        extra_columns: &[OF_GATEWAY],
        source: Source::PerParent(
            Parents::all(ROUTE_TABLES),
            paged!([transit_gateway_route_table_id] GetTransitGatewayPrefixListReferences: ec2.get_transit_gateway_prefix_list_references().max_results(1000)),
        ),
        ..REGIONAL
    },
];
