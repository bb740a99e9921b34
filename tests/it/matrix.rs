//! Two of twelve accounts are struck, by each fault in turn: what the ledger says of them, and that the other ten lose
//! nothing, have nothing doubled and are not held up. By the command line, as a person would see it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};

use crate::command::{CommandOutput, manifest, rows, run_command};
use crate::fixture::{BACKEND_SECRET, Fixture, account_with, ids, ledger};
use crate::sim::{Fault, FaultKind, Service, Times, account_id};

const CUSTOMERS: usize = 12;
const STRUCK: [usize; 2] = [3, 8];
const TABLES: [&str; 7] = [
    "accounts",
    "ec2_vpcs",
    "ec2_route_tables",
    "ec2_instances",
    "ec2_addresses",
    "route53_hosted_zones",
    "route53_records",
];

/// A fault, the statuses that rows of the struck accounts may have, those that some of them must have, and the exit code.
struct Case {
    name: &'static str,
    fault: Fault,
    may: &'static str,
    must: &'static str,
    exit: i32,
}

fn case(name: &'static str, fault: Fault, may: &'static str, must: &'static str, exit: i32) -> Case {
    Case { name, fault, may, must, exit }
}

fn cases() -> Vec<Case> {
    let all = Fault::new;
    let sts = |what| all(what).service(Service::Sts);
    let ec2 = |what| all(what).service(Service::Ec2);
    let here = |what| ec2(what).region("eu-west-1");
    let tables = |what| here(what).operation("DescribeRouteTables");
    let dns = |what| all(what).service(Service::Route53);
    let records = |what| all(what).operation("ListResourceRecordSets");
    let error = FaultKind::error;
    let (once, twice, later) = (Times::First(1), Times::First(2), Times::After(1));
    let some_of_them = Times::Seeded { seed: 7, probability: 0.2 };
    vec![
        case("the role is denied", sts(FaultKind::Denied), "denied", "denied", 1),
        case("STS fails", sts(error(500, "InternalFailure")), "failed", "failed", 1),
        case("STS fails once", sts(error(503, "ServiceUnavailable")).times(once), "", "", 0),
        case("STS refuses for rate for a while", sts(FaultKind::Throttle).times(Times::First(6)), "", "", 0),
        case("STS refuses for rate", sts(FaultKind::Throttle), "throttled", "throttled", 1),
        case("STS hangs", sts(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("STS answers garbage", sts(FaultKind::Garbage), "failed", "failed", 1),
        case("STS answers nothing", sts(FaultKind::Empty200), "failed", "failed", 1),
        case("STS is not active there", sts(error(403, "RegionDisabledException")), "failed denied", "", 1),
        case("all of EC2 is denied", ec2(FaultKind::Denied), "denied partial", "denied", 1),
        case("an action is denied", tables(FaultKind::Denied), "denied", "denied", 1),
        case("a policy of the organization closes a region", here(FaultKind::ScpDenied), "scp_denied", "scp_denied", 1),
        case("a region is not enabled", here(error(401, "AuthFailure")), "region_disabled", "region_disabled", 1),
        case(
            "a region knows no token",
            here(error(403, "InvalidClientTokenId")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case(
            "a region wants to be opted in to",
            here(error(401, "OptInRequired")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case("an operation is unknown", tables(error(400, "InvalidAction")), "unsupported", "unsupported", 1),
        case("refused for rate", tables(FaultKind::Throttle), "throttled", "throttled", 1),
        case(
            "refused for rate now and then",
            ec2(FaultKind::Throttle).times(some_of_them),
            "throttled partial",
            "",
            -1,
        ),
        case("refused for rate twice", tables(FaultKind::Throttle).times(twice), "", "", 0),
        case("Route 53 refuses for rate", dns(FaultKind::Throttle), "throttled", "throttled", 1),
        case("fails inside", tables(error(500, "InternalError")), "failed", "failed", 1),
        case("fails inside once", ec2(error(500, "InternalError")).times(once), "", "", 0),
        case(
            "fails inside on the second page",
            tables(error(500, "InternalError")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("not available", tables(error(503, "Unavailable")), "failed", "failed", 1),
        case("reset", tables(FaultKind::Reset), "failed", "failed", 1),
        case("reset once", ec2(FaultKind::ResetAfter).times(twice), "", "", 0),
        case("cut in the middle", tables(FaultKind::Cut), "failed", "failed", 1),
        case("cut in the middle once", ec2(FaultKind::Cut).times(twice), "", "", 0),
        case("cut where nothing tells", tables(FaultKind::CutWithoutLength), "failed", "failed", 1),
        case("cut on the second page", records(FaultKind::Cut).times(Times::After(1)), "partial", "partial", 1),
        case("garbage", tables(FaultKind::Garbage), "failed", "failed", 1),
        case("an empty answer", tables(FaultKind::Empty200), "failed", "failed", 1),
        case("hangs", tables(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("all of EC2 hangs", ec2(FaultKind::Hang), "timed_out partial", "timed_out", 1),
        case("Route 53 hangs", dns(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("drips", tables(FaultKind::Drip(Duration::from_millis(40))), "timed_out", "timed_out", 1),
        case("slow", all(FaultKind::Latency(Duration::from_millis(120))), "", "", 0),
        case("the same token again and again", tables(FaultKind::RepeatToken), "partial", "partial", 1),
        case("a token goes stale", tables(error(400, "InvalidPaginationToken")).times(later), "partial", "partial", 1),
        case("the session expires", ec2(FaultKind::ExpiredSession).times(once), "", "", 0),
        case("sessions expire at once", ec2(FaultKind::ExpiredSession), "failed partial denied", "", 1),
        case("the session is revoked", ec2(FaultKind::Denied).times(Times::After(6)), "denied partial", "denied", 1),
        case("a zone goes", records(FaultKind::DeletedZone).times(once), "", "", 0),
        case("zones are denied", dns(FaultKind::Denied), "denied", "denied", 1),
        case("a zone is denied", records(FaultKind::Denied).times(once), "partial denied", "", 1),
    ]
}

/// What a run wrote: ids by table.
type Held = BTreeMap<&'static str, BTreeSet<String>>;

fn held(out: &Path) -> Held {
    TABLES.into_iter().map(|table| (table, ids(out, "struck", table).into_iter().collect())).collect()
}

/// The ids of these accounts only.
fn of(held: &Held, accounts: impl Fn(usize) -> bool) -> Held {
    let wanted: Vec<String> = (0..CUSTOMERS).filter(|number| accounts(*number)).map(account_id).collect();
    let fits = |id: &&String| wanted.iter().any(|account| id.contains(account.as_str()));
    held.iter().map(|(table, ids)| (*table, ids.iter().filter(fits).cloned().collect())).collect()
}

/// How long is waited for an answer, for all pages of a listing, and for an account; and how often STS may refuse for rate.
struct Patience {
    call: &'static str,
    operation: &'static str,
    account: &'static str,
    sts: &'static str,
}

/// Long enough for any machine.
const ENOUGH: Patience = Patience { call: "60s", operation: "5m", account: "10m", sts: "1m" };

/// For what is waited for in vain.
const LITTLE: Patience = Patience { call: "10s", operation: "20s", account: "45s", sts: "1m" };

async fn run(fixture: &Fixture, patience: Patience) -> CommandOutput {
    let mut command = fixture.command(fixture.out().to_str().expect("a path"));
    command
        .args(["--regions", "eu-west-1,us-east-1", "--run-id", "struck", "-v", "--resources", &TABLES.join(",")])
        .args(["--call-timeout", patience.call, "--account-budget", patience.account])
        .env("ROLECALL_ATTEMPTS", "3")
        .env("ROLECALL_BACKOFF", "100ms")
        .env("ROLECALL_OPERATION_TIMEOUT", patience.operation)
        .env("ROLECALL_STS_PATIENCE", patience.sts)
        .env("ROLECALL_ROUTE53_RATE", "200")
        .env("ROLECALL_LOG", "trace");
    tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran")
}

async fn fixture() -> Fixture {
    Fixture::start(CUSTOMERS, account_with(130, 2, 305), |_| {}).await
}

/// No secret is anywhere that the run has written to.
fn tells_nothing(name: &str, fixture: &Fixture, ran: &CommandOutput) {
    let mut all = format!("{}{}", ran.out, ran.err);
    for entry in ["plan.json", "manifest.json", "shards/0.json"] {
        all.push_str(&std::fs::read_to_string(fixture.out().join("runs/struck").join(entry)).expect("text"));
    }
    let manifest = manifest(&fixture.out(), "struck");
    for row in rows(&fixture.out(), &manifest, "ledger") {
        all.push_str(&row.to_string());
    }
    for secret in fixture.sim.secrets() {
        assert!(!all.contains(&secret), "{name}: a secret is told");
    }
    assert!(!all.contains(BACKEND_SECRET), "{name}: the backend's own key is told");
}

async fn holds(case: Case, undisturbed: &Held) {
    let Case { name, fault, may, must, exit } = case;
    let fixture = fixture().await;
    for struck in STRUCK {
        fixture.sim.add_fault(fault.clone().account(&account_id(struck)));
    }
    let patience = match must {
        "timed_out" => LITTLE,
        _ if name == "STS refuses for rate" => Patience { sts: "2s", ..ENOUGH },
        _ => ENOUGH,
    };
    let ran = run(&fixture, patience).await;
    assert!(exit == ran.code || (exit < 0 && ran.code < 2), "{name}: exit {} for {exit}\n{}", ran.code, ran.out);
    let ledger = ledger(&fixture.out(), "struck");
    // Two regions of four types and three without one, for each account; where it was never entered, the same.
    assert_eq!(ledger.len(), CUSTOMERS * (2 * 4 + 3), "{name}");
    let struck: Vec<String> = STRUCK.map(account_id).to_vec();
    let is_struck = |row: &Value| struck.iter().any(|account| row["account_id"] == account.as_str());
    let mut seen = BTreeSet::new();
    for row in &ledger {
        let status = row["status"].as_str().expect("a status");
        let answered = ["ok", "empty"].contains(&status);
        assert!(answered || (is_struck(row) && may.split(' ').any(|one| one == status)), "{name}: {row}");
        assert!(answered || row["error_message"].is_string(), "{name}: {row}");
        seen.insert(status);
    }
    assert!(must.split(' ').filter(|one| !one.is_empty()).all(|one| seen.contains(one)), "{name}: {seen:?}");
    let now = held(&fixture.out());
    let healthy = |number: usize| !STRUCK.contains(&number);
    assert!(of(&now, healthy) == of(undisturbed, healthy), "{name}: a healthy account has lost or gained records");
    for (table, ids) in &now {
        let strange: Vec<&String> = ids.difference(&undisturbed[table]).collect();
        assert!(strange.is_empty(), "{name}: {table}: {strange:?}");
        let counted: u64 = ledger
            .iter()
            .filter(|row| row["table"] == *table)
            .map(|row| row["records"].as_u64().expect("a count"))
            .sum();
        assert_eq!(ids.len() as u64, counted, "{name}: {table}");
    }
    if ran.code == 0 && !name.contains("zone goes") {
        assert!(now == *undisturbed, "{name}: what was complete in the end is not whole");
    }
    tells_nothing(name, &fixture, &ran);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_strikes_two_of_twelve_the_others_are_whole() {
    let fixture = fixture().await;
    let ran = run(&fixture, ENOUGH).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let undisturbed = held(&fixture.out());
    assert_eq!(undisturbed["ec2_route_tables"].len(), CUSTOMERS * 2 * 130);
    let cases = cases().into_iter().map(|case| holds(case, &undisturbed));
    futures::stream::iter(cases).buffer_unordered(3).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_put_right_and_loses_nothing() {
    for seconds in [1200, -1200] {
        let fixture = fixture().await;
        fixture.sim.set_clock_skew(seconds);
        let ran = run(&fixture, ENOUGH).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
        assert_eq!(ran.response()["cells"], json!({ "ok": CUSTOMERS * (2 * 4 + 3) }));
    }
}
