//! The rows of an answer, in little memory: the answers to all questions about a large fleet have millions.
//!
//! Each row is a line of JSON. Full blocks of lines are compressed.
//!
//! **Invariant:** rows come back as they were added, in their order.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json_text;

/// The bytes of lines that are compressed together.
const BLOCK_BYTES: usize = 1 << 20;
/// The fastest of zstd's usual levels: rows of one answer resemble each other.
const LEVEL: i32 = 1;

/// Rows of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SheetRows {
    blocks: Vec<RowBlock>,
    /// The lines since the last block, each with its line feed.
    lines: Vec<u8>,
    len: usize,
}

/// Compressed lines.
#[derive(Clone, Debug, PartialEq)]
struct RowBlock {
    compressed: Vec<u8>,
    /// The length of the lines.
    bytes: usize,
}

impl SheetRows {
    /// Adds a row.
    pub(crate) fn push(&mut self, row: &[Value]) {
        // Writing values to memory cannot fail.
        let written = json_text::push(&mut self.lines, &row);
        debug_assert!(written.is_ok());
        self.lines.push(b'\n');
        self.len += 1;
        if self.lines.len() >= BLOCK_BYTES
            && let Ok(compressed) = zstd::bulk::compress(&self.lines, LEVEL)
        {
            self.blocks.push(RowBlock { compressed, bytes: self.lines.len() });
            self.lines.clear();
        }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows, one after another.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Vec<Value>> + '_ {
        self.lines().map(|line| serde_json::from_slice(&line).unwrap_or_default())
    }

    /// The rows with their values as JSON, in which hidden characters are escaped.
    pub(super) fn lines(&self) -> impl Iterator<Item = Bytes> + '_ {
        let open = std::iter::once_with(|| Bytes::copy_from_slice(&self.lines));
        self.blocks.iter().map(RowBlock::lines).chain(open).flat_map(split)
    }
}

impl RowBlock {
    fn lines(&self) -> Bytes {
        // What this process compressed can be decompressed.
        zstd::bulk::decompress(&self.compressed, self.bytes).unwrap_or_default().into()
    }
}

fn split(lines: Bytes) -> impl Iterator<Item = Bytes> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = start + memchr::memchr(b'\n', &lines[start..])?;
        let line = lines.slice(start..end);
        start = end + 1;
        Some(line)
    })
}

/// The values of a line.
pub(super) fn values(line: &[u8]) -> Vec<&RawValue> {
    serde_json::from_slice(line).unwrap_or_default()
}

impl FromIterator<Vec<Value>> for SheetRows {
    fn from_iter<I: IntoIterator<Item = Vec<Value>>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(&row));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_come_back_as_they_were_added() {
        let rows = [
            vec![json!("a\n\u{0}\u{202e}"), json!(null), json!([{"b": 1.5}, "c"])],
            vec![],
            vec![json!(u64::MAX), json!(i64::MIN), json!(0.1), json!(true), json!({"z": 1, "a": {}})],
        ];
        let all: SheetRows = rows.iter().cloned().collect();
        assert_eq!((all.len(), all.is_empty()), (3, false));
        assert_eq!(all.iter().collect::<Vec<_>>(), rows);
        assert!(SheetRows::default().is_empty() && SheetRows::default().iter().next().is_none());
    }

    #[test]
    fn so_do_rows_of_several_blocks() {
        let row = |number: usize| vec![json!(number), json!("x".repeat(number % 400))];
        let all: SheetRows = (0..20_000).map(row).collect();
        assert!(all.blocks.len() > 2 && !all.lines.is_empty(), "{} blocks", all.blocks.len());
        assert!(all.iter().eq((0..20_000).map(row)));
        assert_eq!(all.len(), 20_000);
    }

    #[test]
    fn a_row_as_large_as_a_block_is_kept() {
        let large = vec![json!("\u{7}".repeat(BLOCK_BYTES))];
        let all: SheetRows = [large.clone(), vec![json!(1)]].into_iter().collect();
        assert!(all.iter().eq([large, vec![json!(1)]]));
    }
}
