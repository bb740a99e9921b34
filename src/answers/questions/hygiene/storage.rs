//! Questions about snapshots and volumes.
//!
//! **Invariant:** an account's images and volumes are all that can use a snapshot of its own, so that the cells of other
//! accounts are not needed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value, json};

use super::values::{OLDER_THAN, age_days, flag, integer, list, moment, text, time, users, verdict};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};

/// The id that AWS writes for the volume of a copied snapshot. It is the id of no volume.
const NO_VOLUME: &str = "vol-ffffffff";

pub(super) const OLD_SNAPSHOTS: Question = Question {
    name: "old-snapshots",
    title: "Old snapshots",
    description: "Own snapshots that are at least as old as --older-than. The verdict is used if an own image uses the snapshot; \
                  volume_exists says whether the volume that it was made of still exists, and is null if that is unknown.",
    why: "Snapshots are paid for by size until somebody deletes them, and nothing deletes those of deregistered images and deleted \
          volumes.",
    columns: &[
        text("id"),
        text("arn"),
        text("name"),
        text("description"),
        integer("volume_size"),
        time("start_time"),
        integer("age_days"),
        text("verdict"),
        list("images"),
        text("volume_id"),
        flag("volume_exists"),
    ],
    options: &[OLDER_THAN],
    reads: &[
        Read::subject("ec2_snapshots", &["description", "volume_size", "start_time", "volume_id"]),
        Read::subject("ec2_images", &["block_device_mappings"]),
        Read::subject("ec2_volumes", &[]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/old-snapshots.duckdb.sql"),
        athena: include_str!("../sql/old-snapshots.athena.sql"),
    },
    answer: old_snapshots,
};

fn old_snapshots(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let images = images_by_snapshot(facts);
    let volumes: HashSet<(&str, &str)> =
        facts.all("ec2_volumes").map(|volume| (volume.region(), volume.id())).collect();
    let mut rows = Vec::new();
    for snapshot in facts.selected("ec2_snapshots") {
        let Some(started) = snapshot.time("start_time") else { continue };
        let age = age_days(facts, started);
        if age < options.days("older-than") {
            continue;
        }
        let used_by = images.get(&(snapshot.region(), snapshot.id().to_owned())).cloned().unwrap_or_default();
        let is_answered = facts.is_answered(snapshot.account_id(), snapshot.region(), "ec2_images");
        rows.push(AnswerRow::of(
            snapshot,
            vec![
                json!(snapshot.id()),
                json!(snapshot.arn()),
                json!(snapshot.name()),
                json!(snapshot.text("description")),
                json!(snapshot.integer("volume_size")),
                moment(Some(started)),
                json!(age),
                json!(verdict(&used_by, is_answered)),
                users(&used_by, is_answered),
                json!(snapshot.text("volume_id")),
                volume_exists(facts, snapshot, &volumes),
            ],
        ));
    }
    rows
}

/// The ids of the images that use a snapshot, by region and id.
fn images_by_snapshot(facts: &Facts) -> BTreeMap<(&str, String), BTreeSet<&str>> {
    let mut images: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for image in facts.all("ec2_images") {
        for mapping in image.items("block_device_mappings") {
            if let Some(snapshot) = mapping["Ebs"]["SnapshotId"].as_str() {
                images.entry((image.region(), snapshot.to_owned())).or_default().insert(image.id());
            }
        }
    }
    images
}

fn volume_exists(facts: &Facts, snapshot: Resource<'_>, volumes: &HashSet<(&str, &str)>) -> Value {
    let Some(volume) = snapshot.text("volume_id").filter(|volume| *volume != NO_VOLUME) else {
        return json!(false);
    };
    if volumes.contains(&(snapshot.region(), volume)) {
        return json!(true);
    }
    let is_answered = facts.is_answered(snapshot.account_id(), snapshot.region(), "ec2_volumes");
    if is_answered { json!(false) } else { Value::Null }
}

pub(super) const UNENCRYPTED_VOLUMES: Question = Question {
    name: "unencrypted-volumes",
    title: "Unencrypted volumes",
    description: "EBS volumes that are not encrypted, with the instances that they are attached to.",
    why: "A volume is never encrypted in place, so each one takes a snapshot and a copy. Most security baselines require encryption.",
    columns: &[
        text("id"),
        text("arn"),
        text("name"),
        integer("size"),
        text("volume_type"),
        text("state"),
        list("instances"),
    ],
    options: &[],
    reads: &[Read::subject("ec2_volumes", &["encrypted", "size", "volume_type", "state", "attachments"])],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unencrypted-volumes.duckdb.sql"),
        athena: include_str!("../sql/unencrypted-volumes.athena.sql"),
    },
    answer: unencrypted_volumes,
};

fn unencrypted_volumes(facts: &Facts, _options: &Options) -> Vec<AnswerRow> {
    let volumes = facts.selected("ec2_volumes").filter(|volume| volume.flag("encrypted") == Some(false));
    let row = |volume: Resource<'_>| {
        let values = vec![
            json!(volume.id()),
            json!(volume.arn()),
            json!(volume.name()),
            json!(volume.integer("size")),
            json!(volume.text("volume_type")),
            json!(volume.text("state")),
            json!(attached_instances(volume)),
        ];
        AnswerRow::of(volume, values)
    };
    volumes.map(row).collect()
}

/// The ids of the instances that a volume is attached to.
pub(super) fn attached_instances(volume: Resource<'_>) -> BTreeSet<String> {
    let attachments = volume.items("attachments");
    attachments.iter().filter_map(|attachment| attachment["InstanceId"].as_str()).map(str::to_owned).collect()
}
