//! Route 53: zones, their records, and health checks.

use aws_sdk_route53::types::{RrType, TagResourceType};

use super::entry::{Added, Arn, Ask, Detail, Id, Reach, ResourceType, Source, Token, ValueFrom};
use crate::failure::{Cause, Kind};
use crate::session::{Asker, Service};

const GLOBAL: ResourceType = ResourceType { service: Service::Route53, reach: Reach::Global, ..super::ec2::REGIONAL };

/// A listing that pages by a marker.
macro_rules! marked {
    ($operation:ident, $most:literal) => {
        Source::Listed(|asker, ask| {
            Box::pin(async move {
                let request = asker.route53().$operation().max_items($most).set_marker(ask.token());
                let answer = request.send().await.map_err(Cause::of)?;
                Ok(if answer.is_truncated { answer.next_marker.map(|marker| vec![marker]) } else { None })
            })
        })
    };
}

pub const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53_hosted_zones",
        operation: "route53:ListHostedZones",
        items: "HostedZones",
        id: Id::Bare("Id"),
        arn: Arn::Route53("hostedzone/"),
        added: &[
            Added { column: "vpcs", from: ValueFrom::Detail("VPCs") },
            Added { column: "delegation_set", from: ValueFrom::Detail("DelegationSet") },
        ],
        details: &[
            Detail {
                operation: "route53:GetHostedZone",
                items: "",
                batch: 1,
                key: "",
                call: |asker, ask| {
                    Box::pin(async move {
                        let request = asker.route53().get_hosted_zone().id(ask.subject());
                        request.send().await.map(|_| None).map_err(Cause::of)
                    })
                },
                otherwise: None,
            },
            Detail {
                call: |asker, ask| tags(asker, ask, TagResourceType::Hostedzone),
                otherwise: Some(&ZONE_TAGS),
                ..TAGS
            },
        ],
        source: marked!(list_hosted_zones, 100),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_records",
        operation: "route53:ListResourceRecordSets",
        items: "ResourceRecordSets",
        id: Id::RecordSet,
        added: &[
            Added { column: "hosted_zone_id", from: ValueFrom::ParentId },
            Added { column: "hosted_zone_name", from: ValueFrom::Parent("Name") },
            Added { column: "private_zone", from: ValueFrom::Parent("Config.PrivateZone") },
            Added { column: "name_decoded", from: ValueFrom::Decoded("Name") },
        ],
        source: Source::Per("route53_hosted_zones", records),
        ..GLOBAL
    },
    ResourceType {
        table: "route53_health_checks",
        operation: "route53:ListHealthChecks",
        items: "HealthChecks",
        id: Id::Bare("Id"),
        arn: Arn::Route53("healthcheck/"),
        details: &[Detail {
            call: |asker, ask| tags(asker, ask, TagResourceType::Healthcheck),
            otherwise: Some(&HEALTH_CHECK_TAGS),
            ..TAGS
        }],
        source: marked!(list_health_checks, 1000),
        ..GLOBAL
    },
];

/// Tags of ten resources in one call.
const TAGS: Detail = Detail {
    operation: "route53:ListTagsForResources",
    items: "ResourceTagSets",
    batch: 10,
    key: "ResourceId",
    call: nothing,
    otherwise: None,
};

/// Tags of one resource, for roles that may ask no more than that.
const ONE_TAGS: Detail = Detail {
    operation: "route53:ListTagsForResource",
    items: "ResourceTagSet",
    batch: 1,
    key: "",
    call: nothing,
    otherwise: None,
};

static ZONE_TAGS: Detail = Detail { call: |asker, ask| one_tags(asker, ask, TagResourceType::Hostedzone), ..ONE_TAGS };
static HEALTH_CHECK_TAGS: Detail =
    Detail { call: |asker, ask| one_tags(asker, ask, TagResourceType::Healthcheck), ..ONE_TAGS };

type Answer = futures::future::BoxFuture<'static, Result<Option<Token>, Cause>>;

/// Stands where a detail's own call is filled in.
fn nothing(_: Asker, _: Ask) -> Answer {
    Box::pin(async { Ok(None) })
}

fn tags(asker: Asker, ask: Ask, of: TagResourceType) -> Answer {
    Box::pin(async move {
        let request = asker.route53().list_tags_for_resources().resource_type(of).set_resource_ids(Some(ask.subjects));
        request.send().await.map(|_| None).map_err(Cause::of)
    })
}

fn one_tags(asker: Asker, ask: Ask, of: TagResourceType) -> Answer {
    Box::pin(async move {
        let request = asker.route53().list_tags_for_resource().resource_type(of).resource_id(ask.subject());
        request.send().await.map(|_| None).map_err(Cause::of)
    })
}

/// Every record set of a zone. The SDK has no paginator for it: the next page starts at a name, a
/// type and perhaps a set identifier.
fn records(asker: Asker, ask: Ask) -> Answer {
    Box::pin(async move {
        let mut start = ask.token.clone().unwrap_or_default().into_iter();
        let request = asker
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(ask.subject())
            .max_items(300)
            .set_start_record_name(start.next())
            .set_start_record_type(start.next().map(|kind| RrType::from(kind.as_str())))
            .set_start_record_identifier(start.next());
        let answer = request.send().await.map_err(Cause::of)?;
        if !answer.is_truncated {
            return Ok(None);
        }
        let (Some(name), Some(kind)) = (answer.next_record_name, answer.next_record_type) else {
            return Err(Cause::new(Kind::Unreadable, "the answer is truncated and does not say where it goes on"));
        };
        let mut next = vec![name, kind.as_str().to_owned()];
        next.extend(answer.next_record_identifier);
        Ok(Some(next))
    })
}
