//! Converts a Parquet file of rolecall into lines of JSON, in the form of its ndjson files.
//!
//! Responses with inline records need it, and runs that resume a previous one.
//!
//! **Invariant:** reads only files that [`super::Encoder`] wrote, in this version or another.

use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;

use crate::decode::UtcTime;
use crate::decode::json::{write_member, write_string};
use crate::inventory::{Column, ColumnType, OPENING_COLUMNS};

/// Returns the rows of a file as JSON objects, one on each line.
///
/// `columns` say which texts are JSON. Nulls are left out, except those of the opening columns.
pub fn parquet_to_ndjson(file: Bytes, columns: &[Column]) -> Result<String, ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let mut out = String::new();
    for row in reader.get_row_iter(None)? {
        out.push('{');
        for (name, field) in row?.get_column_iter() {
            if *field == Field::Null && !OPENING_COLUMNS.contains(&name.as_str()) {
                continue;
            }
            let json = columns.iter().any(|column| column.name == *name && column.kind == ColumnType::Json);
            let mut value = String::new();
            write_field(&mut value, field, json).ok_or_else(|| {
                ParquetError::General(format!("column {name} has a type that rolecall does not write"))
            })?;
            write_member(&mut out, name, |out| out.push_str(&value));
        }
        out.push_str("}\n");
    }
    Ok(out)
}

fn write_field(out: &mut String, field: &Field, json: bool) -> Option<()> {
    match field {
        Field::Null => out.push_str("null"),
        Field::Str(text) if json => out.push_str(text),
        Field::Str(text) => write_string(out, text),
        Field::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Field::Long(value) => out.push_str(&value.to_string()),
        Field::Double(value) => out.push_str(&serde_json::Value::from(*value).to_string()),
        Field::TimestampMicros(micros) => write_string(out, &UtcTime::from_microsecond(*micros)?.to_string()),
        Field::MapInternal(map) => {
            out.push('{');
            for (key, value) in map.entries() {
                let (Field::Str(key), Field::Str(value)) = (key, value) else { return None };
                write_member(out, key, |out| write_string(out, value));
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}
