//! Edits of the registry's file, as pure changes: adding, switching and taking out targets, with one external ID for
//! each customer. Where the file lies, and who else edits it at the same time, is not known here.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::file::{RegistryFile, TargetEntry};
use super::random_external_id;
use super::reader::DEFAULT_ROLE_NAME;
use crate::domain::AccountId;
use crate::input::ValidationErrors;

/// A target to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewTarget {
    /// The account.
    pub account_id: AccountId,
    /// How the external ID comes about.
    pub external_id: ExternalIdSource,
    /// The role, where it is not the default one.
    pub role_arn: Option<String>,
    /// A role to pass through first.
    pub via: Option<String>,
    /// What people call the account.
    pub name: Option<String>,
    /// Whose account it is.
    pub customer: Option<String>,
    /// Globs of regions; the defaults' where there are none.
    pub regions: Vec<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is taken stock of at once.
    pub enabled: bool,
}

/// Where a new target's external ID comes from.
#[derive(Clone, Debug)]
pub(crate) enum ExternalIdSource {
    /// The customer's own, where the registry has one already; else a new one.
    Generated,
    /// One that the customer's role asks for already.
    Given(SecretString),
    /// None: an account of one's own organization.
    None,
}

impl NewTarget {
    /// A disabled target about which nothing else is known.
    pub(crate) fn new(account_id: AccountId) -> Self {
        Self {
            account_id,
            external_id: ExternalIdSource::Generated,
            role_arn: None,
            via: None,
            name: None,
            customer: None,
            regions: Vec::new(),
            tags: BTreeMap::new(),
            enabled: false,
        }
    }
}

impl RegistryFile {
    /// A registry without targets.
    pub(crate) fn new() -> Self {
        Self { version: 1, defaults: None, targets: Vec::new() }
    }

    /// The file's text.
    pub(crate) fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// What customers' roles are called where a target says nothing else.
    pub(crate) fn role_name(&self) -> &str {
        self.defaults.as_ref().and_then(|defaults| defaults.role_name.as_deref()).unwrap_or(DEFAULT_ROLE_NAME)
    }

    /// The entry of an account.
    pub(crate) fn entry(&self, account_id: &AccountId) -> Option<&TargetEntry> {
        self.targets.iter().find(|entry| entry.account_id == *account_id)
    }

    /// Adds targets, all or none: which of them are there already is told of all at once.
    pub(crate) fn add(&mut self, new: &[NewTarget]) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let mut seen = BTreeSet::new();
        for target in new {
            let account = &target.account_id;
            if self.entry(account).is_some() {
                errors
                    .push("registry", format!(
                        "account {account} is in it already. Its name, tags and regions are changed in the file itself; removed \
                         and added anew it gets another external ID, which the customer has to put into its role"
                    ));
            } else if !seen.insert(account) {
                errors.push("registry", format!("account {account} is to be added twice"));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for target in new {
            let entry = self.build_entry(target).map_err(|what| ValidationErrors::one("registry", what))?;
            self.targets.push(entry);
        }
        Ok(())
    }

    fn build_entry(&self, new: &NewTarget) -> Result<TargetEntry, String> {
        let external_id = match &new.external_id {
            ExternalIdSource::None => None,
            ExternalIdSource::Given(id) => Some(id.expose_secret().to_owned()),
            ExternalIdSource::Generated => {
                Some(match new.customer.as_deref().and_then(|name| self.external_id_of(name)) {
                    Some(id) => id.to_owned(),
                    None => self.fresh_external_id()?,
                })
            }
        };
        Ok(TargetEntry {
            account_id: new.account_id.clone(),
            external_id,
            role_arn: new.role_arn.clone().map(Some),
            via: new.via.clone(),
            name: new.name.clone(),
            customer: new.customer.clone(),
            regions: (!new.regions.is_empty()).then(|| new.regions.clone()),
            tags: new.tags.clone(),
            enabled: Some(new.enabled),
        })
    }

    /// The external ID that a customer's accounts have.
    fn external_id_of(&self, customer: &str) -> Option<&str> {
        let mut own = self.targets.iter().filter(|entry| entry.customer.as_deref() == Some(customer));
        own.find_map(|entry| entry.external_id.as_deref())
    }

    /// One that no target has.
    fn fresh_external_id(&self) -> Result<String, String> {
        loop {
            let id = random_external_id().map_err(|error| format!("the system has no random bits: {error}"))?;
            let id = id.expose_secret();
            if !self.targets.iter().any(|entry| entry.external_id.as_deref() == Some(id)) {
                return Ok(id.to_owned());
            }
        }
    }

    /// Switches targets on or off, and says which of them were not so before.
    pub(crate) fn set_enabled(
        &mut self,
        accounts: &[AccountId],
        enabled: bool,
    ) -> Result<Vec<AccountId>, ValidationErrors> {
        self.require_all(accounts)?;
        let mut switched = Vec::new();
        for entry in self.targets.iter_mut().filter(|entry| accounts.contains(&entry.account_id)) {
            if entry.enabled.unwrap_or(true) != enabled {
                entry.enabled = Some(enabled);
                switched.push(entry.account_id.clone());
            }
        }
        Ok(switched)
    }

    /// Notes the role of an account, where its administrator chose another name or path, and says whether it is another one
    /// than before. Nobody has checked that one, so that the target is disabled.
    pub(crate) fn set_role(&mut self, account_id: &AccountId, role_arn: &str) -> Result<bool, ValidationErrors> {
        self.require_all(std::slice::from_ref(account_id))?;
        let by_default = format!(":iam::{account_id}:role/{}", self.role_name());
        let mut changed = false;
        for entry in self.targets.iter_mut().filter(|entry| entry.account_id == *account_id) {
            let same = match &entry.role_arn {
                None => role_arn.ends_with(&by_default),
                Some(there) => there.as_deref() == Some(role_arn),
            };
            if !same {
                entry.role_arn = Some(Some(role_arn.to_owned()));
                entry.enabled = Some(false);
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Takes targets out.
    pub(crate) fn remove(&mut self, accounts: &[AccountId]) -> Result<(), ValidationErrors> {
        self.require_all(accounts)?;
        self.targets.retain(|entry| !accounts.contains(&entry.account_id));
        Ok(())
    }

    fn require_all(&self, accounts: &[AccountId]) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        for account in accounts.iter().filter(|account| self.entry(account).is_none()) {
            errors.push("registry", format!("account {account} is not in it"));
        }
        errors.into_result(())
    }
}

impl Default for RegistryFile {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::registry::Registry;

    fn account(number: u32) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    #[test]
    fn one_customer_has_one_external_id_and_two_never_share_one() {
        let mut file = RegistryFile::new();
        let of = |number, customer: Option<&str>| NewTarget {
            customer: customer.map(str::to_owned),
            ..NewTarget::new(account(number))
        };
        file.add(&[of(1, Some("acme")), of(2, Some("acme")), of(3, None), of(4, None)]).unwrap();
        file.add(&[of(5, Some("acme"))]).unwrap();
        let ids: Vec<&str> = file.targets.iter().map(|entry| entry.external_id.as_deref().unwrap()).collect();
        assert!(ids[0] == ids[1] && ids[0] == ids[4] && ids[0] != ids[2] && ids[2] != ids[3]);
        let registry = Registry::read(file.to_json().as_bytes(), "aws").unwrap();
        assert!(registry.targets.iter().all(|target| !target.enabled));
    }

    #[test]
    fn edits_keep_what_they_do_not_know_of_and_refuse_all_at_once() {
        let text = r#"{"version":1,"defaults":{"role_name":"r","regions":["eu-*"]},"targets":[
            {"account_id":"000000000001","external_id":null,"role_arn":null,"tags":{"tier":"gold"}},
            {"account_id":"000000000002","external_id":"abcd","enabled":false}]}"#;
        let mut file: RegistryFile = serde_json::from_str(text).unwrap();
        assert_eq!(file.set_enabled(&[account(1), account(2)], true).unwrap(), [account(2)]);
        assert_eq!(file.set_enabled(&[account(1), account(2)], false).unwrap(), [account(1), account(2)]);
        let refused = file.remove(&[account(2), account(8), account(9)]).unwrap_err();
        insta::assert_snapshot!(refused, @r"
        registry: account 000000000008 is not in it
        registry: account 000000000009 is not in it
        ");
        let refused = file.add(&[NewTarget::new(account(1)), NewTarget::new(account(3)), NewTarget::new(account(3))]);
        insta::assert_snapshot!(refused.unwrap_err(), @r"
        registry: account 000000000001 is in it already. Its name, tags and regions are changed in the file itself; removed and added anew it gets another external ID, which the customer has to put into its role
        registry: account 000000000003 is to be added twice
        ");
        file.remove(&[account(2)]).unwrap();
        insta::assert_snapshot!(file.to_json());
    }
}
