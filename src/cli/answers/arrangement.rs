//! Decides how a table fits a terminal: its columns side by side, or its rows one below the other.
//!
//! **Invariant:** every column is shown. Where columns would become too narrow to read, each row becomes a block of lines.

use crate::answers::questions::ColumnKind;

/// The blanks between two columns.
pub(super) const GAP: u16 = 2;
/// A column of text is never narrower, unless all its texts are.
const MIN_TEXT: u16 = 14;
/// No column is wider, also where nothing limits the table.
const MAX_COLUMN: u16 = 60_000;
/// The least width that is reckoned with.
const MIN_WIDTH: usize = 20;

/// A column with the width of its widest value.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnExtent {
    pub kind: ColumnKind,
    pub widest: u16,
    /// The width of the name.
    pub name: u16,
}

/// How a table is arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Columns of these widths.
    Columns(Vec<u16>),
    /// A block of lines for each row: the names of the columns, and the values.
    Blocks { name: u16, value: u16 },
}

/// Arranges columns in a width. Without a width each column is as wide as its widest value.
pub(super) fn arrange(columns: &[ColumnExtent], width: Option<usize>) -> Arrangement {
    let widest: Vec<u16> = columns.iter().map(|column| column.widest.max(column.name).min(MAX_COLUMN)).collect();
    let Some(width) = width else { return Arrangement::Columns(widest) };
    let width = width.max(MIN_WIDTH);
    let gaps = usize::from(GAP) * columns.len().saturating_sub(1);
    let least = columns.iter().zip(&widest).map(|(column, widest)| least(*column, *widest));
    if least.clone().map(usize::from).sum::<usize>() + gaps > width {
        return blocks(columns, width);
    }
    let mut widths: Vec<u16> = least.collect();
    let mut free = width - gaps - widths.iter().copied().map(usize::from).sum::<usize>();
    // The narrowest column that is still cut gets the next blank, so that all that are cut become equally wide.
    while free > 0 {
        let cut = widths.iter().zip(&widest).enumerate().filter(|(_, (width, widest))| width < widest);
        let Some((index, _)) = cut.min_by_key(|(_, (width, _))| **width) else { break };
        widths[index] += 1;
        free -= 1;
    }
    Arrangement::Columns(widths)
}

/// Only texts are broken into several lines.
fn least(column: ColumnExtent, widest: u16) -> u16 {
    match column.kind {
        ColumnKind::Text | ColumnKind::Json => widest.min(MIN_TEXT),
        ColumnKind::Integer | ColumnKind::Number | ColumnKind::Flag | ColumnKind::Time => {
            column.widest.max(MIN_TEXT.min(column.name))
        }
    }
}

fn blocks(columns: &[ColumnExtent], width: usize) -> Arrangement {
    let width = u16::try_from(width).unwrap_or(MAX_COLUMN);
    let names = columns.iter().map(|column| column.name).max().unwrap_or_default();
    let name = names.min(width / 2 - GAP).max(1);
    Arrangement::Blocks { name, value: width - name - GAP }
}
