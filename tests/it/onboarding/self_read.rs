//! The customers' template with `SelfRead`: the role reads itself, and nothing else.

use serde_json::{Value, json};

use super::checks::{BACKEND_ROLE, findings, target};
use crate::command::{rolecall, run_command};
use crate::emulator::emulator;
use crate::fixture::{BACKEND, write_registry};

/// Deploys the template in an account, and returns the target for the registry.
fn deployed(account: &str, parameters: Value) -> Value {
    let external_id = format!("id-of-{account}-hR7tQz2LmX9vKp4w");
    let mut all = json!({ "BackendAccountId": BACKEND, "ExternalId": external_id });
    let given = parameters.as_object().expect("parameters");
    all.as_object_mut().expect("an object").extend(given.clone());
    let made = emulator().run_script("role_stacks.py", &[], &json!([{ "account": account, "parameters": all }]));
    json!({ "account_id": account, "external_id": external_id, "role_arn": made[0], "enabled": false })
}

fn check(targets: &[Value]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = write_registry(folder.path(), targets);
    let mut command = emulator().rolecall(&["check", "--registry", &registry, "--wait", "0s", "--json"]);
    command.args(["--resources", "ec2_vpcs,accounts", "--regions", "eu-central-1"]);
    run_command(command).response()
}

const HIDDEN: &str = "the role may not read its own policies";

#[test]
fn a_role_that_may_read_itself_is_analysed() {
    let (silent, open) = ("850000000001", "850000000002");
    let targets = [deployed(silent, json!({})), deployed(open, json!({ "SelfRead": "yes" }))];
    let report = check(&targets);
    for account in [silent, open] {
        assert_eq!(target(&report, account)["verdict"], "ready", "{report}");
    }
    let hidden = findings(target(&report, silent));
    assert!(hidden.contains(&format!("note: {HIDDEN}")), "{hidden}");
    assert!(target(&report, silent).to_string().contains("SelfRead=yes"), "the finding names the parameter: {report}");
    let analysed = findings(target(&report, open));
    assert!(!analysed.contains(HIDDEN) && analysed.contains("the role allows sessions of 1 hour"), "{analysed}");
    assert!(!analysed.contains("could not be read") && !analysed.contains("grants more"), "{analysed}");
}

/// What an administrator changes afterwards is seen, as far as the template shows it.
#[test]
fn what_is_attached_later_is_seen() {
    let account = "850000000003";
    let entry = deployed(account, json!({ "SelfRead": "yes" }));
    let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    let attach = json!([{ "account": account, "name": "rolecall-inventory", "attached": [administrator] }]);
    emulator().run_script("roles.py", &["--attach"], &attach);
    let report = check(&[entry]);
    assert_eq!(target(&report, account)["verdict"], "unsafe", "{report}");
    let found = findings(target(&report, account));
    assert!(found.contains("AdministratorAccess"), "{found}");
}

/// A session with the permissions of the template reads its own role, and neither another role nor another policy.
#[test]
fn only_the_role_itself_is_read() {
    let account = "850000000004";
    let entry = deployed(account, json!({ "SelfRead": "yes" }));
    emulator().make_roles(&[json!({ "account": account, "name": "other",
        "trust": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": { "Service": "ec2.amazonaws.com" } }] },
        "inline": { "secret": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:*",
                   "Resource": "*" }] } } })]);
    let question = |operation: &str, params: Value| {
        json!({ "account": account, "role_arn": entry["role_arn"], "external_id": entry["external_id"], "service": "iam",
                "operation": operation, "region": "us-east-1", "params": params })
    };
    let own = json!({ "RoleName": "rolecall-inventory" });
    let other = json!({ "RoleName": "other" });
    let answers = emulator().ask(&[
        question("get_role", own.clone()),
        question("list_role_policies", own.clone()),
        question("list_attached_role_policies", own),
        question("get_role_policy", json!({ "RoleName": "rolecall-inventory", "PolicyName": "rolecall-self-read" })),
        question("get_policy", json!({ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" })),
        question("get_role", other.clone()),
        question("list_role_policies", other),
        question("get_role_policy", json!({ "RoleName": "other", "PolicyName": "secret" })),
        question("get_policy", json!({ "PolicyArn": format!("arn:aws:iam::{account}:policy/own") })),
        question("list_roles", json!({})),
    ]);
    let denied: Vec<bool> = answers.iter().map(|answer| answer.to_string().contains("AccessDenied")).collect();
    assert_eq!(denied, [false, false, false, false, false, true, true, true, true, true], "{answers:?}");
}

/// Without the template: the policy to paste, and the parameter of every form of the invitation.
#[test]
fn the_policy_and_the_invitation_have_it_on_demand() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let ran = |arguments: &[&str]| {
        let mut command = rolecall(arguments);
        command.env("AWS_REGION", "cn-north-1");
        let ran = run_command(command);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.response()
    };
    let sids = |policy: &Value| -> Vec<String> {
        let statements = policy["Statement"].as_array().expect("statements");
        statements.iter().map(|statement| statement["Sid"].as_str().expect("a Sid").to_owned()).collect()
    };
    let plain = ran(&["policy", "customer"]);
    let own = ran(&["policy", "customer", "--self-read"]);
    assert_eq!(sids(&own), [&sids(&plain)[..], &["ReadOwnRole".into(), "ReadPoliciesOfAws".into()]].concat());
    let resources: Vec<&Value> = own["Statement"].as_array().expect("statements")[sids(&plain).len()..]
        .iter()
        .map(|statement| &statement["Resource"])
        .collect();
    let expected = ["arn:aws-cn:iam::*:role/rolecall-inventory", "arn:aws-cn:iam::aws:policy/*"];
    assert_eq!(json!(resources).to_string().matches("arn:").count(), 2);
    assert!(expected.iter().all(|arn| json!(resources).to_string().contains(arn)), "{resources:?}");
    let onboard = ["onboard", "111122223333", "--json", "--registry", &registry];
    let backend = BACKEND_ROLE.replace("arn:aws:", "arn:aws-cn:");
    let onboard =
        [&onboard[..], &["--backend-role", &backend, "--template-url", "https://b.example.com/x.yaml"]].concat();
    for (flags, count) in [(&[][..], 0), (&["--self-read"][..], 1)] {
        let invitation = ran(&[&onboard[..], flags].concat())[0].clone();
        let has = |form: &str, text: &str| {
            assert_eq!(invitation[form].as_str().expect("a text").matches(text).count(), count, "{invitation}");
        };
        has("link", "param_SelfRead=yes");
        has("command", "ParameterKey=SelfRead,ParameterValue=yes");
        has("stack_set", "ParameterKey=SelfRead,ParameterValue=yes");
        has("terraform", "self_read");
    }
}
