//! Hosted zones, health checks and their tags. Every third zone is private and has a VPC.

use super::super::dispatch::Job;
use super::super::ec2::Kind;
use super::super::error::AwsError;
use super::super::names::{health_check_id, zone_id, zone_index, zone_name};
use super::super::reply::Reply;
use super::super::state::lock;
use super::super::world::Account;
use super::super::xml::{Xml, texts};
use super::{begin, end, invalid, known_only, max_items, segments};

/// Returns the caller's account.
fn account<'a>(job: &'a Job) -> Result<&'a Account, AwsError> {
    job.world.accounts.get(&job.caller.account).ok_or_else(|| invalid("no such account"))
}

/// Returns the index of an existing zone.
pub(super) fn find(job: &Job, id: &str) -> Result<usize, AwsError> {
    let missing = || AwsError::new(404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"));
    let zones = account(job)?.zones;
    let index = zone_index(&job.caller.account, id).filter(|index| *index < zones).ok_or_else(missing)?;
    if lock(&job.state.deleted_zones).contains(id) { Err(missing()) } else { Ok(index) }
}

fn is_private(index: usize) -> bool {
    index % 3 == 2
}

fn write_zone(job: &Job, xml: &mut Xml, index: usize) -> Result<(), AwsError> {
    let owner = &job.caller.account;
    xml.open("HostedZone").text("Id", &format!("/hostedzone/{}", zone_id(owner, index)));
    xml.text("Name", &zone_name(owner, index)).text("CallerReference", &format!("ref & {index}"));
    xml.open("Config").text("Comment", if index.is_multiple_of(2) { "" } else { "a <zone>" });
    xml.plain("PrivateZone", is_private(index)).close("Config");
    xml.plain("ResourceRecordSetCount", account(job)?.records_of(index)).close("HostedZone");
    Ok(())
}

pub(super) fn list(job: &Job) -> Result<Reply, AwsError> {
    known_only(job, &["marker", "maxitems"])?;
    let (owner, most) = (&job.caller.account, max_items(job, 100)?);
    let marker = job.call.param("marker").filter(|marker| !marker.is_empty());
    let from = marker.map_or(Some(0), |marker| zone_index(owner, marker));
    let from = from.ok_or_else(|| AwsError::new(404, "NoSuchHostedZone", "The marker names no zone"))?;
    let deleted = lock(&job.state.deleted_zones).clone();
    let there = (from..account(job)?.zones).filter(|index| !deleted.contains(&zone_id(owner, *index)));
    let mut there: Vec<usize> = there.take(most + 1).collect();
    let mut next = (there.len() > most).then(|| there.pop()).flatten().map(|index| zone_id(owner, index));
    if job.repeat_token {
        next = Some(marker.map_or_else(|| zone_id(owner, from), str::to_owned));
    }
    let mut xml = begin("ListHostedZones");
    xml.open("HostedZones");
    there.into_iter().try_for_each(|index| write_zone(job, &mut xml, index))?;
    xml.close("HostedZones");
    finish_page(&mut xml, marker, next.as_deref(), most);
    Ok(end(xml, "ListHostedZones"))
}

fn finish_page(xml: &mut Xml, marker: Option<&str>, next: Option<&str>, most: usize) {
    if let Some(marker) = marker {
        xml.text("Marker", marker);
    }
    xml.plain("IsTruncated", next.is_some());
    if let Some(next) = next {
        xml.text("NextMarker", next);
    }
    xml.plain("MaxItems", most);
}

pub(super) fn get(job: &Job) -> Result<Reply, AwsError> {
    let index = find(job, job.call.zone.as_deref().unwrap_or_default())?;
    let mut xml = begin("GetHostedZone");
    write_zone(job, &mut xml, index)?;
    if is_private(index) {
        let region = if index.is_multiple_of(2) { "eu-west-1" } else { "us-east-1" };
        xml.open("VPCs").open("VPC").text("VPCRegion", region);
        xml.text("VPCId", &Kind::Vpcs.id(&job.caller.account, region, 0)).close("VPC").close("VPCs");
    } else {
        xml.open("DelegationSet").open("NameServers");
        for n in 1..=4 {
            xml.text("NameServer", &format!("ns-{n}.awsdns-0{n}.com"));
        }
        xml.close("NameServers").close("DelegationSet");
    }
    Ok(end(xml, "GetHostedZone"))
}

pub(super) fn health_checks(job: &Job) -> Result<Reply, AwsError> {
    known_only(job, &["marker", "maxitems"])?;
    let (owner, most) = (&job.caller.account, max_items(job, 1000)?);
    let count = account(job)?.health_checks;
    let marker = job.call.param("marker").filter(|marker| !marker.is_empty());
    let from = marker.map_or(Some(0), |marker| (0..count).find(|index| health_check_id(owner, *index) == marker));
    let from = from.ok_or_else(|| AwsError::new(404, "NoSuchHealthCheck", "The marker names no health check"))?;
    let to = count.min(from + most);
    let mut next = (to < count).then(|| health_check_id(owner, to));
    if job.repeat_token && count > 0 {
        next = Some(health_check_id(owner, from));
    }
    let mut xml = begin("ListHealthChecks");
    xml.open("HealthChecks");
    for index in from..to {
        xml.open("HealthCheck").text("Id", &health_check_id(owner, index)).text("CallerReference", "sim");
        xml.open("HealthCheckConfig").text("IPAddress", "192.0.2.44").plain("Port", 443).text("Type", "HTTPS");
        xml.text("ResourcePath", "/up?a=1&b=2").text("FullyQualifiedDomainName", "example.com");
        xml.plain("RequestInterval", 30).plain("FailureThreshold", 3).plain("Inverted", false);
        xml.close("HealthCheckConfig").plain("HealthCheckVersion", 1).close("HealthCheck");
    }
    xml.close("HealthChecks");
    finish_page(&mut xml, marker, next.as_deref(), most);
    Ok(end(xml, "ListHealthChecks"))
}

fn write_tags(job: &Job, xml: &mut Xml, kind: &str, id: &str) -> Result<(), AwsError> {
    let owner = &job.caller.account;
    let index = match kind {
        "hostedzone" => find(job, id)?,
        "healthcheck" => (0..account(job)?.health_checks)
            .find(|index| health_check_id(owner, *index) == id)
            .ok_or_else(|| AwsError::new(404, "NoSuchHealthCheck", format!("No health check with id {id}")))?,
        other => return Err(invalid(format!("no tags on {other}"))),
    };
    xml.open("ResourceTagSet").text("ResourceType", kind).text("ResourceId", id);
    if index % 4 == 3 {
        xml.empty("Tags");
    } else {
        xml.open("Tags").open("Tag").text("Key", "Name").text("Value", &format!("{kind} {index} & <co>")).close("Tag");
        xml.close("Tags");
    }
    xml.close("ResourceTagSet");
    Ok(())
}

pub(super) fn tags_of_one(job: &Job) -> Result<Reply, AwsError> {
    let path = segments(&job.call.request).unwrap_or_default();
    let [_, kind, id] = path.as_slice() else {
        return Err(invalid("no resource named"));
    };
    let mut xml = begin("ListTagsForResource");
    write_tags(job, &mut xml, kind, id)?;
    Ok(end(xml, "ListTagsForResource"))
}

pub(super) fn tags_of_many(job: &Job) -> Result<Reply, AwsError> {
    let path = segments(&job.call.request).unwrap_or_default();
    let [_, kind] = path.as_slice() else {
        return Err(invalid("no resource type named"));
    };
    let ids = texts(&String::from_utf8_lossy(&job.call.request.body), "ResourceId");
    if !(1..=10).contains(&ids.len()) {
        return Err(invalid(format!("{} ids where 1 to 10 are allowed", ids.len())));
    }
    let mut xml = begin("ListTagsForResources");
    xml.open("ResourceTagSets");
    ids.iter().try_for_each(|id| write_tags(job, &mut xml, kind, id))?;
    xml.close("ResourceTagSets");
    Ok(end(xml, "ListTagsForResources"))
}
