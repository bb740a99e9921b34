//! Buffers the texts of a column in one allocation.
//!
//! **Invariant:** knows nothing of the meaning of the texts.

use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::file::writer::SerializedRowGroupWriter;
use bytes::Bytes;

use super::{EncodeError, write_column};

/// The number of texts that the encoder gets at a time. Each takes a handle meanwhile.
const BATCH: usize = 4096;

/// Consecutive texts, and the position at which each ends.
#[derive(Default)]
pub(super) struct TextBuffer {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TextBuffer {
    /// Adds a text, and returns the bytes that it takes in the buffer.
    pub(super) fn push(&mut self, text: &str) -> usize {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
        text.len() + size_of::<usize>()
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
        let mut texts = self.ends.into_iter().map(|end| {
            let text = ByteArray::from(bytes.slice(start..end));
            start = end;
            text
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
