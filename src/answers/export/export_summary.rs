//! What an export has, and what it does not have, in words.
//!
//! **Invariant:** knows no format. What a format cannot take is never left out in silence.

use super::exported_zones::ExportedZones;
use crate::answers::facts::{Coverage, Resource};
use crate::domain::grouped;

/// What an export has.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExportSummary {
    /// What was written, such as `8 zone files`.
    pub written: Vec<String>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// What to know of what was written.
    pub remarks: Vec<String>,
    /// The times of the rows.
    pub as_of: Coverage,
}

impl ExportSummary {
    pub(super) fn of_zones(zones: &ExportedZones<'_>) -> Self {
        let mut summary = Self::default();
        for zone in &zones.unread {
            summary.left_out.push(format!("the zone {} ({}) of {}: {}", zone.name, zone.id, zone.account_id, zone.why));
        }
        summary.left_out(zones.nameless, "record sets whose names are no DNS names");
        let stale = zones.zones.iter().filter(|zone| !zone.is_current).count();
        if stale > 0 {
            let what = "zones that could not be read in full lately, with the records of their last full answer";
            summary.remark(stale as u64, what);
        }
        summary
    }

    /// Adds what was written.
    pub(super) fn count(&mut self, number: usize, one: &str, many: &str) {
        let what = if number == 1 { one } else { many };
        self.written.push(format!("{} {what}", grouped(number as u64)));
    }

    /// Adds what was left out, if there is any.
    pub(super) fn left_out(&mut self, number: u64, what: &str) {
        if number > 0 {
            self.left_out.push(format!("{what}: {}", grouped(number)));
        }
    }

    /// Adds something to know of what was written.
    pub(super) fn remark(&mut self, number: u64, what: &str) {
        self.remarks.push(format!("{what}: {}", grouped(number)));
    }

    /// Adds the times at which rows were collected.
    pub(super) fn saw<'f>(&mut self, rows: impl IntoIterator<Item = Resource<'f>>) {
        rows.into_iter().for_each(|row| self.as_of.saw(row.collected_at()));
    }
}
