//! The flags and the file that make a request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::given_targets::GivenTargetArgs;
use crate::domain::new_attempt_id;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, HttpRoute, Message, Request, RunIdSource, classify, default_request};
use crate::input::{ValidationErrors, parse, quoted};

/// The accounts, regions and resource types that a command asks for.
#[derive(Args, Debug, Default)]
pub(crate) struct SelectionArgs {
    /// Account ids, separated by commas, or `all`
    #[arg(long, value_delimiter = ',', value_name = "ID,…|all")]
    pub accounts: Vec<String>,
    /// Only targets that have this tag (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    tags: Vec<String>,
    /// Accounts to leave out
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    exclude: Vec<String>,
    /// Leave out accounts that are not in the registry, instead of refusing the request
    #[arg(long)]
    skip_unknown: bool,
    /// Only regions that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    regions: Vec<String>,
    /// Only resource types that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    resources: Vec<String>,
    /// Read the event from a file instead; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["accounts", "tags", "exclude", "skip_unknown", "regions", "resources"])]
    pub event: Option<PathBuf>,
}

impl SelectionArgs {
    /// Returns the request of the flags or of the event's file. Both are validated like every event.
    pub(crate) fn request(
        &self,
        run_id: Option<&str>,
        targets: &GivenTargetArgs,
        errors: &mut ValidationErrors,
    ) -> Result<(Request, RunIdSource), Error> {
        let (mut value, source) = match &self.event {
            None if targets.is_given() => (self.flags_or_all(errors), terminal()),
            None => (self.flags(errors), terminal()),
            Some(_) if targets.is_given() => {
                let what = "names no way into accounts: leave out --here, --organization and --role-name";
                return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--event", what)));
            }
            Some(path) => read_event(path)?,
        };
        if let (Some(run_id), Some(fields)) = (run_id, value.as_object_mut()) {
            fields.insert("run_id".into(), run_id.into());
        }
        Ok((Request::read(&value, "request", errors), source))
    }

    /// The flags. Without accounts, all of the given targets are meant: there are no others.
    fn flags_or_all(&self, errors: &mut ValidationErrors) -> Value {
        let mut flags = self.flags(errors);
        if self.accounts.is_empty() {
            flags["accounts"] = "all".into();
        }
        flags
    }

    fn flags(&self, errors: &mut ValidationErrors) -> Value {
        let mut fields = Map::new();
        match self.accounts.as_slice() {
            [] => {}
            [all] if all == "all" => drop(fields.insert("accounts".into(), json!("all"))),
            ids => drop(fields.insert("accounts".into(), json!(ids))),
        }
        if !self.tags.is_empty() {
            fields.insert("tags".into(), json!(tags(&self.tags, errors)));
        }
        if self.skip_unknown {
            fields.insert("skip_unknown".into(), true.into());
        }
        for (name, list) in [("exclude", &self.exclude), ("regions", &self.regions), ("resources", &self.resources)] {
            if !list.is_empty() {
                fields.insert(name.into(), json!(list));
            }
        }
        Value::Object(fields)
    }
}

/// The targets that a command is about.
#[derive(Args, Debug)]
pub(crate) struct TargetSelectionArgs {
    /// Account ids, separated by commas, or `all`, which is the default
    #[arg(long, value_delimiter = ',', value_name = "ID,…|all")]
    accounts: Vec<String>,
    /// Only targets that have this tag (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    tags: Vec<String>,
}

impl TargetSelectionArgs {
    /// Returns the request that selects the targets. It is validated like every event.
    pub(crate) fn request(self, errors: &mut ValidationErrors) -> Request {
        let accounts = if self.accounts.is_empty() { vec!["all".to_owned()] } else { self.accounts };
        let selection = SelectionArgs { accounts, tags: self.tags, ..SelectionArgs::default() };
        Request::read(&selection.flags(errors), "request", errors)
    }
}

/// Parses the pairs of `--tags`.
pub(crate) fn tags(pairs: &[String], errors: &mut ValidationErrors) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => drop(tags.insert(key.to_owned(), value.to_owned())),
            _ => errors.push("--tags", format!("{} is not KEY=VALUE", quoted(pair))),
        }
    }
    tags
}

/// Reads the request in an event's file, and the source of its run id.
fn read_event(path: &Path) -> Result<(Value, RunIdSource), Error> {
    let invalid = |errors: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &errors);
    let event = parse("event", &read_bytes(path)?).and_then(classify).map_err(invalid)?;
    match event {
        Event::Request(value) => Ok((value, terminal())),
        Event::Custom { id, detail } => Ok((detail, RunIdSource::Event(id))),
        Event::Scheduled { rule, time } => {
            let setting = std::env::var("ROLECALL_DEFAULT_REQUEST").ok();
            Ok((default_request(setting.as_deref())?, RunIdSource::Rule { rule, time }))
        }
        Event::Step(_) => {
            let what = "a step of the state machine is for the function alone: send the request in it";
            Err(invalid(ValidationErrors::one("event.step", what)))
        }
        Event::Queue(messages) => {
            only_message(&messages, "message.body", "an SQS batch of exactly one message").map_err(invalid)
        }
        Event::Topic(messages) => {
            only_message(&messages, "message", "exactly one notification of SNS").map_err(invalid)
        }
        Event::Http(request) => match (request.route(), request.body) {
            (HttpRoute::Start, Some(body)) => {
                Ok((parse("body", &body).map_err(invalid)?, RunIdSource::Invocation(request.request_id)))
            }
            _ => {
                Err(invalid(ValidationErrors::one("event", "is no POST /runs with a body: no other one starts a run")))
            }
        },
    }
}

/// Reads the request in the only message of a batch, and the source of its run id.
fn only_message(messages: &[Message], place: &str, wanted: &str) -> Result<(Value, RunIdSource), ValidationErrors> {
    let [Message { message_id, body }] = messages else {
        return Err(ValidationErrors::one("event.Records", format!("the command line takes {wanted}")));
    };
    Ok((parse(place, body.as_bytes())?, RunIdSource::Message(message_id.clone())))
}

fn terminal() -> RunIdSource {
    let random = u16::from_str_radix(&new_attempt_id()[..4], 16).unwrap_or_default();
    RunIdSource::Terminal { now: jiff::Timestamp::now(), random }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let result = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    result.map_err(|error| {
        Error::new(ErrorKind::InvalidRequest, format!("the event {} cannot be read: {error}", path.display()))
    })
}
