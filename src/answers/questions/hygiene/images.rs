//! The question about old images.
//!
//! **Invariant:** an image may be shared, so that instances of every account of the estate count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::values::{OLDER_THAN, age_days, flag, integer, is_terminated, list, text, users, verdict};
use crate::answers::facts::{Facts, Read, RowFilter};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};
use crate::inventory::ANY_REGION;

const INSTANCES: Read = Read::context("ec2_instances", &["image_id", "state"]);

pub(super) const OLD_IMAGES: Question = Question {
    name: "old-images",
    title: "Old images",
    description: "Own images that are at least as old as --older-than, and the instances of the estate that were launched from them. \
                  Whether a launch template or an account outside of the estate uses an image is not examined.",
    why: "An image keeps its snapshots, which are paid for, and new instances from an old image lack every update since.",
    columns: &[
        text("id"),
        text("arn"),
        text("name"),
        text("image_name"),
        text("creation_date"),
        integer("age_days"),
        flag("public"),
        text("last_launched_time"),
        text("verdict"),
        list("instances"),
    ],
    options: &[OLDER_THAN],
    reads: &[Read::subject("ec2_images", &["name", "creation_date", "public", "last_launched_time"]), INSTANCES],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/old-images.duckdb.sql"),
        athena: include_str!("../sql/old-images.athena.sql"),
    },
    answer: old_images,
};

fn old_images(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let instances = instances_by_image(facts);
    let unanswered = unanswered_regions(facts);
    let mut rows = Vec::new();
    for image in facts.selected("ec2_images") {
        let created = image.text("creation_date").and_then(|text| text.parse::<Timestamp>().ok());
        let Some(age) = created.map(|created| age_days(facts, created)) else { continue };
        if age < options.days("older-than") {
            continue;
        }
        let used_by = instances.get(&(image.region(), image.id())).cloned().unwrap_or_default();
        let is_answered = !unanswered.contains(ANY_REGION) && !unanswered.contains(image.region());
        rows.push(AnswerRow::of(
            image,
            vec![
                json!(image.id()),
                json!(image.arn()),
                json!(image.name()),
                json!(image.text("name")),
                json!(image.text("creation_date")),
                json!(age),
                json!(image.flag("public")),
                json!(image.text("last_launched_time")),
                json!(verdict(&used_by, is_answered)),
                users(&used_by, is_answered),
            ],
        ));
    }
    rows
}

/// The ids of the instances that were launched from an image, by region and id of the image.
fn instances_by_image(facts: &Facts) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut instances: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for instance in facts.all("ec2_instances").filter(|instance| !is_terminated(*instance)) {
        if let Some(image) = instance.text("image_id") {
            instances.entry((instance.region(), image)).or_default().insert(instance.id());
        }
    }
    instances
}

/// The regions in which the instances of some account are not known. `*` stands for all regions.
fn unanswered_regions(facts: &Facts) -> BTreeSet<String> {
    let coverage = facts.cells.coverage(&[INSTANCES], &RowFilter::default());
    coverage.unknown.into_iter().map(|cell| cell.region).collect()
}
