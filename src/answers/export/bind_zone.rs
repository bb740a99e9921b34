//! A zone as a master file, and what of it the file cannot have.
//!
//! BIND loads no zone with one record that it refuses. So what it would refuse is a comment, with the reason.
//!
//! **Invariant:** every record set is in the file, or in the list of what it does not have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::bind_rdata::rdata;
use super::exported_zones::ExportedZone;
use super::master_text::ExportName;
use super::record_sets::{RecordSet, SetForm, columns_of};
use crate::terminal::one_line;

/// The greatest time to live (RFC 2181, section 8).
const MAX_TTL: i64 = i32::MAX as i64;
/// The stand-ins for what the estate does not show. `invalid.` is nobody's (RFC 2606).
const NO_START: &str = "ns.invalid. hostmaster.invalid. 1 7200 900 1209600 86400";
const NO_SERVER: &str = "ns.invalid.";

/// A zone as a file.
#[derive(Debug)]
pub(super) struct BindZone {
    pub text: String,
    /// The record sets that are comments, as JSON.
    pub left_out: Vec<Value>,
    /// The number of record sets in the file.
    pub written: u64,
}

/// A record set with its data.
struct SetLines<'s, 'f> {
    set: &'s RecordSet<'f>,
    data: Vec<String>,
    /// Why values, or all of the set, are a comment.
    refused: Vec<String>,
}

type OwnerKey = Vec<Vec<u8>>;

/// Writes a zone.
pub(super) fn bind_zone(zone: &ExportedZone<'_>) -> BindZone {
    let sets = zone.record_sets();
    let mut lines: Vec<SetLines<'_, '_>> = sets.iter().map(|set| data_of(zone, set)).collect();
    refuse_aliased_names(zone, &mut lines);
    refuse_servers(zone, &mut lines);
    let mut text = header(zone, &lines);
    let (mut left_out, mut written) = (Vec::new(), 0);
    for line in &lines {
        let owner = line.set.name.relative_to(&zone.name).unwrap_or_else(|| line.set.name.absolute());
        for data in &line.data {
            text.push_str(&format!("{owner} {} IN {} {data}\n", ttl(line.set), line.set.kind));
        }
        written += u64::from(!line.data.is_empty());
        if line.data.is_empty() || !line.refused.is_empty() {
            text.push_str(&remark(&owner, line));
            left_out.push(sidecar(zone, line));
        }
    }
    BindZone { text, left_out, written }
}

fn ttl(set: &RecordSet<'_>) -> i64 {
    set.ttl.unwrap_or(300).clamp(0, MAX_TTL)
}

/// The data of a record set, without regard to the others.
fn data_of<'s, 'f>(zone: &ExportedZone<'_>, set: &'s RecordSet<'f>) -> SetLines<'s, 'f> {
    let mut lines = SetLines { set, data: Vec::new(), refused: Vec::new() };
    if set.form != SetForm::Plain {
        return lines;
    }
    let is_apex = set.name.below(&zone.name).is_some_and(<[_]>::is_empty);
    let why = match set.kind {
        _ if set.name.below(&zone.name).is_none() => Some("it is not in the zone"),
        "SOA" if !is_apex => Some("only the zone itself has an SOA record"),
        "DS" if is_apex => Some("the zone above has the DS records"),
        "NS" if set.name.is_wildcard() => Some("a wildcard has no name servers"),
        "CNAME" if is_apex => Some("the zone itself has no CNAME record"),
        "CNAME" | "SOA" if set.values.len() > 1 => Some("a name has one such record"),
        _ => None,
    };
    if let Some(why) = why {
        lines.refused.push(why.to_owned());
        return lines;
    }
    let mut known = BTreeSet::new();
    for value in &set.values {
        match rdata(set.kind, value) {
            Ok(data) => {
                if known.insert(data.clone()) {
                    lines.data.push(data);
                }
            }
            Err(why) => lines.refused.push(format!("`{value}`: {why}")),
        }
    }
    lines
}

/// A name with a CNAME record has no other (RFC 2181, section 10.1). The others stay.
fn refuse_aliased_names(zone: &ExportedZone<'_>, lines: &mut [SetLines<'_, '_>]) {
    let mut kinds: BTreeMap<OwnerKey, BTreeSet<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.data.is_empty()) {
        kinds.entry(line.set.name.key()).or_default().insert(line.set.kind);
    }
    kinds.entry(zone.name.key()).or_default().insert("SOA");
    for line in lines.iter_mut().filter(|line| line.set.kind == "CNAME" && !line.data.is_empty()) {
        if kinds.get(&line.set.name.key()).is_some_and(|kinds| kinds.len() > 1) {
            line.data.clear();
            line.refused.push("its name has other records too".to_owned());
        }
    }
}

/// BIND loads no zone whose own name servers are names in it without addresses.
fn refuse_servers(zone: &ExportedZone<'_>, lines: &mut [SetLines<'_, '_>]) {
    let apex = zone.name.key();
    let has = |kinds: &[&str]| -> BTreeSet<OwnerKey> {
        let of = lines.iter().filter(|line| kinds.contains(&line.set.kind) && !line.data.is_empty());
        of.map(|line| line.set.name.key()).collect()
    };
    let (addressed, mut cuts) = (has(&["A", "AAAA"]), has(&["NS"]));
    cuts.remove(&apex);
    let is_served = |server: &str| {
        let Some(name) = ExportName::read(server) else { return false };
        let key = name.key();
        // Names below a delegation are those of another zone.
        let is_cut = (apex.len()..=key.len()).any(|labels| key.get(..labels).is_some_and(|part| cuts.contains(part)));
        name.below(&zone.name).is_none() || addressed.contains(&key) && !is_cut
    };
    for line in lines.iter_mut().filter(|line| line.set.kind == "NS" && line.set.name.key() == apex) {
        // What the data escapes for a master file, Route 53 does not: such names are rare, and count as without address.
        let (served, others) = std::mem::take(&mut line.data).into_iter().partition(|server| is_served(server));
        line.data = served;
        let others: Vec<String> = others;
        line.refused.extend(others.iter().map(|server| format!("`{server}`: the zone has no address of it")));
    }
}

/// The first lines: what the file is, its origin, and stand-ins for what a zone needs.
fn header(zone: &ExportedZone<'_>, lines: &[SetLines<'_, '_>]) -> String {
    let has = |kind: &str| {
        lines
            .iter()
            .any(|line| line.set.kind == kind && !line.data.is_empty() && line.set.name.key() == zone.name.key())
    };
    let kind = if zone.is_private { "private" } else { "public" };
    let mut text = format!("; {} hosted zone {} of account {}\n", kind, one_line(zone.id), one_line(zone.account_id));
    if !zone.is_current {
        text.push_str("; Its records could not be read in full lately: these are those of the last full answer.\n");
    }
    text.push_str(&format!("$ORIGIN {}\n$TTL 300\n", zone.shown()));
    if !has("SOA") {
        text.push_str(&format!("; A stand-in: the estate has no SOA record of the zone.\n@ 900 IN SOA {NO_START}\n"));
    }
    if !has("NS") {
        text.push_str("; A stand-in: BIND needs a name server that it knows, or that is not in the zone.\n");
        let is_outside =
            |server: &&String| ExportName::read(server).is_some_and(|name| name.below(&zone.name).is_none());
        let servers: Vec<String> =
            zone.name_servers.iter().filter(is_outside).filter_map(|name| rdata("NS", name).ok()).collect();
        let servers = if servers.is_empty() { vec![NO_SERVER.to_owned()] } else { servers };
        servers.iter().for_each(|server| text.push_str(&format!("@ 172800 IN NS {server}\n")));
    }
    text
}

/// A record set as a comment.
fn remark(owner: &str, line: &SetLines<'_, '_>) -> String {
    let set = line.set;
    let alias = set.alias_target().map(|target| {
        let text = |name: &str| target[name].as_str().unwrap_or_default().to_owned();
        format!("alias of {} in zone {}", text("DNSName"), text("HostedZoneId"))
    });
    let values = set.values.join(", ");
    let what = alias.unwrap_or(values);
    let remark = match set.form {
        SetForm::Routed(policy) => {
            let name = set.row.text("set_identifier").unwrap_or_default();
            format!("{policy} `{name}`: {owner} {} {what}", set.kind)
        }
        SetForm::Alias => format!("{owner} {} {what}", set.kind),
        SetForm::Plain => format!("refused: {owner} {} {}", set.kind, line.refused.join("; ")),
    };
    format!("; {}\n", one_line(&remark))
}

/// A record set for the sidecar: every column, and why it is not in the file.
fn sidecar(zone: &ExportedZone<'_>, line: &SetLines<'_, '_>) -> Value {
    let mut columns = Map::new();
    let (reason, policy) = match line.set.form {
        SetForm::Plain => ("refused", None),
        SetForm::Alias => ("alias", None),
        SetForm::Routed(policy) => ("routed", Some(policy)),
    };
    columns.insert("reason".to_owned(), json!(reason));
    columns.insert("policy".to_owned(), json!(policy));
    columns.insert("refused".to_owned(), json!(line.refused));
    columns.insert("owner".to_owned(), json!(line.set.name.relative_to(&zone.name)));
    columns.extend(columns_of(line.set.row));
    Value::Object(columns)
}
