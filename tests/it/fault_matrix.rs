//! Each fault in turn on two of twelve accounts. The ledger reports it, and the other ten accounts lose no record, have
//! no duplicate and are not delayed. The runs are made with the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::command::{CommandOutput, manifest, rows, run_command};
use crate::fixture::{BACKEND_SECRET, Fixture, account_with, ids, ledger};
use crate::sim::{Account, Fault, FaultKind, Service, Times, account_id};

const CUSTOMERS: usize = 12;
const FAULTY: [usize; 2] = [3, 8];
const TABLES: [&str; 8] = [
    "accounts",
    "ec2_subnets",
    "ec2_route_tables",
    "ec2_instances",
    "ec2_addresses",
    "route53_hosted_zones",
    "route53_records",
    "route53resolver_rules",
];

/// A fault and its expected result.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// The statuses that rows of the faulty accounts may have besides `ok` and `empty`.
    allowed: &'static str,
    /// The statuses that at least one row must have.
    required: &'static str,
    /// The exit code; negative if 0 and 1 are both right.
    exit: i32,
}

fn case(name: &'static str, fault: Fault, allowed: &'static str, required: &'static str, exit: i32) -> Case {
    Case { name, fault, allowed, required, exit }
}

/// All faults of the matrix.
pub(crate) fn cases() -> Vec<Case> {
    let all = Fault::new;
    let sts = |what| all(what).service(Service::Sts);
    let ec2 = |what| all(what).service(Service::Ec2);
    let here = |what| ec2(what).region("eu-west-1");
    // A region that does not take the session takes it for no service.
    let region = |what| all(what).region("eu-west-1");
    let tables = |what| here(what).operation("DescribeRouteTables");
    let dns = |what| all(what).service(Service::Route53);
    let rules = |what| all(what).service(Service::Route53Resolver).region("eu-west-1");
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
        case("a region is not enabled", region(error(401, "AuthFailure")), "region_disabled", "region_disabled", 1),
        case(
            "a region knows no token",
            region(error(403, "InvalidClientTokenId")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case(
            "a region wants to be opted in to",
            region(error(401, "OptInRequired")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case("an operation is unknown", tables(error(400, "InvalidAction")), "unsupported", "unsupported", 0),
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
        case("the Resolver is denied", rules(FaultKind::Denied), "denied", "denied", 1),
        case(
            "a policy of the organization closes the Resolver",
            rules(FaultKind::ScpDenied),
            "scp_denied",
            "scp_denied",
            1,
        ),
        case("the Resolver refuses for rate", rules(FaultKind::Throttle), "throttled", "throttled", 1),
        case("the Resolver refuses for rate twice", rules(FaultKind::Throttle).times(twice), "", "", 0),
        case(
            "the Resolver knows no token where EC2 does",
            rules(error(403, "UnrecognizedClientException")),
            "denied",
            "denied",
            1,
        ),
        case(
            "the Resolver does not know an operation",
            rules(error(400, "UnknownOperationException")),
            "unsupported",
            "unsupported",
            0,
        ),
        case("the Resolver fails inside", rules(error(500, "InternalServiceErrorException")), "failed", "failed", 1),
        case(
            "the Resolver fails inside on the second page",
            rules(error(500, "InternalServiceErrorException")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("JSON is reset once", rules(FaultKind::ResetAfter).times(twice), "", "", 0),
        case("JSON is cut in the middle", rules(FaultKind::Cut), "failed", "failed", 1),
        case("JSON is cut where nothing tells", rules(FaultKind::CutWithoutLength), "failed", "failed", 1),
        case("JSON is cut once", rules(FaultKind::CutWithoutLength).times(once), "", "", 0),
        case("garbage instead of JSON", rules(FaultKind::Garbage), "failed", "failed", 1),
        case("an empty answer instead of JSON", rules(FaultKind::Empty200), "failed", "failed", 1),
        case(
            "another answer instead of JSON",
            rules(FaultKind::Answer(r#"{"message":"Forbidden"}"#.into())),
            "failed",
            "failed",
            1,
        ),
        case("the Resolver hangs", rules(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("the same token of JSON again and again", rules(FaultKind::RepeatToken), "partial", "partial", 1),
        case(
            "a token of JSON goes stale",
            rules(error(400, "InvalidNextTokenException")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("the Resolver calls the session expired", rules(FaultKind::ExpiredSession).times(once), "", "", 0),
        case("a zone is denied", records(FaultKind::Denied).times(once), "partial denied", "", 1),
    ]
}

/// The ids of a run's records by table.
type IdsByTable = BTreeMap<&'static str, BTreeSet<String>>;

fn ids_by_table(out: &Path) -> IdsByTable {
    TABLES.into_iter().map(|table| (table, ids(out, "struck", table).into_iter().collect())).collect()
}

/// Returns the ids of these accounts only.
fn of(ids_by_table: &IdsByTable, accounts: impl Fn(usize) -> bool) -> IdsByTable {
    let account_ids: Vec<String> = (0..CUSTOMERS).filter(|number| accounts(*number)).map(account_id).collect();
    let fits = |id: &&String| account_ids.iter().any(|account| id.contains(account.as_str()));
    ids_by_table.iter().map(|(table, ids)| (*table, ids.iter().filter(fits).cloned().collect())).collect()
}

/// The time limits of a call, of all pages of a listing, of an account, and of throttling by STS.
struct TimeLimits {
    call: &'static str,
    operation: &'static str,
    account: &'static str,
    sts: &'static str,
}

/// Long enough on any machine.
const LONG: TimeLimits = TimeLimits { call: "60s", operation: "5m", account: "10m", sts: "1m" };

/// For calls that never get an answer.
const SHORT: TimeLimits = TimeLimits { call: "10s", operation: "20s", account: "45s", sts: "1m" };

async fn run(fixture: &Fixture, limits: TimeLimits) -> CommandOutput {
    let mut command = fixture.command(fixture.out().to_str().expect("a path"));
    command
        .args(["--regions", "eu-west-1,us-east-1", "--run-id", "struck", "-v", "--resources", &TABLES.join(",")])
        .args(["--call-timeout", limits.call, "--account-budget", limits.account])
        .env("ROLECALL_ATTEMPTS", "3")
        .env("ROLECALL_BACKOFF", "100ms")
        .env("ROLECALL_OPERATION_TIMEOUT", limits.operation)
        .env("ROLECALL_STS_PATIENCE", limits.sts)
        .env("ROLECALL_ROUTE53_RATE", "200")
        .env("ROLECALL_RESOLVER_RATE", "200")
        .env("ROLECALL_LOG", "trace");
    tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran")
}

async fn fixture() -> Fixture {
    let template = Account { resolver_rules: 130, ..account_with(130, 2, 305) };
    Fixture::start(CUSTOMERS, template, |_| {}).await
}

/// Asserts that no secret is in any output of the run.
fn assert_no_secret(name: &str, fixture: &Fixture, ran: &CommandOutput) {
    let mut all = format!("{}{}", ran.out, ran.err);
    for entry in ["plan.json", "manifest.json", "shards/0.json"] {
        all.push_str(&std::fs::read_to_string(fixture.out().join("runs/struck").join(entry)).expect("text"));
    }
    let manifest = manifest(&fixture.out(), "struck");
    for row in rows(&fixture.out(), &manifest, "ledger") {
        all.push_str(&row.to_string());
    }
    for secret in fixture.sim.secrets() {
        assert!(!all.contains(&secret), "{name}: the output has a secret");
    }
    assert!(!all.contains(BACKEND_SECRET), "{name}: the output has the backend's own key");
}

async fn check_case(case: Case, undisturbed: &IdsByTable) {
    let Case { name, fault, allowed, required, exit } = case;
    let fixture = fixture().await;
    for faulty in FAULTY {
        fixture.sim.add_fault(fault.clone().account(&account_id(faulty)));
    }
    let limits = match required {
        "timed_out" => SHORT,
        _ if name == "STS refuses for rate" => TimeLimits { sts: "2s", ..LONG },
        _ => LONG,
    };
    let ran = run(&fixture, limits).await;
    assert!(exit == ran.code || (exit < 0 && ran.code < 2), "{name}: exit {} for {exit}\n{}", ran.code, ran.out);
    let ledger = ledger(&fixture.out(), "struck");
    // Each account has five types in two regions and three global ones, even if its role was never assumed.
    assert_eq!(ledger.len(), CUSTOMERS * (2 * 5 + 3), "{name}");
    let faulty: Vec<String> = FAULTY.map(account_id).to_vec();
    let is_faulty = |row: &Value| faulty.iter().any(|account| row["account_id"] == account.as_str());
    let mut seen = BTreeSet::new();
    for row in &ledger {
        let status = row["status"].as_str().expect("a status");
        let answered = ["ok", "empty"].contains(&status);
        assert!(answered || (is_faulty(row) && allowed.split(' ').any(|one| one == status)), "{name}: {row}");
        assert!(answered || row["error_message"].is_string(), "{name}: {row}");
        seen.insert(status);
    }
    assert!(required.split(' ').filter(|one| !one.is_empty()).all(|one| seen.contains(one)), "{name}: {seen:?}");
    let actual = ids_by_table(&fixture.out());
    let healthy = |number: usize| !FAULTY.contains(&number);
    assert!(of(&actual, healthy) == of(undisturbed, healthy), "{name}: a healthy account has lost or gained records");
    for (table, ids) in &actual {
        let unexpected: Vec<&String> = ids.difference(&undisturbed[table]).collect();
        assert!(unexpected.is_empty(), "{name}: {table}: {unexpected:?}");
        let counted: u64 = ledger
            .iter()
            .filter(|row| row["table"] == *table)
            .map(|row| row["records"].as_u64().expect("a count"))
            .sum();
        assert_eq!(ids.len() as u64, counted, "{name}: {table}");
    }
    if ran.code == 0 && !name.contains("zone goes") && required != "unsupported" {
        assert!(actual == *undisturbed, "{name}: a complete run lacks records");
    }
    assert_no_secret(name, &fixture, &ran);
}

/// How a case ends. Each kind is a test of its own, so that the kinds run side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// No record is missing in the end.
    Complete,
    /// Calls get an answer, and a cell of the faulty accounts has a gap.
    Gap,
    /// Calls wait for an answer until their time ends.
    TimedOut,
}

fn ending(case: &Case) -> Ending {
    match case.exit {
        _ if case.required == "timed_out" => Ending::TimedOut,
        0 => Ending::Complete,
        _ => Ending::Gap,
    }
}

/// Returns the records of a run without faults. The first caller makes the run.
async fn undisturbed() -> &'static IdsByTable {
    static UNDISTURBED: OnceCell<IdsByTable> = OnceCell::const_new();
    let collect = || async {
        let fixture = fixture().await;
        let ran = run(&fixture, LONG).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let undisturbed = ids_by_table(&fixture.out());
        assert_eq!(undisturbed["ec2_route_tables"].len(), CUSTOMERS * 2 * 130);
        undisturbed
    };
    UNDISTURBED.get_or_init(collect).await
}

/// Checks all cases of one kind, `at_once` of them concurrently.
async fn check_cases(kind: Ending, count: usize, at_once: usize) {
    let cases: Vec<Case> = cases().into_iter().filter(|case| ending(case) == kind).collect();
    assert_eq!(cases.len(), count, "{kind:?}");
    let undisturbed = undisturbed().await;
    let checked = cases.into_iter().map(|case| check_case(case, undisturbed));
    futures::stream::iter(checked).buffer_unordered(at_once).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_pass_lose_no_record() {
    check_cases(Ending::Complete, 15, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_two_accounts_affect_no_other() {
    check_cases(Ending::Gap, 43, 2).await;
}

/// These cases mostly wait, so all of them run concurrently.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_an_answer_delay_no_other_account() {
    check_cases(Ending::TimedOut, 6, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_skew_is_corrected_without_loss() {
    for seconds in [1200, -1200] {
        let fixture = fixture().await;
        fixture.sim.set_clock_skew(seconds);
        let ran = run(&fixture, LONG).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
        assert_eq!(ran.response()["cells"], json!({ "ok": CUSTOMERS * (2 * 5 + 3) }));
    }
}
