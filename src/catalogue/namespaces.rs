//! Cloud Map: namespaces. Those for DNS have a hosted zone of Route 53.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, Id, Measure, Owner, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "servicediscovery_namespaces",
    service: Service::CloudMap,
    operation: "servicediscovery:ListNamespaces",
    scope: "the namespaces of the account and those that others share with it",
    items_path: "Namespaces",
    id: Id::Member(&["Id"]),
    probe_id: "arn:{partition}:servicediscovery:{region}:{account}:namespace/ns-0000000000000000",
    owner: Owner::Member(&["ResourceOwner"]),
    details: &[Detail::per_arn(
        "servicediscovery:ListTagsForResource",
        modelled!([ResourceARN] "servicediscovery:ListTagsForResource"),
    )],
    measures: &[Measure::of("ServiceCount", "changes with every service, and none is collected")],
    source: modelled!(listed "servicediscovery:ListNamespaces", MaxResults = 100),
    ..REGIONAL
}];
