//! The AWS services that rolecall calls: where each is called, and at which rate.
//!
//! **Invariant:** knows no operation, and no account.

use crate::aws::transport::{Priority, RateLimiter};
use crate::domain::Partition;
use crate::settings::Settings;

/// The AWS services that rolecall calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// EC2, which includes VPC; called in each region.
    Ec2,
    /// Route 53, a global service.
    Route53,
    /// Route 53 Resolver; called in each region.
    Route53Resolver,
    /// Route 53 Profiles; called in each region.
    Route53Profiles,
    /// Route 53 Domains, which has one endpoint, in us-east-1.
    Route53Domains,
    /// IAM, a global service.
    Iam,
    /// Account Management, called in one region.
    Account,
}

impl Service {
    /// The region in which the service is called for all regions. `None` if it is called in each.
    pub(crate) fn home_region(self, partition: &'static Partition) -> Option<&'static str> {
        match self {
            Self::Ec2 | Self::Route53Resolver | Self::Route53Profiles => None,
            Self::Route53 => Some(partition.route53_region),
            Self::Iam => Some(partition.iam_region),
            // us-east-1 in the one partition that registers domains. Elsewhere, there is no endpoint.
            Self::Route53Domains | Self::Account => Some(partition.default_region),
        }
    }

    /// Whether the service is called in each region.
    pub(crate) fn is_regional(self) -> bool {
        matches!(self, Self::Ec2 | Self::Route53Resolver | Self::Route53Profiles)
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
            Self::Iam | Self::Account => RateLimiter::new(5.0, 10.0),
        }
    }
}
