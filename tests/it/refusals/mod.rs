//! Calls about single resources that are refused: what was let through is all there, once, and the ledger says what is not.

mod families;

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rolecall::testing::{Catalogue, Settings};
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::fixture::{Fixture, account_with, ids, ledger, ledger_row};
use crate::sim::{Fault, FaultKind, account_id, zone_id};
use families::{Family, Fills, HEALTH_CHECKS, OTHERS, RECORDS, REGION, ZONES, families, listings};

const CASES: usize = 24;

/// What AWS answers to the calls about one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    Denied,
    ScpDenied,
    Throttled,
    Failed,
    Unsupported,
    /// AWS does not find the resource, and goes on to list it.
    NotFound,
    /// The resource is deleted with the call. Only zones can be.
    Deleted,
}

/// The outcome of each call about a resource, by family and resource.
type Outcomes = Vec<Vec<Outcome>>;

fn outcomes() -> impl Strategy<Value = Outcomes> {
    let refused = prop_oneof![
        Just(Outcome::Denied),
        Just(Outcome::ScpDenied),
        Just(Outcome::Throttled),
        Just(Outcome::Failed),
        Just(Outcome::Unsupported),
        Just(Outcome::NotFound),
        Just(Outcome::Deleted),
    ];
    // Some cases refuse little, and some nearly everything, to nearly every resource.
    let one = move |weight: u32| prop_oneof![100 - weight => Just(Outcome::Answered), weight => refused.clone()];
    let lists: Vec<_> = families().iter().map(|family| family.ids.len()).collect();
    (prop::sample::select(vec![5_u32, 30, 60, 97])).prop_flat_map(move |weight| {
        lists.iter().map(|count| prop::collection::vec(one(weight), *count)).collect::<Vec<_>>()
    })
}

/// Makes outcomes possible: only zones can be deleted, with the listing of their records, and then nothing else is refused.
/// After five throttled calls in a row the rest is given up, so there are few of them, and none of a batch.
fn possible(mut outcomes: Outcomes) -> Outcomes {
    let families = families();
    let deleted: BTreeSet<String> = families[0]
        .ids
        .iter()
        .zip(&outcomes[0])
        .filter(|(_, outcome)| **outcome == Outcome::Deleted)
        .map(|(id, _)| id.clone())
        .collect();
    let mut throttled = 0;
    for (number, family) in families.iter().enumerate() {
        for (id, outcome) in family.ids.iter().zip(&mut outcomes[number]) {
            throttled += usize::from(*outcome == Outcome::Throttled);
            *outcome = match *outcome {
                _ if number > 0 && deleted.contains(id) => Outcome::Answered,
                Outcome::Deleted if number > 0 => Outcome::Denied,
                Outcome::Throttled if throttled > 3 || family.operations.len() > 1 => Outcome::Denied,
                outcome => outcome,
            };
        }
    }
    outcomes
}

fn fault(outcome: Outcome, family: &Family) -> Option<FaultKind> {
    Some(match outcome {
        Outcome::Answered => return None,
        Outcome::Denied => FaultKind::Denied,
        Outcome::ScpDenied => FaultKind::ScpDenied,
        Outcome::Throttled => FaultKind::Throttle,
        Outcome::Failed => FaultKind::error(500, "InternalError"),
        Outcome::Unsupported => FaultKind::error(400, "InvalidAction"),
        Outcome::NotFound => FaultKind::error(404, family.not_found),
        Outcome::Deleted => FaultKind::DeletedZone,
    })
}

async fn fixture() -> Fixture {
    let template = crate::sim::Account { health_checks: HEALTH_CHECKS, ..account_with(OTHERS, ZONES, RECORDS) };
    let fixture = Fixture::start(1, template, |_| {}).await;
    let settings = Settings { attempts: 1, ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

/// Adds the answers of the types that the simulation does not have, about all resources that are not deleted. Faults that
/// were added before take precedence.
fn add_answers(fixture: &Fixture, is_deleted: impl Fn(&String) -> bool) {
    for (operation, xml) in listings() {
        fixture.sim.add_fault(Fault::new(FaultKind::Answer(xml)).operation(operation));
    }
    for family in families() {
        let Some(answer) = family.answer else { continue };
        for id in family.ids.iter().filter(|id| !is_deleted(id)) {
            let answer = Fault::new(FaultKind::Answer(answer(id))).operation(family.operations[0]).about(id);
            fixture.sim.add_fault(answer);
        }
    }
}

fn request() -> Value {
    let mut tables: Vec<&str> = families().iter().map(|family| family.table).collect();
    tables.sort_unstable();
    tables.dedup();
    json!({ "run_id": "some", "accounts": "all", "regions": [REGION], "resources": tables })
}

fn rows_by(fixture: &Fixture, table: &str, column: &str) -> BTreeMap<String, Vec<Value>> {
    let mut by_id: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in rows(&fixture.out(), &manifest(&fixture.out(), "some"), table) {
        by_id.entry(row[column].as_str().expect("an id").to_owned()).or_default().push(row);
    }
    by_id
}

async fn check_case(number: usize, outcomes: Outcomes) {
    let fixture = fixture().await;
    let families = families();
    for (family, outcomes) in families.iter().zip(&outcomes) {
        for (id, outcome) in family.ids.iter().zip(outcomes) {
            for operation in family.operations {
                let fault = fault(*outcome, family).map(|kind| Fault::new(kind).operation(operation).about(id));
                if let Some(fault) = fault {
                    fixture.sim.add_fault(fault);
                }
            }
        }
    }
    let is_deleted = |id: &String| {
        families[0].ids.iter().position(|zone| zone == id).is_some_and(|at| outcomes[0][at] == Outcome::Deleted)
    };
    add_answers(&fixture, is_deleted);
    let response = fixture.run(request(), None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "some");
    let mut refused_in: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for (family, outcomes) in families.iter().zip(&outcomes) {
        let (table, context) = (family.table, format!("{number}: {} {outcomes:?}", family.operations[0]));
        // Every id occurs once.
        ids(&fixture.out(), "some", table);
        let refused = refused_in.entry(table).or_default();
        let by_id = match family.fills {
            Fills::Rows { parent, .. } => rows_by(&fixture, table, parent),
            Fills::Column(_) => rows_by(&fixture, table, "id"),
        };
        for (id, outcome) in family.ids.iter().zip(outcomes) {
            let rows = by_id.get(id).map(Vec::as_slice).unwrap_or_default();
            let is_answered = *outcome == Outcome::Answered && !is_deleted(id);
            if !matches!(outcome, Outcome::Answered | Outcome::Deleted) {
                refused.push(*outcome == Outcome::Unsupported);
            }
            match family.fills {
                Fills::Rows { each, .. } => {
                    assert_eq!(rows.len(), if is_answered { each } else { 0 }, "{context} {id}")
                }
                Fills::Column(_) if is_deleted(id) => assert!(rows.is_empty(), "{context} {id}"),
                Fills::Column(columns) => {
                    assert_eq!(rows.len(), 1, "{context}: {id} is not there once");
                    let is_filled =
                        columns.iter().any(|column| rows[0].get(column).is_some_and(|value| !value.is_null()));
                    assert_eq!(is_filled, is_answered, "{context} {id}: {}", rows[0]);
                }
            }
        }
        let calls: usize = fixture.sim.log().iter().filter(|call| call.operation == family.operations[0]).count();
        assert!(calls <= 2 * family.ids.len() + 4, "{context}: {calls} calls");
    }
    for (table, refused) in refused_in {
        let region = if table.starts_with("ec2") || table == "route53_zone_associations" { REGION } else { "global" };
        let row = ledger_row(&ledger, &account_id(0), region, table);
        let status = row["status"].as_str().expect("a status");
        if refused.is_empty() {
            assert!(["ok", "empty"].contains(&status), "{number}: {row}");
        } else {
            let all_unsupported = refused.iter().all(|is_unsupported| *is_unsupported);
            assert!(!["ok", "empty"].contains(&status), "{number}: {row}");
            assert!(status != "unsupported" || all_unsupported, "{number}: {row}");
            assert!(row["error_message"].as_str().is_some_and(|text| text.contains("resources")), "{number}: {row}");
        }
        assert_eq!(
            rows(&fixture.out(), &manifest(&fixture.out(), "some"), table).len() as u64,
            row["records"],
            "{row}"
        );
        assert_eq!(response.records[table], row["records"].as_u64().expect("a count"), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_through_is_all_there_and_the_ledger_says_what_is_not() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<Outcomes> =
        (0..CASES).map(|_| possible(outcomes().new_tree(&mut runner).expect("a case").current())).collect();
    let running = cases.into_iter().enumerate().map(|(number, case)| check_case(number, case));
    futures::stream::iter(running).buffer_unordered(4).collect::<Vec<()>>().await;
}

/// All settings of an account are one row, so each call that is refused leaves its columns empty and all others filled.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_setting_leaves_the_others() {
    let fixture = fixture().await;
    let filled = "<GetEbsEncryptionByDefaultResponse><ebsEncryptionByDefault>true</ebsEncryptionByDefault></GetEbsEncryptionByDefaultResponse>";
    fixture.sim.add_fault(Fault::new(FaultKind::Answer(filled.into())).operation("GetEbsEncryptionByDefault"));
    fixture.sim.add_fault(Fault::error(400, "InvalidThing.NotFound").operation("GetEbsDefaultKmsKeyId"));
    fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation("GetSerialConsoleAccessStatus"));
    let request =
        json!({ "run_id": "some", "accounts": "all", "regions": [REGION], "resources": ["ec2_account_settings"] });
    fixture.run(request, None).await.expect("a response");
    let row = ledger_row(&ledger(&fixture.out(), "some"), &account_id(0), REGION, "ec2_account_settings").clone();
    assert_eq!((&row["status"], &row["records"]), (&json!("partial"), &json!(1)), "{row}");
    let rows = rows(&fixture.out(), &manifest(&fixture.out(), "some"), "ec2_account_settings");
    assert_eq!(rows[0]["ebs_encryption_by_default"], true, "{rows:?}");
}

/// Answers that do not fit their question: about another resource, about none, or twice about one.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_something_else_is_no_answer() {
    let zones: Vec<String> = (0..ZONES).map(|index| zone_id(&account_id(0), index)).collect();
    let tags = |id: &str, value: &str| {
        format!(
            "<ResourceTagSet><ResourceId>{id}</ResourceId><Tags><Tag><Key>k</Key><Value>{value}</Value></Tag></Tags></ResourceTagSet>"
        )
    };
    let all = |ids: &[String]| ids.iter().map(|id| tags(id, "v")).collect::<String>();
    let many = |inside: String| {
        format!(
            "<ListTagsForResourcesResponse><ResourceTagSets>{inside}</ResourceTagSets></ListTagsForResourcesResponse>"
        )
    };
    let zone = |id: &str| {
        format!(
            "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/{id}</Id></HostedZone><DelegationSet><NameServers/></DelegationSet></GetHostedZoneResponse>"
        )
    };
    let cases: Vec<(&str, &str, String, bool)> = vec![
        ("all of them", "ListTagsForResources", many(all(&zones)), true),
        ("one twice, the same", "ListTagsForResources", many(all(&zones) + &tags(&zones[1], "v")), true),
        ("another one", "ListTagsForResources", many(all(&zones) + &tags("ZOTHER", "v")), false),
        ("another one instead", "ListTagsForResources", many(all(&zones[1..]) + &tags("ZOTHER", "v")), false),
        ("one is missing", "ListTagsForResources", many(all(&zones[1..])), false),
        ("one twice, and not the same", "ListTagsForResources", many(all(&zones) + &tags(&zones[1], "w")), false),
        ("no id", "ListTagsForResources", many(all(&zones).replace("ResourceId", "ResourceID")), false),
        ("nothing", "ListTagsForResources", many(String::new()), false),
        ("another zone", "GetHostedZone", zone("ZOTHER"), false),
        ("no zone", "GetHostedZone", "<GetHostedZoneResponse/>".into(), false),
    ];
    for (name, operation, xml, fits) in cases {
        let fixture = fixture().await;
        fixture.sim.add_fault(Fault::new(FaultKind::Answer(xml)).operation(operation));
        let request = json!({ "run_id": "some", "accounts": "all", "resources": ["route53_hosted_zones"] });
        fixture.run(request, None).await.expect("a response");
        let row = ledger_row(&ledger(&fixture.out(), "some"), &account_id(0), "global", "route53_hosted_zones").clone();
        assert_eq!(row["status"], if fits { "ok" } else { "partial" }, "{name}: {row}");
        assert_eq!(ids(&fixture.out(), "some", "route53_hosted_zones").len(), ZONES, "{name}");
        if !fits {
            assert!(row["error_message"].as_str().is_some_and(|text| text.contains(operation)), "{name}: {row}");
        }
    }
}

/// A listing that shifts while it is read has some zones on two pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_zone_on_two_pages_is_asked_and_written_once() {
    let zones: Vec<String> = (0..ZONES).map(|index| zone_id(&account_id(0), index)).collect();
    let page = |zones: &[String], more: &str| {
        let zones = zones.iter().map(|id| format!("<HostedZone><Id>/hostedzone/{id}</Id><Name>x.</Name></HostedZone>"));
        format!(
            "<ListHostedZonesResponse><HostedZones>{}</HostedZones>{more}<MaxItems>100</MaxItems></ListHostedZonesResponse>",
            zones.collect::<String>()
        )
    };
    let fixture = fixture().await;
    let second = page(&zones[3..], "<IsTruncated>false</IsTruncated>");
    let first = page(&zones[..5], "<IsTruncated>true</IsTruncated><NextMarker>more</NextMarker>");
    fixture.sim.add_fault(Fault::new(FaultKind::Answer(second)).operation("ListHostedZones").parameter("marker"));
    fixture.sim.add_fault(Fault::new(FaultKind::Answer(first)).operation("ListHostedZones"));
    let request =
        json!({ "run_id": "some", "accounts": "all", "resources": ["route53_hosted_zones", "route53_records"] });
    let response = fixture.run(request, None).await.expect("a response");
    crate::fixture::assert_complete(&response);
    assert_eq!(ids(&fixture.out(), "some", "route53_hosted_zones").len(), ZONES);
    assert_eq!(ids(&fixture.out(), "some", "route53_records").len(), ZONES * RECORDS);
    assert_eq!(response.records["route53_records"] as usize, ZONES * RECORDS);
    let calls = fixture.sim.log();
    for operation in ["ListResourceRecordSets", "GetHostedZone"] {
        assert_eq!(calls.iter().filter(|call| call.operation == operation).count(), ZONES, "{operation}");
    }
}

/// A policy of the customer's organization that closes a region costs few denied calls. A role's denials are always asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_closed_is_not_asked_to_the_end() {
    for (kind, is_closed) in [(FaultKind::ScpDenied, true), (FaultKind::Denied, false)] {
        for only in [false, true] {
            let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
            let closed = Fault::new(kind.clone()).service(crate::sim::Service::Ec2).region("us-east-2");
            fixture.sim.add_fault(closed);
            let regions = if only { json!(["us-east-2"]) } else { json!(["eu-west-1", "us-east-2"]) };
            let request = json!({ "run_id": "some", "accounts": "all", "regions": regions, "resources": ["ec2_*"] });
            fixture.run(request, None).await.expect("a response");
            let ledger = ledger(&fixture.out(), "some");
            let cells: Vec<&Value> = ledger.iter().filter(|row| row["region"] == "us-east-2").collect();
            let expected = if is_closed { "scp_denied" } else { "denied" };
            assert!(cells.iter().all(|row| row["status"] == expected), "{cells:?}");
            let calls = fixture.sim.log().iter().filter(|call| call.region == "us-east-2").count();
            let not_asked = cells.iter().filter(|row| {
                row["calls"] == 0 && row["error_message"].as_str().is_some_and(|text| text.starts_with("not asked"))
            });
            if is_closed && !only {
                // Five, and those that were in flight at the same time.
                assert!(calls <= 5 + fixture.settings.region_in_flight, "{calls} calls");
                assert!(not_asked.count() >= cells.len() - 5 - fixture.settings.region_in_flight);
            } else {
                // Every listing was asked. Children and details of a denied listing are not.
                let tables = Catalogue::get().expect("a catalogue").tables();
                let listed =
                    |row: &&&Value| tables.iter().any(|one| row["table"] == one.entry.table && one.parents().is_none());
                let listed = cells.iter().filter(listed).count();
                assert!(calls >= listed - 1 && not_asked.count() == 0, "{calls} calls for {listed} listings");
            }
        }
    }
}
