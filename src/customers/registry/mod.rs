//! The registry: the file that lists all targets, and the only source of role ARNs and external IDs.
//!
//! [`Registry::read`] validates the file as a whole and reports all errors at once, each with its path and none with an
//! external ID. **Invariant:** does not know where the file is stored, nor whether its roles can be assumed.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::AccountId;

pub(crate) use edit::{ExternalIdSource, NewTarget};
pub(crate) use external_id::{external_id, random_external_id};
pub(crate) use file::{RegistryFile, TargetEntry};
pub(crate) use reader::DEFAULT_ROLE_NAME;

mod external_id;
mod file;
mod reader;
mod edit;

/// All targets, in the order of the file.
#[derive(Clone, Debug)]
pub struct Registry {
    /// The version of the file's format.
    pub version: u64,
    /// The targets, at most one for an account.
    pub targets: Vec<Target>,
}

/// A customer account and how to enter it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The customer's account.
    pub account_id: AccountId,
    /// How the account is entered.
    pub role: TargetRole,
    /// The proof to the customer's role that it is assumed for this customer. None only if the file has an explicit null.
    pub external_id: Option<SecretString>,
    /// The ARN of a role to assume first (role chaining).
    pub via: Option<String>,
    /// The display name of the account.
    pub name: Option<String>,
    /// The customer who owns the account. Targets of one customer may share an external ID.
    pub customer: Option<String>,
    /// Globs of the regions to ask: the target's, or else the defaults', or else `*`.
    pub regions: Vec<String>,
    /// Tags by which requests select targets.
    pub tags: BTreeMap<String, String>,
    /// Whether runs include the target.
    pub enabled: bool,
}

/// The way into a target's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRole {
    /// Assume this role.
    Assume {
        /// The full ARN of the role.
        role_arn: String,
    },
    /// Use rolecall's own credentials: the file has `"role_arn": null`.
    OwnCredentials,
}

impl Registry {
    /// Creates a registry without targets.
    pub fn empty() -> Self {
        Self { version: 1, targets: Vec::new() }
    }

    /// Returns the target of an account, enabled or not.
    pub fn target(&self, account_id: &AccountId) -> Option<&Target> {
        self.targets.iter().find(|target| target.account_id == *account_id)
    }
}

impl Target {
    /// Returns whether the other target is entered with the same role, external ID and chain.
    pub fn has_same_access(&self, other: &Self) -> bool {
        let id = |target: &Self| target.external_id.as_ref().map(|id| id.expose_secret().to_owned());
        self.role == other.role && self.via == other.via && id(self) == id(other)
    }

    /// Returns whether the target has all of these tags.
    pub fn has_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.iter().all(|(name, value)| self.tags.get(name) == Some(value))
    }
}

#[cfg(test)]
mod tests;
