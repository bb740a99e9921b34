//! The arguments of the commands that set up targets and their roles before a first run.

use std::path::PathBuf;

use crate::catalogue::Scope;
use crate::domain::AccountId;
use crate::error::Error;
use crate::settings::Settings;
use clap::{Args, Subcommand, ValueEnum};

use super::selection::{SelectionArgs, TargetSelectionArgs};
use super::setting_flags::{RegistryArgs, SettingArgs, SettingFlags, StatusFlags};

#[derive(Args, Debug)]
pub(crate) struct OnboardArgs {
    /// Account ids, separated by spaces
    #[arg(value_name = "ACCOUNT", required_unless_present = "accounts_file")]
    pub accounts: Vec<AccountId>,
    /// File with more accounts: one per line with a name after a comma, or a CSV with a header
    #[arg(long, value_name = "FILE", requires = "customer")]
    pub accounts_file: Option<PathBuf>,
    /// Name of the account for people
    #[arg(long, conflicts_with = "accounts_file")]
    pub name: Option<String>,
    /// Customer that owns the accounts, which share one external ID
    #[arg(long, value_name = "NAME")]
    pub customer: Option<String>,
    /// Tags to select the targets by (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Only regions that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub regions: Vec<String>,
    /// ARN of the role in the account, if its name or path is not the default
    #[arg(long, value_name = "ARN", conflicts_with = "accounts_file")]
    pub role_arn: Option<String>,
    /// Permissions that the role grants: all, network, dns or names. Runs ask for no other types
    #[arg(long, default_value = "all", value_name = "SCOPE")]
    pub scope: Scope,
    /// URL of the customer's template, if `make deploy` did not publish it
    #[arg(long, value_name = "URL")]
    pub template_url: Option<String>,
    /// Let the role read itself, so that `check` can judge its trust and its permissions (SelfRead of the template)
    #[arg(long)]
    pub self_read: bool,
    /// Invite with an external ID of the registry that can be guessed
    #[arg(long)]
    pub allow_guessable_external_ids: bool,
    /// Check the roles of targets added before, and enable the targets that pass
    #[arg(long, conflicts_with_all = ["name", "tags", "regions", "role_arn", "template_url"])]
    pub enable: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingArgs,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Enable the targets that pass
    #[arg(long, conflicts_with = "no_negative")]
    pub enable: bool,
    /// Skip the attempts that the role should refuse, which show in the customer's CloudTrail. The check then cannot
    /// say whether the role refuses them
    #[arg(long)]
    pub no_negative: bool,
    /// Whose access is checked: `self` is your own identity, also if it is an IAM user [default: backend_role, which is assumed]
    #[arg(long, value_name = "IDENTITY", value_enum, conflicts_with = "backend-role")]
    pub backend: Option<CheckedBackend>,
    /// Time to wait for a new role [default: 90s for targets that are not enabled, else 0s]
    #[arg(long, value_name = "DURATION", value_parser = wait)]
    pub wait: Option<std::time::Duration>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Report each resource type on a line of its own, and log each call
    #[arg(short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The identity whose access is checked, if it is not `backend_role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckedBackend {
    /// The caller's own identity
    #[value(name = "self")]
    OwnIdentity,
}

#[derive(Args, Debug)]
pub(crate) struct TrustArgs {
    #[command(flatten)]
    pub selection: TargetSelectionArgs,
    /// Disable the targets whose roles are open
    #[arg(long)]
    pub disable: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Log each call to AWS
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
    /// List the targets of the registry
    List {
        /// Print the targets as JSON, without external IDs
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// Add a target, disabled unless --enabled is given
    Add(Box<TargetArgs>),
    /// Remove targets from the registry. Their collected data stays
    Remove(NamedTargetsArgs),
    /// Enable targets, so that runs include them
    Enable(NamedTargetsArgs),
    /// Disable targets, so that runs leave them out
    Disable(NamedTargetsArgs),
    /// Add existing accounts as disabled targets, from exactly one source
    Import(Box<ImportArgs>),
}

#[derive(Args, Debug)]
pub(crate) struct NamedTargetsArgs {
    /// Account ids, separated by spaces
    #[arg(value_name = "ACCOUNT", required = true)]
    pub accounts: Vec<AccountId>,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// Account id of the target
    #[arg(value_name = "ACCOUNT")]
    pub account: AccountId,
    /// File with the external ID that the role requires; `-` is standard input [default: a new external ID]
    #[arg(long, value_name = "FILE", conflicts_with = "no_external_id")]
    pub external_id_file: Option<PathBuf>,
    /// Add the target, disabled, even if the given external ID can be guessed
    #[arg(long)]
    pub allow_guessable_external_ids: bool,
    /// Add an account of your own organization, whose role requires no external ID
    #[arg(long)]
    pub no_external_id: bool,
    /// ARN of the role, if its name or path is not the default
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// ARN of an intermediate role that is assumed first
    #[arg(long, value_name = "ARN")]
    pub via: Option<String>,
    /// Name of the account for people
    #[arg(long)]
    pub name: Option<String>,
    /// Customer that owns the account
    #[arg(long)]
    pub customer: Option<String>,
    /// Only regions that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub regions: Vec<String>,
    /// Only resource types that the customer shares (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub resources: Vec<String>,
    /// Tags of the target (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Enable the target at once, without a check of its role
    #[arg(long)]
    pub enabled: bool,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

#[derive(Args, Debug)]
#[group(id = "source", required = true, multiple = false, args = ["organization", "csv", "backend_role", "identity", "profile_file"])]
pub(crate) struct ImportArgs {
    /// Import all active accounts of the organization, by unit, with their names and tags
    #[arg(long)]
    pub organization: bool,
    /// Only accounts below these organizational units
    #[arg(long, value_name = "OU,…", value_delimiter = ',', requires = "organization")]
    pub ou: Vec<String>,
    /// AWS CLI profile to read the organization with [default: your own credentials]
    #[arg(long, requires = "organization")]
    pub profile: Option<String>,
    /// Import a customer's CSV list; columns: account_id, name, role_arn, regions, resources, tags
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Import the roles that this role's policies let it assume [default: ROLECALL_BACKEND_ROLE, or what was published]
    #[arg(long, value_name = "ARN", num_args = 0..=1, default_missing_value = "")]
    pub backend_role: Option<String>,
    /// Import the roles that your own policies let you assume: those of the IAM user with its groups, or of the role
    #[arg(long)]
    pub identity: bool,
    /// Import the profiles in this AWS CLI file that have a role_arn
    #[arg(long, value_name = "FILE")]
    pub profile_file: Option<PathBuf>,
    /// Only the profiles whose role has this name, with its path if it has one
    #[arg(long, value_name = "NAME", requires = "profile_file")]
    pub role_name: Option<String>,
    /// Customer that owns the accounts, which share one external ID
    #[arg(long, value_name = "NAME", conflicts_with = "no_external_id")]
    pub customer: Option<String>,
    /// Import accounts of your own organization, whose roles require no external ID
    #[arg(long)]
    pub no_external_id: bool,
    /// Import external IDs that can be guessed too, instead of leaving them out
    #[arg(long)]
    pub allow_guessable_external_ids: bool,
    /// Tags of all imported targets (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// The policies that `rolecall policy` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichPolicy {
    /// What backend_role needs to assume customer roles
    Backend,
    /// What a customer's role grants
    Customer,
    /// What the sessions of a run are narrowed to
    Session,
    /// What an administrator of the registry needs
    Admin,
}

#[derive(Args, Debug)]
pub(crate) struct PolicyArgs {
    /// Policy to print, by its holder
    #[arg(value_enum)]
    pub of: WhichPolicy,
    /// Only for resource types that match (globs)
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub resources: Vec<String>,
    /// For the customer: print the trust policy instead of the permissions
    #[arg(long)]
    pub trust: bool,
    /// For the customer: let the role read itself too (SelfRead of the template)
    #[arg(long, conflicts_with = "trust")]
    pub self_read: bool,
    /// For the backend: allow exactly the roles of the registry's targets, not the default role in any account
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
