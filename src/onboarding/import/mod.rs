//! Imports targets from an organization, a list of accounts, the roles that `backend_role` or the caller may assume, or profiles
//! of the AWS CLI.
//!
//! New targets are added disabled, until a check of their role passes. Targets that the registry has already stay unchanged.
//!
//! **Invariant:** knows nothing of where the registry is stored.

mod backend_role;
mod identity;
mod text;
mod csv;
mod organization;
mod profiles;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

pub(crate) use backend_role::backend_role;
pub(crate) use csv::{accounts_file, csv};
pub(crate) use identity::identity;
pub(crate) use organization::organization;
pub(crate) use profiles::profiles;

use crate::customers::{ExternalIdSource, GuessReason, NewTarget, RegistryFile};
use crate::domain::AccountId;
use crate::input::ValidationErrors;

/// The targets that a source has.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportCandidates {
    /// Targets to add, unless the registry has them.
    pub targets: Vec<NewTarget>,
    /// Closed accounts, to disable.
    pub closed: Vec<AccountId>,
    /// Entries that are not imported, with the reason.
    pub left_out: Vec<(String, String)>,
    /// The accounts of `targets`.
    accounts: HashSet<AccountId>,
}

/// What all imported targets get.
#[derive(Clone, Debug)]
pub(crate) struct ImportDefaults {
    /// The customer of the accounts. No source may say so itself, since accounts of one customer share an external ID.
    pub customer: Option<String>,
    /// Whether their roles require no external ID, as for an organization's own accounts.
    pub no_external_id: bool,
    /// Whether to import external IDs that can be guessed.
    pub allow_guessable: bool,
    pub tags: BTreeMap<String, String>,
}

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ImportReport {
    /// Accounts added as disabled targets.
    pub added: Vec<AccountId>,
    /// Accounts that the registry had already; unchanged.
    pub already: Vec<AccountId>,
    /// Targets disabled because the account is closed.
    pub disabled: Vec<AccountId>,
    /// Entries that were not imported, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl ImportCandidates {
    fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push((what.into(), why.into()));
    }

    /// Adds a target, unless there is one for its account.
    fn take(&mut self, target: NewTarget) {
        if !self.accounts.insert(target.account_id.clone()) {
            let account = target.account_id.to_string();
            return self.leave_out(account, "the source has its account more than once: the first entry is used");
        }
        self.targets.push(target);
    }

    /// Adds the targets that the registry does not have yet.
    pub(crate) fn add_to(
        &self,
        file: &mut RegistryFile,
        defaults: &ImportDefaults,
    ) -> Result<ImportReport, ValidationErrors> {
        let mut report = ImportReport { left_out: self.left_out.clone(), ..ImportReport::default() };
        let mut new = Vec::new();
        let present: HashSet<AccountId> = file.targets.iter().map(|entry| entry.account_id.clone()).collect();
        for target in &self.targets {
            if present.contains(&target.account_id) {
                report.already.push(target.account_id.clone());
                continue;
            }
            let mut target = target.clone();
            target.customer = defaults.customer.clone();
            target.tags.extend(defaults.tags.clone());
            if defaults.no_external_id && matches!(target.external_id, ExternalIdSource::Generated) {
                target.external_id = ExternalIdSource::None;
            }
            target.allow_guessable = defaults.allow_guessable;
            if let Some(reason) = target.guessable().filter(|_| !defaults.allow_guessable) {
                report.left_out.push((target.account_id.to_string(), guessable_external_id(reason)));
                continue;
            }
            report.added.push(target.account_id.clone());
            new.push(target);
        }
        file.add(&new)?;
        let present = file.by_account();
        let closed: Vec<AccountId> =
            self.closed.iter().filter(|account| present.contains_key(account)).cloned().collect();
        report.disabled = file.set_enabled(&closed, false)?;
        Ok(report)
    }
}

/// Says why an entry is left out.
fn guessable_external_id(reason: GuessReason) -> String {
    format!(
        "its external ID can be guessed: {reason}. `rolecall onboard ACCOUNT --role-arn ARN` makes a random one for the \
         administrator to put into the role; --allow-guessable-external-ids imports it as it is"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::Registry;

    /// Every look-up is by hash: with one walk over the list for each line, this would take hours.
    #[test]
    fn a_list_of_two_hundred_thousand_accounts_is_imported_twice() {
        let rows: String = (0..200_000).map(|number| format!("{number:012},name {number}\n")).collect();
        let found = accounts_file(rows.as_bytes()).unwrap();
        let defaults = ImportDefaults {
            customer: Some("acme".into()),
            no_external_id: false,
            allow_guessable: false,
            tags: BTreeMap::new(),
        };
        let mut file = RegistryFile::new();
        assert_eq!(found.add_to(&mut file, &defaults).unwrap().added.len(), 200_000);
        assert_eq!(found.add_to(&mut file, &defaults).unwrap().already.len(), 200_000);
        let accounts: Vec<AccountId> = found.targets.iter().map(|target| target.account_id.clone()).collect();
        assert_eq!(file.set_enabled(&accounts, true).unwrap().len(), 200_000);
        let registry = Registry::read(file.to_json().as_bytes(), "aws").unwrap();
        assert!(accounts.iter().all(|account| registry.target(account).is_some_and(|target| target.enabled)));
        file.remove(&accounts).unwrap();
        assert_eq!(file.targets.len(), 0);
    }
}
