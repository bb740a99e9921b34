//! Finds the rows of a row group whose column passes a test, page by page.
//!
//! A page that has none of the test's needles is not decoded. Of a dictionary each text is tested once.
//!
//! **Invariant:** finds the rows that decoding every value would find.

use std::collections::VecDeque;

use ::parquet::basic::{Encoding, Type as Physical};
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use ::parquet::file::serialized_reader::SerializedPageReader;

use super::column_chunk::{Chunk, MapPart, each_pair, pages, pairs, row_count, typed, with_absent};
use super::row_set::RowSet;
use super::row_test::{Needles, PairTest, TextTest};

/// Finds the rows whose text passes. A column of another type has none.
pub(super) fn text_rows(
    group: &RowGroupMetaData,
    (index, chunk): (usize, Chunk),
    test: &dyn TextTest,
) -> Result<Vec<u32>, ParquetError> {
    let (column, rows) = (group.column(index), row_count(group)?);
    if column.column_type() != Physical::BYTE_ARRAY || column.column_descr().max_rep_level() > 0 {
        return Ok(Vec::new());
    }
    let mut search = TextSearch { column, test, dictionary: None, found: Vec::new(), lowered: Vec::new(), last: None };
    let mut reader = pages(column, chunk, rows)?;
    let mut first = 0_usize;
    while let Some(page) = reader.get_next_page()? {
        if page.is_dictionary_page() {
            search.dictionary = Some((search.has_any(&page)?, page));
            continue;
        }
        let values = page.num_values() as usize;
        search.page(page, first)?;
        first += values;
    }
    if first != rows {
        return Err(ParquetError::EOF("a column has not as many values as its row group has rows".into()));
    }
    Ok(search.found)
}

struct TextSearch<'t> {
    column: &'t ColumnChunkMetaData,
    test: &'t dyn TextTest,
    /// The dictionary, and whether one of its texts passes.
    dictionary: Option<(bool, Page)>,
    found: Vec<u32>,
    /// The bytes of a page in lower case.
    lowered: Vec<u8>,
    /// The last text that was tested, and whether it passes: texts of a dictionary follow one another.
    last: Option<(ByteArray, bool)>,
}

impl TextSearch<'_> {
    fn may_pass(&mut self, bytes: &[u8]) -> bool {
        self.test.needles().is_none_or(|needles| needles.are_in(bytes, &mut self.lowered))
    }

    /// Whether a text of a dictionary passes. Its texts follow one another, each after its length.
    fn has_any(&mut self, page: &Page) -> Result<bool, ParquetError> {
        let mut rest: &[u8] = page.buffer();
        if !self.may_pass(rest) {
            return Ok(false);
        }
        let cut = || ParquetError::EOF("a dictionary is cut off".into());
        for _ in 0..page.num_values() {
            let (length, after) = rest.split_first_chunk().ok_or_else(cut)?;
            let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
            if self.test.passes(utf8(text)?) {
                return Ok(true);
            }
            rest = after;
        }
        Ok(false)
    }

    /// Tests the texts of a page, whose first row is this one.
    fn page(&mut self, page: Page, first: usize) -> Result<(), ParquetError> {
        let is_of_dictionary = matches!(page.encoding(), Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        let dictionary = self.dictionary.as_ref().filter(|_| is_of_dictionary);
        let dictionary_page = dictionary.map(|(_, page)| page.clone());
        let may_pass = match dictionary {
            Some((has_any, _)) => *has_any,
            None => self.may_pass(&page.buffer().clone()),
        };
        if !may_pass {
            return Ok(());
        }
        let rows = page.num_values() as usize;
        let pages = DecodedPages(dictionary_page.into_iter().chain([page]).collect());
        let mut reader = typed::<ByteArrayType>(self.column, Box::new(pages))?;
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let (records, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
        if records != rows {
            return Err(ParquetError::EOF("a page has fewer values than it says".into()));
        }
        for (row, text) in with_absent(self.column, &levels, values).into_iter().enumerate() {
            if let Some(text) = text
                && self.passes(text)?
            {
                let row = u32::try_from(first + row).map_err(|error| ParquetError::General(error.to_string()))?;
                self.found.push(row);
            }
        }
        Ok(())
    }

    fn passes(&mut self, text: ByteArray) -> Result<bool, ParquetError> {
        if let Some((last, passes)) = &self.last
            && last.len() == text.len()
            && last.data().as_ptr() == text.data().as_ptr()
        {
            return Ok(*passes);
        }
        let passes = self.test.passes(utf8(text.data())?);
        self.last = Some((text, passes));
        Ok(passes)
    }
}

fn utf8(text: &[u8]) -> Result<&str, ParquetError> {
    std::str::from_utf8(text).map_err(|error| ParquetError::General(error.to_string()))
}

/// Finds the rows whose map has a pair that passes.
pub(super) fn pair_rows(
    group: &RowGroupMetaData,
    keys: (usize, Chunk),
    values: (usize, Chunk),
    test: &PairTest,
) -> Result<Vec<u32>, ParquetError> {
    let rows = row_count(group)?;
    let decompressed = |(index, chunk): (usize, Chunk), needles: Option<&Needles>| {
        let (column, mut lowered) = (group.column(index), Vec::new());
        let pages = all(pages(column, chunk, rows)?)?;
        let may_pass =
            needles.is_none_or(|needles| pages.0.iter().any(|page| needles.are_in(page.buffer(), &mut lowered)));
        Ok::<_, ParquetError>(may_pass.then_some((column, pages)))
    };
    // Most keys are in every page. Few values are.
    let Some((value_column, values)) = decompressed(values, test.values.as_ref())? else { return Ok(Vec::new()) };
    let Some((key_column, keys)) = decompressed(keys, test.keys.as_ref())? else { return Ok(Vec::new()) };
    let whole = RowSet::All(rows);
    let keys = pairs(typed(key_column, Box::new(keys))?, key_column, rows, &whole)?;
    let values = pairs(typed(value_column, Box::new(values))?, value_column, rows, &whole)?;
    let (mut found, mut next) = (Vec::new(), 0_u32);
    each_pair(&keys, &values, |part| {
        match part {
            MapPart::Row { .. } => next += 1,
            MapPart::Pair(key, value) if test.has(key, value) => found.push(next.saturating_sub(1)),
            MapPart::Pair(..) => {}
        }
        Ok(())
    })?;
    found.dedup();
    Ok(found)
}

fn all(mut reader: SerializedPageReader<Chunk>) -> Result<DecodedPages, ParquetError> {
    let mut pages = VecDeque::new();
    while let Some(page) = reader.get_next_page()? {
        pages.push_back(page);
    }
    Ok(DecodedPages(pages))
}

/// DecodedPages that are decompressed.
struct DecodedPages(VecDeque<Page>);

impl Iterator for DecodedPages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop_front().map(Ok)
    }
}

impl PageReader for DecodedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        Ok(self.0.pop_front())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        let metadata = |page: &Page| PageMetadata {
            num_rows: if let Page::DataPageV2 { num_rows, .. } = page { Some(*num_rows as usize) } else { None },
            num_levels: page.is_data_page().then_some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        };
        Ok(self.0.front().map(metadata))
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.0.pop_front();
        Ok(())
    }
}
