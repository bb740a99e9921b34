//! What answers read of an output: the state that every commit leaves, moments of the past, gaps, and what is no output.
//!
//! The engine writes the outputs, and the command line answers, as a user would see it.

mod changed;
mod commits;
mod coverage;
mod invalid;
mod ledgers;
mod listed;
mod noticed;
mod page;
mod paged;
mod past;
mod purged;
mod recorded;
mod script;
mod stepped;
mod told;

use std::process::Command;

use rolecall::testing::Settings;
use serde_json::{Value, json};

use crate::command::{CommandOutput, manifest, rolecall, rows, run_command};
use crate::fixture::{BACKEND, BACKEND_SECRET, Fixture, account_with, assert_complete};
use crate::sim::account_id;

/// The types of the runs of these tests: some of EC2, which have regions, and some that have none.
const TABLES: [&str; 7] = [
    "accounts",
    "ec2_vpcs",
    "ec2_subnets",
    "ec2_addresses",
    "ec2_instances",
    "route53_hosted_zones",
    "route53_records",
];

/// Two accounts with few resources, and an output of this format in a folder.
async fn fixture(format: &str) -> Fixture {
    let fixture = Fixture::start(2, account_with(2, 1, 4), |world| world.bucket("results")).await.without_attempts();
    let settings = Settings { format: Some(format.to_owned()), ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

/// The same with an output in a bucket.
async fn fixture_in_bucket() -> Fixture {
    let fixture = fixture("parquet").await;
    let settings = Settings { output: Some("s3://results/inventory".to_owned()), ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

/// A run over all accounts in one region.
fn whole(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1"], "resources": TABLES })
}

async fn collect(fixture: &Fixture, request: Value) {
    assert_complete(&fixture.run(request, None).await.expect("a response"));
}

/// `rolecall` on the output of a fixture, with the credentials of the backend and no registry.
fn command(fixture: &Fixture, arguments: &[&str]) -> Command {
    let mut command = rolecall(arguments);
    command
        .args(["--output", fixture.settings.output.as_deref().expect("an output")])
        .env("AWS_ENDPOINT_URL", fixture.sim.endpoint())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", BACKEND)
        .env("AWS_SECRET_ACCESS_KEY", BACKEND_SECRET);
    command
}

fn answer(fixture: &Fixture, arguments: &[&str]) -> CommandOutput {
    let command = command(fixture, arguments);
    tokio::task::block_in_place(|| run_command(command))
}

/// The answers to all questions.
fn ask_all(fixture: &Fixture, more: &[&str]) -> Value {
    let answered = answer(fixture, &[&["ask", "--all", "--format", "json"], more].concat());
    assert_eq!(answered.code, 0, "{answered:?}");
    answered.response()
}

/// Who holds all of this: everything that an account named here holds, by its ids.
fn look_up(fixture: &Fixture, what: &[&str], more: &[&str]) -> Value {
    let found = answer(fixture, &[&["where", "--format", "json"], what, more].concat());
    assert_eq!(found.code, 0, "{found:?}");
    found.response()
}

/// Account and id of each row, sorted.
fn holders(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().expect("rows");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let mut holders: Vec<String> =
        rows.iter().map(|row| format!("{} {}", text(row, "account_id"), text(row, "id"))).collect();
    holders.sort();
    holders.dedup();
    holders
}

/// The cells of an answer that were asked and did not answer: account, region, table and status. The tables of the other
/// types were never asked in these tests.
fn unanswered(answer: &Value) -> Vec<String> {
    let cells = answer["coverage"]["unknown"].as_array().expect("unknown cells");
    let text = |cell: &Value, name: &str| cell[name].as_str().unwrap_or("-").to_owned();
    let shown = |cell: &Value| ["account_id", "region", "table", "status"].map(|name| text(cell, name)).join(" ");
    cells.iter().filter(|cell| cell["status"] != "not_started").map(shown).collect()
}

/// The ids of the rows of a run.
fn row_ids(fixture: &Fixture, run_id: &str, table: &str) -> Vec<String> {
    let rows = rows(&fixture.out(), &manifest(&fixture.out(), run_id), table);
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn faulty() -> String {
    account_id(1)
}
