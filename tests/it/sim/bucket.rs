//! The token buckets by which AWS limits the rate of calls.

use super::call::Call;
use super::fault::Service;
use super::state::lock;
use super::world::{Buckets, Rate};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

/// The levels of all buckets that have been used.
#[derive(Default)]
pub(super) struct TokenBuckets {
    levels: Mutex<HashMap<String, (f64, Instant)>>,
}

impl TokenBuckets {
    /// Takes a token for this call. Returns false if there is none. A bucket without a limit keeps no level.
    pub(super) fn take(&self, buckets: &Buckets, call: &Call) -> bool {
        let (account, region, operation) = (&call.account, &call.region, &call.operation);
        match call.service {
            Service::Ec2 if is_unpaginated(call) => {
                self.draw(buckets.ec2_unpaginated, || format!("unpaginated {account} {region} {operation}"))
            }
            Service::Ec2 => self.draw(buckets.ec2, || format!("ec2 {account} {region} {operation}")),
            Service::Route53 => self.draw(buckets.route53, || format!("route53 {account}")),
            Service::Route53Resolver => self.draw(buckets.resolver, || format!("resolver {account} {region}")),
            Service::Route53Profiles | Service::Route53Domains => true,
            Service::Sts => self.draw(buckets.sts, || format!("sts {account} {region}")),
            Service::Account => self.draw(buckets.account, || format!("account {account}")),
            Service::Iam | Service::Organizations | Service::S3 | Service::Holder(_) => true,
        }
    }

    fn draw(&self, rate: Option<Rate>, key: impl FnOnce() -> String) -> bool {
        let Some(rate) = rate else { return true };
        let mut levels = lock(&self.levels);
        let now = Instant::now();
        let (level, since) = levels.entry(key()).or_insert((rate.burst, now));
        *level = (*level + now.duration_since(*since).as_secs_f64() * rate.refill).min(rate.burst);
        *since = now;
        let full = *level >= 1.0;
        *level -= if full { 1.0 } else { 0.0 };
        full
    }
}

/// Returns whether a call is unpaginated, for which AWS has a smaller bucket.
fn is_unpaginated(call: &Call) -> bool {
    let listed = ["DescribeInstances", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeVolumes"];
    listed.contains(&call.operation.as_str()) && call.param("MaxResults").is_none()
}
