//! The same rows in both formats, and files that are cut, changed or of another form.

mod some_rows;

use std::io::Write;
use std::time::Duration;

use aws_config::SdkConfig;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::decode::UtcTime;
use crate::inventory::ColumnType;
use crate::output::sink::parquet::{ColumnValue, Encoder};

const KINDS: [(&str, ColumnType); 7] = [
    ("text", ColumnType::String),
    ("flag", ColumnType::Boolean),
    ("integer", ColumnType::Integer),
    ("double", ColumnType::Double),
    ("time", ColumnType::Timestamp),
    ("tags", ColumnType::Map),
    ("nested", ColumnType::Json),
];

/// A row of these columns. What is absent is null.
#[derive(Clone, Debug, Default)]
struct TestRow {
    text: Option<String>,
    flag: Option<bool>,
    integer: Option<i64>,
    double: Option<f64>,
    micros: Option<i64>,
    tags: Option<Vec<(String, String)>>,
    nested: Option<Value>,
}

fn columns(names: &[&str]) -> Vec<Column> {
    let kind =
        |name: &str| KINDS.iter().find(|(known, _)| *known == name).map_or(ColumnType::String, |(_, kind)| *kind);
    names.iter().map(|name| Column { name: (*name).to_owned(), kind: kind(name) }).collect()
}

fn all_columns() -> Vec<Column> {
    columns(&KINDS.map(|(name, _)| name))
}

fn time(micros: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(micros).unwrap()
}

/// A Parquet file with row groups of `group` rows.
fn parquet_file(rows: &[TestRow], group: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(all_columns());
    let mut bytes = Vec::new();
    for rows in rows.chunks(group) {
        for row in rows {
            let nested = row.nested.as_ref().map(Value::to_string);
            let values = [
                row.text.as_deref().map_or(ColumnValue::Missing, ColumnValue::Text),
                row.flag.map_or(ColumnValue::Missing, ColumnValue::Boolean),
                row.integer.map_or(ColumnValue::Missing, ColumnValue::Integer),
                row.double.map_or(ColumnValue::Missing, ColumnValue::Double),
                row.micros.map_or(ColumnValue::Missing, |micros| ColumnValue::Timestamp(UtcTime::from(time(micros)))),
                row.tags.as_deref().map_or(ColumnValue::Missing, ColumnValue::Map),
                nested.as_deref().map_or(ColumnValue::Missing, ColumnValue::Text),
            ];
            encoder.push(values).unwrap();
        }
        bytes.append(&mut encoder.flush_row_group().unwrap());
    }
    bytes.append(&mut encoder.finish().unwrap());
    bytes
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn ndjson(rows: &[TestRow]) -> Vec<u8> {
    let mut lines = String::new();
    for row in rows {
        let tags = row.tags.as_ref().map(|tags| {
            Value::Object(tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<String, Value>>())
        });
        let line = json!({
            "text": row.text, "flag": row.flag, "integer": row.integer, "double": row.double, "tags": tags,
            "time": row.micros.map(|micros| time(micros).to_string()), "nested": row.nested,
        });
        // Rolecall leaves out what is missing.
        let members = line.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let line: Map<String, Value> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
        lines.push_str(&format!("{}\n", Value::Object(line)));
    }
    gzip(&lines)
}

/// A store in a folder of its own.
struct Folder {
    store: Store,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let store = Store::open(&place, &SdkConfig::builder().build(), Duration::from_secs(60), None).unwrap();
        Self { store, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(), folder }
    }

    fn write(&self, key: &str, bytes: &[u8]) -> RowFile {
        let path = self.folder.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        RowFile { key: key.to_owned(), bytes: bytes.len() as u64 }
    }

    fn read(&self, file: &RowFile, columns: &[Column]) -> Result<Vec<Vec<Value>>, String> {
        let mut rows = Vec::new();
        let accept = |batch: Batch| {
            let row =
                |at: usize| columns.iter().zip(&batch.columns).map(move |(column, values)| cell(column, values, at));
            rows.extend((0..batch.rows).map(|at| row(at).collect::<Vec<Value>>()));
        };
        let read = self.runtime.block_on(read_rows(&self.store, file, columns, accept));
        read.map(|()| rows).map_err(|error| error.to_string())
    }
}

/// A value as JSON. Maps and nested values are compared as JSON, whatever the order of their members.
fn cell(column: &Column, values: &ColumnValues, at: usize) -> Value {
    match column.kind {
        ColumnType::String => json!(values.text(at)),
        ColumnType::Map | ColumnType::Json => {
            values.text(at).map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
        }
        ColumnType::Boolean => json!(values.flag(at)),
        ColumnType::Integer | ColumnType::Timestamp => json!(values.integer(at)),
        ColumnType::Double => json!(values.double(at)),
    }
}

fn expected(row: &TestRow, columns: &[Column]) -> Vec<Value> {
    let tags = row.tags.as_ref().map(|tags| tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect());
    let value = |column: &Column| match column.name.as_str() {
        "text" => json!(row.text),
        "flag" => json!(row.flag),
        "integer" => json!(row.integer),
        "double" => json!(row.double),
        "time" => json!(row.micros),
        "tags" => tags.clone().map_or(Value::Null, Value::Object),
        "nested" => row.nested.clone().unwrap_or_default(),
        _ => Value::Null,
    };
    columns.iter().map(value).collect()
}

fn row() -> impl Strategy<Value = TestRow> {
    let text = "\\PC{0,12}|[\\x00-\\x1f\"\\\\]{1,4}";
    let tags = proptest::collection::btree_map("[a-c\"\\\\é]{1,3}", text, 0..4);
    let nested = proptest::sample::select(vec![json!([]), json!({ "A": [1, { "B": "x\"y" }] }), json!("t"), json!(7)]);
    (
        proptest::option::of(text),
        proptest::option::of(proptest::bool::ANY),
        proptest::option::of(any::<i64>()),
        proptest::option::of(-1.0e6..1.0e6_f64),
        proptest::option::of(-1_000_000_000_000_i64..4_000_000_000_000_000),
        proptest::option::of(tags.prop_map(|tags| tags.into_iter().collect::<Vec<_>>())),
        proptest::option::of(nested),
    )
        .prop_map(|(text, flag, integer, double, micros, tags, nested)| TestRow {
            text,
            flag,
            integer,
            double,
            micros,
            tags,
            nested,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_formats_give_the_same_rows(
        rows in proptest::collection::vec(row(), 0..12),
        group in 1..5_usize,
        names in proptest::sample::subsequence(vec!["text", "flag", "integer", "none", "double", "time", "tags", "nested"], 1..8)
            .prop_shuffle(),
    ) {
        let folder = Folder::new();
        let columns = columns(&names);
        let expected: Vec<Vec<Value>> = rows.iter().map(|row| expected(row, &columns)).collect();
        for (key, bytes) in [("parquet/a.parquet", parquet_file(&rows, group)), ("ndjson/a.ndjson.gz", ndjson(&rows))] {
            let read = folder.read(&folder.write(key, &bytes), &columns).unwrap();
            prop_assert_eq!(&read, &expected, "{}", key);
        }
    }
}

fn some_rows() -> Vec<TestRow> {
    let row = |number: i64| TestRow {
        text: Some(format!("text-{number}")),
        flag: Some(number % 2 == 0),
        integer: Some(number),
        tags: Some(vec![("Name".to_owned(), format!("name-{number}"))]),
        ..TestRow::default()
    };
    (0..9).map(row).collect()
}

#[test]
fn a_cut_file_is_an_error_whatever_its_manifest_says() {
    let (folder, columns) = (Folder::new(), all_columns());
    for (key, bytes) in
        [("parquet/a.parquet", parquet_file(&some_rows(), 4)), ("ndjson/a.ndjson.gz", ndjson(&some_rows()))]
    {
        let whole = bytes.len() as u64;
        for length in 0..bytes.len() {
            let cut = folder.write(key, &bytes[..length]);
            let named = folder.read(&RowFile { bytes: whole, ..cut.clone() }, &columns).unwrap_err();
            assert!(named.starts_with(key), "{named}");
            let cut = folder.read(&cut, &columns);
            // An empty file holds no row, and a gzip stream that ends before it begins is none.
            assert!(cut.is_err() || key == "ndjson/a.ndjson.gz" && length == 0, "{key}: {length} of {whole} bytes");
        }
        let file = folder.write(key, &bytes);
        let wrong = folder.read(&RowFile { bytes: whole - 1, ..file }, &columns).unwrap_err();
        assert!(wrong.contains(&format!("it has {whole} bytes, and its manifest says {}", whole - 1)), "{wrong}");
    }
}

/// Whoever changes a file can make rows wrong. Nobody can make rolecall panic, or read without end.
#[test]
fn a_changed_file_is_an_error_or_other_rows() {
    let (folder, columns) = (Folder::new(), all_columns());
    for (key, bytes) in
        [("parquet/a.parquet", parquet_file(&some_rows(), 9)), ("ndjson/a.ndjson.gz", ndjson(&some_rows()))]
    {
        let mut errors = 0;
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                errors += usize::from(folder.read(&folder.write(key, &changed), &columns).is_err());
            }
        }
        assert!(errors > bytes.len(), "{key}: {errors} errors");
    }
}

#[test]
fn files_that_are_none_are_told() {
    let folder = Folder::new();
    let columns = columns(&["text"]);
    let said = |key: &str, bytes: &[u8]| folder.read(&folder.write(key, bytes), &columns).unwrap_err();
    let missing = RowFile { key: "parquet/none.parquet".into(), bytes: 100 };
    let mut all = vec![folder.read(&missing, &columns).unwrap_err()];
    let outside = folder.write("targets.parquet", &parquet_file(&some_rows(), 9));
    all.push(folder.read(&outside, &columns).unwrap_err());
    all.push(folder.read(&RowFile { key: "ndjson/none.ndjson.gz".into(), bytes: 100 }, &columns).unwrap_err());
    all.push(said("parquet/a.parquet", b""));
    all.push(said("parquet/a.parquet", b"PAR1 and so on, but no footer"));
    all.push(said("parquet/a.parquet", b"PAR1\xff\xff\xff\xffPAR1"));
    all.push(said("parquet/a.parquet", b"\x00\x00\x00\x00PAR1"));
    all.push(said("parquet/a.parquet", b"PAR1\x00\x00\x00\x00PAR1"));
    all.push(said("ndjson/a.ndjson.gz", b"{}"));
    all.push(said("ndjson/a.ndjson.gz", &gzip("{\"text\": \"a\"}\n[]\n")));
    all.push(said("ndjson/a.ndjson.gz", &gzip("{\"text\": \"a\"}\n\n{}")));
    all.push(said("ndjson/a.ndjson.gz", &gzip("{\"text\": \"a\"")));
    insta::assert_snapshot!(all.join("\n"), @"
    parquet/none.parquet is named by a manifest and does not exist
    targets.parquet cannot be read: it lies outside the output's folders of rows
    ndjson/none.ndjson.gz is named by a manifest and does not exist
    parquet/a.parquet cannot be read: it is no Parquet file, or is cut off
    parquet/a.parquet cannot be read: it is no Parquet file, or is cut off
    parquet/a.parquet cannot be read: it is no Parquet file, or is cut off
    parquet/a.parquet cannot be read: it is no Parquet file, or is cut off
    parquet/a.parquet cannot be read: EOF: Unexpected EOF
    ndjson/a.ndjson.gz cannot be read: unexpected end of file
    ndjson/a.ndjson.gz cannot be read: invalid type: sequence, expected a map at line 1 column 0
    ndjson/a.ndjson.gz cannot be read: EOF while parsing a value at line 2 column 0
    ndjson/a.ndjson.gz cannot be read: EOF while parsing an object at line 1 column 12
    ");
}

#[test]
fn what_earlier_versions_wrote_as_text_counts() {
    let folder = Folder::new();
    let lines = "{\"text\": 7}\n{\"text\": {\"a\": [1]}}\n{\"text\": true}\n{\"text\": null}\n{}\n";
    let read = folder.read(&folder.write("ndjson/a.ndjson.gz", &gzip(lines)), &columns(&["text"])).unwrap();
    assert_eq!(json!(read), json!([["7"], ["{\"a\": [1]}"], ["true"], [null], [null]]));
    let mut encoder = Encoder::new([Column { name: "integer".into(), kind: ColumnType::String }]);
    for text in ["12", "no number"] {
        encoder.push([ColumnValue::Text(text)]).unwrap();
    }
    let file = folder.write("parquet/a.parquet", &encoder.finish().unwrap());
    assert_eq!(json!(folder.read(&file, &columns(&["integer"])).unwrap()), json!([[12], [null]]));
}
