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
        "digest" => column(name, ColumnType::Integer),
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

/// An output that has these tables, and states.
fn held(tables: &[&str]) -> HeldFiles {
    HeldFiles { tables: tables.iter().map(|name| (*name).to_owned()).collect(), state: true, changes: true }
}

const ALL: &[&str] = &["ec2_vpcs", "route53_records", LEDGER];

#[test]
fn over_parquet_in_a_folder() {
    insta::assert_snapshot!(duckdb(&tables(), "/data/it's [out]/", Format::Parquet, &held(ALL)));
}

#[test]
fn over_ndjson_on_s3_with_a_table_that_no_run_has_written() {
    let held = held(&["ec2_vpcs", LEDGER]);
    insta::assert_snapshot!(duckdb(&tables(), "s3://results/prefix", Format::Ndjson, &held));
}

#[test]
fn before_the_first_run() {
    let script = duckdb(&tables(), "out", Format::Parquet, &held(&["ec2_vpcs"]));
    assert!(!script.contains("read_"), "{script}");
    assert_eq!(script.matches("create or replace view").count(), 9 + 3 * tables().len());
}

#[test]
fn an_output_of_an_earlier_version_has_no_state() {
    let script = duckdb(&tables(), "out", Format::Parquet, &HeldFiles { state: false, ..held(ALL) });
    assert!(!script.contains("out/state"), "{script}");
    assert!(
        script.contains("view newer_files as\nselect run_id, started_at, dt, \"table\", path from committed_files;")
    );
}

#[test]
fn the_table_of_athena_has_each_column_of_the_state_once() {
    for table in tables() {
        let template = athena(&[table.clone(), ledger()]);
        let start = template.find(&format!("Name: state_{}\n", table.name)).unwrap_or_default();
        let columns = &template[start..start + template[start..].find("}]\n\n").unwrap_or_default()];
        for name in ["table", "region", "run_id", "run_started_at", "answered_run_id"] {
            assert_eq!(columns.matches(&format!("Name: {name},")).count(), 1, "{name} of {columns}");
        }
    }
}

#[test]
fn an_output_cannot_leave_its_text() {
    let script = duckdb(&tables(), "a'; drop x;\n--", Format::Parquet, &held(ALL));
    assert!(script.starts_with("-- Views over rolecall's parquet below a'; drop x;\\n--, for"), "{script}");
    let escaped = script.matches("'a''; drop x;' || chr(10) || '--/").count();
    assert_eq!(escaped, script.matches("drop x").count() - 1);
}

#[test]
fn without_a_ledger_nothing_is_current() {
    let tables = [resource_table("ec2_vpcs", &[])];
    for text in [duckdb(&tables, "out", Format::Parquet, &held(ALL)), athena(&tables)] {
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
        let known = ["${Database}", "${Opening}", "${Names}"].map(|name| line.matches(name).count());
        assert_eq!(line.matches("${").count(), known.iter().sum::<usize>(), "{line}");
    }
}

#[test]
fn further_tables_have_a_template_of_their_own() {
    let mut all = tables();
    all.push(resource_table("route53resolver_rules", &[("domain_name", ColumnType::String)]));
    assert_eq!(athena(&all), athena(&tables()));
    let further = athena_names(&all);
    for name in ["raw_route53resolver_rules", "route53resolver_rules", "state_route53resolver_rules"] {
        assert!(further.contains(&format!("        Name: {name}\n")), "{name}");
    }
    assert_eq!(further.matches("    Type: AWS::Glue::Table").count(), 4);
    assert_eq!(further.matches("DatabaseName: !Ref Database\n").count(), 4);
    assert!(!further.contains("GlueDatabase") && !further.contains('@'), "{further}");
}

/// The catalogue of 2026 has 107 tables of 11 columns of their own with names of 15 letters on average in the
/// first template. This one has a few more.
#[test]
fn a_large_catalogue_stays_within_what_cloudformation_takes() {
    let names: Vec<String> = (0..11).map(|number| format!("a_middle_name_{number}")).collect();
    let own: Vec<_> = names.iter().map(|name| (name.as_str(), ColumnType::Json)).collect();
    let mut tables: Vec<_> =
        (0..112).map(|number| resource_table(&format!("ec2_some_resource_type_{number}"), &own)).collect();
    tables.push(ledger());
    let template = athena(&tables);
    assert!(template.len() < 1_000_000, "{}", template.len());
    assert!(template.matches("\n    Type: AWS::").count() < 500);
}
