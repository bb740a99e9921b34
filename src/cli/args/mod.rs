//! The arguments of the commands. Their doc comments are the texts of `--help`.

mod given_targets;
mod selection;
mod setting_flags;
mod onboarding;
mod question_flags;
mod estate;
mod answers;
mod dns;
mod documents;
mod export;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::domain::RunId;
use crate::error::Error;
use crate::event::{Request, RunIdSource};
use crate::input::ValidationErrors;
use crate::settings::Settings;

pub(crate) use answers::{AskArgs, DemoArgs, DiffArgs, DiffSide, HistoryArgs, ReportArgs, ShapeArgs, WhereArgs};
pub(crate) use dns::DnsArgs;
pub(crate) use documents::{CompletionsArgs, ManArgs};
pub(crate) use estate::EstateArgs;
pub(crate) use export::{ExportArgs, ExportFormat};
pub(crate) use given_targets::GivenTargetArgs;
pub(crate) use onboarding::{
    CheckArgs, ImportArgs, OnboardArgs, PolicyArgs, TargetArgs, TargetsCommand, TrustArgs, WhichPolicy,
};
pub(crate) use selection::{SelectionArgs, tags};
pub(crate) use setting_flags::{RegistryArgs, SettingArgs, TypedFlags};

pub(crate) use question_flags::AskedName;
use setting_flags::{ResumeFlags, RunFlags, SettingFlags, StatusFlags, ViewFlags};

/// Inventory many AWS accounts through one role.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Collect the inventory of accounts and write it
    Run(RunArgs),
    /// Print what a run would ask, without asking it
    Plan(PlanArgs),
    /// Add an account, and print what its administrator needs to create the role
    Onboard(OnboardArgs),
    /// Test the customers' roles: whether they trust the backend, whether they refuse others, what they may read
    Check(CheckArgs),
    /// Try again whether the roles of enabled targets refuse the backend without the external ID
    Trust(TrustArgs),
    /// List and edit the registry's targets
    #[command(subcommand)]
    Targets(TargetsCommand),
    /// Print an IAM policy
    Policy(PolicyArgs),
    /// Print the progress of a run
    Status(StatusArgs),
    /// Finish an interrupted run: ask only what is not answered yet
    Resume(ResumeArgs),
    /// Find who holds an address, a range, a DNS name, an id, an ARN or a tag
    Where(WhereArgs),
    /// Answer a question about the inventory, or list the questions
    Ask(AskArgs),
    /// Find what each DNS record leads to, who holds it, and which names a stranger could claim
    Dns(DnsArgs),
    /// Find who held an address, a range, a DNS name, an id, an ARN or a tag, and from when to when
    History(HistoryArgs),
    /// Print what changed between two runs or two moments
    Diff(DiffArgs),
    /// Write the inventory as one HTML page: map, address plan, DNS, findings, changes
    Report(ReportArgs),
    /// Write the inventory as files for other tools: BIND, octoDNS, hosts, CSV, workbooks
    Export(ExportArgs),
    /// Write an inventory that is made up, to try the answers on
    Demo(DemoArgs),
    /// List the resource types
    Resources(ResourcesArgs),
    /// Print a JSON Schema, or the tables and views for DuckDB or Athena
    Schema(SchemaArgs),
    /// Print the script with which a shell completes commands and flags
    Completions(CompletionsArgs),
    /// Print the manual page of the program or of a command
    Man(ManArgs),
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub targets: GivenTargetArgs,
    #[command(flatten)]
    settings: SettingFlags<RunFlags>,
    /// The id of the run, instead of a generated one
    #[arg(long, value_name = "NAME")]
    run_id: Option<String>,
    /// Print only the response, as JSON
    #[arg(long)]
    pub json: bool,
    /// Start the state machine of infra/fleet.yaml instead, and follow it
    #[arg(long, conflicts_with_all = [
        "timings", "deadline", "margin", "disable-open-roles", "changes", "report", "here", "organization", "role_name"
    ])]
    pub fleet: bool,
    /// Write the wait times by account and operation to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub timings: Option<PathBuf>,
    /// Log more: -v each account and call, -vv everything
    #[arg(short, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// The id of the run to report
    #[arg(value_name = "RUN_ID")]
    pub run_id: RunId,
    /// Print the status as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    settings: SettingFlags<StatusFlags>,
}

#[derive(Args, Debug)]
pub(super) struct ResumeArgs {
    /// The id of the run to finish
    #[arg(value_name = "RUN_ID")]
    pub run_id: RunId,
    /// Print only the response, as JSON
    #[arg(long)]
    pub json: bool,
    /// Start the state machine instead, and follow it
    #[arg(long, conflicts_with_all = [
        "deadline", "disable-open-roles", "changes", "report", "here", "organization", "role_name"
    ])]
    pub fleet: bool,
    #[command(flatten)]
    pub targets: GivenTargetArgs,
    #[command(flatten)]
    settings: SettingFlags<ResumeFlags>,
    /// Log more: -v each account and call, -vv everything
    #[arg(short, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub targets: GivenTargetArgs,
    #[command(flatten)]
    settings: SettingArgs,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ResourcesArgs {
    /// Print the types as JSON, with their columns
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(super) struct SchemaArgs {
    /// The document or query engine. DuckDB's views are a script for one output, Athena's a CloudFormation template
    #[arg(value_parser = schema_names(), required_unless_present = "write")]
    pub name: Option<String>,
    /// Write all JSON Schemas to this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    pub write: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags<ViewFlags>,
}

/// Returns the names of the documents. `settings` and `questions` are hidden, since only the generator of
/// `infra/SETTINGS.md` and `infra/QUERIES.md` needs them.
fn schema_names() -> PossibleValuesParser {
    let shown = ["manifest", "registry", "request", "response", "duckdb", "athena", "athena-names"];
    let shown = shown.map(PossibleValue::new);
    let hidden = ["settings", "questions"].map(|name| PossibleValue::new(name).hide(true));
    shown.into_iter().chain(hidden).into()
}

impl RunArgs {
    /// Returns the settings of the flags and the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Ok(Settings { timings: self.timings.is_some(), ..self.targets.adapt(self.settings.settings()?) })
    }

    /// The flags with which `rolecall resume` finds the run, as they were typed here.
    pub(super) fn to_resume(&self) -> TypedFlags {
        self.settings.to_resume()
    }

    /// The flag with which other commands read the output, as it was typed here.
    pub(super) fn of_output(&self) -> TypedFlags {
        self.settings.of_output()
    }

    /// Returns the request of the flags or the event.
    pub(super) fn request(&self, errors: &mut ValidationErrors) -> Result<(Request, RunIdSource), Error> {
        self.selection.request(self.run_id.as_deref(), &self.targets, errors)
    }
}

impl StatusArgs {
    /// Returns the settings of the flags and the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        self.settings.settings()
    }

    /// The flags with which `rolecall resume` finds the run, as they were typed here.
    pub(super) fn to_resume(&self) -> TypedFlags {
        self.settings.to_resume()
    }
}

impl ResumeArgs {
    /// Returns the settings of the flags and the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Ok(self.targets.adapt(self.settings.settings()?))
    }

    /// The flags with which `rolecall resume` finds the run, as they were typed here.
    pub(super) fn to_resume(&self) -> TypedFlags {
        self.settings.to_resume()
    }
}

impl PlanArgs {
    /// Returns the settings of the flags and the environment.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Ok(self.targets.adapt(self.settings.settings()?))
    }
}

impl SchemaArgs {
    /// Returns the settings that name the output.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        self.settings.settings()
    }
}
