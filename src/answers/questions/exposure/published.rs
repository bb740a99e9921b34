//! The questions about snapshots and images that everybody may use.
//!
//! **Invariant:** only what an account of the estate owns is a row.

use serde_json::json;

use super::columns::{flag, integer, text, time};
use crate::answers::facts::{Facts, Read};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};

pub(super) const SNAPSHOTS: Question = Question {
    name: "public-snapshots",
    title: "Public snapshots",
    description: "Own snapshots that every AWS account may restore.",
    why: "A public snapshot gives everybody the whole volume, with the data and the credentials that are on it.",
    columns: &[
        text("snapshot_id"),
        text("name"),
        text("description"),
        text("volume_id"),
        integer("volume_size"),
        flag("encrypted"),
        time("start_time"),
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_public_snapshots",
        &["description", "encrypted", "start_time", "volume_id", "volume_size"],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/public-snapshots.duckdb.sql"),
        athena: include_str!("../sql/public-snapshots.athena.sql"),
    },
    answer: public_snapshots,
};

pub(super) const IMAGES: Question = Question {
    name: "public-images",
    title: "Public images",
    description: "Own images from which every AWS account may launch instances.",
    why: "A public image gives everybody what is on its disks, and whoever launches it relies on it being maintained.",
    columns: &[
        text("image_id"),
        text("name"),
        text("image_name"),
        text("description"),
        text("state"),
        text("creation_date"),
        text("deprecation_time"),
        text("last_launched_time"),
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_images",
        &["creation_date", "deprecation_time", "description", "last_launched_time", "name", "public", "state"],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/public-images.duckdb.sql"),
        athena: include_str!("../sql/public-images.athena.sql"),
    },
    answer: public_images,
};

fn public_snapshots(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    for snapshot in facts.selected("ec2_public_snapshots") {
        rows.push(AnswerRow::of(
            snapshot,
            vec![
                json!(snapshot.id()),
                json!(snapshot.name()),
                json!(snapshot.text("description")),
                json!(snapshot.text("volume_id")),
                json!(snapshot.integer("volume_size")),
                json!(snapshot.flag("encrypted")),
                json!(snapshot.time("start_time").map(|time| time.to_string())),
            ],
        ));
    }
    rows
}

fn public_images(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    for image in facts.selected("ec2_images").filter(|image| image.flag("public") == Some(true)) {
        rows.push(AnswerRow::of(
            image,
            vec![
                json!(image.id()),
                json!(image.name()),
                json!(image.text("name")),
                json!(image.text("description")),
                json!(image.text("state")),
                json!(image.text("creation_date")),
                json!(image.text("deprecation_time")),
                json!(image.text("last_launched_time")),
            ],
        ));
    }
    rows
}
