//! Decodes one column of one row group.
//!
//! **Invariant:** knows the types that rolecall writes, and those that earlier versions wrote.

use std::io::{Cursor, Read};
use std::sync::Arc;

use ::parquet::basic::Type as Physical;
use ::parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::serialized_reader::SerializedPageReader;
use bytes::Bytes;

use super::values::ColumnValues;
use crate::decode::json::{write_member, write_string};

/// The bytes of one column chunk, at their place in the file.
pub(super) struct Chunk {
    pub start: u64,
    pub bytes: Bytes,
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Chunk {
    fn slice(&self, start: u64, length: Option<usize>) -> Result<Bytes, ParquetError> {
        let outside = || ParquetError::EOF("a page lies outside its column".into());
        let start = usize::try_from(start.checked_sub(self.start).ok_or_else(outside)?).map_err(|_| outside())?;
        let end = match length {
            Some(length) => start.checked_add(length).ok_or_else(outside)?,
            None => self.bytes.len(),
        };
        if start > end || end > self.bytes.len() {
            return Err(outside());
        }
        Ok(self.bytes.slice(start..end))
    }
}

impl ChunkReader for Chunk {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(Box::new(Cursor::new(self.slice(start, None)?)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.slice(start, Some(length))
    }
}

/// Decodes the values of a column chunk. A map has two chunks: its keys and its values.
pub(super) fn decode(
    group: &RowGroupMetaData,
    (index, chunk): (usize, Chunk),
    map_values: Option<(usize, Chunk)>,
) -> Result<ColumnValues, ParquetError> {
    let rows = usize::try_from(group.num_rows()).map_err(|error| ParquetError::General(error.to_string()))?;
    if let Some((values_index, values)) = map_values {
        let keys = pairs(group.column(index), chunk, rows)?;
        let values = pairs(group.column(values_index), values, rows)?;
        return maps(&keys, &values, rows);
    }
    let column = group.column(index);
    Ok(match column.column_type() {
        Physical::BYTE_ARRAY => {
            let texts = flat::<ByteArrayType>(column, chunk, rows)?;
            let texts = texts.into_iter().map(|text| text.map(utf8).transpose());
            ColumnValues::Texts(texts.collect::<Result<_, _>>()?)
        }
        Physical::BOOLEAN => ColumnValues::Flags(flat::<BoolType>(column, chunk, rows)?),
        Physical::INT64 => ColumnValues::Integers(flat::<Int64Type>(column, chunk, rows)?),
        Physical::INT32 => {
            let values = flat::<Int32Type>(column, chunk, rows)?.into_iter();
            ColumnValues::Integers(values.map(|value| value.map(i64::from)).collect())
        }
        Physical::DOUBLE => ColumnValues::Doubles(flat::<DoubleType>(column, chunk, rows)?),
        other => {
            return Err(ParquetError::General(format!("a column has the type {other}, which rolecall never writes")));
        }
    })
}

fn utf8(text: ByteArray) -> Result<ByteArray, ParquetError> {
    text.as_utf8()?;
    Ok(text)
}

fn reader<T: DataType>(
    column: &ColumnChunkMetaData,
    chunk: Chunk,
    rows: usize,
) -> Result<ColumnReaderImpl<T>, ParquetError> {
    let pages = SerializedPageReader::new(Arc::new(chunk), column, rows, None)?;
    Ok(get_typed_column_reader(get_column_reader(column.column_descr_ptr(), Box::new(pages))))
}

/// The values of a column that is not repeated.
fn flat<T: DataType>(
    column: &ColumnChunkMetaData,
    chunk: Chunk,
    rows: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let highest = column.column_descr().max_def_level();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut reader = reader::<T>(column, chunk, rows)?;
    let (records, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if records != rows {
        return Err(ParquetError::EOF("a column has fewer values than its row group has rows".into()));
    }
    if highest == 0 {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.into_iter().map(|level| if level == highest { values.next() } else { None }).collect())
}

/// The keys, or the values, of a map, with their levels.
struct Pairs {
    highest: i16,
    levels: Vec<i16>,
    repeated: Vec<i16>,
    texts: Vec<ByteArray>,
}

fn pairs(column: &ColumnChunkMetaData, chunk: Chunk, rows: usize) -> Result<Pairs, ParquetError> {
    if column.column_type() != Physical::BYTE_ARRAY {
        return Err(ParquetError::General("a map has other types than text".into()));
    }
    let highest = column.column_descr().max_def_level();
    let (mut levels, mut repeated, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = reader::<ByteArrayType>(column, chunk, rows)?;
    let (records, ..) = reader.read_records(rows, Some(&mut levels), Some(&mut repeated), &mut texts)?;
    if records != rows {
        return Err(ParquetError::EOF("a map has fewer values than its row group has rows".into()));
    }
    Ok(Pairs { highest, levels, repeated, texts })
}

/// Joins keys and values into JSON objects.
fn maps(keys: &Pairs, values: &Pairs, rows: usize) -> Result<ColumnValues, ParquetError> {
    let unequal = || ParquetError::General("a map has keys without values".into());
    if keys.levels.len() != values.levels.len() || keys.repeated.len() != keys.levels.len() {
        return Err(unequal());
    }
    let mut maps: Vec<Option<String>> = Vec::with_capacity(rows);
    let (mut next_key, mut next_value) = (keys.texts.iter(), values.texts.iter());
    for at in 0..keys.levels.len() {
        if keys.repeated[at] == 0 {
            // Level 0 is null, and level 1 an empty map.
            maps.push((keys.levels[at] > 0).then(|| "{".to_owned()));
        }
        if keys.levels[at] != keys.highest {
            continue;
        }
        let key = next_key.next().ok_or_else(unequal)?.as_utf8()?;
        let value =
            if values.levels[at] == values.highest { next_value.next().ok_or_else(unequal)?.as_utf8()? } else { "" };
        let map = maps.last_mut().and_then(Option::as_mut).ok_or_else(unequal)?;
        write_member(map, key, |out| write_string(out, value));
    }
    let closed = |map: String| ByteArray::from((map + "}").into_bytes());
    Ok(ColumnValues::Texts(maps.into_iter().map(|map| map.map(closed)).collect()))
}
