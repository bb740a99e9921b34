//! Route 53: delegation sets, traffic policies, query logging and CIDR collections.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use aws_sdk_route53::types::RrType;

use super::calls::{marked, paged};
use super::entry::{ArnForm, Detail, ExtraColumn, Id, ResourceType, Source, ValueFrom};
use super::route53::GLOBAL;
use crate::aws::{NextPage, marker_if_truncated, send};

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53_query_logging_configs",
        operation: "route53:ListQueryLoggingConfigs",
        items_path: "QueryLoggingConfigs",
        id: Id::Member(&["Id"]),
        arn: ArnForm::Route53("queryloggingconfig/"),
        source: paged!(listed ListQueryLoggingConfigs: route53.list_query_logging_configs().max_results(100)),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_reusable_delegation_sets",
        operation: "route53:ListReusableDelegationSets",
        items_path: "DelegationSets",
        id: Id::LastSegment("Id"),
        arn: ArnForm::Route53("delegationset/"),
        source: marked!(listed ListReusableDelegationSets: route53.list_reusable_delegation_sets(), 100, set_marker, |scalars| scalars.text("NextMarker")),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_traffic_policies",
        operation: "route53:ListTrafficPolicies",
        items_path: "TrafficPolicySummaries",
        id: Id::Member(&["Id"]),
        probe_id: "00000000-0000-0000-0000-000000000000",
        arn: ArnForm::Route53("trafficpolicy/"),
        extra_columns: &[ExtraColumn {
            column: "versions",
            from: ValueFrom::DetailItems("route53:ListTrafficPolicyVersions"),
        }],
        details: &[Detail {
            items_path: "TrafficPolicies",
            key: "Id",
            ..Detail::per_resource(
                "route53:ListTrafficPolicyVersions",
                marked!(
                    [id] ListTrafficPolicyVersions: route53.list_traffic_policy_versions(),
                    100,
                    set_traffic_policy_version_marker,
                    |scalars| marker_if_truncated(&scalars, "TrafficPolicyVersionMarker")
                ),
            )
        }],
        source: marked!(
            listed ListTrafficPolicies: route53.list_traffic_policies(),
            100,
            set_traffic_policy_id_marker,
            |scalars| marker_if_truncated(&scalars, "TrafficPolicyIdMarker")
        ),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_traffic_policy_instances",
        operation: "route53:ListTrafficPolicyInstances",
        items_path: "TrafficPolicyInstances",
        id: Id::Member(&["Id"]),
        arn: ArnForm::Route53("trafficpolicyinstance/"),
        source: Source::Listed(|client, params| {
            Box::pin(async move {
                let mut start = params.token.clone().unwrap_or_default().into_iter();
                let scalars = send!(
                    client,
                    ListTrafficPolicyInstances: route53.list_traffic_policy_instances()
                        .max_items(100)
                        .set_hosted_zone_id_marker(start.next())
                        .set_traffic_policy_instance_name_marker(start.next())
                        .set_traffic_policy_instance_type_marker(start.next().map(|kind| RrType::from(kind.as_str())))
                )?;
                let markers =
                    ["HostedZoneIdMarker", "TrafficPolicyInstanceNameMarker", "TrafficPolicyInstanceTypeMarker"];
                NextPage::from_marker(&scalars, markers.into_iter().map(|marker| scalars.text(marker)).collect())
            })
        }),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_cidr_collections",
        operation: "route53:ListCidrCollections",
        items_path: "CidrCollections",
        id: Id::Member(&["Id"]),
        probe_id: "00000000-0000-0000-0000-000000000000",
        arn: ArnForm::Route53("cidrcollection/"),
        extra_columns: &[ExtraColumn {
            column: "cidr_blocks",
            from: ValueFrom::DetailMember("route53:ListCidrBlocks", "CidrBlocks"),
        }],
        details: &[Detail::per_resource(
            "route53:ListCidrBlocks",
            paged!([collection_id] ListCidrBlocks: route53.list_cidr_blocks().max_results(100)),
        )],
        source: paged!(listed ListCidrCollections: route53.list_cidr_collections().max_results(100)),
        ..GLOBAL
    },
];
