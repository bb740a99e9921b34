//! What changed, and since when: the generated estate, compared with an expectation that is computed from the rows and the
//! ledgers of its runs alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rolecall::testing::Catalogue;
use serde_json::{Map, Value};

use super::ledgers::{is_answered, text};
use crate::command::{CommandOutput, manifest, rolecall, rows, run_command};
use crate::fixture::files_below;

pub(super) const NIGHTS: [&str; 5] = [
    "nightly-20261121T030000Z",
    "nightly-20261122T030000Z",
    "nightly-20261123T030000Z",
    "nightly-20261124T030000Z",
    "nightly-20261125T030000Z",
];

pub(super) fn demo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("demo");
    let written = run_command(rolecall(&["demo", "--to", to.to_str().expect("a path")]));
    assert_eq!(written.code, 0, "{written:?}");
    folder
}

pub(super) fn asked(output: &Path, arguments: &[&str]) -> CommandOutput {
    let mut command = rolecall(arguments);
    command.args(["--output", output.to_str().expect("a path"), "--format", "json"]);
    run_command(command)
}

/// The content of a row without what no digest counts, with lists in one order.
fn content(row: &Value, measures: &[&str], within: &[&str]) -> String {
    let mut row = row.as_object().expect("a row").clone();
    row.values_mut().for_each(|value| without(value, within));
    for name in ["run_id", "collected_at", "account_alias", "digest"].iter().chain(measures) {
        row.remove(*name);
    }
    ordered(&Value::Object(row)).to_string()
}

fn without(value: &mut Value, names: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, names)),
        Value::Object(members) => {
            members.retain(|name, _| !names.contains(&name.as_str()));
            members.values_mut().for_each(|member| without(member, names));
        }
        _ => {}
    }
}

fn ordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(ordered).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> =
                members.iter().map(|(name, value)| (name, ordered(value))).collect();
            members.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Cell, id and ARN of a resource, and the change.
type Told = (String, String, String, String, String, &'static str);

/// What changed from a night to a later one, by the rules: cells that the later one answered, against the newest night that
/// answered them before.
fn expected(output: &Path, from: usize, to: usize) -> BTreeSet<Told> {
    let ledger = |night: usize| -> BTreeMap<(String, String, String), bool> {
        let rows = rows(output, &manifest(output, NIGHTS[night]), "ledger");
        let cell = |row: &Value| (text(row, "table"), text(row, "account_id"), text(row, "region"));
        rows.iter().map(|row| (cell(row), is_answered(&text(row, "status")))).collect()
    };
    let ledgers: Vec<_> = (0..=to).map(ledger).collect();
    let mut told = BTreeSet::new();
    for table in Catalogue::get().expect("a catalogue").tables() {
        let name = table.entry.table;
        let whole = table.entry.measures.iter().filter(|measure| !measure.member.contains('.'));
        let within: Vec<&str> =
            table.entry.measures.iter().filter_map(|measure| Some(measure.member.split_once('.')?.1)).collect();
        let column = |member: &str| table.selector.item().member(member).map(|(_, member)| member.column);
        let measures: Vec<&str> = whole.filter_map(|measure| column(measure.member)).collect();
        let of_night = |night: usize| rows(output, &manifest(output, NIGHTS[night]), name);
        let all: Vec<Vec<Value>> = (0..=to).map(of_night).collect();
        for (cell, _) in ledgers[to].iter().filter(|((of, ..), answered)| of == name && **answered) {
            let Some(before) = (0..=from).rev().find(|night| ledgers[*night].get(cell) == Some(&true)) else {
                continue;
            };
            let side = |night: usize| -> BTreeMap<(String, String), (String, bool)> {
                let own = all[night]
                    .iter()
                    .filter(|row| (text(row, "account_id"), text(row, "region")) == (cell.1.clone(), cell.2.clone()));
                let key = |row: &Value| (text(row, "id"), text(row, "arn"));
                own.map(|row| (key(row), (content(row, &measures, &within), row["owner_id"] == row["account_id"])))
                    .collect()
            };
            let (old, new) = (side(before), side(to));
            let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let change = match (old.get(key), new.get(key)) {
                    (None, _) => "added",
                    (_, None) => "removed",
                    (Some(one), Some(other)) if one != other => "changed",
                    _ => continue,
                };
                let is_owners = new.get(key).or(old.get(key)).is_some_and(|(_, is_owners)| *is_owners);
                assert!(is_owners, "{name} {key:?}: the generated estate changes nothing that is shared");
                told.insert((cell.1.clone(), cell.2.clone(), name.to_owned(), key.0.clone(), key.1.clone(), change));
            }
        }
    }
    told
}

fn told(answer: &Value) -> BTreeSet<Told> {
    let change =
        |row: &Value| ["added", "removed", "changed"].into_iter().find(|it| row["change"] == *it).expect("one");
    let rows = answer["rows"].as_array().expect("rows").iter();
    let key = |row: &Value| {
        let [account, region, table, id, arn] =
            ["account_id", "region", "table", "id", "arn"].map(|name| text(row, name));
        (account, region, table, id, arn, change(row))
    };
    rows.map(key).collect()
}

#[test]
fn every_planted_change_is_told_and_nothing_else() {
    let folder = demo();
    let output = folder.path().join("demo");
    let mut changes = 0;
    for (from, to) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 4)] {
        let answered = asked(&output, &["diff", NIGHTS[from], NIGHTS[to]]);
        assert_eq!(answered.code, 0, "{answered:?}");
        let (found, planted) = (told(&answered.response()), expected(&output, from, to));
        assert_eq!(found, planted, "{} to {}", NIGHTS[from], NIGHTS[to]);
        changes += planted.len();
        // Two moments compare what was current then, which is the same in a row of whole runs.
        let date = |night: usize| format!("2026-11-{}", 21 + night);
        let of_moments = asked(&output, &["diff", &date(from), &date(to)]);
        assert!(told(&of_moments.response()).is_superset(&planted), "{from} to {to}");
    }
    assert!(changes > 40, "{changes} changes");
    let by_default = asked(&output, &["diff"]).response();
    assert_eq!(told(&by_default), expected(&output, 3, 4), "the two newest whole runs");
    let none = asked(&output, &["diff", NIGHTS[4], NIGHTS[4]]).response();
    assert_eq!(none["coverage"].get("baseline"), None);
    assert_eq!(none["rows"], Value::Array(Vec::new()));
}

/// An output of an earlier version has no digests: the columns are compared.
#[test]
fn rows_without_digests_are_compared_by_their_columns() {
    let folder = demo();
    let output = folder.path().join("demo");
    let diff = ["diff", NIGHTS[0], NIGHTS[4]];
    let with = asked(&output, &diff).response();
    // The column has another name, so that no reader finds it.
    for path in files_below(&output.join("parquet")) {
        let bytes = std::fs::read(&path).expect("a file");
        let mut renamed = bytes.clone();
        let names: Vec<usize> =
            bytes.windows(6).enumerate().filter(|(_, it)| *it == b"digest").map(|(at, _)| at).collect();
        names.into_iter().for_each(|at| renamed[at..at + 6].copy_from_slice(b"wigest"));
        std::fs::write(&path, renamed).expect("written");
    }
    let without = asked(&output, &diff);
    assert_eq!(without.code, 0, "{without:?}");
    assert_eq!(told(&without.response()), told(&with));
}

#[test]
fn a_moved_address_changes_and_a_resource_made_again_is_another() {
    let folder = demo();
    let output = folder.path().join("demo");
    let rows = |from: usize, to: usize| asked(&output, &["diff", NIGHTS[from], NIGHTS[to]]).response()["rows"].clone();
    let of = |rows: &Value, table: &str, name: &str| -> Vec<String> {
        let own = rows.as_array().expect("rows").iter().filter(|row| row["table"] == table && row["name"] == name);
        own.map(|row| text(row, "change")).collect()
    };
    let moved = rows(3, 4);
    assert_eq!(of(&moved, "ec2_addresses", "shop-web"), ["changed"]);
    let members =
        moved.as_array().expect("rows").iter().find(|row| row["name"] == "shop-web").expect("it")["members"].clone();
    assert!(members["instance_id"]["before"].is_string() && members["instance_id"]["after"].is_string(), "{members}");
    let again = of(&rows(2, 3), "ec2_instances", "globex-api-1");
    assert_eq!(BTreeSet::from_iter(again.iter().map(String::as_str)), BTreeSet::from(["added", "removed"]));
    // An account that could not be entered loses nothing, and what a night did not see is not new.
    let lab = |rows: &Value| of(rows, "ec2_instances", "lab-desk");
    assert_eq!((lab(&rows(2, 3)), lab(&rows(3, 4))), (Vec::<String>::new(), Vec::new()));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = demo();
    let output = folder.path().join("demo");
    let refused = |arguments: &[&str]| {
        let answered = asked(&output, arguments);
        assert_eq!((answered.code, answered.out.as_str()), (2, ""), "{answered:?}");
        answered.err.trim().replace(output.to_str().expect("a path"), "[output]")
    };
    let messages = [
        refused(&["diff", NIGHTS[4], NIGHTS[0]]),
        refused(&["diff", "2026-11-25", "2026-11-21"]),
        refused(&["diff", "2020-01-01"]),
        refused(&["diff", "no-such-run", NIGHTS[0]]),
        refused(&["diff", NIGHTS[0], "--at", "2026-11-25"]),
        refused(&["history", "?!"]),
        refused(&["history", "10.20.4.17", "--run", NIGHTS[0]]),
        refused(&["history", "10.20.4.17", "--at", "2020-01-01"]),
    ];
    insta::assert_snapshot!(messages.join("\n\n"));
}

/// Who had the address on Tuesday, and who has it now.
#[test]
fn history_tells_who_held_an_address_and_until_when() {
    let folder = demo();
    let output = folder.path().join("demo");
    let rows = |arguments: &[&str]| {
        let answered = asked(&output, arguments);
        assert_eq!(answered.code, 0, "{answered:?}");
        let rows = answered.response()["rows"].as_array().expect("rows").clone();
        let shown = |row: &Value| {
            let known = |name: &str| if row[name] == Value::Bool(true) { "" } else { "?" };
            let to = row["to"].as_str().unwrap_or("now");
            format!("{} {}{} - {to}{}", text(row, "name"), text(row, "from"), known("from_known"), known("to_known"))
        };
        rows.iter().filter(|row| row["table"] == "ec2_instances").map(shown).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(rows(&["history", "10.20.4.17"]), @r"
    shop-web-blue 2026-11-21T03:00:00Z? - 2026-11-25T03:00:00Z
    shop-web-green 2026-11-25T03:00:00Z - now
    ");
    insta::assert_snapshot!(rows(&["history", "10.20.4.17", "--at", "2026-11-24"]), @"shop-web-blue 2026-11-21T03:00:00Z? - now");
    // Its account could not be entered in the fourth night.
    insta::assert_snapshot!(rows(&["history", "Name=lab-desk"]), @"lab-desk 2026-11-21T03:00:00Z? - now");
    // Its region was throttled in the fifth night.
    insta::assert_snapshot!(rows(&["history", "Name=globex-notebook"]), @"globex-notebook 2026-11-21T03:00:00Z? - now?");
}
