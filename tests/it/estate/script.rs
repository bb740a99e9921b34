//! The script of views for DuckDB: over the format that it is asked for, and what an output without that format gets.

use super::{answer, collect, fixture, fixture_in_bucket, whole};
use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::Fixture;

const FORMATS: [&str; 2] = ["parquet", "ndjson"];

fn script(fixture: &Fixture, more: &[&str]) -> CommandOutput {
    answer(fixture, &[&["schema", "duckdb"], more].concat())
}

/// Asserts that a script is over this format, and that it has a table with rows.
fn assert_script(printed: &CommandOutput, format: &str) {
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(printed.out.starts_with(&format!("-- Views over rolecall's {format} below ")), "{printed:?}");
    assert!(printed.out.contains(&format!("/{format}/ec2_vpcs/dt=*/")), "{printed:?}");
}

/// Asserts that the other format was refused, with what to do instead.
fn assert_refused(printed: &CommandOutput, place: &str, asked: &str, has: &str) {
    let what = format!("{place} has no runs in {asked}, only in {has}: give --format {has}, or set ROLECALL_FORMAT");
    assert_eq!((printed.code, printed.out.as_str()), (2, ""), "{printed:?}");
    assert_eq!(printed.err, format!("rolecall: InvalidSettings\n  {what}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_in_the_other_format_is_refused_with_the_flag_that_helps() {
    for (asked, has) in [("parquet", "ndjson"), ("ndjson", "parquet")] {
        let fixture = fixture(has).await;
        collect(&fixture, whole("one")).await;
        let place = fixture.out().display().to_string();
        assert_refused(&script(&fixture, &["--format", asked]), &place, asked, has);
        assert_script(&script(&fixture, &["--format", has]), has);
        let by_variable = |format: &str| {
            let mut command = super::command(&fixture, &["schema", "duckdb"]);
            command.env("ROLECALL_FORMAT", format);
            tokio::task::block_in_place(|| run_command(command))
        };
        assert_refused(&by_variable(asked), &place, asked, has);
        assert_script(&by_variable(has), has);
        // Without a flag it is Parquet.
        let default = script(&fixture, &[]);
        if has == "parquet" {
            assert_script(&default, has);
        } else {
            assert_refused(&default, &place, "parquet", has);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_the_other_format_is_refused_too() {
    let fixture = fixture_in_bucket().await;
    collect(&fixture, whole("one")).await;
    assert_refused(&script(&fixture, &["--format", "ndjson"]), "s3://results/inventory", "ndjson", "parquet");
    assert_script(&script(&fixture, &["--format", "parquet"]), "parquet");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_in_both_formats_has_a_script_over_each() {
    let fixture = fixture("parquet").await;
    collect(&fixture, whole("one")).await;
    let mut request = whole("two");
    request["format"] = "ndjson".into();
    collect(&fixture, request).await;
    for format in FORMATS {
        assert_script(&script(&fixture, &["--format", format]), format);
    }
}

/// Nothing is wrong with an output that no run was committed to: the views are there, and empty.
#[test]
fn an_output_without_a_run_has_views_without_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(place("empty")).expect("a folder");
    // What a run leaves that died before its commit.
    for format in FORMATS {
        let table = folder.path().join(format!("died-{format}/{format}/ledger/dt=2026-01-01"));
        std::fs::create_dir_all(&table).expect("a folder");
        std::fs::write(table.join(format!("z.0.00000000.0.{format}")), "").expect("written");
    }
    for name in ["empty", "nowhere", "died-parquet", "died-ndjson"] {
        for format in FORMATS {
            let printed = run_command(rolecall(&["schema", "duckdb", "--output", &place(name), "--format", format]));
            assert_eq!((printed.code, printed.err.as_str()), (0, ""), "{name} in {format}: {printed:?}");
            assert!(printed.out.contains("create or replace view current_ec2_vpcs as"), "{name} in {format}");
            assert!(!printed.out.contains("dt=*/"), "{name} in {format}: a pattern that no file matches");
        }
    }
}
