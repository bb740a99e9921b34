//! What a run commits, and what its output says if a write fails in the middle: no commit is claimed that is not there,
//! and none is hidden.

use rolecall::testing::{Error, ErrorKind, Response, Settings};
use serde_json::{Value, json};
use std::path::Path;

use crate::command::{CommandOutput, run_command};
use crate::fixture::{Fixture, account_with, assert_complete};
use crate::sim::{Fault, FaultId, FaultKind, Service, Times, account_id};

/// A request that narrows nothing, so that it moves `latest.json`. The registry narrows the regions.
fn whole_fleet(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all" })
}

pub(crate) fn narrow(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_vpcs", "ec2_subnets"] })
}

/// A fixture whose output is a bucket.
pub(crate) async fn with_bucket() -> Fixture {
    let fixture = Fixture::start(2, account_with(2, 0, 0), |world| world.bucket("results")).await;
    let registry = fixture.settings.registry.clone().expect("a registry");
    let mut targets: Value = serde_json::from_slice(&std::fs::read(&registry).expect("it")).expect("JSON");
    for target in targets["targets"].as_array_mut().expect("targets") {
        target["regions"] = json!(["eu-west-1"]);
    }
    std::fs::write(&registry, targets.to_string()).expect("written");
    let settings = Settings { output: Some("s3://results".into()), ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

fn put_fails(fixture: &Fixture, key: &str, kind: FaultKind) -> FaultId {
    fixture.sim.add_fault(Fault::new(kind).service(Service::S3).operation("PutObject").path(key))
}

pub(crate) fn has(fixture: &Fixture, part: &str) -> bool {
    fixture.sim.objects("results").keys().any(|key| key.contains(part))
}

pub(crate) fn refused(result: Result<Response, Error>) -> Error {
    result.expect_err("refused")
}

pub(crate) fn run_cli(fixture: &Fixture, output: &Path, arguments: &[&str]) -> CommandOutput {
    let mut command = fixture.rolecall(arguments);
    command.args(["--output", &output.display().to_string()]);
    tokio::task::block_in_place(|| run_command(command))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_commit_is_missed_until_it_is_there() {
    for (number, (key, missing)) in
        [("committed/", "list of its files"), ("latest.json", "latest.json")].iter().enumerate()
    {
        let fixture = with_bucket().await;
        let run_id = format!("told-{number}");
        let denied = put_fails(&fixture, key, FaultKind::error(403, "AccessDenied"));
        // The first delivery and every further one say it.
        for _ in 0..2 {
            let error = refused(fixture.run(whole_fleet(&run_id), None).await);
            assert_eq!(error.kind, ErrorKind::OutputNotWritable);
            let says = |what: &str| error.message.contains(what);
            assert!(says(&format!("run {run_id} is committed at s3://results/runs/{run_id}/manifest.json")), "{error}");
            assert!(says(missing) && says("AccessDenied") && says("again"), "{error}");
        }
        assert!(has(&fixture, "manifest.json") && !has(&fixture, key), "{key}");
        let entered = fixture.sim.log_of(Service::Sts, "AssumeRole").len();
        fixture.sim.lift(denied);
        assert_complete(&fixture.run(whole_fleet(&run_id), None).await.expect("a response"));
        assert!(has(&fixture, "committed/") && has(&fixture, "latest.json"));
        assert_eq!(fixture.sim.log_of(Service::Sts, "AssumeRole").len(), entered, "no customer is called again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_latest_is_left_as_it_is() {
    let fixture = with_bucket().await;
    for (number, content) in ["", "{\"run_id\": \"x\"", "[]", "{\"started_at\": \"soon\"}"].into_iter().enumerate() {
        fixture.sim.put_object("results", "latest.json", content);
        let error = refused(fixture.run(whole_fleet(&format!("cut-{number}")), None).await);
        assert!(error.message.contains("is committed at") && error.message.contains("latest.json"), "{error}");
        assert_eq!(fixture.sim.objects("results")["latest.json"], content);
    }
    // A newer version may know further fields and statuses. Its run is newer, so it stays.
    let newer = json!({ "run_id": "later", "started_at": "2999-01-01T00:00:00Z", "status": "splendid", "more": {} });
    fixture.sim.put_object("results", "latest.json", newer.to_string());
    assert_complete(&fixture.run(whole_fleet("earlier"), None).await.expect("a response"));
    assert_eq!(fixture.sim.objects("results")["latest.json"], newer.to_string());
    let older = json!({ "run_id": "before", "started_at": "2020-01-01T00:00:00Z", "status": "splendid" });
    fixture.sim.put_object("results", "latest.json", older.to_string());
    assert_complete(&fixture.run(whole_fleet("after"), None).await.expect("a response"));
    let latest: Value = serde_json::from_slice(&fixture.sim.objects("results")["latest.json"]).expect("JSON");
    assert_eq!(latest["run_id"], "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_not_written_commits_nothing() {
    let fixture = with_bucket().await;
    let denied = put_fails(&fixture, "manifest.json", FaultKind::error(403, "AccessDenied"));
    let error = refused(fixture.run(whole_fleet("denied"), None).await);
    assert!(error.message.contains("The run is not committed"), "{error}");
    assert!(!has(&fixture, "manifest.json") && !has(&fixture, "committed/") && !has(&fixture, "latest.json"));
    fixture.sim.lift(denied);
    let entered = fixture.sim.log_of(Service::Sts, "AssumeRole").len();
    assert_complete(&fixture.run(whole_fleet("denied"), None).await.expect("a response"));
    assert_eq!(fixture.sim.log_of(Service::Sts, "AssumeRole").len(), entered, "the committed shard counts");

    // Every attempt at the manifest is executed, and its response is lost.
    let lost = put_fails(&fixture, "runs/lost/manifest.json", FaultKind::ResetAfter);
    assert_complete(&fixture.run(whole_fleet("lost"), None).await.expect("a response"));
    assert!(fixture.sim.fired(lost) > 0 && has(&fixture, "runs/lost/manifest.json"));

    // Another attempt's manifest is refused to exist, and does not.
    put_fails(&fixture, "runs/gone/manifest.json", FaultKind::error(412, "PreconditionFailed"));
    let error = refused(fixture.run(whole_fleet("gone"), None).await);
    assert!(error.message.contains("runs/gone/manifest.json") && error.message.contains("not there"), "{error}");
    for (run_id, key) in [("no-plan", "runs/no-plan/plan.json"), ("no-shard", "runs/no-shard/shards/")] {
        put_fails(&fixture, key, FaultKind::error(412, "PreconditionFailed"));
        let error = refused(fixture.run(whole_fleet(run_id), None).await);
        assert!(error.message.contains(key) && error.message.contains("not there"), "{error}");
        assert!(!has(&fixture, &format!("runs/{run_id}/manifest.json")));
    }
}

/// A file of rows whose name is taken is not what the manifest would say of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_exists_with_other_content_is_not_committed() {
    let fixture = with_bucket().await;
    put_fails(&fixture, "ndjson/ec2_vpcs/", FaultKind::error(412, "PreconditionFailed"));
    let error = refused(fixture.run(narrow("taken"), None).await);
    assert!(error.message.contains("ndjson/ec2_vpcs/") && error.message.contains("exists already"), "{error}");
    assert!(!has(&fixture, "runs/taken/shards") && !has(&fixture, "runs/taken/manifest.json"));
    // The response of the first attempt is lost, and the second one finds the file of the first.
    let lost = Fault::new(FaultKind::ResetAfter).service(Service::S3).operation("PutObject").path("ndjson/");
    let lost = fixture.sim.add_fault(lost.times(Times::Only(1)));
    fixture.sim.clear_faults();
    assert_complete(&fixture.run(narrow("ours"), None).await.expect("a response"));
    assert!(fixture.sim.fired(lost) <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_read_say_that_the_output_cannot_be_read() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    fixture.run(narrow("broken"), None).await.expect("a response");
    let document = fixture.out().join("runs/broken/manifest.json");
    for content in ["", "{", "[]", "{\"version\": 1}"] {
        std::fs::write(&document, content).expect("written");
        for command in [["status", "broken"], ["resume", "broken"]] {
            let ran = run_cli(&fixture, &fixture.out(), &command);
            assert!(ran.code == 2 && ran.err.contains("rolecall: OutputUnreadable"), "{ran:?}");
            assert!(ran.err.contains(&document.display().to_string()), "{ran:?}");
        }
    }
    let file = fixture.folder.path().join("a-file");
    std::fs::write(&file, "in the way").expect("written");
    let ran = run_cli(&fixture, &file.join("out"), &["status", "broken"]);
    assert!(ran.code == 2 && ran.err.contains("rolecall: OutputUnreadable"), "{ran:?}");
}

/// The causes of one account's failures are all told.
#[tokio::test(flavor = "multi_thread")]
async fn causes_do_not_hide_each_other() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |_| {}).await;
    let of_first = |kind| Fault::new(kind).account(&account_id(0)).service(Service::Ec2);
    fixture.sim.add_fault(of_first(FaultKind::Garbage).region("eu-west-1").operation("DescribeVpcs"));
    fixture.sim.add_fault(of_first(FaultKind::Reset).region("eu-west-2").operation("DescribeVpcs"));
    fixture.sim.add_fault(of_first(FaultKind::Reset).region("eu-central-1").operation("DescribeVpcs"));
    let request = json!({ "run_id": "causes", "accounts": "all", "regions": ["eu-west-1", "eu-west-2", "eu-central-1"],
                          "resources": ["ec2_vpcs"] });
    let response = fixture.run(request, None).await.expect("a response");
    let groups = serde_json::to_value(&response.failures).expect("JSON");
    let mut found: Vec<(String, u64)> = groups
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| (group["cause"].to_string(), group["cells"].as_u64().expect("a number")))
        .collect();
    found.sort();
    assert_eq!(found, [("\"unreachable\"".to_owned(), 2), ("\"unreadable\"".to_owned(), 1)], "{groups}");
}

/// The backend's own credentials end in the middle of a run. No customer is to blame.
#[tokio::test(flavor = "multi_thread")]
async fn own_credentials_that_end_blame_no_customer() {
    for (code, status) in [("ExpiredToken", "failed"), ("InvalidClientTokenId", "denied")] {
        let fixture = Fixture::start(3, account_with(1, 0, 0), |_| {}).await;
        let ends = Fault::error(403, code).service(Service::Sts).operation("AssumeRole").account(&account_id(1));
        fixture.sim.add_fault(ends);
        let response = fixture.run(narrow("ends"), None).await.expect("a response");
        let group = serde_json::to_value(&response.failures[0]).expect("JSON");
        assert_eq!((&group["stage"], &group["status"]), (&json!("backend"), &json!(status)), "{group}");
        let shown = run_cli(&fixture, &fixture.out(), &["status", "ends"]);
        assert!(shown.out.contains("concerns no customer") && !shown.out.contains("role ARN"), "{shown:?}");
    }
}

/// Accounts that never had their turn are not said to have refused.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_a_turn_were_not_asked() {
    let fixture = Fixture::start(3, account_with(1, 0, 0), |_| {}).await;
    let settings = Settings { accounts_at_once: 1, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let hung = fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::Sts).operation("AssumeRole"));
    let response = fixture.run_until(narrow("cut"), |_| fixture.sim.fired(hung) > 0).await.expect("a response");
    let stages: Vec<String> =
        response.failures.iter().map(|group| json!(group)["stage"].as_str().expect("a stage").to_owned()).collect();
    assert!(stages.len() == 3 && stages.iter().all(|stage| stage == "start"), "{stages:?}");
    fixture.sim.clear_faults();
    let shown = run_cli(&fixture, &fixture.out(), &["status", "cut"]);
    assert!(shown.out.contains("the run's time ended first") && !shown.out.contains("role ARN"), "{shown:?}");
}

/// A run that only has the name of another one's rest completes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_only_has_the_name_of_a_rest_is_no_part_of_the_chain() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |_| {}).await;
    let other = json!({ "run_id": "n.r1", "accounts": "all", "resources": ["accounts"] });
    assert_complete(&fixture.run(other, None).await.expect("a response"));
    let hung = fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::Sts).operation("AssumeRole"));
    fixture.run_until(narrow("n"), |_| fixture.sim.fired(hung) > 0).await.expect("a response");
    fixture.sim.clear_faults();
    let status = run_cli(&fixture, &fixture.out(), &["status", "n"]);
    assert!(status.code == 2 && status.out.contains("taken the name n.r1"), "{status:?}");
    let status = run_cli(&fixture, &fixture.out(), &["status", "n", "--json"]);
    let document = status.response();
    assert_eq!((&document["chain"]["status"], &document["next_is_taken"]), (&json!("failed"), &json!(true)));
    let resumed = run_cli(&fixture, &fixture.out(), &["resume", "n"]);
    assert!(resumed.code == 2 && resumed.err.contains("RunIdTaken"), "{resumed:?}");
    assert!(!resumed.out.contains("Nothing remains"), "{resumed:?}");
}

/// A file for timings that cannot be written costs no run.
#[tokio::test(flavor = "multi_thread")]
async fn timings_that_cannot_be_written_are_refused_before_the_run() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    let nowhere = fixture.folder.path().join("nowhere/timings.csv").display().to_string();
    let mut command = fixture.command(&fixture.out().display().to_string());
    command.args(["--timings", &nowhere]);
    let ran = tokio::task::block_in_place(|| run_command(command));
    assert!(ran.code == 2 && ran.err.contains(&nowhere), "{ran:?}");
    assert!(fixture.sim.log().is_empty(), "the run was not begun");
    // A full disk is noticed after the run, whose response is not lost for it.
    if Path::new("/dev/full").exists() {
        let mut command = fixture.command(&fixture.out().display().to_string());
        command.args(["--timings", "/dev/full", "--regions", "eu-west-1"]);
        let ran = tokio::task::block_in_place(|| run_command(command));
        assert_eq!((ran.code, &ran.response()["status"]), (2, &json!("complete")), "{ran:?}");
        assert!(ran.err.contains("/dev/full"), "{ran:?}");
    }
}
