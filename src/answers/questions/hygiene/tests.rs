//! Checks each question on a small estate: what it finds, what it leaves out, and what is unknown.

use serde_json::{Value, json};

use super::*;
use crate::answers::facts::{Facts, FactsBuilder};
use crate::answers::questions::AnswerRow;
use crate::answers::questions::{Options, find};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";

/// A row of an account, with further members.
fn row(account: &str, id: &str, more: Value) -> Value {
    let mut row = json!({"account_id": account, "region": R, "id": id, "tags": {}});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn estate(name: &str) -> FactsBuilder {
    FactsBuilder::new(find(name).unwrap().reads)
}

/// The values of these columns, with the account first.
fn answer(name: &str, facts: &Facts, columns: &[&str], options: &[(&'static str, &str)]) -> Vec<Value> {
    let question = find(name).unwrap();
    let options = options.iter().fold(Options::defaults(question), |all, (name, value)| all.with(name, value));
    let place = |name: &&str| question.columns.iter().position(|column| column.name == *name).unwrap();
    let rows = (question.answer)(facts, &options);
    let short = |row: AnswerRow| {
        assert_eq!(row.values.len(), question.columns.len(), "{name}: a value for each column");
        assert_eq!(row.region.as_deref(), Some(R));
        let values = columns.iter().map(|column| row.values[place(column)].clone());
        Value::Array(std::iter::once(json!(row.account_id)).chain(values).collect())
    };
    rows.into_iter().map(short).collect()
}

fn snapshot(account: &str, id: &str, started: &str, volume: &str) -> Value {
    row(account, id, json!({"start_time": started, "volume_id": volume, "volume_size": 8, "description": "nightly"}))
}

#[test]
fn old_snapshots_say_what_still_needs_them() {
    let mappings = json!([{"Ebs": {"SnapshotId": "snap-image"}}, {"VirtualName": "ephemeral0"}]);
    let image = json!({"block_device_mappings": mappings});
    let facts = estate("old-snapshots")
        .row("ec2_snapshots", snapshot(A, "snap-copy", "2025-01-01T00:00:00Z", "vol-ffffffff"))
        .row("ec2_snapshots", snapshot(A, "snap-edge", "2026-08-30T12:00:00Z", "vol-here"))
        .row("ec2_snapshots", snapshot(A, "snap-image", "2026-01-01T00:00:00Z", "vol-gone"))
        .row("ec2_snapshots", snapshot(A, "snap-young", "2026-08-30T12:00:01Z", "vol-gone"))
        .row("ec2_snapshots", snapshot(B, "snap-blind", "2026-01-01T00:00:00Z", "vol-gone"))
        .row("ec2_snapshots", snapshot(B, "snap-seen", "2026-01-01T00:00:00Z", "vol-b"))
        .row("ec2_images", row(A, "ami-1", image))
        .row("ec2_images", row(B, "ami-2", json!({"block_device_mappings": [{"Ebs": {"SnapshotId": "snap-seen"}}]})))
        .row("ec2_volumes", row(A, "vol-here", json!({})))
        .row("ec2_volumes", row(B, "vol-b", json!({})))
        .status(B, R, "ec2_images", Status::Denied)
        .status(B, R, "ec2_volumes", Status::Throttled)
        .facts();
    let columns = ["id", "volume_size", "age_days", "verdict", "images", "volume_exists"];
    let rows = answer("old-snapshots", &facts, &columns, &[]);
    assert_eq!(
        rows,
        [
            json!([A, "snap-copy", 8, 696, "unused", [], false]),
            json!([A, "snap-edge", 8, 90, "unused", [], true]),
            json!([A, "snap-image", 8, 331, "used", ["ami-1"], false]),
            json!([B, "snap-blind", 8, 331, "unknown", null, null]),
            json!([B, "snap-seen", 8, 331, "used", ["ami-2"], true]),
        ]
    );
    let year = answer("old-snapshots", &facts, &["id"], &[("older-than", "1y")]);
    assert_eq!(year, [json!([A, "snap-copy"])]);
}

fn image(account: &str, id: &str, created: &str) -> Value {
    row(account, id, json!({"creation_date": created, "name": format!("golden-{id}"), "public": false}))
}

fn images() -> FactsBuilder {
    let instance = |state: &str, image: &str| json!({"image_id": image, "state": {"Name": state}});
    estate("old-images")
        .row("ec2_images", image(A, "ami-odd", "a date that nobody can read"))
        .row("ec2_images", image(A, "ami-idle", "2026-01-01T00:00:00.000Z"))
        .row("ec2_images", image(A, "ami-shared", "2026-01-01T00:00:00.000Z"))
        .row("ec2_images", image(A, "ami-young", "2026-11-01T00:00:00.000Z"))
        .row("ec2_instances", row(A, "i-dead", instance("terminated", "ami-idle")))
        .row("ec2_instances", row(B, "i-b", instance("stopped", "ami-shared")))
        .row("ec2_instances", row(B, "i-young", instance("running", "ami-young")))
}

#[test]
fn old_images_are_used_by_instances_of_any_account() {
    let columns = ["id", "image_name", "age_days", "verdict", "instances"];
    let rows = answer("old-images", &images().facts(), &columns, &[]);
    assert_eq!(
        rows,
        [
            json!([A, "ami-idle", "golden-ami-idle", 331, "unused", []]),
            json!([A, "ami-shared", "golden-ami-shared", 331, "used", ["i-b"]]),
        ]
    );
}

#[test]
fn an_image_is_unused_only_if_every_account_was_asked() {
    let verdicts = |facts: Facts| answer("old-images", &facts, &["id", "verdict"], &[]);
    let unknown = [json!([A, "ami-idle", "unknown"]), json!([A, "ami-shared", "used"])];
    assert_eq!(verdicts(images().status(B, R, "ec2_instances", Status::Denied).facts()), unknown);
    assert_eq!(verdicts(images().status("777788889999", "*", "ec2_instances", Status::Denied).facts()), unknown);
    let elsewhere = images().status(B, "us-east-1", "ec2_instances", Status::Denied).facts();
    assert_eq!(verdicts(elsewhere), [json!([A, "ami-idle", "unused"]), json!([A, "ami-shared", "used"])]);
}

fn instance(account: &str, id: &str, state: &str, more: Value) -> Value {
    let mut row = row(account, id, json!({"state": {"Name": state}, "instance_type": "t3.micro"}));
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

#[test]
fn imdsv1_is_optional_tokens_at_an_enabled_endpoint() {
    let options = |tokens: &str, endpoint: &str| {
        let options = json!({"HttpTokens": tokens, "HttpEndpoint": endpoint, "HttpPutResponseHopLimit": 2});
        json!({"metadata_options": options})
    };
    let facts = estate("imdsv1-instances")
        .row("ec2_instances", instance(A, "i-open", "stopped", options("optional", "enabled")))
        .row("ec2_instances", instance(A, "i-v2", "running", options("required", "enabled")))
        .row("ec2_instances", instance(A, "i-off", "running", options("optional", "disabled")))
        .row("ec2_instances", instance(A, "i-dead", "terminated", options("optional", "enabled")))
        .row("ec2_instances", instance(A, "i-bare", "running", json!({})))
        .facts();
    let rows = answer("imdsv1-instances", &facts, &["id", "state", "hop_limit"], &[]);
    assert_eq!(rows, [json!([A, "i-open", "stopped", 2])]);
}

#[test]
fn an_empty_name_is_no_name() {
    let launched = |tags: Value| json!({"launch_time": "2026-05-01T10:00:00Z", "tags": tags});
    let facts = estate("unnamed-instances")
        .row("ec2_instances", instance(A, "i-bare", "running", launched(json!({}))))
        .row("ec2_instances", instance(A, "i-blank", "stopped", launched(json!({"Name": ""}))))
        .row("ec2_instances", instance(A, "i-other", "running", launched(json!({"name": "lower case"}))))
        .row("ec2_instances", instance(A, "i-named", "running", launched(json!({"Name": "web"}))))
        .row("ec2_instances", instance(A, "i-dead", "terminated", launched(json!({}))))
        .row("ec2_instances", instance(B, "i-copy", "running", json!({"owner_id": "777788889999"})))
        .facts();
    let rows = answer("unnamed-instances", &facts, &["id", "state", "launch_time"], &[]);
    let launched = "2026-05-01T10:00:00Z";
    assert_eq!(
        rows,
        [
            json!([A, "i-bare", "running", launched]),
            json!([A, "i-blank", "stopped", launched]),
            json!([A, "i-other", "running", launched]),
        ]
    );
}

#[test]
fn stopped_instances_cost_their_volumes() {
    let reason = |text: &str| json!({"state_transition_reason": text});
    let volume = |instance: &str, size: i64| json!({"size": size, "attachments": [{"InstanceId": instance}]});
    let facts = estate("stopped-instances")
        .row("ec2_instances", instance(A, "i-1", "stopped", reason("User initiated (2026-11-18 11:59:59 GMT)")))
        .row("ec2_instances", instance(A, "i-2", "stopped", reason("")))
        .row("ec2_instances", instance(A, "i-run", "running", reason("")))
        .row("ec2_instances", instance(B, "i-b", "stopped", reason("Server.ScheduledStop: (yesterday GMT)")))
        .row("ec2_volumes", row(A, "vol-1", volume("i-1", 8)))
        .row("ec2_volumes", row(A, "vol-2", volume("i-1", 100)))
        .row("ec2_volumes", row(A, "vol-3", volume("i-run", 500)))
        .row("ec2_volumes", row(B, "vol-4", volume("i-b", 500)))
        .status(B, R, "ec2_volumes", Status::Denied)
        .facts();
    let columns = ["id", "stopped_at", "stopped_days", "volumes_gib"];
    let rows = answer("stopped-instances", &facts, &columns, &[]);
    assert_eq!(
        rows,
        [
            json!([A, "i-1", "2026-11-18T11:59:59Z", 10, 108]),
            json!([A, "i-2", null, null, 0]),
            json!([B, "i-b", null, null, null]),
        ]
    );
}

#[test]
fn unencrypted_volumes_are_those_that_aws_says_are() {
    let volume = |encrypted: Value, instances: &[&str]| {
        let attachments: Vec<Value> = instances.iter().map(|id| json!({"InstanceId": id})).collect();
        json!({"encrypted": encrypted, "size": 8, "volume_type": "io2", "state": "in-use", "attachments": attachments})
    };
    let facts = estate("unencrypted-volumes")
        .row("ec2_volumes", row(A, "vol-both", volume(json!(false), &["i-2", "i-1"])))
        .row("ec2_volumes", row(A, "vol-free", volume(json!(false), &[])))
        .row("ec2_volumes", row(A, "vol-safe", volume(json!(true), &["i-1"])))
        .row("ec2_volumes", row(A, "vol-mute", volume(Value::Null, &["i-1"])))
        .facts();
    let rows = answer("unencrypted-volumes", &facts, &["id", "size", "state", "instances"], &[]);
    assert_eq!(rows, [json!([A, "vol-both", 8, "in-use", ["i-1", "i-2"]]), json!([A, "vol-free", 8, "in-use", []])]);
}

fn taggable() -> FactsBuilder {
    let subnet = |account: &str, tags: Value| {
        let arn = format!("arn:aws:ec2:{R}:{A}:subnet/subnet-1");
        row(account, "subnet-1", json!({"owner_id": A, "arn": arn, "tags": tags}))
    };
    let foreign = json!({"owner_id": "777788889999", "arn": "arn:aws:ec2:eu-west-1:777788889999:subnet/subnet-2"});
    estate("missing-tags")
        .row("ec2_subnets", subnet(B, Value::Null))
        .row("ec2_subnets", subnet(A, json!({"Name": "front", "owner": "web"})))
        .row("ec2_subnets", row(B, "subnet-2", foreign))
        .row("ec2_instances", instance(A, "i-1", "running", json!({"tags": {"Owner": "web", "env": "prod"}})))
        .row("ec2_instances", instance(A, "i-dead", "terminated", json!({})))
        .row("ec2_nat_gateways", row(A, "nat-dead", json!({"state": "deleted"})))
        .row("ec2_nat_gateways", row(A, "nat-1", json!({"state": "available", "tags": {"Name": "", "owner": ""}})))
        .row("ec2_vpc_peering_connections", row(A, "pcx-dead", json!({"status": {"Code": "rejected"}})))
        .row("ec2_vpc_peering_connections", row(A, "pcx-1", json!({"status": {"Code": "active"}})))
        .row("ec2_network_interfaces", row(A, "eni-1", json!({})))
}

#[test]
fn missing_tags_are_those_of_the_owners_view() {
    let columns = ["table", "id", "name", "missing"];
    let rows = answer("missing-tags", &taggable().facts(), &columns, &[("require", "owner, env")]);
    assert_eq!(
        rows,
        [
            json!([A, "ec2_instances", "i-1", null, ["owner"]]),
            json!([A, "ec2_subnets", "subnet-1", "front", ["env"]]),
            json!([A, "ec2_nat_gateways", "nat-1", null, ["env"]]),
            json!([A, "ec2_vpc_peering_connections", "pcx-1", null, ["owner", "env"]]),
        ]
    );
    let rows = answer("missing-tags", &taggable().facts(), &["id", "missing"], &[]);
    assert_eq!(rows, [json!([A, "i-1", ["Name"]]), json!([A, "pcx-1", ["Name"]])]);
}

#[test]
fn required_tags_have_keys() {
    let check = find("missing-tags").unwrap().options[0].check;
    assert_eq!(check("owner,env"), Ok(()));
    assert!(check("").is_err() && check("owner,,env").is_err());
}

#[test]
fn what_could_not_be_asked_is_in_the_coverage() {
    for question in QUESTIONS {
        let table = question.reads[0].table;
        let facts = estate(question.name).status(B, R, table, Status::Denied).facts();
        let unknown = facts.cells.coverage(question.reads, &facts.selection).unknown;
        assert!(unknown.iter().any(|cell| cell.table == table && cell.account_id == B), "{}", question.name);
        assert_eq!((question.answer)(&facts, &Options::defaults(question)), [], "{}", question.name);
    }
}
