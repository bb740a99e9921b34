//! The values for targets that do not set their own.

use super::file::Defaults;
use crate::domain::{region_glob, role_name};
use crate::input::{Fields, ValidationErrors};

/// The name of the role in the customer's template.
pub(crate) const DEFAULT_ROLE_NAME: &str = "rolecall-inventory";

/// The values for targets that do not set their own.
pub(super) struct TargetDefaults<'a> {
    pub(super) partition: &'a str,
    pub(super) role_name: String,
    pub(super) regions: Vec<String>,
}

/// Reads the field `defaults`.
pub(super) fn defaults<'a>(file: &Fields<'_>, partition: &'a str, errors: &mut ValidationErrors) -> TargetDefaults<'a> {
    let mut defaults =
        TargetDefaults { partition, role_name: DEFAULT_ROLE_NAME.to_owned(), regions: vec!["*".to_owned()] };
    let Some(value) = file.get("defaults") else {
        return defaults;
    };
    let Some(fields) = Fields::of(value, &file.path_of("defaults"), errors) else {
        return defaults;
    };
    fields.refuse_all_unknown(Defaults::FIELDS, errors);
    if let Some(name) = fields.parsed("role_name", errors, role_name) {
        defaults.role_name = name;
    }
    if let Some(regions) = fields.list("regions", errors, region_glob) {
        defaults.regions = regions;
    }
    defaults
}
