//! The services that hold names: load balancers, distributions, custom domains, buckets, environments, accelerators, Direct
//! Connect, namespaces and core networks. An account has the same number of each, in each region or in all.
//!
//! Deviations from AWS: items have few members, filters are refused, and every resource but the first has one tag.

use super::call::Call;
use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::http::{decode, pairs};
use super::names::mix;
use super::reply::Reply;
use super::token;
use super::xml::Xml;
use serde_json::{Map, Value, json};

/// The services by their names in signatures, and the namespace of their XML; empty if they answer in JSON.
pub(super) const SERVICES: [(&str, &str); 9] = [
    ("elasticloadbalancing", "http://elasticloadbalancing.amazonaws.com/doc/"),
    ("cloudfront", "http://cloudfront.amazonaws.com/doc/2020-05-31/"),
    ("apigateway", ""),
    ("s3", "http://s3.amazonaws.com/doc/2006-03-01/"),
    ("elasticbeanstalk", "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/"),
    ("globalaccelerator", ""),
    ("directconnect", ""),
    ("servicediscovery", ""),
    ("networkmanager", ""),
];

/// How a listing is paged and answered.
struct Listing {
    operation: &'static str,
    /// The list in the response; for XML, the tag of an element too.
    list: &'static str,
    element: &'static str,
    /// The parameters for size and token, and the member with the next token.
    paging: [&'static str; 3],
    largest: usize,
}

const fn listing(
    operation: &'static str,
    list: &'static str,
    element: &'static str,
    paging: [&'static str; 3],
    largest: usize,
) -> Listing {
    Listing { operation, list, element, paging, largest }
}

const PASCAL: [&str; 3] = ["MaxResults", "NextToken", "NextToken"];
const CAMEL: [&str; 3] = ["maxResults", "nextToken", "nextToken"];
const MARKED: [&str; 3] = ["PageSize", "Marker", "NextMarker"];

const LISTINGS: [Listing; 14] = [
    listing("DescribeClassicLoadBalancers", "LoadBalancerDescriptions", "member", MARKED, 400),
    listing("DescribeLoadBalancers", "LoadBalancers", "member", MARKED, 400),
    listing("DescribeEnvironments", "Environments", "member", ["MaxRecords", "NextToken", "NextToken"], 1000),
    listing("ListDistributions", "Items", "DistributionSummary", ["MaxItems", "Marker", "NextMarker"], 100),
    listing("ListBuckets", "Buckets", "Bucket", ["max-buckets", "continuation-token", "ContinuationToken"], 10_000),
    listing("GetDomainNames", "item", "", ["limit", "position", "position"], 500),
    listing("GetDomainNamesV2", "items", "", CAMEL, 100),
    listing("ListAccelerators", "Accelerators", "", PASCAL, 100),
    listing("ListCustomRoutingAccelerators", "Accelerators", "", PASCAL, 100),
    listing("DescribeConnections", "connections", "", CAMEL, 100),
    listing("DescribeDirectConnectGateways", "directConnectGateways", "", CAMEL, 100),
    listing("DescribeVirtualInterfaces", "virtualInterfaces", "", CAMEL, 100),
    listing("ListNamespaces", "Namespaces", "", PASCAL, 100),
    listing("ListCoreNetworks", "CoreNetworks", "", ["maxResults", "nextToken", "NextToken"], 500),
];

/// Whether a request of S3 is about buckets and not about objects.
pub(super) fn is_about_buckets(call: &Call) -> bool {
    call.request.method == "GET" && (call.request.path == "/" || call.request.query("tagging").is_some())
}

/// Returns the operation of a request, and stores its parameters in the call.
pub(super) fn operation(call: &mut Call, service: &str) -> Option<String> {
    if matches!(service, "elasticloadbalancing" | "elasticbeanstalk") {
        call.params = pairs(&String::from_utf8_lossy(&call.request.body));
        let operation = call.param("Action")?;
        let is_classic = operation == "DescribeLoadBalancers" && call.param("Version") == Some("2012-06-01");
        return Some(if is_classic { "DescribeClassicLoadBalancers".into() } else { operation.to_owned() });
    }
    if let Some(target) = call.request.header("x-amz-target") {
        let operation = target.rsplit('.').next()?.to_owned();
        let body: Map<String, Value> = serde_json::from_slice(&call.request.body).ok()?;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        call.params = body.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        return Some(operation);
    }
    let path = call.request.path.clone();
    let operation = match (service, path.as_str()) {
        ("cloudfront", "/2020-05-31/distribution") => "ListDistributions",
        ("cloudfront", "/2020-05-31/tagging") => "ListTagsForResource",
        ("apigateway", "/domainnames") => "GetDomainNames",
        ("apigateway", "/v2/domainnames") => "GetDomainNamesV2",
        ("networkmanager", "/core-networks") => "ListCoreNetworks",
        ("s3", "/") => "ListBuckets",
        ("s3", bucket) => {
            call.params.push(("Resource".to_owned(), decode(bucket.trim_start_matches('/'), false)));
            "GetBucketTagging"
        }
        _ => return None,
    };
    (call.request.method == "GET").then(|| operation.to_owned())
}

/// Returns the IAM action of an operation.
pub(super) fn action(service: &str, operation: &str) -> String {
    let action = match operation {
        "DescribeClassicLoadBalancers" => "DescribeLoadBalancers",
        "GetDomainNames" | "GetDomainNamesV2" => "GET",
        "ListBuckets" => "ListAllMyBuckets",
        other => other,
    };
    format!("{service}:{action}")
}

/// Returns the region in whose scope requests to a service of one region are signed.
pub(super) fn home(service: &str, operation: &str, partition: &str) -> Option<&'static str> {
    match (service, partition) {
        ("cloudfront", "aws-cn") => Some("cn-northwest-1"),
        ("s3", "aws") if operation == "ListBuckets" => Some("us-east-1"),
        ("cloudfront", "aws") => Some("us-east-1"),
        ("globalaccelerator" | "networkmanager", "aws") => Some("us-west-2"),
        _ => None,
    }
}

pub(super) fn answer(job: &Job, service: &str) -> Result<Reply, AwsError> {
    let operation = job.call.operation.as_str();
    match LISTINGS.iter().find(|listing| listing.operation == operation) {
        Some(listing) => list(job, service, listing),
        None if matches!(operation, "DescribeTags" | "ListTagsForResource" | "GetBucketTagging") => tags(job, service),
        None => Err(AwsError::new(400, "UnknownOperationException", "The operation is not known.")),
    }
}

fn list(job: &Job, service: &str, listing: &Listing) -> Result<Reply, AwsError> {
    let call = job.call;
    let [size_name, token_name, next_name] = listing.paging;
    let known = |name: &str| [size_name, token_name, "Action", "Version"].contains(&name);
    if let Some((name, _)) = call.params.iter().find(|(name, _)| !known(name)) {
        return Err(AwsError::new(400, "ValidationError", format!("{name} is not simulated")));
    }
    let invalid = |_| AwsError::new(400, "ValidationError", "the page size is no number");
    let size = call.number(size_name).map_err(invalid)?.and_then(|size| usize::try_from(size).ok()).unwrap_or(20);
    if !(1..=listing.largest).contains(&size) {
        return Err(AwsError::new(400, "ValidationError", format!("{size_name} must be 1 to {}", listing.largest)));
    }
    let count = job.world.accounts.get(&job.caller.account).map_or(0, |account| account.holders);
    let given = call.param(token_name);
    let from = given.map_or(Ok(0), |given| token::read(job, given).map(|token| token.offset))?.min(count);
    let to = from.saturating_add(size).min(count);
    let items: Vec<Value> = (from..to).map(|index| item(job, listing, index)).collect();
    let next = match (job.repeat_token, given) {
        (true, Some(given)) => Some(given.to_owned()),
        (repeats, _) => (repeats || to < count).then(|| token::write(job, to, false)),
    };
    if !Service::Holder(SERVICES.iter().find(|(name, _)| *name == service).map_or("", |(name, _)| name)).is_json() {
        return Ok(Reply::xml(xml_list(job, service, listing, &items, next.as_deref())));
    }
    let mut body = json!({ (listing.list): items });
    if let Some(next) = next {
        body[next_name] = next.into();
    }
    Ok(Reply::new(200, "application/json", body.to_string()))
}

fn xml_list(job: &Job, service: &str, listing: &Listing, items: &[Value], next: Option<&str>) -> String {
    let (root, result) = names_of_answer(job, service);
    let mut xml = Xml::new(&root, namespace(service));
    if !result.is_empty() {
        xml.open(&result);
    }
    if service == "cloudfront" {
        xml.text("Marker", "").plain("MaxItems", 100).plain("IsTruncated", next.is_some());
        xml.plain("Quantity", items.len());
    }
    if items.is_empty() {
        xml.empty(listing.list);
    } else {
        xml.open(listing.list);
        for item in items {
            xml.open(listing.element);
            write_members(&mut xml, item);
            xml.close(listing.element);
        }
        xml.close(listing.list);
    }
    if let Some(next) = next {
        xml.text(listing.paging[2], next);
    }
    close(xml, job, &root, &result)
}

/// Writes the members of an object. A list is one of `member`.
fn write_members(xml: &mut Xml, object: &Value) {
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => {
                xml.open(name);
                write_members(xml, value);
                xml.close(name);
            }
            Value::Array(elements) => {
                xml.open(name);
                for element in elements {
                    xml.text("member", element.as_str().unwrap_or_default());
                }
                xml.close(name);
            }
            Value::String(text) => drop(xml.text(name, text)),
            other => drop(xml.plain(name, other)),
        }
    }
}

/// The root element, and the element within it that the query protocol has.
fn names_of_answer(job: &Job, service: &str) -> (String, String) {
    let operation = job.call.operation.as_str();
    let operation = if operation == "DescribeClassicLoadBalancers" { "DescribeLoadBalancers" } else { operation };
    match (service, operation) {
        ("cloudfront", "ListDistributions") => ("DistributionList".into(), String::new()),
        ("cloudfront", _) => ("Tags".into(), String::new()),
        ("s3", "ListBuckets") => ("ListAllMyBucketsResult".into(), String::new()),
        ("s3", _) => ("Tagging".into(), String::new()),
        _ => (format!("{operation}Response"), format!("{operation}Result")),
    }
}

/// The namespace of a service's XML.
pub(super) fn namespace(service: &str) -> &'static str {
    SERVICES.iter().find(|(name, _)| *name == service).map_or("", |(_, namespace)| namespace)
}

fn close(mut xml: Xml, job: &Job, root: &str, result: &str) -> String {
    if !result.is_empty() {
        xml.close(result);
        xml.open("ResponseMetadata").text("RequestId", job.request_id).close("ResponseMetadata");
    }
    xml.finish(root)
}

/// The tags of the resources that a call names. The first resource of each kind has none.
fn tags(job: &Job, service: &str) -> Result<Reply, AwsError> {
    let named: Vec<&str> = job
        .call
        .params
        .iter()
        .filter(|(name, _)| name.starts_with("Resource") || name.starts_with("LoadBalancerNames"))
        .map(|(_, value)| value.as_str())
        .collect();
    let [first, ..] = named.as_slice() else {
        return Err(AwsError::new(400, "ValidationError", "a resource is required"));
    };
    fn of(resource: &str) -> Option<&str> {
        (!resource.ends_with("-0")).then_some(resource)
    }
    let (root, result) = names_of_answer(job, service);
    let mut xml = Xml::new(&root, namespace(service));
    match (service, of(first)) {
        ("elasticloadbalancing", _) => {
            let is_arn = first.starts_with("arn:");
            xml.open(&result).open("TagDescriptions");
            for resource in named {
                xml.open("member").text(if is_arn { "ResourceArn" } else { "LoadBalancerName" }, resource);
                xml.open("Tags");
                write_tag(&mut xml, "member", of(resource));
                xml.close("Tags").close("member");
            }
            xml.close("TagDescriptions");
        }
        ("elasticbeanstalk", tag) => {
            xml.open(&result).text("ResourceArn", first).open("ResourceTags");
            write_tag(&mut xml, "member", tag);
            xml.close("ResourceTags");
        }
        ("cloudfront", tag) => {
            xml.open("Items");
            write_tag(&mut xml, "Tag", tag);
            xml.close("Items");
        }
        ("s3", None) => return Err(AwsError::new(404, "NoSuchTagSet", "The TagSet does not exist")),
        ("s3", tag) => {
            xml.open("TagSet");
            write_tag(&mut xml, "Tag", tag);
            xml.close("TagSet");
        }
        (_, tag) => {
            let tags: Vec<Value> = tag.into_iter().map(|tag| json!({ "Key": "of", "Value": tag })).collect();
            return Ok(Reply::new(200, "application/json", json!({ "Tags": tags }).to_string()));
        }
    }
    Ok(Reply::xml(close(xml, job, &root, &result)))
}

fn write_tag(xml: &mut Xml, element: &str, value: Option<&str>) {
    if let Some(value) = value {
        xml.open(element).text("Key", "of").text("Value", value).close(element);
    }
}

/// One resource. Its name or ARN ends with its number.
fn item(job: &Job, listing: &Listing, index: usize) -> Value {
    let (account, region) = (job.caller.account.as_str(), job.call.region.as_str());
    let partition = job.world.partition.as_str();
    let arn = |service: &str, region: &str, path: &str| {
        format!("arn:{partition}:{service}:{region}:{account}:{path}-{index}")
    };
    let hash = mix(&[listing.operation, account, region], index as u64);
    match listing.operation {
        "DescribeClassicLoadBalancers" => json!({
            "LoadBalancerName": format!("classic-{index}"), "Scheme": "internet-facing", "Subnets": ["subnet-1"],
            "DNSName": format!("classic-{index}-{hash}.{region}.elb.amazonaws.com"),
        }),
        "DescribeLoadBalancers" => json!({
            "LoadBalancerArn": arn("elasticloadbalancing", region, "loadbalancer/app/web/50dc6c495c0c"),
            "LoadBalancerName": "web", "State": { "Code": "active" }, "Type": "application",
            "DNSName": format!("web-{hash}.{region}.elb.amazonaws.com"),
        }),
        "DescribeEnvironments" => json!({
            "EnvironmentId": format!("e-{hash}"), "EnvironmentName": "shop", "Status": "Ready",
            "EnvironmentArn": arn("elasticbeanstalk", region, "environment/shop/shop"),
            "CNAME": format!("shop-{hash}.{region}.elasticbeanstalk.com"), "Tier": { "Name": "WebServer" },
        }),
        "ListDistributions" => json!({
            "Id": format!("E{account}X{index}"), "ARN": arn("cloudfront", "", "distribution/E"), "Status": "Deployed",
            "DomainName": format!("d{hash}.cloudfront.net"), "Enabled": true, "Comment": "not to be kept",
        }),
        "ListBuckets" => json!({
            "Name": format!("bucket-{account}-{index}"), "CreationDate": "2026-01-02T03:04:05.000Z",
            "BucketRegion": if index.is_multiple_of(2) { "us-east-1" } else { "eu-west-1" },
        }),
        "GetDomainNames" => json!({
            "domainName": format!("api-{index}.example.com"), "domainNameStatus": "AVAILABLE",
            "regionalDomainName": format!("d-{hash}.execute-api.{region}.amazonaws.com"), "tags": { "of": "api" },
        }),
        "GetDomainNamesV2" => json!({
            "domainName": format!("api-{index}.{account}.example.com"), "tags": {},
            "domainNameConfigurations": [{
                "apiGatewayDomainName": format!("d-{hash}.execute-api.{region}.amazonaws.com"),
                "certificateUploadDate": "2026-01-02T03:04:05Z",
            }],
        }),
        "DescribeConnections" => json!({
            "connectionId": format!("dxcon-{hash:x}"), "connectionState": "available", "ownerAccount": account,
            "region": region, "tags": [{ "key": "of", "value": "line" }],
        }),
        "DescribeDirectConnectGateways" => json!({
            "directConnectGatewayId": format!("{hash:x}"), "directConnectGatewayState": "available",
            "ownerAccount": account, "amazonSideAsn": 64512,
        }),
        "DescribeVirtualInterfaces" => json!({
            "virtualInterfaceId": format!("dxvif-{hash:x}"), "virtualInterfaceState": "available", "authKey": "secret",
            "customerRouterConfig": "<router><bgp_auth_key>secret</bgp_auth_key></router>", "ownerAccount": account,
            "bgpPeers": [{ "asn": 65000, "authKey": "secret", "bgpPeerState": "available" }],
        }),
        "ListNamespaces" => json!({
            "Id": format!("ns-{hash:x}"), "Arn": arn("servicediscovery", region, "namespace/ns"), "Name": "corp.local",
            "Type": "DNS_PRIVATE", "ResourceOwner": account,
            "Properties": { "DnsProperties": { "HostedZoneId": "Z1" } },
        }),
        "ListCoreNetworks" => json!({
            "CoreNetworkId": format!("core-network-{hash:x}"), "State": "AVAILABLE", "OwnerAccountId": account,
            "CoreNetworkArn": arn("networkmanager", "", "core-network/core-network"),
            "Tags": [{ "Key": "of", "Value": "wan" }],
        }),
        _ => json!({
            "AcceleratorArn": arn("globalaccelerator", "", &format!("accelerator/{}", listing.operation)),
            "Name": "edge", "Enabled": true, "Status": "DEPLOYED", "DnsName": format!("a{hash:x}.awsglobalaccelerator.com"),
            "IpSets": [{ "IpAddresses": ["192.0.2.1", "192.0.2.2"], "IpAddressFamily": "IPv4" }],
            "CreatedTime": 1_700_000_000.25,
        }),
    }
}
