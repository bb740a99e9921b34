//! Runs try each role without its external ID: how often, what they report, and what they leave as it is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rolecall::testing::{NoopObserver, RequestDraft, RunIdSource, RunRequest, Settings, Steps, StopCondition};
use serde_json::{Value, json};

use crate::command::{manifest, rows, run_command};
use crate::fixture::{BACKEND, Fixture, account_with, assert_complete, files_below, ids, ledger, write_registry};
use crate::sim::{Fault, FaultKind, LogEntry, Service, Times, World, account_id};

const ROLE: &str = "rolecall-inventory";
/// A window is so long that none ends during a test.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

async fn fixture(customers: usize, change: impl FnOnce(&mut World)) -> Fixture {
    let fixture = Fixture::start(customers, account_with(2, 1, 3), change).await;
    let settings = Settings { trust_interval: Some(WEEK), ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_vpcs", "route53_*"] })
}

/// Lets everybody of the backend in, with and without an external ID.
fn open(world: &mut World, account: &str) {
    world.role(account, ROLE, None);
}

/// The targets of the fixture's registry.
fn targets(fixture: &Fixture) -> Vec<Value> {
    let registry = std::fs::read(fixture.settings.registry.as_ref().expect("a registry")).expect("read");
    let registry: Value = serde_json::from_slice(&registry).expect("JSON");
    registry["targets"].as_array().expect("targets").clone()
}

/// The ledger's rows of attempts.
fn attempts(fixture: &Fixture, run_id: &str) -> Vec<Value> {
    let rows = rows(&fixture.out(), &manifest(&fixture.out(), run_id), "ledger");
    let mut rows: Vec<Value> = rows.into_iter().filter(|row| row["table"] == "trust").collect();
    rows.sort_by_key(|row| row["account_id"].to_string());
    rows
}

/// The AssumeRole calls of an account without an external ID.
fn tried(fixture: &Fixture, account: &str) -> usize {
    let calls = fixture.sim.log_of(Service::Sts, "AssumeRole");
    let is_attempt = |target: Option<&str>, id: bool| target == Some(account) && !id;
    calls.iter().filter(|call| is_attempt(call.target.as_deref(), call.params.contains_key("ExternalId"))).count()
}

/// The records of what was tried.
fn records(out: &Path) -> Vec<Value> {
    let folder = out.join("trust");
    let files = if folder.exists() { files_below(&folder) } else { Vec::new() };
    files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).expect("read")).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_role_is_reported_everywhere_and_changes_no_inventory() {
    let fixture = fixture(4, |world| open(world, &account_id(2))).await;
    let off = Settings { trust_interval: None, ..fixture.settings.clone() };
    let fixture = Fixture { settings: off, ..fixture };
    let before = fixture.run(request("off"), None).await.expect("a response");
    assert!(before.trust.is_none() && attempts(&fixture, "off").is_empty() && records(&fixture.out()).is_empty());
    let on = Settings { trust_interval: Some(WEEK), ..fixture.settings.clone() };
    let fixture = Fixture { settings: on, ..fixture };
    let response = fixture.run(request("on"), None).await.expect("a response");

    // The inventory, its counts and its status are the same.
    assert_complete(&response);
    assert!(response.remaining.is_none() && response.failures.is_empty());
    assert_eq!(
        (response.accounts, &response.records, &response.cells),
        (before.accounts, &before.records, &before.cells)
    );
    assert_eq!(response.calls, before.calls);
    assert_eq!(ids(&fixture.out(), "on", "ec2_vpcs"), ids(&fixture.out(), "off", "ec2_vpcs"));
    assert_eq!(ledger(&fixture.out(), "on").len(), ledger(&fixture.out(), "off").len());

    // The response and the manifest.
    let summary = serde_json::to_value(&response.trust).expect("JSON");
    assert_eq!(summary["open"], json!([account_id(2)]));
    let counts = ["tried", "refused", "open_count", "unknown", "not_tried"]
        .map(|count| summary[count].as_u64().expect("a count"));
    assert_eq!(counts, [4, 3, 1, 0, 0]);
    assert_eq!(summary["interval_s"], WEEK.as_secs());
    let manifest = manifest(&fixture.out(), "on");
    assert_eq!(manifest["trust"], summary);
    assert_eq!(manifest["by_account"][2]["trust"], "open");
    assert_eq!(manifest["by_account"][1]["trust"], "refused");

    // The ledger.
    let rows = attempts(&fixture, "on");
    assert_eq!(rows.len(), 4);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!((&row["region"], &row["operation"]), (&json!("global"), &json!("sts:AssumeRole")));
        assert_eq!(
            (&row["account_id"], &row["calls"], &row["records"]),
            (&json!(account_id(index)), &json!(1), &json!(0))
        );
        assert!(row["request_id"].is_string(), "{row}");
        let is_open = index == 2;
        assert_eq!(row["status"], if is_open { "failed" } else { "empty" }, "{row}");
        assert_eq!(row.get("error_code").and_then(Value::as_str), is_open.then_some("RoleIsOpen"), "{row}");
    }
    let message = rows[2]["error_message"].as_str().expect("a message");
    assert!(
        message.contains(ROLE) && message.contains(&account_id(2)) && message.contains("sts:ExternalId"),
        "{message}"
    );

    // The record.
    let records = records(&fixture.out());
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["run_id"], &records[0]["accounts"][account_id(2)]), (&json!("on"), &json!("open")));

    // No output has an external ID or the ARN of a role.
    let out = fixture.out();
    let documents =
        files_below(&out).into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "json"));
    let mut all: String = documents.map(|file| std::fs::read_to_string(file).expect("text")).collect();
    all.push_str(&json!(rows).to_string());
    all.push_str(&serde_json::to_string(&response).expect("JSON"));
    assert!(!all.contains(":role/"), "the output has the ARN of a role");
    for secret in fixture.sim.secrets() {
        assert!(!all.contains(&secret), "the output has a secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_it_loudly() {
    let fixture = fixture(2, |world| open(world, &account_id(1))).await;
    let out = fixture.out();
    let mut command =
        fixture.rolecall(&["run", "--accounts", "all", "--regions", "eu-west-1", "--resources", "ec2_vpcs"]);
    command.args(["--trust-interval", "168h", "--output", out.to_str().expect("a path")]);
    let ran = tokio::task::spawn_blocking(|| run_command(command)).await.expect("it runs");
    assert_eq!(ran.code, 0, "an open role makes no run partial: {ran:?}");
    let loud = format!("!! 1 OPEN ROLE lets rolecall in without the external ID: {}", account_id(1));
    assert!(ran.out.contains(&loud), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_tried_once_in_a_window_and_again_in_the_next_one() {
    let fixture = fixture(4, |_| {}).await;
    let all = targets(&fixture);
    write_registry(fixture.folder.path(), &all[..3]);
    for run_id in ["first", "second"] {
        assert_complete(&fixture.run(request(run_id), None).await.expect("a response"));
        assert_eq!([0, 1, 2].map(|index| tried(&fixture, &account_id(index))), [1, 1, 1], "{run_id}");
    }
    let second = manifest(&fixture.out(), "second");
    assert_eq!((&second["trust"]["tried"], &second["trust"]["not_tried"]), (&json!(0), &json!(0)));
    assert_eq!(records(&fixture.out()).len(), 1, "a run that tried nothing records nothing");
    // The same event again tries nothing, and records nothing anew.
    std::fs::remove_dir_all(fixture.out().join("trust")).expect("removed");
    fixture.run(request("first"), None).await.expect("the committed response");
    assert_eq!(records(&fixture.out()).len(), 1, "a lost record is written again");
    assert_eq!(tried(&fixture, &account_id(0)), 1);

    // In the next window the record is one of the window before. The role was opened meanwhile.
    let folder = fixture.out().join("trust");
    let window = std::fs::read_dir(&folder).expect("a folder").next().expect("a window").expect("an entry").path();
    std::fs::rename(window, folder.join("20260101T000000Z")).expect("renamed");
    fixture.sim.change(|world| open(world, &account_id(1)));
    let third = fixture.run(request("third"), None).await.expect("a response");
    assert_eq!([0, 1, 2].map(|index| tried(&fixture, &account_id(index))), [2, 2, 2]);
    assert_eq!(third.trust.expect("a summary").open_count, 1);
    // An account that is new in the registry is tried alone.
    write_registry(fixture.folder.path(), &all);
    let fourth = fixture.run(request("fourth"), None).await.expect("a response");
    assert_eq!((fourth.trust.expect("a summary").tried, tried(&fixture, &account_id(3))), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_an_answer_is_unknown_and_delays_nothing_else() {
    for (kind, status) in [
        (FaultKind::Throttle, "throttled"),
        (FaultKind::Hang, "timed_out"),
        (FaultKind::error(500, "InternalFailure"), "failed"),
        (FaultKind::Reset, "failed"),
        (FaultKind::Garbage, "failed"),
        (FaultKind::ScpDenied, "scp_denied"),
    ] {
        let name = format!("{kind:?}");
        let fixture = fixture(2, |_| {}).await;
        // The first call enters the account.
        let attempt = Fault::new(kind).account(&account_id(1)).operation("AssumeRole").times(Times::After(1));
        let attempt = fixture.sim.add_fault(attempt);
        let response = fixture.run(request("unknown"), None).await.expect("a response");
        assert_complete(&response);
        let trust = response.trust.expect("a summary");
        assert_eq!((trust.tried, trust.refused, trust.unknown, trust.open_count), (2, 1, 1, 0), "{name}");
        let row = &attempts(&fixture, "unknown")[1];
        assert_eq!(row["status"], status, "{name}: {row}");
        assert!(row["error_message"].is_string(), "{name}: {row}");
        // What was tried without a result is not tried again in the window either.
        fixture.sim.lift(attempt);
        let again = fixture.run(request("again"), None).await.expect("a response");
        assert_eq!(again.trust.expect("a summary").tried, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_an_external_id_or_a_session_are_not_tried() {
    let fixture = fixture(4, |world| {
        open(world, &account_id(0));
        // Its role wants another external ID than the registry's.
        world.role(&account_id(1), ROLE, Some("another"));
    })
    .await;
    let targets = [
        json!({ "account_id": account_id(0), "external_id": null }),
        json!({ "account_id": account_id(1), "external_id": "wrong" }),
        targets(&fixture)[2].clone(),
        json!({ "account_id": BACKEND, "role_arn": null, "external_id": null }),
    ];
    write_registry(fixture.folder.path(), &targets);
    let response = fixture.run(request("few"), None).await.expect("a response");
    let trust = response.trust.expect("a summary");
    assert_eq!(
        (trust.tried, trust.refused, trust.not_tried),
        (1, 1, 1),
        "the account that was not entered is left for later"
    );
    // The only call without an external ID to this account is the one that enters it.
    assert_eq!((tried(&fixture, &account_id(0)), tried(&fixture, &account_id(1)), tried(&fixture, BACKEND)), (1, 0, 0));
    // Once it can be entered, it is tried in the same window.
    fixture.sim.change(|world| {
        world.role(&account_id(1), ROLE, Some("wrong"));
    });
    let response = fixture.run(request("more"), None).await.expect("a response");
    assert_eq!(response.trust.expect("a summary").tried, 1);
    assert_eq!(tried(&fixture, &account_id(1)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_behind_another_one_is_tried_through_it() {
    let passage = format!("arn:aws:iam::{BACKEND}:role/passage");
    let fixture = fixture(2, |world| {
        world.role(BACKEND, "passage", None);
        for index in [0, 1] {
            let id = account_id(index);
            world.role(&id, ROLE, (index == 0).then_some("behind")).trusts =
                vec![format!("arn:aws:iam::{BACKEND}:role/passage")];
        }
    })
    .await;
    let target =
        |index| json!({ "account_id": account_id(index), "external_id": "behind", "via": passage, "customer": "one" });
    write_registry(fixture.folder.path(), &[target(0), target(1)]);
    let response = fixture.run(request("via"), None).await.expect("a response");
    assert_complete(&response);
    let rows = attempts(&fixture, "via");
    assert_eq!((&rows[0]["status"], &rows[1]["status"]), (&json!("empty"), &json!("failed")));
    assert!(
        rows[1]["error_message"].as_str().expect("a message").contains("lets the role in between in"),
        "{}",
        rows[1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_continuation_does_not_try_again_what_its_chain_has_tried() {
    let fixture = fixture(2, |_| {}).await;
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(1)).operation("DescribeVpcs"));
    let both_are_tried = || {
        let log = fixture.sim.log_of(Service::Sts, "AssumeRole");
        log.iter().filter(|call| call.status == 403).count() == 2 && fixture.sim.fired(held) > 0
    };
    let response = fixture.run_until(request("cut"), |_| both_are_tried()).await.expect("a response");
    let tried_first = response.trust.clone().expect("a summary").tried;
    let remaining = serde_json::to_value(response.remaining.expect("a rest")).expect("JSON");
    fixture.sim.clear_faults();
    // The manifest of the run before says it too, if the record is lost.
    let _ = std::fs::remove_dir_all(fixture.out().join("trust"));
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_complete(&rest);
    // An answer that came as the run was interrupted may not have counted. Then the account is tried again.
    let (one, other) = (tried(&fixture, &account_id(0)), tried(&fixture, &account_id(1)));
    assert!(one == 1 && other <= 2, "{one} {other}");
    if tried_first == 2 {
        assert_eq!((other, rest.trust.expect("a summary").tried), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_time_ends_leaves_its_attempts_to_the_next_one() {
    let fixture = fixture(2, |_| {}).await;
    // The attempt at the second account never ends, and a listing of the first one neither.
    let hung = Fault::new(FaultKind::Hang).account(&account_id(1)).operation("AssumeRole").times(Times::After(1));
    let hung = fixture.sim.add_fault(hung);
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(0)).operation("DescribeVpcs"));
    let response = fixture.run_until(request("ended"), |_| fixture.sim.fired(hung) == 1).await.expect("a response");
    let trust = response.trust.clone().expect("a summary");
    assert_eq!((trust.unknown, trust.tried + trust.not_tried), (0, 2));
    assert!(attempts(&fixture, "ended").iter().all(|row| row["account_id"] != json!(account_id(1))));
    fixture.sim.clear_faults();
    let response = fixture.run(request("next"), None).await.expect("a response");
    let next = response.trust.expect("a summary");
    assert_eq!((next.tried, next.refused), (trust.not_tried, trust.not_tried));
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_try_their_accounts_and_the_manifest_adds_them_up() {
    let fixture = fixture(5, |world| {
        open(world, &account_id(1));
        open(world, &account_id(4));
    })
    .await;
    let steps = Steps::new(&fixture.engine()).expect("an output");
    let order = |run_id: &str| RunRequest::new(RequestDraft::read(&request(run_id), "request"), RunIdSource::Given);
    let planned = steps.plan(order("fleet"), 2).await.expect("a plan");
    assert_eq!(planned.shards, 3);
    let run = |shard: &'static str| {
        let (steps, run_id) = (steps.clone(), planned.run_id.clone());
        async move {
            let until = StopCondition::default();
            steps.shard(&run_id, shard, until, Arc::new(NoopObserver)).await.expect("a shard");
        }
    };
    // A shard is carried out twice at the same time, and one never.
    tokio::join!(run("0"), run("0"), run("2"));
    assert!(records(&fixture.out()).is_empty(), "nothing is recorded before the run is committed");
    steps.reduce(&planned.run_id, Arc::new(NoopObserver)).await.expect("a committed run");
    let reduced = manifest(&fixture.out(), "fleet");
    let trust = &reduced["trust"];
    assert_eq!((&trust["tried"], &trust["refused"], &trust["not_tried"]), (&json!(3), &json!(1), &json!(2)));
    assert_eq!(trust["open"], json!([account_id(1), account_id(4)]));
    assert_eq!(attempts(&fixture, "fleet").len(), 3);
    assert_eq!(records(&fixture.out())[0]["accounts"].as_object().expect("accounts").len(), 3);
    // The next run of the window tries what the lost shard has not.
    let next = fixture.run(request("next"), None).await.expect("a response");
    assert_eq!(next.trust.expect("a summary").tried, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_records_keep_no_role_from_being_tried() {
    let fixture = fixture(2, |_| {}).await;
    fixture.run(request("honest"), None).await.expect("a response");
    let folder = fixture.out().join("trust");
    let window = std::fs::read_dir(&folder).expect("a folder").next().expect("a window").expect("an entry").path();
    let honest = std::fs::read_to_string(window.join("honest.json")).expect("a record");
    let started = serde_json::from_str::<Value>(&honest).expect("JSON")["start"].as_str().expect("a time").to_owned();
    std::fs::remove_file(window.join("honest.json")).expect("removed");
    for (name, content) in [
        ("empty.json", String::new()),
        ("garbage.json", "\u{0}\u{1b}[2J{]".to_owned()),
        ("deep.json", "[".repeat(1 << 20)),
        ("list.json", format!("[{honest}]")),
        ("version.json", honest.replace("\"version\": 1", "\"version\": 2")),
        ("window.json", honest.replace(&started, "2001-01-01T00:00:00Z")),
        ("accounts.json", honest.replace(&account_id(0), "not an account").replace(&account_id(1), "../../etc/passwd")),
        ("honest.txt", honest.clone()),
        (".honest.json.partial", honest.clone()),
    ] {
        std::fs::write(window.join(name), content).expect("written");
    }
    // 1 TiB that nobody reads, a folder, a link to a device, and a pipe-like name.
    std::fs::File::create(window.join("huge.json")).expect("a file").set_len(1 << 40).expect("a sparse file");
    std::fs::create_dir(window.join("folder.json")).expect("a folder");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/zero", window.join("zero.json")).expect("a link");
    let response = fixture.run(request("tried"), None).await.expect("a response");
    assert_complete(&response);
    assert_eq!(response.trust.expect("a summary").tried, 2);
    // A record of a later version's result still counts as an attempt.
    std::fs::remove_file(window.join("tried.json")).expect("removed");
    std::fs::write(window.join("later.json"), honest.replace("refused", "ajar")).expect("written");
    let response = fixture.run(request("later"), None).await.expect("a response");
    assert_eq!(response.trust.expect("a summary").tried, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_gives_and_takes_no_records_fails_no_run() {
    let fixture = fixture(2, |world| world.bucket("results")).await;
    let settings = Settings { output: Some("s3://results/some/prefix".into()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let record = |run_id: &str| {
        let objects = fixture.sim.objects("results");
        let ending = format!("/{run_id}.json");
        objects.into_keys().find(|key| key.starts_with("some/prefix/trust/") && key.ends_with(&ending))
    };
    // The record cannot be written.
    fixture.sim.add_fault(Fault::error(403, "AccessDenied").operation("PutObject").path("/trust/"));
    let response = fixture.run(request("unwritten"), None).await.expect("a response");
    assert_eq!(response.trust.expect("a summary").tried, 2);
    assert!(record("unwritten").is_none());
    fixture.sim.clear_faults();
    // It is written, and found again below the prefix.
    let response = fixture.run(request("written"), None).await.expect("a response");
    assert_eq!(response.trust.expect("a summary").tried, 2);
    assert!(record("written").is_some());
    let response = fixture.run(request("found"), None).await.expect("a response");
    assert_eq!(response.trust.expect("a summary").tried, 0);
    // Listings and records that fail mean that all are tried.
    for (run_id, fault) in [
        ("unlisted", Fault::error(403, "AccessDenied").operation("ListObjectsV2")),
        ("unread", Fault::error(403, "AccessDenied").operation("GetObject").path("/trust/")),
    ] {
        fixture.sim.add_fault(fault);
        let response = fixture.run(request(run_id), None).await.expect("a response");
        assert_eq!(response.trust.expect("a summary").tried, 2, "{run_id}");
        fixture.sim.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_account_waits_to_be_entered_behind_attempts() {
    let fixture = fixture(12, |_| {}).await;
    let fixture = Fixture { settings: Settings { sts_rate: 4.0, ..fixture.settings.clone() }, ..fixture };
    let request = json!({ "run_id": "slow", "accounts": "all", "resources": ["accounts"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_complete(&response);
    assert_eq!(response.trust.expect("a summary").refused, 12, "the attempts have a time of their own after it");
    let calls = fixture.sim.log_of(Service::Sts, "AssumeRole");
    let entering = |call: &&LogEntry| call.params.contains_key("ExternalId");
    let last = calls.iter().filter(entering).map(|call| call.at).max().expect("a call");
    let before = calls.iter().filter(|call| !entering(call) && call.at < last).count();
    assert!(before <= 3, "{before} attempts took tokens for which accounts waited");
}
