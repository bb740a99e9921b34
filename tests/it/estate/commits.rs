//! Every commit leaves a state. It says what the ledgers say, whatever happens to it.

use std::collections::BTreeSet;
use std::path::Path;

use rolecall::testing::Settings;
use serde_json::{Value, json};

use super::ledgers::{StateRows, by_ledgers, current_files, states};
use super::past::committed_at;
use super::{TABLES, answer, ask_all, collect, faulty, fixture, holders, look_up, row_ids, unanswered, whole};
use crate::command::manifest;
use crate::fixture::{Fixture, files_below, write_registry};
use crate::sim::{Fault, FaultKind, Service, account_id, external_id};

/// Asserts that the newest state says what the ledgers of these runs say, oldest first.
fn assert_summed_up(out: &Path, runs: &[&str]) {
    let state = StateRows::newest(out);
    let expected = by_ledgers(out, runs);
    assert_eq!(state.merged, runs.iter().map(|run| (*run).to_owned()).collect::<BTreeSet<String>>());
    assert_eq!(state.cells, expected, "after {runs:?}");
    let manifests: Vec<Value> = runs.iter().map(|run| manifest(out, run)).collect();
    assert_eq!(state.files, current_files(&expected, &manifests), "after {runs:?}");
}

/// Answers without any state.
fn rebuilt(fixture: &Fixture) -> Value {
    let (state, aside) = (fixture.out().join("state"), fixture.folder.path().join("aside"));
    std::fs::rename(&state, &aside).expect("moved");
    let answers = ask_all(fixture, &[]);
    assert!(!state.exists(), "a reader writes nothing");
    std::fs::rename(&aside, &state).expect("moved back");
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_says_what_the_ledgers_say() {
    for format in ["parquet", "ndjson"] {
        let fixture = fixture(format).await;
        let out = fixture.out();
        collect(&fixture, whole("one")).await;
        assert_summed_up(&out, &["one"]);
        let refusal = fixture.sim.add_fault(Fault::new(FaultKind::Denied).account(&faulty()));
        fixture.run(whole("refused"), None).await.expect("a response");
        fixture.sim.lift(refusal);
        assert_summed_up(&out, &["one", "refused"]);
        let narrow = json!({ "run_id": "narrow", "accounts": [account_id(0)], "regions": ["us-east-1"],
                             "resources": ["ec2_vpcs"] });
        collect(&fixture, narrow).await;
        assert_summed_up(&out, &["one", "refused", "narrow"]);
        assert_eq!(states(&out).len(), 3, "one state a commit, and none is replaced");
        assert_eq!(ask_all(&fixture, &[]), rebuilt(&fixture), "{format}");
        // A second delivery of an event changes nothing.
        let before = files_below(&out);
        fixture.run(whole("one"), None).await.expect("a response");
        assert_eq!(files_below(&out), before);
        collect(&fixture, whole("two")).await;
        assert_summed_up(&out, &["one", "refused", "narrow", "two"]);
    }
}

/// Two formats in one output: each has its states, and an answer reads both.
#[tokio::test(flavor = "multi_thread")]
async fn two_formats_in_one_output_are_one_estate() {
    let fixture = fixture("parquet").await;
    let narrow = |run_id: &str, account: usize| json!({ "run_id": run_id, "accounts": [account_id(account)], "regions": ["eu-west-1"], "resources": TABLES });
    collect(&fixture, narrow("in-parquet", 0)).await;
    let settings = Settings { format: Some("ndjson".to_owned()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    collect(&fixture, narrow("in-ndjson", 1)).await;
    assert_eq!(states(&fixture.out()).len(), 2);
    let both = ask_all(&fixture, &[]);
    assert_eq!(both, rebuilt(&fixture));
    let expected: Vec<String> = [0, 1].into_iter().map(|number| format!("{0} {0}", account_id(number))).collect();
    assert_eq!(holders(&look_up(&fixture, &[&account_id(0), &account_id(1)], &[])), expected);
}

/// An output whose runs an earlier version wrote, and then more runs in another format than a state takes in at once.
#[tokio::test(flavor = "multi_thread")]
async fn runs_of_another_format_hide_none() {
    let fixture = fixture("parquet").await;
    let narrow = |run_id: &str, resource: &str| json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1"], "resources": [resource] });
    for number in 0..17 {
        collect(&fixture, narrow(&format!("a-{number:02}"), "accounts")).await;
    }
    std::fs::remove_dir_all(fixture.out().join("state")).expect("removed");
    move_back(&fixture.out(), "2025-01-15");
    let settings = Settings { format: Some("ndjson".to_owned()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    collect(&fixture, narrow("new", "ec2_vpcs")).await;
    assert_eq!(StateRows::newest(&fixture.out()).merged, BTreeSet::from(["new".to_owned()]));
    assert_eq!(holders(&look_up(&fixture, &[&account_id(0)], &[])).len(), 1, "the old answer counts still");
    assert_eq!(ask_all(&fixture, &[]), rebuilt(&fixture));
}

/// A state names the runs of the last weeks and those that its cells need. Others are in it, and are not merged again and again.
#[tokio::test(flavor = "multi_thread")]
async fn runs_before_the_horizon_are_merged_once() {
    let fixture = fixture("ndjson").await;
    let narrow = |run_id: &str, resource: &str| json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1"], "resources": [resource] });
    let state = fixture.out().join("state");
    collect(&fixture, narrow("old", "accounts")).await;
    std::fs::remove_dir_all(&state).expect("removed");
    move_back(&fixture.out(), "2025-01-15");
    collect(&fixture, narrow("new", "ec2_vpcs")).await;
    let named = ["new", "old"].map(str::to_owned);
    assert_eq!(StateRows::newest(&fixture.out()).merged, BTreeSet::from(named), "a cell needs the old one");
    // The other format has a run, and no state.
    let settings = Settings { format: Some("parquet".to_owned()), ..fixture.settings.clone() };
    let other = Fixture { settings, ..fixture };
    collect(&other, narrow("other", "ec2_subnets")).await;
    std::fs::remove_dir_all(state.join("parquet")).expect("removed");
    let settings = Settings { format: Some("ndjson".to_owned()), ..other.settings.clone() };
    let fixture = Fixture { settings, ..other };
    let before = states(&fixture.out()).len();
    collect(&fixture, narrow("newer", "ec2_vpcs")).await;
    assert_eq!(states(&fixture.out()).len(), before + 1);
    assert_eq!(ask_all(&fixture, &[]), rebuilt(&fixture));
    assert_eq!(holders(&look_up(&fixture, &[&account_id(0)], &[])).len(), 1, "the old answer counts still");
}

/// Makes the runs of an output old: the names of their lists say another date.
fn move_back(out: &Path, date: &str) {
    let lists = files_below(&out.join("committed"));
    let folder = out.join("committed").join(format!("dt={date}"));
    std::fs::create_dir_all(&folder).expect("created");
    for list in lists {
        std::fs::rename(&list, folder.join(list.file_name().expect("a name"))).expect("moved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_the_same_moment_lose_nothing() {
    let fixture = fixture("parquet").await;
    let names: Vec<String> = (0..6).map(|number| format!("at-once-{number}")).collect();
    // Each run knows another table, so that a lost run is a lost answer.
    let request = |number: usize| json!({ "run_id": names[number], "accounts": "all", "regions": ["eu-west-1"], "resources": [TABLES[number]] });
    futures::future::join_all((0..6).map(|number| collect(&fixture, request(number)))).await;
    let state = StateRows::newest(&fixture.out());
    assert_eq!(state.merged, names.iter().cloned().collect::<BTreeSet<String>>());
    let runs: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(state.cells, by_ledgers(&fixture.out(), &runs));
    assert_eq!(ask_all(&fixture, &[]), rebuilt(&fixture));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_changes_no_answer() {
    let fixture = fixture("parquet").await;
    let out = fixture.out();
    collect(&fixture, whole("one")).await;
    collect(&fixture, whole("two")).await;
    let expected = ask_all(&fixture, &[]);
    type Damage = fn(&Path, &[u8]);
    let damages: [(&str, Damage); 4] = [
        ("cut", |path, bytes| std::fs::write(path, &bytes[..bytes.len() / 2]).expect("written")),
        ("garbage", |path, bytes| std::fs::write(path, "garbage ".repeat(bytes.len() / 8)).expect("written")),
        ("empty", |path, _| std::fs::write(path, "").expect("written")),
        ("gone", |path, _| std::fs::remove_file(path).expect("removed")),
    ];
    for (name, damage) in damages {
        let newest = states(&out).remove(0);
        let bytes = std::fs::read(&newest).expect("a state");
        damage(&newest, &bytes);
        let answered = answer(&fixture, &["ask", "--all", "--format", "json"]);
        assert_eq!((answered.code, &answered.response()), (0, &expected), "{name}");
        let file = newest.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(answered.err.contains(&file), name != "gone", "{name}: {}", answered.err);
        std::fs::write(&newest, bytes).expect("restored");
    }
    // More damaged states than a reader tries.
    for number in 0..4 {
        collect(&fixture, whole(&format!("more-{number}"))).await;
    }
    let expected = ask_all(&fixture, &[]);
    assert!(states(&out).len() > 5);
    for state in states(&out) {
        std::fs::write(state, "garbage").expect("written");
    }
    assert_eq!(ask_all(&fixture, &[]), expected);
    // The next commit writes a good one, which the next reader finds first.
    collect(&fixture, whole("next")).await;
    assert_summed_up(&out, &["one", "two", "more-0", "more-1", "more-2", "more-3", "next"]);
    let answered = answer(&fixture, &["ask", "--all", "--format", "json"]);
    assert_eq!((answered.err.as_str(), answered.response()), ("", rebuilt(&fixture)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_of_an_earlier_version_is_read() {
    let fixture = fixture("parquet").await;
    let out = fixture.out();
    collect(&fixture, whole("one")).await;
    let at = committed_at(&out, "one");
    collect(&fixture, whole("two")).await;
    let (now, then) = (ask_all(&fixture, &[]), ask_all(&fixture, &["--at", &at]));
    std::fs::remove_dir_all(out.join("state")).expect("removed");
    for list in files_below(&out.join("committed")) {
        let lines = std::fs::read_to_string(&list).expect("a list");
        let lines = lines.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            assert!(line.as_object_mut().expect("an object").remove("committed_at").is_some());
            format!("{line}\n")
        });
        std::fs::write(&list, lines.collect::<String>()).expect("written");
    }
    assert_eq!(ask_all(&fixture, &[]), now);
    assert_eq!(ask_all(&fixture, &["--at", &at]), then);
    // The first commit of this version sums up all of them.
    collect(&fixture, whole("three")).await;
    assert_summed_up(&out, &["one", "two", "three"]);
}

/// Ids of everything that a run found, and who holds them.
fn everything(fixture: &Fixture, run_id: &str) -> (Vec<String>, Value) {
    let ids: Vec<String> = TABLES.iter().flat_map(|table| row_ids(fixture, run_id, table)).collect();
    let terms: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = look_up(fixture, &terms, &[]);
    assert!(found["rows"].as_array().expect("rows").len() >= ids.len(), "everything is found");
    (ids, found)
}

/// The rows without what depends on cells that are not known now: whether the internet reaches them.
fn held(answer: &Value) -> Vec<Value> {
    let mut rows = answer["rows"].as_array().expect("rows").clone();
    for row in &mut rows {
        let row = row.as_object_mut().expect("a row");
        assert!(row.remove("public").is_some() && row.remove("allowed_by").is_some());
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_did_not_see_stays() {
    let fixture = fixture("parquet").await;
    collect(&fixture, whole("one")).await;
    let (ids, before) = everything(&fixture, "one");
    let found = |fixture: &Fixture| look_up(fixture, &ids.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    assert_eq!(unanswered(&before), Vec::<String>::new());
    // An account that cannot be entered.
    let refusal = fixture.sim.add_fault(Fault::new(FaultKind::Denied).account(&faulty()).service(Service::Sts));
    let only_faulty =
        json!({ "run_id": "refused", "accounts": [faulty()], "regions": ["eu-west-1"], "resources": TABLES });
    fixture.run(only_faulty, None).await.expect("a response");
    fixture.sim.lift(refusal);
    let after = found(&fixture);
    assert_eq!(held(&after), held(&before));
    assert_eq!(unanswered(&after).len(), 7, "every cell that was refused is told: {}", after["coverage"]);
    // A narrow run over another region, and one over another table.
    for (run_id, region, resource) in [("region", "us-east-1", "ec2_vpcs"), ("table", "eu-west-1", "ec2_volumes")] {
        let request = json!({ "run_id": run_id, "accounts": [faulty()], "regions": [region], "resources": [resource] });
        collect(&fixture, request).await;
        assert_eq!(held(&found(&fixture)), held(&before), "{run_id}");
    }
    // An account that left the registry, after which the others are collected again.
    let targets = [json!({ "account_id": account_id(0), "external_id": external_id(&account_id(0)) })];
    write_registry(fixture.folder.path(), &targets);
    let own = fixture.settings.registry.clone().expect("a registry");
    assert!(!std::fs::read_to_string(own).expect("text").contains(&faulty()), "the registry was replaced");
    collect(&fixture, whole("left")).await;
    let after = found(&fixture);
    let of_faulty = |answer: &Value| {
        held(answer).into_iter().filter(|row| row["account_id"] == faulty().as_str()).collect::<Vec<Value>>()
    };
    assert!(!of_faulty(&before).is_empty());
    assert_eq!(of_faulty(&after), of_faulty(&before), "the rows of the account that left, as it was last seen");
    assert_eq!(holders(&after), holders(&before));
}
