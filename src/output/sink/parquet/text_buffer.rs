//! Buffers the texts of a column in one allocation. Equal texts that follow each other are held once: the rows of a page
//! share their account and region, and many columns have one value for all of them.
//!
//! **Invariant:** knows nothing of the meaning of the texts.

use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::file::writer::SerializedRowGroupWriter;
use bytes::Bytes;

use super::{EncodeError, write_column};

/// The number of texts that the encoder gets at a time. Each takes a handle meanwhile.
const BATCH: usize = 4096;

/// Consecutive texts.
#[derive(Default)]
pub(super) struct TextBuffer {
    bytes: Vec<u8>,
    runs: Vec<TextRun>,
}

/// One text, and how many times in a row it came.
#[derive(Clone, Copy)]
struct TextRun {
    /// The position at which the text ends. It begins where the text before it ends.
    end: usize,
    count: usize,
}

impl TextBuffer {
    /// Adds a text, and returns the bytes of its content, whether or not it is held again.
    pub(super) fn push(&mut self, text: &str) -> usize {
        let content = text.len() + size_of::<usize>();
        let start = self.runs.iter().rev().nth(1).map_or(0, |run| run.end);
        if let Some(last) = self.runs.last_mut()
            && self.bytes[start..] == *text.as_bytes()
        {
            last.count += 1;
            return content;
        }
        self.bytes.extend_from_slice(text.as_bytes());
        self.runs.push(TextRun { end: self.bytes.len(), count: 1 });
        content
    }

    /// The memory of the buffer, with what it has reserved.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.runs.capacity() * size_of::<TextRun>()
    }

    /// Writes the texts as the next column of a row group. A level equal to `full` stands for one text; any other for
    /// a null or an empty map.
    pub(super) fn write(
        self,
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        levels: &[i16],
        repeated: Option<&[i16]>,
        full: i16,
    ) -> Result<(), EncodeError> {
        let bytes = Bytes::from(self.bytes);
        let mut start = 0;
        let mut texts = self.runs.into_iter().flat_map(|TextRun { end, count }| {
            let text = ByteArray::from(bytes.slice(start..end));
            start = end;
            std::iter::repeat_n(text, count)
        });
        write_column(group, |column| {
            let column = column.typed::<ByteArrayType>();
            let mut from = 0;
            while from < levels.len() {
                let mut to = (from + BATCH).min(levels.len());
                // The pairs of one map must be in one batch.
                while repeated.is_some_and(|repeated| repeated.get(to) == Some(&1)) {
                    to += 1;
                }
                let count = levels[from..to].iter().filter(|level| **level == full).count();
                let batch: Vec<ByteArray> = texts.by_ref().take(count).collect();
                column.write_batch(&batch, Some(&levels[from..to]), repeated.map(|repeated| &repeated[from..to]))?;
                from = to;
            }
            Ok(())
        })
    }
}
