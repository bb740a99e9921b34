//! The registry: the file that lists all targets, and the only place where role ARNs and external
//! IDs come from.
//!
//! [`Registry::read`] validates the file as a whole and names every problem at once, each with its
//! place, and never an external ID. Where the file lies, and whether its roles can be assumed, is
//! not known here.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::AccountId;

pub(crate) use edit::{ExternalIdSource, NewTarget};
pub(crate) use external_id::{external_id, random_external_id};
pub(crate) use file::{RegistryFile, TargetEntry};
pub(crate) use reader::DEFAULT_ROLE_NAME;

mod external_id;
mod reader;
mod file;
mod edit;

/// All targets, in the order of the file.
#[derive(Clone, Debug)]
pub struct Registry {
    /// The version of the file's form.
    pub version: u64,
    /// The targets: at least one, each of another account.
    pub targets: Vec<Target>,
}

/// A customer account, and how to enter it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account.
    pub account_id: AccountId,
    /// How to enter it.
    pub role: TargetRole,
    /// What proves to the customer's role that it is entered for this customer. None only where the
    /// file says null in so many words.
    pub external_id: Option<SecretString>,
    /// The ARN of a role to pass through first.
    pub via: Option<String>,
    /// What people call the account.
    pub name: Option<String>,
    /// Whose account it is: targets of one customer may share an external ID.
    pub customer: Option<String>,
    /// Globs of the regions to ask; `*` where neither the target nor the defaults say any.
    pub regions: Vec<String>,
    /// What requests select targets by.
    pub tags: BTreeMap<String, String>,
    /// Whether the target is taken stock of at all.
    pub enabled: bool,
}

/// How a target is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRole {
    /// By assuming this role.
    Assume {
        /// The role's ARN, in full.
        role_arn: String,
    },
    /// With the credentials that rolecall runs under, where the file says `"role_arn": null`.
    OwnCredentials,
}

impl Registry {
    /// One without targets.
    pub fn empty() -> Self {
        Self { version: 1, targets: Vec::new() }
    }

    /// The target of an account, enabled or not.
    pub fn target(&self, account_id: &AccountId) -> Option<&Target> {
        self.targets.iter().find(|target| target.account_id == *account_id)
    }
}

impl Target {
    /// Whether another entry is entered in the same way.
    pub fn has_same_access(&self, other: &Self) -> bool {
        let id = |target: &Self| target.external_id.as_ref().map(|id| id.expose_secret().to_owned());
        self.role == other.role && self.via == other.via && id(self) == id(other)
    }

    /// Whether the target bears all of these tags.
    pub fn has_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.iter().all(|(name, value)| self.tags.get(name) == Some(value))
    }
}

#[cfg(test)]
mod tests;
