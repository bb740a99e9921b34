//! EC2: machines and their disks.

use super::entry::{Added, Arn, Id, Reach, ResourceType, Source, ValueFrom};
use crate::failure::Cause;
use crate::session::Service;

/// What EC2's regional types have in common.
pub const REGIONAL: ResourceType = ResourceType {
    table: "",
    service: Service::Ec2,
    reach: Reach::Regional,
    operation: "",
    actions: &[],
    items: "",
    id: Id::Member(&[]),
    arn: Arn::None,
    owner_around: None,
    added: &[],
    details: &[],
    source: Source::Listed(|_, _| Box::pin(async { Ok(None) })),
};

/// A call whose answers are paged by `NextToken`; the request bears the largest page that AWS allows,
/// which also moves it into the larger of EC2's token buckets.
macro_rules! paged {
    ($client:ident . $operation:ident () $($setting:tt)*) => {
        Source::Listed(|asker, ask| {
            Box::pin(async move {
                let request = asker.$client().$operation() $($setting)*;
                let answer = request.set_next_token(ask.token()).send().await.map_err(Cause::of)?;
                Ok(answer.next_token.filter(|token| !token.is_empty()).map(|token| vec![token]))
            })
        })
    };
}
pub(super) use paged;

pub const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_instances",
        operation: "ec2:DescribeInstances",
        items: "Reservations.Instances",
        id: Id::Member(&["InstanceId"]),
        arn: Arn::Ec2("instance/"),
        owner_around: Some("Reservations.OwnerId"),
        added: &[
            Added { column: "reservation_id", from: ValueFrom::Around("Reservations.ReservationId") },
            Added { column: "requester_id", from: ValueFrom::Around("Reservations.RequesterId") },
        ],
        source: paged!(ec2.describe_instances().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_volumes",
        operation: "ec2:DescribeVolumes",
        items: "Volumes",
        id: Id::Member(&["VolumeId"]),
        arn: Arn::Ec2("volume/"),
        source: paged!(ec2.describe_volumes().max_results(1000)),
        ..REGIONAL
    },
];
