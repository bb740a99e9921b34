//! `rolecall export netbox`: CSV files, the difference to a NetBox, and the steps that make it like the estate.
//!
//! **Invariant:** what is done is shown before. Without `--apply` nothing is done.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::answer::{Opened, open};
use super::export_folder::ExportFolder;
use super::netbox_api::{NetboxApi, netbox_url};
use crate::answers::export::netbox::{
    NETBOX_KINDS, NETBOX_READS, NetboxDifference, NetboxObject, NetboxStep, NetboxValue, netbox_csv, netbox_objects,
};
use crate::answers::export::{ExportFile, ExportSummary};
use crate::answers::facts::{Coverage, Facts};
use crate::cli::args::ExportArgs;
use crate::domain::grouped;
use crate::error::Error;
use crate::terminal;

/// The steps that a terminal shows. The file `difference.json` has all.
const SHOWN: usize = 50;

/// What is left to do once the folder is there.
pub(super) struct NetboxChanges {
    api: NetboxApi,
    difference: NetboxDifference,
}

/// Writes the files, and finds the difference.
pub(super) async fn export_netbox(
    arguments: &ExportArgs,
    folder: &ExportFolder,
) -> Result<(ExportSummary, Coverage, Option<NetboxChanges>), Error> {
    let url = arguments.url.as_deref().map(netbox_url).transpose()?;
    let api = match &url {
        Some(url) => Some(NetboxApi::open(url).await?),
        None => None,
    };
    let tables: Vec<&str> = NETBOX_READS.iter().map(|read| read.table).collect();
    let estate = open(&arguments.estate, Some(&tables)).await?;
    let facts = estate.facts(NETBOX_READS).await?;
    let objects = netbox_objects(&facts, &customers(&estate));
    let mut summary = ExportSummary::default();
    for kind in NETBOX_KINDS {
        let number = objects.iter().filter(|object| object.kind == kind).count();
        let (one, many) = kind.names();
        summary.written.push(format!("{} {}", grouped(number as u64), if number == 1 { one } else { many }));
    }
    for file in netbox_csv(&objects) {
        folder.put(&file)?;
    }
    let coverage = coverage(&facts);
    let Some(api) = api else { return Ok((summary, coverage, None)) };
    let difference = NetboxDifference::new(&facts, &objects, &api.existing().await?);
    let steps: Vec<Value> = difference.steps.iter().map(document).collect();
    folder.put(&ExportFile::json("difference.json", &json!({ "steps": steps })))?;
    for (number, what) in [
        (
            difference.kept,
            "objects of NetBox are kept, since the cell that could have them is not known or not asked for, or something that stays belongs to them",
        ),
        (difference.of_others, "objects of NetBox have no tag `rolecall`: they are used, and stay as they are"),
    ] {
        if number > 0 {
            summary.remarks.push(format!("{} {what}", grouped(number)));
        }
    }
    Ok((summary, coverage, Some(NetboxChanges { api, difference })))
}

fn coverage(facts: &Facts) -> Coverage {
    let mut coverage = facts.cells.coverage(NETBOX_READS, &facts.selection);
    for read in NETBOX_READS {
        facts.selected(read.table).for_each(|row| coverage.saw(row.collected_at()));
    }
    coverage
}

/// The customer of each account, as the registry names it.
fn customers(estate: &Opened) -> HashMap<String, String> {
    let targets = estate.registry.as_deref().into_iter().flat_map(|registry| &registry.targets);
    targets.filter_map(|target| Some((target.account_id.to_string(), target.customer.clone()?))).collect()
}

impl NetboxChanges {
    /// Shows the difference, and then makes NetBox like the estate if that is asked for.
    pub(super) async fn finish(self, applies: bool) -> Result<(), Error> {
        let steps = &self.difference.steps;
        let mut lines: Vec<String> = steps.iter().take(SHOWN).map(line).collect();
        if steps.len() > SHOWN {
            lines.push(format!("… and {} more, which difference.json lists", grouped((steps.len() - SHOWN) as u64)));
        }
        let [created, changed, deleted] = self.difference.counts().map(|number| grouped(number as u64));
        let tense = if applies { "Now" } else { "With --apply" };
        lines.push(format!("{tense} {created} are created, {changed} changed, {deleted} deleted."));
        terminal::print(&lines.join("\n"))?;
        if !applies {
            return Ok(());
        }
        self.api.apply(self.difference).await?;
        terminal::print("NetBox is like the estate.")
    }
}

/// A step in one line.
fn line(step: &NetboxStep) -> String {
    let text = match step {
        NetboxStep::Create(NetboxObject { kind, key, .. }) => format!("+ {} {key}", kind.names().0),
        NetboxStep::Update { kind, key, changes, .. } => {
            let changes = changes.iter().map(|(name, (before, after))| format!("{name} {before} -> {}", shown(after)));
            format!("~ {} {key}: {}", kind.names().0, changes.collect::<Vec<_>>().join(", "))
        }
        NetboxStep::Delete { kind, key, .. } => format!("- {} {key}", kind.names().0),
    };
    terminal::one_line(&text).into_owned()
}

fn shown(value: &NetboxValue) -> String {
    match value {
        NetboxValue::Plain(value) => value.to_string(),
        NetboxValue::Reference(kind, key) => format!("the {} {key}", kind.names().0),
    }
}

/// A step as JSON.
fn document(step: &NetboxStep) -> Value {
    let value = |value: &NetboxValue| match value {
        NetboxValue::Plain(value) => value.clone(),
        NetboxValue::Reference(kind, key) => json!({ "kind": kind.names().0, "key": key }),
    };
    match step {
        NetboxStep::Create(NetboxObject { kind, key, fields }) => {
            let fields: serde_json::Map<String, Value> =
                fields.iter().map(|(name, field)| ((*name).to_owned(), value(field))).collect();
            json!({ "step": "create", "kind": kind.names().0, "key": key, "fields": fields })
        }
        NetboxStep::Update { kind, id, key, changes } => {
            let changes: serde_json::Map<String, Value> = changes
                .iter()
                .map(|(name, (before, after))| ((*name).to_owned(), json!({ "before": before, "after": value(after) })))
                .collect();
            json!({ "step": "update", "kind": kind.names().0, "id": id, "key": key, "changes": changes })
        }
        NetboxStep::Delete { kind, id, key } => {
            json!({ "step": "delete", "kind": kind.names().0, "id": id, "key": key })
        }
    }
}
