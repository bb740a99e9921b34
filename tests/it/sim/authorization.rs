//! Authorization of a call, in the order of AWS: clock, key, region, rate limit, permission.

use super::call::Call;
use super::caller::{Caller, KeyRejection};
use super::error::AwsError;
use super::fault::{FaultEffects, FaultKind, Service};
use super::holders;
use super::policy;
use super::state::State;
use super::world::World;

/// Returns the caller, or the error of the first check that fails.
pub(super) fn authorize(state: &State, world: &World, call: &Call, effects: &FaultEffects) -> Result<Caller, AwsError> {
    let (service, region) = (call.service, call.region.as_str());
    if state.is_skewed(call.request.header("x-amz-date")) {
        let message = "The difference between the request time and the current time is too large.";
        return Err(AwsError::new(403, "RequestTimeTooSkewed", message));
    }
    let token = call.request.header("x-amz-security-token");
    let caller = state.callers.resolve(world, &call.key, token, state.now_ms()).map_err(|refused| match refused {
        KeyRejection::Unknown => AwsError::unknown_key(service),
        KeyRejection::Expired => AwsError::expired(service),
    })?;
    let wrong_scope = |expected: &str| {
        let message = format!("Credential should be scoped to a valid region, '{expected}'.");
        AwsError::new(403, "SignatureDoesNotMatch", message)
    };
    let global_region = match service {
        Service::Holder(name) => holders::home(name, &call.operation, &world.partition),
        service => global_region(world, service),
    };
    match (service, global_region) {
        (_, Some(wanted)) if region != wanted => return Err(wrong_scope(wanted)),
        (Service::Ec2, _) if !world.enabled(&caller.account, region) => return Err(AwsError::auth_failure()),
        (Service::Route53Resolver | Service::Route53Profiles | Service::Holder(_), _)
            if !world.enabled(&caller.account, region) =>
        {
            return Err(AwsError::unknown_key(service));
        }
        (Service::Sts, _) if !world.regions.contains_key(region) => return Err(wrong_scope("us-east-1")),
        _ => {}
    }
    if !state.buckets.take(&world.buckets, call) {
        return Err(AwsError::throttled(service));
    }
    check_permission(world, call, effects, &caller)?;
    Ok(caller)
}

fn check_permission(world: &World, call: &Call, effects: &FaultEffects, caller: &Caller) -> Result<(), AwsError> {
    const BY_SCP: &str = "with an explicit deny in a service control policy";
    const BY_REVOCATION: &str = "with an explicit deny in an identity-based policy";
    let action = call.action();
    let by_role = format!("because no identity-based policy allows the {action} action");
    let deny = |why: &str| Err(AwsError::denied(call.service, &caller.arn, &action, why));
    match effects.kind {
        Some(FaultKind::Denied) => return deny(&by_role),
        Some(FaultKind::ScpDenied) => return deny(BY_SCP),
        _ => {}
    }
    if action == "sts:GetCallerIdentity" {
        return Ok(());
    }
    if caller.revoked {
        return deny(BY_REVOCATION);
    }
    let denials = world.accounts.get(&caller.account).map_or(&[][..], |account| &account.denied);
    let here = |region: &Option<String>| region.as_ref().is_none_or(|r| *r == call.region);
    let fitting =
        |scp: bool| denials.iter().any(|d| d.scp == scp && here(&d.region) && policy::matches(&d.action, &action));
    if fitting(true) {
        return deny(BY_SCP);
    }
    if fitting(false) {
        return deny(&by_role);
    }
    match &caller.policy {
        Some(policy) if !policy.allows(&action) => {
            deny(&format!("because no session policy allows the {action} action"))
        }
        _ => Ok(()),
    }
}

/// Returns the region in whose scope requests to a global service are signed.
fn global_region(world: &World, service: Service) -> Option<&'static str> {
    match (service, world.partition.as_str()) {
        (Service::Route53, "aws-cn") => Some("cn-northwest-1"),
        (Service::Iam, "aws-cn") => Some("cn-north-1"),
        (Service::Route53 | Service::Iam, "aws-us-gov") => Some("us-gov-west-1"),
        (Service::Route53 | Service::Iam, _) | (Service::Route53Domains | Service::Organizations, "aws") => {
            Some("us-east-1")
        }
        _ => None,
    }
}
