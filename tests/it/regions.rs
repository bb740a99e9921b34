//! The regions of an account: a run is complete only if every enabled region that it asks for was asked.

use std::collections::BTreeSet;

use futures::StreamExt;
use rolecall::testing::{Response, Settings};
use serde_json::{Value, json};

use crate::fixture::{Fixture, account_with, assert_complete, ledger, write_registry};
use crate::sim::{Account, DEFAULT_REGIONS, Fault, FaultKind, account_id, external_id};

/// An opt-in region that the account has enabled. It is none of the partition's default ones.
const OPTED_IN: &str = "af-south-1";
const TABLES: [&str; 2] = ["ec2_vpcs", "ec2_subnets"];

fn account() -> Account {
    Account { opted_in: [OPTED_IN.to_owned()].into(), ..account_with(1, 0, 0) }
}

fn refuse_regions(fixture: &Fixture) {
    for operation in ["DescribeRegions", "ListRegions"] {
        fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation(operation));
    }
}

fn status(response: &Response) -> Value {
    serde_json::to_value(response.status).expect("JSON")
}

fn statuses_at<'a>(ledger: &'a [Value], region: &str) -> Vec<(&'a str, &'a str)> {
    let here = ledger.iter().filter(|row| row["region"] == region);
    here.map(|row| (row["table"].as_str().expect("text"), row["status"].as_str().expect("text"))).collect()
}

/// What AWS answers to one of the operations that list regions.
fn outcomes() -> Vec<(&'static str, Option<FaultKind>)> {
    vec![
        ("answered", None),
        ("denied", Some(FaultKind::Denied)),
        ("throttled", Some(FaultKind::Throttle)),
        ("failed", Some(FaultKind::error(500, "InternalError"))),
        ("failed", Some(FaultKind::error(400, "InvalidAction"))),
        ("failed", Some(FaultKind::Empty200)),
    ]
}

/// The regions of the registry, and those of the request.
const SHAPES: [(&[&str], Option<&[&str]>); 8] = [
    (&["*"], None),
    (&["*"], Some(&["*"])),
    (&["*"], Some(&["eu-west-1", "af-*"])),
    (&["*"], Some(&["af-*"])),
    (&["*"], Some(&["eu-west-1", OPTED_IN, "me-south-1"])),
    (&["eu-west-1", OPTED_IN], None),
    (&["eu-west-1", OPTED_IN], Some(&["af-*"])),
    (&["eu-*"], Some(&[OPTED_IN])),
];

#[derive(Debug)]
struct Case {
    described: (&'static str, Option<FaultKind>),
    listed: (&'static str, Option<FaultKind>),
    alias_denied: bool,
    shape: (&'static [&'static str], Option<&'static [&'static str]>),
    with_accounts: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, described) in outcomes().into_iter().enumerate() {
        for (other, listed) in outcomes().into_iter().enumerate() {
            // Each pair of outcomes meets three shapes, and each shape meets every outcome.
            for (shape_number, shape) in
                SHAPES.into_iter().enumerate().filter(|(shape, _)| (number + other + shape) % 3 == 0)
            {
                let described = described.clone();
                let listed = if other == 5 { ("failed", Some(FaultKind::RepeatToken)) } else { listed.clone() };
                let (alias_denied, with_accounts) = (shape_number % 3 == 0, (other + shape_number) % 2 == 0);
                cases.push(Case { described, listed, alias_denied, shape, with_accounts });
            }
        }
    }
    cases
}

async fn check_case(case: Case) {
    let fixture = Fixture::start(1, account(), |_| {}).await;
    let (target, requested) = case.shape;
    let entry = json!({ "account_id": account_id(0), "external_id": external_id(&account_id(0)), "regions": target });
    write_registry(fixture.folder.path(), &[entry]);
    let faults = [("DescribeRegions", &case.described.1), ("ListRegions", &case.listed.1)];
    for (operation, kind) in faults {
        fixture.sim.add_fault(
            Fault::new(kind.clone().unwrap_or(FaultKind::Latency(std::time::Duration::ZERO))).operation(operation),
        );
    }
    if case.alias_denied {
        fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation("ListAccountAliases"));
    }
    let settings = Settings { attempts: 1, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let mut request = json!({ "run_id": "case", "accounts": "all", "resources": TABLES });
    if let Some(regions) = requested {
        request["regions"] = json!(regions);
    }
    if case.with_accounts {
        request["resources"].as_array_mut().expect("a list").push("accounts".into());
    }
    let response = fixture.run(request, None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "case");
    let matches = |globs: &[&str], region: &str| {
        globs.iter().any(|glob| glob.strip_suffix('*').map_or(*glob == region, |start| region.starts_with(start)))
    };
    let enabled = DEFAULT_REGIONS.into_iter().chain([OPTED_IN]);
    let unasked: Vec<&str> = enabled
        .filter(|region| matches(target, region) && requested.is_none_or(|requested| matches(requested, region)))
        .filter(|region| TABLES.iter().any(|table| !statuses_at(&ledger, region).contains(&(*table, "ok"))))
        .collect();
    assert!(unasked.is_empty() || status(&response) != "complete", "{case:?}: complete without {unasked:?}");
    let has_globs = |globs: &[&str]| globs.iter().any(|glob| glob.contains('*'));
    let scope_unknown = has_globs(target) && requested.is_none_or(has_globs);
    let expected = match (&case.described.1, &case.listed.1) {
        (Some(_), Some(_)) if scope_unknown => Some(case.described.0),
        _ => None,
    };
    let at_any: BTreeSet<(&str, &str)> = statuses_at(&ledger, "*").into_iter().collect();
    let expected_rows = TABLES.iter().filter_map(|table| expected.map(|status| (*table, status))).collect();
    assert_eq!(at_any, expected_rows, "{case:?}");
    let in_failures = response.failures.iter().any(|group| group.regions.iter().any(|region| region == "*"));
    assert_eq!(in_failures, expected.is_some(), "{case:?}: {:?}", response.failures);
    for row in ledger.iter().filter(|row| row["region"] == "*") {
        let message = row["error_message"].as_str().expect("a message");
        assert!(message.contains("ec2:DescribeRegions") && message.contains("account:ListRegions"), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ledger_never_claims_regions_that_are_unknown() {
    let running = cases().into_iter().map(check_case);
    futures::stream::iter(running).buffer_unordered(6).collect::<Vec<()>>().await;
}

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "resources": TABLES })
}

/// Interrupts a run whose regions are unknown within one cell.
async fn interrupted(fixture: &Fixture) -> Value {
    let held = Fault::new(FaultKind::Held).region("eu-west-1").operation("DescribeVpcs");
    let held = fixture.sim.add_fault(held);
    let reached = |seen: &crate::fixture::ProgressCounter| fixture.sim.fired(held) == 1 && seen.open_cells() == 1;
    let response = fixture.run_until(request("cut"), reached).await.expect("a response");
    fixture.sim.lift(held);
    serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_continuation_that_knows_the_regions_asks_the_rest() {
    for opted_in in [true, false] {
        let template = if opted_in { account() } else { account_with(1, 0, 0) };
        let fixture = Fixture::start(1, template, |_| {}).await;
        refuse_regions(&fixture);
        let remaining = interrupted(&fixture).await;
        let first = ledger(&fixture.out(), "cut");
        assert_eq!(statuses_at(&first, "*").len(), TABLES.len());
        fixture.sim.clear_faults();
        fixture.sim.reset_counts();
        let rest = fixture.run(remaining, None).await.expect("a response");
        assert_complete(&rest);
        let second = ledger(&fixture.out(), "cut.r1");
        let asked: BTreeSet<(&str, &str)> = second
            .iter()
            .map(|row| (row["table"].as_str().expect("text"), row["region"].as_str().expect("text")))
            .collect();
        let expected: &[_] = match opted_in {
            true => &[("ec2_vpcs", "eu-west-1"), ("ec2_vpcs", OPTED_IN), ("ec2_subnets", OPTED_IN)],
            // No region of subnets is left to ask, so their open question is closed by itself.
            false => &[("ec2_vpcs", "eu-west-1"), ("ec2_subnets", "*")],
        };
        assert_eq!(asked, expected.iter().copied().collect(), "{second:?}");
        assert!(rest.remaining.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn continuations_end_while_the_regions_stay_unknown() {
    let fixture = Fixture::start(1, account(), |_| {}).await;
    refuse_regions(&fixture);
    let remaining = interrupted(&fixture).await;
    fixture.sim.reset_counts();
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_eq!(status(&rest), "partial");
    assert!(rest.remaining.is_none(), "nothing is left that more time would answer");
    let second = ledger(&fixture.out(), "cut.r1");
    assert_eq!(second.len(), 1 + TABLES.len(), "{second:?}");
    assert_eq!(statuses_at(&second, "*").len(), TABLES.len());
}

/// A region that the first run knew is asked by its continuation, even if AWS no longer lists the regions.
#[tokio::test(flavor = "multi_thread")]
async fn a_continuation_asks_the_regions_that_the_first_run_knew() {
    let fixture = Fixture::start(1, account(), |_| {}).await;
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).region(OPTED_IN).operation("DescribeVpcs"));
    let reached = |seen: &crate::fixture::ProgressCounter| fixture.sim.fired(held) == 1 && seen.open_cells() == 1;
    let response = fixture.run_until(request("cut"), reached).await.expect("a response");
    fixture.sim.lift(held);
    refuse_regions(&fixture);
    let remaining = serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON");
    assert_complete(&fixture.run(remaining, None).await.expect("a response"));
    let second = ledger(&fixture.out(), "cut.r1");
    assert_eq!(statuses_at(&second, OPTED_IN), [("ec2_vpcs", "ok")]);
    assert_eq!(second.len(), 1, "{second:?}");
}

/// A region that was closed meanwhile is no answered question.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_cell_of_a_region_that_was_closed_is_reported() {
    let fixture = Fixture::start(1, account(), |_| {}).await;
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).region(OPTED_IN).operation("DescribeVpcs"));
    let reached = |seen: &crate::fixture::ProgressCounter| fixture.sim.fired(held) == 1 && seen.open_cells() == 1;
    let response = fixture.run_until(request("cut"), reached).await.expect("a response");
    let remaining = serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON");
    fixture.sim.lift(held);
    fixture.sim.change(|world| world.account(&account_id(0)).opted_in.clear());
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_ne!(status(&rest), "complete");
    let second = ledger(&fixture.out(), "cut.r1");
    assert_eq!(statuses_at(&second, OPTED_IN), [("ec2_vpcs", "region_disabled")]);
}
