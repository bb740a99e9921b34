//! Each fault in turn on some of several accounts. The ledger reports it, and the other accounts lose no record, have no
//! duplicate and are not delayed. The runs are made with the command line.

mod cases;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::command::{CommandOutput, manifest, rows, run_command};
use crate::fixture::{BACKEND_SECRET, Fixture, account_with, ids, ledger};
use crate::sim::{Account, account_id};
pub(crate) use cases::{Case, cases};
use names::{NAMES, names_cases};

/// The accounts that faults are tried on, and what is asked of them.
struct Matrix {
    tables: &'static [&'static str],
    customers: usize,
    /// The numbers of the accounts that have the fault.
    faulty: &'static [usize],
    /// The cells of an account in two regions.
    cells: usize,
    template: fn() -> Account,
    /// The records of a run without faults. The first test that needs them makes the run.
    undisturbed: OnceCell<IdsByTable>,
}

/// Five types in two regions and three global ones.
static NETWORKS: Matrix = Matrix {
    tables: &[
        "accounts",
        "ec2_subnets",
        "ec2_route_tables",
        "ec2_instances",
        "ec2_addresses",
        "route53_hosted_zones",
        "route53_records",
        "route53resolver_rules",
    ],
    customers: 12,
    faulty: &[3, 8],
    cells: 2 * 5 + 3,
    template: || Account { resolver_rules: 130, ..account_with(130, 2, 305) },
    undisturbed: OnceCell::const_new(),
};

/// The ids of a run's records by table.
type IdsByTable = BTreeMap<&'static str, BTreeSet<String>>;

impl Matrix {
    async fn fixture(&self) -> Fixture {
        Fixture::start(self.customers, (self.template)(), |_| {}).await
    }

    fn ids_by_table(&self, out: &Path) -> IdsByTable {
        self.tables.iter().map(|table| (*table, ids(out, "struck", table).into_iter().collect())).collect()
    }

    /// Returns the ids of the accounts without a fault.
    fn of_healthy(&self, ids_by_table: &IdsByTable) -> IdsByTable {
        let healthy = (0..self.customers).filter(|number| !self.faulty.contains(number));
        let account_ids: Vec<String> = healthy.map(account_id).collect();
        let fits = |id: &&String| account_ids.iter().any(|account| id.contains(account.as_str()));
        ids_by_table.iter().map(|(table, ids)| (*table, ids.iter().filter(fits).cloned().collect())).collect()
    }

    async fn run(&self, fixture: &Fixture, limits: TimeLimits) -> CommandOutput {
        let mut command = fixture.command(fixture.out().to_str().expect("a path"));
        command
            .args(["--regions", "eu-west-1,us-east-1", "--run-id", "struck", "-v"])
            .args(["--resources", &self.tables.join(",")])
            .args(["--call-timeout", limits.call, "--account-budget", limits.account])
            .env("ROLECALL_ATTEMPTS", "3")
            .env("ROLECALL_BACKOFF", "100ms")
            .env("ROLECALL_OPERATION_TIMEOUT", limits.operation)
            .env("ROLECALL_STS_PATIENCE", limits.sts)
            .env("ROLECALL_ROUTE53_RATE", "200")
            .env("ROLECALL_RESOLVER_RATE", "200")
            .env("ROLECALL_NAMES_RATE", "1000")
            .env("ROLECALL_LOG", "trace");
        tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ran")
    }

    async fn undisturbed(&self) -> &IdsByTable {
        let collect = || async {
            let fixture = self.fixture().await;
            let ran = self.run(&fixture, LONG).await;
            assert_eq!(ran.code, 0, "{ran:?}");
            self.ids_by_table(&fixture.out())
        };
        self.undisturbed.get_or_init(collect).await
    }
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

/// For calls that never get an answer. On a busy machine those that do need some seconds too, for a whole account minutes.
const SHORT: TimeLimits = TimeLimits { call: "1m", operation: "2m", account: "5m", sts: "1m" };

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

async fn check_case(matrix: &Matrix, case: Case) {
    let Case { name, fault, allowed, required, exit } = case;
    let undisturbed = matrix.undisturbed().await;
    let fixture = matrix.fixture().await;
    for faulty in matrix.faulty {
        fixture.sim.add_fault(fault.clone().account(&account_id(*faulty)));
    }
    let limits = match required {
        "timed_out" => SHORT,
        _ if name == "STS refuses for rate" => TimeLimits { sts: "2s", ..LONG },
        _ => LONG,
    };
    let ran = matrix.run(&fixture, limits).await;
    assert!(exit == ran.code || (exit < 0 && ran.code < 2), "{name}: exit {} for {exit}\n{}", ran.code, ran.out);
    let ledger = ledger(&fixture.out(), "struck");
    // An account whose role was never assumed has all its rows too.
    assert_eq!(ledger.len(), matrix.customers * matrix.cells, "{name}");
    let faulty: Vec<String> = matrix.faulty.iter().map(|number| account_id(*number)).collect();
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
    let actual = matrix.ids_by_table(&fixture.out());
    let (kept, expected) = (matrix.of_healthy(&actual), matrix.of_healthy(undisturbed));
    assert!(kept == expected, "{name}: a healthy account has lost or gained records");
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
    assert_no_secret(&name, &fixture, &ran);
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

/// Checks all cases of one kind, `at_once` of them concurrently.
async fn check_cases(matrix: &'static Matrix, all: Vec<Case>, kind: Ending, count: usize, at_once: usize) {
    let cases: Vec<Case> = all.into_iter().filter(|case| ending(case) == kind).collect();
    assert_eq!(cases.len(), count, "{kind:?}");
    let checked = cases.into_iter().map(|case| check_case(matrix, case));
    futures::stream::iter(checked).buffer_unordered(at_once).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_pass_lose_no_record() {
    assert_eq!(NETWORKS.undisturbed().await["ec2_route_tables"].len(), NETWORKS.customers * 2 * 130);
    check_cases(&NETWORKS, cases(), Ending::Complete, 15, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_two_accounts_affect_no_other() {
    check_cases(&NETWORKS, cases(), Ending::Gap, 43, 2).await;
}

/// These cases mostly wait, so all of them run concurrently.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_an_answer_delay_no_other_account() {
    check_cases(&NETWORKS, cases(), Ending::TimedOut, 6, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_services_that_hold_names_are_told_and_contained() {
    let undisturbed = NAMES.undisturbed().await;
    for (table, regions) in [("cloudfront_distributions", 1), ("s3_buckets", 1), ("apigatewayv2_domain_names", 2)] {
        assert_eq!(undisturbed[table].len(), NAMES.customers * regions * names::HOLDERS, "{table}");
    }
    check_cases(&NAMES, names_cases(), Ending::Complete, 17, 2).await;
    check_cases(&NAMES, names_cases(), Ending::Gap, 42, 2).await;
    check_cases(&NAMES, names_cases(), Ending::TimedOut, 4, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_skew_is_corrected_without_loss() {
    for seconds in [1200, -1200] {
        let fixture = NETWORKS.fixture().await;
        fixture.sim.set_clock_skew(seconds);
        let ran = NETWORKS.run(&fixture, LONG).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
        assert_eq!(ran.response()["cells"], json!({ "ok": NETWORKS.customers * NETWORKS.cells }));
    }
}
