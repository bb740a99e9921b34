//! The form of the registry's file, for its JSON Schema and for whoever edits it. Reading, with places and advice, is
//! in [`super::reading`]; a test holds the two together.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::external_id::EXTERNAL_ID_PATTERN;
use crate::domain::AccountId;
use crate::domain::{ROLE_ARN_PATTERN, ROLE_NAME_PATTERN};

/// The registry: all accounts that may be taken stock of, and how to enter them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistryFile {
    /// The version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u64,
    /// What holds for targets that say nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Defaults")]
    pub defaults: Option<Defaults>,
    /// The targets, each of another account.
    #[schemars(length(min = 1))]
    pub targets: Vec<TargetEntry>,
}

/// What holds for targets that say nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// The name of the role in every account; `rolecall-inventory` where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = ROLE_NAME_PATTERN), extend("default" = "rolecall-inventory"))]
    pub role_name: Option<String>,
    /// Globs of the regions to ask; all that are enabled in the account where they are not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Vec<String>",
        length(min = 1),
        inner(length(max = 128), regex(pattern = "^[a-z0-9*?-]+$")),
        extend("uniqueItems" = true)
    )]
    pub regions: Option<Vec<String>>,
}

/// An account, and how to enter it.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetEntry {
    /// The account.
    pub account_id: AccountId,
    /// The external ID that the account's role asks for. Null, in so many words, for an
    /// organization's own accounts, whose roles ask for none.
    #[schemars(
        with = "String",
        regex(pattern = EXTERNAL_ID_PATTERN),
        extend("type" = ["string", "null"])
    )]
    pub external_id: Option<String>,
    /// The role to assume, where it is not the default one. Null for the account that the command
    /// line itself runs in, entered with its own credentials.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(min = 20, max = 2048), regex(pattern = ROLE_ARN_PATTERN))]
    pub role_arn: Option<Option<String>>,
    /// A role to pass through first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 20, max = 2048), regex(pattern = ROLE_ARN_PATTERN))]
    pub via: Option<String>,
    /// What people call the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 256))]
    pub name: Option<String>,
    /// Whose account it is. Only targets of one customer may share an external ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 256))]
    pub customer: Option<String>,
    /// Globs of the regions to ask; the defaults' where they are not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Vec<String>",
        length(min = 1),
        inner(length(max = 128), regex(pattern = "^[a-z0-9*?-]+$")),
        extend("uniqueItems" = true)
    )]
    pub regions: Option<Vec<String>>,
    /// What requests select targets by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("default" = {}, "propertyNames" = {"minLength": 1}))]
    pub tags: BTreeMap<String, String>,
    /// Whether the account is taken stock of at all; true where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool", extend("default" = true))]
    pub enabled: Option<bool>,
}

/// What is given, null too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Without the external ID.
impl std::fmt::Debug for TargetEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TargetEntry").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}
