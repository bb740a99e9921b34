//! EC2: instances, their templates and key pairs, and reserved capacity.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::{paged, whole};
use super::entry::{
    ArnForm, Detail, ExtraColumn, Id, Measure, Owner, Reach, ResourceType, Source, UNLIMITED_BATCH, ValueFrom,
};
use crate::aws::{NextPage, Service};

/// The fields that EC2's regional types share.
pub(super) const REGIONAL: ResourceType = ResourceType {
    table: "",
    service: Service::Ec2,
    reach: Reach::Regional,
    operation: "",
    scope: "",
    extra_actions: &[],
    items_path: "",
    id: Id::Member(&[]),
    probe_id: "",
    arn: ArnForm::None,
    arn_member: None,
    owner: Owner::Account,
    extra_columns: &[],
    details: &[],
    measures: &[],
    source: Source::Listed(|_, _| Box::pin(async { Ok(NextPage::End) })),
};

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_instances",
        operation: "ec2:DescribeInstances",
        items_path: "Reservations.Instances",
        id: Id::Member(&["InstanceId"]),
        arn: ArnForm::Ec2("instance/"),
        owner: Owner::Context("Reservations.OwnerId"),
        extra_columns: &[
            ExtraColumn { column: "reservation_id", from: ValueFrom::Context("Reservations.ReservationId") },
            ExtraColumn { column: "requester_id", from: ValueFrom::Context("Reservations.RequesterId") },
        ],
        source: paged!(listed DescribeInstances: ec2.describe_instances().max_results(1000).include_managed_resources(true)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_instance_status",
        operation: "ec2:DescribeInstanceStatus",
        scope: "instances in every state, not only running ones",
        items_path: "InstanceStatuses",
        id: Id::Member(&["InstanceId"]),
        arn: ArnForm::Ec2("instance/"),
        source: paged!(
            listed DescribeInstanceStatus: ec2.describe_instance_status()
                .max_results(1000)
                .include_all_instances(true)
                .include_managed_resources(true)
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_key_pairs",
        operation: "ec2:DescribeKeyPairs",
        items_path: "KeyPairs",
        id: Id::Member(&["KeyPairId"]),
        arn: ArnForm::Ec2Named("key-pair/", "KeyName"),
        source: whole!(listed DescribeKeyPairs: ec2.describe_key_pairs().include_public_key(true)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_launch_templates",
        operation: "ec2:DescribeLaunchTemplates",
        scope: "with the default and the latest version of each",
        items_path: "LaunchTemplates",
        id: Id::Member(&["LaunchTemplateId"]),
        arn: ArnForm::Ec2("launch-template/"),
        extra_columns: &[ExtraColumn {
            column: "versions",
            from: ValueFrom::DetailItems("ec2:DescribeLaunchTemplateVersions"),
        }],
        details: &[Detail {
            items_path: "LaunchTemplateVersions",
            batch: UNLIMITED_BATCH,
            key: "LaunchTemplateId",
            // AWS returns the default and the latest versions of all templates in one listing. Other versions would
            // take a call for each template.
            ..Detail::per_resource(
                "ec2:DescribeLaunchTemplateVersions",
                paged!(
                    DescribeLaunchTemplateVersions: ec2.describe_launch_template_versions()
                        .versions("$Latest")
                        .versions("$Default")
                        .max_results(200)
                        .include_managed_resources(true)
                ),
            )
        }],
        source: paged!(listed DescribeLaunchTemplates: ec2.describe_launch_templates().max_results(200).include_managed_resources(true)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_placement_groups",
        operation: "ec2:DescribePlacementGroups",
        items_path: "PlacementGroups",
        id: Id::Member(&["GroupId"]),
        arn: ArnForm::Ec2Named("placement-group/", "GroupName"),
        arn_member: Some("GroupArn"),
        source: whole!(listed DescribePlacementGroups: ec2.describe_placement_groups()),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_reserved_instances",
        operation: "ec2:DescribeReservedInstances",
        items_path: "ReservedInstances",
        id: Id::Member(&["ReservedInstancesId"]),
        arn: ArnForm::Ec2("reserved-instances/"),
        source: whole!(listed DescribeReservedInstances: ec2.describe_reserved_instances()),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_capacity_reservations",
        operation: "ec2:DescribeCapacityReservations",
        items_path: "CapacityReservations",
        id: Id::Member(&["CapacityReservationId"]),
        arn: ArnForm::Ec2("capacity-reservation/"),
        measures: &[
            Measure::of("AvailableInstanceCount", "falls and rises with every instance that uses the reservation"),
            Measure::of("CapacityAllocations.Count", "counts the instances that use the reservation"),
        ],
        arn_member: Some("CapacityReservationArn"),
        source: paged!(listed DescribeCapacityReservations: ec2.describe_capacity_reservations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_hosts",
        operation: "ec2:DescribeHosts",
        items_path: "Hosts",
        id: Id::Member(&["HostId"]),
        arn: ArnForm::Ec2("dedicated-host/"),
        measures: &[Measure::of("AvailableCapacity", "follows from the instances on the host, which are listed")],
        // AWS refuses a larger page here. Other operations reduce it to their maximum.
        source: paged!(listed DescribeHosts: ec2.describe_hosts().max_results(500)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_spot_instance_requests",
        operation: "ec2:DescribeSpotInstanceRequests",
        items_path: "SpotInstanceRequests",
        id: Id::Member(&["SpotInstanceRequestId"]),
        measures: &[Measure::of("Status.UpdateTime", "is renewed each time that EC2 looks at a waiting request")],
        arn: ArnForm::Ec2("spot-instances-request/"),
        source: paged!(listed DescribeSpotInstanceRequests: ec2.describe_spot_instance_requests().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_fleets",
        operation: "ec2:DescribeFleets",
        items_path: "Fleets",
        scope: "all except those of the type `instant`, which AWS returns only by their ids",
        measures: &[
            Measure::of("FulfilledCapacity", "counts the instances that run at this moment"),
            Measure::of("FulfilledOnDemandCapacity", "counts the instances that run at this moment"),
        ],
        id: Id::Member(&["FleetId"]),
        arn: ArnForm::Ec2("fleet/"),
        source: paged!(listed DescribeFleets: ec2.describe_fleets().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_spot_fleet_requests",
        operation: "ec2:DescribeSpotFleetRequests",
        items_path: "SpotFleetRequestConfigs",
        id: Id::Member(&["SpotFleetRequestId"]),
        arn: ArnForm::Ec2("spot-fleet-request/"),
        measures: &[
            Measure::of("SpotFleetRequestConfig.FulfilledCapacity", "counts the instances that run at this moment"),
            Measure::of(
                "SpotFleetRequestConfig.OnDemandFulfilledCapacity",
                "counts the instances that run at this moment",
            ),
        ],
        // AWS allows 50 calls at once and 3 a second.
        source: paged!(listed DescribeSpotFleetRequests: ec2.describe_spot_fleet_requests().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_host_reservations",
        operation: "ec2:DescribeHostReservations",
        items_path: "HostReservationSet",
        id: Id::Member(&["HostReservationId"]),
        arn: ArnForm::Ec2("host-reservation/"),
        // AWS refuses a larger page here, as for hosts. It allows 5 calls at once and 2 a second (EC2's documentation of its
        // throttling): a run makes one in a region.
        source: paged!(listed DescribeHostReservations: ec2.describe_host_reservations().max_results(500)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_iam_instance_profile_associations",
        operation: "ec2:DescribeIamInstanceProfileAssociations",
        items_path: "IamInstanceProfileAssociations",
        id: Id::Member(&["AssociationId"]),
        source: paged!(listed DescribeIamInstanceProfileAssociations: ec2.describe_iam_instance_profile_associations().max_results(1000)),
        ..REGIONAL
    },
];
