//! The AWS services that rolecall calls: where each is called, and at which rate.
//!
//! **Invariant:** knows no operation, and no account.

use crate::aws::transport::{Priority, RateLimiter};
use crate::domain::Partition;
use crate::settings::Settings;

/// The AWS services that rolecall calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// EC2, which includes VPC.
    Ec2,
    /// Route 53: hosted zones and health checks.
    Route53,
    /// Route 53 Resolver, which includes DNS Firewall.
    Route53Resolver,
    /// Route 53 Profiles.
    Route53Profiles,
    /// Route 53 Domains.
    Route53Domains,
    /// Elastic Load Balancing: the API of classic load balancers.
    Elb,
    /// Elastic Load Balancing: the API of all other load balancers.
    ElbV2,
    /// CloudFront.
    CloudFront,
    /// API Gateway: the API of REST APIs.
    ApiGateway,
    /// API Gateway: the API of HTTP and WebSocket APIs.
    ApiGatewayV2,
    /// S3. Its buckets are listed; the store has a client of its own.
    S3,
    /// Elastic Beanstalk.
    ElasticBeanstalk,
    /// Global Accelerator.
    GlobalAccelerator,
    /// Direct Connect.
    DirectConnect,
    /// Cloud Map.
    CloudMap,
    /// Network Manager, which includes Cloud WAN.
    NetworkManager,
    /// IAM.
    Iam,
    /// Account Management.
    Account,
}

/// Where a service is called.
#[derive(Clone, Copy)]
enum CallPlace {
    /// In each region.
    EachRegion,
    /// In one region of the partition, for all regions.
    OneRegion(fn(&'static Partition) -> &'static str),
}

impl Service {
    fn place(self) -> CallPlace {
        match self {
            Self::Ec2
            | Self::Route53Resolver
            | Self::Route53Profiles
            | Self::Elb
            | Self::ElbV2
            | Self::ApiGateway
            | Self::ApiGatewayV2
            | Self::ElasticBeanstalk
            | Self::DirectConnect
            | Self::CloudMap => CallPlace::EachRegion,
            Self::Route53 | Self::CloudFront => CallPlace::OneRegion(|partition| partition.route53_region),
            Self::Iam => CallPlace::OneRegion(|partition| partition.iam_region),
            // Only the partition `aws` has domains, and every region lists all buckets.
            Self::Route53Domains | Self::S3 | Self::Account => {
                CallPlace::OneRegion(|partition| partition.default_region)
            }
            Self::GlobalAccelerator | Self::NetworkManager => CallPlace::OneRegion(networks_region),
        }
    }

    /// The region in which the service is called for all regions. `None` if it is called in each.
    pub(crate) fn home_region(self, partition: &'static Partition) -> Option<&'static str> {
        match self.place() {
            CallPlace::EachRegion => None,
            CallPlace::OneRegion(of) => Some(of(partition)),
        }
    }

    /// Whether the service is called in each region.
    pub(crate) fn is_regional(self) -> bool {
        matches!(self.place(), CallPlace::EachRegion)
    }

    /// Calls to a service with one endpoint for all regions always have high priority: they are the longest part of an
    /// account.
    pub(super) fn priority(self, wanted: Priority) -> Priority {
        if self.is_regional() { wanted } else { Priority::High }
    }

    /// The rate of one account in one region, half of what AWS allows where it says so.
    ///
    /// - EC2: 20 a second for each action (EC2 API throttling).
    /// - Route 53: 10 a second for all actions together (Route 53 Developer Guide, "Throttling of API requests").
    /// - Route 53 Resolver: 5 a second for an account and region (Route 53 Developer Guide, "Quotas", "Maximums on API
    ///   requests"). For Profiles and Domains AWS names no rate, so they get the same.
    /// - Elastic Load Balancing: 10 a second for the `Describe` actions of each API (ELB User Guide, "Request throttling for
    ///   the ELB API"). API Gateway: 10 a second for all operations together (API Gateway Developer Guide, "Quotas"). For the
    ///   other holders of names AWS names no rate, so they get the same.
    /// - Account Management: 5 a second for `ListRegions`. For IAM AWS names no rate. A run makes one call to each.
    pub(super) fn rate_limiter(self, settings: &Settings) -> RateLimiter {
        match self {
            Self::Ec2 => RateLimiter::new(settings.ec2_rate, settings.ec2_burst.unwrap_or(settings.ec2_rate * 5.0)),
            Self::Route53 => {
                RateLimiter::new(settings.route53_rate, settings.route53_burst.unwrap_or(settings.route53_rate * 2.0))
            }
            Self::Route53Resolver | Self::Route53Profiles | Self::Route53Domains => {
                RateLimiter::new(settings.resolver_rate, settings.resolver_rate * 2.0)
            }
            Self::Elb
            | Self::ElbV2
            | Self::CloudFront
            | Self::ApiGateway
            | Self::ApiGatewayV2
            | Self::S3
            | Self::ElasticBeanstalk
            | Self::GlobalAccelerator
            | Self::DirectConnect
            | Self::CloudMap
            | Self::NetworkManager => RateLimiter::new(settings.names_rate, settings.names_rate * 2.0),
            Self::Iam | Self::Account => RateLimiter::new(5.0, 10.0),
        }
    }
}

/// The region of Global Accelerator and of Network Manager.
fn networks_region(partition: &'static Partition) -> &'static str {
    if partition.name == "aws" { "us-west-2" } else { partition.route53_region }
}
