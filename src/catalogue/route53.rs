//! Route 53: hosted zones, their records, and the VPCs that see them.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use aws_sdk_route53::types::{RrType, TagResourceType, VpcRegion};

use super::calls::{marked, whole};
use super::entry::{
    ArnForm, Detail, ExtraColumn, Id, Measure, MemberFilter, Owner, Parents, Reach, ResourceType, Source, ValueFrom,
};
use crate::aws::{AwsError, AwsErrorKind, CallParams, NextPage, Service, ServiceClient, send};

/// The fields that Route 53's types share.
pub(super) const GLOBAL: ResourceType =
    ResourceType { service: Service::Route53, reach: Reach::Global, ..super::ec2::REGIONAL };

const PRIVATE: &str = "Config.PrivateZone";

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53_hosted_zones",
        operation: "route53:ListHostedZones",
        items_path: "HostedZones",
        id: Id::LastSegment("Id"),
        probe_id: "Z00000000000000000000",
        arn: ArnForm::Route53("hostedzone/"),
        extra_columns: &[
            ExtraColumn { column: "vpcs", from: ValueFrom::DetailMember("route53:GetHostedZone", "VPCs") },
            ExtraColumn {
                column: "delegation_set",
                from: ValueFrom::DetailMember("route53:GetHostedZone", "DelegationSet"),
            },
            ExtraColumn { column: "dnssec_status", from: ValueFrom::DetailMember("route53:GetDNSSEC", "Status") },
            ExtraColumn {
                column: "key_signing_keys",
                from: ValueFrom::DetailMember("route53:GetDNSSEC", "KeySigningKeys"),
            },
        ],
        details: &[
            Detail {
                key: "HostedZone.Id",
                ..Detail::per_resource("route53:GetHostedZone", whole!([id] GetHostedZone: route53.get_hosted_zone()))
            },
            Detail {
                call: |client, params| tags(client, params, TagResourceType::Hostedzone),
                fallback: Some(&ZONE_TAGS),
                ..TAGS
            },
            Detail {
                // Private zones have no DNSSEC: AWS answers the call with an error.
                filter: Some(MemberFilter { member: PRIVATE, is: false }),
                ..Detail::per_resource("route53:GetDNSSEC", whole!([hosted_zone_id] GetDNSSEC: route53.get_dnssec()))
            },
        ],
        measures: &[
            Measure::of("ResourceRecordSetCount", RECORD_COUNT),
            Measure {
                detail: "route53:GetHostedZone",
                ..Measure::of("HostedZone.ResourceRecordSetCount", RECORD_COUNT)
            },
        ],
        source: marked!(listed ListHostedZones: route53.list_hosted_zones(), 100, set_marker, |scalars| scalars.text("NextMarker")),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_records",
        operation: "route53:ListResourceRecordSets",
        items_path: "ResourceRecordSets",
        id: Id::UnderParent(&["Name", "Type", "SetIdentifier"]),
        extra_columns: &[
            ExtraColumn { column: "hosted_zone_id", from: ValueFrom::ParentId },
            ExtraColumn { column: "hosted_zone_name", from: ValueFrom::Parent("Name") },
            ExtraColumn { column: "private_zone", from: ValueFrom::Parent(PRIVATE) },
            ExtraColumn { column: "name_decoded", from: ValueFrom::Decoded("Name") },
        ],
        source: Source::PerParent(
            Parents { child_count: Some("ResourceRecordSetCount"), ..Parents::all("route53_hosted_zones") },
            records,
        ),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_vpc_association_authorizations",
        operation: "route53:ListVPCAssociationAuthorizations",
        scope: "of private zones, since only they can be associated with VPCs",
        items_path: "VPCs",
        id: Id::UnderParent(&["VPCId"]),
        extra_columns: &[
            ExtraColumn { column: "hosted_zone_id", from: ValueFrom::ParentId },
            ExtraColumn { column: "hosted_zone_name", from: ValueFrom::Parent("Name") },
        ],
        source: Source::PerParent(
            Parents {
                filter: Some(MemberFilter { member: PRIVATE, is: true }),
                ..Parents::all("route53_hosted_zones")
            },
            |client, params| {
                Box::pin(async move {
                    let scalars = send!(
                        client,
                        ListVPCAssociationAuthorizations: route53.list_vpc_association_authorizations()
                            .max_results(50)
                            .hosted_zone_id(params.subject())
                            .set_next_token(params.token())
                    )?;
                    let zone = scalars.text("HostedZoneId").unwrap_or_default();
                    let zone = zone.rsplit('/').next().unwrap_or_default();
                    if !zone.is_empty() && zone != params.subject() {
                        let what = format!("the answer is about the zone {zone}, which was not asked");
                        return Err(AwsError::new(AwsErrorKind::Unreadable, what));
                    }
                    Ok(NextPage::from_token(scalars.text("NextToken")))
                })
            },
        ),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_zone_associations",
        operation: "route53:ListHostedZonesByVPC",
        scope: "the zones of this and other accounts and of services that the VPCs of the region see",
        // The call names the region of the VPC, so each region has a cell of its own. A region in which VPCs cannot be
        // listed does not affect the others.
        reach: Reach::Regional,
        // AWS checks this action too when the operation is called.
        extra_actions: &["ec2:DescribeVpcs"],
        items_path: "HostedZoneSummaries",
        id: Id::UnderParent(&["HostedZoneId"]),
        owner: Owner::Member(&["Owner.OwningAccount", "Owner.OwningService"]),
        extra_columns: &[ExtraColumn { column: "vpc_id", from: ValueFrom::ParentId }],
        source: Source::PerParent(Parents::all("ec2_vpcs"), |client, params| {
            Box::pin(async move {
                let region = VpcRegion::from(params.region.as_str());
                let scalars = send!(
                    client,
                    ListHostedZonesByVPC: route53.list_hosted_zones_by_vpc()
                        .vpc_id(params.subject())
                        .vpc_region(region)
                        .max_items(100)
                        .set_next_token(params.token())
                )?;
                Ok(NextPage::from_token(scalars.text("NextToken")))
            })
        }),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_health_checks",
        operation: "route53:ListHealthChecks",
        items_path: "HealthChecks",
        id: Id::LastSegment("Id"),
        probe_id: "00000000-0000-0000-0000-000000000000",
        arn: ArnForm::Route53("healthcheck/"),
        details: &[Detail {
            call: |client, params| tags(client, params, TagResourceType::Healthcheck),
            fallback: Some(&HEALTH_CHECK_TAGS),
            ..TAGS
        }],
        source: marked!(listed ListHealthChecks: route53.list_health_checks(), 1000, set_marker, |scalars| scalars.text("NextMarker")),
        ..GLOBAL
    },
];

const RECORD_COUNT: &str = "changes with every record, which is a row of its own";

/// The tags of up to ten resources in one call.
const TAGS: Detail = Detail {
    items_path: "ResourceTagSets",
    batch: 10,
    key: "ResourceId",
    ..Detail::per_resource("route53:ListTagsForResources", placeholder)
};

/// The tags of one resource, for roles that may not call the batch operation.
const ONE_TAGS: Detail = Detail {
    items_path: "ResourceTagSet",
    key: "ResourceId",
    ..Detail::per_resource("route53:ListTagsForResource", placeholder)
};

static ZONE_TAGS: Detail =
    Detail { call: |client, params| one_tags(client, params, TagResourceType::Hostedzone), ..ONE_TAGS };
static HEALTH_CHECK_TAGS: Detail =
    Detail { call: |client, params| one_tags(client, params, TagResourceType::Healthcheck), ..ONE_TAGS };

type CallResult<'a> = futures::future::BoxFuture<'a, Result<NextPage, AwsError>>;

/// A placeholder for the call that a detail sets itself.
fn placeholder<'a>(_: &'a ServiceClient, _: &'a CallParams) -> CallResult<'a> {
    Box::pin(async { Ok(NextPage::End) })
}

fn tags<'a>(client: &'a ServiceClient, params: &'a CallParams, of: TagResourceType) -> CallResult<'a> {
    Box::pin(async move {
        send!(
            client,
            ListTagsForResources: route53.list_tags_for_resources()
                .resource_type(of)
                .set_resource_ids(Some(params.subjects.clone()))
        )?;
        Ok(NextPage::End)
    })
}

fn one_tags<'a>(client: &'a ServiceClient, params: &'a CallParams, of: TagResourceType) -> CallResult<'a> {
    Box::pin(async move {
        send!(
            client,
            ListTagsForResource: route53.list_tags_for_resource().resource_type(of).resource_id(params.subject())
        )?;
        Ok(NextPage::End)
    })
}

/// Lists the record sets of a zone. The SDK has no paginator for it: the next page starts at a name, a type and, if
/// there is one, a set identifier.
fn records<'a>(client: &'a ServiceClient, params: &'a CallParams) -> CallResult<'a> {
    Box::pin(async move {
        let mut start = params.token.clone().unwrap_or_default().into_iter();
        let scalars = send!(
            client,
            ListResourceRecordSets: route53.list_resource_record_sets()
                .hosted_zone_id(params.subject())
                .max_items(300)
                .set_start_record_name(start.next())
                .set_start_record_type(start.next().map(|kind| RrType::from(kind.as_str())))
                .set_start_record_identifier(start.next())
        )?;
        let next = scalars.text("NextRecordName").zip(scalars.text("NextRecordType"));
        let next =
            next.map(|(name, kind)| [name, kind].into_iter().chain(scalars.text("NextRecordIdentifier")).collect());
        NextPage::from_marker(&scalars, next)
    })
}
