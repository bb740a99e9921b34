//! An organization of 40 accounts on the emulated AWS: three join and two leave between two runs, and no file is edited.
//!
//! The accounts and their roles are the emulated AWS's, which checks every identity. It has no organizations, so these are served
//! beside it; the role that lists them is its own.

use serde_json::{Value, json};

use crate::command::{manifest, run_command};
use crate::emulator::{emulator, serve_with};

const SECRET: &str = "org-hR7tQz2LmX9vKp4wB8nD";
const REGION: &str = "eu-central-1";

fn member(number: usize) -> String {
    format!("{}", 850_000_000_000_u64 + number as u64)
}

/// A role that the template's text gives: the backend with the external ID gets in.
fn role(account: &str, name: &str, statement: &Value) -> Value {
    let backend = emulator().fact("backend_account");
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{backend}:root") },
        "Condition": { "StringEquals": { "sts:ExternalId": SECRET },
                       "ArnEquals": { "aws:PrincipalArn": emulator().fact("backend_role_arn") } } }] });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    json!({ "account": account, "name": name, "trust": trust, "inline": { "reads": policy } })
}

#[test]
fn forty_accounts_follow_their_organization_without_an_edit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (members, registry, output) = ("members.json", "targets.json", "out");
    let path = |name: &str| folder.path().join(name);
    let write = |members_of: &[(String, &str)]| {
        let unit = |number: usize| ["ou-abcd-prod0000", "ou-abcd-eu000000", "ou-abcd-dev00000"][number % 3];
        let all = members_of.iter().enumerate();
        let all = all.map(|(number, (id, state))| {
            (id.clone(), json!([unit(number), format!("account {id}"), state, "ACTIVE", {}]))
        });
        std::fs::write(path(members), json!(all.collect::<serde_json::Map<_, _>>()).to_string()).expect("written");
    };
    let reads = json!({ "Effect": "Allow", "Action": ["ec2:Describe*", "account:ListRegions", "iam:ListAccountAliases"], "Resource": "*" });
    let roles: Vec<Value> = (0..43).map(|number| role(&member(number), "rolecall-inventory", &reads)).collect();
    emulator().make_roles(&roles);
    let backend_role = emulator().fact("backend_role_arn").rsplit_once("role/").expect("a role").1;
    let parameters = json!({ "BackendAccountId": emulator().fact("backend_account"), "BackendRoleName": backend_role,
                             "ExternalId": SECRET, "RoleName": "rolecall-inventory" });
    let stack = json!([{ "account": "850000000999", "template": "management-role.yaml", "parameters": parameters }]);
    emulator().run_script("role_stacks.py", &[], &stack);
    let first: Vec<(String, &str)> = (0..40).map(|number| (member(number), "ACTIVE")).collect();
    write(&first);
    let (served, _server) = serve_with("emulator/organization.py", &[&path(members).display().to_string()]);
    // The role of this name is one that the emulated backend_role may assume.
    let text = json!({ "version": 1, "organizations": [{
        "name": "acme", "management_role_arn": "arn:aws:iam::850000000999:role/rolecall-inventory", "external_id": SECRET,
        "customer": "acme", "regions": [REGION], "resources": ["ec2_vpcs", "ec2_subnets", "accounts"] }] });
    std::fs::write(path(registry), text.to_string()).expect("written");
    let rolecall = |arguments: &[&str]| {
        let mut command = emulator().rolecall(arguments);
        command
            .args(["--registry", &path(registry).display().to_string()])
            .env("AWS_ENDPOINT_URL_ORGANIZATIONS", served["endpoint"].as_str().expect("an endpoint"));
        run_command(command)
    };
    let run = |run_id: &str| {
        let out = path(output).display().to_string();
        let told = rolecall(&[
            "run",
            "--accounts",
            "all",
            "--json",
            "--run-id",
            run_id,
            "--format",
            "ndjson",
            "--output",
            &out,
        ]);
        assert_eq!((told.code, &told.response()["status"]), (0, &json!("complete")), "{told:?}");
        assert!(!told.out.contains(SECRET) && !told.err.contains(SECRET));
        told.response()
    };
    assert_eq!(run("first")["accounts"]["planned"], 40);
    let mut second: Vec<(String, &str)> = (1..43).map(|number| (member(number), "ACTIVE")).collect();
    second[0].1 = "SUSPENDED";
    write(&second);
    let response = run("second");
    let told = &response["organizations"][0];
    assert_eq!(told["joined"], json!([member(40), member(41), member(42)]));
    assert_eq!(told["left"], json!([member(0), member(1)]));
    assert_eq!((&response["accounts"]["planned"], &told["accounts"]), (&json!(41), &json!(41)));
    assert_eq!(&manifest(&path(output), "second")["organizations"][0], told);
    let ask = |arguments: &[&str]| {
        let out = path(output).display().to_string();
        let answer = rolecall(&[arguments, &["--output", &out, "--format", "json"]].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.response()
    };
    let joined = ask(&["where", &member(41)]);
    let row = &joined["rows"][0];
    assert_eq!((&row["account_id"], &row["offboarded"]), (&json!(member(41)), &json!(false)), "{joined}");
    let left = ask(&["where", &member(0)]);
    assert_eq!(left["rows"][0]["offboarded"], true, "{left}");
    // An account that is asked for the first time shows no change, and says so.
    let out = path(output).display().to_string();
    let diff =
        run_command(crate::command::rolecall(&["diff", "first", "second", "--output", &out, "--format", "json"]));
    let baseline = diff.response()["coverage"]["baseline"].to_string();
    assert!(baseline.contains(&member(41)) && !baseline.contains(&member(5)), "{diff:?}");
    assert_eq!(std::fs::read_to_string(path(registry)).expect("a registry"), text.to_string());
}
