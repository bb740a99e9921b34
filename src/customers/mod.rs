//! The customers' accounts: the registry that lists them, where it is kept, and how their roles are assumed.

mod registry;
mod published;
mod registry_store;
mod trust_attempt;
mod verify_role;
mod assume_role;
mod members;

pub use assume_role::{RoleAssumer, backend_role};

pub(crate) use assume_role::OpenedSession;
pub(crate) use members::{
    LIST_MEMBERS_ACTIONS, MAX_LISTING_TIME, list_members, list_organization, organizations_client, tags_of,
};
pub(crate) use published::Published;
pub use registry::Registry;
pub(crate) use registry::{
    DEFAULT_ROLE_NAME, ExternalIdSource, GuessReason, MemberAccount, NewTarget, Organization, OrganizationEntry,
    RegistryFile, Target, TargetEntry, TargetRole, UNIT_TAG, external_id, is_guessable, random_external_id,
};
pub(crate) use registry_store::{NO_REGISTRY, RegistryStore, TargetSwitch};
pub(crate) use trust_attempt::{TrustAttempt, TrustResult};
