//! Invariants of a run under random requests, faults and deadlines, on the simulated AWS.
//!
//! Every cell has exactly one row in the ledger, and every record that the row counts is in the output exactly once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rolecall::testing::{Catalogue, ErrorKind, Reach, Settings};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, Fixture, account_with, ids, ledger};
use crate::sim::{Fault, FaultKind, Service, Times, account_id};

const CASES: usize = 40;
const CUSTOMERS: usize = 3;
const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "eu-central-1"];
const TABLES: [&str; 8] = [
    "accounts",
    "ec2_vpcs",
    "ec2_route_tables",
    "ec2_instances",
    "ec2_account_settings",
    "route53_hosted_zones",
    "route53_records",
    "route53_zone_associations",
];
const OPERATIONS: [&str; 8] = [
    "AssumeRole",
    "DescribeRegions",
    "DescribeVpcs",
    "DescribeRouteTables",
    "ListHostedZones",
    "ListResourceRecordSets",
    "GetHostedZone",
    "ListAccountAliases",
];

#[derive(Clone, Debug)]
struct RandomCase {
    regions: Vec<&'static str>,
    tables: Vec<&'static str>,
    faults: Vec<Fault>,
    /// The number of calls to customers' accounts after which the run is interrupted.
    interrupted_after: Option<u64>,
    empty_pages: bool,
}

fn fault_kind() -> impl Strategy<Value = FaultKind> {
    let error = |status, code: &str| Just(FaultKind::error(status, code));
    prop_oneof![
        error(500, "InternalError"),
        error(503, "Unavailable"),
        error(401, "AuthFailure"),
        error(400, "InvalidAction"),
        error(400, "InvalidPaginationToken"),
        Just(FaultKind::Throttle),
        Just(FaultKind::Reset),
        Just(FaultKind::ResetAfter),
        Just(FaultKind::Cut),
        Just(FaultKind::CutWithoutLength),
        Just(FaultKind::Garbage),
        Just(FaultKind::Hang),
        Just(FaultKind::Empty200),
        Just(FaultKind::Denied),
        Just(FaultKind::ScpDenied),
        Just(FaultKind::RepeatToken),
        Just(FaultKind::ExpiredSession),
        Just(FaultKind::DeletedZone),
        Just(FaultKind::Latency(Duration::from_millis(300))),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let times = prop_oneof![
        Just(Times::Always),
        (1..4_u64).prop_map(Times::First),
        (1..4_u64).prop_map(Times::After),
        (any::<u64>(), 0.1..0.6_f64).prop_map(|(seed, probability)| Times::Seeded { seed, probability }),
    ];
    let place = (
        prop::option::of(0..CUSTOMERS),
        prop::option::of(prop::sample::select(REGIONS.to_vec())),
        prop::option::of(prop::sample::select(OPERATIONS.to_vec())),
    );
    (fault_kind(), times, place).prop_map(|(kind, times, (account, region, operation))| Fault {
        account: account.map(account_id),
        region: region.map(str::to_owned),
        // Faults never strike S3: a run that cannot write has no ledger.
        service: operation.is_none().then_some(Service::Ec2),
        operation: operation.map(str::to_owned),
        times,
        ..Fault::new(kind)
    })
}

fn case() -> impl Strategy<Value = RandomCase> {
    (
        prop::sample::subsequence(REGIONS.to_vec(), 1..=REGIONS.len()),
        prop::sample::subsequence(TABLES.to_vec(), 1..=TABLES.len()),
        prop::collection::vec(fault(), 0..4),
        prop::option::of(1..200_u64),
        any::<bool>(),
    )
        .prop_map(|(regions, tables, faults, interrupted_after, empty_pages)| RandomCase {
            regions,
            tables,
            faults,
            interrupted_after,
            empty_pages,
        })
}

/// Runs one case, asserts the invariants, and returns the statuses in its ledger.
async fn check_case(number: usize, case: RandomCase) -> BTreeSet<String> {
    let fixture =
        Fixture::start(CUSTOMERS, account_with(130, 2, 12), |world| world.empty_pages = case.empty_pages).await;
    // Time-outs are short only if a call hangs.
    let hangs = case.faults.iter().any(|fault| matches!(fault.kind, FaultKind::Hang));
    let settings = match hangs {
        true => Settings {
            call_timeout: Duration::from_secs(3),
            account_budget: Duration::from_secs(10),
            ..fixture.settings.clone()
        },
        false => fixture.settings.clone(),
    };
    let fixture = Fixture { settings: Settings { attempts: 2, ..settings }, ..fixture };
    for fault in &case.faults {
        fixture.sim.add_fault(fault.clone());
    }
    let request = json!({ "run_id": "any", "accounts": "all", "regions": case.regions, "resources": case.tables });
    let run = || async {
        match case.interrupted_after {
            None => fixture.run(request.clone(), None).await,
            Some(calls) => {
                let customer_calls =
                    || fixture.sim.log().iter().filter(|call| call.account != BACKEND || call.target.is_some()).count();
                fixture.run_until(request.clone(), |_| customer_calls() as u64 >= calls).await
            }
        }
    };
    let mut response = run().await;
    // On a busy machine, rolecall's own identity may not be told within the short time of a call. Nothing is planned then.
    for _ in 0..5 {
        if response.as_ref().is_err_and(|refused| refused.kind == ErrorKind::EndpointUnreachable) {
            response = run().await;
        }
    }
    let response = response.unwrap_or_else(|refused| panic!("{number} {case:?}: {refused}"));
    // `ledger` asserts that no cell has two rows.
    let ledger = ledger(&fixture.out(), "any");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let catalogue = Catalogue::get().expect("a catalogue");
    for account in (0..CUSTOMERS).map(account_id) {
        for table in &case.tables {
            let here = ledger.iter().filter(|row| row["account_id"] == account.as_str() && row["table"] == *table);
            let actual: BTreeSet<String> = here.map(|row| text(row, "region")).collect();
            let expected: BTreeSet<String> = match catalogue.find(table).expect("a table").entry.reach {
                Reach::Global => ["global".to_owned()].into(),
                // The request names them in full, so they are known even if the role was never assumed.
                Reach::Regional => case.regions.iter().map(|region| (*region).to_owned()).collect(),
            };
            assert_eq!(actual, expected, "{number} {case:?}: {account} {table}");
        }
    }
    for table in &case.tables {
        let rows = ledger.iter().filter(|row| row["table"] == *table);
        let counted: u64 = rows.map(|row| row["records"].as_u64().expect("a count")).sum();
        // All counted records exist. `ids` asserts that none is duplicate.
        assert_eq!(ids(&fixture.out(), "any", table).len() as u64, counted, "{number} {case:?}: {table}");
        assert_eq!(response.records[*table], counted, "{number} {case:?}: {table}");
    }
    let cells: u64 = response.cells.values().sum();
    assert_eq!(cells, ledger.len() as u64, "{number} {case:?}");
    for row in &ledger {
        let explained = ["ok", "empty"].contains(&text(row, "status").as_str()) || row["error_message"].is_string();
        assert!(explained, "{number} {case:?}: {row}");
        assert!(row["records"] == 0 || ["ok", "partial"].contains(&text(row, "status").as_str()), "{number}: {row}");
    }
    let not_started = ledger.iter().any(|row| row["status"] == "not_started");
    assert!(!not_started || response.remaining.is_some(), "{number} {case:?}: the response names no remaining request");
    ledger.iter().map(|row| text(row, "status")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_has_one_row_and_every_counted_record_exists() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<RandomCase> = (0..CASES).map(|_| case().new_tree(&mut runner).expect("a case").current()).collect();
    let running = cases.into_iter().enumerate().map(|(number, case)| check_case(number, case));
    let seen: Vec<BTreeSet<String>> = futures::stream::iter(running).buffer_unordered(4).collect().await;
    // The cases are the same in every execution. They have to reach every status.
    let seen: BTreeSet<&str> = seen.iter().flatten().map(String::as_str).collect();
    for status in ["ok", "empty", "partial", "denied", "scp_denied", "failed", "timed_out", "region_disabled"] {
        assert!(seen.contains(status), "no case came to {status}: {seen:?}");
    }
}
