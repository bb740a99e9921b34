//! The accounts of a registry, as a page knows them: their names and customers, and which accounts are no targets any more.
//!
//! It deliberately knows no role and no external ID.

use std::collections::{BTreeSet, HashMap};

use crate::customers::Registry;

/// What the registry says of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegisteredAccount {
    pub name: Option<String>,
    pub customer: Option<String>,
}

/// The accounts of a registry, by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegisteredAccounts {
    accounts: HashMap<String, RegisteredAccount>,
    /// Whether an account that is not among them may belong to an organization whose accounts are unknown.
    misses_members: bool,
}

impl RegisteredAccounts {
    /// The accounts of a registry.
    pub(crate) fn of_registry(registry: &Registry) -> Self {
        let accounts = registry.targets.iter().map(|target| {
            let account = RegisteredAccount { name: target.name.clone(), customer: target.customer.clone() };
            (target.account_id.to_string(), account)
        });
        Self { misses_members: registry.misses_members(), ..accounts.collect() }
    }

    /// Those of these accounts.
    pub(super) fn of_accounts(&self, accounts: &BTreeSet<String>) -> Self {
        let own = self.accounts.iter().filter(|(account, _)| accounts.contains(*account));
        let own = own.map(|(account, registered)| (account.clone(), registered.clone()));
        Self { misses_members: self.misses_members, ..own.collect() }
    }

    pub(crate) fn get(&self, account_id: &str) -> Option<&RegisteredAccount> {
        self.accounts.get(account_id)
    }

    /// The accounts that have a name, with it.
    pub(super) fn names(&self) -> impl Iterator<Item = (&String, &String)> {
        self.accounts.iter().filter_map(|(account, registered)| Some((account, registered.name.as_ref()?)))
    }

    /// Whether an account is no target any more. `None` if it may be one of an organization whose accounts are unknown.
    pub(super) fn is_offboarded(&self, account_id: &str) -> Option<bool> {
        let is_known = self.accounts.contains_key(account_id);
        (is_known || !self.misses_members).then_some(!is_known)
    }
}

impl FromIterator<(String, RegisteredAccount)> for RegisteredAccounts {
    fn from_iter<I: IntoIterator<Item = (String, RegisteredAccount)>>(accounts: I) -> Self {
        Self { accounts: accounts.into_iter().collect(), misses_members: false }
    }
}
