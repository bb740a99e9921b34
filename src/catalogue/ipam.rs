//! Addresses: IPAM, address pools, and ranges of the customer (BYOIP).
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::paged;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Id, Measure, ResourceType, Source};

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
        table: "ec2_ipam_pools",
        operation: "ec2:DescribeIpamPools",
        items_path: "IpamPools",
        id: Id::Member(&["IpamPoolId"]),
        arn: ArnForm::Ec2WithoutRegion("ipam-pool/"),
        arn_member: Some("IpamPoolArn"),
        source: paged!(listed DescribeIpamPools: ec2.describe_ipam_pools().max_results(1000)),
        ..REGIONAL
    },
    ResourceType {
        table: "ec2_ipam_scopes",
        operation: "ec2:DescribeIpamScopes",
        items_path: "IpamScopes",
        id: Id::Member(&["IpamScopeId"]),
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
];
