//! Direct Connect: connections, gateways and virtual interfaces.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Owner, Reach, ResourceType, Source};
use crate::aws::Service;

/// The fields that these types share.
const DIRECT_CONNECT: ResourceType =
    ResourceType { service: Service::DirectConnect, owner: Owner::Member(&["ownerAccount"]), ..REGIONAL };

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "directconnect_connections",
        operation: "directconnect:DescribeConnections",
        items_path: "connections",
        id: Id::Member(&["connectionId"]),
        arn: ArnForm::Of("directconnect", "dxcon/"),
        source: modelled!(
            listed "directconnect:DescribeConnections", maxResults = 100, nextToken from nextToken
        ),
        ..DIRECT_CONNECT
    },
    ResourceType {
        table: "directconnect_gateways",
        reach: Reach::Global,
        operation: "directconnect:DescribeDirectConnectGateways",
        items_path: "directConnectGateways",
        id: Id::Member(&["directConnectGatewayId"]),
        arn: ArnForm::WithoutRegion("directconnect", "dx-gateway/"),
        source: modelled!(
            listed "directconnect:DescribeDirectConnectGateways", maxResults = 100, nextToken from nextToken
        ),
        ..DIRECT_CONNECT
    },
    ResourceType {
        table: "directconnect_virtual_interfaces",
        operation: "directconnect:DescribeVirtualInterfaces",
        items_path: "virtualInterfaces",
        id: Id::Member(&["virtualInterfaceId"]),
        arn: ArnForm::Of("directconnect", "dxvif/"),
        source: modelled!(
            listed "directconnect:DescribeVirtualInterfaces", maxResults = 100, nextToken from nextToken
        ),
        ..DIRECT_CONNECT
    },
];
