//! Reads the rows of an ndjson file.
//!
//! **Invariant:** accepts only lines that are JSON objects; a cut file is an error.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};

use ::parquet::data_type::ByteArray;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;

use super::RowsError;
use super::values::{Batch, ColumnValues};
use crate::inventory::{Column, ColumnType};

/// The rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

pub(super) fn read(
    key: &str,
    content: &Bytes,
    columns: &[Column],
    mut accept: impl FnMut(Batch) -> Result<(), RowsError>,
) -> Result<(), RowsError> {
    let mut lines = BufReader::new(MultiGzDecoder::new(&content[..]));
    let mut batch = empty(columns);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).map_err(|error| RowsError::content(key, error))? == 0 {
            break;
        }
        add(&mut batch, columns, &line).map_err(|error| RowsError::content(key, error))?;
        if batch.rows == BATCH_ROWS {
            accept(std::mem::replace(&mut batch, empty(columns)))?;
        }
    }
    accept(batch)
}

fn empty(columns: &[Column]) -> Batch {
    let values = columns.iter().map(|column| match column.kind {
        ColumnType::String | ColumnType::Json | ColumnType::Map => ColumnValues::Texts(Vec::new()),
        ColumnType::Boolean => ColumnValues::Flags(Vec::new()),
        ColumnType::Integer | ColumnType::Timestamp => ColumnValues::Integers(Vec::new()),
        ColumnType::Double => ColumnValues::Doubles(Vec::new()),
    });
    Batch { rows: 0, columns: values.collect() }
}

fn add(batch: &mut Batch, columns: &[Column], line: &str) -> Result<(), serde_json::Error> {
    let row: HashMap<&str, &RawValue> = serde_json::from_str(line)?;
    for (column, values) in columns.iter().zip(&mut batch.columns) {
        let json = row.get(column.name.as_str()).map(|value| value.get()).filter(|json| *json != "null");
        match values {
            ColumnValues::Texts(texts) if column.kind == ColumnType::String => texts.push(json.map(text).transpose()?),
            ColumnValues::Texts(texts) => texts.push(json.map(|json| ByteArray::from(json.as_bytes().to_vec()))),
            ColumnValues::Flags(flags) => flags.push(json.and_then(|json| json.parse().ok())),
            ColumnValues::Integers(integers) if column.kind == ColumnType::Timestamp => {
                let time = json.map(serde_json::from_str::<jiff::Timestamp>).transpose()?;
                integers.push(time.map(|time| time.as_microsecond()));
            }
            ColumnValues::Integers(integers) => integers.push(json.and_then(|json| json.parse().ok())),
            ColumnValues::Doubles(doubles) => doubles.push(json.and_then(|json| json.parse().ok())),
            ColumnValues::Absent => {}
        }
    }
    batch.rows += 1;
    Ok(())
}

/// A text, or another scalar that an earlier version wrote, as text.
fn text(json: &str) -> Result<ByteArray, serde_json::Error> {
    if json.starts_with('"') {
        serde_json::from_str::<String>(json).map(|text| ByteArray::from(text.into_bytes()))
    } else {
        Ok(ByteArray::from(json.as_bytes().to_vec()))
    }
}
