//! Decodes one column of one row group, for all of its rows or for some.
//!
//! **Invariant:** knows the types that rolecall writes, and those that earlier versions wrote.

use std::io::{Cursor, Read};
use std::sync::Arc;

use ::parquet::basic::Type as Physical;
use ::parquet::column::page::PageReader;
use ::parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::serialized_reader::SerializedPageReader;
use bytes::Bytes;

use super::row_set::RowSet;
use super::values::ColumnValues;
use crate::decode::json::{write_member, write_string};

/// The bytes of one column chunk, at their place in the file.
#[derive(Clone)]
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

/// Decodes the values of some rows of a column chunk. A map has two chunks: its keys and its values.
pub(super) fn decode(
    group: &RowGroupMetaData,
    (index, chunk): (usize, Chunk),
    map_values: Option<(usize, Chunk)>,
    rows: &RowSet,
) -> Result<ColumnValues, ParquetError> {
    let whole = row_count(group)?;
    if let Some((values_index, values)) = map_values {
        let keys = pairs(reader(group.column(index), chunk, whole)?, group.column(index), whole, rows)?;
        let column = group.column(values_index);
        let values = pairs(reader(column, values, whole)?, column, whole, rows)?;
        return maps(&keys, &values, rows.len());
    }
    let column = group.column(index);
    Ok(match column.column_type() {
        Physical::BYTE_ARRAY => {
            let texts = flat::<ByteArrayType>(column, chunk, whole, rows)?;
            let texts = texts.into_iter().map(|text| text.map(utf8).transpose());
            ColumnValues::Texts(texts.collect::<Result<_, _>>()?)
        }
        Physical::BOOLEAN => ColumnValues::Flags(flat::<BoolType>(column, chunk, whole, rows)?),
        Physical::INT64 => ColumnValues::Integers(flat::<Int64Type>(column, chunk, whole, rows)?),
        Physical::INT32 => {
            let values = flat::<Int32Type>(column, chunk, whole, rows)?.into_iter();
            ColumnValues::Integers(values.map(|value| value.map(i64::from)).collect())
        }
        Physical::DOUBLE => ColumnValues::Doubles(flat::<DoubleType>(column, chunk, whole, rows)?),
        other => {
            return Err(ParquetError::General(format!("a column has the type {other}, which rolecall never writes")));
        }
    })
}

/// The number of rows of a row group.
pub(super) fn row_count(group: &RowGroupMetaData) -> Result<usize, ParquetError> {
    usize::try_from(group.num_rows()).map_err(|error| ParquetError::General(error.to_string()))
}

fn utf8(text: ByteArray) -> Result<ByteArray, ParquetError> {
    text.as_utf8()?;
    Ok(text)
}

/// The pages of a column chunk, one after the other.
pub(super) fn pages(
    column: &ColumnChunkMetaData,
    chunk: Chunk,
    rows: usize,
) -> Result<SerializedPageReader<Chunk>, ParquetError> {
    SerializedPageReader::new(Arc::new(chunk), column, rows, None)
}

fn reader<T: DataType>(
    column: &ColumnChunkMetaData,
    chunk: Chunk,
    rows: usize,
) -> Result<ColumnReaderImpl<T>, ParquetError> {
    typed(column, Box::new(pages(column, chunk, rows)?))
}

/// A reader of the values in some pages.
pub(super) fn typed<T: DataType>(
    column: &ColumnChunkMetaData,
    pages: Box<dyn PageReader>,
) -> Result<ColumnReaderImpl<T>, ParquetError> {
    if column.column_type() != T::get_physical_type() {
        return Err(ParquetError::General("a column has another type than its values".into()));
    }
    Ok(get_typed_column_reader(get_column_reader(column.column_descr_ptr(), pages)))
}

/// Passes over the rows of a group of `whole` rows, and reads those of the set.
fn read_runs(
    whole: usize,
    rows: &RowSet,
    mut pass: impl FnMut(RowStep) -> Result<usize, ParquetError>,
) -> Result<(), ParquetError> {
    let cut = || ParquetError::EOF("a column has fewer values than its row group has rows".into());
    let mut at = 0;
    for run in rows.runs() {
        if run.start > at && pass(RowStep::Skip(run.start - at))? != run.start - at || run.end > whole {
            return Err(cut());
        }
        if pass(RowStep::Read(run.len()))? != run.len() {
            return Err(cut());
        }
        at = run.end;
    }
    Ok(())
}

/// What is done with the next rows. It returns the number of rows that there are.
#[derive(Clone, Copy)]
enum RowStep {
    Skip(usize),
    Read(usize),
}

/// The values of a column that is not repeated.
fn flat<T: DataType>(
    column: &ColumnChunkMetaData,
    chunk: Chunk,
    whole: usize,
    rows: &RowSet,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let mut reader = reader::<T>(column, chunk, whole)?;
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    read_runs(whole, rows, |step| match step {
        RowStep::Skip(rows) => reader.skip_records(rows),
        RowStep::Read(rows) => Ok(reader.read_records(rows, Some(&mut levels), None, &mut values)?.0),
    })?;
    Ok(with_absent(column, &levels, values))
}

/// Puts the values of a column that is not repeated in the places that their levels say.
pub(super) fn with_absent<T>(column: &ColumnChunkMetaData, levels: &[i16], values: Vec<T>) -> Vec<Option<T>> {
    let highest = column.column_descr().max_def_level();
    if highest == 0 {
        return values.into_iter().map(Some).collect();
    }
    let mut values = values.into_iter();
    levels.iter().map(|level| if *level == highest { values.next() } else { None }).collect()
}

/// The keys, or the values, of a map, with their levels.
pub(super) struct Pairs {
    highest: i16,
    levels: Vec<i16>,
    repeated: Vec<i16>,
    texts: Vec<ByteArray>,
}

pub(super) fn pairs(
    mut reader: ColumnReaderImpl<ByteArrayType>,
    column: &ColumnChunkMetaData,
    whole: usize,
    rows: &RowSet,
) -> Result<Pairs, ParquetError> {
    let highest = column.column_descr().max_def_level();
    let (mut levels, mut repeated, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    read_runs(whole, rows, |step| {
        let before = (levels.len(), texts.len());
        let (RowStep::Skip(rows) | RowStep::Read(rows)) = step;
        let (records, ..) = reader.read_records(rows, Some(&mut levels), Some(&mut repeated), &mut texts)?;
        // Over a damaged file `skip_records` of a repeated column would not end.
        if matches!(step, RowStep::Skip(_)) {
            levels.truncate(before.0);
            repeated.truncate(before.0);
            texts.truncate(before.1);
        }
        Ok(records)
    })?;
    Ok(Pairs { highest, levels, repeated, texts })
}

/// Passes over the pairs of maps: for every row `row` with whether it has a map, and then `pair` for each of its pairs.
pub(super) fn each_pair<'p>(
    keys: &'p Pairs,
    values: &'p Pairs,
    mut visit: impl FnMut(MapPart<'p>) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let unequal = || ParquetError::General("a map has keys without values".into());
    if keys.levels.len() != values.levels.len() || keys.repeated.len() != keys.levels.len() {
        return Err(unequal());
    }
    let (mut next_key, mut next_value) = (keys.texts.iter(), values.texts.iter());
    for at in 0..keys.levels.len() {
        if keys.repeated[at] == 0 {
            // Level 0 is null, and level 1 an empty map.
            visit(MapPart::Row { is_map: keys.levels[at] > 0 })?;
        }
        if keys.levels[at] != keys.highest {
            continue;
        }
        let key = next_key.next().ok_or_else(unequal)?.as_utf8()?;
        let value =
            if values.levels[at] == values.highest { next_value.next().ok_or_else(unequal)?.as_utf8()? } else { "" };
        visit(MapPart::Pair(key, value))?;
    }
    Ok(())
}

/// A part of a column of maps.
pub(super) enum MapPart<'p> {
    /// The next row begins.
    Row { is_map: bool },
    /// A pair of the row.
    Pair(&'p str, &'p str),
}

/// Joins keys and values into JSON objects.
fn maps(keys: &Pairs, values: &Pairs, rows: usize) -> Result<ColumnValues, ParquetError> {
    let mut maps: Vec<Option<String>> = Vec::with_capacity(rows);
    each_pair(keys, values, |part| {
        match part {
            MapPart::Row { is_map } => maps.push(is_map.then(|| "{".to_owned())),
            MapPart::Pair(key, value) => {
                let map = maps.last_mut().and_then(Option::as_mut);
                let map = map.ok_or_else(|| ParquetError::General("a pair belongs to no map".into()))?;
                write_member(map, key, |out| write_string(out, value));
            }
        }
        Ok(())
    })?;
    let closed = |map: String| ByteArray::from((map + "}").into_bytes());
    Ok(ColumnValues::Texts(maps.into_iter().map(|map| map.map(closed)).collect()))
}
