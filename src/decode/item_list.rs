//! The items of one response while it is read, within the memory that they may take.
//!
//! **Invariant:** knows no format of responses.

use super::body::DecodedBody;
use super::error::DecodeError;
use super::item::Item;
use super::scalars::Scalars;
use super::value::Value;

/// The items that were read so far.
pub(super) struct ItemList {
    items: Vec<Item>,
    /// The memory of the items, and the most that they may take.
    held: usize,
    limit: usize,
}

impl ItemList {
    /// A list whose items may take `limit` bytes of memory.
    pub(super) fn within(limit: usize) -> Self {
        Self { items: Vec::new(), held: 0, limit }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Adds an item.
    pub(super) fn keep(&mut self, item: Item) -> Result<(), DecodeError> {
        self.held += item.held();
        self.check_memory()?;
        self.items.push(item);
        Ok(())
    }

    /// Gives a context member to the items from `first` on. `hash` is what it contributes to their digests.
    pub(super) fn give(&mut self, first: usize, position: usize, value: &Value, hash: u64) -> Result<(), DecodeError> {
        let copies = self.items.len() - first;
        self.held += copies.saturating_mul(value.held());
        self.check_memory()?;
        for item in &mut self.items[first..] {
            item.context[position] = value.clone();
            item.digest = item.digest.wrapping_add(hash);
        }
        Ok(())
    }

    /// The content of the response, with the scalars around the items and the number of dropped members.
    pub(super) fn into_body(self, scalars: Scalars, dropped: u64) -> DecodedBody {
        DecodedBody { items: self.items, scalars, dropped, held: self.held }
    }

    fn check_memory(&self) -> Result<(), DecodeError> {
        if self.held <= self.limit {
            return Ok(());
        }
        Err(DecodeError(format!("its items take more than the {} bytes of memory that they may take", self.limit)))
    }
}
