//! An organization of one's own that people built by hand: accounts `dev`, `stage`, `prod` and `mgmt`, each with a role for
//! administrators and one that reads only, which trust the management account without an external ID; and profiles of the AWS CLI
//! for each.

use std::process::Command;

use serde_json::{Value, json};

use crate::command::{rolecall, run_command};
use crate::emulator::{emulator, serve_with};

const REGION: &str = "eu-central-1";
const MEMBERS: [(&str, &str); 3] = [("dev", "840000000021"), ("stage", "840000000022"), ("prod", "840000000023")];

/// Makes the roles of every account, and returns the access key of a user of the management account who may assume them, and
/// nothing else.
fn build() -> Value {
    let management = emulator().fact("backend_account");
    let allow = |action: Value, resource: &str| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let policy = |statements: Value| json!({ "Version": "2012-10-17", "Statement": statements });
    let trust = policy(json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
                                "Principal": { "AWS": format!("arn:aws:iam::{management}:root") } }]));
    let reads = allow(json!(["ec2:Describe*", "account:ListRegions", "iam:ListAccountAliases"]), "*");
    let role = |account: &str, name: &str, statement: &Value| {
        let inline = json!({ "all": policy(json!([statement])) });
        json!({ "account": account, "name": name, "trust": trust, "inline": inline })
    };
    let everything = allow(json!("*"), "*");
    let accounts = MEMBERS.iter().map(|(_, id)| *id).chain([management]);
    let roles = accounts.flat_map(|id| [role(id, "admin", &everything), role(id, "readonly", &reads)]);
    emulator().make_roles(&roles.collect::<Vec<Value>>());
    let enters =
        ["admin", "readonly"].map(|name| allow(json!("sts:AssumeRole"), &format!("arn:aws:iam::*:role/{name}")));
    let order = json!({ "account": management, "user": "anna", "group": "administrators",
                        "group_inline": { "enter": policy(json!(enters)) } });
    emulator().run_script("users.py", &[], &order)
}

/// The profiles of the AWS CLI, as its users write them.
fn profiles(key: &Value) -> String {
    let text = |name: &str| key[name].as_str().expect("a text");
    let (id, secret) = (text("access_key_id"), text("secret_access_key"));
    let management =
        format!("[profile mgmt]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\nregion = {REGION}\n");
    let each = MEMBERS.iter().flat_map(|(name, account)| {
        ["admin", "readonly"].map(|role| {
            format!(
                "\n[profile {name}-{role}]\nrole_arn = arn:aws:iam::{account}:role/{role}\nsource_profile = mgmt\nregion = {REGION}\n"
            )
        })
    });
    std::iter::once(management).chain(each).collect()
}

#[test]
fn every_way_into_an_organization_of_ones_own_is_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let key = build();
    std::fs::write(path("config"), profiles(&key)).expect("written");
    let management = emulator().fact("backend_account");
    let members = MEMBERS.iter().map(|(name, id)| ((*id).to_owned(), *name)).chain([(management.to_owned(), "mgmt")]);
    let members = members.map(|(id, name)| (id, json!(["ou-abcd-prod0000", name, "ACTIVE", "ACTIVE", {}])));
    std::fs::write(path("members"), json!(members.collect::<serde_json::Map<_, _>>()).to_string()).expect("written");
    let (served, _server) = serve_with("emulator/organization.py", &[&path("members")]);
    let with_profile = |profile: &str, arguments: &[&str]| -> Command {
        let mut command = rolecall(arguments);
        command
            .env("AWS_ENDPOINT_URL", emulator().fact("endpoint"))
            .env("AWS_ENDPOINT_URL_ORGANIZATIONS", served["endpoint"].as_str().expect("an endpoint"))
            .env("AWS_CONFIG_FILE", path("config"))
            .env("AWS_PROFILE", profile);
        command
    };
    let run = |profile: &str, flags: &[&str]| {
        let output = path(&format!("{profile}-{}", flags.len()));
        let what = ["--regions", REGION, "--resources", "accounts,ec2_vpcs,ec2_subnets", "--output", &output, "--json"];
        let told = run_command(with_profile(profile, &[&["run"], flags, &what].concat()));
        assert_eq!((told.code, &told.response()["status"]), (0, &json!("complete")), "{profile} {flags:?}: {told:?}");
        let secret = key["secret_access_key"].as_str().expect("a text");
        assert!(!told.out.contains(secret) && !told.err.contains(secret));
        told.response()["accounts"]["complete"].clone()
    };
    for (name, _) in MEMBERS {
        assert_eq!(run(&format!("{name}-readonly"), &["--here"]), 1);
        assert_eq!(run(&format!("{name}-admin"), &["--here"]), 1);
    }
    let accounts = MEMBERS.map(|(_, id)| id).join(",");
    let named = ["--accounts", &accounts, "--role-name", "readonly", "--no-external-id"];
    assert_eq!(run("mgmt", &named), 3);
    // The own account is entered through its role too, since the user may read nothing himself.
    assert_eq!(run("mgmt", &["--organization", "--role-name", "admin"]), 4);
    assert_eq!(run("mgmt", &["--organization", "--role-name", "readonly"]), 4);
    // A registry has external IDs, so that the roles of profiles are not imported without one.
    let registry = path("targets.json");
    let imported = run_command(with_profile(
        "mgmt",
        &["targets", "import", "--profile-file", &path("config"), "--registry", &registry, "--json"],
    ));
    assert_eq!(imported.response()["left_out"].as_array().map(Vec::len), Some(6), "{imported:?}");
    // Which of two roles in one account is meant, only the user knows.
    let import = |more: &[&str]| {
        let file = path("config");
        let flags =
            ["targets", "import", "--profile-file", &file, "--registry", &registry, "--no-external-id", "--json"];
        run_command(with_profile("mgmt", &[&flags[..], more].concat())).response()
    };
    let unclear = import(&[]);
    assert_eq!(
        (unclear["added"].as_array().map(Vec::len), unclear["left_out"].as_array().map(Vec::len)),
        (Some(0), Some(6))
    );
    assert!(unclear["left_out"].to_string().contains("--role-name"), "{unclear}");
    let chosen = import(&["--role-name", "readonly"]);
    assert_eq!(chosen["added"].as_array().map(Vec::len), Some(3), "{chosen}");
    let check = ["check", "--backend", "self", "--enable", "--registry", &registry, "--regions", REGION];
    let checked =
        run_command(with_profile("mgmt", &[&check[..], &["--resources", "accounts,ec2_vpcs,ec2_subnets"]].concat()));
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(run("mgmt", &["--accounts", "all", "--registry", &registry]), 3);
}
