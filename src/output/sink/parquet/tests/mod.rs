//! Reads files back with the reader of the parquet crate.

mod properties;

use std::sync::Arc;

use ::parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field, Row, RowAccessor};
use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::decode::Value;
use crate::inventory::{EXTRA_COLUMN, LedgerRow, Location, OPENING_COLUMNS, Record, Status};

const KINDS: &[(&str, ColumnType)] = &[
    ("text", ColumnType::String),
    ("boolean", ColumnType::Boolean),
    ("integer", ColumnType::Integer),
    ("double", ColumnType::Double),
    ("timestamp", ColumnType::Timestamp),
    ("map", ColumnType::Map),
    ("json", ColumnType::Json),
];

/// An encoder moves between the threads of an async task.
const _: fn() = || {
    fn moves<T: Send>() {}
    moves::<Encoder>();
};

fn columns(kinds: &[(&str, ColumnType)]) -> Vec<Column> {
    kinds.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

fn file(columns: Vec<Column>, rows: &[Vec<ColumnValue<'_>>]) -> Vec<u8> {
    let mut encoder = Encoder::new(columns);
    for row in rows {
        encoder.push(row.iter().copied()).unwrap();
    }
    encoder.finish().unwrap()
}

fn read(file: Vec<u8>) -> (ParquetMetaData, Vec<Row>) {
    let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    (reader.metadata().clone(), rows)
}

/// Writes the values of one column and reads them back.
fn round_trip(kind: ColumnType, cells: &[ColumnValue<'_>]) -> Vec<Field> {
    let rows: Vec<Vec<ColumnValue<'_>>> = cells.iter().map(|cell| vec![*cell]).collect();
    let (_, rows) = read(file(columns(&[("it", kind)]), &rows));
    rows.iter().map(|row| row.get_column_iter().next().unwrap().1.clone()).collect()
}

fn text(text: &str) -> Field {
    Field::Str(text.into())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn at(text: &str) -> ColumnValue<'static> {
    ColumnValue::Timestamp(text.parse().unwrap())
}

#[test]
fn empty_is_not_null_and_no_character_is_lost() {
    let odd = ["", " ", "null", "\u{0}", "ä\u{301}🦀\u{10ffff}", "a,b\n\"c\"\\"];
    for kind in [ColumnType::String, ColumnType::Json] {
        let cells: Vec<ColumnValue<'_>> =
            [ColumnValue::Missing].into_iter().chain(odd.map(ColumnValue::Text)).collect();
        let fields: Vec<Field> = [Field::Null].into_iter().chain(odd.map(text)).collect();
        assert_eq!(round_trip(kind, &cells), fields);
    }
}

#[test]
fn scalars_keep_their_extremes() {
    let integers = [i64::MIN, -1, 0, 1, i64::MAX];
    assert_eq!(round_trip(ColumnType::Integer, &integers.map(ColumnValue::Integer)), integers.map(Field::Long));
    let doubles = [f64::MIN, -0.0, f64::MIN_POSITIVE, 0.1, f64::MAX, f64::INFINITY];
    assert_eq!(round_trip(ColumnType::Double, &doubles.map(ColumnValue::Double)), doubles.map(Field::Double));
    let booleans = [ColumnValue::Boolean(true), ColumnValue::Missing, ColumnValue::Boolean(false)];
    assert_eq!(round_trip(ColumnType::Boolean, &booleans), [Field::Bool(true), Field::Null, Field::Bool(false)]);
}

#[test]
fn timestamps_are_microseconds_before_1970_too() {
    let cells = [
        at("2026-11-21T03:00:00.123456789Z"),
        at("1970-01-01T00:00:00Z"),
        at("1969-12-31T23:59:59.9999999Z"),
        at("1900-02-28T00:00:00.000001Z"),
        ColumnValue::Timestamp(Timestamp::MIN.into()),
        ColumnValue::Timestamp(Timestamp::MAX.into()),
        at("9999-12-31T23:59:59.999999999Z"),
    ];
    let micros = [
        1_795_230_000_123_456,
        0,
        -1,
        -2_203_977_599_999_999,
        Timestamp::MIN.as_second() * 1_000_000,
        Timestamp::MAX.as_second() * 1_000_000 + 999_999,
        253_402_300_799_999_999,
    ];
    assert_eq!(round_trip(ColumnType::Timestamp, &cells), micros.map(Field::TimestampMicros));
}

#[test]
fn maps_keep_null_empty_order_and_unusual_keys() {
    let many = pairs(&[("b", "1"), ("", ""), ("a.b/c=d:é\"", "x"), ("B", "")]);
    let one = pairs(&[("Name", "web")]);
    let cells = [
        ColumnValue::Map(&many),
        ColumnValue::Missing,
        ColumnValue::Map(&[]),
        ColumnValue::Map(&one),
        ColumnValue::Map(&many),
    ];
    let maps: Vec<Option<Vec<(String, String)>>> =
        round_trip(ColumnType::Map, &cells).into_iter().map(properties::map).collect();
    assert_eq!(maps, [Some(many.clone()), None, Some(vec![]), Some(one), Some(many)]);
}

#[test]
fn the_last_pair_of_a_duplicate_key_counts() {
    let twice = pairs(&[("Name", "a"), ("env", "x"), ("Name", "b"), ("name", "c")]);
    let maps = round_trip(ColumnType::Map, &[ColumnValue::Map(&twice), ColumnValue::Map(&twice)]);
    let kept = pairs(&[("env", "x"), ("Name", "b"), ("name", "c")]);
    assert_eq!(maps.into_iter().map(properties::map).collect::<Vec<_>>(), [Some(kept.clone()), Some(kept)]);
}

#[test]
fn a_file_without_rows_has_the_schema_of_one_with_rows() {
    let row = vec![ColumnValue::Missing; KINDS.len()];
    let (empty, rows) = read(file(columns(KINDS), &[]));
    let (other, _) = read(file(columns(KINDS), &[row]));
    assert_eq!((rows.len(), empty.num_row_groups()), (0, 0));
    assert_eq!(empty.file_metadata().schema(), other.file_metadata().schema());
}

#[test]
fn types_are_those_that_athena_and_duckdb_read() {
    let (metadata, _) = read(file(columns(KINDS), &[]));
    let fields = metadata.file_metadata().schema().get_fields();
    assert!(fields.iter().all(|field| field.get_basic_info().repetition() == Repetition::OPTIONAL));
    let physical = |index: usize| fields[index].get_physical_type();
    assert_eq!([0, 1, 2, 3, 4, 6].map(physical).as_slice(), {
        use Physical::*;
        &[BYTE_ARRAY, BOOLEAN, INT64, DOUBLE, INT64, BYTE_ARRAY]
    });
    assert_eq!(fields[4].get_basic_info().logical_type_ref(), Some(&LogicalType::timestamp(true, TimeUnit::MICROS)));
    assert_eq!(fields[5].get_basic_info().converted_type(), ConvertedType::MAP);
}

#[test]
fn metadata_does_not_depend_on_the_run() {
    let (metadata, _) = read(file(columns(&[("id", ColumnType::String)]), &[vec![ColumnValue::Text("i-1")]]));
    let file = metadata.file_metadata();
    assert!(file.created_by().unwrap().starts_with("rolecall version "));
    assert!(file.key_value_metadata().is_none());
}

#[test]
fn row_groups_are_bounded_and_together_make_the_file() {
    let mut encoder = Encoder::new(columns(&[("id", ColumnType::String), ("json", ColumnType::Json)]));
    let (mut whole, mut pieces, mut length) = (Vec::new(), 0, 0);
    let large = "x".repeat(1 << 20);
    for number in 0..150_000 {
        let json = if number < 40 { large.as_str() } else { "{}" };
        encoder.push([ColumnValue::Text(&number.to_string()), ColumnValue::Text(json)]).unwrap();
        assert!(encoder.length() > length && encoder.buffered() <= MAX_GROUP_BYTES + (2 << 20));
        length = encoder.length();
        let piece = encoder.take_full_group().unwrap();
        pieces += usize::from(!piece.is_empty());
        whole.extend(piece);
    }
    whole.extend(encoder.finish().unwrap());
    let (metadata, rows) = read(whole);
    assert_eq!((pieces, metadata.num_row_groups()), (4, 5));
    assert!(metadata.row_groups().iter().all(|group| group.num_rows() <= MAX_GROUP_ROWS as i64));
    assert!(rows.iter().enumerate().all(|(number, row)| row.get_string(0).unwrap() == &number.to_string()));
    let last = metadata.row_group(4).column(0).statistics().unwrap();
    assert_eq!((last.max_bytes_opt(), last.null_count_opt()), (Some(b"149999".as_slice()), Some(0)));
}

#[test]
fn flushing_frees_the_buffer_and_loses_no_row() {
    let mut encoder = Encoder::new(columns(KINDS));
    assert!(encoder.flush_row_group().unwrap().is_empty());
    let row = || {
        [ColumnValue::Text("a"), ColumnValue::Missing, ColumnValue::Integer(1)]
            .into_iter()
            .chain([ColumnValue::Missing; 4])
    };
    encoder.push(row()).unwrap();
    let mut whole = encoder.flush_row_group().unwrap();
    assert!(whole.starts_with(b"PAR1") && encoder.buffered() == 0 && encoder.length() > 0);
    encoder.push(row()).unwrap();
    whole.extend(encoder.finish().unwrap());
    assert_eq!(read(whole).1.len(), 2);
}

#[test]
fn a_text_that_repeats_is_held_once_and_counted_each_time() {
    let mut encoder = Encoder::new(columns(&[("json", ColumnType::Json)]));
    let text = "x".repeat(1 << 10);
    for _ in 0..10_000 {
        encoder.push([ColumnValue::Text(&text)]).unwrap();
    }
    assert!(encoder.held() < 100 << 10 && encoder.buffered() > 10_000 << 10, "{}", encoder.held());
    // Texts that differ are all held.
    for number in 0..10_000 {
        encoder.push([ColumnValue::Text(&format!("{number}{text}"))]).unwrap();
    }
    assert!(encoder.held() >= 10 << 20, "{}", encoder.held());
    encoder.flush_row_group().unwrap();
    assert_eq!(encoder.held(), 0);
}

#[test]
fn the_error_of_a_wrong_value_does_not_contain_it() {
    for (name, kind) in KINDS {
        let result = Encoder::new(columns(&[(name, *kind)])).push([match kind {
            ColumnType::Map | ColumnType::Timestamp => ColumnValue::Integer(7),
            ColumnType::Integer => at("2026-11-21T03:00:00Z"),
            ColumnType::Boolean | ColumnType::Double => ColumnValue::Text("s3cret"),
            ColumnType::String | ColumnType::Json => ColumnValue::Map(&[]),
        }]);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(name) && !error.contains("s3cret"), "{error}");
    }
    for row in [vec![ColumnValue::Missing; 6], vec![ColumnValue::Missing; 8]] {
        assert!(matches!(Encoder::new(columns(KINDS)).push(row), Err(EncodeError::Width(7))));
    }
}

#[test]
fn a_record_starts_with_the_opening_columns_and_ends_with_aws_extra() {
    let mut all = columns(&OPENING_COLUMNS.iter().map(|name| (*name, ColumnType::String)).collect::<Vec<_>>());
    (all[8].kind, all[9].kind, all[10].kind) = (ColumnType::Map, ColumnType::Timestamp, ColumnType::Integer);
    all.extend(columns(&[("size", ColumnType::Integer), (EXTRA_COLUMN, ColumnType::Json)]));
    let location = Location {
        account_id: Arc::from("111122223333"),
        account_alias: None,
        partition: "aws",
        region: Arc::from("eu-west-1"),
        collected_at: "2026-11-21T03:00:00Z".parse().unwrap(),
    };
    let record = Record {
        id: "vol-1".into(),
        tags: Some(vec![]),
        values: vec![Value::Integer(8)],
        extra: Some("{}".into()),
        digest: Some(u64::MAX),
        ..Record::default()
    };
    let mut encoder = Encoder::new(all);
    encoder.push(record_values("r-1", &location, &record)).unwrap();
    let (_, rows) = read(encoder.finish().unwrap());
    let fields: Vec<String> = rows[0].get_column_iter().map(|(name, field)| format!("{name}={field}")).collect();
    assert_eq!(
        fields.join(" "),
        "run_id=\"r-1\" account_id=\"111122223333\" account_alias=null partition=\"aws\" region=\"eu-west-1\" \
         id=\"vol-1\" arn=null owner_id=null tags={} collected_at=2026-11-21 03:00:00.000000 +00:00 digest=-1 \
         size=8 aws_extra=\"{}\""
    );
}

#[test]
fn a_ledger_row_equals_its_json() {
    let row = LedgerRow {
        run_id: "r-1".into(),
        account_id: "111122223333".into(),
        region: "*".into(),
        table: "ec2_vpcs",
        operation: "ec2:DescribeVpcs",
        status: Status::ScpDenied,
        records: 1,
        dropped: 2,
        pages: 3,
        calls: 4,
        retries: 5,
        throttles: 6,
        started_at: Some("2026-11-21T03:00:00.5Z".parse().unwrap()),
        duration_ms: 7,
        parent: None,
        error_code: Some("SomeCode".into()),
        error_message: Some(String::new()),
        request_id: None,
        kind: None,
        cut: false,
        done: Vec::new(),
    };
    let mut encoder = Encoder::new(ledger_columns());
    encoder.push(ledger_values(&row)).unwrap();
    let (_, rows) = read(encoder.finish().unwrap());
    let json = serde_json::to_value(&row).unwrap();
    assert_eq!(rows[0].len(), json.as_object().unwrap().len());
    for (name, field) in rows[0].get_column_iter() {
        let value = match field {
            Field::Null => serde_json::Value::Null,
            Field::Str(text) => text.as_str().into(),
            Field::Long(value) => (*value).into(),
            Field::TimestampMicros(value) => Timestamp::from_microsecond(*value).unwrap().to_string().into(),
            other => panic!("{name}: {other}"),
        };
        assert_eq!((name, Some(&value)), (name, json.get(name)));
    }
}
