//! The script that removes an account's rows from a copy of the output.

use serde_json::Value;
use std::path::Path;

use super::recorded::{recorded_rows, recording};
use super::{TABLES, answer, ask_all, collect, faulty, fixture, holders, look_up, whole};
use crate::command::{manifest, rows, run_command};
use crate::emulator::{python, root};
use crate::fixture::{Fixture, files_below};
use crate::sim::{Kind, account_id};

const RUNS: [&str; 2] = ["first", "second"];

/// The rows of an account in all runs.
fn rows_of(fixture: &Fixture, account: &str) -> Vec<Value> {
    let tables = TABLES.iter().chain(&["ledger"]);
    let all = tables.flat_map(|table| {
        RUNS.iter().flat_map(|run| rows(&fixture.out(), &manifest(&fixture.out(), run), table)).collect::<Vec<_>>()
    });
    all.filter(|row| row["account_id"] == account).collect()
}

fn purge(fixture: &Fixture, account: &str) -> String {
    let mut command = std::process::Command::new(python());
    command.arg(root().join("infra/purge.py")).arg(fixture.out()).arg(account);
    let done = tokio::task::block_in_place(|| command.output()).expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// Commands refuse a file that is not as its manifest says, so their answers prove that the manifests were corrected.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_purged_and_the_others_are_answered_as_before() {
    for format in ["parquet", "ndjson"] {
        let fixture = fixture(format).await;
        for run in RUNS {
            collect(&fixture, whole(run)).await;
            let lost = if run == "first" { 1 } else { 2 };
            fixture.sim.change(|world| {
                world.account(&faulty()).set_count(None, Some(Kind::Subnets), lost);
            });
        }
        let recorded = tokio::task::block_in_place(|| run_command(recording(&fixture.out(), "second")));
        assert!(recorded.response()["changes"]["accounts"].as_u64() > Some(0), "{recorded:?}");
        let (kept, gone) = (rows_of(&fixture, &account_id(0)), rows_of(&fixture, &faulty()));
        let vpc = |rows: &[Value]| {
            let row = rows.iter().find(|row| row["id"].as_str().is_some_and(|id| id.starts_with("vpc-")));
            row.expect("a VPC")["id"].as_str().expect("an id").to_owned()
        };
        let (kept_vpc, gone_vpc) = (vpc(&kept), vpc(&gone));
        let holder = holders(&look_up(&fixture, &[&kept_vpc], &[]));
        assert!(!holder.is_empty() && !holders(&look_up(&fixture, &[&gone_vpc], &[])).is_empty());

        // Pages have rows too.
        for page in ["latest.html", "runs/first/report.html"] {
            std::fs::write(fixture.out().join(page), "a page").expect("written");
        }
        assert_ne!(purge(&fixture, &faulty()), "0 files rewritten\n", "{format}");
        assert_eq!(rows_of(&fixture, &faulty()), Vec::<Value>::new(), "{format}");
        assert_eq!(rows_of(&fixture, &account_id(0)), kept, "{format}");
        assert_eq!(holders(&look_up(&fixture, &[&kept_vpc], &[])), holder, "{format}");
        let nobody = answer(&fixture, &["where", "--format", "json", &gone_vpc]);
        assert_eq!(holders(&nobody.response()), Vec::<String>::new(), "{nobody:?}");
        ask_all(&fixture, &[]);
        // What changed in it is gone too, and the list of those files has their sizes and hashes.
        let part_of_others = |path: &Path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let part: Value = serde_json::from_str(&text).expect("JSON");
            part["accounts"].as_object().is_none_or(|accounts| !accounts.contains_key(&faulty()))
        };
        let parts = files_below(&fixture.out().join("runs/second/changes"));
        assert!(!parts.is_empty() && parts.iter().all(|part| part_of_others(part)), "{format}");
        assert!(recorded_rows(&fixture.out(), "second").iter().all(|row| row["account_id"] != faulty().as_str()));
        for list in files_below(&fixture.out().join("changes")) {
            for line in std::fs::read_to_string(list).expect("text").lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                let file = std::fs::read(fixture.out().join(line["key"].as_str().expect("a key"))).expect("a file");
                assert_eq!(line["bytes"], file.len(), "{format}: {line}");
            }
        }
        assert!(files_below(&fixture.out()).iter().all(|file| file.extension() != Some("html".as_ref())), "{format}");
        // Once more changes nothing, and the next run works with what is left.
        assert_eq!(purge(&fixture, &faulty()), "0 files rewritten\n", "{format}");
        collect(&fixture, whole("third")).await;
        assert!(!holders(&look_up(&fixture, &[&gone_vpc], &[])).is_empty(), "{format}");
    }
}
