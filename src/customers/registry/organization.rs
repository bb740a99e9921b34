//! The organizations of a registry: how each is listed, and what its accounts become.
//!
//! **Invariant:** knows neither which accounts an organization has nor how it is called.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::label::label;
use super::{Target, TargetRole};
use crate::domain::{AccountId, RoleArn};

/// The tag with the path of an account's organizational units, `prod/eu`.
pub(crate) const UNIT_TAG: &str = "ou";
/// The most organizations of a registry. Each is listed at every planning step, and each response names them.
pub(super) const MAX_ORGANIZATIONS: usize = 100;
/// The form of an organization's name, which becomes the name of a document in the output.
pub(super) const ORGANIZATION_NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
/// The form of the ids of organizational units and roots.
pub(super) const UNIT_PATTERN: &str = "^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$";
/// The form of what is excluded: accounts and organizational units.
pub(super) const EXCLUDED_PATTERN: &str = "^([0-9]{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$";
/// The form of a role's name, after its path if it has one.
pub(super) const MEMBER_ROLE_PATTERN: &str = "^([!-~]+/)?[A-Za-z0-9_+=,.@-]{1,64}$";

/// An organization whose accounts are targets without being listed one by one.
#[derive(Clone, Debug)]
pub struct Organization {
    /// The name by which responses and documents call it.
    pub name: String,
    /// The role that lists it: in the management account or in that of a delegated administrator. `None` for the backend's own
    /// credentials.
    pub management_role: Option<(AccountId, String)>,
    /// The external ID that the management role and the roles of its accounts require. `None` only if the file has an explicit
    /// null.
    pub external_id: Option<SecretString>,
    /// The organizational units whose accounts count; all if empty.
    pub units: Vec<String>,
    /// Accounts and organizational units that are never entered.
    pub exclude: Vec<String>,
    /// The name of the role in every account, after its path if it has one.
    pub role_name: String,
    /// The customer that owns the accounts.
    pub customer: Option<String>,
    /// Globs of the regions to query.
    pub regions: Vec<String>,
    /// Globs of the resource types that the customer shares; none if it shares all.
    pub resources: Option<Vec<String>>,
    /// The tags of all its accounts.
    pub tags: BTreeMap<String, String>,
    /// Whether its accounts are targets. Otherwise those without a target of their own are only reported.
    pub enable: bool,
    pub(super) partition: String,
}

/// An active account of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberAccount {
    /// The account.
    pub account_id: AccountId,
    /// Its name in the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The path of its organizational unit, `prod/eu`. Empty below the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

impl Organization {
    /// The target of one of its accounts.
    pub(crate) fn target(&self, member: &MemberAccount) -> Target {
        let role = RoleArn::new(&self.partition, &member.account_id, &self.role_name);
        let mut tags = self.tags.clone();
        if !member.unit.is_empty() {
            tags.entry(UNIT_TAG.to_owned()).or_insert_with(|| member.unit.clone());
        }
        Target {
            account_id: member.account_id.clone(),
            role: TargetRole::Assume { role_arn: role.to_string() },
            external_id: self.external_id.clone(),
            via: None,
            name: member.name.clone().filter(|name| label(name).is_ok()),
            customer: self.customer.clone(),
            regions: self.regions.clone(),
            resources: self.resources.clone(),
            tags,
            enabled: true,
            organization: Some(self.name.clone()),
        }
    }

    /// The target that stands for the management role; none if the backend's own credentials list the organization.
    pub(crate) fn management_target(&self) -> Option<Target> {
        let (account_id, role_arn) = self.management_role.clone()?;
        let member = MemberAccount { account_id, name: None, unit: String::new() };
        Some(Target { role: TargetRole::Assume { role_arn }, ..self.target(&member) })
    }

    /// Returns whether an account is excluded by its id.
    pub(crate) fn excludes(&self, account_id: &AccountId) -> bool {
        self.exclude.iter().any(|excluded| excluded == account_id.as_str())
    }

    /// The accounts that are excluded.
    pub(crate) fn excluded_accounts(&self) -> impl Iterator<Item = &String> {
        self.exclude.iter().filter(|excluded| !excluded.starts_with("ou-"))
    }

    /// The organizational units that are excluded.
    pub(crate) fn excluded_units(&self) -> impl Iterator<Item = &String> {
        self.exclude.iter().filter(|excluded| excluded.starts_with("ou-"))
    }
}
