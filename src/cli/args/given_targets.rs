//! The flags that name accounts and their roles on the command line, so that no registry is needed.

use clap::Args;

use crate::settings::Settings;

/// The accounts to enter, and how, instead of a registry's targets. Events have no such fields: whoever can send an event must
/// not choose the roles.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct GivenTargetArgs {
    /// Without a registry: the account of your own credentials
    #[arg(long, conflicts_with_all = ["registry", "organization", "role_name", "no_external_id", "backend-role"])]
    pub here: bool,
    /// Without a registry: every active account of the organization of your own credentials (of --backend-role, if it is set),
    /// each through the role of --role-name, which needs no external ID there
    #[arg(long, conflicts_with = "registry")]
    pub organization: bool,
    /// Without a registry: assume this role, with its path if it has one, in each account of --accounts or --organization
    /// [default for --organization: rolecall-inventory]
    #[arg(long, value_name = "NAME", conflicts_with = "registry")]
    pub role_name: Option<String>,
    /// The roles of --role-name require no external ID. Say so for accounts of your own alone: customers' roles have to require
    /// one, which only a registry has
    #[arg(long, requires = "role_name")]
    pub no_external_id: bool,
}

impl GivenTargetArgs {
    /// The settings for these targets. `--here` enters the caller's own account, so that a role of the environment is not used.
    pub(crate) fn adapt(&self, settings: Settings) -> Settings {
        let backend_role = settings.backend_role.filter(|_| !self.here);
        Settings { backend_role, ..settings }
    }

    /// Whether a flag replaces the registry.
    pub(crate) fn is_given(&self) -> bool {
        self.here || self.organization || self.role_name.is_some()
    }
}
