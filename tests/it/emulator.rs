//! The emulated AWS: started and populated once for all tests that use it, and stopped with this process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use serde_json::{Value, json};

/// A running emulator with accounts, roles, resources and the deployed function.
pub(crate) struct Emulator {
    /// The names and addresses that `stage.py` reports.
    pub facts: Value,
    // The emulator runs until its standard input is closed: until this process ends.
    _process: Server,
}

/// Returns the root folder of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the Python interpreter that `make emulator` installs.
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

/// A server in a process of its own, which is stopped when this is dropped, and ends with this process.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server and returns its description of itself. It also ends when its standard input is closed.
pub(crate) fn serve(name: &str) -> (Value, Server) {
    serve_with(name, &[])
}

/// The same with further arguments.
pub(crate) fn serve_with(name: &str, arguments: &[&str]) -> (Value, Server) {
    let mut server = Command::new(python())
        .arg(root().join("tests").join(name))
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    (serde_json::from_str(&line).expect("the server says where it is"), Server(server))
}

/// Makes these reads with botocore under the customers' roles and returns its responses.
pub(crate) fn ask(endpoint: &str, questions: &[Value]) -> Vec<Value> {
    run_json_script(endpoint, "ask.py", &[], questions)
}

/// Runs a script of `tests/emulator` with a document on standard input, and returns its standard output.
fn run_script(endpoint: &str, name: &str, arguments: &[&str], input: &Value) -> Vec<u8> {
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

fn run_json_script(endpoint: &str, name: &str, arguments: &[&str], input: &[Value]) -> Vec<Value> {
    serde_json::from_slice(&run_script(endpoint, name, arguments, &json!(input))).expect("JSON")
}

/// Returns the emulator. The first caller starts and populates it.
pub(crate) fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let (served, process) = serve("emulator/emulator.py");
        let endpoint = served["endpoint"].as_str().expect("an endpoint");
        let staged = script("stage.py")
            .args(["--endpoint", endpoint, "--bootstrap", env!("CARGO_BIN_EXE_bootstrap")])
            .stderr(Stdio::inherit())
            .output()
            .expect("python runs");
        assert!(staged.status.success(), "stage.py failed");
        let facts = serde_json::from_slice(&staged.stdout).expect("a description");
        Emulator { facts, _process: process }
    })
}

impl Emulator {
    /// Returns one of the facts that `stage.py` reports.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("stage.py reports no {name}"))
    }

    /// Returns the registry's target of an account.
    pub(crate) fn target(&self, account: &str) -> &Value {
        let targets = self.facts["registry"]["targets"].as_array().expect("targets");
        targets.iter().find(|target| target["account_id"] == account).expect("a target")
    }

    /// Runs a script of `tests/emulator` with a document on standard input, and parses the JSON that it prints.
    pub(crate) fn run_script(&self, name: &str, arguments: &[&str], input: &Value) -> Value {
        serde_json::from_slice(&run_script(self.fact("endpoint"), name, arguments, input)).expect("JSON")
    }

    /// Creates roles in customers' accounts.
    pub(crate) fn make_roles(&self, roles: &[Value]) {
        run_script(self.fact("endpoint"), "roles.py", &[], &json!(roles));
    }

    /// Makes these reads with botocore under the customers' roles and returns its responses.
    pub(crate) fn ask(&self, questions: &[Value]) -> Vec<Value> {
        ask(self.fact("endpoint"), questions)
    }

    /// Invokes the deployed function with all payloads concurrently.
    pub(crate) fn invoke(&self, payloads: &[Value]) -> Vec<Value> {
        run_json_script(self.fact("endpoint"), "invoke.py", &["--function", self.fact("function_name")], payloads)
    }

    /// Invokes the deployed function for steps with all payloads concurrently.
    pub(crate) fn invoke_steps(&self, payloads: &[Value]) -> Vec<Value> {
        run_json_script(self.fact("endpoint"), "invoke.py", &["--function", self.fact("steps_function_arn")], payloads)
    }

    /// Invokes the deployed function for requests over HTTP as its URL does, with all payloads concurrently.
    pub(crate) fn invoke_http(&self, payloads: &[Value]) -> Vec<Value> {
        let function = format!("{}-http", self.fact("function_name"));
        run_json_script(self.fact("endpoint"), "invoke.py", &["--function", &function], payloads)
    }
}

/// Actions in the backend account. A client in this process makes them: a Python process would need longer to start.
impl Emulator {
    fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.backend())
    }

    /// Reads objects. One that does not exist is `None`.
    pub(crate) fn objects(&self, uris: &[String]) -> Vec<Option<Vec<u8>>> {
        let s3 = self.s3();
        let read = async |uri: &String| {
            let (bucket, key) = bucket_and_key(uri);
            let object = match s3.get_object().bucket(bucket).key(key).send().await {
                Ok(object) => object,
                Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return None,
                Err(error) => panic!("{uri} cannot be read: {error}"),
            };
            Some(object.body.collect().await.expect("a body").to_vec())
        };
        block_on(async { futures::future::join_all(uris.iter().map(read)).await })
    }

    /// Reads an object. Returns `None` if it does not exist.
    pub(crate) fn object(&self, uri: &str) -> Option<Vec<u8>> {
        self.objects(&[uri.to_owned()]).remove(0)
    }

    /// Sends a request to the function's queue.
    pub(crate) fn send(&self, request: &Value) {
        let queue = aws_sdk_sqs::Client::new(&self.backend());
        let message = queue.send_message().queue_url(self.fact("queue_url")).message_body(request.to_string());
        block_on(message.send()).expect("it is sent");
    }

    /// Creates a bucket in the backend account.
    pub(crate) fn bucket(&self, name: &str) {
        let here = BucketLocationConstraint::from(self.fact("region"));
        let here = CreateBucketConfiguration::builder().location_constraint(here).build();
        let bucket = self.s3().create_bucket().bucket(name).create_bucket_configuration(here);
        block_on(bucket.send()).expect("it is created");
    }

    /// Returns the KMS key of an object, or an empty string if the bucket's default encryption applies.
    pub(crate) fn kms_key(&self, uri: &str) -> String {
        let (bucket, key) = bucket_and_key(uri);
        let head = block_on(self.s3().head_object().bucket(bucket).key(key).send()).expect("the object is there");
        head.ssekms_key_id.unwrap_or_default()
    }

    /// Returns the number of multipart uploads that are neither completed nor aborted.
    pub(crate) fn open_uploads(&self, bucket: &str) -> usize {
        let listed = block_on(self.s3().list_multipart_uploads().bucket(bucket).send()).expect("they are listed");
        listed.uploads().len()
    }
}

fn bucket_and_key(uri: &str) -> (&str, &str) {
    uri.strip_prefix("s3://").and_then(|place| place.split_once('/')).expect("an address of an object")
}

/// Waits for a future on a thread of its own, so that tests with and without a runtime can.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(wait).join()).expect("it ends")
}
