//! EC2's query protocol: ten `Describe…` operations with paging, `DescribeRegions`, and the attributes of VPCs. All other
//! reads return nothing.
//!
//! Deviation from AWS: filters, id lists and `DryRun` are refused.

mod items;
mod shapes;

use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::names::resource_id;
use super::reply::Reply;
use super::token::{self, Token};
use super::world::Account;
use super::xml::Xml;
use items::Items;

/// A type of EC2 resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Vpcs,
    Subnets,
    RouteTables,
    SecurityGroups,
    NetworkInterfaces,
    InternetGateways,
    NatGateways,
    Instances,
    Volumes,
    Addresses,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Vpcs,
        Self::Subnets,
        Self::RouteTables,
        Self::SecurityGroups,
        Self::NetworkInterfaces,
        Self::InternetGateways,
        Self::NatGateways,
        Self::Instances,
        Self::Volumes,
        Self::Addresses,
    ];

    /// Returns the operation, the list's element and the id's prefix.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Vpcs => ("DescribeVpcs", "vpcSet", "vpc"),
            Self::Subnets => ("DescribeSubnets", "subnetSet", "subnet"),
            Self::RouteTables => ("DescribeRouteTables", "routeTableSet", "rtb"),
            Self::SecurityGroups => ("DescribeSecurityGroups", "securityGroupInfo", "sg"),
            Self::NetworkInterfaces => ("DescribeNetworkInterfaces", "networkInterfaceSet", "eni"),
            Self::InternetGateways => ("DescribeInternetGateways", "internetGatewaySet", "igw"),
            Self::NatGateways => ("DescribeNatGateways", "natGatewaySet", "nat"),
            Self::Instances => ("DescribeInstances", "reservationSet", "i"),
            Self::Volumes => ("DescribeVolumes", "volumeSet", "vol"),
            Self::Addresses => ("DescribeAddresses", "addressesSet", "eipalloc"),
        }
    }

    /// Returns the type that an operation lists.
    pub(crate) fn of(operation: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.operation() == operation)
    }

    /// Returns the operation that lists this type.
    pub(crate) fn operation(self) -> &'static str {
        self.words().0
    }

    /// Returns the id of the item of this index.
    pub(crate) fn id(self, account: &str, region: &str, index: usize) -> String {
        resource_id(self.words().2, account, region, index)
    }

    /// Returns the largest page size, or `None` if the operation has no pages.
    pub(crate) fn max_page_size(self) -> Option<usize> {
        match self {
            Self::Addresses => None,
            Self::RouteTables => Some(100),
            _ => Some(1000),
        }
    }
}

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let operation = job.call.operation.as_str();
    if job.call.param("Version") != Some("2016-11-15") {
        return Err(AwsError::new(400, "InvalidAction", "Version must be 2016-11-15"));
    }
    match Kind::of(operation) {
        Some(kind) => describe(job, kind),
        None if operation == "DescribeRegions" => regions(job),
        None if operation == "DescribeVpcAttribute" => vpc_attribute(job),
        None if ["Describe", "Get", "Search"].iter().any(|verb| operation.starts_with(verb)) => {
            let root = format!("{operation}Response");
            let mut xml = Xml::new(&root, Service::Ec2.namespace());
            xml.text("requestId", job.request_id);
            Ok(Reply::xml(xml.finish(&root)))
        }
        None => {
            let message = format!("The action {operation} is not valid for this web service.");
            Err(AwsError::new(400, "InvalidAction", message))
        }
    }
}

/// The range of items on one page, and the next token.
struct Page {
    from: usize,
    to: usize,
    next: Option<String>,
}

fn describe(job: &Job, kind: Kind) -> Result<Reply, AwsError> {
    let managed = matches!(kind, Kind::Instances | Kind::NetworkInterfaces | Kind::Volumes);
    known_only(job, |name| match name {
        "MaxResults" | "NextToken" => kind.max_page_size().is_some(),
        "IncludeManagedResources" => managed,
        _ => false,
    })?;
    let account = job.world.accounts.get(&job.caller.account);
    let count = account.map_or(0, |account| account.count(&job.call.region, kind));
    let page = page(job, kind, count)?;
    let root = format!("{}Response", kind.operation());
    let mut xml = Xml::new(&root, Service::Ec2.namespace());
    xml.text("requestId", job.request_id);
    let list = kind.words().1;
    if page.from < page.to {
        let items = Items::new(job, kind);
        xml.open(list);
        if job.world.backwards {
            (page.from..page.to).for_each(|index| items.write_alone(&mut xml, count - 1 - index));
        } else {
            (page.from..page.to).for_each(|index| items.write(&mut xml, index, page.from, page.to));
        }
        xml.close(list);
    } else {
        xml.empty(list);
    }
    if let Some(next) = page.next {
        xml.text("nextToken", &next);
    }
    Ok(Reply::xml(xml.finish(&root)))
}

fn page(job: &Job, kind: Kind, count: usize) -> Result<Page, AwsError> {
    let given = job.call.param("NextToken").filter(|token| !token.is_empty());
    let requested = job.call.number("MaxResults").map_err(|_| invalid("MaxResults is not a number"))?;
    let (Some(most), Some(size)) = (kind.max_page_size(), requested) else {
        if given.is_some() {
            // AWS requires the page size with each page.
            return Err(AwsError::new(400, "InvalidParameterCombination", "NextToken needs MaxResults"));
        }
        return Ok(Page { from: 0, to: count, next: None });
    };
    let size = usize::try_from(size).unwrap_or(0);
    if !(5..=most).contains(&size) {
        let bound = if size < 5 { "greater than 5".to_owned() } else { format!("less than {most}") };
        return Err(invalid(&format!(
            "Value ( {size} ) for parameter maxResults is invalid. Expecting a value {bound}."
        )));
    }
    let start = given.map_or(Ok(Token { offset: 0, empty: false }), |given| token::read(job, given))?;
    let from = start.offset.min(count);
    if start.empty {
        return Ok(Page { from, to: from, next: Some(token::write(job, from, false)) });
    }
    let to = from.saturating_add(size).min(count);
    let next = match given {
        Some(given) if job.repeat_token => Some(given.to_owned()),
        None if job.repeat_token => Some(token::write(job, to, false)),
        _ if to < count => Some(token::write(job, to, job.world.empty_pages && from == 0)),
        _ => None,
    };
    Ok(Page { from, to, next })
}

fn regions(job: &Job) -> Result<Reply, AwsError> {
    known_only(job, |name| name == "AllRegions" || name.starts_with("RegionName."))?;
    let all = job.call.param("AllRegions") == Some("true");
    let names = job.call.params.iter().filter(|(name, _)| name.starts_with("RegionName."));
    let names: Vec<&str> = names.map(|(_, value)| value.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !job.world.regions.contains_key(**name)) {
        return Err(invalid(&format!("Invalid value '{unknown}' for parameter region.")));
    }
    let mut xml = Xml::new("DescribeRegionsResponse", Service::Ec2.namespace());
    xml.text("requestId", job.request_id).open("regionInfo");
    for (region, opt_in) in &job.world.regions {
        let enabled = job.world.enabled(&job.caller.account, region);
        if !(enabled || all) || !(names.is_empty() || names.contains(&region.as_str())) {
            continue;
        }
        let status = match (opt_in, enabled) {
            (false, _) => "opt-in-not-required",
            (true, true) => "opted-in",
            (true, false) => "not-opted-in",
        };
        xml.open("item").text("optInStatus", status).text("regionName", region);
        xml.text("regionEndpoint", &format!("ec2.{region}.amazonaws.com")).close("item");
    }
    xml.close("regionInfo");
    Ok(Reply::xml(xml.finish("DescribeRegionsResponse")))
}

/// Returns one attribute of a VPC. The first VPC has DNS hostnames, as a default VPC has. One of another account is denied.
fn vpc_attribute(job: &Job) -> Result<Reply, AwsError> {
    known_only(job, |name| matches!(name, "VpcId" | "Attribute"))?;
    let (account, region) = (&job.caller.account, &job.call.region);
    let count = job.world.accounts.get(account).map_or(0, |account| account.count(region, Kind::Vpcs));
    let id = job.call.param("VpcId").unwrap_or_default();
    let has = |account: &String, count: usize| (0..count).find(|index| Kind::Vpcs.id(account, region, *index) == id);
    let is_other = |(other, held): (&String, &Account)| has(other, held.count(region, Kind::Vpcs)).is_some();
    let Some(index) = has(account, count) else {
        if job.world.accounts.iter().any(is_other) {
            return Err(AwsError::new(
                403,
                "UnauthorizedOperation",
                "You are not authorized to perform this operation.",
            ));
        }
        return Err(AwsError::new(400, "InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist")));
    };
    let (attribute, value) = match job.call.param("Attribute") {
        Some("enableDnsSupport") => ("enableDnsSupport", true),
        Some("enableDnsHostnames") => ("enableDnsHostnames", index == 0),
        _ => return Err(invalid("Attribute must be enableDnsSupport or enableDnsHostnames")),
    };
    let mut xml = Xml::new("DescribeVpcAttributeResponse", Service::Ec2.namespace());
    xml.text("requestId", job.request_id).text("vpcId", id);
    xml.open(attribute).plain("value", value).close(attribute);
    Ok(Reply::xml(xml.finish("DescribeVpcAttributeResponse")))
}

fn known_only(job: &Job, known: impl Fn(&str) -> bool) -> Result<(), AwsError> {
    let is_unknown = |name: &str| !matches!(name, "Action" | "Version") && !known(name);
    match job.call.params.iter().find(|(name, _)| is_unknown(name)) {
        Some((name, _)) => {
            Err(AwsError::new(400, "UnknownParameter", format!("The parameter {name} is not recognized")))
        }
        None => Ok(()),
    }
}

fn invalid(message: &str) -> AwsError {
    AwsError::new(400, "InvalidParameterValue", message)
}
