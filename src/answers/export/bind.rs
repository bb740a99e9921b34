//! The export `bind`: a master file for each zone, `named.conf` with a view for each set of VPCs, and `zones.json`.
//!
//! **Invariant:** each zone of the estate has a file of its own, also if another one has its name, or is listed as not read.

use serde_json::{Value, json};

use super::bind_config::{PUBLIC, bind_config, view_names};
use super::bind_zone::bind_zone;
use super::export_summary::ExportSummary;
use super::exported_zones::{ExportedZone, ExportedZones};
use super::file_names::file_part;
use super::{Accept, ExportFile};
use crate::answers::dns::ZoneIndex;
use crate::answers::facts::Facts;
use crate::error::Error;

/// Writes the zones of facts with the tables of [`super::exported_zone_reads`].
///
/// # Errors
///
/// Returns the error of a file that is not accepted.
pub(crate) fn export_bind(facts: &Facts, accept: Accept<'_>) -> Result<ExportSummary, Error> {
    let index = ZoneIndex::of(facts);
    let zones = ExportedZones::new(facts, &index);
    let names = view_names(&index);
    let mut summary = ExportSummary::of_zones(&zones);
    let files: Vec<String> = zones.zones.iter().map(path).collect();
    let (mut entries, mut left_out) = (Vec::new(), [0_u64; 3]);
    for (zone, path) in zones.zones.iter().zip(&files) {
        let written = bind_zone(zone);
        for set in &written.left_out {
            let reason = ["alias", "routed", "refused"].iter().position(|reason| set["reason"] == *reason);
            left_out[reason.unwrap_or(2)] += 1;
        }
        let views: Vec<&str> = match zone.is_private {
            false => vec![PUBLIC],
            true => zone.views.iter().filter_map(|view| names.get(*view as usize).map(String::as_str)).collect(),
        };
        entries.push(entry(zone, path, &views, written.written, written.left_out));
        summary.saw(zone.rows.iter().copied());
        accept(ExportFile { path: path.clone(), bytes: written.text.into_bytes() })?;
    }
    let config = bind_config(facts, &index, &zones, &files);
    accept(ExportFile { path: "named.conf".to_owned(), bytes: config.into_bytes() })?;
    let unread: Vec<Value> = zones.unread.iter().map(|zone| json!({ "hosted_zone_id": zone.id, "account_id": zone.account_id, "zone_name": zone.name, "reason": zone.why })).collect();
    accept(ExportFile::json("zones.json", &json!({ "zones": entries, "unread": unread })))?;
    summary.count(files.len(), "zone file", "zone files");
    summary
        .left_out(left_out[0], "alias record sets, which are comments, since AWS answers with the target's addresses");
    summary.left_out(left_out[1], "routed record sets, which are comments, since BIND has no such policies");
    summary.left_out(left_out[2], "record sets that BIND refuses, all or in part, which are comments with the reason");
    Ok(summary)
}

/// The path of a zone's file. Ids are unique, so that names need not be.
fn path(zone: &ExportedZone<'_>) -> String {
    format!("zones/{}.{}.zone", file_part(&zone.shown()), file_part(zone.id))
}

/// A zone in `zones.json`.
fn entry(zone: &ExportedZone<'_>, file: &str, views: &[&str], written: u64, left_out: Vec<Value>) -> Value {
    let vpcs: Vec<&str> = zone.vpcs.iter().map(|(vpc, _)| vpc.as_str()).collect();
    json!({
        "file": file,
        "zone_name": zone.shown(),
        "hosted_zone_id": zone.id,
        "account_id": zone.account_id,
        "private_zone": zone.is_private,
        "is_current": zone.is_current,
        "vpcs": vpcs,
        "views": views,
        "record_sets": written,
        "left_out": left_out,
    })
}
