//! Organizations in the registry: whatever joins and leaves, no file is edited. `unlisted` has those that cannot be listed.

mod unlisted;

use rolecall::testing::{
    ErrorKind, NoopObserver, Request, Response, RunId, RunIdSource, RunRequest, Steps, StopCondition,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::command::{CommandOutput, manifest, run_command};
use crate::fixture::{BACKEND, Fixture, account_with, assert_complete, files_below};
use crate::sim::{Fault, FaultKind, ROOT, Service, SimOrganization, World};

const REGION: &str = "eu-west-1";
const MANAGEMENT: &str = "100000000000";
const LISTER: &str = "arn:aws:iam::100000000000:role/rolecall-organization";
const SECRET: &str = "org-hR7tQz2LmX9vKp4wB8nD";
const PROD: &str = "ou-abcd-prod0000";
const TEAM: &str = "ou-abcd-team0000";
const SANDBOX: &str = "ou-abcd-sandbox0";

fn member(number: usize) -> String {
    format!("{}", 300_000_000_000_u64 + number as u64)
}

/// Makes an account that its organization can have, with the inventory role.
fn create(world: &mut World, account: &str) {
    *world.account(account) = account_with(1, 1, 2);
    world.role(account, "rolecall-inventory", Some(SECRET));
}

fn join(world: &mut World, account: &str, unit: &str) {
    create(world, account);
    world.organizations.get_mut(MANAGEMENT).expect("an organization").add(account, unit);
}

/// An organization of `members` accounts in three units, and its management account.
fn organization(world: &mut World, members: usize) {
    let unit = |parent: &str, name: &str| (parent.to_owned(), name.to_owned());
    let units = [(PROD, unit(ROOT, "prod")), (TEAM, unit(PROD, "team")), (SANDBOX, unit(ROOT, "sandbox"))];
    let units = units.into_iter().map(|(id, unit)| (id.to_owned(), unit)).collect();
    world.organizations.insert(MANAGEMENT.to_owned(), SimOrganization { units, ..SimOrganization::default() });
    world.account(MANAGEMENT);
    world.role(MANAGEMENT, "rolecall-organization", Some(SECRET));
    for number in 0..members {
        join(world, &member(number), [PROD, TEAM, SANDBOX, ROOT][number % 4]);
    }
}

fn entry(more: Value) -> Value {
    let mut entry = json!({ "name": "acme", "management_role_arn": LISTER, "external_id": SECRET, "customer": "acme" });
    entry.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    entry
}

fn write(fixture: &Fixture, registry: &Value) {
    std::fs::write(fixture.folder.path().join("targets.json"), registry.to_string()).expect("written");
}

async fn fixture(members: usize, more: Value) -> Fixture {
    let fixture =
        Fixture::start(0, account_with(1, 1, 2), |world| organization(world, members)).await.without_attempts();
    write(&fixture, &json!({ "version": 1, "organizations": [entry(more)] }));
    fixture
}

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": [REGION], "resources": ["ec2_vpcs", "ec2_instances", "accounts"] })
}

async fn run(fixture: &Fixture, run_id: &str) -> Response {
    fixture.run(request(run_id), None).await.expect("a response")
}

/// What a response says of the one organization.
fn listing(response: &Response) -> Value {
    serde_json::to_value(&response.organizations).expect("JSON")[0].clone()
}

fn status(response: &Response) -> Value {
    serde_json::to_value(response.status).expect("JSON")
}

fn planned(fixture: &Fixture, run_id: &str) -> BTreeSet<String> {
    let manifest = manifest(&fixture.out(), run_id);
    let accounts = manifest["plan"]["accounts"].as_array().expect("accounts");
    accounts.iter().map(|account| account["account_id"].as_str().expect("an id").to_owned()).collect()
}

async fn ask(fixture: &Fixture, arguments: &[&str]) -> CommandOutput {
    let out = fixture.out().display().to_string();
    let mut command = fixture.rolecall(arguments);
    command.args(["--output", &out, "--format", "json"]);
    tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_join_and_leave_need_no_edit() {
    let fixture = fixture(40, json!({})).await;
    let file = || std::fs::read(fixture.folder.path().join("targets.json")).expect("a registry");
    let before = file();
    let first = run(&fixture, "first").await;
    assert_complete(&first);
    assert_eq!((first.accounts.planned, listing(&first)["accounts"].clone()), (40, json!(40)));
    assert!(listing(&first).get("joined").is_none(), "nobody knows who was there before");
    fixture.sim.change(|world| {
        (40..43).for_each(|number| join(world, &member(number), TEAM));
        let organization = world.organizations.get_mut(MANAGEMENT).expect("an organization");
        organization.accounts.remove(&member(0));
        organization.accounts.get_mut(&member(1)).expect("an account").state = "SUSPENDED".to_owned();
    });
    let second = run(&fixture, "second").await;
    assert_complete(&second);
    let told = listing(&second);
    assert_eq!(told["joined"], json!([member(40), member(41), member(42)]));
    assert_eq!(told["left"], json!([member(0), member(1)]));
    assert_eq!(manifest(&fixture.out(), "second")["organizations"][0]["joined"], told["joined"]);
    let accounts = planned(&fixture, "second");
    assert!(accounts.len() == 41 && accounts.contains(&member(42)) && !accounts.contains(&member(0)));
    // Who joined is found, and who left is marked. What they have is no change: nobody asked before, or asks now.
    let vpc_of = |run_id: &str, account: &str| {
        let rows = crate::command::rows(&fixture.out(), &manifest(&fixture.out(), run_id), "ec2_vpcs");
        let row = rows.iter().find(|row| row["account_id"] == account).expect("a VPC");
        row["id"].as_str().expect("an id").to_owned()
    };
    let vpc = vpc_of("second", &member(42));
    let found = ask(&fixture, &["where", &vpc]).await.response();
    assert_eq!((&found["rows"][0]["account_id"], &found["rows"][0]["offboarded"]), (&json!(member(42)), &json!(false)));
    let gone = vpc_of("first", &member(0));
    let found = ask(&fixture, &["where", &gone]).await.response();
    assert_eq!((&found["rows"][0]["account_id"], &found["rows"][0]["offboarded"]), (&json!(member(0)), &json!(true)));
    let out = fixture.out().display().to_string();
    let diff = crate::command::rolecall(&["diff", "first", "second", "--output", &out, "--format", "json"]);
    let diff = tokio::task::spawn_blocking(move || run_command(diff)).await.expect("it ends").response();
    assert_eq!(diff["rows"], json!([]));
    let baseline = diff["coverage"]["baseline"].as_array().expect("a list");
    assert!(baseline.iter().any(|cell| cell["account_id"] == member(41)), "{baseline:?}");
    // A third run finds nothing new, and nobody edited anything.
    let third = run(&fixture, "third").await;
    assert!(listing(&third).get("joined").is_none() && listing(&third).get("left").is_none());
    assert_eq!(file(), before);
    for path in files_below(&fixture.out()) {
        let bytes = std::fs::read(&path).expect("a file");
        let is_secret = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!is_secret, "{} has the external ID", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_win_and_units_and_exclusions_narrow() {
    let fixture = fixture(12, json!({})).await;
    let target = |number: usize, enabled: bool| {
        json!({ "account_id": member(number), "external_id": SECRET, "customer": "acme", "enabled": enabled,
                "resources": ["accounts"] })
    };
    let registry = |more: Value| json!({ "version": 1, "targets": [target(0, true), target(1, false)], "organizations": [entry(more)] });
    write(
        &fixture,
        &registry(json!({ "tags": { "tier": "gold" }, "resources": ["ec2_vpcs"], "exclude": [member(2), SANDBOX] })),
    );
    let response = run(&fixture, "narrow").await;
    assert_complete(&response);
    let accounts = planned(&fixture, "narrow");
    // 0 and 1 have targets, of which 1 is disabled. 2, 6 and 10 are in the sandbox.
    let expected = BTreeSet::from([0, 3, 4, 5, 7, 8, 9, 11].map(member));
    assert_eq!(accounts, expected);
    let of = |number: usize| {
        let manifest = manifest(&fixture.out(), "narrow");
        let planned = manifest["plan"]["accounts"].as_array().expect("accounts").clone();
        planned.into_iter().find(|account| account["account_id"] == member(number)).expect("planned")
    };
    assert_eq!((of(0)["resources"].clone(), of(0).get("organization").is_none()), (json!(["accounts"]), true));
    assert_eq!((of(3)["resources"].clone(), of(3)["organization"].clone()), (json!(["ec2_vpcs"]), json!("acme")));
    // The path of the unit is a tag.
    let mut team = request("team");
    team["tags"] = json!({ "ou": "prod/team", "tier": "gold" });
    fixture.run(team, None).await.expect("a response");
    assert_eq!(planned(&fixture, "team"), BTreeSet::from([5, 9].map(member)));
    write(&fixture, &registry(json!({ "ous": [PROD] })));
    run(&fixture, "prod").await;
    assert_eq!(planned(&fixture, "prod"), BTreeSet::from([0, 4, 5, 8, 9].map(member)));
    // Not enabled, the accounts are only reported.
    write(&fixture, &registry(json!({ "enable": false, "ous": [PROD] })));
    let response = run(&fixture, "reported").await;
    assert_eq!(planned(&fixture, "reported"), BTreeSet::from([0].map(member)));
    assert_eq!(listing(&response)["unregistered"], json!([member(4), member(5), member(8), member(9)]));
    assert_complete(&response);
    // Nor does a registry without any other target hide them.
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "enable": false, "ous": [PROD] }))] }));
    let refused = fixture.run(request("nobody"), None).await.expect_err("nobody is asked").message;
    assert!(refused.contains("selects no target") && refused.contains(&member(4)) && refused.contains(&member(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn own_credentials_and_delegated_administrators_list_too() {
    let fixture = fixture(4, json!({ "management_role_arn": null })).await;
    let refused = fixture.run(request("stranger"), None).await.expect_err("it may not list");
    assert!(refused.message.contains("could not be listed"), "{}", refused.message);
    fixture.sim.change(|world| {
        world.organizations.get_mut(MANAGEMENT).expect("an organization").delegated.insert(BACKEND.to_owned());
    });
    assert_complete(&run(&fixture, "delegated").await);
    assert!(!fixture.sim.counts().assumed.contains_key(MANAGEMENT));
    // The session of a management role may list accounts and nothing else.
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({}))] }));
    run(&fixture, "managed").await;
    let log = fixture.sim.log_of(Service::Sts, "AssumeRole");
    let lister = log.iter().find(|entry| entry.target.as_deref() == Some(MANAGEMENT)).expect("it was assumed");
    let policy = &lister.params["Policy"];
    assert!(policy.contains("organizations:ListAccountsForParent") && !policy.contains("ec2:"));
    assert_eq!(lister.params["RoleSessionName"], "rolecall-managed");
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_enter_what_the_plan_step_listed_once() {
    let fixture = fixture(6, json!({})).await;
    let steps = Steps::new(&fixture.engine()).expect("an output");
    let asked: Request = serde_json::from_value(request("fleet")).expect("a request");
    let order = RunRequest::new(asked, RunIdSource::Invocation("an-execution".into()));
    let planned = steps.plan(order, 2).await.expect("a plan");
    assert_eq!(planned.shards, 3);
    let listings = |fixture: &Fixture| fixture.sim.log_of(Service::Organizations, "ListRoots").len();
    let once = listings(&fixture);
    // Between the plan and the last shard one account is excluded. It is not entered any more.
    let run_id: RunId = "fleet".parse().expect("a run id");
    let shard = async |name: &str| {
        let done = steps.shard(&run_id, name, StopCondition::default(), Arc::new(NoopObserver)).await;
        done.expect("a failed customer is data");
    };
    shard("0").await;
    shard("1").await;
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "exclude": [member(5)] }))] }));
    shard("2").await;
    let reduced = steps.reduce(&run_id, Arc::new(NoopObserver)).await.expect("it adds up");
    assert_eq!((reduced.accounts.complete, reduced.accounts.failed), (5, 1));
    assert_eq!(listings(&fixture), once, "only the plan lists");
    assert!(!fixture.sim.counts().assumed.contains_key(&member(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_accounts_are_planned_while_aws_throttles() {
    let fixture = fixture(0, json!({})).await;
    fixture.sim.change(|world| {
        let organization = world.organizations.get_mut(MANAGEMENT).expect("an organization");
        (0..3_000).for_each(|number| organization.add(&member(number), [PROD, TEAM, ROOT][number % 3]));
    });
    let throttled = Fault::new(FaultKind::Throttle).operation("ListAccountsForParent");
    let throttled = fixture.sim.add_fault(throttled.times(crate::sim::Times::First(5)));
    let command = fixture.rolecall(&["plan", "--accounts", "all", "--json"]);
    let plan = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends").response();
    assert_eq!(fixture.sim.fired(throttled), 5);
    assert_eq!(plan["accounts"].as_array().expect("accounts").len(), 3_000);
    assert_eq!(plan["organizations"][0]["accounts"], 3_000);
    assert_eq!(fixture.sim.counts().assumed.len(), 1, "a plan enters no account");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_check_and_targets_show_organizations() {
    let fixture = fixture(4, json!({ "resources": ["ec2_vpcs"], "ous": [PROD, SANDBOX] })).await;
    let mut published = fixture.rolecall(&["check", "--json"]);
    fixture.sim.change(|world| {
        let role = world.role(BACKEND, "rolecall-backend", None);
        role.trusts = vec![format!("arn:aws:iam::{BACKEND}:root")];
    });
    let role = format!("arn:aws:iam::{BACKEND}:role/rolecall-backend");
    published.args(["--backend-role", &role]);
    let checked = tokio::task::spawn_blocking(move || run_command(published)).await.expect("it ends");
    let told = checked.response();
    assert_eq!(told["organizations"], json!([{ "name": "acme", "accounts": 3, "is_open": false }]), "{checked:?}");
    assert_eq!(told["targets"].as_array().map(Vec::len), Some(3));
    assert!(!checked.out.contains(SECRET));
    fixture.sim.change(|world| {
        world.role(MANAGEMENT, "rolecall-organization", None);
    });
    let checked = fixture.rolecall(&["check", "--backend-role", &role]);
    let checked = tokio::task::spawn_blocking(move || run_command(checked)).await.expect("it ends");
    assert!(checked.code == 1 && checked.out.contains("UNSAFE: its management role lets us in"), "{checked:?}");
    let list = |arguments: &[&str]| run_command(fixture.rolecall(arguments));
    let listed = list(&["targets", "list", "--json"]).response();
    assert_eq!(listed[0]["organization"], "acme");
    assert_eq!((&listed[0]["resources"], &listed[0]["has_external_id"]), (&json!(["ec2_vpcs"]), &json!(true)));
    let listed = list(&["targets", "list"]);
    assert!(listed.out.contains("rolecall-organization") && !listed.out.contains(SECRET), "{listed:?}");
    // Edits keep the organizations.
    assert_eq!(list(&["targets", "add", "400000000000", "--no-external-id"]).code, 0);
    assert_eq!(list(&["targets", "list", "--json"]).response()[1]["organization"], "acme");
    assert_eq!(list(&["targets", "remove", "400000000000"]).code, 0);
    let policy = list(&["policy", "backend", "--listed"]);
    assert!(policy.out.contains(LISTER) && policy.out.contains("arn:aws:iam::*:role/rolecall-inventory"), "{policy:?}");
}

/// Without a registry, the flag lists the organization of the own credentials.
#[tokio::test(flavor = "multi_thread")]
async fn the_flag_of_the_command_line_enters_every_active_account() {
    let fixture = fixture(0, json!({})).await;
    fixture.sim.change(|world| {
        let mut organization = world.organizations.remove(MANAGEMENT).expect("an organization");
        organization.add(BACKEND, ROOT);
        for number in 0..25 {
            organization.add(&member(number), PROD);
            *world.account(&member(number)) = account_with(1, 1, 2);
            world.role(&member(number), "ops/reader", None);
        }
        organization.accounts.get_mut(&member(3)).expect("an account").state = "SUSPENDED".to_owned();
        world.organizations.insert(BACKEND.to_owned(), organization);
    });
    let out = fixture.folder.path().join("all").display().to_string();
    let mut command = crate::command::rolecall(&["run", "--organization", "--role-name", "ops/reader", "--json"]);
    command
        .args(["--regions", REGION, "--resources", "ec2_vpcs", "--output", &out])
        .env("AWS_ENDPOINT_URL", fixture.sim.endpoint())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", BACKEND)
        .env("AWS_SECRET_ACCESS_KEY", "a-key");
    // Tags need a permission of their own, which a request without tags does not.
    fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation("ListTagsForResource"));
    let told = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends");
    assert_eq!(told.code, 0, "{told:?}");
    let response = told.response();
    // 24 active members, and the own account with the own credentials.
    assert_eq!((&response["accounts"]["planned"], &response["accounts"]["complete"]), (&json!(25), &json!(25)));
    assert!(told.err.contains(&format!("{} (account {}) is left out", member(3), member(3))), "{told:?}");
    assert!(
        told.err.contains(&format!("{BACKEND}, your own account, is entered with your own credentials")),
        "{told:?}"
    );
}

#[test]
fn what_is_wrong_with_an_organization_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = |organizations: Value| {
        let path = folder.path().join("targets.json");
        std::fs::write(&path, json!({ "version": 1, "organizations": organizations }).to_string()).expect("written");
        let mut command = crate::command::rolecall(&["targets", "list"]);
        command.args(["--registry", &path.display().to_string()]).env("AWS_REGION", "eu-central-1");
        run_command(command).err
    };
    let wrong = [
        json!([]),
        json!({}),
        json!([{}]),
        json!([entry(json!({
            "name": "a/b", "management_role_arn": "arn:aws-cn:iam::100000000000:role/x", "external_id": "s3cr3t!",
            "ous": ["prod"], "exclude": ["r-abcd"], "role_name": "a b", "resources": ["rds_*"], "regions": [],
            "tags": { "": "x" }, "enable": "yes", "enabled": true,
        }))]),
        json!([entry(json!({})), entry(json!({ "customer": "globex" }))]),
    ];
    insta::assert_snapshot!(wrong.map(registry).join("---\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_left_may_stay_excluded() {
    let fixture = fixture(4, json!({})).await;
    let mut without = request("before");
    without["exclude"] = json!([member(1)]);
    assert_eq!(fixture.run(without.clone(), None).await.expect("a response").accounts.complete, 3);
    fixture.sim.change(|world| {
        world.organizations.get_mut(MANAGEMENT).expect("an organization").accounts.remove(&member(1));
    });
    without["run_id"] = "after".into();
    let response = fixture.run(without.clone(), None).await.expect("a response");
    assert_complete(&response);
    assert_eq!((response.accounts.planned, json!(response.unknown_accounts)), (3, json!([member(1)])));
    // Without an organization it is a mistake.
    let target = json!({ "account_id": member(0), "external_id": SECRET, "customer": "acme" });
    write(&fixture, &json!({ "version": 1, "targets": [target] }));
    without["run_id"] = "mistaken".into();
    let refused = fixture.run(without, None).await.expect_err("nobody knows the excluded account");
    assert!(refused.kind == ErrorKind::InvalidRequest && refused.message.contains("request.exclude"), "{refused}");
}
