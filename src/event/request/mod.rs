//! A request: the accounts, regions and resource types of a run.
//!
//! It is read strictly, with all errors reported. It is written without the fields that have their defaults.
//!
//! A request only narrows what the registry allows, so an error in it must never widen it. A request with an error
//! therefore never asks for all accounts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::domain::{AccountId, Format, MAX_GLOB_CHARACTERS, REGION_GLOB_PATTERN, RunId, region_glob, resource_glob};
use crate::input::{Fields, ParseError, ValidationErrors, kind, quoted, unique_list};

/// The fields of a request, in the order in which messages list them.
const FIELDS: [&str; 10] = [
    "run_id",
    "scheduled_at",
    "accounts",
    "tags",
    "exclude",
    "skip_unknown",
    "regions",
    "resources",
    "format",
    "inline",
];

/// The maximum number of entries in `accounts` and in `exclude`. A request of the function has less room: 6 MB.
const MAX_ACCOUNTS: usize = 500_000;
/// The maximum number of globs in `regions`. AWS has fewer regions.
const MAX_REGIONS: usize = 100;
/// The maximum number of characters of all globs in `regions` together: the plan repeats them for each account.
const MAX_REGIONS_CHARACTERS: usize = 2_048;
/// The maximum number of globs in `resources`. Rolecall has fewer types.
const MAX_RESOURCES: usize = 200;
/// The maximum number of tags. AWS allows as many on a resource.
const MAX_TAGS: usize = 50;
/// The maximum number of characters of a tag's name or value.
const MAX_TAG_CHARACTERS: usize = 1_024;

/// The accounts, regions and resource types of a run. A request only narrows what the registry's targets allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Request {
    /// The name of the run. If it is missing, the name is derived from the event.
    /// A run that is already committed is not repeated: its result is returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "RunId")]
    pub run_id: Option<RunId>,
    /// The time for which the run was scheduled, such as EventBridge Scheduler's `<aws.scheduler.scheduled-time>`.
    /// It names the run if `run_id` is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub scheduled_at: Option<Timestamp>,
    /// The accounts: their ids, or "all" for every enabled target of the registry.
    pub accounts: Accounts,
    /// The tags that a target must have to be selected: all of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default, extend(
        "minProperties" = 1,
        "maxProperties" = MAX_TAGS,
        "propertyNames" = {"minLength": 1, "maxLength": MAX_TAG_CHARACTERS},
        "additionalProperties" = {"type": "string", "maxLength": MAX_TAG_CHARACTERS},
    ))]
    pub tags: BTreeMap<String, String>,
    /// Accounts to leave out of the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(min = 1, max = MAX_ACCOUNTS), extend("uniqueItems" = true))]
    pub exclude: Vec<AccountId>,
    /// True to skip and report accounts that the registry does not have. Otherwise, the request is refused.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub skip_unknown: bool,
    /// Globs of regions. A target's region is asked only if it matches one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        default,
        with = "Vec<String>",
        length(min = 1, max = MAX_REGIONS),
        inner(length(max = MAX_GLOB_CHARACTERS), regex(pattern = REGION_GLOB_PATTERN)),
        extend("uniqueItems" = true)
    )]
    pub regions: Option<Vec<String>>,
    /// Globs of resource types. A type is listed only if it matches one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        default,
        with = "Vec<String>",
        length(min = 1, max = MAX_RESOURCES),
        inner(length(min = 1, max = MAX_GLOB_CHARACTERS)),
        extend("uniqueItems" = true)
    )]
    pub resources: Option<Vec<String>>,
    /// The format in which the inventory's files are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Format")]
    pub format: Option<Format>,
    /// True to return the records in the response too, if the event has a response.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub inline: bool,
}

/// The accounts that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Every enabled target of the registry.
    All,
    /// The accounts with these ids.
    Named(Vec<AccountId>),
}

impl Request {
    /// Creates a request for these accounts, with all other fields missing.
    pub fn of(accounts: Accounts) -> Self {
        Self {
            run_id: None,
            scheduled_at: None,
            accounts,
            tags: BTreeMap::new(),
            exclude: Vec::new(),
            skip_unknown: false,
            regions: None,
            resources: None,
            format: None,
            inline: false,
        }
    }

    /// Whether it asks every account of the registry for everything.
    pub(crate) fn narrows_nothing(&self) -> bool {
        let has_all = self.accounts == Accounts::All && self.tags.is_empty() && self.exclude.is_empty();
        has_all && self.regions.is_none() && self.resources.is_none()
    }

    /// Reads a request, and adds all of its errors to `errors`.
    ///
    /// If there is an error, the returned request never asks for all accounts and must not be run. The caller can check
    /// its accounts, so that their errors are reported at the same time.
    pub fn read(value: &Value, place: &str, errors: &mut ValidationErrors) -> Request {
        let mut found = ValidationErrors::new();
        let mut request = Self::of(Accounts::Named(Vec::new()));
        if let Some(fields) = Fields::of(value, place, &mut found) {
            request.take(&fields, &mut found);
        }
        if !found.is_empty() && request.accounts == Accounts::All {
            request.accounts = Accounts::Named(Vec::new());
        }
        errors.merge(found);
        request
    }

    /// Returns whether the request asks for less than the registry's enabled targets allow.
    pub fn narrows(&self) -> bool {
        let restricts =
            |globs: &Option<Vec<String>>| globs.as_ref().is_some_and(|globs| !globs.iter().any(|glob| glob == "*"));
        self.accounts != Accounts::All
            || !self.tags.is_empty()
            || !self.exclude.is_empty()
            || restricts(&self.regions)
            || restricts(&self.resources)
    }

    fn take(&mut self, fields: &Fields<'_>, errors: &mut ValidationErrors) {
        refuse_unknown(fields, errors);
        self.run_id = fields.parsed("run_id", errors, str::parse);
        self.scheduled_at = fields.parsed("scheduled_at", errors, scheduled_time);
        self.accounts = accounts(fields, errors);
        if let Some(tags) = fields.string_map("tags", errors) {
            check_tags(&tags, fields, errors);
            self.tags = tags;
        }
        if fits(fields, "exclude", MAX_ACCOUNTS, errors) {
            self.exclude = fields.list("exclude", errors, str::parse).unwrap_or_default();
        }
        self.skip_unknown = fields.boolean("skip_unknown", errors).unwrap_or_default();
        if fits(fields, "regions", MAX_REGIONS, errors) {
            self.regions = fields.list("regions", errors, region_glob);
            let characters: usize = self.regions.iter().flatten().map(String::len).sum();
            if characters > MAX_REGIONS_CHARACTERS {
                let what = format!("has {characters} characters: at most {MAX_REGIONS_CHARACTERS} are allowed");
                errors.push(fields.path_of("regions"), what);
            }
        }
        if fits(fields, "resources", MAX_RESOURCES, errors) {
            self.resources = fields.list("resources", errors, resource_glob);
        }
        self.format = fields.parsed("format", errors, str::parse);
        self.inline = fields.boolean("inline", errors).unwrap_or_default();
    }
}

/// For documents that rolecall wrote itself, such as a plan.
///
/// Use [`Request::read`] for all other documents: its errors have paths.
impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let mut errors = ValidationErrors::new();
        let request = Self::read(&value, "request", &mut errors);
        errors.into_result(request).map_err(D::Error::custom)
    }
}

impl Serialize for Accounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Named(ids) => ids.serialize(serializer),
        }
    }
}

impl JsonSchema for Accounts {
    fn schema_name() -> Cow<'static, str> {
        "Accounts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The ids of accounts, or \"all\" for every enabled target of the registry.",
            "oneOf": [
                { "const": "all" },
                {
                    "type": "array",
                    "items": generator.subschema_for::<AccountId>(),
                    "minItems": 1,
                    "maxItems": MAX_ACCOUNTS,
                    "uniqueItems": true,
                },
            ],
        })
    }
}

/// Returns whether a list has no more entries than its limit. A longer one is refused before its entries are read.
fn fits(fields: &Fields<'_>, name: &str, limit: usize, errors: &mut ValidationErrors) -> bool {
    fields.get(name).is_none_or(|value| !is_too_long(value, &fields.path_of(name), limit, errors))
}

fn is_too_long(value: &Value, place: &str, limit: usize, errors: &mut ValidationErrors) -> bool {
    let entries = value.as_array().map_or(0, Vec::len);
    if entries > limit {
        errors.push(place, format!("has {entries} entries: at most {limit} are allowed"));
    }
    entries > limit
}

fn check_tags(tags: &BTreeMap<String, String>, fields: &Fields<'_>, errors: &mut ValidationErrors) {
    let place = fields.path_of("tags");
    if tags.is_empty() {
        errors.push(&place, "names no tag: name at least one, or leave the field out");
    }
    if tags.len() > MAX_TAGS {
        errors.push(&place, format!("has {} tags: at most {MAX_TAGS} are allowed", tags.len()));
    }
    let is_long = |text: &str| text.chars().count() > MAX_TAG_CHARACTERS;
    if tags.iter().any(|(name, value)| is_long(name) || is_long(value)) {
        errors.push(place, format!("has a name or a value of more than {MAX_TAG_CHARACTERS} characters"));
    }
}

fn refuse_unknown(fields: &Fields<'_>, errors: &mut ValidationErrors) {
    for name in fields.unknown(&FIELDS) {
        if points_elsewhere(name) {
            let what = "an event may not carry it: the registry is the only place for role ARNs and external IDs";
            errors.push(fields.path_of(name), what);
        } else {
            fields.refuse_unknown(name, &FIELDS, errors);
        }
    }
}

/// Returns whether a field's name, in any spelling, means a role to assume or how to assume it.
fn points_elsewhere(name: &str) -> bool {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    ["rolearn", "externalid", "rolename", "backendrole"].iter().any(|word| letters.contains(word))
        || matches!(letters.as_str(), "role" | "roles" | "via")
}

fn scheduled_time(text: &str) -> Result<Timestamp, ParseError> {
    if text.starts_with("<aws.scheduler.") {
        let what = "is EventBridge Scheduler's own word, which only Scheduler replaces: write a time, as in 2026-11-21T03:00:00Z";
        return Err(ParseError(format!("{} {what}", quoted(text))));
    }
    match text.parse::<Timestamp>() {
        Ok(time) if time >= Timestamp::UNIX_EPOCH => Ok(time),
        Ok(_) => Err(ParseError(format!("{} is before 1970: write the time of the schedule", quoted(text)))),
        Err(_) => Err(ParseError(format!(
            "{} is no time: write one with its offset, as in 2026-11-21T03:00:00Z",
            quoted(text)
        ))),
    }
}

fn accounts(fields: &Fields<'_>, errors: &mut ValidationErrors) -> Accounts {
    let place = fields.path_of("accounts");
    match fields.get("accounts") {
        Some(Value::String(word)) if word == "all" => return Accounts::All,
        Some(Value::String(word)) => errors.push(place, not_all(word)),
        Some(value) if is_too_long(value, &place, MAX_ACCOUNTS, errors) => {}
        Some(value) => return Accounts::Named(unique_list(value, &place, errors, account)),
        None => errors.push(place, "is missing: list account ids, or write \"all\" for every enabled target"),
    }
    Accounts::Named(Vec::new())
}

fn not_all(word: &str) -> String {
    let quoted = quoted(word);
    if word.parse::<AccountId>().is_ok() {
        format!("is one account id: write it as a list, [\"{word}\"]")
    } else if word == "*" || word.trim().eq_ignore_ascii_case("all") {
        format!("is {quoted}: for every enabled target write \"all\", in lower case")
    } else {
        format!("is {quoted}: list account ids, or write \"all\" for every enabled target")
    }
}

fn account(item: &Value, place: &str, errors: &mut ValidationErrors) -> Option<AccountId> {
    let what = match item {
        Value::String(text) if text == "all" => {
            "is \"all\" within a list: write \"accounts\": \"all\", or account ids alone".to_owned()
        }
        Value::String(text) => match text.parse() {
            Ok(id) => return Some(id),
            Err(ParseError(what)) => what,
        },
        Value::Number(_) => {
            "is a number, which loses leading zeros: write the account's 12 digits in quotes".to_owned()
        }
        Value::Object(_) => "is an object: write the account's 12 digits alone, in quotes; \
            what belongs to it (role ARN, external ID) has its only place in the registry"
            .to_owned(),
        other => format!("is {}: write the account's 12 digits, in quotes", kind(other)),
    };
    errors.push(place, what);
    None
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
