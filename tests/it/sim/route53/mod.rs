//! Route 53's REST-XML: zones, record sets, health checks and tags. All other listings are empty.
//!
//! Deviation from AWS: zones cannot be filtered. A page size above the limit is reduced to it, as in AWS.

mod records;
mod zones;

use super::call::Call;
use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::http::{Request, decode};
use super::reply::Reply;
use super::xml::Xml;

const BASE: &str = "/2013-04-01/";

/// Returns the operation of a request, and stores the requested zone in the call.
pub(super) fn operation(call: &mut Call) -> Option<String> {
    let segments = segments(&call.request)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (operation, zone) = match (call.request.method.as_str(), segments.as_slice()) {
        ("GET", ["hostedzone"]) => ("ListHostedZones", None),
        ("GET", ["hostedzone", zone]) => ("GetHostedZone", Some(zone)),
        ("GET", ["hostedzone", zone, "rrset"]) => ("ListResourceRecordSets", Some(zone)),
        ("GET", ["healthcheck"]) => ("ListHealthChecks", None),
        ("POST", ["tags", _]) => ("ListTagsForResources", None),
        ("GET", ["tags", "hostedzone", zone]) => ("ListTagsForResource", Some(zone)),
        ("GET", ["tags", _, _]) => ("ListTagsForResource", None),
        ("GET", ["hostedzone", zone, "dnssec"]) => ("GetDNSSEC", Some(zone)),
        ("GET", ["hostedzone", zone, "authorizevpcassociation"]) => ("ListVPCAssociationAuthorizations", Some(zone)),
        ("GET", ["hostedzonesbyvpc"]) => ("ListHostedZonesByVPC", None),
        ("GET", ["queryloggingconfig"]) => ("ListQueryLoggingConfigs", None),
        ("GET", ["delegationset"]) => ("ListReusableDelegationSets", None),
        ("GET", ["trafficpolicies"]) => ("ListTrafficPolicies", None),
        ("GET", ["trafficpolicies", _, "versions"]) => ("ListTrafficPolicyVersions", None),
        ("GET", ["trafficpolicyinstances"]) => ("ListTrafficPolicyInstances", None),
        ("GET", ["cidrcollection"]) => ("ListCidrCollections", None),
        ("GET", ["cidrcollection", _, "cidrblocks"]) => ("ListCidrBlocks", None),
        _ => return None,
    };
    let zone = zone.map(|zone| zone.to_string());
    call.zone = zone;
    Some(operation.to_owned())
}

/// Returns the decoded segments of the path after the version.
fn segments(request: &Request) -> Option<Vec<String>> {
    let rest = request.path.strip_prefix(BASE)?;
    Some(rest.trim_end_matches('/').split('/').map(|segment| decode(segment, false)).collect())
}

/// Listings whose answers have a token alone, and no `IsTruncated`.
const PAGED_BY_TOKEN: [&str; 5] = [
    "ListCidrBlocks",
    "ListCidrCollections",
    "ListHostedZonesByVPC",
    "ListQueryLoggingConfigs",
    "ListVPCAssociationAuthorizations",
];

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    match job.call.operation.as_str() {
        "ListHostedZones" => zones::list(job),
        "GetHostedZone" => zones::get(job),
        "ListResourceRecordSets" => records::list(job),
        "ListHealthChecks" => zones::health_checks(job),
        "ListTagsForResources" => zones::tags_of_many(job),
        "ListTagsForResource" => zones::tags_of_one(job),
        operation => {
            // An empty list has no element, but the members of its paging are required.
            let mut xml = begin(operation);
            if !PAGED_BY_TOKEN.contains(&operation) {
                xml.text("IsTruncated", "false").text("MaxItems", "100");
            }
            Ok(end(xml, operation))
        }
    }
}

/// Returns `maxitems`, which is at least 1. Larger values count as `most`.
fn max_items(job: &Job, most: usize) -> Result<usize, AwsError> {
    let Some(text) = job.call.param("maxitems") else {
        return Ok(most);
    };
    match text.parse::<usize>() {
        Ok(items) if items >= 1 => Ok(items.min(most)),
        _ => Err(invalid(format!("maxitems: '{text}' is not valid"))),
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "InvalidInput", message)
}

fn known_only(job: &Job, known: &[&str]) -> Result<(), AwsError> {
    match job.call.params.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(invalid(format!("{name} is not simulated"))),
        None => Ok(()),
    }
}

fn begin(operation: &str) -> Xml {
    Xml::new(&format!("{operation}Response"), Service::Route53.namespace())
}

fn end(xml: Xml, operation: &str) -> Reply {
    Reply::xml(xml.finish(&format!("{operation}Response")))
}
