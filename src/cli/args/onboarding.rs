//! The command line of what comes before the first run: targets and their roles.

use std::path::PathBuf;

use crate::catalogue::Scope;
use crate::domain::AccountId;
use crate::error::Error;
use crate::settings::Settings;
use clap::{Args, Subcommand, ValueEnum};

use super::selection::SelectionArgs;
use super::setting_flags::{RegistryArgs, SettingArgs, SettingFlags, StatusFlags};

#[derive(Args, Debug)]
pub(crate) struct OnboardArgs {
    /// The accounts
    #[arg(value_name = "ACCOUNT", required_unless_present = "accounts_file")]
    pub accounts: Vec<AccountId>,
    /// More accounts, one a line with a name behind a comma, or a CSV with a header
    #[arg(long, value_name = "FILE", requires = "customer")]
    pub accounts_file: Option<PathBuf>,
    /// What people call the account
    #[arg(long, conflicts_with = "accounts_file")]
    pub name: Option<String>,
    /// Whose accounts they are: a customer's accounts share one external ID
    #[arg(long, value_name = "NAME")]
    pub customer: Option<String>,
    /// Tags to select the targets by (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Only these regions (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub regions: Vec<String>,
    /// The role that the account's administrator has made, where it has another name or path than the default
    #[arg(long, value_name = "ARN", conflicts_with = "accounts_file")]
    pub role_arn: Option<String>,
    /// What the role is to grant: all, network or dns
    #[arg(long, default_value = "all", value_name = "SCOPE")]
    pub scope: Scope,
    /// Where the customer's template is published, if not by `make deploy`
    #[arg(long, value_name = "URL")]
    pub template_url: Option<String>,
    /// Check the roles that were made meanwhile, and enable those that are in order
    #[arg(long, conflicts_with_all = ["name", "tags", "regions", "role_arn", "template_url"])]
    pub enable: bool,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingArgs,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Enable the targets that are in order
    #[arg(long)]
    pub enable: bool,
    /// Do not try what the role should refuse: each refusal shows in the customer's CloudTrail. Nobody knows then whether it
    /// does refuse that
    #[arg(long)]
    pub no_negative: bool,
    /// How long to wait for a new role [default: 90s for targets that are not enabled, else not at all]
    #[arg(long, value_name = "DURATION", value_parser = wait)]
    pub wait: Option<std::time::Duration>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Say more: each call
    #[arg(short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

fn wait(text: &str) -> Result<std::time::Duration, String> {
    if matches!(text, "0" | "0s") {
        return Ok(std::time::Duration::ZERO);
    }
    crate::settings::duration(text)
}

#[derive(Debug, Subcommand)]
pub(crate) enum TargetsCommand {
    /// List the targets
    List {
        /// Print it as JSON, without external IDs
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// Add a target, disabled unless told otherwise
    Add(Box<TargetArgs>),
    /// Take targets out; what was collected of them stays
    Remove(NamedTargetsArgs),
    /// Switch targets on
    Enable(NamedTargetsArgs),
    /// Switch targets off
    Disable(NamedTargetsArgs),
    /// Add what is there already, disabled: exactly one of the sources
    Import(Box<ImportArgs>),
}

#[derive(Args, Debug)]
pub(crate) struct NamedTargetsArgs {
    /// The accounts
    #[arg(value_name = "ACCOUNT", required = true)]
    pub accounts: Vec<AccountId>,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    pub account: AccountId,
    /// The file with the external ID that its role asks for; `-` is standard input. A new one is made otherwise
    #[arg(long, value_name = "FILE", conflicts_with = "no_external_id")]
    pub external_id_file: Option<PathBuf>,
    /// Its role asks for no external ID: an account of your own organization
    #[arg(long)]
    pub no_external_id: bool,
    /// The role, where it has another name or a path
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// A role to pass through first
    #[arg(long, value_name = "ARN")]
    pub via: Option<String>,
    /// What people call it
    #[arg(long)]
    pub name: Option<String>,
    /// Whose account it is
    #[arg(long)]
    pub customer: Option<String>,
    /// Only these regions (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub regions: Vec<String>,
    /// Tags (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Take stock of it at once, without a check
    #[arg(long)]
    pub enabled: bool,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

#[derive(Args, Debug)]
#[group(id = "source", required = true, multiple = false, args = ["organization", "csv", "backend_role", "profile_file"])]
pub(crate) struct ImportArgs {
    /// All active accounts of the organization, by unit, with their names and tags
    #[arg(long)]
    pub organization: bool,
    /// Only accounts below these organizational units
    #[arg(long, value_name = "OU,…", value_delimiter = ',', requires = "organization")]
    pub ou: Vec<String>,
    /// The profile to read the organization with [default: your own credentials]
    #[arg(long, requires = "organization")]
    pub profile: Option<String>,
    /// A list that a customer sent; columns: account_id, name, role_arn, regions, tags
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// The roles that the policies of this role let it enter [default: ROLECALL_BACKEND_ROLE, or what was published]
    #[arg(long, value_name = "ARN", num_args = 0..=1, default_missing_value = "")]
    pub backend_role: Option<String>,
    /// Profiles of the AWS CLI that have a role_arn
    #[arg(long, value_name = "FILE")]
    pub profile_file: Option<PathBuf>,
    /// Whose accounts they are: they share one external ID
    #[arg(long, value_name = "NAME", conflicts_with = "no_external_id")]
    pub customer: Option<String>,
    /// Their roles ask for no external ID: accounts of your own organization
    #[arg(long)]
    pub no_external_id: bool,
    /// Tags for all of them (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// Whose policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichPolicy {
    /// What backend_role needs to enter customers
    Backend,
    /// What a customer's role grants
    Customer,
    /// What a run's sessions are narrowed to
    Session,
    /// What whoever keeps the registry needs
    Admin,
}

#[derive(Args, Debug)]
pub(crate) struct PolicyArgs {
    /// Whose
    #[arg(value_enum)]
    pub of: WhichPolicy,
    /// Only for resource types that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub resources: Vec<String>,
    /// For the customer: the trust policy, and not the permissions
    #[arg(long)]
    pub trust: bool,
    /// For the backend: exactly the roles of the registry's targets, and not the default role of any account
    #[arg(long)]
    pub listed: bool,
    #[command(flatten)]
    settings: SettingFlags<StatusFlags>,
}

impl PolicyArgs {
    /// Returns the settings of the flags and the environment.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        self.settings.settings()
    }
}
