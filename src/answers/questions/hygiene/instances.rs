//! Questions about single instances.
//!
//! **Invariant:** leaves out terminated instances, which AWS lists for about an hour.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::storage::attached_instances;
use super::values::{age_days, instance_state, integer, is_terminated, moment, text, time};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};

pub(super) const IMDSV1_INSTANCES: Question = Question {
    name: "imdsv1-instances",
    title: "Instances with IMDSv1",
    description: "Instances whose metadata service answers requests without a session token (HttpTokens is optional, and HttpEndpoint \
                  is enabled).",
    why: "With version 1, an application that can be made to fetch a URL gives away the credentials of the instance's role.",
    columns: &[
        text("id"),
        text("arn"),
        text("name"),
        text("state"),
        text("public_ip_address"),
        integer("hop_limit"),
        time("launch_time"),
    ],
    options: &[],
    reads: &[Read::subject("ec2_instances", &["state", "metadata_options", "public_ip_address", "launch_time"])],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/imdsv1-instances.duckdb.sql"),
        athena: include_str!("../sql/imdsv1-instances.athena.sql"),
    },
    answer: imdsv1_instances,
};

/// The instances of the answer that are not terminated.
fn instances(facts: &Facts) -> impl Iterator<Item = Resource<'_>> {
    facts.selected("ec2_instances").filter(|instance| !is_terminated(*instance))
}

fn imdsv1_instances(facts: &Facts, _options: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    for instance in instances(facts) {
        let options = instance.json("metadata_options");
        if options["HttpTokens"] != "optional" || options["HttpEndpoint"] != "enabled" {
            continue;
        }
        rows.push(AnswerRow::of(
            instance,
            vec![
                json!(instance.id()),
                json!(instance.arn()),
                json!(instance.name()),
                json!(instance_state(instance)),
                json!(instance.text("public_ip_address")),
                options["HttpPutResponseHopLimit"].clone(),
                moment(instance.time("launch_time")),
            ],
        ));
    }
    rows
}

pub(super) const UNNAMED_INSTANCES: Question = Question {
    name: "unnamed-instances",
    title: "Instances without a name",
    description: "Instances without a tag Name, or with an empty one.",
    why: "Nobody knows whether an instance without a name may be stopped.",
    columns: &[
        text("id"),
        text("arn"),
        text("state"),
        text("instance_type"),
        text("private_ip_address"),
        time("launch_time"),
    ],
    options: &[],
    reads: &[Read::subject("ec2_instances", &["state", "instance_type", "private_ip_address", "launch_time"])],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unnamed-instances.duckdb.sql"),
        athena: include_str!("../sql/unnamed-instances.athena.sql"),
    },
    answer: unnamed_instances,
};

fn unnamed_instances(facts: &Facts, _options: &Options) -> Vec<AnswerRow> {
    let unnamed = instances(facts).filter(|instance| instance.is_seen_by_owner() && instance.name().is_none());
    let row = |instance: Resource<'_>| {
        let values = vec![
            json!(instance.id()),
            json!(instance.arn()),
            json!(instance_state(instance)),
            json!(instance.text("instance_type")),
            json!(instance.text("private_ip_address")),
            moment(instance.time("launch_time")),
        ];
        AnswerRow::of(instance, values)
    };
    unnamed.map(row).collect()
}

pub(super) const STOPPED_INSTANCES: Question = Question {
    name: "stopped-instances",
    title: "Stopped instances",
    description: "Stopped instances, since when if AWS says so, and the size of their volumes in GiB (null if it is unknown).",
    why: "A stopped instance costs its volumes and its elastic addresses for as long as it is kept.",
    columns: &[
        text("id"),
        text("arn"),
        text("name"),
        text("instance_type"),
        time("stopped_at"),
        integer("stopped_days"),
        integer("volumes_gib"),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_instances", &["state", "instance_type", "state_transition_reason"]),
        // The volumes of an instance are its account's, so that the cells of other accounts are not needed.
        Read::subject("ec2_volumes", &["size", "attachments"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/stopped-instances.duckdb.sql"),
        athena: include_str!("../sql/stopped-instances.athena.sql"),
    },
    answer: stopped_instances,
};

fn stopped_instances(facts: &Facts, _options: &Options) -> Vec<AnswerRow> {
    let mut sizes: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for volume in facts.all("ec2_volumes") {
        for instance in attached_instances(volume) {
            *sizes.entry((volume.region(), instance)).or_default() += volume.integer("size").unwrap_or_default();
        }
    }
    let mut rows = Vec::new();
    for instance in instances(facts).filter(|instance| instance_state(*instance).as_deref() == Some("stopped")) {
        let stopped_at = instance.text("state_transition_reason").and_then(stopped_at);
        let are_volumes_known = facts.is_answered(instance.account_id(), instance.region(), "ec2_volumes");
        let size = sizes.get(&(instance.region(), instance.id().to_owned())).copied().unwrap_or_default();
        rows.push(AnswerRow::of(
            instance,
            vec![
                json!(instance.id()),
                json!(instance.arn()),
                json!(instance.name()),
                json!(instance.text("instance_type")),
                moment(stopped_at),
                json!(stopped_at.map(|at| age_days(facts, at))),
                if are_volumes_known { json!(size) } else { Value::Null },
            ],
        ));
    }
    rows
}

/// The time in a reason such as `User initiated (2026-01-31 10:00:00 GMT)`.
fn stopped_at(reason: &str) -> Option<Timestamp> {
    let (_, rest) = reason.rsplit_once('(')?;
    let (date, time) = rest.split_once(" GMT)")?.0.split_once(' ')?;
    format!("{date}T{time}Z").parse().ok()
}
