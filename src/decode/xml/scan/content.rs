//! Hashes the content of elements: names on the wire and texts, as AWS sent them.
//!
//! The children of an element count in any order, since AWS keeps the order of no list. An element without content counts
//! like none. The members of an item add up, so an item whose lists come in several pages has the sum of theirs.
//!
//! **Invariant:** knows no member of the service model, so no version of it changes a hash.

use twox_hash::XxHash3_64;

use crate::decode::json_hash::{mix, name_hash};
use crate::decode::measure::MeasureHash;

/// An open element.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    name: u64,
    /// The sum of the hashes of its children.
    children: u64,
    text: u64,
    has_children: bool,
    /// Whether it counts towards no hash.
    is_out: bool,
}

/// The hashes of the open elements.
#[derive(Debug, Default)]
pub(in crate::decode::xml) struct ContentHash<'a> {
    open: Vec<Frame>,
    measures: &'a [MeasureHash],
    /// The number of open elements around the members of an item. 0 outside of items.
    item: usize,
    /// What the element that ended last contributed.
    last: u64,
}

impl<'a> ContentHash<'a> {
    /// Leaves these members of items out.
    pub(in crate::decode::xml) fn leave_out_measures(&mut self, measures: &'a [MeasureHash]) {
        self.measures = measures;
    }

    /// An element begins.
    pub(super) fn start(&mut self, name: &str) {
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        let name = name_hash(name);
        let is_out = !self.measures.is_empty() && self.is_measure(name);
        self.open.push(Frame { name, is_out, ..Frame::default() });
    }

    /// Whether an element of this name that begins now is one to leave out.
    fn is_measure(&self, name: u64) -> bool {
        if self.item == 0 || self.open.len() < self.item {
            return false;
        }
        let member = self.open.get(self.item).map(|frame| frame.name);
        self.measures.iter().any(|measure| match (member, measure.within) {
            (None, None) => measure.member == name,
            (Some(member), Some(within)) => measure.member == member && within == name,
            _ => false,
        })
    }

    /// The whole text of the innermost open element.
    pub(super) fn text(&mut self, text: &str) {
        let Some(frame) = self.open.last_mut() else { return };
        // White space between elements is no content.
        let text = if frame.has_children { text.trim_ascii() } else { text };
        if !text.is_empty() {
            frame.text = XxHash3_64::oneshot_with_seed(1, text.as_bytes());
        }
    }

    /// The innermost open element counts towards no hash.
    pub(in crate::decode::xml) fn leave_out(&mut self) {
        if let Some(frame) = self.open.last_mut() {
            frame.is_out = true;
        }
    }

    /// The innermost open element ends.
    pub(super) fn end(&mut self) {
        let Some(frame) = self.open.pop() else { return };
        let depth = self.open.len();
        if depth < self.item {
            self.item = 0;
        }
        let is_blank = frame.is_out || frame.children == 0 && frame.text == 0;
        self.last = match () {
            () if is_blank => 0,
            // A member of an item: its parts were counted under its name already.
            () if depth == self.item && self.item > 0 && frame.text == 0 => frame.children,
            () => mix(frame.name, mix(frame.children, frame.text)),
        };
        let Some(parent) = self.open.last_mut() else { return };
        let is_part = self.item > 0 && depth == self.item + 1;
        let part = if is_part && self.last != 0 { mix(parent.name, self.last) } else { self.last };
        parent.children = parent.children.wrapping_add(part);
    }

    /// The members of an item follow: they are the children of the innermost open element.
    pub(in crate::decode::xml) fn start_item(&mut self) {
        self.item = self.open.len();
    }

    /// What the members so far of the innermost open element add up to.
    pub(in crate::decode::xml) fn sum(&self) -> u64 {
        self.open.last().map_or(0, |frame| frame.children)
    }

    /// What the element that ended last contributed.
    pub(in crate::decode::xml) fn last(&self) -> u64 {
        self.last
    }
}
