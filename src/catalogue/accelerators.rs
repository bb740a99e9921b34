//! Global Accelerator: accelerators of both kinds, with their static addresses.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, Id, Reach, ResourceType, Source};
use crate::aws::Service;

/// The fields that both kinds share.
const ACCELERATOR: ResourceType = ResourceType {
    service: Service::GlobalAccelerator,
    reach: Reach::Global,
    items_path: "Accelerators",
    id: Id::Member(&["AcceleratorArn"]),
    probe_id: "arn:{partition}:globalaccelerator::{account}:accelerator/00000000-0000-0000-0000-000000000000",
    arn_member: Some("AcceleratorArn"),
    details: &[Detail::per_arn(
        "globalaccelerator:ListTagsForResource",
        modelled!([ResourceArn] "globalaccelerator:ListTagsForResource"),
    )],
    ..REGIONAL
};

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "globalaccelerator_accelerators",
        operation: "globalaccelerator:ListAccelerators",
        source: modelled!(listed "globalaccelerator:ListAccelerators", MaxResults = 100),
        ..ACCELERATOR
    },
    ResourceType {
        table: "globalaccelerator_custom_routing_accelerators",
        operation: "globalaccelerator:ListCustomRoutingAccelerators",
        source: modelled!(listed "globalaccelerator:ListCustomRoutingAccelerators", MaxResults = 100),
        ..ACCELERATOR
    },
];
