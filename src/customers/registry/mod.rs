//! The registry: the file that lists all targets, and the only source of role ARNs and external IDs.
//!
//! [`Registry::read`] validates the file as a whole. It reports every problem at once, each with its path in the file,
//! and never repeats an external ID.
//!
//! **Invariant:** knows neither where the file is stored nor whether its roles can be assumed.

use std::collections::{BTreeMap, HashMap};

use secrecy::{ExposeSecret, SecretString};

use crate::domain::AccountId;

pub(crate) use edit::{ExternalIdSource, NewTarget};
pub(crate) use external_id::{external_id, random_external_id};
pub(crate) use file::{OrganizationEntry, RegistryFile, TargetEntry};
pub(crate) use guessable::{GuessReason, guessable, is_guessable};
pub(crate) use organization::UNIT_TAG;
pub(crate) use organization::{MemberAccount, Organization};
pub(crate) use target_defaults::DEFAULT_ROLE_NAME;

mod external_id;
mod guessable;
mod label;
mod shared_types;
mod organization;
mod file;
mod target_defaults;
mod organization_reader;
mod reader;
mod edit;

/// All targets, in the order of the file.
#[derive(Clone, Debug)]
pub struct Registry {
    /// The version of the file's format.
    pub version: u64,
    /// The targets, each of another account. [`Registry::read`] requires at least one.
    pub targets: Vec<Target>,
    /// The organizations whose accounts are targets too, once they are listed.
    pub organizations: Vec<Organization>,
    /// Whether the accounts of an organization are unknown, so that an account without a target may be one of them.
    misses_members: bool,
    /// The place of each account's target in the list.
    places: HashMap<AccountId, usize>,
}

/// A customer account, and how its inventory is read.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account to inventory.
    pub account_id: AccountId,
    /// The role or credentials that give access to the account.
    pub role: TargetRole,
    /// The external ID that proves to the customer's role for whom it is assumed. `None` only if the
    /// file has an explicit null.
    pub external_id: Option<SecretString>,
    /// The ARN of an intermediate role that is assumed first.
    pub via: Option<String>,
    /// The account's name for people.
    pub name: Option<String>,
    /// The customer that owns the account. Targets of one customer may share an external ID.
    pub customer: Option<String>,
    /// Globs of the regions to query; `*` if neither the target nor the defaults have any.
    pub regions: Vec<String>,
    /// Globs of the resource types that the customer shares; none if it shares all.
    pub resources: Option<Vec<String>>,
    /// The tags by which requests select targets.
    pub tags: BTreeMap<String, String>,
    /// Whether runs include the target.
    pub enabled: bool,
    /// The organization that the account was found in; none for a target of the file.
    pub organization: Option<String>,
}

/// The way into a target's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRole {
    /// Assumes this role in the account.
    Assume {
        /// The full ARN of the role.
        role_arn: String,
    },
    /// Uses rolecall's own credentials. The file says `"role_arn": null` for it.
    OwnCredentials,
}

impl Registry {
    /// Creates a registry without targets.
    pub fn empty() -> Self {
        Self::of(Vec::new(), Vec::new())
    }

    fn of(targets: Vec<Target>, organizations: Vec<Organization>) -> Self {
        let places = targets.iter().enumerate().map(|(place, target)| (target.account_id.clone(), place)).collect();
        Self { version: 1, targets, organizations, misses_members: false, places }
    }

    /// Adds targets for accounts of an organization, unless it only reports them. An account that has a target keeps it, and one
    /// that the organization excludes gets none.
    pub(crate) fn add_members<'m>(&mut self, organization: &str, members: impl IntoIterator<Item = &'m MemberAccount>) {
        let organization = self.organizations.iter().find(|known| known.name == organization);
        let Some(organization) = organization.filter(|known| known.enable).cloned() else { return };
        for member in members {
            if self.places.contains_key(&member.account_id) || organization.excludes(&member.account_id) {
                continue;
            }
            self.places.insert(member.account_id.clone(), self.targets.len());
            self.targets.push(organization.target(member));
        }
    }

    /// Says that the accounts of an organization are unknown.
    pub(crate) fn miss_members(&mut self) {
        self.misses_members = true;
    }

    /// Returns whether the accounts of an organization are unknown.
    pub(crate) fn misses_members(&self) -> bool {
        self.misses_members
    }

    /// Returns whether an account is no target. `None` if it may be one of an organization whose accounts are unknown.
    pub(crate) fn is_offboarded(&self, account_id: &str) -> Option<bool> {
        let account: Option<AccountId> = account_id.parse().ok();
        let is_known = account.is_some_and(|account| self.target(&account).is_some());
        (is_known || !self.misses_members).then_some(!is_known)
    }

    /// Returns the target of an account, enabled or not.
    pub fn target(&self, account_id: &AccountId) -> Option<&Target> {
        self.targets.get(*self.places.get(account_id)?)
    }
}

impl Target {
    /// Returns whether both targets have the same role, intermediate role and external ID.
    pub fn has_same_access(&self, other: &Self) -> bool {
        self.role == other.role && self.via == other.via && self.has_same_external_id(other)
    }

    /// The ARN of the role to assume; none if the account is entered with own credentials.
    pub(crate) fn role_arn(&self) -> Option<&str> {
        match &self.role {
            TargetRole::Assume { role_arn } => Some(role_arn),
            TargetRole::OwnCredentials => None,
        }
    }

    /// Returns whether both targets have the same external ID, or none.
    pub(crate) fn has_same_external_id(&self, other: &Self) -> bool {
        let id = |target: &Self| target.external_id.as_ref().map(|id| id.expose_secret().to_owned());
        id(self) == id(other)
    }

    /// Returns why the target's external ID can be guessed, if it has one that can.
    pub(crate) fn guessable(&self) -> Option<GuessReason> {
        let names: Vec<&str> = [&self.name, &self.customer].into_iter().flatten().map(String::as_str).collect();
        guessable(self.external_id.as_ref()?.expose_secret(), self.account_id.as_str(), &names)
    }

    /// Returns whether an attempt without the external ID can show something: a role is assumed, and with one.
    pub(crate) fn has_trust_to_try(&self) -> bool {
        self.external_id.is_some() && matches!(self.role, TargetRole::Assume { .. })
    }

    /// Returns whether the target has all of these tags.
    pub fn has_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.iter().all(|(name, value)| self.tags.get(name) == Some(value))
    }
}

#[cfg(test)]
mod tests;
