//! The form of the registry's file: the one definition of its fields.
//!
//! Its JSON Schema, the writer and the field names of the strict reader ([`super::reader`]) come from these types. The
//! reader adds paths and advice to errors, and rules across fields.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::external_id::EXTERNAL_ID_PATTERN;
use super::guessable::{GuessReason, guessable};
use super::shared_types::MAX_SHARED_TYPE_GLOBS;
use crate::domain::{AccountId, MAX_GLOB_CHARACTERS, REGION_GLOB_PATTERN, ROLE_ARN_PATTERN, ROLE_NAME_PATTERN};

/// The limit for the names of targets and customers.
pub(super) const MAX_NAME_CHARACTERS: usize = 256;

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
    pub(crate) struct RegistryFile {
        /// The version of this format: 1.
        #[schemars(range(min = 1, max = 1))]
        pub version: u64,
        /// The values for targets that do not set their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Defaults")]
        pub defaults: Option<Defaults>,
        /// The targets, each of another account.
        #[schemars(length(min = 1))]
        pub targets: Vec<TargetEntry>,
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

/// Deserializes a field so that `null` differs from a missing one.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Leaves out the external ID, which is a secret.
impl std::fmt::Debug for TargetEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TargetEntry").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}
