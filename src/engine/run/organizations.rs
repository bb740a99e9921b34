//! Lists the organizations of the registry when a run is planned. Their active accounts become targets of the run.
//!
//! The last successful listing of each is kept in the output. It says who joined and left since, and stands in for a listing
//! that fails: an organization that cannot be listed loses no account.
//!
//! **Invariant:** a listing adds accounts alone. Roles and external IDs come from the registry.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Engine;
use super::run_store::RunStore;
use crate::aws::{AwsError, Backend};
use crate::customers::{MAX_LISTING_TIME, MemberAccount, Organization, Registry, RoleAssumer, list_organization};
use crate::domain::{AccountId, RunId};
use crate::engine::collect::now;
use crate::engine::plan::{OrganizationListing, Plan};
use crate::error::Error;
use crate::input::ValidationErrors;

/// Organizations that are listed at the same time.
const CONCURRENT_LISTINGS: usize = 8;
/// Attempts at replacing a kept listing while others replace it at the same time.
const KEEP_ATTEMPTS: u32 = 5;
/// The most accounts without a target that a refusal names.
const MAX_TOLD: usize = 20;
/// The version of the kept listings that this program reads and writes.
const VERSION: u32 = 1;

/// The key of the last successful listing of an organization.
fn key(name: &str) -> String {
    format!("organizations/{name}.json")
}

/// The last successful listing of an organization: `organizations/<name>.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptListing {
    version: u32,
    name: String,
    /// The role that listed it; none for the backend's own credentials. A listing of another organization under the same name
    /// must not stand in for this one's: its accounts would be told this one's external ID.
    management_role_arn: Option<String>,
    /// The units that were listed.
    ous: Vec<String>,
    /// The units that were left out. Which accounts are in another one is not known from here.
    excluded_ous: Vec<String>,
    /// The accounts that were left out.
    #[serde(default)]
    excluded_accounts: Vec<String>,
    listed_at: Timestamp,
    members: Vec<MemberAccount>,
}

/// The organizations of a registry, as they were listed for one run.
#[derive(Debug, Default)]
pub(crate) struct ListedOrganizations {
    pub listings: Vec<OrganizationListing>,
    fresh: Vec<KeptListing>,
}

/// Lists all organizations of a registry, and adds targets for their accounts. `store` is the output, if there is one.
pub(super) async fn list(
    engine: &Engine,
    store: Option<&RunStore>,
    registry: &mut Registry,
    (session_name, deadline): (String, Option<Instant>),
) -> Result<ListedOrganizations, Error> {
    if registry.organizations.is_empty() {
        return Ok(ListedOrganizations::default());
    }
    let identity = engine.backend.identify().await?;
    let roles = RoleAssumer::new(engine.backend.clone(), identity, session_name);
    let organizations = registry.organizations.clone().into_iter();
    let time = listing_time(deadline);
    let listed = organizations.map(|one| listed(roles.clone(), engine.backend.clone(), store.cloned(), (one, time)));
    let listed: Vec<ListedOrganization> = futures::stream::iter(listed).buffered(CONCURRENT_LISTINGS).collect().await;
    let order: Vec<String> = registry.organizations.iter().map(|organization| organization.name.clone()).collect();
    // The first organization that has an account gives it its role. An account that moved is in the new listing of one, and may
    // be in the old one of another.
    let (fresh, failed): (Vec<_>, Vec<_>) = listed.into_iter().partition(|listed| listed.members.is_ok());
    let mut result = ListedOrganizations::default();
    for listed in fresh.into_iter().chain(failed) {
        result.add(listed, registry);
    }
    result.listings.sort_by_key(|listing| order.iter().position(|name| *name == listing.name));
    Ok(result)
}

/// How long the listings of one run may take: what comes after them, the run itself, needs the rest.
fn listing_time(deadline: Option<Instant>) -> Duration {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.map_or(MAX_LISTING_TIME, |left| MAX_LISTING_TIME.min(left / 2))
}

/// An organization with its last listing that succeeded, and the one for this run.
struct ListedOrganization {
    organization: Organization,
    kept: Result<Option<KeptListing>, Error>,
    members: Result<Vec<MemberAccount>, AwsError>,
}

/// Lists one organization. Owns what it needs, since borrowed values would make the future of a run unfit for another thread.
async fn listed(
    roles: Arc<RoleAssumer>,
    backend: Backend,
    store: Option<RunStore>,
    (organization, time): (Organization, Duration),
) -> ListedOrganization {
    let kept = match &store {
        Some(store) => kept_listing(store, &organization).await,
        None => Ok(None),
    };
    let listing = list_organization(&backend, &roles, &organization, time).await;
    let members = listing.map(|listing| listing.members);
    ListedOrganization { organization, kept, members }
}

impl ListedOrganizations {
    fn add(&mut self, listed: ListedOrganization, registry: &mut Registry) {
        let ListedOrganization { organization, kept, members } = listed;
        // A listing that cannot be read must not be replaced: who joined and left since would be reported by no run.
        let (kept, unread) = match kept {
            Ok(kept) => (kept, None),
            Err(error) => (None, Some(error)),
        };
        let name = organization.name.as_str();
        let listing = match members {
            Ok(members) => {
                let listed_at = now();
                let before = kept.filter(|kept| kept.has_units_of(&organization));
                let before = before.map(|kept| kept.comparable_with(&organization, &members));
                let named = (name, organization.enable);
                let listing = OrganizationListing::of(named, &members, before.as_deref(), registry);
                tracing::info!(
                    organization = name,
                    accounts = listing.accounts,
                    joined = listing.joined.len(),
                    left = listing.left.len(),
                    "the organization was listed"
                );
                registry.add_members(name, &members);
                if unread.is_none() {
                    self.fresh.push(KeptListing::new(&organization, listed_at, members));
                }
                OrganizationListing { listed_at: Some(listed_at), ..listing }
            }
            Err(error) => {
                let mut error = error.to_string();
                if let Some(unread) = unread {
                    error.push_str(&format!(". Nor can its last listing be read: {unread}"));
                }
                let (listed_at, members) = kept.map(|kept| (kept.listed_at, kept.members)).unzip();
                let mut members = members.unwrap_or_default();
                // The registry may exclude more by now.
                members.retain(|member| !organization.excludes(&member.account_id));
                let accounts = members.len();
                tracing::warn!(
                    organization = name,
                    error,
                    accounts,
                    "the organization could not be listed: of its accounts, those of its last listing are planned"
                );
                let listing = OrganizationListing::of((name, organization.enable), &members, None, registry);
                registry.add_members(name, &members);
                OrganizationListing { listed_at, error: Some(error), ..listing }
            }
        };
        self.listings.push(listing);
    }

    /// Adds which organizations could not be listed: an account may be unknown for that alone. Returns whether there are any.
    pub(super) fn explain(&self, problems: &mut ValidationErrors) -> bool {
        for listing in &self.listings {
            if let Some(error) = &listing.error {
                problems.push("registry", format!("the organization {} could not be listed: {error}", listing.name));
            }
        }
        self.listings.iter().any(|listing| listing.error.is_some())
    }

    /// Adds the accounts without a target. A registry may have nothing else yet: they are why the organization is in it.
    pub(super) fn tell_unregistered(&self, problems: &mut ValidationErrors) {
        for OrganizationListing { name, unregistered, .. } in &self.listings {
            let shown: Vec<&str> = unregistered.iter().take(MAX_TOLD).map(AccountId::as_str).collect();
            if !shown.is_empty() {
                let more = if unregistered.len() > shown.len() { ", …" } else { "" };
                let what = format!(
                    "the organization {name} has {} accounts without a target, which `\"enable\": false` leaves unregistered: {}{more}",
                    unregistered.len(),
                    shown.join(", ")
                );
                problems.push("registry", what);
            }
        }
    }

    /// Keeps the listings for the runs to come. No run fails for it: the next one repeats who joined and left.
    pub(super) async fn keep(&self, store: &RunStore, run_id: &RunId) {
        for listing in &self.fresh {
            let (organization, run_id) = (listing.name.as_str(), run_id.as_str());
            match keep(store, listing).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(run_id, organization, "others keep replacing the listing of the organization")
                }
                Err(error) => {
                    tracing::warn!(run_id, organization, %error, "the listing of the organization could not be kept");
                }
            }
        }
    }
}

impl KeptListing {
    fn new(organization: &Organization, listed_at: Timestamp, members: Vec<MemberAccount>) -> Self {
        Self {
            version: VERSION,
            name: organization.name.clone(),
            management_role_arn: organization.management_role.as_ref().map(|(_, arn)| arn.clone()),
            ous: organization.units.clone(),
            excluded_ous: organization.excluded_units().cloned().collect(),
            excluded_accounts: organization.excluded_accounts().cloned().collect(),
            listed_at,
            members,
        }
    }

    /// Whether the same units were left out. Who is in a unit that was left out is not known.
    fn has_units_of(&self, organization: &Organization) -> bool {
        self.excluded_ous.iter().all(|unit| organization.excluded_units().any(|excluded| excluded == unit))
    }

    /// Its members as they would have been listed with the present exclusions: an edit of them makes nobody join or leave. An
    /// account that was left out is taken for one that was there.
    fn comparable_with(self, organization: &Organization, now: &[MemberAccount]) -> Vec<MemberAccount> {
        let Self { mut members, excluded_accounts, .. } = self;
        members.retain(|member| !organization.excludes(&member.account_id));
        let was_left_out =
            |member: &&MemberAccount| excluded_accounts.iter().any(|account| account == member.account_id.as_str());
        members.extend(now.iter().filter(was_left_out).cloned());
        members
    }

    fn is_of(&self, organization: &Organization) -> bool {
        let management_role_arn = organization.management_role.as_ref().map(|(_, arn)| arn);
        self.version == VERSION
            && self.name == organization.name
            && self.management_role_arn.as_ref() == management_role_arn
            && self.ous == organization.units
            && organization.excluded_units().all(|unit| self.excluded_ous.contains(unit))
    }
}

/// Reads the last successful listing. One that is no listing, or is of another organization, counts as none.
async fn kept_listing(store: &RunStore, organization: &Organization) -> Result<Option<KeptListing>, Error> {
    let read = store.read_tagged(&key(&organization.name)).await.inspect_err(|error| {
        tracing::warn!(organization = organization.name, %error, "the last listing of the organization cannot be read");
    });
    let Some((bytes, _)) = read? else { return Ok(None) };
    match serde_json::from_slice::<KeptListing>(&bytes) {
        Ok(kept) => Ok(Some(kept).filter(|kept| kept.is_of(organization))),
        Err(error) => {
            tracing::warn!(organization = organization.name, %error, "the last listing of the organization is not used");
            Ok(None)
        }
    }
}

/// Replaces the kept listing unless it is newer. Returns false if others replaced it at the same time again and again.
async fn keep(store: &RunStore, listing: &KeptListing) -> Result<bool, Error> {
    /// What decides whether a listing is replaced.
    #[derive(Deserialize)]
    struct ListingTime {
        listed_at: Timestamp,
    }
    let key = key(&listing.name);
    for _ in 0..KEEP_ATTEMPTS {
        let (there, etag) = store.read_tagged(&key).await?.unzip();
        // One that cannot be read is of no use to anybody.
        let there: Option<ListingTime> = there.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if there.is_some_and(|there| there.listed_at >= listing.listed_at) {
            return Ok(true);
        }
        if store.replace(&key, listing, etag.as_deref()).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds targets for the accounts of organizations that a plan has, without listing the organizations again.
pub(super) fn add_planned(registry: &mut Registry, plan: &Plan) {
    for listing in &plan.organizations {
        let planned = plan.accounts.iter().filter(|account| account.organization.as_ref() == Some(&listing.name));
        let members: Vec<MemberAccount> = planned
            .map(|account| MemberAccount {
                account_id: account.account_id.clone(),
                name: account.name.clone(),
                unit: String::new(),
            })
            .collect();
        registry.add_members(&listing.name, &members);
    }
}

/// Adds targets for the accounts that the organizations had when they were listed last.
pub(super) async fn add_known(registry: &mut Registry, store: &RunStore) {
    for organization in registry.organizations.clone() {
        match kept_listing(store, &organization).await.unwrap_or_default() {
            Some(kept) => registry.add_members(&organization.name, &kept.members),
            None if organization.enable => registry.miss_members(),
            None => {}
        }
    }
}
