//! The check of customers' roles: unsafe roles are found, and so are missing permissions.

use rolecall::testing::{
    AwsError, AwsErrorKind, Backend, Cancellation, Catalogue, Identity, Priority, Registry, RoleAssumer, Service,
    Settings, actions_of, backend_role, session_policies,
};
use serde_json::{Value, json};
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

use crate::command::{CommandOutput, run_command};
use crate::emulator::emulator;
use crate::fixture::{BACKEND, Fixture, account_with, write_registry};
use crate::sim::{Deny, Fault, FaultKind, Service as Of, Times, account_id};
use crate::stores::config;

pub(super) const BACKEND_ROLE: &str = "arn:aws:iam::999999999999:role/rolecall-backend";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A trust policy of one statement.
fn trust(principal: Value, conditions: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": conditions },
    ] })
}

/// An external ID that cannot be guessed.
fn random_id(number: u32) -> String {
    format!("id-{number}-hR7tQz2LmX9vKp4w")
}

fn correct_trust(external_id: &str) -> Value {
    trust(
        json!({ "AWS": "arn:aws:iam::999999999999:root" }),
        json!({ "ArnEquals": { "aws:PrincipalArn": BACKEND_ROLE }, "StringEquals": { "sts:ExternalId": external_id } }),
    )
}

fn reads() -> Value {
    let vpcs = ["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"];
    let few: Vec<&str> =
        ["account:ListRegions", "ec2:DescribeRegions", "iam:ListAccountAliases"].into_iter().chain(vpcs).collect();
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": few, "Resource": "*" }] })
}

/// Runs `rolecall check` as an operator with the permissions that `rolecall policy admin` prints, and no others.
fn check(registry: &str, arguments: &[&str]) -> CommandOutput {
    static OPERATOR: OnceLock<tempfile::TempDir> = OnceLock::new();
    let profiles = OPERATOR.get_or_init(|| {
        let printed = run_command(emulator().rolecall(&["policy", "admin"]));
        let policy: Value = serde_json::from_str(&printed.out).expect("a policy");
        let trust = trust(json!({ "AWS": "arn:aws:iam::999999999999:root" }), json!({}));
        emulator().make_roles(&[
            json!({ "account": BACKEND, "name": "operator", "trust": trust, "inline": { "admin": policy } }),
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "[profile root]\naws_access_key_id = {BACKEND}\naws_secret_access_key = {}\n\n[profile operator]\n\
             role_arn = arn:aws:iam::{BACKEND}:role/operator\nsource_profile = root\n",
            emulator().fact("secret")
        );
        std::fs::write(folder.path().join("config"), config).expect("written");
        folder
    });
    let mut command = emulator().rolecall(&["check", "--registry", registry, "--wait", "0s"]);
    command
        .args(["--resources", "ec2_vpcs,accounts", "--regions", "eu-central-1"])
        .args(arguments)
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONFIG_FILE", profiles.path().join("config"))
        .env("AWS_PROFILE", "operator");
    run_command(command)
}

pub(super) fn target<'a>(report: &'a Value, account: &str) -> &'a Value {
    let targets = report["targets"].as_array().expect("targets");
    targets.iter().find(|target| target["account_id"] == account).unwrap_or_else(|| panic!("no {account} in {report}"))
}

pub(super) fn findings(target: &Value) -> String {
    let findings = target["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|one| {
            format!(
                "{}: {}\n",
                one["severity"].as_str().unwrap_or_default(),
                one["message"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn unsafe_roles_are_found_and_not_enabled() {
    let name = "rolecall-inventory";
    let root_of_backend = json!({ "AWS": "arn:aws:iam::999999999999:root" });
    let role = |account: &str, trust: Value| json!({ "account": account, "name": name, "trust": trust, "inline": { "reads": reads() } });
    let of_backend_role = json!({ "ArnEquals": { "aws:PrincipalArn": BACKEND_ROLE } });
    let mut administrator = role("810000000005", correct_trust(&random_id(5)));
    administrator["attached"] = json!([ADMINISTRATOR]);
    let mut trusting_arn = role(
        "810000000006",
        trust(json!({ "AWS": BACKEND_ROLE }), json!({ "StringEquals": { "sts:ExternalId": random_id(6) } })),
    );
    trusting_arn["inline"]["itself"] = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"], "Resource": "*" } ] });
    emulator().make_roles(&[
        role("810000000001", correct_trust(&random_id(1))),
        role("810000000002", trust(root_of_backend.clone(), of_backend_role)),
        role("810000000003", trust(json!("*"), json!({ "StringEquals": { "sts:ExternalId": random_id(3) } }))),
        role("810000000004", trust(json!({ "AWS": "*" }), json!({}))),
        administrator,
        trusting_arn,
        role("810000000007", correct_trust("another-id")),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let targets: Vec<Value> = (1..=8)
        .map(|n| json!({ "account_id": format!("81000000000{n}"), "external_id": random_id(n), "enabled": false }))
        .collect();
    let registry = write_registry(folder.path(), &targets);
    let checked = check(&registry, &["--enable", "--json"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    let report = checked.response();
    let verdicts: Vec<(&str, &str)> = report["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|one| (one["account_id"].as_str().expect("an id"), one["verdict"].as_str().expect("a verdict")))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("810000000001", "ready"),
            ("810000000002", "unsafe"),
            ("810000000003", "unsafe"),
            ("810000000004", "unsafe"),
            ("810000000005", "unsafe"),
            ("810000000006", "ready"),
            ("810000000007", "not_entered"),
            ("810000000008", "not_entered"),
        ]
    );
    assert_eq!(report["enabled"], json!(["810000000001", "810000000006"]));
    let all_findings: String =
        verdicts.iter().map(|(account, _)| format!("# {account}\n{}\n", findings(target(&report, account)))).collect();
    insta::with_settings!({ filters => vec![
        (r"request id [0-9a-f-]+", "request id [id]"), (r"assumed-role/\S+", "assumed-role/[session]"),
    ] }, { insta::assert_snapshot!(all_findings) });
    for secret in (1..=8).map(random_id) {
        assert!(!checked.out.contains(&secret), "the output has {secret}");
    }
    // Without the negative probes, the open roles look like the others.
    let quiet = check(&registry, &["--no-negative", "--accounts", "810000000002", "--json"]).response();
    assert_eq!(target(&quiet, "810000000002")["verdict"], "ready");
    assert_eq!(target(&quiet, "810000000002")["refuses_other_identities"], Value::Null);
    assert!(findings(target(&quiet, "810000000002")).contains("was not tried"), "{quiet}");
}

/// Roles that may read themselves. Neither a verb nor the name of a policy decides, but what is granted in effect.
#[test]
fn permissions_are_judged_by_their_impact() {
    let managed = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let statement = |effect: &str, actions: Value| json!({ "Effect": effect, "Action": actions, "Resource": "*" });
    let policy = |statements: Value| json!({ "Version": "2012-10-17", "Statement": statements });
    let itself = json!([
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:GetPolicy",
        "iam:GetPolicyVersion"
    ]);
    let never = policy(json!([statement("Deny", json!(["ec2:DescribeInstanceAttribute"]))]));
    let role = |at: u32, more: Value, rest: Value| {
        let mut inline = json!({ "reads": reads(), "itself": policy(json!([statement("Allow", itself.clone())])) });
        inline.as_object_mut().expect("policies").extend(more.as_object().expect("policies").clone());
        let account = format!("87000000000{at}");
        let trust = correct_trust(&random_id(870 + at));
        let mut role = json!({ "account": account, "name": "rolecall-inventory", "trust": trust, "inline": inline });
        role.as_object_mut().expect("a role").extend(rest.as_object().expect("members").clone());
        role
    };
    let nowhere = json!({ "Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*",
        "Condition": { "StringEquals": { "aws:RequestedRegion": "nowhere-1" } } });
    let only_reads = json!({ "Effect": "Deny", "NotAction": ["account:ListRegions", "ec2:DescribeRegions", "ec2:DescribeVpc*", "iam:Get*", "iam:List*"], "Resource": "*" });
    emulator().make_roles(&[
        role(1, json!({ "never": never }), json!({ "attached": [managed("SecurityAudit")] })),
        role(2, json!({}), json!({ "attached": [managed("SecurityAudit")] })),
        role(3, json!({ "never": never }), json!({ "attached": [managed("AdministratorAccess")], "boundary": managed("SecurityAudit") })),
        role(4, json!({ "more": policy(json!([nowhere])) }), json!({})),
        role(5, json!({ "more": policy(json!([statement("Allow", json!("*")), only_reads])) }), json!({})),
        role(6, json!({ "more": policy(json!([statement("Allow", json!(["athena:StartQueryExecution", "secretsmanager:GetSecretValue"]))])) }), json!({})),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let accounts = 1..=6;
    let targets: Vec<Value> = accounts
        .map(
            |n| json!({ "account_id": format!("87000000000{n}"), "external_id": random_id(870 + n), "enabled": false }),
        )
        .collect();
    let registry = write_registry(folder.path(), &targets);
    let checked = check(&registry, &["--json"]);
    let report = checked.response();
    let of_permissions = |target: &Value| -> String {
        let of_role = |line: &&str| line.contains("the role may ");
        findings(target).lines().filter(of_role).map(|line| format!("{line}\n")).collect()
    };
    let all: String = report["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|target| format!("# {} {}\n{}\n", target["account_id"], target["verdict"], of_permissions(target)))
        .collect();
    insta::assert_snapshot!(all);
}

/// A role that grants nothing is denied every action of the catalogue, so the check asks for all of them.
#[test]
fn check_probes_every_action_of_the_catalogue() {
    let account = "840000000001";
    emulator().make_roles(&[
        json!({ "account": account, "name": "rolecall-inventory", "trust": correct_trust(&random_id(840)) }),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let registry = write_registry(folder.path(), &[json!({ "account_id": account, "external_id": random_id(840) })]);
    let checked =
        run_command(emulator().rolecall(&["check", "--registry", &registry, "--json", "--regions", "eu-central-1"]));
    assert_eq!(checked.code, 1, "{checked:?}");
    let report = checked.response();
    let types = target(&report, account)["types"].as_array().expect("types").clone();
    let denied: std::collections::BTreeSet<&str> = types
        .iter()
        .flat_map(|row| row["denied_actions"].as_array().expect("actions"))
        .map(|action| action.as_str().expect("an action"))
        .collect();
    let mut needed = actions_of(Catalogue::get().expect("a catalogue").tables().iter());
    // The emulated AWS does not evaluate this action.
    assert!(needed.remove("account:ListRegions"));
    assert_eq!(denied, needed);
}

/// A run's session may only make its reads, whatever policies the role has.
#[tokio::test(flavor = "multi_thread")]
async fn session_in_an_administrator_role_may_only_read() {
    let account = "820000000001";
    let trust = correct_trust("id-of-820");
    tokio::task::block_in_place(|| {
        emulator().make_roles(&[
            json!({ "account": account, "name": "rolecall-inventory", "trust": trust, "attached": [ADMINISTRATOR] }),
        ]);
    });
    let registry = json!({ "version": 1, "targets": [{ "account_id": account, "external_id": "id-of-820" }] });
    let registry = Registry::read(registry.to_string().as_bytes(), "aws").expect("a registry");
    let own = Backend::from_config(
        config(emulator().fact("endpoint"), emulator().fact("region"), BACKEND),
        &Settings::default(),
    );
    let provider = backend_role(&own, BACKEND_ROLE);
    let identity = Identity { account_id: BACKEND.into(), arn: BACKEND_ROLE.into(), unique_id: None };
    let policies = session_policies(Catalogue::get().expect("a catalogue").tables().iter());
    let door = RoleAssumer::new(own.with_credentials(provider), identity, "rolecall-test".into());
    let session = door.open_session(&registry.targets[0], &policies).await.expect("it lets us in").session;
    let client = session.client(Service::Ec2, "eu-central-1", Priority::Normal);
    let ec2 = client.ec2();
    let run = CancellationToken::new();
    let stop = Cancellation { account: run.child_token(), run };
    let denied = |error: AwsError| assert_eq!(error.kind, AwsErrorKind::Denied);
    client.call("ec2:DescribeVpcs", &stop, || ec2.describe_vpcs().send()).await.expect("it may read");
    let create = || ec2.create_vpc().cidr_block("10.0.0.0/16").send();
    denied(client.call("ec2:CreateVpc", &stop, create).await.expect_err("it is refused"));
    let password = || ec2.get_password_data().instance_id("i-1").send();
    denied(client.call("ec2:GetPasswordData", &stop, password).await.expect_err("it is refused"));
    let client = session.client(Service::Iam, "us-east-1", Priority::Normal);
    let users = || client.iam().list_users().send();
    denied(client.call("iam:ListUsers", &stop, users).await.expect_err("it is refused"));
}

/// A role that trusts another role is checked through that role, as a run enters it.
#[test]
fn chained_role_is_checked_through_its_first_role() {
    let hub = "arn:aws:iam::830000000001:role/hub";
    let enter = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }] });
    emulator().make_roles(&[
        json!({ "account": "999999999999", "name": "hub-user", "trust": trust(json!({ "AWS": "arn:aws:iam::999999999999:root" }), json!({})),
                "inline": { "enter": enter } }),
        json!({ "account": "830000000001", "name": "hub", "trust": trust(json!({ "AWS": "arn:aws:iam::999999999999:root" }), json!({})),
                "inline": { "enter": enter } }),
        json!({ "account": "830000000002", "name": "rolecall-inventory", "inline": { "reads": reads() },
                "trust": trust(json!({ "AWS": "arn:aws:iam::830000000001:root" }),
                    json!({ "ArnEquals": { "aws:PrincipalArn": hub }, "StringEquals": { "sts:ExternalId": random_id(0) } })) }),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let targets = [json!({ "account_id": "830000000002", "external_id": random_id(0), "via": hub, "enabled": false })];
    let registry = write_registry(folder.path(), &targets);
    let mut command = emulator().rolecall(&["check", "--registry", &registry, "--wait", "0s", "--json"]);
    command.args(["--resources", "ec2_vpcs,accounts", "--regions", "eu-central-1"]);
    command.env("ROLECALL_BACKEND_ROLE", "arn:aws:iam::999999999999:role/hub-user");
    let checked = run_command(command);
    let report = checked.response();
    assert_eq!(target(&report, "830000000002")["verdict"], "ready", "{report}");
    assert_eq!(target(&report, "830000000002")["refuses_other_identities"], true);
    assert!(findings(target(&report, "830000000002")).contains("one hour"), "{report}");
}

/// The report shows by type what permissions, service control policies and regions allow. One session is another
/// account's.
#[tokio::test(flavor = "multi_thread")]
async fn check_shows_reads_by_type() {
    let fixture = Fixture::start(4, account_with(2, 1, 4), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        let customers: Vec<String> = world.accounts.keys().filter(|id| *id != BACKEND).cloned().collect();
        for id in &customers {
            let role = world.account(id).roles.get_mut("rolecall-inventory").expect("a role");
            role.trusts = vec![BACKEND_ROLE.to_owned()];
        }
        world.account(&customers[1]).deny("route53:*", false);
        world.account(&customers[1]).deny("ec2:DescribeVolumes", false);
        world.account(&customers[2]).denied.push(Deny {
            action: "ec2:*".into(),
            region: Some("sa-east-1".into()),
            scp: true,
        });
        let role = world.account(&customers[3]).roles.get_mut("rolecall-inventory").expect("a role");
        role.answers_as = Some("123456789012".into());
    })
    .await;
    let checked = tokio::task::block_in_place(|| {
        let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE]);
        command.args(["--regions", "eu-central-1,sa-east-1,me-south-1"]);
        run_command(command)
    });
    assert_eq!(checked.code, 1, "{checked:?}");
    insta::with_settings!({ filters => vec![
        (r"request id [^)]+", "request id [id]"), (r"assumed-role/\S+", "assumed-role/[session]"), (r" +\d+\.\d\n", " [time]\n"),
    ] }, { insta::assert_snapshot!(checked.out) });
    assert!(!checked.out.contains("ext-"), "the output has an external ID");
}

/// A session that expires during the first reads of a check is assumed again, as in a run.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_during_a_check_is_renewed() {
    let fixture = Fixture::start(1, account_with(1, 1, 2), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        let role = world.account(&account_id(0)).roles.get_mut("rolecall-inventory").expect("a role");
        role.trusts = vec![BACKEND_ROLE.to_owned()];
    })
    .await;
    let expired = Fault::new(FaultKind::ExpiredSession).account(&account_id(0)).operation("DescribeRegions");
    fixture.sim.add_fault(expired.times(Times::First(1)));
    let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE]);
    command.args(["--resources", "ec2_vpcs,accounts", "--regions", "eu-central-1", "--json"]);
    let checked = tokio::task::block_in_place(|| run_command(command));
    assert_eq!(checked.code, 0, "{checked:?}");
}

/// A session that ends in the middle of a check is denied. Before, the regions that it had not reached were reported as not
/// enabled.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_the_middle_of_a_check_disables_no_region() {
    let fixture = Fixture::start(1, account_with(2, 1, 2), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        let role = world.account(&account_id(0)).roles.get_mut("rolecall-inventory").expect("a role");
        role.trusts = vec![BACKEND_ROLE.to_owned()];
    })
    .await;
    let rejected = |region: &str| Fault::error(401, "AuthFailure").service(Of::Ec2).region(region);
    fixture.sim.add_fault(rejected("eu-central-1").times(Times::After(5)));
    fixture.sim.add_fault(rejected("sa-east-1"));
    let checked = tokio::task::block_in_place(|| {
        let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE]);
        command.args(["--resources", "ec2_*", "--regions", "eu-central-1,sa-east-1", "--json"]);
        run_command(command)
    });
    assert_eq!(checked.code, 1, "{checked:?}");
    let report = checked.response();
    let checked = target(&report, &account_id(0));
    assert_eq!(checked["verdict"], "gaps", "{report}");
    assert!(
        findings(checked).contains("gap: the role denies") && !findings(checked).contains("not enabled"),
        "{report}"
    );
    let types = checked["types"].as_array().expect("types");
    assert!(types.iter().all(|row| row["regions"]["region_disabled"].is_null()), "{report}");
}

/// A new role that IAM has not propagated yet is waited for, and the wait is reported.
#[tokio::test(flavor = "multi_thread")]
async fn new_role_is_waited_for() {
    let fixture = Fixture::start(2, account_with(1, 1, 2), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        for number in 0..2 {
            let role = world.account(&account_id(number)).roles.get_mut("rolecall-inventory").expect("a role");
            role.trusts = vec![BACKEND_ROLE.to_owned()];
        }
    })
    .await;
    let mut unknown = Fault::new(FaultKind::error(403, "AccessDenied")).times(Times::First(2));
    unknown.service = Some(Of::Sts);
    unknown.operation = Some("AssumeRole".into());
    unknown.account = Some(account_id(1));
    fixture.sim.add_fault(unknown);
    let check = |wait: &str| {
        let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE]);
        command.args(["--resources", "ec2_vpcs", "--regions", "eu-central-1", "--wait", wait, "--json"]);
        tokio::task::block_in_place(|| run_command(command))
    };
    let waited = check("30s");
    assert_eq!(waited.code, 0, "{waited:?}");
    let message = format!(
        "the role of {} does not let us in yet. IAM takes some seconds to know a new role: trying for 30 s",
        account_id(1)
    );
    assert!(waited.err.contains(&message) && !waited.err.contains(&account_id(0)), "{waited:?}");
}
