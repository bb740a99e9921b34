//! VPC: route servers, and what Reachability Analyzer and Network Access Analyzer are to look at.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::{paged, whole};
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Detail, ExtraColumn, Id, ResourceType, Source, ValueFrom};

const ASSOCIATIONS: &str = "ec2:GetRouteServerAssociations";
const PROPAGATIONS: &str = "ec2:GetRouteServerPropagations";
const CONTENT: &str = "ec2:GetNetworkInsightsAccessScopeContent";

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_route_servers",
        operation: "ec2:DescribeRouteServers",
        scope: "with the VPCs and the route tables that they serve",
        items_path: "RouteServers",
        id: Id::Member(&["RouteServerId"]),
        probe_id: "rs-00000000000000000",
        arn: ArnForm::Ec2("route-server/"),
        extra_columns: &[
            ExtraColumn {
                column: "associations",
                from: ValueFrom::DetailMember(ASSOCIATIONS, "RouteServerAssociations"),
            },
            ExtraColumn {
                column: "propagations",
                from: ValueFrom::DetailMember(PROPAGATIONS, "RouteServerPropagations"),
            },
        ],
        details: &[
            Detail::per_resource(
                ASSOCIATIONS,
                whole!([route_server_id] GetRouteServerAssociations: ec2.get_route_server_associations()),
            ),
            Detail::per_resource(
                PROPAGATIONS,
                whole!([route_server_id] GetRouteServerPropagations: ec2.get_route_server_propagations()),
            ),
        ],
        source: paged!(listed DescribeRouteServers: ec2.describe_route_servers().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_route_server_endpoints",
        operation: "ec2:DescribeRouteServerEndpoints",
        items_path: "RouteServerEndpoints",
        id: Id::Member(&["RouteServerEndpointId"]),
        arn: ArnForm::Ec2("route-server-endpoint/"),
        source: paged!(listed DescribeRouteServerEndpoints: ec2.describe_route_server_endpoints().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_route_server_peers",
        operation: "ec2:DescribeRouteServerPeers",
        items_path: "RouteServerPeers",
        id: Id::Member(&["RouteServerPeerId"]),
        arn: ArnForm::Ec2("route-server-peer/"),
        source: paged!(listed DescribeRouteServerPeers: ec2.describe_route_server_peers().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_network_insights_paths",
        operation: "ec2:DescribeNetworkInsightsPaths",
        items_path: "NetworkInsightsPaths",
        id: Id::Member(&["NetworkInsightsPathId"]),
        arn: ArnForm::Ec2("network-insights-path/"),
        arn_member: Some("NetworkInsightsPathArn"),
        source: paged!(listed DescribeNetworkInsightsPaths: ec2.describe_network_insights_paths().max_results(100)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_network_insights_access_scopes",
        operation: "ec2:DescribeNetworkInsightsAccessScopes",
        items_path: "NetworkInsightsAccessScopes",
        id: Id::Member(&["NetworkInsightsAccessScopeId"]),
        probe_id: "nis-00000000000000000",
        arn: ArnForm::Ec2("network-insights-access-scope/"),
        arn_member: Some("NetworkInsightsAccessScopeArn"),
        extra_columns: &[ExtraColumn {
            column: "content",
            from: ValueFrom::DetailMember(CONTENT, "NetworkInsightsAccessScopeContent"),
        }],
        details: &[Detail::per_resource(
            CONTENT,
            whole!([network_insights_access_scope_id] GetNetworkInsightsAccessScopeContent: ec2.get_network_insights_access_scope_content()),
        )],
        source: paged!(listed DescribeNetworkInsightsAccessScopes: ec2.describe_network_insights_access_scopes().max_results(100)),
        ..REGIONAL
    },
];
