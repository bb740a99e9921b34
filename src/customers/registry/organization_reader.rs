//! Reads the organizations of the registry's file, with every problem at once.

use std::collections::HashSet;

use serde_json::Value;

use super::external_id::{ExternalIdUniqueness, external_id};
use super::file::OrganizationEntry;
use super::label::label;
use super::organization::{MAX_ORGANIZATIONS, Organization};
use super::shared_types::SharedTypeReader;
use super::target_defaults::TargetDefaults;
use crate::domain::{AccountId, RoleArn, region_glob};
use crate::input::{Fields, ParseError, ValidationErrors, kind, quoted};

/// Reads the field `organizations`. A missing one is an empty list.
pub(super) fn organizations<'a>(
    file: &Fields<'a>,
    defaults: &TargetDefaults<'_>,
    external_ids: &mut ExternalIdUniqueness<'a>,
    errors: &mut ValidationErrors,
) -> Vec<Organization> {
    let place = file.path_of("organizations");
    let entries = match file.get("organizations") {
        None => return Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            errors.push(place, format!("is {}: it must be a list, [...]", kind(other)));
            return Vec::new();
        }
    };
    if entries.is_empty() || entries.len() > MAX_ORGANIZATIONS {
        let what = format!("has {} entries: write 1 to {MAX_ORGANIZATIONS}, or leave the field out", entries.len());
        errors.push(place.clone(), what);
    }
    let mut shared_types = SharedTypeReader::default();
    let (mut names, mut read) = (HashSet::new(), Vec::new());
    for (index, entry) in entries.iter().take(MAX_ORGANIZATIONS).enumerate() {
        let Some(fields) = Fields::of(entry, &format!("{place}[{index}]"), errors) else { continue };
        if let Some(external_id) = fields.get("external_id").and_then(Value::as_str) {
            let customer = fields.get("customer").and_then(Value::as_str);
            external_ids.note(external_id, customer, fields.path_of("external_id"), errors);
        }
        let Some(organization) = organization(&fields, defaults, &mut shared_types, errors) else { continue };
        if !names.insert(organization.name.clone()) {
            errors.push(fields.path_of("name"), "is the name of another organization too: give each its own");
        }
        read.push(organization);
    }
    read
}

/// Reads one organization. Returns `None`, and adds errors, if its name or its management role is invalid.
fn organization(
    fields: &Fields<'_>,
    defaults: &TargetDefaults<'_>,
    shared_types: &mut SharedTypeReader,
    errors: &mut ValidationErrors,
) -> Option<Organization> {
    fields.refuse_all_unknown(OrganizationEntry::FIELDS, errors);
    if fields.get("name").is_none() {
        errors.push(fields.path_of("name"), "is missing: name the organization");
    }
    let name = fields.parsed("name", errors, organization_name);
    let management_role = match fields.get("management_role_arn") {
        None => {
            let what =
                "is missing: write the role that lists the organization, or null for the backend's own credentials";
            errors.push(fields.path_of("management_role_arn"), what);
            None
        }
        Some(Value::Null) => Some(None),
        Some(_) => fields.parsed("management_role_arn", errors, |text| {
            let role = RoleArn::in_partition(text, defaults.partition)?;
            Ok(Some((role.account_id, text.to_owned())))
        }),
    };
    let external_id = match fields.get("external_id") {
        None => {
            let what = "is missing: write the one that the organization's roles ask for, or, for your own organization whose roles \
                ask for none, \"external_id\": null";
            errors.push(fields.path_of("external_id"), what);
            None
        }
        Some(Value::Null) => None,
        Some(_) => fields.parsed("external_id", errors, external_id),
    };
    let role_name = fields.parsed("role_name", errors, |text| member_role(text, defaults.partition));
    // Every field is read before the first one that is invalid ends this: all problems are reported at once.
    let units = fields.list("ous", errors, unit).unwrap_or_default();
    let exclude = fields.list("exclude", errors, excluded).unwrap_or_default();
    let customer = fields.parsed("customer", errors, label);
    let regions = fields.list("regions", errors, region_glob).unwrap_or_else(|| defaults.regions.clone());
    let resources = shared_types.read(fields, errors);
    let tags = fields.string_map("tags", errors).unwrap_or_default();
    let enable = fields.boolean("enable", errors).unwrap_or(true);
    Some(Organization {
        name: name?,
        management_role: management_role?,
        external_id,
        units,
        exclude,
        role_name: role_name.unwrap_or_else(|| defaults.role_name.clone()),
        customer,
        regions,
        resources,
        tags,
        enable,
        partition: defaults.partition.to_owned(),
    })
}

fn organization_name(text: &str) -> Result<String, ParseError> {
    let possible = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_well && text.len() <= 64 && text.bytes().all(possible) {
        return Ok(text.to_owned());
    }
    let what =
        "is not a name of an organization: write 1 to 64 letters, digits, `.`, `_` and `-`, a letter or digit first";
    Err(ParseError(format!("{} {what}", quoted(text))))
}

/// Reads the name of a role with its path, as it is in every account.
fn member_role(text: &str, partition: &str) -> Result<String, ParseError> {
    let arn = format!("arn:{partition}:iam::000000000000:role/{text}");
    RoleArn::in_partition(&arn, partition).map(|role| role.path_and_name).map_err(|_| {
        ParseError(format!("{} is not a role's name, after its path if it has one, such as audit/reader", quoted(text)))
    })
}

fn unit(text: &str) -> Result<String, ParseError> {
    if is_unit(text) || is_root(text) {
        return Ok(text.to_owned());
    }
    Err(ParseError(format!(
        "{} is not an organizational unit or a root: write ou-abcd-12345678 or r-abcd",
        quoted(text)
    )))
}

fn excluded(text: &str) -> Result<String, ParseError> {
    if is_unit(text) || text.parse::<AccountId>().is_ok() {
        return Ok(text.to_owned());
    }
    let what = "is neither an account nor an organizational unit: write 111122223333 or ou-abcd-12345678";
    Err(ParseError(format!("{} {what}", quoted(text))))
}

fn is_unit(text: &str) -> bool {
    let parts = text.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| is_id(root, 4) && is_id(unit, 8))
}

fn is_root(text: &str) -> bool {
    text.strip_prefix("r-").is_some_and(|root| is_id(root, 4))
}

fn is_id(text: &str, least: usize) -> bool {
    let possible = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (least..=32).contains(&text.len()) && text.bytes().all(possible)
}
