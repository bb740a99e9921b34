//! A role that its customer opens after it was onboarded, from the invitation to the disabled target, on the emulated AWS.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::checks::target;
use super::{as_root, link_parameter, shell};
use crate::command::{CommandOutput, manifest, rolecall, rows, run_command};
use crate::emulator::{emulator, python, root};

const VENDOR: &str = "788888888888";
const INITECH: &str = "733333333333";
const HOOLI: &str = "744444444444";
/// The interval in seconds in which each role is tried once.
const INTERVAL: i64 = 3;

/// A deployed backend whose function disables the targets of open roles.
struct Vendor {
    facts: Value,
}

impl Vendor {
    fn deploy() -> Self {
        let mut deploying = Command::new(python());
        deploying.arg(root().join("tests/emulator/deploying.py")).args(["--endpoint", emulator().fact("endpoint")]);
        deploying.args(["--bootstrap", env!("CARGO_BIN_EXE_bootstrap"), "--account", VENDOR, "--once"]);
        deploying.args(["--readers", &format!("{INITECH},{HOOLI}")]);
        deploying.args(["--parameters", &format!("TrustInterval={INTERVAL}s DisableOpenRoles=yes")]);
        let deployed = run_command(deploying);
        assert_eq!(deployed.code, 0, "{deployed:?}");
        Self { facts: deployed.response() }
    }

    fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("deploying.py reports no {name}"))
    }

    /// Runs a command of `rolecall` as the vendor, with the deployed registry and through `backend_role`.
    fn rolecall(&self, arguments: &[&str]) -> CommandOutput {
        let mut command = rolecall(arguments);
        command.env("ROLECALL_REGISTRY", self.fact("registry_uri"));
        if arguments[0] != "onboard" {
            command.args(["--backend-role", self.fact("backend_role_arn")]);
        }
        as_root(command, VENDOR)
    }

    /// Invites a customer, who pastes the printed command.
    fn onboard(&self, account: &str, name: &str) -> String {
        let invited = self.rolecall(&["onboard", account, "--name", name, "--json"]);
        assert_eq!(invited.code, 0, "{invited:?}");
        let invitation = invited.response()[0].clone();
        let pasted = shell(invitation["command"].as_str().expect("a command"), account);
        assert_eq!(pasted.code, 0, "{pasted:?}");
        let waited = shell("aws cloudformation wait stack-create-complete --stack-name rolecall", account);
        assert_eq!(waited.code, 0, "{waited:?}");
        let link = invitation["link"].as_str().expect("a link");
        link_parameter(link, "param_ExternalId")
    }

    /// Runs from the command line and returns the response, with the exit code and what the log says.
    fn run(&self, out: &Path, run_id: &str) -> CommandOutput {
        let (out, interval) = (out.display().to_string(), format!("{INTERVAL}s"));
        let options = ["--format", "ndjson", "--regions", "eu-central-1", "--resources", "accounts"];
        let place = ["--output", &out, "--run-id", run_id, "--trust-interval", &interval];
        self.rolecall(&[&["run", "--json", "--accounts", "all"], &options[..], &place].concat())
    }

    /// Invokes the deployed function and returns its response.
    fn invoke(&self, run_id: &str) -> Value {
        let request = json!({ "run_id": run_id, "accounts": "all", "resources": ["accounts"] });
        let command = format!(
            "aws lambda invoke --function-name rolecall --cli-read-timeout 0 --payload '{request}' /dev/stderr"
        );
        let invoked = shell(&command, VENDOR);
        assert_eq!(invoked.code, 0, "{invoked:?}");
        serde_json::from_str(invoked.err.trim()).expect("a response")
    }

    /// Returns the text of an object of the vendor's.
    fn object(&self, uri: &str) -> String {
        let copied = shell(&format!("aws s3 cp --quiet {uri} -"), VENDOR);
        assert_eq!(copied.code, 0, "{copied:?}");
        copied.out
    }

    /// Sends the events about committed runs to a queue, and returns its URL.
    fn listen(&self) -> String {
        let arn = format!("arn:aws:sqs:{}:{VENDOR}:runs", emulator().fact("region"));
        let pattern = json!({ "source": ["rolecall"], "detail-type": ["rolecall run committed"] });
        let listening = shell(
            &format!(
                "aws events put-rule --name runs --event-pattern '{pattern}' > /dev/null\n\
                 aws events put-targets --rule runs --targets Id=queue,Arn={arn} > /dev/null\n\
                 aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL --queue-name runs --query QueueUrl --output text"
            ),
            VENDOR,
        );
        assert_eq!(listening.code, 0, "{listening:?}");
        listening.out.trim().to_owned()
    }

    /// Returns the detail of the one event in the queue.
    fn event(&self, queue: &str) -> Value {
        // Version 1 of the AWS CLI takes SQS's endpoint from no variable.
        let query = "--endpoint-url $AWS_ENDPOINT_URL --query Messages[].Body --wait-time-seconds 20";
        let received = shell(&format!("aws sqs receive-message --queue-url {queue} {query}"), VENDOR);
        assert_eq!(received.code, 0, "{received:?}");
        let bodies = received.response();
        let [body] = bodies.as_array().expect("bodies").as_slice() else { panic!("one event: {bodies}") };
        let event: Value = serde_json::from_str(body.as_str().expect("text")).expect("JSON");
        event["detail"].clone()
    }

    /// Returns the log of the function, with its metrics.
    fn log(&self) -> String {
        let filter = "aws logs filter-log-events --log-group-name /aws/lambda/rolecall --query events[].message";
        let read = shell(&format!("{filter} --output text"), VENDOR);
        assert_eq!(read.code, 0, "{read:?}");
        read.out
    }

    fn enabled(&self) -> Vec<String> {
        let registry: Value = serde_json::from_str(&self.object(self.fact("registry_uri"))).expect("JSON");
        let targets = registry["targets"].as_array().expect("targets").iter();
        let enabled = targets.filter(|target| target["enabled"] != json!(false));
        enabled.map(|target| target["account_id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// Replaces the trust policy of a customer's role, as its administrator.
fn set_trust(account: &str, policy: &Value) {
    let command =
        format!("aws iam update-assume-role-policy --role-name rolecall-inventory --policy-document '{policy}'");
    let updated = shell(&command, account);
    assert_eq!(updated.code, 0, "{updated:?}");
}

fn trust_of(account: &str) -> Value {
    let read = shell("aws iam get-role --role-name rolecall-inventory --query Role.AssumeRolePolicyDocument", account);
    assert_eq!(read.code, 0, "{read:?}");
    read.response()
}

/// Returns the policy without its condition on the external ID.
fn without_external_id(policy: &Value) -> Value {
    let mut opened = policy.clone();
    for statement in opened["Statement"].as_array_mut().expect("statements") {
        for keys in statement["Condition"].as_object_mut().expect("conditions").values_mut() {
            keys.as_object_mut().expect("keys").remove("sts:ExternalId");
        }
        let conditions = statement["Condition"].as_object_mut().expect("conditions");
        conditions.retain(|_, keys| !keys.as_object().expect("keys").is_empty());
    }
    assert_ne!(opened, *policy, "the template requires the external ID");
    opened
}

/// Waits until the next interval has begun.
#[expect(clippy::disallowed_methods, reason = "the windows of other processes are waited for")]
fn next_interval() {
    let window = || jiff::Timestamp::now().as_second() / INTERVAL;
    let begun = window();
    while window() == begun {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns the row of an account in the ledger's table `trust`.
fn trust_row(out: &Path, run_id: &str, account: &str) -> Value {
    let ledger = rows(out, &manifest(out, run_id), "ledger");
    let mut found = ledger.into_iter().filter(|row| row["table"] == "trust" && row["account_id"] == account);
    let row = found.next().unwrap_or_else(|| panic!("no row for {account} in {run_id}"));
    assert!(found.next().is_none(), "an account is tried once");
    row
}

fn trust_in_manifest(manifest: &Value, account: &str) -> Value {
    let accounts = manifest["by_account"].as_array().expect("accounts");
    accounts.iter().find(|one| one["account_id"] == account).expect("an account")["trust"].clone()
}

/// The customer opens the role after it was checked and enabled. The next interval's run reports it, the command finds it, and
/// the function disables its target and no other.
#[test]
fn role_that_is_opened_after_onboarding_is_reported_within_one_interval() {
    let vendor = Vendor::deploy();
    let secrets = [vendor.onboard(INITECH, "initech"), vendor.onboard(HOOLI, "hooli")];
    let checked = vendor.rolecall(&["check", "--enable", "--json", "--regions", "eu-central-1"]);
    assert_eq!((checked.code, &checked.response()["enabled"]), (0, &json!([INITECH, HOOLI])), "{checked:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();

    // Both roles refuse.
    let before = vendor.run(out, "before");
    assert_eq!((before.code, &before.response()["trust"]["refused"]), (0, &json!(2)), "{before:?}");
    assert_eq!(trust_row(out, "before", INITECH)["status"], "empty");
    let tried = vendor.rolecall(&["trust", "--json"]);
    assert_eq!(tried.code, 0, "{tried:?}");

    // The customer opens the role. The run of the next interval says so everywhere, and changes no status.
    let policy = trust_of(INITECH);
    set_trust(INITECH, &without_external_id(&policy));
    next_interval();
    let opened = vendor.run(out, "opened");
    let response = opened.response();
    assert_eq!((opened.code, &response["status"]), (0, &json!("complete")), "{opened:?}");
    assert_eq!(response["trust"]["open"], json!([INITECH]), "{response}");
    let row = trust_row(out, "opened", INITECH);
    assert_eq!((&row["status"], &row["error_code"]), (&json!("failed"), &json!("RoleIsOpen")), "{row}");
    let committed = manifest(out, "opened");
    assert_eq!(trust_in_manifest(&committed, INITECH), "open");
    assert_eq!(trust_in_manifest(&committed, HOOLI), "refused");
    assert_eq!(vendor.enabled(), [INITECH, HOOLI], "the setting is off here");

    // The command finds it without waiting for an interval.
    let found = vendor.rolecall(&["trust"]);
    assert_eq!(found.code, 1, "{found:?}");
    for part in ["OPEN", "REFUSED", "\"sts:ExternalId\"", vendor.fact("backend_role_arn")] {
        assert!(found.out.contains(part), "{part}: {}", found.out);
    }
    for output in [&opened, &found, &tried] {
        for secret in &secrets {
            assert!(!output.out.contains(secret) && !output.err.contains(secret), "{output:?}");
        }
    }

    // The function, whose setting is on, disables the target.
    let queue = vendor.listen();
    next_interval();
    let response = vendor.invoke("disabling");
    assert_eq!(response["trust"]["open"], json!([INITECH]), "{response}");
    assert_eq!(response["disabling"]["disabled"], json!([INITECH]), "{response}");
    assert_eq!(vendor.enabled(), [HOOLI]);
    let event = vendor.event(&queue);
    assert_eq!((&event["trust"], &event["disabling"]), (&response["trust"], &response["disabling"]), "{event}");
    let log = vendor.log();
    for part in ["\"OpenRoles\":1", "\"RolesDisabled\":1", "\"DisablingFailed\":0"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let results = vendor.fact("results_bucket");
    let committed = vendor.object(&format!("s3://{results}/runs/disabling/manifest.json"));
    let committed: Value = serde_json::from_str(&committed).expect("JSON");
    assert_eq!(trust_in_manifest(&committed, INITECH), "open");

    // The customer closes the role, and the vendor enables it again. A second delivery of the event changes nothing.
    set_trust(INITECH, &policy);
    let enabled = vendor.rolecall(&["check", "--enable", "--json", "--regions", "eu-central-1"]);
    assert_eq!((enabled.code, &enabled.response()["enabled"]), (0, &json!([INITECH])), "{enabled:?}");
    assert_eq!(target(&enabled.response(), INITECH)["refuses_other_identities"], true);
    assert_eq!(vendor.invoke("disabling"), response, "the same response");
    assert_eq!(vendor.enabled(), [INITECH, HOOLI]);

    // The permission for it is no wider than that.
    let outcomes = emulator().run_script("disabling.py", &[], &vendor.facts);
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcomes).expect("JSON"), @r#"
    {
      "deletes the bucket's policy": "denied: AccessDenied",
      "deletes the targets": "denied: AccessDenied",
      "evaluated: writes published.json with If-Match": "denied: evaluated",
      "evaluated: writes the targets of another account": "denied: evaluated",
      "evaluated: writes the targets with If-Match": "allowed",
      "evaluated: writes the targets with If-None-Match": "denied: evaluated",
      "evaluated: writes the targets without a condition": "denied: evaluated",
      "reads the targets": "allowed",
      "replaces the targets": "allowed",
      "tags the targets": "denied: AccessDenied",
      "writes another object": "denied: AccessDenied",
      "writes published.json": "denied: AccessDenied"
    }
    "#);
}
