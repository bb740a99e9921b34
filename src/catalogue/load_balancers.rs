//! Load balancers: the classic ones, and those of the second API (Application, Network and Gateway Load Balancers).
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{ArnForm, Detail, Id, ResourceType, Source};
use crate::aws::Service;

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "elb_load_balancers",
        service: Service::Elb,
        operation: "elb:DescribeLoadBalancers",
        scope: "classic load balancers",
        items_path: "LoadBalancerDescriptions",
        id: Id::Member(&["LoadBalancerName"]),
        probe_id: "rolecall-probe",
        arn: ArnForm::Of("elasticloadbalancing", "loadbalancer/"),
        details: &[Detail {
            items_path: "TagDescriptions",
            batch: 20,
            key: "LoadBalancerName",
            ..Detail::per_resource("elb:DescribeTags", modelled!([LoadBalancerNames] "elb:DescribeTags"))
        }],
        source: modelled!(listed "elb:DescribeLoadBalancers", PageSize = 400, Marker from NextMarker),
        ..REGIONAL
    },
    ResourceType {
        table: "elbv2_load_balancers",
        service: Service::ElbV2,
        operation: "elbv2:DescribeLoadBalancers",
        scope: "Application, Network and Gateway Load Balancers",
        items_path: "LoadBalancers",
        id: Id::Member(&["LoadBalancerArn"]),
        probe_id: "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/rolecall-probe/0000000000000000",
        arn_member: Some("LoadBalancerArn"),
        details: &[Detail {
            items_path: "TagDescriptions",
            batch: 20,
            key: "ResourceArn",
            ..Detail::per_arn("elbv2:DescribeTags", modelled!([ResourceArns] "elbv2:DescribeTags"))
        }],
        source: modelled!(listed "elbv2:DescribeLoadBalancers", PageSize = 400, Marker from NextMarker),
        ..REGIONAL
    },
];
