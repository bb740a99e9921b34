//! Checks the organizations of the registry: can each be listed, and does its management role refuse us without the external ID.
//!
//! **Invariant:** reads only. Enters no account of an organization; that is the check of a target.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::aws::{Backend, Identity};
use crate::customers::{MAX_LISTING_TIME, Registry, RoleAssumer, TrustResult, list_organization};
use crate::domain::new_attempt_id;

/// The result of an organization's check.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct CheckedOrganization {
    pub name: String,
    /// Its active accounts, without those that are excluded; none if it could not be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<usize>,
    /// Why it could not be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// True if the management role lets us in without the external ID; none if that was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_open: Option<bool>,
}

impl CheckedOrganization {
    /// Whether a run can plan the organization's accounts.
    pub(crate) fn is_ready(&self) -> bool {
        self.error.is_none() && self.is_open != Some(true)
    }
}

/// Lists all organizations of a registry, and adds targets for their accounts.
pub(super) async fn list(backend: &Backend, identity: &Identity, registry: &mut Registry) -> Vec<CheckedOrganization> {
    let roles = assumer(backend, identity);
    let mut checked = Vec::new();
    for organization in registry.organizations.clone() {
        let mut result = CheckedOrganization { name: organization.name.clone(), ..CheckedOrganization::default() };
        match list_organization(backend, &roles, &organization, MAX_LISTING_TIME).await {
            Ok(listing) => {
                registry.add_members(&organization.name, &listing.members);
                result.accounts = Some(listing.members.len());
            }
            Err(error) => result.error = Some(error.to_string()),
        }
        checked.push(result);
    }
    checked
}

fn assumer(backend: &Backend, identity: &Identity) -> Arc<RoleAssumer> {
    RoleAssumer::new(backend.clone(), identity.clone(), format!("rolecall-check-{}", new_attempt_id()))
}

/// Tries each management role without its external ID, within `time`. A role that does not let us in at all shows nothing by its
/// refusal.
pub(super) async fn try_without_external_ids(
    (backend, identity): (&Backend, &Identity),
    registry: &Registry,
    checked: &mut [CheckedOrganization],
    time: Duration,
) {
    let roles = assumer(backend, identity);
    for (organization, result) in registry.organizations.iter().zip(checked) {
        let target = organization.management_target().filter(|target| target.external_id.is_some());
        let Some(target) = target.filter(|_| result.error.is_none()) else { continue };
        let attempt = roles.try_without_external_id(&target, time).await;
        result.is_open = match attempt.result() {
            Some(TrustResult::Open) => Some(true),
            Some(TrustResult::Refused) => Some(false),
            Some(TrustResult::Unknown) | None => None,
        };
    }
}
