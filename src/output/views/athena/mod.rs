//! Generates a CloudFormation template with the tables and views for Athena, over Parquet on S3.
//!
//! **Invariant:** knows Glue's tables, partition projection, lists of files, and the form and SQL of Athena's views, and
//! nothing of the bucket, which is a parameter of the template.

mod columns;
mod sql;

use std::fmt::Write;

use serde::Serialize;

use super::TableColumns;
use crate::catalogue::ACCOUNTS;
use crate::inventory::{CHANGES, Column, ColumnType, LEDGER, OPENING_COLUMNS};
use crate::output::sink::changes_columns;
use columns::{cells, files, glue_type, listed_changes, listed_files, presto_type, runs, with_partition, with_state};

/// The part that does not depend on the catalogue: parameters, conditions, the database and the workgroup.
const HEAD: &str = include_str!("head.yaml");
/// The same part of the second template, which uses the database of the first.
const HEAD_NAMES: &str = include_str!("head_names.yaml");
/// The tables of the first template. A stack has at most 500 resources, and a table cannot move to another stack without a
/// gap, so whatever was not in the first template stays in the second one.
const FIRST: [&str; 2] = ["ec2_", "route53_"];

const PARQUET: Storage = Storage {
    input: "!FindInMap [Once, Parquet, Input]",
    output: "!FindInMap [Once, Parquet, Output]",
    serde: PARQUET_SERDE,
};
/// A text file that names Parquet files, one a line.
const LIST_OF_PARQUET: Storage = Storage {
    input: "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
    output: "org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat",
    serde: PARQUET_SERDE,
};
const JSON: Storage = Storage {
    input: "org.apache.hadoop.mapred.TextInputFormat",
    output: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    serde: "SerializationLibrary: org.openx.data.jsonserde.JsonSerDe",
};
const PARQUET_SERDE: &str = "SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe, \
     Parameters: { parquet.column.index.access: \"false\" }";

/// Trino and EMR run a view in its owner's name, and refuse one without. Athena runs it in the caller's.
const OWNER: &str = "rolecall";

/// Words that YAML does not read as text unless they are quoted.
const YAML_WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// Generates the text of `infra/athena.yaml`.
pub(crate) fn athena(tables: &[TableColumns]) -> String {
    let tables: Vec<&TableColumns> = tables.iter().filter(|table| is_in_first(&table.name)).collect();
    let mut template = Template::new(HEAD, "GlueDatabase");
    template.dated_table("RawCommittedFiles", ("raw_committed_files", "committed"), &JSON, &listed_files());
    template.view("CommittedFiles", "committed_files", sql::COMMITTED_FILES, &files());
    template.view("CommittedRuns", "committed_runs", sql::COMMITTED_RUNS, &runs());
    tables.iter().for_each(|table| template.committed(table));
    if tables.iter().any(|table| !table.has_resources()) {
        template.view("AnsweredCells", "answered_cells", sql::ANSWERED_CELLS, &cells());
        tables.iter().for_each(|table| template.current(table));
        template.changes();
    }
    template.text
}

/// Generates the text of `infra/athena-names.yaml`, with the tables that the first template does not have.
pub(crate) fn athena_names(tables: &[TableColumns]) -> String {
    let mut template = Template::new(HEAD_NAMES, "Database");
    let further = || tables.iter().filter(|table| !is_in_first(&table.name));
    further().for_each(|table| template.committed(table));
    further().for_each(|table| template.current(table));
    template.text
}

fn is_in_first(table: &str) -> bool {
    [LEDGER, ACCOUNTS].contains(&table) || FIRST.iter().any(|prefix| table.starts_with(prefix))
}

/// The text of a template, to which resources are appended.
struct Template {
    text: String,
    /// The resource or the parameter that names the database.
    database: &'static str,
}

impl Template {
    fn new(head: &str, database: &'static str) -> Self {
        let text = head.replace("@opening@", &opening_json()).replace("@names@", &opening_names());
        Self { text, database }
    }

    /// Appends the table over a table's files, and the view that selects the committed rows.
    fn committed(&mut self, TableColumns { name, columns }: &TableColumns) {
        let id = pascal_case(name);
        let place = (&*format!("raw_{name}"), &*format!("parquet/{name}"));
        self.dated_table(&format!("Raw{id}"), place, &PARQUET, columns);
        self.view(&id, name, &sql::committed(name), &with_partition(columns));
    }

    /// Appends the table over the newest state and a table's current files, and the view that selects the current rows.
    fn current(&mut self, table: &TableColumns) {
        let (name, id) = (&table.name, pascal_case(&table.name));
        self.table(&format!("State{id}"), &format!("state_{name}"), "EXTERNAL_TABLE");
        self.text.push_str("        Parameters: { EXTERNAL: \"TRUE\" }\n");
        self.storage(&below(&format!("symlinks/{name}/")), &LIST_OF_PARQUET, &with_state(table));
        let sql = if table.has_resources() { sql::current(table) } else { sql::current_ledger(table) };
        self.view(&format!("Current{id}"), &format!("current_{name}"), &sql, &with_partition(&table.columns));
    }

    /// Appends the tables over what runs changed, and the view of the files that count.
    fn changes(&mut self) {
        let columns = changes_columns();
        let lists = ("raw_recorded_changes", CHANGES);
        self.dated_table("RawRecordedChanges", lists, &JSON, &listed_changes());
        let (raw, folder) = (format!("raw_{CHANGES}"), format!("parquet/{CHANGES}"));
        self.dated_table("RawChanges", (&raw, &folder), &PARQUET, &columns);
        self.view("Changes", CHANGES, &sql::changes(), &with_partition(&columns));
    }

    /// Appends a table over the files of a folder below the prefix. Each date has a folder of its own.
    fn dated_table(&mut self, id: &str, (name, folder): (&str, &str), storage: &Storage, columns: &[Column]) {
        let location_of_date = below(&format!("{folder}/dt=${{!dt}}/"));
        self.table(id, name, "EXTERNAL_TABLE");
        let _ = write!(
            self.text,
            "        PartitionKeys: [{{ Name: dt, Type: string }}]\n        Parameters:\n          \
             EXTERNAL: \"TRUE\"\n          projection.enabled: \"true\"\n          projection.dt.type: date\n          \
             projection.dt.format: yyyy-MM-dd\n          projection.dt.range: !Sub \"${{FirstDate}},NOW\"\n          \
             storage.location.template: {location_of_date}\n"
        );
        self.storage(&below(&format!("{folder}/")), storage, columns);
    }

    fn storage(&mut self, location: &str, Storage { input, output, serde }: &Storage, columns: &[Column]) {
        let _ = write!(
            self.text,
            "        StorageDescriptor:\n          Location: {location}\n          InputFormat: {input}\n          \
             OutputFormat: {output}\n          SerdeInfo: {{ {serde} }}\n"
        );
        self.columns(columns);
    }

    /// Appends a view in the form that Athena itself stores: a comment with the base64 of a JSON document, which has
    /// the statement and the columns.
    fn view(&mut self, id: &str, name: &str, sql: &str, columns: &[Column]) {
        let presto_columns = columns
            .iter()
            .map(|column| PrestoColumn { name: &column.name, r#type: presto_type(column.kind) })
            .collect();
        let view =
            PrestoView { original_sql: sql, catalog: "awsdatacatalog", schema: "${Database}", columns: presto_columns };
        // Serialising texts and lists of texts cannot fail.
        let view = serde_json::to_string(&view).unwrap_or_default();
        let view =
            view.replace(&opening_json(), "${Opening}").replace(&opening_names(), "${Names}").replace('\'', "''");
        let has = |name: &str| view.contains(&format!("${{{name}}}"));
        let used = ["Opening", "Names"].into_iter().filter(|name| has(name));
        let used: Vec<String> = used.map(|name| format!("{name}: !FindInMap [Once, View, {name}]")).collect();
        let view = if used.is_empty() { format!("'{view}'") } else { format!("['{view}', {{ {} }}]", used.join(", ")) };
        self.table(id, name, "VIRTUAL_VIEW");
        let _ = write!(
            self.text,
            "        Owner: {OWNER}\n        Parameters: {{ presto_view: \"true\", comment: Presto View }}\n        \
             ViewOriginalText: !Sub\n          \
             - \"/* Presto View: ${{View}} */\"\n          - View:\n              Fn::Base64: !Sub {view}\n        \
             ViewExpandedText: /* Presto View */\n        StorageDescriptor:\n          Location: \"\"\n          \
             SerdeInfo: {{}}\n"
        );
        self.columns(columns);
    }

    fn table(&mut self, id: &str, name: &str, kind: &str) {
        let database = self.database;
        let _ = write!(
            self.text,
            "\n  {id}:\n    Type: AWS::Glue::Table\n    Properties:\n      CatalogId: !Ref AWS::AccountId\n      \
             DatabaseName: !Ref {database}\n      TableInput:\n        Name: {name}\n        TableType: {kind}\n"
        );
    }

    /// Appends columns in flow style, on one line: CloudFormation accepts at most 1 MB, and most of it is columns.
    fn columns(&mut self, columns: &[Column]) {
        let columns = columns.iter().map(|Column { name, kind }| {
            let quote = if YAML_WORDS.contains(&name.as_str()) { "\"" } else { "" };
            format!("{{Name: {quote}{name}{quote},Type: {}}}", glue_type(*kind))
        });
        let _ = writeln!(self.text, "          Columns: [{}]", columns.collect::<Vec<_>>().join(","));
    }
}

/// The opening columns of all tables in the JSON of a view. The template has them once, since each view has them.
fn opening_json() -> String {
    let kind = |name: &str| match name {
        "tags" => ColumnType::Map,
        "digest" => ColumnType::Integer,
        "collected_at" => ColumnType::Timestamp,
        _ => ColumnType::String,
    };
    let columns = OPENING_COLUMNS.iter().map(|name| PrestoColumn { name, r#type: presto_type(kind(name)) });
    let json = serde_json::to_string(&columns.collect::<Vec<_>>()).unwrap_or_default();
    json.trim_matches(['[', ']']).to_owned()
}

/// The names of the opening columns as SQL in the JSON of a view.
fn opening_names() -> String {
    let names = OPENING_COLUMNS.iter().map(|name| format!("\\\"{name}\\\""));
    names.collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrestoView<'a> {
    original_sql: &'a str,
    catalog: &'a str,
    schema: &'a str,
    columns: Vec<PrestoColumn<'a>>,
}

#[derive(Serialize)]
struct PrestoColumn<'a> {
    name: &'a str,
    r#type: &'a str,
}

/// How Glue reads a table's files.
struct Storage {
    input: &'static str,
    output: &'static str,
    serde: &'static str,
}

/// The place of a folder below the prefix. `a/b` and `a/b/` both become `a/b/`: a slash is added, and a double slash
/// becomes one.
fn below(rest: &str) -> String {
    format!(
        "!Sub [\"s3://${{Bucket}}/${{P}}{rest}\", \
         {{ P: !If [HasPrefix, !Join [\"/\", !Split [\"//\", !Sub \"${{Prefix}}/\"]], \"\"] }}]"
    )
}

/// Turns `ec2_vpcs` into `Ec2Vpcs`, the form of names of resources in the template.
fn pascal_case(name: &str) -> String {
    let mut pascal = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        pascal.extend(letters);
    }
    pascal
}
