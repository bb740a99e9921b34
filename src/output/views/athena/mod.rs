//! The tables and views as a CloudFormation template for Athena, over Parquet on S3.
//!
//! Knows Glue's tables, partition projection, the form in which Athena keeps its views, and its SQL; nothing of the
//! bucket, which is a parameter of the template.

mod columns;
mod sql;

use std::fmt::Write;

use serde::Serialize;

use super::{TableColumns, wrapped};
use crate::inventory::Column;
use columns::{cells, dated, files, hive, presto, runs};

/// Parameters, conditions, the database and the workgroup: all that does not depend on the catalogue.
const HEAD: &str = include_str!("head.yaml");

const PARQUET: [&str; 3] = [
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe, \
     Parameters: { parquet.column.index.access: \"false\" }",
];
const JSON: [&str; 3] = [
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerializationLibrary: org.openx.data.jsonserde.JsonSerDe",
];

/// What YAML takes for something else than a text.
const YAML_WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// The text of `infra/athena.yaml`.
pub(crate) fn athena(tables: &[TableColumns]) -> String {
    let mut template = Template(HEAD.into());
    template.stored("CommittedFiles", "committed_files", "committed", &JSON, &files());
    template.view("CommittedRuns", "committed_runs", sql::COMMITTED_RUNS, &runs());
    for TableColumns { name, columns } in tables {
        let id = pascal(name);
        template.stored(&format!("Raw{id}"), &format!("raw_{name}"), &format!("parquet/{name}"), &PARQUET, columns);
        template.view(&id, name, &sql::committed(name), &dated(columns));
    }
    if let Some(ledger) = tables.iter().find(|table| !table.is_resources()) {
        template.view("AnsweredCells", "answered_cells", sql::ANSWERED_CELLS, &cells());
        template.view("CurrentLedger", "current_ledger", &sql::current_ledger(ledger), &dated(&ledger.columns));
        for TableColumns { name, columns } in tables.iter().filter(|table| table.is_resources()) {
            let (id, sql) = (format!("Current{}", pascal(name)), sql::current(name));
            template.view(&id, &format!("current_{name}"), &sql, &dated(columns));
        }
    }
    template.0
}

/// The template's text as it grows.
struct Template(String);

impl Template {
    /// A table over the files in a folder below the prefix, in folders of their own for each date.
    fn stored(&mut self, id: &str, name: &str, folder: &str, [input, output, serde]: &[&str; 3], columns: &[Column]) {
        // "a/b" and "a/b/" both become "a/b/": the slash is added, and of two in a row one is taken away.
        let below = |rest: &str| {
            format!(
                "!Sub [\"s3://${{Bucket}}/${{P}}{folder}/{rest}\", \
                 {{ P: !If [HasPrefix, !Join [\"/\", !Split [\"//\", !Sub \"${{Prefix}}/\"]], \"\"] }}]"
            )
        };
        let (location, of_a_day) = (below(""), below("dt=${!dt}/"));
        self.table(id, name, "EXTERNAL_TABLE");
        let _ = write!(
            self.0,
            "        PartitionKeys: [{{ Name: dt, Type: string }}]\n        Parameters:\n          \
             EXTERNAL: \"TRUE\"\n          projection.enabled: \"true\"\n          projection.dt.type: date\n          \
             projection.dt.format: yyyy-MM-dd\n          projection.dt.range: !Sub \"${{FirstDate}},NOW\"\n          \
             storage.location.template: {of_a_day}\n        StorageDescriptor:\n          Location: {location}\n          \
             InputFormat: {input}\n          OutputFormat: {output}\n          SerdeInfo: {{ {serde} }}\n"
        );
        self.columns(columns);
    }

    /// A view, as Athena itself keeps one: its statement and columns as JSON, that in base64, that in a comment.
    fn view(&mut self, id: &str, name: &str, sql: &str, columns: &[Column]) {
        let of_presto =
            columns.iter().map(|column| Presto { name: &column.name, r#type: presto(column.kind) }).collect();
        let kept = Kept { original_sql: sql, catalog: "awsdatacatalog", schema: "${Database}", columns: of_presto };
        // Texts and lists of texts alone, so that it cannot fail.
        let kept = serde_json::to_string(&kept).unwrap_or_default().replace('\'', "''");
        self.table(id, name, "VIRTUAL_VIEW");
        let _ = write!(
            self.0,
            "        Parameters: {{ presto_view: \"true\", comment: Presto View }}\n        ViewOriginalText: !Sub\n          \
             - \"/* Presto View: ${{View}} */\"\n          - View:\n              Fn::Base64: !Sub '{kept}'\n        \
             ViewExpandedText: /* Presto View */\n        StorageDescriptor:\n          Location: \"\"\n          \
             SerdeInfo: {{}}\n"
        );
        self.columns(columns);
    }

    fn table(&mut self, id: &str, name: &str, kind: &str) {
        let _ = write!(
            self.0,
            "\n  {id}:\n    Type: AWS::Glue::Table\n    Properties:\n      CatalogId: !Ref AWS::AccountId\n      \
             DatabaseName: !Ref GlueDatabase\n      TableInput:\n        Name: {name}\n        TableType: {kind}\n"
        );
    }

    /// In flow style, several to a line: columns are most of the template, which may have a megabyte.
    fn columns(&mut self, columns: &[Column]) {
        let columns = columns.iter().map(|Column { name, kind }| {
            let quote = if YAML_WORDS.contains(&name.as_str()) { "\"" } else { "" };
            format!("{{ Name: {quote}{name}{quote}, Type: {} }}", hive(*kind))
        });
        let _ = writeln!(self.0, "          Columns: [{}]", wrapped(columns, "            "));
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    original_sql: &'a str,
    catalog: &'a str,
    schema: &'a str,
    columns: Vec<Presto<'a>>,
}

#[derive(Serialize)]
struct Presto<'a> {
    name: &'a str,
    r#type: &'a str,
}

/// `ec2_vpcs` as the name of a resource of the template: `Ec2Vpcs`.
fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        pascal.extend(letters);
    }
    pascal
}
