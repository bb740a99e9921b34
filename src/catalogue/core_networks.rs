//! Network Manager: core networks of Cloud WAN.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Id, Owner, Reach, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "networkmanager_core_networks",
    service: Service::NetworkManager,
    reach: Reach::Global,
    operation: "networkmanager:ListCoreNetworks",
    scope: "the core networks of the account and those that others share with it",
    items_path: "CoreNetworks",
    id: Id::Member(&["CoreNetworkId"]),
    arn_member: Some("CoreNetworkArn"),
    owner: Owner::Member(&["OwnerAccountId"]),
    source: modelled!(listed "networkmanager:ListCoreNetworks", MaxResults = 500),
    ..REGIONAL
}];
