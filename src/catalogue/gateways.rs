//! VPC: gateways, peerings, endpoints and VPNs.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::{paged, whole};
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Measure, Owner, Parents, ResourceType, Source};

const CLIENT_VPN_ENDPOINTS: &str = "ec2_client_vpn_endpoints";

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_internet_gateways",
        operation: "ec2:DescribeInternetGateways",
        items_path: "InternetGateways",
        id: Id::Member(&["InternetGatewayId"]),
        arn: ArnForm::Ec2("internet-gateway/"),
        source: paged!(listed DescribeInternetGateways: ec2.describe_internet_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_egress_only_internet_gateways",
        operation: "ec2:DescribeEgressOnlyInternetGateways",
        items_path: "EgressOnlyInternetGateways",
        id: Id::Member(&["EgressOnlyInternetGatewayId"]),
        arn: ArnForm::Ec2("egress-only-internet-gateway/"),
        source: paged!(listed DescribeEgressOnlyInternetGateways: ec2.describe_egress_only_internet_gateways().max_results(255)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_carrier_gateways",
        operation: "ec2:DescribeCarrierGateways",
        items_path: "CarrierGateways",
        id: Id::Member(&["CarrierGatewayId"]),
        arn: ArnForm::Ec2("carrier-gateway/"),
        source: paged!(listed DescribeCarrierGateways: ec2.describe_carrier_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_nat_gateways",
        operation: "ec2:DescribeNatGateways",
        items_path: "NatGateways",
        id: Id::Member(&["NatGatewayId"]),
        arn: ArnForm::Ec2("natgateway/"),
        source: paged!(listed DescribeNatGateways: ec2.describe_nat_gateways().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_peering_connections",
        operation: "ec2:DescribeVpcPeeringConnections",
        items_path: "VpcPeeringConnections",
        id: Id::Member(&["VpcPeeringConnectionId"]),
        arn: ArnForm::Ec2InRegionOf("vpc-peering-connection/", "RequesterVpcInfo.Region"),
        // Both sides see a peering. It belongs to the side that requested it.
        owner: Owner::Member(&["RequesterVpcInfo.OwnerId"]),
        source: paged!(listed DescribeVpcPeeringConnections: ec2.describe_vpc_peering_connections().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_endpoints",
        operation: "ec2:DescribeVpcEndpoints",
        items_path: "VpcEndpoints",
        id: Id::Member(&["VpcEndpointId"]),
        arn: ArnForm::Ec2("vpc-endpoint/"),
        source: paged!(listed DescribeVpcEndpoints: ec2.describe_vpc_endpoints().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_endpoint_service_configurations",
        operation: "ec2:DescribeVpcEndpointServiceConfigurations",
        items_path: "ServiceConfigurations",
        id: Id::Member(&["ServiceId"]),
        arn: ArnForm::Ec2("vpc-endpoint-service/"),
        source: paged!(listed DescribeVpcEndpointServiceConfigurations: ec2.describe_vpc_endpoint_service_configurations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_customer_gateways",
        operation: "ec2:DescribeCustomerGateways",
        items_path: "CustomerGateways",
        id: Id::Member(&["CustomerGatewayId"]),
        arn: ArnForm::Ec2("customer-gateway/"),
        source: whole!(listed DescribeCustomerGateways: ec2.describe_customer_gateways()),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpn_gateways",
        operation: "ec2:DescribeVpnGateways",
        items_path: "VpnGateways",
        id: Id::Member(&["VpnGatewayId"]),
        arn: ArnForm::Ec2("vpn-gateway/"),
        source: whole!(listed DescribeVpnGateways: ec2.describe_vpn_gateways()),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpn_connections",
        operation: "ec2:DescribeVpnConnections",
        items_path: "VpnConnections",
        id: Id::Member(&["VpnConnectionId"]),
        arn: ArnForm::Ec2("vpn-connection/"),
        measures: &[
            Measure::of("VgwTelemetry.AcceptedRouteCount", "counts the routes that BGP announces at this moment"),
            Measure::of("VgwTelemetry.LastStatusChange", "is renewed when a tunnel goes down and up again"),
            Measure::of("VgwTelemetry.StatusMessage", "repeats the counts of BGP"),
        ],
        source: whole!(listed DescribeVpnConnections: ec2.describe_vpn_connections()),
        ..REGIONAL
    },
    ResourceType {
        table: CLIENT_VPN_ENDPOINTS,
        operation: "ec2:DescribeClientVpnEndpoints",
        items_path: "ClientVpnEndpoints",
        id: Id::Member(&["ClientVpnEndpointId"]),
        probe_id: "cvpn-endpoint-00000000000000000",
        arn: ArnForm::Ec2("client-vpn-endpoint/"),
        source: paged!(listed DescribeClientVpnEndpoints: ec2.describe_client_vpn_endpoints().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_instance_connect_endpoints",
        operation: "ec2:DescribeInstanceConnectEndpoints",
        items_path: "InstanceConnectEndpoints",
        id: Id::Member(&["InstanceConnectEndpointId"]),
        arn: ArnForm::Ec2("instance-connect-endpoint/"),
        arn_member: Some("InstanceConnectEndpointArn"),
        source: paged!(listed DescribeInstanceConnectEndpoints: ec2.describe_instance_connect_endpoints().max_results(50)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_verified_access_instances",
        operation: "ec2:DescribeVerifiedAccessInstances",
        items_path: "VerifiedAccessInstances",
        id: Id::Member(&["VerifiedAccessInstanceId"]),
        arn: ArnForm::Ec2("verified-access-instance/"),
        source: paged!(listed DescribeVerifiedAccessInstances: ec2.describe_verified_access_instances().max_results(200)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_vpc_endpoint_connections",
        operation: "ec2:DescribeVpcEndpointConnections",
        items_path: "VpcEndpointConnections",
        id: Id::Member(&["VpcEndpointConnectionId", "VpcEndpointId"]),
        arn: ArnForm::Ec2("vpc-endpoint-connection/"),
        scope: "to the account's endpoint services",
        source: paged!(listed DescribeVpcEndpointConnections: ec2.describe_vpc_endpoint_connections().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_client_vpn_routes",
        operation: "ec2:DescribeClientVpnRoutes",
        items_path: "Routes",
        id: Id::UnderParent(&["DestinationCidr", "TargetSubnet", "TransitGatewayAttachmentId"]),
        source: Source::PerParent(
            Parents::all(CLIENT_VPN_ENDPOINTS),
            paged!([client_vpn_endpoint_id] DescribeClientVpnRoutes: ec2.describe_client_vpn_routes().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_client_vpn_target_networks",
        operation: "ec2:DescribeClientVpnTargetNetworks",
        items_path: "ClientVpnTargetNetworks",
        id: Id::Member(&["AssociationId"]),
        source: Source::PerParent(
            Parents::all(CLIENT_VPN_ENDPOINTS),
            paged!([client_vpn_endpoint_id] DescribeClientVpnTargetNetworks: ec2.describe_client_vpn_target_networks().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_client_vpn_authorization_rules",
        operation: "ec2:DescribeClientVpnAuthorizationRules",
        items_path: "AuthorizationRules",
        id: Id::UnderParent(&["DestinationCidr", "GroupId"]),
        source: Source::PerParent(
            Parents::all(CLIENT_VPN_ENDPOINTS),
            paged!([client_vpn_endpoint_id] DescribeClientVpnAuthorizationRules: ec2.describe_client_vpn_authorization_rules().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_verified_access_endpoints",
        operation: "ec2:DescribeVerifiedAccessEndpoints",
        items_path: "VerifiedAccessEndpoints",
        id: Id::Member(&["VerifiedAccessEndpointId"]),
        arn: ArnForm::Ec2("verified-access-endpoint/"),
        // AWS's service model allows 1,000. Their instances and trust providers allow 200, which costs no more calls in practice.
        source: paged!(listed DescribeVerifiedAccessEndpoints: ec2.describe_verified_access_endpoints().max_results(200)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_verified_access_groups",
        operation: "ec2:DescribeVerifiedAccessGroups",
        items_path: "VerifiedAccessGroups",
        id: Id::Member(&["VerifiedAccessGroupId"]),
        arn: ArnForm::Ec2("verified-access-group/"),
        arn_member: Some("VerifiedAccessGroupArn"),
        owner: Owner::Member(&["Owner"]),
        source: paged!(listed DescribeVerifiedAccessGroups: ec2.describe_verified_access_groups().max_results(200)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_verified_access_trust_providers",
        operation: "ec2:DescribeVerifiedAccessTrustProviders",
        items_path: "VerifiedAccessTrustProviders",
        id: Id::Member(&["VerifiedAccessTrustProviderId"]),
        arn: ArnForm::Ec2("verified-access-trust-provider/"),
        source: paged!(listed DescribeVerifiedAccessTrustProviders: ec2.describe_verified_access_trust_providers().max_results(200)),
        ..REGIONAL
    },
];
