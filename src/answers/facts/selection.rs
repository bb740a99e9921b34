//! What the user asked for: accounts, regions and tags.
//!
//! **Invariant:** an empty selection selects everything.

use std::collections::{BTreeMap, BTreeSet};

use super::Resource;
use crate::domain::Globs;

/// The accounts, regions and tags of `--accounts`, `--regions` and `--tags`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowFilter {
    /// Rows with one of these accounts among their observers.
    pub accounts: Option<BTreeSet<String>>,
    /// Rows of a region that one of these globs matches. Rows of global services pass always.
    pub regions: Option<Globs>,
    /// Rows whose owner's tags have all of these.
    pub tags: BTreeMap<String, String>,
}

impl RowFilter {
    /// Whether an account is selected.
    pub(crate) fn has_account(&self, account_id: &str) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account_id))
    }

    /// Whether a region is selected. What has no region, or stands for all regions, is.
    pub(crate) fn has_region(&self, region: &str) -> bool {
        let is_none = matches!(region, "global" | "*");
        is_none || self.regions.as_ref().is_none_or(|globs| globs.matches(region))
    }

    /// Whether a resource is selected.
    pub(crate) fn includes(&self, resource: Resource<'_>) -> bool {
        self.has_region(resource.region())
            && (self.accounts.is_none() || resource.observers().any(|account| self.has_account(account)))
            && (self.tags.is_empty() || self.tags.iter().all(|(key, value)| resource.tag(key).as_ref() == Some(value)))
    }
}
