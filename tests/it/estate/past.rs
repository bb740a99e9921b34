//! The inventory as it was: at a moment, and in one run with those that continue it.

use std::path::Path;

use serde_json::{Value, json};

use super::{answer, ask_all, collect, fixture, fixture_in_bucket, holders, look_up, row_ids, unanswered, whole};
use crate::command::{manifest, rows};
use crate::fixture::{Fixture, ProgressCounter, account_with, files_below};
use crate::sim::{Fault, FaultKind, Kind, Service, Times, account_id, resource_id};

/// When a run was committed, as the list of its files says.
pub(super) fn committed_at(out: &Path, run_id: &str) -> String {
    let name = format!("{run_id}.ndjson");
    let lists = files_below(&out.join("committed"));
    let list = lists.iter().find(|list| list.ends_with(&name)).expect("a list");
    let lines = std::fs::read_to_string(list).expect("text");
    let line: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    line["committed_at"].as_str().expect("a time").to_owned()
}

fn set_vpcs(fixture: &Fixture, count: usize) {
    fixture.sim.change(|world| {
        for number in 0..2 {
            world.account(&account_id(number)).set_count(None, Some(Kind::Vpcs), count);
        }
    });
}

/// The VPCs that are found of a region's first five, by account and id.
fn vpcs(fixture: &Fixture, more: &[&str]) -> Vec<String> {
    let id = |account: usize, index| resource_id("vpc", &account_id(account), "eu-west-1", index);
    let terms: Vec<String> = (0..2).flat_map(|account| (0..5).map(move |index| id(account, index))).collect();
    holders(&look_up(fixture, &terms.iter().map(String::as_str).collect::<Vec<_>>(), more))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_shows_what_was_committed_by_then() {
    let fixture = fixture("parquet").await;
    let out = fixture.out();
    let mut moments = Vec::new();
    for (run_id, count) in [("one", 1), ("two", 3), ("three", 2)] {
        set_vpcs(&fixture, count);
        collect(&fixture, whole(run_id)).await;
        // The next run starts in another millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        moments.push((committed_at(&out, run_id), 2 * count, manifest(&out, run_id)["started_at"].clone()));
    }
    let check = |what: &str| {
        for (number, (at, count, _)) in moments.iter().enumerate() {
            assert_eq!(vpcs(&fixture, &["--at", at]).len(), *count, "{what}: run {number} at {at}");
        }
        // A run that has begun and is not committed does not count.
        let second_begins = moments[1].2.as_str().expect("a time");
        assert_eq!(vpcs(&fixture, &["--at", second_begins]).len(), 2, "{what}");
        assert_eq!(vpcs(&fixture, &["--at", "2999-01-01"]).len(), 4, "{what}");
    };
    check("by the states");
    let then = ask_all(&fixture, &["--at", &moments[1].0]);
    std::fs::remove_dir_all(out.join("state")).expect("removed");
    check("by the ledgers");
    assert_eq!(ask_all(&fixture, &["--at", &moments[1].0]), then);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_with_its_continuations_alone() {
    let fixture = fixture("ndjson").await;
    set_vpcs(&fixture, 5);
    collect(&fixture, whole("before")).await;
    set_vpcs(&fixture, 2);
    let hung = Fault::new(FaultKind::Hang).account(&account_id(1)).service(Service::Ec2).operation("DescribeVpcs");
    let hung = fixture.sim.add_fault(hung);
    let others_are_done =
        |seen: &ProgressCounter| fixture.sim.fired(hung) > 0 && seen.finished_accounts() == 1 && seen.open_cells() == 1;
    let response = fixture.run_until(whole("cut"), others_are_done).await.expect("a response");
    fixture.sim.lift(hung);
    let found = look_up(&fixture, &[&resource_id("vpc", &account_id(1), "eu-west-1", 0)], &["--run", "cut"]);
    assert_eq!(holders(&found), Vec::<String>::new());
    assert_eq!(unanswered(&found), [format!("{} eu-west-1 ec2_vpcs timed_out", account_id(1))]);
    let remaining = serde_json::to_value(response.remaining.expect("a rest")).expect("JSON");
    collect(&fixture, remaining).await;
    set_vpcs(&fixture, 3);
    collect(&fixture, whole("after")).await;
    assert_eq!(vpcs(&fixture, &["--run", "cut"]).len(), 2 + 2, "the rest belongs to the run");
    assert_eq!(vpcs(&fixture, &["--run", "cut.r1"]).len(), 2);
    assert_eq!(vpcs(&fixture, &["--run", "before"]).len(), 5 + 5);
    assert_eq!(vpcs(&fixture, &[]).len(), 3 + 3);
    let all = ask_all(&fixture, &["--run", "cut"]);
    assert!(!all.to_string().contains("timed_out"), "{all}");
}

/// Records are collected zone by zone. The run that does the rest asks for the other zones, and has all of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_done_in_two_runs_is_shown_whole() {
    let fixture = Fixture::start(1, account_with(0, 3, 4), |_| {}).await.without_attempts();
    let request =
        json!({ "run_id": "cut", "accounts": "all", "resources": ["route53_records", "route53_hosted_zones"] });
    // The records of two zones are listed, and those of the third are not.
    let hung = Fault::new(FaultKind::Hang).operation("ListResourceRecordSets").times(Times::Only(3));
    let hung = fixture.sim.add_fault(hung);
    let two_are_listed = |_: &ProgressCounter| {
        let listed = fixture.sim.log_of(Service::Route53, "ListResourceRecordSets");
        fixture.sim.fired(hung) > 0 && listed.len() >= 2
    };
    let response = fixture.run_until(request, two_are_listed).await;
    fixture.sim.lift(hung);
    let remaining = response.expect("a response").remaining.expect("a rest");
    collect(&fixture, serde_json::to_value(remaining).expect("JSON")).await;
    let all = row_ids(&fixture, "cut.r1", "route53_records");
    assert!(all.len() >= 3 * 4, "{all:?}");
    for more in [&[][..], &["--run", "cut"]] {
        let found = look_up(&fixture, &[&account_id(0)], more);
        let rows = found["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), 1, "the account is known");
        assert_eq!(rows[0]["collected_at"], Value::Null, "the accounts' table was not asked");
        let found = look_up(&fixture, &all.iter().map(String::as_str).collect::<Vec<_>>(), more);
        assert_eq!(holders(&found).len(), all.len(), "{more:?}");
    }
}

/// What an answer costs does not grow with the number of runs that were kept.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_costs_the_same_after_forty_runs() {
    let fixture = fixture_in_bucket().await;
    let request = |number: usize| {
        json!({ "run_id": format!("run-{number:02}"), "accounts": "all", "regions": ["eu-west-1"],
                                          "resources": ["ec2_vpcs", "ec2_addresses"] })
    };
    let costs = || {
        let cost = |arguments: &[&str]| {
            fixture.sim.reset_counts();
            let answered = answer(&fixture, arguments);
            assert_eq!(answered.code, 0, "{answered:?}");
            let calls = fixture.sim.counts().calls;
            calls.into_iter().map(|(key, count)| (key.operation, count)).collect::<Vec<_>>()
        };
        let id = resource_id("vpc", &account_id(0), "eu-west-1", 0);
        [cost(&["ask", "public-addresses"]), cost(&["where", &id]), cost(&["ask", "--all"])]
    };
    collect(&fixture, request(0)).await;
    collect(&fixture, request(1)).await;
    let first = costs();
    for number in 2..40 {
        collect(&fixture, request(number)).await;
    }
    assert_eq!(costs(), first);
    let total: u64 = first[1].iter().map(|(_, count)| count).sum();
    assert!(total <= 10, "`where` needs {total} requests: {:?}", first[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_of_pages_changes_no_resource() {
    let fixture = fixture("ndjson").await;
    // More than a page of them, so that each page has other items the second time.
    fixture.sim.change(|world| {
        world.account(&account_id(0)).set_count(Some("eu-west-1"), None, 1_203);
    });
    collect(&fixture, whole("forwards")).await;
    fixture.sim.change(|world| world.backwards = true);
    collect(&fixture, whole("backwards")).await;
    let digests = |run_id: &str| -> Vec<(String, Value)> {
        let rows = rows(&fixture.out(), &manifest(&fixture.out(), run_id), "ec2_instances");
        rows.iter().map(|row| (row["id"].to_string(), row["digest"].clone())).collect()
    };
    let (mut forwards, mut backwards) = (digests("forwards"), digests("backwards"));
    assert!(forwards != backwards, "the orders differ");
    for digests in [&mut forwards, &mut backwards] {
        digests.sort_by(|one, other| one.0.cmp(&other.0));
    }
    let different = forwards.iter().zip(&backwards).find(|(one, other)| one != other);
    assert_eq!((different, forwards.len()), (None, backwards.len()));
    assert!(forwards.len() > 1_203 && forwards.iter().all(|(_, digest)| digest.is_i64()));
    let diff = answer(&fixture, &["diff", "forwards", "backwards", "--format", "json"]).response();
    assert_eq!(diff["rows"], json!([]), "{diff}");
    assert_eq!(diff["coverage"]["unknown"], json!([]));
}
