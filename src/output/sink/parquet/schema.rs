//! Derives the schema and the writer properties of a file from its columns.
//!
//! Every column may be null, the opening ones too, so that a later decision never changes a type.
//!
//! **Invariant:** knows nothing of rows.

use ::parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::schema::types::{ColumnPath, Type, TypePtr};

use crate::inventory::{Column, ColumnType};

/// Readers trust the statistics of a file only if this has the form `<application> version <version>`.
const CREATED_BY: &str = concat!("rolecall version ", env!("CARGO_PKG_VERSION"));
const ZSTD_LEVEL: i32 = 3;
/// Columns whose texts rarely repeat. The writer would fill a dictionary for them and then discard it.
const DISTINCT: &[&str] = &["id", "arn", "request_id"];

/// The columns of the ledger, in their order.
pub fn ledger_columns() -> Vec<Column> {
    let strings = |names: &[&str]| columns(names, ColumnType::String);
    [
        strings(&["run_id", "account_id", "region", "table", "operation", "status"]),
        columns(&["records", "dropped", "pages", "calls", "retries", "throttles"], ColumnType::Integer),
        columns(&["started_at"], ColumnType::Timestamp),
        columns(&["duration_ms"], ColumnType::Integer),
        strings(&["parent", "error_code", "error_message", "request_id"]),
    ]
    .concat()
}

/// The columns of the table `changes`, in their order.
pub fn changes_columns() -> Vec<Column> {
    let strings = |names: &[&str]| columns(names, ColumnType::String);
    [
        strings(&["run_id", "account_id", "region", "table", "id", "arn", "name", "change", "previous_run_id"]),
        columns(&["previous_collected_at"], ColumnType::Timestamp),
        columns(&["members"], ColumnType::Json),
    ]
    .concat()
}

fn columns(names: &[&str], kind: ColumnType) -> Vec<Column> {
    names.iter().map(|name| Column { name: (*name).to_owned(), kind }).collect()
}

/// Builds the schema of a file with these columns.
pub(super) fn schema(columns: &[&Column]) -> Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(|column| field(column).map(TypePtr::new)).collect::<Result<_, _>>()?;
    Ok(TypePtr::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let plain = |physical| Type::primitive_type_builder(&column.name, physical).with_repetition(Repetition::OPTIONAL);
    match column.kind {
        ColumnType::String | ColumnType::Json => text(&column.name, Repetition::OPTIONAL),
        ColumnType::Boolean => plain(Physical::BOOLEAN).build(),
        ColumnType::Integer => plain(Physical::INT64).build(),
        ColumnType::Double => plain(Physical::DOUBLE).build(),
        ColumnType::Timestamp => {
            plain(Physical::INT64).with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS))).build()
        }
        ColumnType::Map => {
            let pair = Type::group_type_builder("key_value")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![
                    TypePtr::new(text("key", Repetition::REQUIRED)?),
                    TypePtr::new(text("value", Repetition::REQUIRED)?),
                ])
                .build()?;
            Type::group_type_builder(&column.name)
                .with_repetition(Repetition::OPTIONAL)
                .with_converted_type(ConvertedType::MAP)
                .with_logical_type(Some(LogicalType::Map))
                .with_fields(vec![TypePtr::new(pair)])
                .build()
        }
    }
}

fn text(name: &str, repetition: Repetition) -> Result<Type, ParquetError> {
    Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(repetition)
        .with_converted_type(ConvertedType::UTF8)
        .with_logical_type(Some(LogicalType::String))
        .build()
}

/// Builds the writer properties of a file with these columns.
///
/// Statistics cover row groups and not pages: most columns have one page in a row group, so both would be equal.
pub(super) fn properties(columns: &[&Column]) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for column in columns {
        let path = || ColumnPath::from(column.name.as_str());
        if DISTINCT.contains(&column.name.as_str()) {
            properties = properties.set_column_dictionary_enabled(path(), false);
        }
        if column.kind == ColumnType::Json {
            properties = properties.set_column_statistics_enabled(path(), EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}
