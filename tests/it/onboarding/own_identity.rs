//! Setups that people built by hand: an IAM user in a group with one inline policy for each customer's role, and customers' roles
//! that trust a role called `backend_role`. Each is imported, runs completely, and is checked as it is.

use std::process::Command;

use serde_json::{Value, json};

use crate::command::run_command;
use crate::emulator::emulator;

const REGION: &str = "eu-central-1";

fn external_id(role: &str) -> String {
    format!("id-of-{role}-hR7tQz2LmX9vKp4w")
}

/// A customer's role with the reads of the template, which may read itself.
fn customer_role(account: &str, role: &str, trusts: &Value) -> Value {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", emulator().fact("backend_account")) },
        "Condition": { "StringEquals": { "sts:ExternalId": external_id(role) }, "ArnEquals": { "aws:PrincipalArn": trusts } } }] });
    let reads = run_command(emulator().rolecall(&["policy", "customer", "--self-read"])).out;
    let reads: Value =
        serde_json::from_str(&reads.replace("role/rolecall-inventory", &format!("role/{role}"))).expect("a policy");
    json!({ "account": account, "name": role, "trust": trust, "inline": { "reads": reads } })
}

/// The caller's policy for one role. The emulated AWS knows no `sts:ExternalId` in policies of the caller, so that a policy with it
/// is imported, and takes no effect.
fn enter(account: &str, role: &str, with_external_id: bool) -> Value {
    let mut statement = json!({ "Sid": role, "Effect": "Allow", "Action": "sts:AssumeRole",
                                "Resource": format!("arn:aws:iam::{account}:role/{role}") });
    if with_external_id {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": external_id(role) } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Imports, checks, enables and runs with the identity that `as_caller` sets.
fn import_check_and_run(as_caller: impl Fn(&mut Command), after_import: impl Fn(), accounts: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (registry, output) = (path("targets.json"), path("out"));
    let rolecall = |arguments: &[&str]| {
        let mut command = emulator().rolecall(arguments);
        command.args(["--registry", &registry]).env_remove("ROLECALL_BACKEND_ROLE");
        as_caller(&mut command);
        run_command(command)
    };
    let imported = rolecall(&["targets", "import", "--identity", "--json"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(imported.response()["added"], json!(accounts));
    after_import();
    let checked = rolecall(&["check", "--backend", "self", "--enable", "--regions", REGION, "--wait", "0s", "--json"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(checked.response()["enabled"], json!(accounts), "{checked:?}");
    let run = ["run", "--accounts", "all", "--regions", REGION, "--output", &output, "--json"];
    let ran = rolecall(&run);
    assert_eq!((ran.code, &ran.response()["status"]), (0, &json!("complete")), "{ran:?}");
    checked.response()
}

#[test]
fn a_user_with_a_policy_for_each_role_runs_and_is_checked() {
    let accounts = ["840000000001", "840000000002"];
    let roles = ["role1", "role2"];
    let backend = emulator().fact("backend_account");
    let user = json!(format!("arn:aws:iam::{backend}:user/lister"));
    let made: Vec<Value> =
        accounts.iter().zip(roles).map(|(account, role)| customer_role(account, role, &user)).collect();
    emulator().make_roles(&made);
    let reads = ["iam:ListGroupsForUser", "iam:ListGroupPolicies", "iam:GetGroupPolicy"];
    let reads =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": reads, "Resource": "*" }] });
    let give = |with_external_id: bool| {
        let policy = |number: usize| enter(accounts[number], roles[number], with_external_id);
        let policies = json!({ "role1": policy(0), "role2": policy(1), "reads": reads });
        let order = json!({ "account": backend, "user": "lister", "group": "listers", "group_inline": policies });
        emulator().run_script("users.py", &[], &order)
    };
    let key = give(true);
    let text = |name: &str| key[name].as_str().expect("a text").to_owned();
    let (key, secret) = (text("access_key_id"), text("secret_access_key"));
    let as_user = |command: &mut Command| {
        command.env("AWS_ACCESS_KEY_ID", &key).env("AWS_SECRET_ACCESS_KEY", &secret).env_remove("AWS_SESSION_TOKEN");
    };
    let checked = import_check_and_run(as_user, || drop(give(false)), &accounts);
    assert_eq!(checked["backend_role"], user);
    let targets = checked["targets"].as_array().expect("targets");
    assert!(targets.iter().all(|target| target["verdict"] == "ready"), "{checked}");
    // The roles may read themselves, so their trust policies are judged for the user.
    assert!(targets.iter().all(|target| target["callers"]["backend"] == "gets_in"), "{checked}");
    assert!(checked.to_string().contains("is an IAM user: its access keys do not expire"), "{checked}");
    // Without `--backend self` the identity that customers trust is still a role.
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json");
    std::fs::write(&registry, r#"{"version":1,"targets":[{"account_id":"840000000001","external_id":null}]}"#)
        .expect("written");
    let mut command = emulator().rolecall(&["check", "--registry", &registry.display().to_string()]);
    command.env_remove("ROLECALL_BACKEND_ROLE");
    as_user(&mut command);
    let refused = run_command(command);
    assert!(refused.code == 2 && refused.err.contains("--backend self"), "{refused:?}");
}

#[test]
fn roles_that_trust_backend_role_run_and_are_checked() {
    let accounts = ["840000000011", "840000000012", "840000000013"];
    let roles = ["role1", "role2", "role3"];
    let backend = emulator().fact("backend_account");
    let backend_role = format!("arn:aws:iam::{backend}:role/backend_role");
    let trusted = json!(backend_role);
    let made: Vec<Value> =
        accounts.iter().zip(roles).map(|(account, role)| customer_role(account, role, &trusted)).collect();
    let root = json!({ "AWS": format!("arn:aws:iam::{backend}:root") });
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": root }] });
    let reads = ["iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:GetRole"];
    let reads =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": reads, "Resource": "*" }] });
    emulator().make_roles(&made);
    let give = |with_external_id: bool| {
        let policy = |number: usize| enter(accounts[number], roles[number], with_external_id);
        let inline = json!({ "role1": policy(0), "role2": policy(1), "role3": policy(2), "reads": reads });
        emulator()
            .make_roles(&[json!({ "account": backend, "name": "backend_role", "trust": trust, "inline": inline })]);
    };
    give(true);
    // A session of the role, as the AWS CLI makes it from a profile.
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    let (account, secret) = (emulator().fact("backend_account"), emulator().fact("secret"));
    let text = format!(
        "[profile base]\naws_access_key_id = {account}\naws_secret_access_key = {secret}\n\n\
         [profile backend]\nrole_arn = {backend_role}\nsource_profile = base\nregion = {REGION}\n"
    );
    std::fs::write(&config, text).expect("written");
    let as_role = |command: &mut Command| {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            command.env_remove(name);
        }
        command.env("AWS_CONFIG_FILE", &config).env("AWS_PROFILE", "backend");
    };
    let checked = import_check_and_run(as_role, || give(false), &accounts);
    assert_eq!(checked["backend_role"], trusted);
    assert!(checked["targets"].as_array().expect("targets").iter().all(|target| target["verdict"] == "ready"));
    assert!(!checked.to_string().contains("is an IAM user"));
}
