//! Which of a run's resource types each account shares.
//!
//! **Invariant:** follows from the plan alone, so that every attempt at a run gives an account the same cells.

use std::collections::HashMap;
use std::sync::Arc;

use super::PlannedAccount;
use crate::domain::Globs;
use crate::input::ParseError;

/// The types of a plan by account. Most accounts share the same ones, so each list of globs is compiled once.
#[derive(Debug)]
pub(crate) struct SharedTypes<'p> {
    /// The types of accounts that share all, by their index in the plan.
    all: Arc<[usize]>,
    by_globs: HashMap<&'p [String], Arc<[usize]>>,
}

impl<'p> SharedTypes<'p> {
    /// Finds the types of accounts among those of the plan.
    pub(crate) fn new(
        types: &[String],
        accounts: impl IntoIterator<Item = &'p PlannedAccount>,
    ) -> Result<Self, ParseError> {
        let mut by_globs: HashMap<&'p [String], Arc<[usize]>> = HashMap::new();
        for patterns in accounts.into_iter().filter_map(|account| account.resources.as_deref()) {
            if !by_globs.contains_key(patterns) {
                let globs = Globs::new(patterns)?;
                let shared = types.iter().enumerate().filter(|(_, name)| globs.matches(name)).map(|(index, _)| index);
                by_globs.insert(patterns, shared.collect());
            }
        }
        Ok(Self { all: (0..types.len()).collect(), by_globs })
    }

    /// The types of an account, by their index in the plan. An account that was not given to [`Self::new`] has none, unless it
    /// shares all.
    pub(crate) fn of(&self, account: &PlannedAccount) -> Arc<[usize]> {
        match account.resources.as_deref() {
            None => self.all.clone(),
            Some(patterns) => self.by_globs.get(patterns).cloned().unwrap_or_default(),
        }
    }
}
