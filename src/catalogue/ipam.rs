//! Addresses: IPAM, address pools, and ranges of the customer (BYOIP).
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::paged;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, ExtraColumn, Id, Measure, Owner, Parents, ResourceType, Source, ValueFrom};
use crate::aws::{NextPage, send};

const POOLS: &str = "ec2_ipam_pools";
const SCOPES: &str = "ec2_ipam_scopes";
const DISCOVERIES: &str = "ec2_ipam_resource_discoveries";

const OF_POOL: &[ExtraColumn] = &[
    ExtraColumn { column: "ipam_pool_id", from: ValueFrom::ParentId },
    ExtraColumn { column: "ipam_scope_arn", from: ValueFrom::Parent("IpamScopeArn") },
];

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "ec2_ipams",
        operation: "ec2:DescribeIpams",
        items_path: "Ipams",
        id: Id::Member(&["IpamId"]),
        arn: ArnForm::Ec2WithoutRegion("ipam/"),
        arn_member: Some("IpamArn"),
        source: paged!(listed DescribeIpams: ec2.describe_ipams().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: POOLS,
        operation: "ec2:DescribeIpamPools",
        items_path: "IpamPools",
        id: Id::Member(&["IpamPoolId"]),
        probe_id: "ipam-pool-00000000000000000",
        arn: ArnForm::Ec2WithoutRegion("ipam-pool/"),
        arn_member: Some("IpamPoolArn"),
        source: paged!(listed DescribeIpamPools: ec2.describe_ipam_pools().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: SCOPES,
        operation: "ec2:DescribeIpamScopes",
        items_path: "IpamScopes",
        id: Id::Member(&["IpamScopeId"]),
        probe_id: "ipam-scope-00000000000000000",
        arn: ArnForm::Ec2WithoutRegion("ipam-scope/"),
        arn_member: Some("IpamScopeArn"),
        source: paged!(listed DescribeIpamScopes: ec2.describe_ipam_scopes().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_byoip_cidrs",
        operation: "ec2:DescribeByoipCidrs",
        items_path: "ByoipCidrs",
        id: Id::Member(&["Cidr"]),
        source: paged!(listed DescribeByoipCidrs: ec2.describe_byoip_cidrs().max_results(100)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_public_ipv4_pools",
        operation: "ec2:DescribePublicIpv4Pools",
        items_path: "PublicIpv4Pools",
        id: Id::Member(&["PoolId"]),
        arn: ArnForm::Ec2("ipv4pool-ec2/"),
        measures: &[
            Measure::of("PoolAddressRanges.AvailableAddressCount", "changes with every address that is allocated"),
            Measure::of("TotalAvailableAddressCount", "changes with every address that is allocated"),
        ],
        source: paged!(listed DescribePublicIpv4Pools: ec2.describe_public_ipv4_pools().max_results(10)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_pool_cidrs",
        operation: "ec2:GetIpamPoolCidrs",
        items_path: "IpamPoolCidrs",
        id: Id::Member(&["IpamPoolCidrId", "Cidr"]),
        extra_columns: OF_POOL,
        source: Source::PerParent(
            Parents::all(POOLS),
            paged!([ipam_pool_id] GetIpamPoolCidrs: ec2.get_ipam_pool_cidrs().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_pool_allocations",
        operation: "ec2:GetIpamPoolAllocations",
        items_path: "IpamPoolAllocations",
        id: Id::Member(&["IpamPoolAllocationId"]),
        extra_columns: OF_POOL,
        source: Source::PerParent(
            Parents::all(POOLS),
            // AWS allows 100,000 at once, which are tens of megabytes. 1,000 is the least.
            paged!([ipam_pool_id] GetIpamPoolAllocations: ec2.get_ipam_pool_allocations().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_resource_cidrs",
        operation: "ec2:GetIpamResourceCidrs",
        scope: "the resources that an IPAM of the account monitors, those of other accounts included",
        items_path: "IpamResourceCidrs",
        id: Id::UnderParent(&["ResourceId", "ResourceCidr"]),
        owner: Owner::Member(&["ResourceOwnerId"]),
        measures: &[Measure::of("IpUsage", "changes with every address that is in use")],
        source: Source::PerParent(
            Parents::all(SCOPES),
            paged!([ipam_scope_id] GetIpamResourceCidrs: ec2.get_ipam_resource_cidrs().max_results(1000)),
        ),
        ..REGIONAL
    },
    ResourceType {
        table: DISCOVERIES,
        operation: "ec2:DescribeIpamResourceDiscoveries",
        items_path: "IpamResourceDiscoveries",
        id: Id::Member(&["IpamResourceDiscoveryId"]),
        probe_id: "ipam-res-disco-00000000000000000",
        arn: ArnForm::Ec2WithoutRegion("ipam-resource-discovery/"),
        arn_member: Some("IpamResourceDiscoveryArn"),
        source: paged!(listed DescribeIpamResourceDiscoveries: ec2.describe_ipam_resource_discoveries().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_resource_discovery_associations",
        operation: "ec2:DescribeIpamResourceDiscoveryAssociations",
        items_path: "IpamResourceDiscoveryAssociations",
        id: Id::Member(&["IpamResourceDiscoveryAssociationId"]),
        arn: ArnForm::Ec2WithoutRegion("ipam-resource-discovery-association/"),
        arn_member: Some("IpamResourceDiscoveryAssociationArn"),
        source: paged!(listed DescribeIpamResourceDiscoveryAssociations: ec2.describe_ipam_resource_discovery_associations().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_discovered_public_addresses",
        operation: "ec2:GetIpamDiscoveredPublicAddresses",
        scope: "the public addresses that a discovery of the account found, in each of its operating regions",
        items_path: "IpamDiscoveredPublicAddresses",
        id: Id::UnderParent(&["AddressRegion", "Address"]),
        owner: Owner::Member(&["AddressOwnerId"]),
        measures: &[Measure::of("SampleTime", "is renewed each time that IPAM looks")],
        source: Source::PerParent(
            // AWS requires a region in each call, and answers for all regions in that of the discovery.
            Parents { regions: Some("OperatingRegions"), ..Parents::all(DISCOVERIES) },
            |client, params| {
                Box::pin(async move {
                    let scalars = send!(
                        client,
                        GetIpamDiscoveredPublicAddresses: ec2.get_ipam_discovered_public_addresses()
                            .ipam_resource_discovery_id(params.subject())
                            .address_region(params.region.as_str())
                            .max_results(1000)
                            .set_next_token(params.token())
                    )?;
                    Ok(NextPage::from_token(scalars.text("NextToken")))
                })
            },
        ),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipv6_pools",
        operation: "ec2:DescribeIpv6Pools",
        items_path: "Ipv6Pools",
        id: Id::Member(&["PoolId"]),
        arn: ArnForm::Ec2("ipv6pool-ec2/"),
        source: paged!(listed DescribeIpv6Pools: ec2.describe_ipv6_pools().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_coip_pools",
        operation: "ec2:DescribeCoipPools",
        items_path: "CoipPools",
        id: Id::Member(&["PoolId"]),
        arn: ArnForm::Ec2("coip-pool/"),
        arn_member: Some("PoolArn"),
        scope: "customer-owned addresses of Outposts",
        source: paged!(listed DescribeCoipPools: ec2.describe_coip_pools().max_results(1000)),
        ..REGIONAL
    },
];
