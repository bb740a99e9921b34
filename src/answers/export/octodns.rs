//! The export `octodns`: YAML zones, `config.yaml`, and a configuration for each account and kind of zone with Route 53 as target.
//!
//! ```text
//! zones/<group>/<name>.yaml     records that every provider of octoDNS knows
//! aliases/<group>/<name>.yaml   aliases, for octodns-route53 alone
//! config.yaml, config-2.yaml    every zone; octoDNS has one zone of a name in a configuration
//! route53/<group>.yaml          the zones of a group, planned against Route 53
//! ```
//!
//! A group is the public or the private zones of an account. A zone whose name repeats in it is a group of its own.
//!
//! **Invariant:** a zone of which octoDNS cannot have everything is in no configuration with Route 53 as target: its plan would delete
//! what the files do not have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::export_summary::ExportSummary;
use super::exported_zones::{ExportedZone, ExportedZones};
use super::file_names::file_part;
use super::octodns_zone::{OctodnsZone, octodns_zone, zone_name};
use super::yaml_text::block;
use super::{Accept, ExportFile};
use crate::answers::dns::ZoneIndex;
use crate::answers::facts::Facts;
use crate::error::Error;

const YAML: &str = "octodns.provider.yaml.YamlProvider";

/// The zones of one directory.
#[derive(Debug, Default)]
struct ZoneGroup {
    /// The names of zones that are planned against Route 53, and whether they have aliases.
    planned: Vec<(String, bool)>,
    has_aliases: bool,
    is_private: bool,
    /// The VPC that tells private zones of one name apart.
    vpc: Option<(String, String)>,
}

/// Writes the zones of facts with the tables of [`super::exported_zone_reads`].
///
/// # Errors
///
/// Returns the error of a file that is not accepted.
pub(crate) fn export_octodns(facts: &Facts, accept: Accept<'_>) -> Result<ExportSummary, Error> {
    let index = ZoneIndex::of(facts);
    let zones = ExportedZones::new(facts, &index);
    let mut summary = ExportSummary::of_zones(&zones);
    let repeated = repeated(&zones);
    let mut groups: BTreeMap<String, ZoneGroup> = BTreeMap::new();
    let mut configs: Vec<BTreeMap<String, String>> = Vec::new();
    let (mut written_zones, mut ignored) = (0, 0);
    for zone in &zones.zones {
        let name = match zone_name(&zone.name) {
            Ok(name) => name,
            Err(why) => {
                summary.left_out.push(format!("the zone {} ({}): {why}", zone.shown(), zone.id));
                continue;
            }
        };
        let is_repeated = repeated.contains(&(zone.account_id, zone.is_private, zone.name.key()));
        let group_name = group_name(zone, is_repeated);
        let written = octodns_zone(zone);
        written_zones += 1;
        ignored += written.ignored;
        summary.saw(zone.rows.iter().copied());
        for (set, why) in &written.left_out {
            summary.left_out.push(format!("{set} of {}: {why}", zone.id));
        }
        let group = groups.entry(group_name.clone()).or_default();
        group.is_private = zone.is_private;
        group.has_aliases |= written.aliases.is_some();
        if let Some(why) = unplanned(zone, is_repeated, &written) {
            summary.left_out.push(format!("the zone {name} ({}) in the plans against Route 53: {why}", zone.id));
        } else {
            group.planned.push((name.clone(), written.aliases.is_some()));
            group.vpc = zone.vpcs.first().cloned().filter(|_| is_repeated);
        }
        // octoDNS has one zone of a name in a configuration.
        match configs.iter_mut().find(|zones| !zones.contains_key(&name)) {
            Some(config) => drop(config.insert(name.clone(), group_name.clone())),
            None => configs.push([(name.clone(), group_name.clone())].into()),
        }
        write_zone(&group_name, &name, written, accept)?;
    }
    write_configs(&configs, &groups, accept)?;
    summary.count(written_zones, "zone", "zones");
    if ignored > 0 {
        let what = "records that are marked `ignored`, so that octoDNS leaves them as they are: it does not have their policies";
        summary.remark(ignored, what);
    }
    Ok(summary)
}

/// The names that repeat among the public or the private zones of an account.
fn repeated<'z>(zones: &'z ExportedZones<'_>) -> BTreeSet<(&'z str, bool, Vec<Vec<u8>>)> {
    let mut seen = BTreeSet::new();
    let keys = zones.zones.iter().map(|zone| (zone.account_id, zone.is_private, zone.name.key()));
    keys.filter(|key| !seen.insert(key.clone())).collect()
}

fn group_name(zone: &ExportedZone<'_>, is_repeated: bool) -> String {
    let kind = if zone.is_private { "private" } else { "public" };
    let group = format!("{}-{kind}", file_part(zone.account_id));
    if is_repeated { format!("{group}-{}", file_part(zone.id)) } else { group }
}

/// Why a zone is in no plan against Route 53.
fn unplanned(zone: &ExportedZone<'_>, is_repeated: bool, written: &OctodnsZone) -> Option<&'static str> {
    if !written.left_out.is_empty() {
        return Some("octoDNS cannot have all of its records, and would delete the others");
    }
    if !zone.is_current {
        return Some("its records were not read in full lately, and octoDNS would delete what is new");
    }
    let is_told_apart = !is_repeated || zone.is_private && !zone.vpcs.is_empty();
    (!is_told_apart).then_some("the account has another zone of this name, and octoDNS cannot tell them apart")
}

fn write_zone(group: &str, name: &str, written: OctodnsZone, accept: Accept<'_>) -> Result<(), Error> {
    let path = |folder: &str| format!("{folder}/{group}/{name}yaml");
    accept(ExportFile { path: path("zones"), bytes: written.records.into_bytes() })?;
    match written.aliases {
        Some(aliases) => accept(ExportFile { path: path("aliases"), bytes: aliases.into_bytes() }),
        None => Ok(()),
    }
}

fn write_configs(
    configs: &[BTreeMap<String, String>],
    groups: &BTreeMap<String, ZoneGroup>,
    accept: Accept<'_>,
) -> Result<(), Error> {
    let empty = BTreeMap::new();
    let first = if configs.is_empty() { std::slice::from_ref(&empty) } else { configs };
    for (number, zones) in (1..).zip(first) {
        let name = if number == 1 { "config.yaml".to_owned() } else { format!("config-{number}.yaml") };
        accept(ExportFile { path: name.clone(), bytes: files_config(&name, zones).into_bytes() })?;
    }
    for (name, group) in groups.iter().filter(|(_, group)| !group.planned.is_empty()) {
        let path = format!("route53/{name}.yaml");
        let bytes = route53_config(&path, name, group).into_bytes();
        accept(ExportFile { path, bytes })?;
    }
    Ok(())
}

/// A provider of YAML files.
fn yaml_provider(folder: &str, ignores_missing: bool) -> Value {
    let mut provider = json!({ "class": YAML, "directory": format!("./{folder}"), "escaped_semicolons": true });
    if ignores_missing {
        provider["ignore_missing_zones"] = json!(true);
    }
    provider
}

/// A configuration of files alone: its source and its target are the same.
fn files_config(name: &str, zones: &BTreeMap<String, String>) -> String {
    let groups: BTreeSet<&String> = zones.values().collect();
    let providers: Map<String, Value> = groups
        .iter()
        .flat_map(|group| {
            let provider = yaml_provider(&format!("zones/{group}"), false);
            [(format!("from-{group}"), provider.clone()), (format!("to-{group}"), provider)]
        })
        .collect();
    let zone = |group: &String| json!({ "lenient": true, "sources": [format!("from-{group}")], "targets": [format!("to-{group}")] });
    let zones: Map<String, Value> = zones.iter().map(|(name, group)| (name.clone(), zone(group))).collect();
    let head = format!(
        "# Every zone, with the files themselves as the target: put your provider in its place.\n\
         # In this folder: octodns-sync --config-file={name}\n"
    );
    config(&head, providers, zones)
}

/// A configuration whose target is Route 53, with the credentials of the environment.
fn route53_config(path: &str, name: &str, group: &ZoneGroup) -> String {
    let mut route53 = json!({
        "class": "octodns_route53.Route53Provider",
        "private": group.is_private,
        "get_zones_by_name": true,
        "strict_supports": false,
    });
    if let Some((vpc, region)) = &group.vpc {
        route53["vpc_id"] = json!(vpc);
        route53["vpc_region"] = json!(region);
        // A zone that several networks see is one.
        route53["vpc_multi_action"] = json!("ignore");
    }
    let mut providers = Map::new();
    providers.insert("zones".to_owned(), yaml_provider(&format!("zones/{name}"), false));
    if group.has_aliases {
        providers.insert("aliases".to_owned(), yaml_provider(&format!("aliases/{name}"), true));
    }
    providers.insert("route53".to_owned(), route53);
    let zone = |has_aliases: bool| {
        let sources = if has_aliases { json!(["zones", "aliases"]) } else { json!(["zones"]) };
        json!({ "lenient": true, "sources": sources, "targets": ["route53"] })
    };
    let zones = group.planned.iter().map(|(name, has_aliases)| (name.clone(), zone(*has_aliases))).collect();
    let head = format!(
        "# Needs octodns-route53, and credentials of the account in the environment.\n\
         # In the folder above: octodns-sync --config-file={path}\n"
    );
    config(&head, providers, zones)
}

fn config(head: &str, providers: Map<String, Value>, zones: Map<String, Value>) -> String {
    let mut text = format!("{head}---\n");
    block(&json!({ "providers": providers, "zones": zones }), 0, &mut text);
    text
}
