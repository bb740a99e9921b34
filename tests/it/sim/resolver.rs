//! The JSON services of Route 53: Resolver, Profiles and Domains. Rules with their associations, profiles and domains have
//! items. All other listings are empty.
//!
//! Deviation from AWS: filters are refused.

use super::call::Call;
use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::http::{Request, decode};
use super::names::resource_id;
use super::reply::Reply;
use super::token;
use serde_json::{Map, Value, json};

/// Listings: the operation, the list in its response, and the largest page.
const LISTINGS: [(&str, &str, usize); 17] = [
    ("ListResolverEndpoints", "ResolverEndpoints", 100),
    ("ListResolverEndpointIpAddresses", "IpAddresses", 100),
    ("ListResolverRules", "ResolverRules", 100),
    ("ListResolverRuleAssociations", "ResolverRuleAssociations", 100),
    ("ListResolverQueryLogConfigs", "ResolverQueryLogConfigs", 100),
    ("ListResolverQueryLogConfigAssociations", "ResolverQueryLogConfigAssociations", 100),
    ("ListResolverDnssecConfigs", "ResolverDnssecConfigs", 100),
    ("ListFirewallRuleGroups", "FirewallRuleGroups", 100),
    ("ListFirewallRules", "FirewallRules", 100),
    ("ListFirewallDomainLists", "FirewallDomainLists", 100),
    ("ListFirewallRuleGroupAssociations", "FirewallRuleGroupAssociations", 100),
    ("ListFirewallConfigs", "FirewallConfigs", 10),
    ("ListProfiles", "ProfileSummaries", 100),
    ("ListProfileAssociations", "ProfileAssociations", 100),
    ("ListProfileResourceAssociations", "ProfileResourceAssociations", 100),
    ("ListDomains", "Domains", 100),
    ("ListTagsForResource", "Tags", 100),
];

/// Returns the operation of a request, and stores its parameters in the call.
pub(super) fn operation(call: &mut Call) -> Option<String> {
    if call.service == Service::Route53Profiles {
        let (operation, profile) = profiles_operation(&call.request)?;
        call.params.extend(profile.map(|id| ("ProfileId".to_owned(), id)));
        return Some(operation.to_owned());
    }
    let prefix = if call.service == Service::Route53Domains { "Route53Domains_v20140515." } else { "Route53Resolver." };
    let operation = call.request.header("x-amz-target")?.strip_prefix(prefix)?.to_owned();
    let is_json = call.request.header("content-type") == Some("application/x-amz-json-1.1");
    let body: Map<String, Value> = serde_json::from_slice(&call.request.body).ok().filter(|_| is_json)?;
    for (name, value) in body {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        call.params.push((name, text));
    }
    Some(operation)
}

fn profiles_operation(request: &Request) -> Option<(&'static str, Option<String>)> {
    let segments: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["profiles"]) => Some(("ListProfiles", None)),
        ("GET", ["profile", id]) => Some(("GetProfile", Some(decode(id, false)))),
        ("GET", ["profileassociations"]) => Some(("ListProfileAssociations", None)),
        ("GET", ["profileresourceassociations", "profileid", id]) => {
            Some(("ListProfileResourceAssociations", Some(decode(id, false))))
        }
        _ => None,
    }
}

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let (operation, world) = (job.call.operation.as_str(), job.world);
    if job.call.service == Service::Route53Domains && world.partition != "aws" {
        return Err(AwsError::new(404, "UnknownOperationException", "There are no domains in this partition."));
    }
    let account = world.accounts.get(&job.caller.account);
    let count = |of: fn(&super::Account) -> usize| account.map_or(0, of);
    match operation {
        "GetDomainDetail" => domain_detail(job, count(|account| account.domains)),
        "GetProfile" => profile_detail(job, count(|account| account.profiles)),
        "ListResolverRules" | "ListResolverRuleAssociations" => list(job, count(|account| account.resolver_rules)),
        "ListProfiles" => list(job, count(|account| account.profiles)),
        "ListDomains" => list(job, count(|account| account.domains)),
        _ => list(job, 0),
    }
}

fn reply(body: &Value) -> Reply {
    Reply::new(200, "application/x-amz-json-1.1", body.to_string())
}

fn list(job: &Job, count: usize) -> Result<Reply, AwsError> {
    let call = job.call;
    let found = LISTINGS.iter().find(|(operation, ..)| *operation == call.operation);
    let Some((operation, list, most)) = found else {
        return Err(AwsError::new(400, "UnknownOperationException", "The operation is not known."));
    };
    let [size_name, token_name, next_name] = match call.service {
        Service::Route53Profiles => ["maxResults", "nextToken", "NextToken"],
        Service::Route53Domains => ["MaxItems", "Marker", "NextPageMarker"],
        _ => ["MaxResults", "NextToken", "NextToken"],
    };
    let known = |name: &str| [size_name, token_name].contains(&name) || name.ends_with("Id");
    if let Some((name, _)) = call.params.iter().find(|(name, _)| !known(name)) {
        return Err(invalid(&format!("{name} is not simulated")));
    }
    let size = call.number(size_name).map_err(|_| invalid("the page size is no number"))?;
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(20);
    if !(1..=*most).contains(&size) {
        return Err(invalid(&format!("{size_name} must be 1 to {most}")));
    }
    let given = call.param(token_name);
    let stale = |_| AwsError::new(400, "InvalidNextTokenException", "The token is not valid.");
    let from =
        given.map_or(Ok(0), |given| token::read(job, given).map(|token| token.offset)).map_err(stale)?.min(count);
    let to = from.saturating_add(size).min(count);
    let items: Vec<Value> = (from..to).map(|index| item(job, operation, index)).collect();
    let mut body = json!({ (*list): items });
    if job.repeat_token {
        body[next_name] = given.map_or_else(|| token::write(job, to, false), str::to_owned).into();
    } else if to < count {
        body[next_name] = token::write(job, to, false).into();
    }
    Ok(reply(&body))
}

fn invalid(message: &str) -> AwsError {
    AwsError::new(400, "InvalidParameterException", message)
}

fn item(job: &Job, operation: &str, index: usize) -> Value {
    let (account, region) = (job.caller.account.as_str(), job.call.region.as_str());
    let arn = |service: &str, path: &str, id: &str| {
        format!("arn:{}:{service}:{region}:{account}:{path}/{id}", job.world.partition)
    };
    let rule = resource_id("rslvr-rr", account, region, index);
    match operation {
        "ListResolverRules" => json!({
            "Id": rule, "Arn": arn("route53resolver", "resolver-rule", &rule), "OwnerId": account,
            "DomainName": format!("forwarded-{index}.example.com."), "RuleType": "FORWARD", "Status": "COMPLETE",
            "TargetIps": [{ "Ip": "192.0.2.1", "Port": 53, "Protocol": "Do53" }], "Name": null,
        }),
        "ListResolverRuleAssociations" => json!({
            "Id": resource_id("rslvr-rrassoc", account, region, index), "ResolverRuleId": rule,
            "VPCId": resource_id("vpc", account, region, 0), "Status": "COMPLETE",
        }),
        "ListProfiles" => {
            let id = resource_id("rp", account, region, index);
            json!({ "Id": id, "Arn": arn("route53profiles", "profile", &id), "Name": "shared", "ShareStatus": "NOT_SHARED" })
        }
        _ => json!({
            "DomainName": domain(account, index), "AutoRenew": true, "TransferLock": index.is_multiple_of(2),
            "Expiry": 1_900_000_000.5,
        }),
    }
}

fn domain(account: &str, index: usize) -> String {
    format!("domain-{index}.a{account}.example.org")
}

fn domain_detail(job: &Job, count: usize) -> Result<Reply, AwsError> {
    let name = job.call.param("DomainName").unwrap_or_default();
    if !(0..count).any(|index| domain(&job.caller.account, index) == name) {
        return Err(AwsError::new(400, "InvalidInput", format!("Domain {name} not found in this account.")));
    }
    Ok(reply(&json!({
        "DomainName": name, "Nameservers": [{ "Name": "ns-1.example.net" }], "StatusList": ["ok"],
        "RegistrantContact": { "Email": "person@example.org" }, "AdminPrivacy": true, "CreationDate": 1_400_000_000,
    })))
}

fn profile_detail(job: &Job, count: usize) -> Result<Reply, AwsError> {
    let id = job.call.param("ProfileId").unwrap_or_default();
    let (account, region) = (job.caller.account.as_str(), job.call.region.as_str());
    if !(0..count).any(|index| resource_id("rp", account, region, index) == id) {
        return Err(AwsError::new(404, "ResourceNotFoundException", "The profile does not exist."));
    }
    Ok(reply(&json!({ "Profile": { "Id": id, "OwnerId": account, "Status": "COMPLETE" } })))
}
