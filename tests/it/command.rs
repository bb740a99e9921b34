//! The command line, as a person runs it.

use rolecall::testing::{Catalogue, Table, parquet_to_ndjson};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::emulator::{Stage, root, stage};

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The response that `--json` prints.
    pub(crate) fn response(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no response: {self:?}"))
    }
}

/// `rolecall` with nothing of this process's environment, in the folder of the project.
pub(crate) fn rolecall(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.args(arguments).current_dir(root()).env_clear().env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    // A machine that is busy with other tests is given time; where time is meant to run out the test says how soon.
    for (name, time) in [("CONNECT", "1m"), ("CALL", "10m"), ("OPERATION", "20m")] {
        command.env(format!("ROLECALL_{name}_TIMEOUT"), time);
    }
    command.env("ROLECALL_ACCOUNT_BUDGET", "30m");
    command
}

/// Runs it to its end.
pub(crate) fn ran(mut command: Command) -> Ran {
    let output = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Stage {
    /// `rolecall` as an operator of the backend account.
    pub(crate) fn rolecall(&self, arguments: &[&str]) -> Command {
        let mut command = rolecall(arguments);
        command
            .env("AWS_ENDPOINT_URL", self.fact("endpoint"))
            .env("AWS_REGION", self.fact("region"))
            .env("AWS_ACCESS_KEY_ID", self.fact("backend_account"))
            .env("AWS_SECRET_ACCESS_KEY", self.fact("secret"))
            .env("ROLECALL_BACKEND_ROLE", self.fact("backend_role_arn"))
            .env("ROLECALL_REGISTRY", self.fact("registry_uri"));
        command
    }

    /// A run into a folder, as lines that tests can read unless they say otherwise.
    pub(crate) fn run(&self, output: &Path, arguments: &[&str]) -> Ran {
        let output = output.to_str().expect("a path");
        let mut all = vec!["run", "--json", "--output", output];
        all.extend(arguments);
        if !arguments.contains(&"--format") {
            all.extend(["--format", "ndjson"]);
        }
        ran(self.rolecall(&all))
    }
}

/// The rows of a table, from the files that a manifest names, whatever their format.
pub(crate) fn rows(output: &Path, manifest: &Value, table: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for file in manifest["files"].as_array().expect("files").iter().filter(|file| file["table"] == table) {
        let key = file["key"].as_str().expect("a key");
        let bytes = std::fs::read(output.join(key)).expect("the file is there");
        assert_eq!(bytes.len() as u64, file["bytes"].as_u64().expect("a size"));
        let text = if key.ends_with(".parquet") {
            let catalogue = Catalogue::get().expect("a catalogue");
            let columns = catalogue.find(table).map(Table::all_columns).unwrap_or_default();
            parquet_to_ndjson(bytes.into(), &columns).expect("parquet")
        } else {
            let mut text = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
            text
        };
        let before = rows.len();
        rows.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
        assert_eq!((rows.len() - before) as u64, file["rows"].as_u64().expect("a count"));
    }
    rows
}

/// A run's manifest.
pub(crate) fn manifest(output: &Path, run_id: &str) -> Value {
    let path = output.join("runs").join(run_id).join("manifest.json");
    serde_json::from_slice(&std::fs::read(path).expect("a manifest")).expect("JSON")
}

#[test]
fn a_run_says_what_it_found_and_what_it_could_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().to_str().expect("a path");
    let command = stage().rolecall(&[
        "run",
        "--output",
        output,
        "--run-id",
        "shown",
        "--regions",
        "eu-central-1",
        "--accounts",
        "111111111111,333333333333,444444444444",
    ]);
    let shown = ran(command);
    assert_eq!(shown.code, 1, "{shown:?}");
    insta::with_settings!({ filters => vec![
        (r" in \d+\.\d s", " in [time]"), (r"manifest: .*", "manifest: [place]"), (r"assumed-role/\S+", "assumed-role/[session]"),
    ] }, { insta::assert_snapshot!(shown.out) });
    assert_eq!(shown.err, "");
}

#[test]
fn a_plan_calls_no_customer_and_says_what_would_be_asked() {
    let plan = ran(stage().rolecall(&[
        "plan",
        "--accounts",
        "all",
        "--regions",
        "eu-*",
        "--resources",
        "ec2_*,route53_records",
    ]));
    assert_eq!(plan.code, 0, "{plan:?}");
    insta::assert_snapshot!(plan.out);
}

#[test]
fn the_catalogue_can_be_listed() {
    let listed = ran(rolecall(&["resources"]));
    insta::assert_snapshot!(listed.out);
    let json: Value = serde_json::from_str(&ran(rolecall(&["resources", "--json"])).out).expect("JSON");
    assert_eq!(json[0]["columns"][0]["name"], "run_id");
}
