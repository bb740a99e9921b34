//! The lists of files by which Athena reads: the state, and the files of the same moment.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::ledgers::{StateRows, current_files};
use super::{TABLES, collect, fixture, fixture_in_bucket, whole};
use crate::fixture::{Fixture, files_below};

const HOME: &str = "s3://results/inventory/";

/// The lists of all tables: the key of the state, and the keys of the files.
fn lists(fixture: &Fixture) -> BTreeMap<String, (String, Vec<String>)> {
    let objects = fixture.sim.objects("results");
    let list = |(key, body): (&String, &Bytes)| {
        let table = key.strip_prefix("inventory/symlinks/")?.strip_suffix("/files.txt")?;
        let text = String::from_utf8(body.to_vec()).expect("text");
        assert!(text.ends_with('\n'), "{text:?}");
        let mut lines = text.lines().map(|line| line.strip_prefix(HOME).expect("in this output").to_owned());
        let state = lines.next().expect("a state");
        assert!(objects.contains_key(&format!("inventory/{state}")), "{table}: {state} is there");
        Some((table.to_owned(), (state, lines.collect())))
    };
    objects.iter().filter_map(list).collect()
}

fn object(fixture: &Fixture, key: &str) -> Vec<u8> {
    fixture.sim.objects("results")[&format!("inventory/{key}")].to_vec()
}

/// Asserts that each list names the newest state, and the files that are current in it. Returns the state's key.
fn assert_listed(fixture: &Fixture, runs: &[&str]) -> String {
    let objects = fixture.sim.objects("results");
    let newest = objects.keys().find(|key| key.starts_with("inventory/state/parquet/")).expect("a state");
    let newest = newest.strip_prefix("inventory/").expect("in this output").to_owned();
    let state = StateRows::read(object(fixture, &newest));
    let manifests: Vec<Value> = runs
        .iter()
        .map(|run| serde_json::from_slice(&object(fixture, &format!("runs/{run}/manifest.json"))).expect("JSON"))
        .collect();
    let expected = current_files(&state.cells, &manifests);
    let lists = lists(fixture);
    let tables: Vec<&str> = lists.keys().map(String::as_str).collect();
    let mut wanted: Vec<&str> = TABLES.iter().copied().chain(["ledger"]).collect();
    // A table that the runs did not ask has a list too: one that names the state alone.
    wanted.retain(|table| !tables.contains(table));
    assert_eq!(wanted, Vec::<&str>::new());
    for (table, (state, files)) in &lists {
        // Two that commit at the same moment may write the same state twice. Either will do.
        assert_eq!(order(state), order(&newest), "{table}");
        let (mut files, mut wanted) = (files.clone(), expected.get(table).cloned().unwrap_or_default());
        files.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(files, wanted, "{table}");
    }
    newest
}

/// The moment and the number of runs in the name of a state, without what makes it unique.
fn order(state: &str) -> &str {
    state.rsplit('.').nth(1).map_or(state, |unique| state.split_once(unique).expect("a name").0)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_name_the_newest_state_and_its_files() {
    let fixture = fixture_in_bucket().await;
    collect(&fixture, whole("one")).await;
    assert_listed(&fixture, &["one"]);
    let narrow = json!({ "run_id": "narrow", "accounts": "all", "regions": ["us-east-1"], "resources": ["ec2_vpcs"] });
    collect(&fixture, narrow).await;
    assert_listed(&fixture, &["one", "narrow"]);
    let two = |fixture: &Fixture| lists(fixture)["ec2_vpcs"].1.len();
    assert_eq!((two(&fixture), lists(&fixture)["ec2_subnets"].1.len()), (2, 1), "a file of each run that answers");
    collect(&fixture, whole("two")).await;
    let newest = assert_listed(&fixture, &["one", "narrow", "two"]);
    // A list of a newer state, of another writer, stays. What is no list is replaced, and a list that is gone is written.
    let later = format!("{HOME}state/parquet/0000000000001.0000000001.later.parquet\n");
    fixture.sim.put_object("results", "inventory/symlinks/ec2_vpcs/files.txt", later.clone());
    fixture.sim.put_object("results", "inventory/symlinks/ec2_subnets/files.txt", "no list");
    fixture.sim.put_object("results", "inventory/symlinks/accounts/files.txt", "");
    collect(&fixture, whole("three")).await;
    assert_eq!(object(&fixture, "symlinks/ec2_vpcs/files.txt"), later.as_bytes());
    let after =
        |table: &str| String::from_utf8(object(&fixture, &format!("symlinks/{table}/files.txt"))).expect("text");
    let first = |table: &str| after(table).lines().next().expect("a line").to_owned();
    assert_eq!(first("ec2_subnets"), first("ledger"));
    assert_eq!(first("accounts"), first("ledger"));
    assert!(first("ledger") < format!("{HOME}{newest}"), "a newer state comes first");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_commits_at_the_same_moment_name_all_of_them() {
    let fixture = fixture_in_bucket().await;
    let names: Vec<String> = (0..TABLES.len()).map(|number| format!("at-once-{number}")).collect();
    let request = |number: usize| json!({ "run_id": names[number], "accounts": "all", "regions": ["eu-west-1"], "resources": [TABLES[number]] });
    futures::future::join_all((0..TABLES.len()).map(|number| collect(&fixture, request(number)))).await;
    assert_listed(&fixture, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_other_formats_have_no_lists() {
    let fixture = fixture("parquet").await;
    collect(&fixture, whole("one")).await;
    assert!(!files_below(&fixture.out()).iter().any(|path| path.display().to_string().contains("symlinks")));
}
