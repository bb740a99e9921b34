//! What is no output, or a damaged one: one clear message, exit code 2, and no partial answer.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ledgers::states;
use super::{answer, ask_all, collect, fixture, fixture_in_bucket, look_up, whole};
use crate::command::{CommandOutput, manifest};
use crate::fixture::{Fixture, files_below};
use crate::sim::{account_id, resource_id};

/// A question that reads one table, `ec2_addresses`.
const ASK: &[&str] = &["ask", "unattached-addresses", "--format", "json"];

/// The message of a command that is refused, without what differs between runs of this test.
fn refused(fixture: &Fixture, arguments: &[&str]) -> String {
    let refused = answer(fixture, arguments);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{arguments:?}: {refused:?}");
    // Clap's own refusals begin with `error:`.
    let messages = refused.err.matches("rolecall: ").count() + usize::from(refused.err.starts_with("error: "));
    assert_eq!(messages, 1, "one message: {}", refused.err);
    refused.err.replace(&fixture.folder.path().display().to_string(), "[folder]")
}

fn assert_messages(name: &str, messages: &[(&str, String)]) {
    let all: String = messages.iter().map(|(what, message)| format!("# {what}\n{message}\n")).collect();
    insta::with_settings!({ filters => vec![
        (r"dt=\d{4}-\d\d-\d\d/[\w.-]+?\.(parquet|ndjson\.gz|ndjson)", "dt=[date]/[name].$1"),
        (r"state/parquet/[\w.-]+\.parquet", "state/parquet/[name].parquet"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "[time]"),
        (r"(at )?line \d+ column \d+", "[place]"),
        (r"\d+ bytes", "[n] bytes"), (r"says \d+", "says [n]"),
        (r"\(request [^)]*\)", "(request [id])"),
    ] }, { insta::assert_snapshot!(name, all) });
}

/// The file of a table in a run.
fn file(fixture: &Fixture, run_id: &str, table: &str) -> PathBuf {
    let manifest = manifest(&fixture.out(), run_id);
    let files = manifest["files"].as_array().expect("files");
    let file = files.iter().find(|file| file["table"] == table).expect("a file");
    fixture.out().join(file["key"].as_str().expect("a key"))
}

/// Replaces a file for the time of a command.
fn with<T>(path: &Path, content: Option<&[u8]>, run: impl FnOnce() -> T) -> T {
    let before = std::fs::read(path).expect("it is there");
    match content {
        Some(content) => std::fs::write(path, content).expect("written"),
        None => std::fs::remove_file(path).expect("removed"),
    }
    let result = run();
    std::fs::write(path, before).expect("restored");
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_output_is_refused() {
    let fixture = fixture("parquet").await;
    let mut messages = vec![("no folder", refused(&fixture, ASK))];
    std::fs::create_dir(fixture.out()).expect("created");
    messages.push(("an empty folder", refused(&fixture, ASK)));
    messages.push(("an empty folder at a moment", refused(&fixture, &[ASK, &["--at", "2026-11-28"]].concat())));
    messages.push(("an empty folder and a run", refused(&fixture, &[ASK, &["--run", "nightly"]].concat())));
    // A run that is on its way: its plan, parts of files and of shards.
    for (key, content) in [
        ("runs/half/plan.json", "{}"),
        ("runs/half/shards/0.json", "{}"),
        ("parquet/ec2_vpcs/dt=2026-11-28/half.parquet", "PAR1"),
        ("parquet/ec2_vpcs/dt=2026-11-28/.half.parquet.partial", "PAR1"),
        ("state/parquet/0000000000001.0000000001.x.parquet.partial", "PAR1"),
        ("committed/dt=2026-11-28/half.ndjson.partial", "{"),
    ] {
        let path = fixture.out().join(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, content).expect("written");
    }
    messages.push(("a run that is being written", refused(&fixture, ASK)));
    messages.push(("the name of a run that is being written", refused(&fixture, &[ASK, &["--run", "half"]].concat())));
    collect(&fixture, whole("one")).await;
    let expected = ask_all(&fixture, &["--run", "one"]);
    assert_eq!(expected["answers"][0]["rows"], ask_all(&fixture, &[])["answers"][0]["rows"], "what is half is no run");
    messages.push(("an unknown run", refused(&fixture, &[ASK, &["--run", "nightly"]].concat())));
    messages.push(("a moment before the first run", refused(&fixture, &[ASK, &["--at", "2020-01-01"]].concat())));
    messages.push(("no moment", refused(&fixture, &[ASK, &["--at", "yesterday"]].concat())));
    messages.push(("no form", refused(&fixture, &["where", "?!", "300.1.2.3", "vpc-1"])));
    messages.push(("no term", refused(&fixture, &["where", ""])));
    assert_messages("no_output", &messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_is_a_file_is_refused() {
    let fixture = fixture("parquet").await;
    std::fs::write(fixture.out(), "in the way").expect("written");
    let mut messages = vec![("a file", refused(&fixture, ASK))];
    let mut nowhere = fixture;
    nowhere.settings.output = Some("s3://no-such-bucket".to_owned());
    messages.push(("no such bucket", refused(&nowhere, ASK)));
    nowhere.settings.output = Some("gs://bucket".to_owned());
    messages.push(("no such place", refused(&nowhere, ASK)));
    assert_messages("no_place", &messages);
}

/// A file of rows that is missing or cut, in either format. What needs it is refused, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_missing_or_cut_are_told() {
    let mut messages = Vec::new();
    for format in ["parquet", "ndjson"] {
        let fixture = fixture(format).await;
        collect(&fixture, whole("one")).await;
        let path = file(&fixture, "one", "ec2_addresses");
        let bytes = std::fs::read(&path).expect("it");
        let vpc = resource_id("vpc", &account_id(0), "eu-west-1", 0);
        for (what, content) in [
            ("missing", None),
            ("cut", Some(&bytes[..bytes.len() / 2])),
            ("empty", Some(&[][..])),
            ("longer", Some([&bytes[..], b"more"].concat().leak() as &[u8])),
        ] {
            let (message, all, other) = with(&path, content, || {
                let all = refused(&fixture, &["ask", "--all", "--format", "ndjson"]);
                (refused(&fixture, ASK), all, look_up(&fixture, &[&vpc], &[]))
            });
            assert_eq!(message, all, "{format}: {what}");
            assert_eq!(other["rows"].as_array().map(Vec::len), Some(1), "{format}: {what}");
            messages.push((what, message));
        }
        // The ledgers are read only if no state sums them up.
        let ledger = file(&fixture, "one", "ledger");
        let expected = ask_all(&fixture, &[]);
        assert_eq!(with(&ledger, None, || ask_all(&fixture, &[])), expected);
        for state in states(&fixture.out()) {
            std::fs::remove_file(state).expect("removed");
        }
        let half = std::fs::read(&ledger).expect("it");
        let half = &half[..half.len() / 2];
        messages.push(("a missing ledger", with(&ledger, None, || refused(&fixture, ASK))));
        messages.push(("a cut ledger", with(&ledger, Some(half), || refused(&fixture, ASK))));
        assert_eq!(ask_all(&fixture, &[]), expected, "{format}");
    }
    assert_messages("no_file", &messages);
}

/// The list of a run's files, as others may have written it.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_other_versions_are_read_or_refused() {
    let fixture = fixture("ndjson").await;
    collect(&fixture, whole("one")).await;
    let expected = ask_all(&fixture, &[]);
    for state in states(&fixture.out()) {
        std::fs::remove_file(state).expect("removed");
    }
    let list = files_below(&fixture.out().join("committed")).remove(0);
    let text = std::fs::read_to_string(&list).expect("text");
    let changed = |change: &dyn Fn(&mut Value)| {
        let line = |line: &str| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            change(&mut line);
            format!("{line}\n")
        };
        text.lines().map(line).collect::<String>()
    };
    let more = changed(&|line| line["compacted"] = json!({ "into": [1, 2] }));
    assert_eq!(with(&list, Some(more.as_bytes()), || ask_all(&fixture, &[])), expected, "fields of a later version");
    let mut messages = Vec::new();
    for (what, content) in [
        ("a list without what is needed", changed(&|line| drop(line.as_object_mut().expect("it").remove("key")))),
        ("an empty list", String::new()),
        ("a cut list", text[..text.len() - 20].to_owned()),
        ("a list of something else", "[1]\n".to_owned()),
        (
            "a list without a ledger",
            text.lines().filter(|line| !line.contains("/ledger/")).map(|line| format!("{line}\n")).collect(),
        ),
        ("a file outside the output", changed(&|line| line["key"] = json!("ndjson/../../targets.json"))),
        ("a file elsewhere", changed(&|line| line["key"] = json!("/etc/passwd"))),
    ] {
        messages.push((what, with(&list, Some(content.as_bytes()), || refused(&fixture, ASK))));
    }
    // A status that this version does not know is no answer and no refusal.
    let ledger = file(&fixture, "one", "ledger");
    let manifest_of_run = fixture.out().join("runs/one/manifest.json");
    messages.push((
        "a manifest that is none",
        with(&manifest_of_run, Some(b"{"), || refused(&fixture, &[ASK, &["--run", "one"]].concat())),
    ));
    let lines = gunzip(&ledger).replace("\"status\":\"ok\"", "\"status\":\"postponed\"");
    let later = gzip(&lines);
    let named = changed(&|line| {
        if line["table"] == "ledger" {
            line["bytes"] = json!(later.len());
        }
    });
    let later = with(&ledger, Some(&later), || with(&list, Some(named.as_bytes()), || refused(&fixture, ASK)));
    messages.push(("a status of a later version", later));
    assert_messages("no_list", &messages);
}

fn gunzip(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("it is there");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text).expect("gzip");
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("written");
    encoder.finish().expect("finished")
}

/// A state of a version to come is not read, and not replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_a_later_version_is_not_needed() {
    let fixture = fixture("parquet").await;
    collect(&fixture, whole("one")).await;
    let expected = ask_all(&fixture, &[]);
    let own = states(&fixture.out()).remove(0);
    let bytes = std::fs::read(&own).expect("a state");
    let needle = b"{\"version\":2,";
    let at = bytes.windows(needle.len()).position(|window| window == needle).expect("a description");
    let mut later = bytes.clone();
    later[at + needle.len() - 2] = b'3';
    let path = own.with_file_name("0000000000001.0000000001.later.parquet");
    std::fs::write(&path, &later).expect("written");
    let answered: CommandOutput = answer(&fixture, &["ask", "--all", "--format", "json"]);
    assert_eq!((answered.code, &answered.response()), (0, &expected));
    assert!(answered.err.contains("another version of rolecall wrote it"), "{}", answered.err);
    collect(&fixture, whole("two")).await;
    assert_eq!(std::fs::read(&path).expect("it is there"), later);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_missing_or_cut_are_told() {
    let fixture = fixture_in_bucket().await;
    collect(&fixture, whole("one")).await;
    let key = |part: &str| {
        let objects = fixture.sim.objects("results");
        objects.keys().find(|key| key.contains(part)).expect("an object").clone()
    };
    let addresses = key("/ec2_addresses/dt=");
    let whole = fixture.sim.objects("results")[&addresses].clone();
    let mut messages = Vec::new();
    for (what, content) in [("cut", whole.slice(..whole.len() / 2)), ("empty", whole.slice(..0))] {
        fixture.sim.put_object("results", &addresses, content);
        messages.push((what, refused(&fixture, ASK)));
    }
    fixture.sim.put_object("results", &addresses, whole);
    let expected = ask_all(&fixture, &[]);
    let state = key("/state/");
    let bytes = fixture.sim.objects("results")[&state].clone();
    for content in [bytes.slice(..bytes.len() / 2), bytes.slice(..0), "garbage".into()] {
        fixture.sim.put_object("results", &state, content);
        assert_eq!(ask_all(&fixture, &[]), expected);
    }
    messages.push(("a run", refused(&fixture, &[ASK, &["--run", "nightly"]].concat())));
    messages.push(("a moment", refused(&fixture, &[ASK, &["--at", "2020-01-01"]].concat())));
    assert_messages("no_object", &messages);
}
