//! Imports of targets from an organization, a CSV file, profiles and the backend role's policy.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::command::{CommandOutput, rolecall, run_command};
use crate::emulator::{Server, emulator, serve};

/// Returns the endpoint of an organization of several pages, with accounts in every state.
fn organization() -> &'static str {
    static SERVED: OnceLock<(String, Server)> = OnceLock::new();
    let (endpoint, _) = SERVED.get_or_init(|| {
        let (served, server) = serve("emulator/organization.py");
        (served["endpoint"].as_str().expect("an endpoint").to_owned(), server)
    });
    endpoint
}

fn import(registry: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = rolecall(&["targets", "import", "--json", "--registry", registry]);
    command
        .args(arguments)
        .env("AWS_ENDPOINT_URL_ORGANIZATIONS", organization())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "100000000000")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    run_command(command)
}

fn file(registry: &str) -> Value {
    serde_json::from_slice(&std::fs::read(registry).expect("a registry")).expect("JSON")
}

#[test]
fn organization_is_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    std::fs::write(
        &registry,
        r#"{"version":1,"targets":[{"account_id":"200000000002","external_id":"as-it-was","name":"kept"},
            {"account_id":"200000000003","external_id":"of-the-closed"},{"account_id":"200000000006","external_id":"of-the-late"}]}"#,
    )
    .expect("written");
    let refused = import(&registry, &["--organization"]);
    assert_eq!(refused.code, 2, "whose accounts? {refused:?}");
    let imported = import(&registry, &["--organization", "--customer", "us", "--tags", "from=org"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    insta::assert_snapshot!(serde_json::to_string_pretty(&imported.response()).expect("JSON"));
    let after = file(&registry);
    let targets = after["targets"].as_array().expect("targets");
    let of = |account: &str| targets.iter().find(|target| target["account_id"] == account).expect("a target");
    assert_eq!(of("200000000002")["name"], "kept", "what is there stays");
    assert_eq!(of("200000000003")["enabled"], false);
    assert_eq!(of("200000000006")["enabled"], Value::Null, "a suspended one may come back");
    assert_eq!(
        of("200000000001")["tags"],
        json!({"tier": "gold", "team": "a b", "cost": "1", "ou": "prod", "from": "org"})
    );
    assert_eq!(of("200000000004")["tags"]["ou"], "prod/eu");
    assert_eq!(
        of("200000000004")["external_id"],
        of("200000000001")["external_id"],
        "one external ID for one customer"
    );
    assert!(targets.iter().all(|target| target["account_id"] != "200000000007"));
    // A second import changes nothing.
    let again = import(&registry, &["--organization", "--customer", "us"]);
    assert_eq!(again.response()["added"], json!([]));
    assert_eq!(file(&registry), after);
}

#[test]
fn organizational_units_can_be_selected() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let imported = import(&registry, &["--organization", "--ou", "ou-abcd-prod0000", "--no-external-id"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(imported.response()["added"], json!(["200000000001", "200000000002", "200000000004"]));
    let targets = file(&registry)["targets"].clone();
    assert!(targets.as_array().expect("targets").iter().all(|target| target["external_id"].is_null()));
    assert_eq!(targets[2]["tags"]["ou"], "prod/eu");
}

#[test]
fn csv_and_profiles_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let csv = folder.path().join("accounts.csv");
    std::fs::write(&csv, "account_id,name,regions\n111122223333,acme-prod,eu-*\n111122224444,acme-dev,\n")
        .expect("written");
    let imported = import(&registry, &["--csv", csv.to_str().expect("a path"), "--customer", "acme"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    let config = folder.path().join("config");
    std::fs::write(
        &config,
        "[profile globex]\nrole_arn = arn:aws:iam::444455556666:role/inv\nexternal_id = globex-hR7tQz2LmX9vKp4w\nsource_profile = x\n\
         [profile easy]\nrole_arn = arn:aws:iam::888899990000:role/inv\nexternal_id = easy-2024\nsource_profile = x\n\
         [profile open]\nrole_arn = arn:aws:iam::777788889999:role/inv\n",
    )
    .expect("written");
    let imported = import(&registry, &["--profile-file", config.to_str().expect("a path")]);
    assert_eq!(imported.code, 0, "{imported:?}");
    let left_out = imported.response()["left_out"].clone();
    assert_eq!((&left_out[0][0], &left_out[1][0]), (&json!("profile open"), &json!("888899990000")));
    assert!(left_out[1][1].as_str().is_some_and(|why| why.contains("can be guessed")), "{left_out}");
    let mut after = file(&registry);
    let made = after["targets"][0]["external_id"].take();
    assert_eq!(after["targets"][1]["external_id"].take(), made);
    assert_eq!(made.as_str().map(str::len), Some(36));
    insta::assert_snapshot!(serde_json::to_string_pretty(&after).expect("JSON"));
    let none = import(&registry, &["--csv", config.to_str().expect("a path"), "--customer", "acme"]);
    assert_eq!(none.code, 2, "{none:?}");
    let both = import(&registry, &["--organization", "--csv", "x"]);
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn roles_in_the_backend_role_policy_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let enter = |sid: &str, account: &str| {
        json!({ "Sid": sid, "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": format!("arn:aws:iam::{account}:role/inv"),
                "Condition": { "StringEquals": { "sts:ExternalId": format!("id-of-{sid}-hR7tQz2LmX9vKp4w") } } })
    };
    emulator().make_roles(&[json!({
        "account": emulator().fact("backend_account"), "name": "one-statement-each",
        "trust": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": { "Service": "lambda.amazonaws.com" } }] },
        "inline": { "customers": { "Version": "2012-10-17",
                    "Statement": [enter("Acme", "111122223333"), enter("Globex", "444455556666")] } },
    })]);
    let mut command = emulator().rolecall(&["targets", "import", "--json", "--registry", &registry]);
    command.args(["--backend-role", "arn:aws:iam::999999999999:role/one-statement-each"]);
    let imported = run_command(command);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(imported.response()["added"], json!(["111122223333", "444455556666"]));
    let after = file(&registry);
    assert_eq!(
        (&after["targets"][0]["name"], &after["targets"][0]["external_id"], &after["targets"][0]["enabled"]),
        (&json!("Acme"), &json!("id-of-Acme-hR7tQz2LmX9vKp4w"), &json!(false))
    );
    // The template's own role may assume one role in any account, so its policy names no accounts.
    let mut command = emulator().rolecall(&["targets", "import", "--json", "--registry", &registry, "--backend-role"]);
    command.env("ROLECALL_BACKEND_ROLE", emulator().fact("backend_role_arn"));
    let pattern = run_command(command);
    assert_eq!(pattern.code, 0, "{pattern:?}");
    assert_eq!(pattern.response()["left_out"][0][0], "arn:aws:iam::*:role/rolecall-inventory");
}

/// A common setup: one user in a group, one inline policy of the group for each customer's role. The user may read these and no
/// more.
#[test]
fn roles_in_the_policies_of_a_users_groups_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let enter = |account: &str, role: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Sid": role, "Effect": "Allow", "Action": "sts:AssumeRole",
                "Resource": format!("arn:aws:iam::{account}:role/{role}"),
                "Condition": { "StringEquals": { "sts:ExternalId": format!("id-of-{role}-hR7tQz2LmX9vKp4w") } } }] })
    };
    let reads = ["iam:ListGroupsForUser", "iam:ListGroupPolicies", "iam:GetGroupPolicy"];
    let reads =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": reads, "Resource": "*" }] });
    let order = json!({
        "account": emulator().fact("backend_account"), "user": "scanner", "group": "inventory",
        "group_inline": { "role1": enter("111122223333", "role1"), "role2": enter("444455556666", "role2"), "reads": reads },
    });
    let key = emulator().run_script("users.py", &[], &order);
    let mut command = emulator().rolecall(&["targets", "import", "--identity", "--json", "--registry", &registry]);
    command
        .env("AWS_ACCESS_KEY_ID", key["access_key_id"].as_str().expect("a key"))
        .env("AWS_SECRET_ACCESS_KEY", key["secret_access_key"].as_str().expect("a secret"))
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("ROLECALL_BACKEND_ROLE");
    let imported = run_command(command);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(imported.response()["added"], json!(["111122223333", "444455556666"]));
    // What the user may not read is told, since roles may be missing.
    let left_out = imported.response()["left_out"].to_string();
    for unread in ["attached to the group inventory", "inline policies of the user", "attached to the user"] {
        assert!(left_out.contains(unread), "{unread}: {left_out}");
    }
    let after = file(&registry);
    assert_eq!(after["targets"][0]["role_arn"], "arn:aws:iam::111122223333:role/role1");
    assert_eq!(after["targets"][0]["external_id"], "id-of-role1-hR7tQz2LmX9vKp4w");
    assert!(!imported.out.contains("id-of-role1"), "{imported:?}");
}

/// A listing that repeats its token is not complete.
#[test]
fn an_organization_whose_pages_have_no_end_is_not_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let refused = import(&registry, &["--organization", "--ou", "ou-abcd-loop0000", "--no-external-id"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("SourceUnreadable") && refused.err.contains("ListAccountsForParent"), "{refused:?}");
    assert!(!std::path::Path::new(&registry).exists());
}

/// IAM finds a role by its name alone, so credentials of another account read another role.
#[test]
fn policies_of_a_role_of_another_account_are_not_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = folder.path().join("targets.json").display().to_string();
    let name = emulator().fact("backend_role_arn").rsplit('/').next().expect("a name");
    for role in [format!("arn:aws:iam::666666666666:role/{name}"), format!("arn:aws-cn:iam::999999999999:role/{name}")]
    {
        let mut command = emulator().rolecall(&["targets", "import", "--registry", &registry]);
        command.env_remove("ROLECALL_BACKEND_ROLE").args(["--backend-role", &role]);
        let refused = run_command(command);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("SourceUnreadable") && refused.err.contains("sign in there"), "{refused:?}");
    }
    assert!(!std::path::Path::new(&registry).exists());
}
