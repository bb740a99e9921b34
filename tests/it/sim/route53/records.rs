//! `ListResourceRecordSets`: paging by name, type and identifier in Route 53's order (labels reversed), octal escapes.
//!
//! Record sets are derived from their index: 0 is NS, 1 is SOA, the others follow in order. The indexes 4 and 5 of each
//! ten are one weighted pair.

use super::super::dispatch::Job;
use super::super::error::AwsError;
use super::super::names::{record_name, zone_name};
use super::super::reply::Reply;
use super::super::xml::Xml;
use super::zones::find;
use super::{begin, end, invalid, known_only, max_items};

fn kind(index: usize) -> &'static str {
    match index {
        0 => "NS",
        1 => "SOA",
        i => match i % 10 {
            2 => "TXT",
            6 => "CNAME",
            8 => "AAAA",
            _ => "A",
        },
    }
}

fn identifier(index: usize) -> Option<&'static str> {
    match (index, index % 10) {
        (0 | 1, _) => None,
        (_, 4) => Some("blue & green/1"),
        (_, 5) => Some("blue & green/2"),
        (_, 9) => Some("frankfurt"),
        _ => None,
    }
}

/// Returns the labels from the last to the first, with escapes decoded.
fn labels(name: &str) -> Vec<Vec<u8>> {
    let mut labels = vec![Vec::new()];
    let bytes = name.trim_end_matches('.').as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let octal = bytes.get(at + 1..at + 4).filter(|o| byte == b'\\' && o.iter().all(|d| (b'0'..=b'7').contains(d)));
        match (octal, labels.last_mut()) {
            (Some(o), Some(label)) => {
                let value = o.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                label.push(value as u8);
                at += 3;
            }
            (None, _) if byte == b'.' => labels.push(Vec::new()),
            (None, Some(label)) => label.push(byte.to_ascii_lowercase()),
            (_, None) => {}
        }
        at += 1;
    }
    labels.reverse();
    labels
}

pub(super) fn list(job: &Job) -> Result<Reply, AwsError> {
    known_only(job, &["name", "type", "identifier", "maxitems"])?;
    let zone_index = find(job, job.call.zone.as_deref().unwrap_or_default())?;
    let zone = zone_name(&job.caller.account, zone_index);
    let count = job.world.accounts.get(&job.caller.account).map_or(0, |account| account.records_of(zone_index));
    let most = max_items(job, 300)?;
    let from = start(job, &zone, count)?;
    let to = count.min(from + most);
    let next = if job.repeat_token { Some(from.min(count - 1)) } else { (to < count).then_some(to) };
    let mut xml = begin("ListResourceRecordSets");
    xml.open("ResourceRecordSets");
    (from..to).for_each(|index| record(&mut xml, &zone, index));
    xml.close("ResourceRecordSets").plain("IsTruncated", next.is_some());
    if let Some(next) = next {
        xml.text("NextRecordName", &record_name(&zone, next)).text("NextRecordType", kind(next));
        if let Some(identifier) = identifier(next) {
            xml.text("NextRecordIdentifier", identifier);
        }
    }
    xml.plain("MaxItems", most);
    Ok(end(xml, "ListResourceRecordSets"))
}

/// Returns the index of the first record set that is not before the requested start.
fn start(job: &Job, zone: &str, count: usize) -> Result<usize, AwsError> {
    let requested = |name| job.call.param(name).filter(|value: &&str| !value.is_empty());
    let (name, of_type, of_identifier) = (requested("name"), requested("type"), requested("identifier"));
    let Some(name) = name else {
        let alone = of_type.is_some() || of_identifier.is_some();
        return if alone { Err(invalid("a type or identifier needs a name")) } else { Ok(0) };
    };
    if of_identifier.is_some() && of_type.is_none() {
        return Err(invalid("an identifier needs a type"));
    }
    let first = (labels(name), of_type.unwrap_or_default(), of_identifier.unwrap_or_default());
    let before = |index: usize| {
        let key = (labels(&record_name(zone, index)), kind(index), identifier(index).unwrap_or_default());
        key < first
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn record(xml: &mut Xml, zone: &str, index: usize) {
    xml.open("ResourceRecordSet").text("Name", &record_name(zone, index)).text("Type", kind(index));
    if let Some(identifier) = identifier(index) {
        xml.text("SetIdentifier", identifier);
        match index % 10 {
            9 => xml.text("Region", "eu-central-1"),
            _ => xml.plain("Weight", 10 * (index % 2)),
        };
    }
    if index > 1 && index % 10 == 8 {
        xml.open("AliasTarget").text("HostedZoneId", "Z2FDTNDATAQYW2");
        xml.text("DNSName", "d111111abcdef8.cloudfront.net.").plain("EvaluateTargetHealth", false);
        xml.close("AliasTarget").close("ResourceRecordSet");
        return;
    }
    xml.plain("TTL", 300).open("ResourceRecords");
    let values: &[&str] = match kind(index) {
        "NS" => &["ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."],
        "SOA" => &["ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"],
        "TXT" => &["\"v=spf1 include:example.com ~all\"", "\"a \\\"quoted\\\" <b> & \\303\\244\""],
        "CNAME" => &["target.example.net"],
        _ => &["192.0.2.1", "192.0.2.2"],
    };
    for value in values {
        xml.open("ResourceRecord").text("Value", value).close("ResourceRecord");
    }
    xml.close("ResourceRecords").close("ResourceRecordSet");
}
