//! The command line.

mod onboarding;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::RunId;
use crate::error::{Error, ErrorKind};
use crate::event::default_request;
use crate::event::{Event, Request, RunIdSource, classify};
use crate::input::{ValidationErrors, parse};
use crate::settings::Settings;
use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value, json};

pub(crate) use onboarding::{
    CheckArgs, ImportArgs, OnboardArgs, PolicyArgs, RegistryArgs, TargetArgs, TargetsCommand, WhichPolicy,
};

/// Takes stock of many AWS accounts through one role.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take stock of accounts and write the inventory
    Run(RunArgs),
    /// Say what a run would ask, and ask nothing
    Plan(PlanArgs),
    /// Add an account, and print what its administrator needs to make the role
    Onboard(OnboardArgs),
    /// Try the customers' roles: do they let us in, do they refuse others, what may be read
    Check(CheckArgs),
    /// List and edit the registry's targets
    #[command(subcommand)]
    Targets(TargetsCommand),
    /// Print an IAM policy
    Policy(PolicyArgs),
    /// Say how far a run has come
    Status(StatusArgs),
    /// Finish a run that was cut: only what is not answered is asked
    Resume(ResumeArgs),
    /// List the resource types
    Resources(ResourcesArgs),
    /// Print a JSON Schema, or the tables and views for DuckDB or Athena
    Schema(SchemaArgs),
}

/// Which accounts, and what of them.
#[derive(Args, Debug)]
pub(super) struct SelectionArgs {
    /// Account ids, separated by commas, or `all`
    #[arg(long, value_delimiter = ',', value_name = "ID,…|all")]
    pub accounts: Vec<String>,
    /// Only targets that bear this tag (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    tags: Vec<String>,
    /// Accounts to leave out
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    exclude: Vec<String>,
    /// Leave out accounts that the registry does not hold, instead of refusing
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

/// Where things lie, and how AWS is called. Each is an environment variable too (ROLECALL_REGISTRY …).
#[derive(Args, Debug)]
pub(super) struct SettingArgs {
    /// The registry: a file, or s3://bucket/key
    #[arg(long, value_name = "FILE")]
    registry: Option<String>,
    /// A role to assume first: backend_role, where you are not it
    #[arg(long, value_name = "ARN")]
    backend_role: Option<String>,
    /// Where STS is asked
    #[arg(long, value_name = "REGION")]
    sts_region: Option<String>,
    /// The time of one attempt at a call
    #[arg(long, value_name = "DURATION")]
    call_timeout: Option<String>,
    /// The time that one account may keep us waiting
    #[arg(long, value_name = "DURATION")]
    account_budget: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    settings: SettingArgs,
    /// Where the inventory goes: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    output: Option<String>,
    /// The KMS key to encrypt objects in a bucket with
    #[arg(long, value_name = "KEY")]
    output_kms_key: Option<String>,
    /// The files' format
    #[arg(long)]
    format: Option<String>,
    /// The run's name
    #[arg(long, value_name = "NAME")]
    run_id: Option<String>,
    /// The time for the whole run
    #[arg(long, value_name = "DURATION")]
    deadline: Option<String>,
    /// What is kept of it for writing
    #[arg(long, value_name = "DURATION")]
    margin: Option<String>,
    /// Print the response alone, as JSON
    #[arg(long)]
    pub json: bool,
    /// Let the state machine of infra/fleet.yaml carry it out, and follow that
    #[arg(long, conflicts_with_all = ["timings", "deadline", "margin"])]
    pub fleet: bool,
    /// The state machine [default: rolecall-fleet of your own account]
    #[arg(long, value_name = "ARN", env = "ROLECALL_STATE_MACHINE")]
    pub state_machine: Option<String>,
    /// Write where the time went, by account and operation, into this file (CSV)
    #[arg(long, value_name = "FILE")]
    pub timings: Option<PathBuf>,
    /// Say more: each account, and each call
    #[arg(short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// The run
    #[arg(value_name = "RUN_ID")]
    pub run_id: RunId,
    /// Where the inventory lies: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    output: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Args, Debug)]
pub(super) struct ResumeArgs {
    /// The run
    #[arg(value_name = "RUN_ID")]
    pub run_id: RunId,
    /// Where the inventory lies: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    output: Option<String>,
    /// The time for it
    #[arg(long, value_name = "DURATION", conflicts_with = "fleet")]
    deadline: Option<String>,
    /// Print the response alone, as JSON
    #[arg(long)]
    pub json: bool,
    /// Let the state machine do it
    #[arg(long)]
    pub fleet: bool,
    /// The state machine [default: rolecall-fleet of your own account]
    #[arg(long, value_name = "ARN", env = "ROLECALL_STATE_MACHINE")]
    pub state_machine: Option<String>,
    #[command(flatten)]
    settings: SettingArgs,
    /// Say more: each account, and each call
    #[arg(short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    settings: SettingArgs,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ResourcesArgs {
    /// Print it as JSON, with the columns
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(super) struct SchemaArgs {
    /// Of which document, or for which engine: views for DuckDB are a script over an output, Athena's a template
    #[arg(value_parser = ["manifest", "registry", "request", "response", "duckdb", "athena"], required_unless_present = "write")]
    pub name: Option<String>,
    /// Write all JSON Schemas into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    pub write: Option<PathBuf>,
    /// Where the inventory lies, for DuckDB: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    output: Option<String>,
    /// The format of the files that DuckDB is to read
    #[arg(long)]
    format: Option<String>,
}

impl SchemaArgs {
    /// The settings that say where the inventory lies: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        read(&[("ROLECALL_OUTPUT", &self.output), ("ROLECALL_FORMAT", &self.format)])
    }
}

impl SettingArgs {
    /// The settings: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        read(&self.pairs())
    }

    fn pairs(&self) -> Vec<(&'static str, &Option<String>)> {
        vec![
            ("ROLECALL_REGISTRY", &self.registry),
            ("ROLECALL_BACKEND_ROLE", &self.backend_role),
            ("ROLECALL_STS_REGION", &self.sts_region),
            ("ROLECALL_CALL_TIMEOUT", &self.call_timeout),
            ("ROLECALL_ACCOUNT_BUDGET", &self.account_budget),
        ]
    }
}

impl RunArgs {
    /// The settings: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let mut pairs = self.settings.pairs();
        pairs.extend([
            ("ROLECALL_OUTPUT", &self.output),
            ("ROLECALL_OUTPUT_KMS_KEY", &self.output_kms_key),
            ("ROLECALL_FORMAT", &self.format),
            ("ROLECALL_DEADLINE", &self.deadline),
            ("ROLECALL_MARGIN", &self.margin),
        ]);
        Ok(Settings { timings: self.timings.is_some(), ..read(&pairs)? })
    }

    /// The request, with the flags that name it.
    pub(super) fn request(&self, problems: &mut ValidationErrors) -> Result<(Request, RunIdSource), Error> {
        self.selection.request(self.run_id.as_deref(), problems)
    }
}

impl StatusArgs {
    /// The settings: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let mut pairs = self.settings.pairs();
        pairs.push(("ROLECALL_OUTPUT", &self.output));
        read(&pairs)
    }
}

impl ResumeArgs {
    /// The settings: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let mut pairs = self.settings.pairs();
        pairs.extend([("ROLECALL_OUTPUT", &self.output), ("ROLECALL_DEADLINE", &self.deadline)]);
        read(&pairs)
    }
}

impl PlanArgs {
    /// The settings: flags before the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        self.settings.settings()
    }
}

fn read(flags: &[(&'static str, &Option<String>)]) -> Result<Settings, Error> {
    let flag = |name: &str| flags.iter().find(|(flag, _)| *flag == name).and_then(|(_, value)| (*value).clone());
    Settings::read(|name| flag(name).or_else(|| std::env::var(name).ok()))
        .map_err(|problems| Error::of(ErrorKind::InvalidSettings, &problems))
}

impl SelectionArgs {
    /// The request that the flags or the event's file make. Both go the way of every event.
    pub(super) fn request(
        &self,
        run_id: Option<&str>,
        problems: &mut ValidationErrors,
    ) -> Result<(Request, RunIdSource), Error> {
        let refused = |problems: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &problems);
        let mut naming = terminal();
        let mut value = match &self.event {
            None => self.flags(problems),
            Some(path) => match classify(parse("event", &bytes(path)?).map_err(refused)?).map_err(refused)? {
                Event::Request(value) => value,
                Event::Custom { id, detail } => {
                    naming = RunIdSource::Event(id);
                    detail
                }
                Event::Scheduled { rule, time } => {
                    naming = RunIdSource::Rule { rule, time };
                    default_request(std::env::var("ROLECALL_DEFAULT_REQUEST").ok().as_deref())?
                }
                Event::Step(_) => {
                    let what = "a step of the state machine is for the function alone: send the request in it";
                    return Err(refused(ValidationErrors::one("event.step", what)));
                }
                Event::Queue(messages) => match messages.as_slice() {
                    [message] => {
                        naming = RunIdSource::Message(message.message_id.clone());
                        parse("message.body", message.body.as_bytes()).map_err(refused)?
                    }
                    _ => {
                        return Err(refused(ValidationErrors::one(
                            "event.Records",
                            "here a batch of the queue may hold just one message",
                        )));
                    }
                },
            },
        };
        if let (Some(run_id), Some(fields)) = (run_id, value.as_object_mut()) {
            fields.insert("run_id".into(), run_id.into());
        }
        Ok((Request::read(&value, "request", problems), naming))
    }

    fn flags(&self, problems: &mut ValidationErrors) -> Value {
        let mut fields = Map::new();
        match self.accounts.as_slice() {
            [] => {}
            [all] if all == "all" => drop(fields.insert("accounts".into(), json!("all"))),
            ids => drop(fields.insert("accounts".into(), json!(ids))),
        }
        if !self.tags.is_empty() {
            fields.insert("tags".into(), json!(tags(&self.tags, problems)));
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

/// What `--tags` says.
pub(super) fn tags(pairs: &[String], problems: &mut ValidationErrors) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => drop(tags.insert(key.to_owned(), value.to_owned())),
            _ => problems.push("--tags", format!("`{}` is no KEY=VALUE", pair.escape_default())),
        }
    }
    tags
}

fn terminal() -> RunIdSource {
    let random = u16::from_str_radix(&crate::domain::new_attempt_id()[..4], 16).unwrap_or_default();
    RunIdSource::Terminal { now: jiff::Timestamp::now(), random }
}

fn bytes(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| {
        Error::new(ErrorKind::InvalidRequest, format!("the event {} cannot be read: {error}", path.display()))
    })
}
