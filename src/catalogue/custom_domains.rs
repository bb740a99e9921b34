//! API Gateway: custom domain names, as both of its APIs list them.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "apigateway_domain_names",
        service: Service::ApiGateway,
        operation: "apigateway:GetDomainNames",
        items_path: "items",
        id: Id::Joined(&["domainName", "domainNameId"]),
        arn: ArnForm::ApiGateway("domainName"),
        source: modelled!(listed "apigateway:GetDomainNames", limit = 500, position from position),
        ..REGIONAL
    },
    ResourceType {
        table: "apigatewayv2_domain_names",
        service: Service::ApiGatewayV2,
        operation: "apigatewayv2:GetDomainNames",
        items_path: "Items",
        id: Id::Member(&["DomainName"]),
        arn: ArnForm::ApiGateway("DomainName"),
        source: modelled!(listed "apigatewayv2:GetDomainNames", MaxResults = 100),
        ..REGIONAL
    },
];
