//! The command line as a user runs it, and helpers that run it for other tests.

use rolecall::testing::{Catalogue, Table, parquet_to_ndjson};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::emulator::{Emulator, emulator, root};

/// The exit code and output of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl CommandOutput {
    /// Parses the response that `--json` prints.
    pub(crate) fn response(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no response: {self:?}"))
    }
}

/// Returns `rolecall` in the project's folder, with an environment that inherits nothing from this process.
pub(crate) fn rolecall(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.args(arguments).current_dir(root()).env_clear().env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    // The time-outs are long, since the machine may be busy with other tests. Tests of time-outs set their own.
    for (name, time) in [("CONNECT", "1m"), ("CALL", "10m"), ("OPERATION", "20m")] {
        command.env(format!("ROLECALL_{name}_TIMEOUT"), time);
    }
    command.env("ROLECALL_ACCOUNT_BUDGET", "30m");
    command
}

/// Runs a command and waits until it exits.
pub(crate) fn run_command(mut command: Command) -> CommandOutput {
    let output = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    CommandOutput { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Emulator {
    /// Returns `rolecall` with the credentials of an operator of the backend account.
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

    /// Runs `rolecall run` into a folder, as ndjson unless the arguments name a format.
    pub(crate) fn run(&self, output: &Path, arguments: &[&str]) -> CommandOutput {
        let output = output.to_str().expect("a path");
        let mut all = vec!["run", "--json", "--output", output];
        all.extend(arguments);
        if !arguments.contains(&"--format") {
            all.extend(["--format", "ndjson"]);
        }
        run_command(self.rolecall(&all))
    }
}

/// Reads a table's rows from the files that a manifest names, in either format.
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

/// Reads a run's manifest.
pub(crate) fn manifest(output: &Path, run_id: &str) -> Value {
    let path = output.join("runs").join(run_id).join("manifest.json");
    serde_json::from_slice(&std::fs::read(path).expect("a manifest")).expect("JSON")
}

#[test]
fn run_prints_records_and_failures() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().to_str().expect("a path");
    let command = emulator().rolecall(&[
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
    let shown = run_command(command);
    assert_eq!(shown.code, 1, "{shown:?}");
    insta::with_settings!({ filters => vec![
        (r" in \d+\.\d s", " in [time]"), (r"manifest: .*", "manifest: [place]"), (r"assumed-role/\S+", "assumed-role/[session]"),
    ] }, { insta::assert_snapshot!(shown.out) });
    assert_eq!(shown.err, "");
}

#[test]
fn plan_prints_its_calls_without_making_them() {
    let plan = run_command(emulator().rolecall(&[
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
fn resources_lists_the_catalogue() {
    let listed = run_command(rolecall(&["resources"]));
    insta::assert_snapshot!(listed.out);
    let json: Value = serde_json::from_str(&run_command(rolecall(&["resources", "--json"])).out).expect("JSON");
    assert_eq!(json[0]["columns"][0]["name"], "run_id");
}
