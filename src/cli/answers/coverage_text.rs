//! Coverage in words: one line that says what is not known, or the list of it.
//!
//! **Invariant:** an answer without rows is never called empty while a cell that it needed is unknown.

use std::fmt::Write;

use super::sheet::CoveredAnswer;
use crate::answers::facts::{Coverage, UnknownCell};
use crate::domain::grouped;
use crate::inventory::{ANY_REGION, GLOBAL, Status};

/// Says that an answer has no rows, and how much that means. Returns `None` if it has some.
pub(super) fn nothing_found(answer: &CoveredAnswer) -> Option<&'static str> {
    let is_empty = answer.sheet.rows.is_empty();
    is_empty.then_some(match &answer.coverage {
        Some(coverage) if !coverage.unknown.is_empty() && is_all_unknown(coverage) => {
            "Nothing is known: no cell that this answer needs was answered."
        }
        Some(coverage) if !coverage.unknown.is_empty() => {
            "Nothing found in the cells that were answered. The others may hold something."
        }
        _ => "Nothing found.",
    })
}

fn is_all_unknown(coverage: &Coverage) -> bool {
    coverage.unknown.len() as u64 >= coverage.cells
}

/// What an export is based on, in one line. The file `coverage.json` lists what is not known.
pub(crate) fn coverage_line(coverage: &Coverage) -> String {
    sentence(coverage, false).replace("Use --coverage to list them.", "The file coverage.json lists them.")
}

/// A line for each unknown cell.
pub(crate) fn unknown_lines(coverage: &Coverage) -> impl Iterator<Item = String> + '_ {
    coverage.unknown.iter().map(|cell| values(cell).map(|value| value.unwrap_or_else(|| "-".to_owned())).join("  "))
}

/// Says in one line what is not known. With `is_listed` the list follows, so that the line announces it.
pub(super) fn sentence(coverage: &Coverage, is_listed: bool) -> String {
    match coverage.baseline.len() {
        0 => of_unknown(coverage, is_listed),
        1 => format!("One cell has no older answer and shows no change. {}", of_unknown(coverage, is_listed)),
        cells => {
            let cells = grouped(cells as u64);
            format!("{cells} cells have no older answer and show no change. {}", of_unknown(coverage, is_listed))
        }
    }
}

fn of_unknown(coverage: &Coverage, is_listed: bool) -> String {
    let needed = coverage.cells.max(coverage.unknown.len() as u64);
    let cells = if needed == 1 { "cell" } else { "cells" };
    let total = grouped(needed);
    let Some(example) = example(coverage) else {
        return match needed {
            0 => "The inventory has no cell that this answer needs.".to_owned(),
            1 => format!("The one cell is known{}.", age(coverage)),
            _ => format!("All {total} {cells} known{}.", age(coverage)),
        };
    };
    let unknown = grouped(coverage.unknown.len() as u64);
    if is_listed {
        return format!("{unknown} of {total} {cells} unknown{}:", age(coverage));
    }
    format!(
        "{unknown} of {total} {cells} unknown, for example {}: {}. Use --coverage to list them.",
        place(example),
        example.status.name()
    )
}

/// The example is a cell that failed, before one that was only never asked.
fn example(coverage: &Coverage) -> Option<&UnknownCell> {
    let failed = coverage.unknown.iter().find(|cell| cell.status != Status::NotStarted);
    failed.or(coverage.unknown.first())
}

fn place(cell: &UnknownCell) -> String {
    let mut text = format!("{} of {}", cell.table, cell.account_id);
    match cell.region.as_str() {
        GLOBAL => {}
        ANY_REGION => text.push_str(" in every region"),
        region => drop(write!(text, " in {region}")),
    }
    text
}

fn age(coverage: &Coverage) -> String {
    match (coverage.as_of.oldest, coverage.as_of.newest) {
        (Some(oldest), Some(newest)) if oldest == newest => format!(", as of {oldest}"),
        (Some(oldest), Some(newest)) => format!(", as of {oldest} to {newest}"),
        _ => String::new(),
    }
}

/// The columns of the list of unknown cells.
pub(super) const COLUMNS: [&str; 6] = ["account_id", "region", "table", "status", "error_code", "last_answered"];

/// The values of an unknown cell, in the order of the columns.
pub(super) fn values(cell: &UnknownCell) -> [Option<String>; 6] {
    [
        Some(cell.account_id.clone()),
        Some(cell.region.clone()),
        Some(cell.table.clone()),
        Some(cell.status.name().to_owned()),
        cell.error_code.clone(),
        cell.last_answered.map(|at| at.to_string()),
    ]
}
