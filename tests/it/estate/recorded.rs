//! The table `changes`: what a run changed, recorded after its commit.
//!
//! The generated estate has the planted changes, and `rolecall diff` is compared with them elsewhere. Here
//! the table is compared with `rolecall diff`, and the step is interrupted, repeated and run twice at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rolecall::testing::{parquet_to_ndjson, sink};
use serde_json::{Value, json};

use super::changed::{NIGHTS, asked, demo};
use super::{answer, faulty, fixture, whole};
use crate::command::{CommandOutput, manifest, rolecall, run_command};
use crate::emulator::python;
use crate::fixture::{Fixture, files_below};
use crate::sim::{Fault, FaultKind, Kind, account_id, resource_id};

/// `rolecall resume RUN --changes`, which records the changes of a committed run.
pub(super) fn recording(output: &Path, run_id: &str) -> Command {
    let mut command = rolecall(&["resume", run_id, "--changes", "--json"]);
    command.args(["--output", output.to_str().expect("a path")]);
    command
}

fn record(output: &Path, run_id: &str) -> Value {
    let recorded = run_command(recording(output, run_id));
    let response = recorded.response();
    response["changes"].clone()
}

fn document(output: &Path, key: &str) -> Value {
    let bytes = std::fs::read(output.join(key)).unwrap_or_else(|_| panic!("no {key}"));
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The rows that a run has recorded, as its list of files names them.
pub(super) fn recorded_rows(output: &Path, run_id: &str) -> Vec<Value> {
    let changes = document(output, &format!("runs/{run_id}/changes.json"));
    let list = format!("changes/dt={}/{run_id}.ndjson", changes["dt"].as_str().expect("a date"));
    let list = std::fs::read_to_string(output.join(list)).unwrap_or_default();
    let listed: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let files = changes["files"].as_array().expect("files").clone();
    let keys = |files: &[Value]| files.iter().map(|file| file["key"].clone()).collect::<Vec<_>>();
    assert_eq!(keys(&listed), keys(&files), "the list names what the document names");
    let mut rows = Vec::new();
    for file in files {
        let bytes = std::fs::read(output.join(file["key"].as_str().expect("a key"))).expect("the file");
        let text = match file["key"].as_str().is_some_and(|key| key.ends_with(".parquet")) {
            true => parquet_to_ndjson(bytes.into(), &sink::changes_columns()).expect("parquet"),
            false => std::io::read_to_string(flate2::read::GzDecoder::new(&bytes[..])).expect("gzip"),
        };
        let own: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(own.len() as u64, file["rows"].as_u64().expect("a count"));
        rows.extend(own);
    }
    rows
}

/// Rows in one order and form: absent members are null.
pub(super) fn sorted(rows: &[Value]) -> Vec<String> {
    let names: Vec<String> = sink::changes_columns().into_iter().map(|column| column.name).collect();
    let form = |row: &Value| {
        let row: Vec<String> = names.iter().map(|name| format!("{name}={}", row[name.as_str()])).collect();
        row.join(" ")
    };
    let mut rows: Vec<String> = rows.iter().map(form).collect();
    rows.sort();
    rows
}

pub(super) fn diff(output: &Path, from: &str, to: &str) -> Vec<String> {
    let told = asked(output, &["diff", from, to]);
    assert_eq!(told.code, 0, "{told:?}");
    sorted(told.response()["rows"].as_array().expect("rows"))
}

/// The rows of the view `changes` in DuckDB.
fn in_duckdb(output: &Path, format: &str) -> Vec<Value> {
    let script =
        run_command(rolecall(&["schema", "duckdb", "--format", format, "--output", output.to_str().expect("a path")]));
    assert_eq!(script.code, 0, "{script:?}");
    let file = output.join("views.sql");
    std::fs::write(&file, script.out).expect("written");
    let program = "import duckdb, json, sys\n\
                   con = duckdb.connect()\n\
                   con.execute(open(sys.argv[1]).read())\n\
                   for row in con.execute('select to_json(c) from changes c').fetchall(): print(row[0])";
    let printed = Command::new(python()).args(["-c", program]).arg(&file).output().expect("python runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    std::fs::remove_file(file).expect("removed");
    String::from_utf8_lossy(&printed.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What identifies a change: run, account, region, table, id and the change.
fn told(rows: &[Value]) -> BTreeSet<String> {
    let names = ["run_id", "account_id", "region", "table", "id", "change", "previous_run_id"];
    rows.iter().map(|row| names.map(|name| row[name].as_str().unwrap_or("-").to_owned()).join(" ")).collect()
}

#[test]
fn the_table_has_what_diff_tells() {
    let folder = demo();
    let output = folder.path().join("demo");
    assert!(in_duckdb(&output, "parquet").is_empty(), "nothing is recorded yet");
    let mut all = Vec::new();
    for (at, night) in NIGHTS.iter().enumerate() {
        let summary = record(&output, night);
        assert_eq!(summary["status"], "recorded", "{summary}");
        let rows = recorded_rows(&output, night);
        let count = |change: &str| rows.iter().filter(|row| row["change"] == change).count();
        for change in ["added", "removed", "changed"] {
            assert_eq!(summary[change], count(change), "{night} {change}");
        }
        let changes = document(&output, &format!("runs/{night}/changes.json"));
        let counted: u64 = ["added", "removed", "changed"].iter().filter_map(|it| changes[*it].as_u64()).sum();
        assert_eq!(counted, rows.len() as u64);
        if at == 0 {
            assert!(rows.is_empty() && changes["cells"]["compared"] == 0, "{changes}");
            assert!(changes["cells"]["baseline"].as_u64() > Some(100), "{changes}");
            continue;
        }
        assert_eq!(sorted(&rows), diff(&output, NIGHTS[at - 1], night), "{night}");
        all.extend(rows);
    }
    assert!(all.len() > 30, "{} changes", all.len());
    let viewed = in_duckdb(&output, "parquet");
    assert_eq!((viewed.len(), told(&viewed)), (all.len(), told(&all)));
    assert!(viewed.iter().all(|row| row["dt"].as_str().is_some_and(|dt| dt.starts_with("2026-11-2"))));
}

#[test]
fn a_repeat_changes_nothing() {
    let folder = demo();
    let output = folder.path().join("demo");
    let first = record(&output, NIGHTS[4]);
    let before = files_below(&output);
    assert_eq!(record(&output, NIGHTS[4]), first);
    assert_eq!(files_below(&output), before);
    // A list that was lost is written again.
    let list = before.iter().find(|path| path.starts_with(output.join("changes"))).expect("a list");
    std::fs::remove_file(list).expect("removed");
    record(&output, NIGHTS[4]);
    assert_eq!(files_below(&output), before);
}

#[test]
fn two_attempts_at_once_give_one_result() {
    let folder = demo();
    let output = folder.path().join("demo");
    plan_in_parts(&output, NIGHTS[4]);
    let attempts: Vec<_> = (0..4)
        .map(|_| {
            let mut command = recording(&output, NIGHTS[4]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
        })
        .collect();
    let summaries: BTreeSet<String> = attempts
        .into_iter()
        .map(|attempt| {
            let output = attempt.wait_with_output().expect("it ends");
            let response: Value = serde_json::from_slice(&output.stdout).expect("a response");
            response["changes"].to_string()
        })
        .collect();
    assert_eq!(summaries.len(), 1, "{summaries:?}");
    let rows = recorded_rows(&output, NIGHTS[4]);
    assert_eq!(sorted(&rows), diff(&output, NIGHTS[3], NIGHTS[4]));
    // Files of attempts that came too late may lie there. No reader counts them.
    assert_eq!(in_duckdb(&output, "parquet").len(), rows.len());
}

/// Plans the comparison of a night as a large run would be: with many parts.
pub(super) fn plan_in_parts(output: &Path, night: &str) -> usize {
    // The plan of another output, since the first one counts.
    let other = demo();
    let from = other.path().join("demo");
    record(&from, night);
    let key = format!("runs/{night}/changes/plan.json");
    let mut plan = document(&from, &key);
    let tables = plan["parts"][0]["tables"].as_array().expect("tables").clone();
    let parts: Vec<Value> = tables
        .chunks(10)
        .enumerate()
        .map(|(number, tables)| json!({ "name": number.to_string(), "tables": tables }))
        .collect();
    let count = parts.len();
    plan["parts"] = Value::Array(parts);
    let path = output.join(key);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    std::fs::write(path, plan.to_string()).expect("written");
    count
}

#[test]
fn a_step_that_was_interrupted_goes_on_with_the_parts_that_are_left() {
    let folder = demo();
    let output = folder.path().join("demo");
    let parts = plan_in_parts(&output, NIGHTS[4]);
    assert!(parts > 5);
    // A file of a table of one of the later parts is not there for a while.
    let instances = manifest(&output, NIGHTS[4]);
    let file = instances["files"].as_array().expect("files").iter().find(|file| file["table"] == "ec2_volumes");
    let path = output.join(file.expect("a file")["key"].as_str().expect("a key"));
    let aside = folder.path().join("aside");
    std::fs::rename(&path, &aside).expect("moved");
    let stopped = record(&output, NIGHTS[4]);
    assert_eq!(stopped["status"], "failed", "{stopped}");
    assert!(stopped["error"].as_str().is_some_and(|error| error.contains("does not exist")), "{stopped}");
    let recorded: Vec<PathBuf> = files_below(&output.join(format!("runs/{}/changes", NIGHTS[4])));
    assert!(recorded.len() > 1 && recorded.len() <= parts, "{recorded:?}");
    let contents: Vec<Vec<u8>> = recorded.iter().map(|path| std::fs::read(path).expect("read")).collect();
    assert!(!output.join(format!("runs/{}/changes.json", NIGHTS[4])).exists());
    assert!(!output.join("changes").exists());
    assert!(in_duckdb(&output, "parquet").is_empty(), "what is not named does not count");
    std::fs::rename(&aside, &path).expect("moved back");
    let summary = record(&output, NIGHTS[4]);
    assert_eq!((&summary["status"], &summary["parts_recorded"]), (&json!("recorded"), &json!(parts)));
    let after: Vec<Vec<u8>> = recorded.iter().map(|path| std::fs::read(path).expect("read")).collect();
    assert_eq!(contents, after, "what was recorded stays");
    assert_eq!(sorted(&recorded_rows(&output, NIGHTS[4])), diff(&output, NIGHTS[3], NIGHTS[4]));
}

#[test]
fn a_run_that_is_not_committed_has_no_changes() {
    let folder = demo();
    let refused = run_command(recording(&folder.path().join("demo"), "no-such-run"));
    assert_eq!(refused.code, 2, "{refused:?}");
}

/// Runs with `--changes` over all accounts, and returns the response.
async fn run(fixture: &Fixture, request: Value) -> Value {
    let event = fixture.folder.path().join("event.json");
    std::fs::write(&event, request.to_string()).expect("written");
    let mut command = fixture.rolecall(&["run", "--json", "--changes"]);
    command.args(["--output", fixture.settings.output.as_deref().expect("an output")]);
    command.args(["--format", fixture.settings.format.as_deref().expect("a format")]);
    command.arg("--event").arg(event).env("ROLECALL_TRUST_INTERVAL", "off");
    let output: CommandOutput = tokio::task::block_in_place(|| run_command(command));
    assert!(output.code < 2, "{output:?}");
    output.response()
}

fn counts(response: &Value) -> [u64; 3] {
    assert_eq!(response["changes"]["status"], "recorded", "{response}");
    ["added", "removed", "changed"].map(|name| response["changes"][name].as_u64().expect("a count"))
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_record_what_they_changed_and_nothing_else() {
    for format in ["parquet", "ndjson"] {
        let fixture = fixture(format).await;
        let out = fixture.out();
        assert_eq!(counts(&run(&fixture, whole("one")).await), [0, 0, 0], "a first run is a baseline");
        assert_eq!(counts(&run(&fixture, whole("same")).await), [0, 0, 0]);
        // One VPC more in one account, one subnet less in the other.
        fixture.sim.change(|world| {
            world.account(&account_id(0)).set_count(Some("eu-west-1"), Some(Kind::Vpcs), 3);
            world.account(&account_id(1)).set_count(Some("eu-west-1"), Some(Kind::Subnets), 1);
        });
        let two = run(&fixture, whole("two")).await;
        let rows = recorded_rows(&out, "two");
        assert!(counts(&two)[0] >= 1 && counts(&two)[1] >= 1, "{two}");
        let of = |table: &str, change: &str| -> Vec<String> {
            let own = rows.iter().filter(|row| row["table"] == table && row["change"] == change);
            own.map(|row| row["account_id"].as_str().expect("an account").to_owned()).collect()
        };
        assert_eq!((of("ec2_vpcs", "added"), of("ec2_vpcs", "removed")), (vec![account_id(0)], vec![]));
        assert_eq!((of("ec2_subnets", "removed"), of("ec2_subnets", "added")), (vec![account_id(1)], vec![]));
        assert!(rows.iter().all(|row| row["previous_run_id"] == "same" && row["run_id"] == "two"), "{rows:?}");
        assert_eq!(sorted(&rows), diff(&out, "same", "two"));
        assert_eq!(counts(&run(&fixture, whole("two")).await), counts(&two), "a repeat tells the same");
        assert_eq!(in_duckdb(&out, format).len(), rows.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_answered_is_not_removed() {
    let fixture = fixture("parquet").await;
    run(&fixture, whole("one")).await;
    // The account cannot be read, and has one VPC less meanwhile.
    let refusal = fixture.sim.add_fault(Fault::new(FaultKind::Denied).account(&faulty()));
    fixture.sim.change(|world| {
        world.account(&faulty()).set_count(Some("eu-west-1"), Some(Kind::Vpcs), 1);
    });
    let refused = run(&fixture, whole("refused")).await;
    assert_eq!(counts(&refused), [0, 0, 0]);
    let changes = document(&fixture.out(), "runs/refused/changes.json");
    assert!(changes["cells"]["unknown"].as_u64() > Some(0), "{changes}");
    fixture.sim.lift(refusal);
    // A narrow run of the other account in between takes nothing away.
    let narrow = json!({ "run_id": "narrow", "accounts": [account_id(0)], "regions": ["eu-west-1"],
                         "resources": ["ec2_vpcs"] });
    assert_eq!(counts(&run(&fixture, narrow).await), [0, 0, 0]);
    run(&fixture, whole("two")).await;
    let rows = recorded_rows(&fixture.out(), "two");
    let removed: Vec<&Value> = rows.iter().filter(|row| row["table"] == "ec2_vpcs").collect();
    assert_eq!(removed.len(), 1, "{rows:?}");
    assert_eq!((&removed[0]["change"], &removed[0]["previous_run_id"]), (&json!("removed"), &json!("one")));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_not_compared_give_no_row_and_no_error() {
    let fixture = fixture("parquet").await;
    let of = |run_id: &str, account: usize| json!({ "run_id": run_id, "accounts": [account_id(account)], "regions": ["eu-west-1"], "resources": ["ec2_vpcs"] });
    assert_eq!(counts(&run(&fixture, of("first", 0)).await), [0, 0, 0]);
    let other = run(&fixture, of("other", 1)).await;
    assert_eq!(counts(&other), [0, 0, 0], "nothing in common");
    let changes = document(&fixture.out(), "runs/other/changes.json");
    assert_eq!((&changes["cells"]["compared"], &changes["cells"]["baseline"]), (&json!(0), &json!(1)));
    // The first account is not asked any more: it is offboarded, and loses nothing.
    assert_eq!(counts(&run(&fixture, of("again", 1)).await), [0, 0, 0]);
}

/// Moves a committed run into the future, as if its clock had been wrong.
fn move_ahead(out: &Path, run_id: &str) {
    let dt = manifest(out, run_id)["plan"]["dt"].as_str().expect("a date").to_owned();
    let list = out.join(format!("committed/dt={dt}/{run_id}.ndjson"));
    let lines = std::fs::read_to_string(&list).expect("a list");
    let moved: String = lines
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            line["started_at"] = json!("2099-01-01T00:00:00Z");
            line["committed_at"] = json!("2099-01-01T00:01:00Z");
            format!("{line}\n")
        })
        .collect();
    std::fs::write(list, moved).expect("written");
    // No state knows better.
    std::fs::remove_dir_all(out.join("state")).expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_wrong_clock_swaps_nothing_and_repeats_nothing() {
    let fixture = fixture("parquet").await;
    let out = fixture.out();
    run(&fixture, whole("one")).await;
    fixture.sim.change(|world| {
        world.account(&account_id(0)).set_count(Some("eu-west-1"), Some(Kind::Vpcs), 3);
    });
    let ahead = run(&fixture, whole("ahead")).await;
    assert_eq!(counts(&ahead)[..2], [1, 0], "{ahead}");
    move_ahead(&out, "ahead");
    fixture.sim.change(|world| {
        world.account(&account_id(0)).set_count(Some("eu-west-1"), Some(Kind::Vpcs), 4);
    });
    let after = run(&fixture, whole("after")).await;
    assert_eq!(counts(&after), [0, 0, 0], "the answers of the run that is ahead are newer");
    let changes = document(&out, "runs/after/changes.json");
    assert_eq!(changes["cells"]["compared"], 0, "{changes}");
    assert!(changes["cells"]["outdated"].as_u64() > Some(0), "{changes}");
}

/// A run whose clock is ahead hides none of those that come after it.
#[tokio::test(flavor = "multi_thread")]
async fn runs_after_one_with_a_wrong_clock_are_seen() {
    let fixture = fixture("parquet").await;
    let grow = |count: usize| {
        fixture.sim.change(|world| {
            world.account(&account_id(1)).set_count(Some("eu-west-1"), Some(Kind::Vpcs), count);
        });
    };
    run(&fixture, whole("one")).await;
    let mut narrow = whole("ahead");
    narrow["accounts"] = json!([account_id(0)]);
    run(&fixture, narrow).await;
    move_ahead(&fixture.out(), "ahead");
    for (number, run_id) in ["after", "later", "last"].iter().enumerate() {
        grow(4 + number);
        run(&fixture, whole(run_id)).await;
        let newest = resource_id("vpc", &account_id(1), "eu-west-1", 3 + number);
        let found = answer(&fixture, &["where", &newest, "--format", "json"]).response();
        assert_eq!(found["rows"].as_array().map(Vec::len), Some(1), "{run_id}: {found}");
    }
}

/// The questions that compare tell of the two newest whole runs what `diff` tells.
#[test]
fn questions_compare_with_an_earlier_moment() {
    let folder = demo();
    let output = folder.path().join("demo");
    let told = asked(&output, &["diff", NIGHTS[3], NIGHTS[4]]).response();
    let told = told["rows"].as_array().expect("rows").clone();
    let ask = |arguments: &[&str]| {
        let answered = asked(&output, &[&["ask"], arguments].concat());
        assert_eq!(answered.code, 0, "{answered:?}");
        answered.response()
    };
    let by_account = |answer: &Value| -> u64 {
        let rows = answer["rows"].as_array().expect("rows").iter();
        rows.flat_map(|row| ["added", "removed", "changed"].map(|name| row[name].as_u64().expect("a count"))).sum()
    };
    let by_default = ask(&["changes-by-account"]);
    assert_eq!(by_account(&by_default), told.len() as u64);
    assert!(by_default["coverage"]["unknown"].as_array().is_some_and(|cells| !cells.is_empty()), "{by_default}");
    assert_eq!(ask(&["changes-by-account", "--since", NIGHTS[3]])["rows"], by_default["rows"]);
    assert_eq!(ask(&["changes-by-account", "--since", "2026-11-24"])["rows"], by_default["rows"]);
    assert_eq!(by_account(&ask(&["changes-by-account", "--since", NIGHTS[4]])), 0, "nothing came after it");
    assert!(by_account(&ask(&["changes-by-account", "--since", NIGHTS[0]])) > told.len() as u64);
    // Of a night in the past, the night before it is compared.
    let past = asked(&output, &["diff", NIGHTS[1], NIGHTS[2]]).response();
    let count = past["rows"].as_array().expect("rows").len() as u64;
    assert_eq!(by_account(&ask(&["changes-by-account", "--run", NIGHTS[2]])), count);
    assert_eq!(by_account(&ask(&["changes-by-account", "--run", NIGHTS[0]])), 0, "nothing came before it");
    let records = ask(&["records-changed", "--since", NIGHTS[0]]);
    let rows = records["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["region"] == "global" && row["change"].is_string()), "{records}");
    let exposed = ask(&["new-public-exposure", "--since", NIGHTS[0]]);
    let known = ["new", "unknown"].map(Value::from);
    assert!(exposed["rows"].as_array().expect("rows").iter().all(|row| known.contains(&row["verdict"])), "{exposed}");
    // All questions together compare if a moment is named.
    let names = |answer: &Value| -> BTreeSet<String> {
        let answers = answer["answers"].as_array().expect("answers").iter();
        answers.map(|answer| answer["question"].as_str().expect("a name").to_owned()).collect()
    };
    let (plain, since) = (names(&ask(&["--all"])), names(&ask(&["--all", "--since", NIGHTS[0]])));
    let more: Vec<&String> = since.difference(&plain).collect();
    assert_eq!(more, ["changes-by-account", "new-public-exposure", "records-changed"]);
    let refused = asked(&output, &["ask", "changes-by-account", "--since", "no-such-run"]);
    assert_eq!(refused.code, 2, "{refused:?}");
}
