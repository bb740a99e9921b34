//! What VPCs see through Route 53 profiles: the resources of each profile, for each VPC that it is associated with.
//!
//! **Invariant:** knows neither zones nor rules.

use std::collections::HashMap;

use super::holder_tables::{PROFILE_ASSOCIATIONS, PROFILE_RESOURCES};
use crate::answers::facts::Facts;

/// The VPCs of profiles, each with the path in the ARN of a resource that it sees (`resolver-rule/rslvr-rr-1`,
/// `hostedzone/Z1`). Profiles are shared, so other accounts may list the same association.
pub(super) fn seen_through_profiles(facts: &Facts) -> Vec<(String, String)> {
    let mut resources: HashMap<&str, Vec<&str>> = HashMap::new();
    for resource in facts.all(PROFILE_RESOURCES) {
        if let (Some(profile), Some(arn)) = (resource.text("profile_id"), resource.text("resource_arn")) {
            resources.entry(profile).or_default().extend(arn.splitn(6, ':').nth(5));
        }
    }
    let mut seen = Vec::new();
    for association in facts.all(PROFILE_ASSOCIATIONS) {
        if let (Some(profile), Some(vpc)) = (association.text("profile_id"), association.text("resource_id")) {
            let paths = resources.get(profile).into_iter().flatten();
            seen.extend(paths.map(|path| (vpc.to_owned(), (*path).to_owned())));
        }
    }
    seen
}
