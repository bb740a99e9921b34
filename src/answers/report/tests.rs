//! Pages of small estates, as they are written, and what no page may do.
//!
//! With `ROLECALL_PAGES` the pages are written to that folder as well, where `tests/page` opens them in a browser.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::dns_verdicts::DnsVerdicts;
use super::report_sheet::RowList;
use super::*;
use crate::answers::facts::{Facts, FactsBuilder, Read};
use crate::answers::questions::{Options, of_one_moment};
use crate::answers::verdicts::JudgedRecords;
use crate::inventory::Status;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

fn tables() -> Vec<&'static str> {
    let tables: HashSet<&'static str> = reads().iter().map(|read| read.table).collect();
    let mut tables: Vec<&'static str> = tables.into_iter().collect();
    tables.sort_unstable();
    tables
}

fn document_of(facts: &Facts) -> ReportDocument {
    let registered = RegisteredAccount { name: Some("Acme Network".into()), customer: Some("acme".into()) };
    let inputs = ReportInputs {
        options: of_one_moment().map(|question| (question, Options::defaults(question))).collect(),
        tables: tables(),
        registered: Some(RegisteredAccounts::from_iter([(ACCOUNT.to_owned(), registered)])),
        ..ReportInputs::default()
    };
    document(facts, inputs)
}

/// The page. It is written to the folder of the environment too.
fn page_of(name: &str, facts: &Facts) -> String {
    let mut page = Vec::new();
    write_page(&document_of(facts), &mut page).unwrap();
    if let Some(folder) = std::env::var_os("ROLECALL_PAGES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &page).unwrap();
    }
    String::from_utf8(page).unwrap()
}

/// The blocks of a page, without those of empty sheets.
fn blocks(page: &str) -> String {
    let blocks = page.lines().skip_while(|line| !line.contains("id=\"data-estate\""));
    let blocks = blocks.take_while(|line| !line.starts_with("<script>\"use strict\""));
    let blocks: Vec<&str> = blocks.filter(|line| !line.ends_with(">[]</script>")).collect();
    blocks.join("\n").replace("{\"", "\n{\"")
}

/// The JSON of a block that is not compressed.
fn block(page: &str, name: &str) -> Value {
    let text = page.split_once(&format!("id=\"data-{name}\">")).unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(text).unwrap()
}

fn builder() -> FactsBuilder {
    FactsBuilder::new(&reads()).account(ACCOUNT, REGION)
}

fn row(id: &str, more: Value) -> Value {
    let mut row = json!({ "account_id": ACCOUNT, "region": REGION, "id": id });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// A VPC with a public and a private subnet.
fn network(builder: FactsBuilder, name: &str) -> FactsBuilder {
    builder
        .row("ec2_vpcs", row("vpc-01", json!({ "cidr_block": "10.0.0.0/16", "tags": { "Name": name, "owner": name } })))
        .row("ec2_subnets", row("subnet-01", json!({
            "vpc_id": "vpc-01", "cidr_block": "10.0.0.0/24", "availability_zone": "eu-central-1a", "tags": { "Name": "public" },
            "available_ip_address_count": 200,
        })))
        .row("ec2_subnets", row("subnet-02", json!({
            "vpc_id": "vpc-01", "cidr_block": "10.0.1.0/24", "availability_zone": "eu-central-1b",
            "available_ip_address_count": 251,
        })))
        .row("ec2_internet_gateways", row("igw-01", json!({ "attachments": [{ "VpcId": "vpc-01", "State": "available" }] })))
        .row("ec2_route_tables", row("rtb-01", json!({
            "vpc_id": "vpc-01", "associations": [{ "SubnetId": "subnet-01", "AssociationState": { "State": "associated" } }],
            "routes": [
                { "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active" },
                { "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-01", "State": "active" },
            ],
        })))
        .row("ec2_route_tables", row("rtb-02", json!({
            "vpc_id": "vpc-01", "associations": [{ "Main": true, "AssociationState": { "State": "associated" } }],
            "routes": [
                { "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active" },
                { "DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-01", "State": "active" },
                { "DestinationCidrBlock": "10.8.0.0/16", "NatGatewayId": "nat-01", "State": "blackhole" },
            ],
        })))
        .row("ec2_vpc_peering_connections", row("pcx-01", json!({
            "status": { "Code": "active" },
            "requester_vpc_info": { "VpcId": "vpc-01", "OwnerId": ACCOUNT, "Region": REGION },
            "accepter_vpc_info": { "VpcId": "vpc-99", "OwnerId": "999900001111", "Region": REGION },
        })))
}

#[test]
fn a_small_estate() {
    let facts = network(builder(), "shop").facts();
    insta::assert_snapshot!(blocks(&page_of("small", &facts)));
}

#[test]
fn an_estate_with_a_denied_account() {
    let other = "222233334444";
    let mut degraded = network(builder(), "shop")
        .status(ACCOUNT, REGION, "ec2_route_tables", Status::ScpDenied)
        .status(ACCOUNT, REGION, "ec2_vpn_connections", Status::Throttled);
    for table in tables() {
        degraded = degraded.status(other, "*", table, Status::Denied);
    }
    let facts = degraded.facts();
    let page = page_of("degraded", &facts);
    let map = block(&page, "map");
    let public: Vec<&Value> = map["subnets"].as_array().unwrap().iter().map(|subnet| &subnet["public"]).collect();
    assert_eq!(public, [&Value::Null, &Value::Null], "a route table that was not answered makes no subnet private");
    insta::assert_snapshot!(blocks(&page));
}

#[test]
fn an_empty_estate() {
    insta::assert_snapshot!(blocks(&page_of("empty", &builder().facts())));
}

#[test]
fn the_first_block_is_readable_however_large_it_is() {
    let mut large = network(builder(), "shop");
    for number in 0..60 {
        let account = format!("{}", 222_233_334_000_u64 + number);
        for table in tables() {
            large = large.status(&account, "*", table, Status::Denied);
        }
    }
    let page = page_of("large", &large.facts());
    let head = block(&page, "estate");
    assert!(head.to_string().len() > 64 << 10, "it would be compressed");
    assert_eq!(head["overview"]["accounts"].as_array().unwrap().len(), 61);
}

#[test]
fn verdicts_on_names_are_a_sheet_of_their_section() {
    let facts = network(builder(), "shop").status(ACCOUNT, REGION, "ec2_addresses", Status::Denied).facts();
    let reads = vec![Read::subject("ec2_addresses", &[])];
    let coverage = facts.cells.coverage(&reads, &facts.selection);
    let mut rows = RowList::new(1);
    rows.add(|| vec![json!("www.acme.example"), json!("unknown")]);
    rows.add(|| unreachable!("the sheet is full"));
    let verdicts = DnsVerdicts { rows, judged: JudgedRecords { coverage, findings: 1, reads } };
    let page = |verdicts: Option<DnsVerdicts>| {
        let inputs = ReportInputs { tables: tables(), verdicts, ..ReportInputs::default() };
        let mut page = Vec::new();
        write_page(&document(&facts, inputs), &mut page).unwrap();
        String::from_utf8(page).unwrap()
    };
    let section = |page: &str| block(page, "estate")["sections"][3].clone();
    let (without, with) = (page(None), page(Some(verdicts)));
    assert_eq!(block(&with, "sheet-dns-verdicts"), json!([["www.acme.example", "unknown"]]));
    let heads = block(&with, "estate")["sheets"].as_array().unwrap().clone();
    let head = heads.iter().find(|head| head["name"] == "dns-verdicts").unwrap();
    assert_eq!((&head["shown"], &head["total"]), (&json!(1), &json!(2)));
    assert!(!without.contains("data-sheet-dns-verdicts"));
    assert_eq!((&section(&with)["id"], &section(&without)["unknown"]), (&json!("dns"), &json!(0)));
    assert_eq!(section(&with)["unknown"], 1, "the section says what its verdicts do not know");
}

#[test]
fn hostile_values_stay_values() {
    let long = "x".repeat(10_000);
    let hostile = [
        "</script><script>document.title='broken'</script>",
        "<!--<script>",
        "=HYPERLINK(\"http://127.0.0.1:1/\",\"x\")",
        "\u{202e}gnp.exe",
        "a\0b",
        "{{script}}",
        "\" onfocus=alert(1) x=\"",
        long.as_str(),
    ];
    let mut builder = network(builder(), hostile[0]);
    for (number, text) in hostile.iter().enumerate() {
        let mut tags = serde_json::Map::new();
        tags.insert("Name".into(), json!(text));
        tags.insert((*text).to_owned(), json!(text));
        let id = format!("eipalloc-{number:02}");
        builder =
            builder.row("ec2_addresses", row(&id, json!({ "public_ip": format!("192.0.2.{number}"), "tags": tags })));
        let zone = json!({ "account_id": ACCOUNT, "region": "global", "id": format!("Z{number}"), "name": text,
                           "config": { "PrivateZone": false } });
        builder = builder.row("route53_hosted_zones", zone);
    }
    let page = page_of("hostile", &builder.facts());
    let end = page.find("<script>\"use strict\"").unwrap();
    let start = page.find("<script type=\"application/json\" id=\"data-estate\">").unwrap();
    for line in page[start..end].lines() {
        assert!(line.starts_with("<script type=\"application/") || !line.contains('<') || line.ends_with("</script>"));
        let inner = line.strip_suffix("</script>").unwrap_or(line);
        let inner = inner.split_once("\">").map_or(inner, |(_, inner)| inner);
        assert!(!inner.contains(['<', '>', '&', '\0', '\u{202e}']), "{inner}");
    }
    let names: Vec<String> = block(&page, "sheet-unattached-addresses")
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned))
        .collect();
    for text in hostile {
        assert!(names.iter().any(|name| name == text), "{text}");
    }
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_and_no_request() {
    let page = page_of("empty", &builder().facts());
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once('"').unwrap().0;
    let of = |start: &str, end: &str| page.split_once(start).unwrap().1.split_once(end).unwrap().0.to_owned();
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
            page::hash(&of("<script>", "</script>\n</body>")),
            page::hash(&of("<style>", "</style>"))
        )
    );
    for attribute in [" src=", "http-equiv=\"refresh\"", "<link", "<img", "<iframe", "@import", "url("] {
        let template = &page[..page.find("<script>").unwrap()];
        assert!(!template.contains(attribute), "{attribute}");
    }
}

#[test]
fn the_order_of_the_parts_does_not_depend_on_threads() {
    let facts = network(builder(), "shop").facts();
    let page = || {
        let mut page = Vec::new();
        write_page(&document_of(&facts), &mut page).unwrap();
        page
    };
    let first = page();
    for _ in 0..5 {
        assert!(page() == first);
    }
}
