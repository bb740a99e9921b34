//! Texts that wait, one behind the other in one buffer, so that none costs an allocation of its own.
//!
//! Knows nothing of what the texts are.

use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::file::writer::SerializedRowGroupWriter;
use bytes::Bytes;

use super::{EncodeError, next};

/// So many texts are handed to the encoder at a time, since each costs a handle while it is.
const HANDED: usize = 4096;

/// Texts one behind the other, and where each ends.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text and says how many bytes it takes while it waits.
    pub(super) fn push(&mut self, text: &str) -> usize {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
        text.len() + size_of::<usize>()
    }

    /// Writes them as the next column of a row group, with those of the levels that are `full` standing for one text each.
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
        next(group, |column| {
            let column = column.typed::<ByteArrayType>();
            let mut from = 0;
            while from < levels.len() {
                let mut to = (from + HANDED).min(levels.len());
                // A map's pairs stay together.
                while repeated.is_some_and(|repeated| repeated.get(to) == Some(&1)) {
                    to += 1;
                }
                let count = levels[from..to].iter().filter(|level| **level == full).count();
                let handed: Vec<ByteArray> = texts.by_ref().take(count).collect();
                column.write_batch(&handed, Some(&levels[from..to]), repeated.map(|repeated| &repeated[from..to]))?;
                from = to;
            }
            Ok(())
        })
    }
}
