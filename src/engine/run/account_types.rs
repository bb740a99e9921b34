//! The resource types of each account of a shard, and the session policies that they need.
//!
//! The plan says which types an account shares. The registry may have changed since: a type that it does not share any more
//! is not asked, and its cells say so.

use std::collections::HashMap;
use std::sync::Arc;

use crate::aws::SessionPolicy;
use crate::catalogue::{Catalogue, session_policies};
use crate::customers::Registry;
use crate::domain::Globs;
use crate::engine::plan::{PlannedAccount, SharedTypes};
use crate::input::ParseError;

/// The types of one account, by their index in the catalogue.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountTypes {
    /// The types of its cells.
    pub planned: Arc<[usize]>,
    /// Those of them that the registry does not share any more.
    pub withdrawn: Arc<[usize]>,
    /// The session policies that allow the reads of the other ones, the most exact first.
    pub policies: Arc<[SessionPolicy]>,
}

impl AccountTypes {
    /// Returns whether the account may be asked for a type.
    pub(super) fn may_ask(&self, index: usize) -> bool {
        self.planned.contains(&index) && !self.withdrawn.contains(&index)
    }

    /// Returns whether the account may be asked for anything.
    pub(super) fn may_ask_any(&self) -> bool {
        self.withdrawn.len() < self.planned.len()
    }
}

/// The globs of an account in the plan, and those that its target has now.
type GlobLists<'a> = (Option<&'a [String]>, Option<&'a [String]>);

/// Finds the types of a shard's accounts. Most accounts share the same ones, so each set is worked out once.
#[derive(Debug)]
pub(super) struct TypeSets<'a> {
    catalogue: &'static Catalogue,
    /// The types of the run, in the order of the plan.
    tables: Vec<usize>,
    shared: SharedTypes<'a>,
    registry: &'a Registry,
    found: HashMap<GlobLists<'a>, AccountTypes>,
}

impl<'a> TypeSets<'a> {
    /// `tables` are the types of the plan, by their index in the catalogue.
    pub(super) fn new(
        catalogue: &'static Catalogue,
        tables: Vec<usize>,
        shared: SharedTypes<'a>,
        registry: &'a Registry,
    ) -> Self {
        Self { catalogue, tables, shared, registry, found: HashMap::new() }
    }

    /// Returns the types of an account.
    pub(super) fn of(&mut self, account: &'a PlannedAccount) -> Result<AccountTypes, ParseError> {
        // An account without a target is not entered at all.
        let now = self.registry.target(&account.account_id).map(|target| target.resources.as_deref());
        let planned = account.resources.as_deref();
        let lists = (planned, now.unwrap_or(planned));
        if let Some(types) = self.found.get(&lists) {
            return Ok(types.clone());
        }
        let planned: Arc<[usize]> = self.shared.of(account).iter().map(|index| self.tables[*index]).collect();
        let globs = lists.1.map(Globs::new).transpose()?;
        let is_withdrawn = |index: &usize| {
            let table = self.catalogue.at(*index).entry.table;
            globs.as_ref().is_some_and(|globs| !globs.matches(table))
        };
        let (withdrawn, asked): (Vec<usize>, Vec<usize>) = planned.iter().partition(|index| is_withdrawn(index));
        let policies = session_policies(asked.iter().map(|index| self.catalogue.at(*index)));
        let types = AccountTypes { planned, withdrawn: withdrawn.into(), policies: policies.into() };
        self.found.insert(lists, types.clone());
        Ok(types)
    }
}
