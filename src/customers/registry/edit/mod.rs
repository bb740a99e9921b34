//! Edits of the registry's file as pure functions: they add, enable, disable and remove targets.
//!
//! All targets of a customer get the same external ID.
//!
//! **Invariant:** knows neither where the file is stored nor who else edits it at the same time.

mod external_ids;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use secrecy::{ExposeSecret, SecretString};

use external_ids::ExternalIds;

use super::file::{RegistryFile, TargetEntry};
use super::guessable::{GuessReason, guessable};
use super::target_defaults::DEFAULT_ROLE_NAME;
use crate::domain::AccountId;
use crate::input::{ValidationErrors, quoted};

/// A target to add to the registry.
#[derive(Clone, Debug)]
pub(crate) struct NewTarget {
    pub account_id: AccountId,
    pub external_id: ExternalIdSource,
    /// The role, if it is not the default one.
    pub role_arn: Option<String>,
    /// An intermediate role that is assumed first.
    pub via: Option<String>,
    /// The account's name for people.
    pub name: Option<String>,
    /// The customer that owns the account.
    pub customer: Option<String>,
    /// Globs of the regions to query. If empty, the defaults of the registry apply.
    pub regions: Vec<String>,
    /// Globs of the resource types that the customer shares. If empty, it shares all.
    pub resources: Vec<String>,
    pub tags: BTreeMap<String, String>,
    /// Whether runs include the target from now on.
    pub enabled: bool,
    /// Whether the target is added, disabled, even if its external ID can be guessed: a customer's role may require it for
    /// years.
    pub allow_guessable: bool,
}

/// The source of a new target's external ID.
#[derive(Clone, Debug)]
pub(crate) enum ExternalIdSource {
    /// The customer's external ID if the registry has one already, else a new random one.
    Generated,
    /// An external ID that the customer's role requires already.
    Given(SecretString),
    /// No external ID, for an account of the operator's own organization.
    None,
}

impl NewTarget {
    /// Creates a disabled target with nothing but its account.
    pub(crate) fn new(account_id: AccountId) -> Self {
        Self {
            account_id,
            external_id: ExternalIdSource::Generated,
            role_arn: None,
            via: None,
            name: None,
            customer: None,
            regions: Vec::new(),
            resources: Vec::new(),
            tags: BTreeMap::new(),
            enabled: false,
            allow_guessable: false,
        }
    }

    /// Returns why the given external ID can be guessed. A generated one cannot, unless it is an earlier one of the customer.
    pub(crate) fn guessable(&self) -> Option<GuessReason> {
        let ExternalIdSource::Given(id) = &self.external_id else { return None };
        let names: Vec<&str> = [&self.name, &self.customer].into_iter().flatten().map(String::as_str).collect();
        guessable(id.expose_secret(), self.account_id.as_str(), &names)
    }
}

impl RegistryFile {
    /// Creates a registry without targets.
    pub(crate) fn new() -> Self {
        Self { version: 1, defaults: None, targets: Vec::new(), organizations: Vec::new() }
    }

    /// Returns the text of the file.
    pub(crate) fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// Returns the name of the role in targets that do not set their own.
    pub(crate) fn role_name(&self) -> &str {
        self.defaults.as_ref().and_then(|defaults| defaults.role_name.as_deref()).unwrap_or(DEFAULT_ROLE_NAME)
    }

    /// Returns the entries by account, for many look-ups in one file.
    pub(crate) fn by_account(&self) -> HashMap<&AccountId, &TargetEntry> {
        self.targets.iter().map(|entry| (&entry.account_id, entry)).collect()
    }

    /// Adds all targets or none. The error lists every target that is in the registry already, or whose external ID can be
    /// guessed.
    pub(crate) fn add(&mut self, new: &[NewTarget]) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let (present, mut seen) = (self.by_account(), HashSet::new());
        for target in new {
            let account = &target.account_id;
            if present.contains_key(account) {
                errors.push(
                    "registry",
                    format!(
                        "account {account} is in it already. Change its name, tags, regions and resources in the file itself. \
                         If it is removed and added again, it gets another external ID, which the customer has to put \
                         into its role"
                    ),
                );
            } else if !seen.insert(account) {
                errors.push("registry", format!("account {account} is named twice"));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut ids = ExternalIds::default();
        self.targets.iter().for_each(|entry| ids.note(entry));
        self.organizations.iter().for_each(|entry| ids.note_organization(entry));
        let mut entries = Vec::with_capacity(new.len());
        let mut refused = BTreeSet::new();
        for target in new {
            let entry = ids.build_entry(target).map_err(|what| ValidationErrors::one("registry", what))?;
            if !entry.external_id.as_ref().is_some_and(|id| ids.has_made(id)) {
                refused.extend(refusal_of_guessable(target, &entry));
            }
            ids.note(&entry);
            entries.push(entry);
        }
        refused.into_iter().for_each(|what| errors.push("registry", what));
        if errors.is_empty() {
            self.targets.extend(entries);
        }
        errors.into_result(())
    }

    /// Enables or disables targets. Returns those that changed. A target whose external ID can be guessed is not enabled.
    pub(crate) fn set_enabled(
        &mut self,
        accounts: &[AccountId],
        enabled: bool,
    ) -> Result<Vec<AccountId>, ValidationErrors> {
        self.require_all(accounts)?;
        let accounts: HashSet<&AccountId> = accounts.iter().collect();
        if enabled {
            self.refuse_guessable(&accounts)?;
        }
        let mut switched = Vec::new();
        for entry in self.targets.iter_mut().filter(|entry| accounts.contains(&entry.account_id)) {
            if entry.enabled.unwrap_or(true) != enabled {
                entry.enabled = Some(enabled);
                switched.push(entry.account_id.clone());
            }
        }
        Ok(switched)
    }

    /// Sets the role of an account whose administrator chose another name or path. Returns whether the role changed. A
    /// changed role has not been checked, so the target is disabled.
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

    /// Removes targets from the registry.
    pub(crate) fn remove(&mut self, accounts: &[AccountId]) -> Result<(), ValidationErrors> {
        self.require_all(accounts)?;
        let accounts: HashSet<&AccountId> = accounts.iter().collect();
        self.targets.retain(|entry| !accounts.contains(&entry.account_id));
        Ok(())
    }

    fn refuse_guessable(&self, accounts: &HashSet<&AccountId>) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let entries = self.targets.iter().filter(|entry| accounts.contains(&entry.account_id));
        for error in entries.filter_map(TargetEntry::guessable_error) {
            errors.push("registry", error);
        }
        errors.into_result(())
    }

    fn require_all(&self, accounts: &[AccountId]) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let present = self.by_account();
        for account in accounts.iter().filter(|account| !present.contains_key(account)) {
            errors.push("registry", format!("account {account} is not in it"));
        }
        errors.into_result(())
    }
}

/// Returns why a new target is refused if its external ID can be guessed. All targets that get the earlier external ID of
/// one customer have one reason.
fn refusal_of_guessable(target: &NewTarget, entry: &TargetEntry) -> Option<String> {
    let reason = entry.guessable()?;
    let account = &entry.account_id;
    if target.allow_guessable {
        let what =
            format!("account {account}: its external ID can be guessed, so it is added disabled: leave out --enabled");
        return target.enabled.then_some(what);
    }
    let all_the_same = "or add it disabled with --allow-guessable-external-ids";
    let shared = target.customer.as_deref().filter(|_| matches!(target.external_id, ExternalIdSource::Generated));
    Some(match shared {
        Some(customer) => format!(
            "the external ID that the accounts of the customer {} have can be guessed: {reason}. Make a new one, as \
             infra/ONBOARDING.md describes under \"Another external ID\", {all_the_same}",
            quoted(customer)
        ),
        None => format!(
            "account {account}: its external ID can be guessed: {reason}. Leave it out of the command, so that a random one is \
             made for the administrator to put into the role, {all_the_same}"
        ),
    })
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
    fn a_customer_with_two_external_ids_gets_no_third_account_by_chance() {
        let text = r#"{"version":1,"targets":[
            {"account_id":"000000000001","external_id":"old-id","customer":"acme"},
            {"account_id":"000000000002","external_id":"new-id-hR7tQz2LmX9vKp4w","customer":"acme"},
            {"account_id":"000000000003","external_id":null,"customer":"globex"},
            {"account_id":"000000000004","external_id":"globex-id-w4pKv9XmL2zQt7Rh","customer":"globex"}]}"#;
        let mut file: RegistryFile = serde_json::from_str(text).unwrap();
        let of =
            |number, customer: &str| NewTarget { customer: Some(customer.into()), ..NewTarget::new(account(number)) };
        let refused = file.add(&[of(5, "acme")]).unwrap_err().to_string();
        assert!(
            refused.contains("acme") && !refused.contains("old-id") && !refused.contains("new-id-hR7tQz2LmX9vKp4w"),
            "{refused}"
        );
        let given =
            NewTarget { external_id: ExternalIdSource::Given("new-id-hR7tQz2LmX9vKp4w".into()), ..of(5, "acme") };
        file.add(&[given, of(6, "globex")]).unwrap();
        let ids: Vec<_> = file.targets[4..].iter().map(|entry| entry.external_id.as_deref()).collect();
        assert_eq!(ids, [Some("new-id-hR7tQz2LmX9vKp4w"), Some("globex-id-w4pKv9XmL2zQt7Rh")]);
    }

    #[test]
    fn what_can_be_guessed_is_neither_added_nor_enabled() {
        let text = r#"{"version":1,"targets":[
            {"account_id":"000000000001","external_id":"umbrella-1","customer":"umbrella"},
            {"account_id":"000000000002","external_id":"kW9zP2mX7qL5vN8tR4"},
            {"account_id":"000000000003","external_id":null}]}"#;
        let mut file: RegistryFile = serde_json::from_str(text).unwrap();
        let before = file.clone();
        let given = |number, id: &str, allow_guessable| NewTarget {
            external_id: ExternalIdSource::Given(id.into()),
            allow_guessable,
            ..NewTarget::new(account(number))
        };
        let of_umbrella = |number| NewTarget { customer: Some("umbrella".into()), ..NewTarget::new(account(number)) };
        let all =
            [given(4, "acme-2024-prod", false), of_umbrella(5), of_umbrella(6), given(7, "x7Kq92mPzL4xWv81", false)];
        insta::assert_snapshot!(file.add(&all).unwrap_err());
        assert_eq!(file, before);
        let enabled = NewTarget { enabled: true, ..given(4, "acme-2024-prod", true) };
        insta::assert_snapshot!(file.add(&[enabled]).unwrap_err(), @"registry: account 000000000004: its external ID can be guessed, so it is added disabled: leave out --enabled");
        file.add(&[given(4, "acme-2024-prod", true), given(7, "x7Kq92mPzL4xWv81", false)]).unwrap();
        let refused = file.set_enabled(&[account(1), account(2), account(4)], true).unwrap_err();
        insta::assert_snapshot!(refused);
        assert_eq!(file.set_enabled(&[account(7)], true).unwrap(), [account(7)]);
        assert_eq!(file.set_enabled(&[account(1)], false).unwrap(), [account(1)]);
    }

    #[test]
    fn edits_keep_what_they_do_not_know_of_and_refuse_all_at_once() {
        let text = r#"{"version":1,"defaults":{"role_name":"r","regions":["eu-*"]},"targets":[
            {"account_id":"000000000001","external_id":null,"role_arn":null,"tags":{"tier":"gold"}},
            {"account_id":"000000000002","external_id":"abcd-hR7tQz2LmX9vKp4w","enabled":false}]}"#;
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
        registry: account 000000000001 is in it already. Change its name, tags, regions and resources in the file itself. If it is removed and added again, it gets another external ID, which the customer has to put into its role
        registry: account 000000000003 is named twice
        ");
        file.remove(&[account(2)]).unwrap();
        insta::assert_snapshot!(file.to_json());
    }
}
