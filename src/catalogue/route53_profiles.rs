//! Route 53 Profiles: sets of DNS settings that VPCs of several accounts share.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, ExtraColumn, Id, Owner, Parents, ResourceType, Source, ValueFrom};
use crate::aws::Service;

/// The fields that the types of Profiles share.
const PROFILES: ResourceType = ResourceType { service: Service::Route53Profiles, id: Id::Member(&["Id"]), ..REGIONAL };

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53profiles_profiles",
        operation: "route53profiles:ListProfiles",
        scope: "the profiles of the account and those that others share with it",
        items_path: "ProfileSummaries",
        probe_id: "rp-00000000000000000",
        owner: Owner::InArn,
        extra_columns: &[ExtraColumn {
            column: "profile",
            from: ValueFrom::DetailMember("route53profiles:GetProfile", "Profile"),
        }],
        details: &[Detail {
            key: "Profile.Id",
            ..Detail::per_resource("route53profiles:GetProfile", modelled!([ProfileId] "route53profiles:GetProfile"))
        }],
        source: modelled!(listed "route53profiles:ListProfiles", MaxResults = 100),
        ..PROFILES
    },
    ResourceType {
        table: "route53profiles_associations",
        operation: "route53profiles:ListProfileAssociations",
        items_path: "ProfileAssociations",
        source: modelled!(listed "route53profiles:ListProfileAssociations", MaxResults = 100),
        ..PROFILES
    },
    ResourceType {
        table: "route53profiles_resource_associations",
        operation: "route53profiles:ListProfileResourceAssociations",
        items_path: "ProfileResourceAssociations",
        source: Source::PerParent(
            Parents::all("route53profiles_profiles"),
            modelled!([ProfileId] "route53profiles:ListProfileResourceAssociations", MaxResults = 100),
        ),
        ..PROFILES
    },
];
