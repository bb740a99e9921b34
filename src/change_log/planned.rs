//! Plans the comparison of a committed run: what counts as before, and which tables are compared together.
//!
//! **Invariant:** the first plan counts for every attempt.

use jiff::{SignedDuration, Timestamp};

use super::documents::{ComparisonPlan, PlannedPart, VERSION};
use crate::answers::estate::{Estate, Moment};
use crate::engine::{Engine, Manifest};
use crate::error::Error;

/// The rows and cells that are compared together, those of both sides. A part of this size fits a function with 1,769 MB.
const MOST_TOGETHER: u64 = 3_000_000;

/// Plans the comparison of a run.
pub(super) async fn plan(engine: &Engine, manifest: &Manifest) -> Result<ComparisonPlan, Error> {
    let planned_at = Timestamp::now();
    let committed_at = manifest.response.committed_at();
    // No state of the run itself, nor of one that was committed at the same moment.
    let before = committed_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(committed_at);
    let newest = Estate::open_or_empty(engine, &Moment::Now, Some(&[])).await?.newest_commit();
    Ok(ComparisonPlan {
        version: VERSION,
        run_id: manifest.response.run_id.clone(),
        started_at: manifest.plan.started_at,
        dt: manifest.plan.dt.clone(),
        format: manifest.plan.format,
        planned_at,
        before,
        has_run_ahead: newest.is_some_and(|newest| newest > planned_at),
        parts: parts(manifest),
    })
}

/// The tables of the run in parts of similar size.
fn parts(manifest: &Manifest) -> Vec<PlannedPart> {
    let tables = &manifest.plan.resources;
    let cells = manifest.response.cells.values().sum::<u64>() / (tables.len() as u64).max(1);
    let weight = |table: &str| 2 * (manifest.response.records.get(table).copied().unwrap_or_default() + cells);
    together(tables.iter().map(|table| (table.as_str(), weight(table))))
}

fn together<'a>(tables: impl Iterator<Item = (&'a str, u64)>) -> Vec<PlannedPart> {
    let mut parts: Vec<PlannedPart> = Vec::new();
    let mut sum = 0;
    for (table, weight) in tables {
        match parts.last_mut().filter(|_| sum + weight <= MOST_TOGETHER) {
            Some(part) => part.tables.push(table.to_owned()),
            None => {
                parts.push(PlannedPart { name: parts.len().to_string(), tables: vec![table.to_owned()] });
                sum = 0;
            }
        }
        sum += weight;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_one_part_of_bounded_size() {
        let tables = [("a", 10), ("b", MOST_TOGETHER), ("c", MOST_TOGETHER * 9), ("d", 1), ("e", 2)];
        let parts = together(tables.into_iter());
        let shown: Vec<String> = parts.iter().map(|part| format!("{}:{}", part.name, part.tables.join("+"))).collect();
        assert_eq!(shown, ["0:a", "1:b", "2:c", "3:d+e"]);
    }
}
