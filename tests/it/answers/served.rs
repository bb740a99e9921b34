//! Mutated bodies served to the whole engine: the ledger claims no more than what became rows.

use bytes::Bytes;
use rolecall::testing::{Catalogue, Reach, Settings, Source};
use serde_json::{Value, json};

use super::listings;
use super::mutation::{MUTATIONS, NESTED, damaged, mutate, style, written};
use super::tree::{Dice, Role, response};
use crate::command::manifest;
use crate::emulator::python;
use crate::fixture::{Fixture, account_with, files_below, ledger, ledger_row};
use crate::sim::{Fault, FaultKind, account_id};

const REGION: &str = "eu-west-1";
/// Runs, each with another mutated body for every regional listing.
const RUNS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn no_cell_claims_more_than_its_rows() {
    let fixture = Fixture::start(1, account_with(0, 0, 0), |_| {}).await;
    let settings = Settings { attempts: 1, format: Some("ndjson".into()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let tables: Vec<_> = listings()
        .into_iter()
        .filter(|table| {
            table.entry.reach == Reach::Regional
                && table.details.is_empty()
                && matches!(table.entry.source, Source::Listed(_))
        })
        .collect();
    let names: Vec<&str> = tables.iter().map(|table| table.entry.table).collect();
    let (mut claimed, mut refused) = (0, 0);
    for run in 0..RUNS {
        fixture.sim.clear_faults();
        let mut served = Vec::new();
        for (number, table) in tables.iter().enumerate() {
            let mut dice = Dice::new((3_000_000 + run * 1000 + number) as u64);
            let mut root = response(table, &mut dice);
            let mutation = (run + number) % (MUTATIONS + 3);
            if mutation < MUTATIONS {
                mutate(&mut root, mutation, &mut dice);
            }
            let document = written(&root, style(&mut dice));
            let is_damaged = mutation > MUTATIONS;
            let body = if is_damaged { damaged(&document, &mut dice) } else { document.into_bytes() };
            let operation = table.entry.operation.split(':').nth(1).expect("a name");
            let body_again = Bytes::from(body.clone());
            fixture.sim.add_fault(Fault::new(FaultKind::Body(body_again)).operation(operation).region(REGION));
            served.push((root, mutation, body));
        }
        let run_id = format!("mutated-{run}");
        let request = json!({ "run_id": run_id, "accounts": "all", "regions": [REGION], "resources": names });
        fixture.run(request, None).await.expect("a response");
        let ledger = ledger(&fixture.out(), &run_id);
        for (table, (root, mutation, body)) in tables.iter().zip(served) {
            let (is_damaged, nested) = (mutation > MUTATIONS, u64::from(mutation == NESTED));
            let row: &Value = ledger_row(&ledger, &account_id(0), REGION, table.entry.table);
            let body = String::from_utf8_lossy(&body);
            match row["status"].as_str().expect("a status") {
                "ok" | "empty" => {
                    claimed += 1;
                    // A part that was cut out whole leaves a response that is as good as any other.
                    let items = root.different_items() as u64;
                    assert!(
                        is_damaged || row["records"].as_u64().map(|rows| rows + nested) >= Some(items),
                        "{row}\n{body}"
                    );
                    assert!(is_damaged || root.count(Role::Paging) == 0, "a page is not asked for: {row}\n{body}");
                }
                "failed" | "partial" => {
                    refused += 1;
                    let message = row["error_message"].as_str().expect("a message");
                    assert!(!message.contains("without an error code"), "{row}");
                }
                other => panic!("{other}: {row}\n{body}"),
            }
        }
    }
    assert!(claimed > 200 && refused > 200, "{claimed} cells claim their rows, {refused} do not");
}

/// Serves a body for a regional or global listing, and returns the cell's row.
async fn serve(fixture: &Fixture, table: &str, body: impl Into<Bytes>) -> Value {
    let found = Catalogue::get().expect("a catalogue").find(table).expect("a table");
    let operation = found.entry.operation.split(':').nth(1).expect("a name");
    fixture.sim.clear_faults();
    fixture.sim.add_fault(Fault::new(FaultKind::Body(body.into())).operation(operation));
    let request = json!({ "run_id": table, "accounts": "all", "regions": [REGION], "resources": [table] });
    fixture.run(request, None).await.expect("a response");
    let region = if found.entry.reach == Reach::Global { "global" } else { REGION };
    ledger_row(&ledger(&fixture.out(), table), &account_id(0), region, table).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_used_says_why() {
    let fixture = Fixture::start(1, account_with(0, 0, 0), |_| {}).await;
    let settings = Settings { attempts: 1, body_memory: 1 << 20, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let no_boolean =
        "<ListHostedZonesResponse><HostedZones/><IsTruncated>perhaps</IsTruncated></ListHostedZonesResponse>";
    let two = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse><DescribeVpcsResponse/>";
    let tiny = format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet>{}</instancesSet></item></reservationSet></DescribeInstancesResponse>",
        "<item/>".repeat(100_000)
    );
    let large = format!("<DescribeSubnetsResponse><subnetSet/>{}</DescribeSubnetsResponse>", " ".repeat(33 << 20));
    for (table, body, expected) in [
        (
            "route53_hosted_zones",
            no_boolean,
            "route53:ListHostedZones: the response cannot be decoded: <IsTruncated> is not of its type",
        ),
        ("ec2_vpcs", two, "ec2:DescribeVpcs: the response cannot be decoded: a second document follows"),
        ("ec2_instances", &tiny, "its items take more than the 67108864 bytes"),
        ("ec2_subnets", &large, "it is larger than 33554432 bytes, the most that ROLECALL_BODY_MEMORY lets one have"),
    ] {
        let row = serve(&fixture, table, body.to_owned()).await;
        let message = row["error_message"].as_str().expect("a message");
        assert!(message.contains(expected) && row["status"] == "failed", "{row}");
        assert!(row["records"] == 0 && row["calls"] == 1, "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ndjson_with_tags_that_differ_in_case_opens_in_duckdb() {
    let fixture = Fixture::start(1, account_with(0, 0, 0), |_| {}).await;
    let tag = |key: &str, value: &str| format!("<item><key>{key}</key><value>{value}</value></item>");
    let vpc = |tags: &str| format!("<item><vpcId>v</vpcId><isDefault>true</isDefault><tagSet>{tags}</tagSet></item>");
    let vpcs = [vpc(&(tag("owner", "a") + &tag("Owner", "b"))), vpc(&tag("OWNER", "c"))].concat();
    let body = format!("<DescribeVpcsResponse><vpcSet>{vpcs}</vpcSet></DescribeVpcsResponse>");
    // No account has these VPCs, so their attributes are not found.
    assert_eq!(serve(&fixture, "ec2_vpcs", body).await["status"], "partial");
    assert!(manifest(&fixture.out(), "ec2_vpcs").is_object());
    let files = files_below(&fixture.out().join("ndjson/ec2_vpcs"));
    let page = std::fs::read_to_string(crate::emulator::root().join("infra/OUTPUT.md")).expect("a page");
    let advice = "map_inference_threshold = 0";
    assert!(page.contains(advice), "the page on the output says how such files are opened");
    let script = format!(
        "import duckdb; print(duckdb.sql(\"select is_default, tags['owner'], tags['Owner'], tags['OWNER'] \
         from read_json('{}', {advice})\").fetchall())",
        files[0].display()
    );
    let output = std::process::Command::new(python()).args(["-c", &script]).output().expect("python runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected = "[(True, 'a', 'b', None), (True, None, None, 'c')]";
    assert_eq!(printed.trim(), expected, "{}", String::from_utf8_lossy(&output.stderr));
}
