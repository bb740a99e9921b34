//! Targets that share some resource types only: other cells are neither planned nor asked, and nothing calls them empty.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::command::{manifest, run_command};
use crate::fixture::{Fixture, account_with, assert_complete, ledger, write_registry};
use crate::sim::{Fault, FaultKind, Service, account_id, external_id};
use rolecall::testing::{NoopObserver, Request, RunId, RunIdSource, RunRequest, Steps, StopCondition};

const REGION: &str = "eu-west-1";

/// Two customers: the first shares these types, the second shares all.
async fn fixture(shared: &[&str]) -> Fixture {
    let fixture = Fixture::start(2, account_with(2, 2, 5), |_| {}).await.without_attempts();
    share(&fixture, Some(shared));
    fixture
}

/// Writes the registry anew.
fn share(fixture: &Fixture, shared: Option<&[&str]>) {
    let mut first = json!({ "account_id": account_id(0), "external_id": external_id(&account_id(0)) });
    if let Some(shared) = shared {
        first["resources"] = json!(shared);
    }
    let second = json!({ "account_id": account_id(1), "external_id": external_id(&account_id(1)) });
    write_registry(fixture.folder.path(), &[first, second]);
}

/// The tables of an account's cells in a run.
fn tables(fixture: &Fixture, run_id: &str, account: &str) -> BTreeSet<String> {
    let ledger = ledger(&fixture.out(), run_id);
    let rows = ledger.iter().filter(|row| row["account_id"] == account);
    rows.map(|row| row["table"].as_str().expect("a table").to_owned()).collect()
}

/// The calls of EC2 in an account, without the list of its regions.
fn calls_of_ec2(fixture: &Fixture, account: &str) -> Vec<String> {
    let calls = fixture.sim.counts().calls;
    let calls = calls.keys().filter(|key| key.account == account && key.service == Service::Ec2);
    calls.map(|key| key.operation.clone()).filter(|operation| operation != "DescribeRegions").collect()
}

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": [REGION] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_shares_its_dns_is_complete_with_it() {
    let fixture = fixture(&["route53*", "accounts"]).await;
    let response = fixture.run(request("dns"), None).await.expect("a response");
    assert_complete(&response);
    let (first, second) = (account_id(0), account_id(1));
    let shared = tables(&fixture, "dns", &first);
    assert!(shared.contains("route53_records") && shared.contains("accounts"), "{shared:?}");
    assert!(shared.iter().all(|table| table.starts_with("route53") || table == "accounts"), "{shared:?}");
    assert!(tables(&fixture, "dns", &second).contains("ec2_vpcs"));
    // The VPCs are listed for the zones that they see, and nothing else of EC2.
    assert_eq!(calls_of_ec2(&fixture, &first), ["DescribeVpcs"]);
    let planned = &manifest(&fixture.out(), "dns")["plan"]["accounts"];
    assert_eq!(planned[0]["resources"], json!(["route53*", "accounts"]));
    assert!(planned[1].get("resources").is_none());
    // The session may do no more, whatever the role grants.
    let log = fixture.sim.log_of(Service::Sts, "AssumeRole");
    let policy = |account: &str| {
        let of_account = |entry: &&crate::sim::LogEntry| entry.target.as_deref() == Some(account);
        log.iter().find(of_account).expect("it was assumed").params["Policy"].clone()
    };
    assert!(policy(&first).contains("route53:L") && !policy(&first).contains("ec2:DescribeInstances"));
    assert!(policy(&second).contains("ec2:DescribeIn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_does_not_share_is_refused_or_left_out() {
    let fixture = fixture(&["route53*"]).await;
    let first = account_id(0);
    let networks = |accounts: Value| json!({ "accounts": accounts, "regions": [REGION], "resources": ["ec2_vpcs"] });
    let refused = fixture.run(networks(json!([first])), None).await.expect_err("it shares no VPC");
    insta::assert_snapshot!(refused.message.replace(&first, "[ACCOUNT]"), @"request.accounts: account [ACCOUNT] shares none of the requested resource types: ask for others, leave it out, or change its `resources` in the registry");
    let mut only = networks(json!("all"));
    only["exclude"] = json!([account_id(1)]);
    let refused = fixture.run(only, None).await.expect_err("nothing is left");
    insta::assert_snapshot!(refused.message, @"request: it selects no target that shares any of the requested resource types");
    assert!(fixture.sim.counts().assumed.is_empty());
    let mut all = networks(json!("all"));
    all["run_id"] = json!("networks");
    let response = fixture.run(all, None).await.expect("a response");
    assert_complete(&response);
    assert_eq!(response.accounts.planned, 1);
    assert_eq!(response.unshared_accounts.iter().map(|id| id.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    assert!(!fixture.sim.counts().assumed.contains_key(&first));
    let mut skipped = networks(json!([first, account_id(1)]));
    skipped["skip_unknown"] = json!(true);
    assert_eq!(fixture.run(skipped, None).await.expect("a response").unshared_accounts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_a_glob_of_no_type_is_refused() {
    let fixture = fixture(&["route35*", "accounts"]).await;
    let refused = fixture.run(request("typo"), None).await.expect_err("no type is meant");
    insta::assert_snapshot!(refused.message, @"registry.targets[0].resources[0]: `route35*` matches no resource type: `rolecall resources` lists them");
    share(&fixture, Some(&[]));
    let refused = fixture.run(request("empty"), None).await.expect_err("nothing is shared");
    insta::assert_snapshot!(refused.message, @"registry.targets[0].resources: is an empty list, which never means all: name at least one, or leave the field out");
    assert!(fixture.sim.counts().assumed.is_empty());
}

/// Interrupts a run over both customers in the first account's subnets, when it has no other open cells than these. Returns the
/// request that does the rest.
async fn interrupted(fixture: &Fixture, request: Value, open_cells: usize) -> Value {
    let held = Fault::new(FaultKind::Held).account(&account_id(0)).operation("DescribeSubnets");
    let held = fixture.sim.add_fault(held);
    let all_others_are_done = |seen: &crate::fixture::ProgressCounter| {
        fixture.sim.fired(held) == 1 && seen.finished_accounts() == 1 && seen.open_cells() == open_cells
    };
    let response = fixture.run_until(request, all_others_are_done).await.expect("a response");
    fixture.sim.clear_faults();
    fixture.sim.reset_counts();
    serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_that_is_not_shared_any_more_is_never_complete() {
    let fixture = Fixture::start(2, account_with(2, 2, 5), |_| {}).await.without_attempts();
    // The subnets, and the reservations in them, which wait for them.
    let remaining = interrupted(&fixture, request("cut"), 2).await;
    share(&fixture, Some(&["route53*", "ec2_vpcs"]));
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_ne!(serde_json::to_value(rest.status).expect("JSON"), "complete");
    assert!(rest.remaining.is_none(), "nobody can do this rest");
    assert!(calls_of_ec2(&fixture, &account_id(0)).is_empty());
    let ledger = ledger(&fixture.out(), "cut.r1");
    let subnets: Vec<&Value> = ledger.iter().filter(|row| row["table"] == "ec2_subnets").collect();
    assert_eq!(subnets.len(), 1);
    assert_eq!(subnets[0]["status"], "failed");
    insta::assert_snapshot!(subnets[0]["error_message"].as_str().expect("a message"), @"the registry does not let this type be asked in this account any more: see the `resources` of its target");
    // A customer that shares nothing of the rest is left out of it, and what it left open stays open.
    share(&fixture, None);
    let mut subnets = request("again");
    subnets["resources"] = json!(["ec2_subnets"]);
    let remaining = interrupted(&fixture, subnets, 1).await;
    share(&fixture, Some(&["route53*"]));
    let refused = fixture.run(remaining, None).await.expect_err("nothing is left to ask");
    assert!(refused.message.contains("it selects no target"), "{}", refused.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_of_which_more_is_shared_now_is_complete() {
    let fixture = Fixture::start(2, account_with(2, 2, 5), |_| {}).await.without_attempts();
    share(&fixture, Some(&["ec2_vpcs", "ec2_subnets", "accounts"]));
    let remaining = interrupted(&fixture, request("less"), 1).await;
    share(&fixture, None);
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_complete(&rest);
    // What is shared now is asked too, and what was answered is not asked again.
    let tables = tables(&fixture, "less.r1", &account_id(0));
    assert!(tables.contains("ec2_subnets") && tables.contains("ec2_instances") && !tables.contains("ec2_vpcs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_asks_nothing_that_was_withdrawn_after_the_plan() {
    let fixture = fixture(&["route53*", "accounts", "ec2_vpcs"]).await;
    let steps = Steps::new(&fixture.engine()).expect("an output");
    let asked: Request = serde_json::from_value(request("fleet")).expect("a request");
    let order = RunRequest::new(asked, RunIdSource::Invocation("an-execution".into()));
    let planned = steps.plan(order, 1).await.expect("a plan");
    assert_eq!(planned.shards, 2);
    share(&fixture, Some(&["route53_records", "ec2_subnets"]));
    let run_id: RunId = "fleet".parse().expect("a run id");
    for shard in ["0", "1"] {
        let done = steps.shard(&run_id, shard, StopCondition::default(), std::sync::Arc::new(NoopObserver)).await;
        done.expect("a failed customer is data");
    }
    let reduced = steps.reduce(&run_id, std::sync::Arc::new(NoopObserver)).await.expect("it adds up");
    assert_eq!(serde_json::to_value(reduced.status).expect("JSON"), "partial");
    assert!(calls_of_ec2(&fixture, &account_id(0)).is_empty(), "{:?}", calls_of_ec2(&fixture, &account_id(0)));
    let ledger = ledger(&fixture.out(), "fleet");
    let of_first = || ledger.iter().filter(|row| row["account_id"] == account_id(0));
    let answered: BTreeSet<&str> =
        of_first().filter(|row| row["status"] == "ok").filter_map(|row| row["table"].as_str()).collect();
    assert_eq!(answered, BTreeSet::from(["route53_records"]));
    assert!(of_first().all(|row| row["status"] == "ok" || row["status"] == "failed"));
    assert!(of_first().all(|row| row["table"] != "ec2_subnets"), "the plan does not have it");
    // Of a customer that shares none of the plan any more, the role is not even assumed.
    let order: Request = serde_json::from_value(request("fleet-2")).expect("a request");
    share(&fixture, Some(&["ec2_vpcs"]));
    steps.plan(RunRequest::new(order, RunIdSource::Given), 1).await.expect("a plan");
    share(&fixture, Some(&["ec2_subnets"]));
    fixture.sim.reset_counts();
    let run_id: RunId = "fleet-2".parse().expect("a run id");
    let done = steps.shard(&run_id, "0", StopCondition::default(), std::sync::Arc::new(NoopObserver)).await;
    done.expect("a failed customer is data");
    assert!(fixture.sim.counts().assumed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_call_what_is_not_shared_unknown_and_changes_leave_it_out() {
    let fixture = fixture(&["route53*", "accounts"]).await;
    fixture.run(request("first"), None).await.expect("a response");
    let first = account_id(0);
    let (folder, out) = (fixture.folder.path().display().to_string(), fixture.out().display().to_string());
    let ask = |arguments: &[&str]| {
        let mut command = crate::command::rolecall(arguments);
        command.args(["--output", &out, "--format", "json"]).current_dir(&folder);
        let answer = run_command(command);
        (answer.code, serde_json::from_str::<Value>(&answer.out).expect("JSON"))
    };
    // Nobody ever asked for the customer's instances, so nothing says that it has none.
    let (code, answer) = ask(&["where", "10.1.2.3", "--accounts", &first, "--check"]);
    let unknown = answer["coverage"]["unknown"].as_array().expect("a list");
    let of = |table: &str| unknown.iter().find(|cell| cell["account_id"] == first && cell["table"] == table);
    assert_eq!(code, 1);
    assert_eq!(of("ec2_network_interfaces").expect("it is unknown")["status"], "not_started");
    assert!(of("route53_records").is_none());
    // Then it shares everything, and then its networks alone. What is not planned is no change.
    share(&fixture, None);
    fixture.run(request("second"), None).await.expect("a response");
    share(&fixture, Some(&["ec2_*"]));
    fixture.run(request("third"), None).await.expect("a response");
    let (_, answer) = ask(&["diff", "second", "third"]);
    assert_eq!(answer["rows"], json!([]));
    assert_eq!(answer["coverage"]["unknown"], json!([]));
    let (_, answer) = ask(&["diff", "first", "second"]);
    let baseline = answer["coverage"]["baseline"].as_array().expect("a list");
    assert!(baseline.iter().any(|cell| cell["account_id"] == first && cell["table"] == "ec2_vpcs"), "{answer}");
    assert_eq!(answer["rows"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_targets_show_what_a_customer_shares() {
    let fixture = fixture(&["route53*"]).await;
    let plan = run_command(fixture.rolecall(&["plan", "--json", "--accounts", "all"])).response();
    let planned = plan["accounts"].as_array().expect("accounts");
    assert_eq!(planned[0]["resources"], json!(["route53*"]));
    assert!(planned[0]["types"].as_u64() < planned[1]["types"].as_u64());
    let plan = run_command(fixture.rolecall(&["plan", "--accounts", "all", "--resources", "ec2_vpcs"]));
    assert!(plan.out.contains(&format!("would be left out: {}", account_id(0))), "{plan:?}");
    let listed = run_command(fixture.rolecall(&["targets", "list", "--json"])).response();
    assert_eq!(listed[0]["resources"], json!(["route53*"]));
    let added = ["targets", "add", "123456789012", "--no-external-id", "--resources", "route53_{records,hosted_zones}"];
    // A comma separates globs, so braces with one are refused as a whole.
    assert_eq!(run_command(fixture.rolecall(&added)).code, 2);
    let added = ["targets", "add", "123456789012", "--no-external-id", "--resources", "route53_records,ec2_vpcs"];
    assert_eq!(run_command(fixture.rolecall(&added)).code, 0);
    let listed = run_command(fixture.rolecall(&["targets", "list", "--json"])).response();
    assert_eq!(listed[2]["resources"], json!(["route53_records", "ec2_vpcs"]));
    let role = format!("arn:aws:iam::{}:role/rolecall-backend", crate::fixture::BACKEND);
    let invited = ["onboard", "234567890123", "--scope", "dns", "--backend-role", &role, "--json"];
    assert_eq!(run_command(fixture.rolecall(&invited)).code, 0);
    let listed = run_command(fixture.rolecall(&["targets", "list", "--json"])).response();
    assert_eq!(listed[3]["resources"], json!(["route53*", "accounts"]));
    let refused = ["targets", "add", "210987654321", "--no-external-id", "--resources", "rds_*"];
    let refused = run_command(fixture.rolecall(&refused));
    assert!(refused.code == 2 && refused.err.contains("matches no resource type"), "{refused:?}");
}
