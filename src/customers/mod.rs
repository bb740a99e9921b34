//! The customers' accounts: the registry that lists them, where it is kept, and how their roles are assumed.

mod registry;
mod published;
mod registry_store;
mod trust_attempt;
mod assume_role;

pub use assume_role::{RoleAssumer, backend_role};

pub(crate) use assume_role::OpenedSession;
pub(crate) use published::Published;
pub use registry::Registry;
pub(crate) use registry::{
    DEFAULT_ROLE_NAME, ExternalIdSource, GuessReason, NewTarget, RegistryFile, Target, TargetEntry, TargetRole,
    external_id, is_guessable, random_external_id,
};
pub(crate) use registry_store::{RegistryStore, TargetSwitch};
pub(crate) use trust_attempt::{TrustAttempt, TrustResult};
