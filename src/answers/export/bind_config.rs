//! The fragment of `named.conf`: one view for each set of VPCs that see the same private zones, and one for everybody else.
//!
//! BIND takes the first view that matches a client. So the views of VPCs come first, and each has the private zones that its VPCs
//! see. VPCs whose ranges overlap cannot be told apart by address: the fragment says which.
//!
//! **Invariant:** what has no file is in no view.

use std::collections::{BTreeMap, BTreeSet};

use super::exported_zones::{ExportedZones, ranges_of};
use crate::answers::dns::{VpcView, ZoneIndex};
use crate::answers::facts::Facts;
use crate::answers::ranges;
use crate::terminal::one_line;

/// The name of the view of public zones.
pub(super) const PUBLIC: &str = "public";

/// The names of the views, by their numbers: the first VPC, and how many others there are.
pub(super) fn view_names(index: &ZoneIndex) -> Vec<String> {
    let name = |view: &VpcView| match view.vpcs.len() {
        0 | 1 => view.vpc.clone(),
        vpcs => format!("{} and {} more", view.vpc, vpcs - 1),
    };
    index.classes.iter().map(name).collect()
}

/// Writes the fragment. `files` has the path of each zone's file, in the order of the zones.
pub(super) fn bind_config(facts: &Facts, index: &ZoneIndex, zones: &ExportedZones<'_>, files: &[String]) -> String {
    let mut text = String::from(
        "// Views for the hosted zones of an estate. Paths are relative to BIND's `directory`.\n\
         // Written by `rolecall export bind`.\n",
    );
    let mut of_views: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let (mut public, mut unseen) = (Vec::new(), Vec::new());
    for (at, zone) in zones.zones.iter().enumerate() {
        match (zone.is_private, zone.views) {
            (false, _) => public.push(at),
            (true, []) => unseen.push(at),
            (true, views) => views.iter().for_each(|view| of_views.entry(*view).or_default().push(at)),
        }
    }
    let names = view_names(index);
    let mut ranges: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (number, zones_of_view) in &of_views {
        let (Some(view), Some(name)) = (index.classes.get(*number as usize), names.get(*number as usize)) else {
            continue;
        };
        let (clients, unknown) = ranges_of(facts, view);
        text.push_str(&format!("\nview \"{}\" {{\n", quoted(name)));
        text.push_str(&remarks(view, &unknown, &ranges, &clients));
        text.push_str(&format!("    match-clients {{ {} }};\n", list(&clients)));
        text.push_str(&zone_blocks(zones, zones_of_view, files));
        text.push_str("};\n");
        for client in clients {
            ranges.entry(client).or_default().push(name);
        }
    }
    text.push_str(&format!("\nview \"{PUBLIC}\" {{\n    match-clients {{ any; }};\n"));
    text.push_str(&zone_blocks(zones, &public, files));
    text.push_str("};\n");
    for at in unseen {
        let (zone, file) = (&zones.zones[at], &files[at]);
        let why = "no VPC of the estate sees it, or its VPCs are not known";
        text.push_str(&format!("// {} ({file}) is in no view: {why}.\n", one_line(&zone.shown())));
    }
    text
}

/// What a view does not show: VPCs whose ranges are not known, rules, and ranges that an earlier view has.
fn remarks(view: &VpcView, unknown: &[String], earlier: &BTreeMap<String, Vec<&str>>, clients: &[String]) -> String {
    let mut text = String::new();
    let vpcs: BTreeSet<&str> = view.vpcs.iter().map(String::as_str).collect();
    let vpcs: Vec<&str> = vpcs.into_iter().collect();
    let mut line = |what: String| text.push_str(&format!("    // {}\n", one_line(&what)));
    line(format!("VPCs: {}", vpcs.join(", ")));
    if !unknown.is_empty() {
        line(format!("The ranges of {} are not known: add them.", unknown.join(", ")));
    }
    for domain in view.rules.iter().collect::<BTreeSet<_>>() {
        line(format!("A rule of Route 53 Resolver forwards {}", String::from_utf8_lossy(domain)));
    }
    for client in clients {
        let overlaps = |other: &&String| {
            let bounds = |text: &str| ranges::range(text).map(ranges::bounds);
            let is_same_family = client.contains(':') == other.contains(':');
            let both = bounds(client).zip(bounds(other)).filter(|_| is_same_family);
            both.is_some_and(|(one, other)| one.0 <= other.1 && other.0 <= one.1)
        };
        for other in earlier.keys().filter(overlaps) {
            let names = earlier.get(other).map(|names| names.join(", ")).unwrap_or_default();
            line(format!("{client} overlaps {other} of the view {names}, which BIND takes first."));
        }
    }
    text
}

fn list(clients: &[String]) -> String {
    if clients.is_empty() { "none;".to_owned() } else { format!("{};", clients.join("; ")) }
}

/// The zones of a view. Of several with one name only the first can be loaded.
fn zone_blocks(zones: &ExportedZones<'_>, of_view: &[usize], files: &[String]) -> String {
    let mut text = String::new();
    let mut names = BTreeSet::new();
    for at in of_view {
        let (zone, file) = (&zones.zones[*at], &files[*at]);
        // Owners of names differ in case alone, too.
        let is_first = names.insert(zone.name.key());
        if is_first {
            // The escapes of a name are those of a master file, between quotes as well.
            let name = zone.shown();
            text.push_str(&format!("    zone \"{name}\" {{ type primary; file \"{file}\"; check-names ignore; }};\n"));
        } else {
            text.push_str(&format!("    // Another zone of this name: {file}\n"));
        }
    }
    text
}

/// A text between quotes of `named.conf`.
fn quoted(text: &str) -> String {
    one_line(text).replace(['"', '\\'], "_")
}
