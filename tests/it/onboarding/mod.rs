//! Onboarding on the emulated AWS: the steps of a vendor and two customers from deployment to the first inventory.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{CommandOutput, rolecall, run_command};
use crate::emulator::{emulator, python, root};

mod checks;
mod editing;
mod guessable;
mod imports;
mod opened;
mod organization;
mod own_identity;
mod profiles;
mod published;
mod self_read;
mod trials;
mod unverified;

/// Runs a command with the credentials of an account's root.
pub(crate) fn as_root(mut command: Command, account: &str) -> CommandOutput {
    command
        .env("AWS_ENDPOINT_URL", emulator().fact("endpoint"))
        .env("AWS_REGION", emulator().fact("region"))
        .env("AWS_DEFAULT_REGION", emulator().fact("region"))
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", emulator().fact("secret"));
    run_command(command)
}

/// Runs a shell script with the AWS CLI in its path.
fn shell(script: &str, account: &str) -> CommandOutput {
    let tools: PathBuf = root().join(".emulator/awscli/bin");
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let mut command = Command::new("bash");
    command.args(["-euc", script]).env_clear().env("PATH", path).env("HOME", "/nowhere").env("AWS_PAGER", "");
    as_root(command, account)
}

const VENDOR: &str = "777777777777";
const ACME: &str = "711111111111";
const GLOBEX: &str = "722222222222";

/// Returns the value of a parameter in an invitation's link.
fn link_parameter(link: &str, name: &str) -> String {
    let (_, rest) = link.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("{link} has no {name}"));
    let encoded = rest.split('&').next().unwrap_or_default();
    percent_encoding::percent_decode_str(encoded).decode_utf8().expect("UTF-8").into_owned()
}

/// The steps of the README: deploy, invite, two customers create their roles, check, run. Each step is one command.
#[test]
fn from_nothing_to_the_first_inventory() {
    let mut deploying = Command::new(python());
    deploying.arg(root().join("tests/emulator/deploying.py")).args(["--endpoint", emulator().fact("endpoint")]);
    deploying.args(["--bootstrap", env!("CARGO_BIN_EXE_bootstrap"), "--account", VENDOR]);
    deploying.args(["--readers", &format!("{ACME},{GLOBEX}")]);
    let deployed = run_command(deploying);
    assert_eq!(deployed.code, 0, "{deployed:?}");
    let deployed = deployed.response();
    assert_eq!(deployed["second_run"], "no changes");
    let registry = deployed["registry_uri"].as_str().expect("a registry");
    let vendor = |arguments: &[&str]| {
        let mut command = rolecall(arguments);
        command.env("ROLECALL_REGISTRY", registry);
        as_root(command, VENDOR)
    };
    let role = deployed["backend_role_arn"].as_str().expect("a role");

    // The vendor invites a customer. Only the account is required.
    let invite = |account: &str, name: &str| {
        let invited = vendor(&["onboard", account, "--name", name, "--json"]);
        assert_eq!(invited.code, 0, "{invited:?}");
        let invitation = invited.response()[0].clone();
        assert_eq!(invitation["template_sha256"], deployed["template_sha256"]);
        assert_eq!(invitation["backend_role_arn"], role);
        invitation
    };
    let (acme, globex) = (invite(ACME, "acme"), invite(GLOBEX, "globex"));
    assert_ne!(acme["external_id"], globex["external_id"]);
    // A second invitation is the same.
    assert_eq!(invite(ACME, "acme")["external_id"], acme["external_id"]);

    // Acme runs the command of the invitation, and globex opens its link.
    let pasted = shell(acme["command"].as_str().expect("a command"), ACME);
    assert_eq!(pasted.code, 0, "{pasted:?}");
    let link = globex["link"].as_str().expect("a link");
    let parameters = ["BackendAccountId", "BackendRoleName", "ExternalId"]
        .map(|name| format!("ParameterKey={name},ParameterValue={}", link_parameter(link, &format!("param_{name}"))));
    let opened = format!(
        "aws cloudformation create-stack --stack-name {} --template-url '{}' --capabilities CAPABILITY_NAMED_IAM \
         --parameters {}",
        link_parameter(link, "stackName"),
        link_parameter(link, "templateURL"),
        parameters.join(" ")
    );
    let opened = shell(&opened, GLOBEX);
    assert_eq!(opened.code, 0, "{opened:?}");
    for account in [ACME, GLOBEX] {
        let waited = shell("aws cloudformation wait stack-create-complete --stack-name rolecall", account);
        assert_eq!(waited.code, 0, "{waited:?}");
    }

    // Only backend_role may check.
    let refused = vendor(&["check"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.starts_with("rolecall: WrongIdentity") && refused.err.contains(role), "{refused:?}");
    let checked = vendor(&["check", "--backend-role", role, "--enable", "--json", "--regions", "eu-central-1"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let report = checked.response();
    assert_eq!(report["enabled"], json!([ACME, GLOBEX]));
    for target in report["targets"].as_array().expect("targets") {
        assert_eq!(target["verdict"], "ready", "{target}");
        assert_eq!(target["refuses_other_identities"], true);
    }
    for id in [&acme["external_id"], &globex["external_id"]] {
        assert!(
            !checked.out.contains(id.as_str().expect("an id")) && !checked.err.contains(id.as_str().expect("an id"))
        );
    }

    // The first inventory.
    let invoke = "aws lambda invoke --function-name rolecall --cli-read-timeout 0 --payload \
                  '{\"accounts\":\"all\",\"regions\":[\"eu-central-1\"]}' /dev/stderr";
    let invoked = shell(invoke, VENDOR);
    assert_eq!(invoked.code, 0, "{invoked:?}");
    let answer: Value = serde_json::from_str(invoked.err.trim()).expect("the response");
    assert_eq!((&answer["status"], &answer["accounts"]["complete"]), (&json!("complete"), &json!(2)), "{answer}");

    // Offboarding.
    let removed = vendor(&["targets", "remove", GLOBEX]);
    assert_eq!(removed.code, 0, "{removed:?}");
    let left = vendor(&["targets", "list", "--json"]);
    assert_eq!(left.response().as_array().expect("targets").len(), 1);
}
