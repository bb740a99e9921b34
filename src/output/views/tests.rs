//! Checks the generated texts by snapshots. `tests/it/views` checks that the engines accept them.

use super::*;
use crate::domain::Format;
use crate::inventory::{ColumnType, EXTRA_COLUMN, OPENING_COLUMNS};

fn column(name: &str, kind: ColumnType) -> Column {
    Column { name: name.into(), kind }
}

fn resource_table(name: &str, own: &[(&str, ColumnType)]) -> TableColumns {
    let opening = OPENING_COLUMNS.iter().map(|name| match *name {
        "tags" => column(name, ColumnType::Map),
        "collected_at" => column(name, ColumnType::Timestamp),
        _ => column(name, ColumnType::String),
    });
    let own = own.iter().map(|(name, kind)| column(name, *kind));
    let extra = column(EXTRA_COLUMN, ColumnType::Json);
    TableColumns { name: name.into(), columns: opening.chain(own).chain([extra]).collect() }
}

fn ledger() -> TableColumns {
    let columns = ["run_id", "account_id", "region", "table", "status"].map(|name| column(name, ColumnType::String));
    TableColumns { name: LEDGER.into(), columns: columns.into() }
}

fn tables() -> Vec<TableColumns> {
    let vpcs = [("is_default", ColumnType::Boolean), ("cidrs", ColumnType::Json), ("on", ColumnType::Integer)];
    vec![
        resource_table("ec2_vpcs", &vpcs),
        resource_table("route53_records", &[("weight", ColumnType::Double)]),
        ledger(),
    ]
}

#[test]
fn over_parquet_in_a_folder() {
    insta::assert_snapshot!(duckdb(&tables(), "/data/it's [out]/", Format::Parquet, |_| true));
}

#[test]
fn over_ndjson_on_s3_with_a_table_that_no_run_has_written() {
    let present = |table: &str| table != "route53_records";
    insta::assert_snapshot!(duckdb(&tables(), "s3://results/prefix", Format::Ndjson, present));
}

#[test]
fn before_the_first_run() {
    let script = duckdb(&tables(), "out", Format::Parquet, |table| table != LEDGER);
    assert!(!script.contains("read_"), "{script}");
    assert_eq!(script.matches("create or replace view").count(), 3 + 3 * tables().len());
}

#[test]
fn an_output_cannot_leave_its_text() {
    let script = duckdb(&tables(), "a'; drop x;\n--", Format::Parquet, |_| true);
    assert!(script.starts_with("-- Views over rolecall's parquet below a'; drop x;\\n--, for"), "{script}");
    let escaped = script.matches("'a''; drop x;' || chr(10) || '--/").count();
    assert_eq!(escaped, script.matches("drop x").count() - 1);
}

#[test]
fn without_a_ledger_nothing_is_current() {
    let tables = [resource_table("ec2_vpcs", &[])];
    for text in [duckdb(&tables, "out", Format::Parquet, |_| true), athena(&tables)] {
        assert!(!text.contains("current_ec2") && !text.contains("view answered_cells"), "{text}");
    }
}

#[test]
fn for_athena() {
    insta::assert_snapshot!(athena(&tables()));
}

#[test]
fn the_template_is_the_same_for_every_database_and_bucket() {
    for line in athena(&tables()).lines().filter(|line| line.contains("originalSql")) {
        assert_eq!(line.matches("${").count(), line.matches("${Database}").count(), "{line}");
    }
}

#[test]
fn a_large_catalogue_stays_within_what_cloudformation_takes() {
    let names: Vec<String> = (0..25).map(|number| format!("a_name_of_middling_size_{number}")).collect();
    let own: Vec<_> = names.iter().map(|name| (name.as_str(), ColumnType::Json)).collect();
    let mut tables: Vec<_> =
        (0..65).map(|number| resource_table(&format!("ec2_some_resource_type_{number}"), &own)).collect();
    tables.push(ledger());
    let template = athena(&tables);
    assert!(template.len() < 1_000_000, "{}", template.len());
    assert!(template.matches("\n    Type: AWS::").count() < 500);
}
