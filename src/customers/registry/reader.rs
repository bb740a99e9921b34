//! Reads the registry's file and reports every problem at once, each with its path in the file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::external_id::{ExternalIdUniqueness, external_id};
use super::file::{RegistryFile, TargetEntry};
use super::label::label;
use super::organization_reader::organizations;
use super::shared_types::SharedTypeReader;
use super::target_defaults::{TargetDefaults, defaults};
use super::{Registry, Target, TargetRole};
use crate::domain::{AccountId, RoleArn, region_glob};
use crate::input::{Fields, ParseError, ValidationErrors, kind, parse};

impl Registry {
    /// Reads the registry of a backend in `partition` (`aws`, `aws-cn`, `aws-us-gov`).
    pub fn read(bytes: &[u8], partition: &str) -> Result<Registry, ValidationErrors> {
        Self::read_as(bytes, partition, false)
    }

    /// Reads a registry that may have no targets, for edits: it may be new, or its last target may have been removed.
    pub fn read_allowing_empty(bytes: &[u8], partition: &str) -> Result<Registry, ValidationErrors> {
        Self::read_as(bytes, partition, true)
    }

    fn read_as(bytes: &[u8], partition: &str, may_be_empty: bool) -> Result<Registry, ValidationErrors> {
        let value = parse("registry", bytes)?;
        let mut errors = ValidationErrors::new();
        let registry = match Fields::of(&value, "registry", &mut errors) {
            Some(fields) => file(&fields, partition, may_be_empty, &mut errors),
            None => Registry::empty(),
        };
        errors.into_result(registry)
    }
}

fn file(fields: &Fields<'_>, partition: &str, may_be_empty: bool, errors: &mut ValidationErrors) -> Registry {
    fields.refuse_all_unknown(RegistryFile::FIELDS, errors);
    match fields.get("version") {
        Some(version) if version.as_u64() == Some(1) => {}
        Some(_) => errors.push(fields.path_of("version"), "is not 1, the only version that this rolecall reads"),
        None => errors.push(fields.path_of("version"), "is missing: write \"version\": 1"),
    }
    let defaults = defaults(fields, partition, errors);
    let mut external_ids = ExternalIdUniqueness::default();
    let has_organizations = fields.get("organizations").is_some();
    let targets = targets(fields, &defaults, &mut external_ids, may_be_empty || has_organizations, errors);
    let organizations = organizations(fields, &defaults, &mut external_ids, errors);
    Registry::of(targets, organizations)
}

fn targets<'a>(
    file: &Fields<'a>,
    defaults: &TargetDefaults<'_>,
    external_ids: &mut ExternalIdUniqueness<'a>,
    may_be_empty: bool,
    errors: &mut ValidationErrors,
) -> Vec<Target> {
    let place = file.path_of("targets");
    let has_organizations = file.get("organizations").is_some();
    let entries = match file.get("targets") {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(other) => {
            errors.push(place, format!("is {}: it must be a list, [...]", kind(other)));
            return Vec::new();
        }
        None => &[],
    };
    if entries.is_empty() && !(may_be_empty && (has_organizations || file.get("targets").is_some())) {
        let what = "has no targets: add one with its account_id and external_id for every account to inventory";
        errors.push(place, what);
        return Vec::new();
    }
    let mut shared_types = SharedTypeReader::default();
    let mut first_paths: BTreeMap<AccountId, usize> = BTreeMap::new();
    let mut targets = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let Some(fields) = Fields::of(entry, &format!("{place}[{index}]"), errors) else {
            continue;
        };
        if let Some(external_id) = fields.get("external_id").and_then(Value::as_str) {
            let customer = fields.get("customer").and_then(Value::as_str);
            external_ids.note(external_id, customer, fields.path_of("external_id"), errors);
        }
        let Some(target) = target(&fields, defaults, &mut shared_types, errors) else {
            continue;
        };
        let first = *first_paths.entry(target.account_id.clone()).or_insert(index);
        if first != index {
            let what = format!("is the same as {place}[{first}].account_id: keep one target for an account");
            errors.push(fields.path_of("account_id"), what);
        }
        targets.push(target);
    }
    targets
}

/// Reads one target. Returns `None`, and adds errors, if its account or its role is invalid.
fn target(
    fields: &Fields<'_>,
    defaults: &TargetDefaults<'_>,
    shared_types: &mut SharedTypeReader,
    errors: &mut ValidationErrors,
) -> Option<Target> {
    fields.refuse_all_unknown(TargetEntry::FIELDS, errors);
    if fields.get("account_id").is_none() {
        errors.push(fields.path_of("account_id"), "is missing: write the account's 12 digits, in quotes");
    }
    let account_id = fields.parsed("account_id", errors, str::parse);
    let role = role(fields, account_id.as_ref(), defaults, errors);
    let external_id = match fields.get("external_id") {
        None => {
            let what = "is missing: write the one that the account's role asks for, or, for an organization's own \
                account whose role asks for none, \"external_id\": null";
            errors.push(fields.path_of("external_id"), what);
            None
        }
        Some(Value::Null) => None,
        Some(_) => fields.parsed("external_id", errors, external_id),
    };
    let via = fields
        .parsed("via", errors, |text| RoleArn::in_partition(text, defaults.partition).map(|role| role.to_string()));
    if role == Some(TargetRole::OwnCredentials) {
        refuse_what_only_a_role_needs(fields, errors);
    }
    let name = fields.parsed("name", errors, label);
    let customer = fields.parsed("customer", errors, label);
    let regions = fields.list("regions", errors, region_glob).unwrap_or_else(|| defaults.regions.clone());
    let resources = shared_types.read(fields, errors);
    let tags = fields.string_map("tags", errors).unwrap_or_default();
    let enabled = fields.boolean("enabled", errors).unwrap_or(true);
    Some(Target {
        account_id: account_id?,
        role: role?,
        external_id,
        via,
        name,
        customer,
        regions,
        resources,
        tags,
        enabled,
        organization: None,
    })
}

fn role(
    fields: &Fields<'_>,
    account_id: Option<&AccountId>,
    defaults: &TargetDefaults<'_>,
    errors: &mut ValidationErrors,
) -> Option<TargetRole> {
    let written = match fields.get("role_arn") {
        None => {
            let role_arn = RoleArn::new(defaults.partition, account_id?, &defaults.role_name).to_string();
            return Some(TargetRole::Assume { role_arn });
        }
        Some(Value::Null) => return Some(TargetRole::OwnCredentials),
        Some(_) => fields.string("role_arn", errors)?,
    };
    let wrong = match (RoleArn::in_partition(written, defaults.partition), account_id) {
        (Err(ParseError(what)), _) => what,
        (Ok(role), Some(account_id)) if role.account_id != *account_id => {
            format!("is in the account {}, and the target is {account_id}: correct one of them", role.account_id)
        }
        (Ok(_), _) => {
            return Some(TargetRole::Assume { role_arn: written.to_owned() });
        }
    };
    errors.push(fields.path_of("role_arn"), wrong);
    None
}

fn refuse_what_only_a_role_needs(fields: &Fields<'_>, errors: &mut ValidationErrors) {
    for name in ["via", "external_id"] {
        if fields.get(name).is_some_and(|value| !value.is_null()) {
            let what = "is given though \"role_arn\": null says that no role is assumed: take one of the two out";
            errors.push(fields.path_of(name), what);
        }
    }
}
