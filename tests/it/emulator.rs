//! The emulated AWS, started and furnished once for all tests that want it, and ended with this process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// A furnished emulator.
pub(crate) struct Emulator {
    /// What `stage.py` says of it.
    pub facts: Value,
    // The emulator lives until its standard input is closed: when this process ends.
    _emulator: Child,
}

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The interpreter that `make` has installed.
pub(crate) fn python() -> PathBuf {
    let python = root().join(".emulator/venv/bin/python");
    assert!(
        python.exists(),
        "the emulated AWS is not installed: run the tests with `make test`, or `make emulator` first"
    );
    python
}

fn script(name: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(root().join("tests/emulator").join(name));
    command
}

/// Starts a server, and gives what it says of itself. It lives until its standard input is closed: as long as the child.
pub(crate) fn serve(name: &str) -> (Value, Child) {
    let mut server = Command::new(python())
        .arg(root().join("tests").join(name))
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    (serde_json::from_str(&line).expect("the server says where it is"), server)
}

/// What AWS's own client answers to these reads at an endpoint, under the customers' roles.
pub(crate) fn ask(endpoint: &str, questions: &[Value]) -> Vec<Value> {
    through(endpoint, "ask.py", &[], questions)
}

/// Feeds a script of the emulated AWS with a document, and gives what it prints.
fn fed(endpoint: &str, name: &str, arguments: &[&str], input: &Value) -> Vec<u8> {
    let mut child = script(name)
        .args(["--endpoint", endpoint])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    child.stdin.take().expect("piped").write_all(input.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{name} failed");
    output.stdout
}

fn through(endpoint: &str, name: &str, arguments: &[&str], input: &[Value]) -> Vec<Value> {
    serde_json::from_slice(&fed(endpoint, name, arguments, &json!(input))).expect("JSON")
}

/// The stage, set by whoever comes first.
pub(crate) fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let (served, emulator) = serve("emulator/emulator.py");
        let endpoint = served["endpoint"].as_str().expect("an endpoint");
        let set = script("stage.py")
            .args(["--endpoint", endpoint, "--bootstrap", env!("CARGO_BIN_EXE_bootstrap")])
            .stderr(Stdio::inherit())
            .output()
            .expect("python runs");
        assert!(set.status.success(), "the stage could not be set");
        let facts = serde_json::from_slice(&set.stdout).expect("the stage describes itself");
        Emulator { facts, _emulator: emulator }
    })
}

impl Emulator {
    /// A fact of the stage.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("the stage has no {name}"))
    }

    /// The registry's entry of an account.
    pub(crate) fn target(&self, account: &str) -> &Value {
        let targets = self.facts["registry"]["targets"].as_array().expect("targets");
        targets.iter().find(|target| target["account_id"] == account).expect("a target")
    }

    /// Feeds a script with a document; what it prints is JSON.
    pub(crate) fn feed(&self, name: &str, arguments: &[&str], input: &Value) -> Value {
        serde_json::from_slice(&fed(self.fact("endpoint"), name, arguments, input)).expect("JSON")
    }

    /// Makes roles as their administrators might.
    pub(crate) fn make_roles(&self, roles: &[Value]) {
        fed(self.fact("endpoint"), "roles.py", &[], &json!(roles));
    }

    /// What AWS's own client answers to these reads, under the customers' roles.
    pub(crate) fn ask(&self, questions: &[Value]) -> Vec<Value> {
        ask(self.fact("endpoint"), questions)
    }

    /// Invokes the deployed function with each payload, all at the same time.
    pub(crate) fn invoke(&self, payloads: &[Value]) -> Vec<Value> {
        through(self.fact("endpoint"), "invoke.py", &["--function", self.fact("function_name")], payloads)
    }
}

/// Errands in the backend account.
impl Emulator {
    fn errand(&self, arguments: &[&str]) -> std::process::Output {
        let endpoint = ["--endpoint", self.fact("endpoint")];
        script("objects.py").args(endpoint).args(arguments).stderr(Stdio::inherit()).output().expect("python runs")
    }

    /// An object; `None` where there is none.
    pub(crate) fn object(&self, uri: &str) -> Option<Vec<u8>> {
        let output = self.errand(&["get", uri]);
        match output.status.code() {
            Some(0) => Some(output.stdout),
            Some(4) => None,
            _ => panic!("{uri} cannot be read"),
        }
    }

    /// Sends a request to the function's queue.
    pub(crate) fn send(&self, request: &Value) {
        assert!(self.errand(&["send", self.fact("queue_url"), &request.to_string()]).status.success());
    }

    /// Makes a bucket of the backend's.
    pub(crate) fn bucket(&self, name: &str) {
        assert!(self.errand(&["bucket", name]).status.success());
    }

    /// The KMS key that an object is encrypted with; empty where it is the bucket's own way.
    pub(crate) fn kms_key(&self, uri: &str) -> String {
        String::from_utf8_lossy(&self.errand(&["key", uri]).stdout).trim().to_owned()
    }

    /// Multipart uploads that were begun and neither finished nor aborted.
    pub(crate) fn open_uploads(&self, bucket: &str) -> u64 {
        let output = self.errand(&["uploads", bucket]);
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}
