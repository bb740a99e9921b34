//! Targets from what is there already: an organization, a list that a customer sends, the roles that `backend_role` may
//! enter, profiles of the AWS CLI.
//!
//! What is found is added disabled, until a check has seen its role; what is in the registry already stays as it is. Knows
//! nothing of where the registry lies.

mod backend_role;
mod csv;
mod organization;
mod profiles;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use backend_role::backend_role;
pub(crate) use csv::{accounts_file, csv};
pub(crate) use organization::organization;
pub(crate) use profiles::profiles;

use crate::customers::{ExternalIdSource, NewTarget, RegistryFile};
use crate::domain::AccountId;
use crate::input::ValidationErrors;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportCandidates {
    /// To be added, where the registry does not hold them.
    pub targets: Vec<NewTarget>,
    /// Closed accounts: to be disabled.
    pub closed: Vec<AccountId>,
    /// What is not added, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// What all found targets get.
#[derive(Clone, Debug)]
pub(crate) struct ImportDefaults {
    /// Whose accounts they are. No source says so itself, since accounts of one customer share an external ID.
    pub customer: Option<String>,
    /// Whether their roles ask for no external ID: an organization's own accounts.
    pub no_external_id: bool,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// What has become of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ImportReport {
    /// Added, disabled.
    pub added: Vec<AccountId>,
    /// In the registry already, and left as they are.
    pub already: Vec<AccountId>,
    /// Switched off, since they are closed.
    pub disabled: Vec<AccountId>,
    /// Not added, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl ImportCandidates {
    fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push((what.into(), why.into()));
    }

    /// Adds a target, unless its account was found before.
    fn take(&mut self, target: NewTarget) {
        if self.targets.iter().any(|other| other.account_id == target.account_id) {
            let account = target.account_id.to_string();
            return self.leave_out(account, "its account was found before, and one target is kept for an account");
        }
        self.targets.push(target);
    }

    /// Adds what the registry does not hold yet.
    pub(crate) fn add_to(
        &self,
        file: &mut RegistryFile,
        besides: &ImportDefaults,
    ) -> Result<ImportReport, ValidationErrors> {
        let mut imported = ImportReport { left_out: self.left_out.clone(), ..ImportReport::default() };
        let mut new = Vec::new();
        for target in &self.targets {
            if file.entry(&target.account_id).is_some() {
                imported.already.push(target.account_id.clone());
                continue;
            }
            let mut target = target.clone();
            target.customer = besides.customer.clone();
            target.tags.extend(besides.tags.clone());
            if besides.no_external_id && matches!(target.external_id, ExternalIdSource::Generated) {
                target.external_id = ExternalIdSource::None;
            }
            imported.added.push(target.account_id.clone());
            new.push(target);
        }
        file.add(&new)?;
        let there: Vec<AccountId> =
            self.closed.iter().filter(|account| file.entry(account).is_some()).cloned().collect();
        imported.disabled = file.set_enabled(&there, false)?;
        Ok(imported)
    }
}
