//! Disables the targets whose roles a committed run found open, if the settings say so.
//!
//! The registry may have changed since the role was tried, and the customer may have closed the role. So each of these roles is
//! tried once more, by the registry as it is now. Only the target of a role that is open then is disabled. That is recorded,
//! and later deliveries of the run's event repeat the record.
//!
//! **Invariant:** fails no run, and disables no target whose role was not seen to be open.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::run_store::RunStore;
use super::trust_attempts::ATTEMPT_TIME;
use super::{Engine, Observer, prepare};
use crate::customers::{Registry, RegistryStore, RoleAssumer, Target, TrustAttempt, TrustResult};
use crate::domain::{AccountId, RunId};
use crate::engine::report::{Disabling, Manifest};
use crate::error::{Error, ErrorKind};

/// The most time for the disabling.
const DISABLE_TIME: Duration = Duration::from_secs(60);
/// Time before the end of an invocation that is left for what follows.
const MARGIN: Duration = Duration::from_secs(3);
/// Attempts at the same time.
const WIDTH: usize = 32;

/// The record of which targets of a run's open roles were disabled.
fn record_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/disabled.json")
}

/// The open roles of a committed run.
pub(super) struct OpenRoles<'a> {
    engine: &'a Engine,
    store: &'a RunStore,
    run_id: &'a RunId,
    accounts: Vec<AccountId>,
    /// Those of them that were found in organizations.
    members: Vec<(AccountId, String)>,
}

impl<'a> OpenRoles<'a> {
    /// Returns the open roles of a run; `None` if there are none, or if nothing is to be disabled.
    pub(super) fn of(engine: &'a Engine, store: &'a RunStore, manifest: &'a Manifest) -> Option<Self> {
        let open = manifest.by_account.iter().filter(|account| account.trust == Some(TrustResult::Open));
        let accounts: Vec<AccountId> = open.map(|account| account.account_id.clone()).collect();
        if !engine.settings.disable_open_roles || accounts.is_empty() {
            return None;
        }
        let open: HashSet<&AccountId> = accounts.iter().collect();
        let members = manifest.plan.accounts.iter().filter(|account| open.contains(&account.account_id));
        let members = members.filter_map(|account| Some((account.account_id.clone(), account.organization.clone()?)));
        let members = members.collect();
        Some(Self { engine, store, run_id: &manifest.response.run_id, accounts, members })
    }

    /// Disables their targets, unless that is recorded, and returns what became of them.
    pub(super) async fn disable(&self, deadline: Option<Instant>, observer: &dyn Observer) -> Disabling {
        let latest = Instant::now() + DISABLE_TIME;
        let end = deadline.and_then(|deadline| deadline.checked_sub(MARGIN)).map_or(latest, |end| end.min(latest));
        let late = || Error::new(ErrorKind::RegistryNotWritable, "the time for it has ended");
        let result = tokio::time::timeout_at(end, self.disable_unless_recorded().boxed()).await;
        let disabling = match result.unwrap_or_else(|_| Err(late())) {
            Ok(DisablingStep::Recorded(disabling)) => return disabling.bounded(),
            Ok(DisablingStep::Done(disabling)) => disabling,
            Err(error) => {
                let (run_id, open) = (self.run_id.as_str(), self.accounts.len());
                let hint = "a function needs DisableOpenRoles=yes in backend.yaml and in backend-role.yaml";
                tracing::error!(run_id, open, %error, hint, "the targets of open roles could not be disabled");
                Disabling::failure(open)
            }
        };
        observer.targets_disabled(self.run_id.as_str(), &disabling);
        disabling.bounded()
    }

    async fn disable_unless_recorded(&self) -> Result<DisablingStep, Error> {
        let key = record_key(self.run_id);
        if let Some(recorded) = self.store.read(&key).await? {
            return Ok(DisablingStep::Recorded(recorded));
        }
        let disabling = self.disable_open().await?;
        // A later delivery of the event tries again what has failed.
        if disabling.failed == 0
            && let Err(error) = self.store.put_if_absent(&key, &disabling).await
        {
            tracing::warn!(key, %error, "it could not be recorded which targets of open roles were disabled");
        }
        Ok(DisablingStep::Done(disabling))
    }

    async fn disable_open(&self) -> Result<Disabling, Error> {
        let registry = prepare::read_registry(self.engine).await?;
        self.log_members(&registry);
        let targets = self.accounts.iter().filter_map(|account| registry.target(account));
        let targets = targets.filter(|target| target.has_trust_to_try());
        // A target that is disabled already is done: an earlier invocation may have ended before it recorded that.
        let (enabled, disabled): (Vec<Target>, Vec<Target>) = targets.cloned().partition(|target| target.enabled);
        let mut disabled: Vec<AccountId> = disabled.into_iter().map(|target| target.account_id).collect();
        let (open, failed) = self.still_open(enabled).await?;
        if !open.is_empty() {
            disabled.extend(self.switch_off(&registry, open).await?);
        }
        disabled.sort();
        let disabled_count = disabled.len() as u64;
        let skipped = (self.accounts.len() as u64).saturating_sub(disabled_count + failed);
        Ok(Disabling { disabled_count, skipped, failed, disabled })
    }

    /// Logs the accounts of organizations. They have no entry to disable, and their organization's is not for one account.
    fn log_members(&self, registry: &Registry) {
        let members = self.members.iter().filter(|(account, _)| registry.target(account).is_none());
        for (account, organization) in members {
            let (run_id, account_id) = (self.run_id.as_str(), account.as_str());
            tracing::error!(
                run_id,
                account_id,
                organization,
                "its role is open, and it is not disabled: add it to the `exclude` of its organization in the registry"
            );
        }
    }

    /// Disables targets, and returns those that are disabled now.
    async fn switch_off(&self, registry: &Registry, mut open: Vec<AccountId>) -> Result<Vec<AccountId>, Error> {
        let Engine { backend, settings, .. } = self.engine;
        // At a terminal, the operator's own credentials edit the registry, as everywhere.
        let store = RegistryStore::open(settings, &backend.own_config, backend.partition.name)?;
        let switch = store.switch(registry, &open, false).await?;
        let run_id = self.run_id.as_str();
        for account in &switch.switched {
            tracing::error!(run_id, account_id = account.as_str(), "its role is open: the target was disabled");
        }
        for account in &switch.changed_meanwhile {
            tracing::warn!(
                run_id,
                account_id = account.as_str(),
                "the target was changed meanwhile: it is left as it is"
            );
        }
        if switch.enabled == 0 {
            let registry = store.address();
            tracing::error!(run_id, registry, "no target is enabled any more: runs are refused until one is");
        }
        open.retain(|account| !switch.changed_meanwhile.contains(account));
        Ok(open)
    }

    /// Tries the roles of these targets once more. Returns those that are open, and the number of those about which nothing
    /// is known.
    async fn still_open(&self, targets: Vec<Target>) -> Result<(Vec<AccountId>, u64), Error> {
        let backend = &self.engine.backend;
        let identity = backend.identify().await?;
        let roles = RoleAssumer::new(backend.clone(), identity, self.run_id.session_name());
        let attempts = targets.into_iter().map(move |target| attempt(roles.clone(), target));
        let mut attempts = futures::stream::iter(attempts).buffer_unordered(WIDTH);
        let (mut open, mut unknown) = (Vec::new(), 0);
        while let Some((account, attempt)) = attempts.next().await {
            let account_id = account.as_str();
            match attempt.result() {
                Some(TrustResult::Open) => open.push(account),
                Some(TrustResult::Refused) => {
                    tracing::info!(account_id, "its role refuses by now: the target stays enabled");
                }
                Some(TrustResult::Unknown) | None => {
                    let cause = attempt.answer.err().map(|error| error.to_string());
                    tracing::error!(
                        account_id,
                        cause,
                        "it is not known whether its role is still open: the target stays enabled"
                    );
                    unknown += 1;
                }
            }
        }
        Ok((open, unknown))
    }
}

/// Owns what it needs, since a borrowed role would make the future of a run unfit for another thread.
async fn attempt(roles: Arc<RoleAssumer>, target: Target) -> (AccountId, TrustAttempt) {
    let attempt = roles.try_without_external_id(&target, ATTEMPT_TIME).await;
    (target.account_id, attempt)
}

/// What an invocation did.
enum DisablingStep {
    /// An earlier invocation has done it.
    Recorded(Disabling),
    Done(Disabling),
}
