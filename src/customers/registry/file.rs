//! The form of the registry's file: the one definition of its fields.
//!
//! Its JSON Schema, the writer and the field names of the strict reader ([`super::reader`]) come from these types. The
//! reader adds paths and advice to errors, and rules across fields.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::external_id::EXTERNAL_ID_PATTERN;
use super::guessable::{GuessReason, guessable};
use super::label::MAX_NAME_CHARACTERS;
use super::organization::{
    EXCLUDED_PATTERN, MAX_ORGANIZATIONS, MEMBER_ROLE_PATTERN, ORGANIZATION_NAME_PATTERN, UNIT_PATTERN,
};
use super::shared_types::MAX_SHARED_TYPE_GLOBS;
use crate::domain::{AccountId, MAX_GLOB_CHARACTERS, REGION_GLOB_PATTERN, ROLE_ARN_PATTERN, ROLE_NAME_PATTERN};

/// Defines an object of the file, and lists its fields in their order as `FIELDS`.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
        }

        impl $name {
            /// The names of the fields, in the order in which messages list them.
            pub(super) const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    };
}

object! {
    /// The registry: all accounts that rolecall may inventory, and the roles to assume in them.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[schemars(extend("anyOf" = [
        {"required": ["targets"], "properties": {"targets": {"minItems": 1}}},
        {"required": ["organizations"]},
    ]))]
    pub(crate) struct RegistryFile {
        /// The version of this format: 1.
        #[schemars(range(min = 1, max = 1))]
        pub version: u64,
        /// The values for targets that do not set their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Defaults")]
        pub defaults: Option<Defaults>,
        /// The targets, each of another account.
        #[serde(default)]
        pub targets: Vec<TargetEntry>,
        /// Organizations whose active accounts are targets too. They are listed whenever a run is planned.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(min = 1, max = MAX_ORGANIZATIONS))]
        pub organizations: Vec<OrganizationEntry>,
    }
}

object! {
    /// The values for targets that do not set their own.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Defaults {
        /// The name of the role in every account. The default is `rolecall-inventory`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", regex(pattern = ROLE_NAME_PATTERN), extend("default" = "rolecall-inventory"))]
        pub role_name: Option<String>,
        /// Globs of the regions to query. The default is all regions that are enabled in the account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(
            with = "Vec<String>",
            length(min = 1),
            inner(length(max = MAX_GLOB_CHARACTERS), regex(pattern = REGION_GLOB_PATTERN)),
            extend("uniqueItems" = true)
        )]
        pub regions: Option<Vec<String>>,
    }
}

object! {
    /// An account, and the role to assume in it.
    #[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct TargetEntry {
        /// The account to inventory.
        pub account_id: AccountId,
        /// The external ID that the account's role requires. An explicit null is for an organization's
        /// own accounts, whose roles require none.
        #[schemars(
            with = "String",
            regex(pattern = EXTERNAL_ID_PATTERN),
            extend("type" = ["string", "null"])
        )]
        pub external_id: Option<String>,
        /// The role to assume, if it is not the default one. Null means the account that the command line
        /// runs in, which is queried with the command's own credentials.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", length(min = 20, max = 2048), regex(pattern = ROLE_ARN_PATTERN))]
        pub role_arn: Option<Option<String>>,
        /// An intermediate role that is assumed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(min = 20, max = 2048), regex(pattern = ROLE_ARN_PATTERN))]
        pub via: Option<String>,
        /// The account's name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(min = 1, max = MAX_NAME_CHARACTERS))]
        pub name: Option<String>,
        /// The customer that owns the account. Only targets of one customer may share an external ID.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(min = 1, max = MAX_NAME_CHARACTERS))]
        pub customer: Option<String>,
        /// Globs of the regions to query. The default is the list in `defaults`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(
            with = "Vec<String>",
            length(min = 1),
            inner(length(max = MAX_GLOB_CHARACTERS), regex(pattern = REGION_GLOB_PATTERN)),
            extend("uniqueItems" = true)
        )]
        pub regions: Option<Vec<String>>,
        /// Globs of the resource types that the customer shares. No other type is asked in the account. The default is
        /// all types.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(
            with = "Vec<String>",
            length(min = 1, max = MAX_SHARED_TYPE_GLOBS),
            inner(length(min = 1, max = MAX_GLOB_CHARACTERS)),
            extend("uniqueItems" = true)
        )]
        pub resources: Option<Vec<String>>,
        /// The tags by which requests select targets.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("default" = {}, "propertyNames" = {"minLength": 1}))]
        pub tags: BTreeMap<String, String>,
        /// Whether runs include the account. The default is true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "bool", extend("default" = true))]
        pub enabled: Option<bool>,
    }
}

object! {
    /// An organization, and the role to assume in each of its active accounts. An account with a target of its own keeps it.
    #[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct OrganizationEntry {
        /// The name by which responses call it.
        #[schemars(regex(pattern = ORGANIZATION_NAME_PATTERN))]
        pub name: String,
        /// The role that lists the organization, in its management account or in that of a delegated administrator. Null means the
        /// backend's own credentials.
        #[schemars(
            with = "String",
            length(min = 20, max = 2048),
            regex(pattern = ROLE_ARN_PATTERN),
            extend("type" = ["string", "null"])
        )]
        pub management_role_arn: Option<String>,
        /// The external ID that the management role and the roles of all accounts require. An explicit null is for your own
        /// organization, whose roles require none.
        #[schemars(
            with = "String",
            regex(pattern = EXTERNAL_ID_PATTERN),
            extend("type" = ["string", "null"])
        )]
        pub external_id: Option<String>,
        /// The organizational units (or roots) whose accounts count, with all units below them. The default is all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(min = 1), inner(regex(pattern = UNIT_PATTERN)), extend("uniqueItems" = true))]
        pub ous: Vec<String>,
        /// Accounts and organizational units that are never entered.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(min = 1), inner(regex(pattern = EXCLUDED_PATTERN)), extend("uniqueItems" = true))]
        pub exclude: Vec<String>,
        /// The name of the role in every account, after its path if it has one. The default is the one in `defaults`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(max = 575), regex(pattern = MEMBER_ROLE_PATTERN))]
        pub role_name: Option<String>,
        /// The customer that owns the accounts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(min = 1, max = MAX_NAME_CHARACTERS))]
        pub customer: Option<String>,
        /// Globs of the regions to query. The default is the list in `defaults`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(
            with = "Vec<String>",
            length(min = 1),
            inner(length(max = MAX_GLOB_CHARACTERS), regex(pattern = REGION_GLOB_PATTERN)),
            extend("uniqueItems" = true)
        )]
        pub regions: Option<Vec<String>>,
        /// Globs of the resource types that the customer shares. The default is all types.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(
            with = "Vec<String>",
            length(min = 1, max = MAX_SHARED_TYPE_GLOBS),
            inner(length(min = 1, max = MAX_GLOB_CHARACTERS)),
            extend("uniqueItems" = true)
        )]
        pub resources: Option<Vec<String>>,
        /// The tags of all accounts. Each also has the tag `ou`, the path of its organizational unit.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("default" = {}, "propertyNames" = {"minLength": 1}))]
        pub tags: BTreeMap<String, String>,
        /// Whether the accounts are targets. With false, those without a target of their own are only reported, as
        /// `unregistered`. The default is true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "bool", extend("default" = true))]
        pub enable: Option<bool>,
    }
}

impl TargetEntry {
    /// Returns why the target's external ID can be guessed, if it has one that can.
    pub(crate) fn guessable(&self) -> Option<GuessReason> {
        let names: Vec<&str> = [&self.name, &self.customer].into_iter().flatten().map(String::as_str).collect();
        guessable(self.external_id.as_deref()?, self.account_id.as_str(), &names)
    }

    /// Returns the error that the target's external ID can be guessed, if it can: why, and what to do.
    pub(crate) fn guessable_error(&self) -> Option<String> {
        let (account, reason) = (&self.account_id, self.guessable()?);
        Some(format!(
            "account {account}: its external ID can be guessed: {reason}. Make a new one, as infra/ONBOARDING.md describes \
             under \"Another external ID\""
        ))
    }
}

impl OrganizationEntry {
    /// Returns why the external ID can be guessed, if there is one that can.
    pub(crate) fn guessable(&self) -> Option<GuessReason> {
        let account = self.management_role_arn.as_deref().and_then(|arn| arn.split(':').nth(4)).unwrap_or_default();
        let names: Vec<&str> = std::iter::once(self.name.as_str()).chain(self.customer.as_deref()).collect();
        guessable(self.external_id.as_deref()?, account, &names)
    }
}

/// Deserializes a field so that `null` differs from a missing one.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Leaves out the external ID, which is a secret.
impl std::fmt::Debug for OrganizationEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OrganizationEntry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Leaves out the external ID, which is a secret.
impl std::fmt::Debug for TargetEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TargetEntry").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}
