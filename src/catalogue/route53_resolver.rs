//! Route 53 Resolver: endpoints, forwarding rules, query logs and DNSSEC validation. DNS Firewall has a file of its own.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, ExtraColumn, Id, Measure, ResourceType, Source, ValueFrom};
use crate::aws::Service;

/// The fields that the Resolver's types share. Their ARNs are part of the answers.
pub(super) const RESOLVER: ResourceType =
    ResourceType { service: Service::Route53Resolver, id: Id::Member(&["Id"]), ..REGIONAL };

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53resolver_endpoints",
        operation: "route53resolver:ListResolverEndpoints",
        items_path: "ResolverEndpoints",
        probe_id: "rslvr-in-00000000000000000",
        extra_columns: &[ExtraColumn {
            column: "ip_addresses",
            from: ValueFrom::DetailMember("route53resolver:ListResolverEndpointIpAddresses", "IpAddresses"),
        }],
        details: &[Detail::per_resource(
            "route53resolver:ListResolverEndpointIpAddresses",
            modelled!([ResolverEndpointId] "route53resolver:ListResolverEndpointIpAddresses", MaxResults = 100),
        )],
        source: modelled!(listed "route53resolver:ListResolverEndpoints", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_rules",
        operation: "route53resolver:ListResolverRules",
        scope: "the rules of the account, those that others share with it, and the one that AWS defines",
        items_path: "ResolverRules",
        source: modelled!(listed "route53resolver:ListResolverRules", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_rule_associations",
        operation: "route53resolver:ListResolverRuleAssociations",
        items_path: "ResolverRuleAssociations",
        source: modelled!(listed "route53resolver:ListResolverRuleAssociations", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_query_log_configs",
        operation: "route53resolver:ListResolverQueryLogConfigs",
        items_path: "ResolverQueryLogConfigs",
        measures: &[Measure::of("AssociationCount", "changes with every association, which is a row of its own")],
        source: modelled!(listed "route53resolver:ListResolverQueryLogConfigs", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_query_log_config_associations",
        operation: "route53resolver:ListResolverQueryLogConfigAssociations",
        items_path: "ResolverQueryLogConfigAssociations",
        source: modelled!(listed "route53resolver:ListResolverQueryLogConfigAssociations", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_dnssec_configs",
        operation: "route53resolver:ListResolverDnssecConfigs",
        items_path: "ResolverDnssecConfigs",
        source: modelled!(listed "route53resolver:ListResolverDnssecConfigs", MaxResults = 100),
        ..RESOLVER
    },
];
