//! A request: which accounts to take stock of, and what of them. Read strictly, written back shortly.
//!
//! A request only ever narrows, so nothing that is wrong in one may widen it: every problem is named,
//! and a request with a problem names no account at all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::domain::{AccountId, Format, RunId, region_glob, resource_glob};
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

/// What to take stock of. It only narrows what the registry's targets allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Request {
    /// The name of the run; derived from the event where it is not given. A run that was committed
    /// under this name already is answered and not repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "RunId")]
    pub run_id: Option<RunId>,
    /// The time for which the run was scheduled, such as EventBridge Scheduler's
    /// `<aws.scheduler.scheduled-time>`. It names the run where `run_id` is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub scheduled_at: Option<Timestamp>,
    /// The accounts: their ids, or "all" for every enabled target of the registry.
    pub accounts: Accounts,
    /// Only targets that bear all of these tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default, extend("minProperties" = 1, "propertyNames" = {"minLength": 1}))]
    pub tags: BTreeMap<String, String>,
    /// Accounts to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(min = 1), extend("uniqueItems" = true))]
    pub exclude: Vec<AccountId>,
    /// Whether accounts that the registry does not hold are told and left out, instead of refused.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub skip_unknown: bool,
    /// Globs of regions: only those of a target's regions that match one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        default,
        with = "Vec<String>",
        length(min = 1),
        inner(length(max = 128), regex(pattern = "^[a-z0-9*?-]+$")),
        extend("uniqueItems" = true)
    )]
    pub regions: Option<Vec<String>>,
    /// Globs of resource types: only those that match one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        default,
        with = "Vec<String>",
        length(min = 1),
        inner(length(min = 1, max = 128)),
        extend("uniqueItems" = true)
    )]
    pub resources: Option<Vec<String>>,
    /// What the inventory's files are written as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Format")]
    pub format: Option<Format>,
    /// Whether the records come back in the response too, where the event has a response.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub inline: bool,
}

/// Which accounts a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Every enabled target of the registry.
    All,
    /// These, and no others.
    Named(Vec<AccountId>),
}

impl Request {
    /// A request for these accounts, and nothing else said.
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

    /// Reads a request and names all that is wrong with it. With any problem, what comes back never asks
    /// for all accounts: it is there to be looked at further, so that those that it names are told too if
    /// something is wrong with them, and never to be carried out.
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

    /// Whether the request asks for less than all that the registry's enabled targets allow.
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
            if tags.is_empty() {
                errors.push(fields.path_of("tags"), "names no tag: name at least one, or leave the field out");
            }
            self.tags = tags;
        }
        self.exclude = fields.list("exclude", errors, str::parse).unwrap_or_default();
        self.skip_unknown = fields.boolean("skip_unknown", errors).unwrap_or_default();
        self.regions = fields.list("regions", errors, region_glob);
        self.resources = fields.list("resources", errors, resource_glob);
        self.format = fields.parsed("format", errors, str::parse);
        self.inline = fields.boolean("inline", errors).unwrap_or_default();
    }
}

/// For what rolecall wrote itself (a plan); what others wrote is read by [`Request::read`], for the
/// places of its problems.
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
                    "uniqueItems": true,
                },
            ],
        })
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

/// Whether a field's name, however it is spelt, would say which role to assume, or how.
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
