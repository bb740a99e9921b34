//! Checks customer roles before anything depends on them: does the role let `backend_role` in with the external ID, does
//! it refuse it without one and with a wrong one, does it refuse other identities, which of the planned reads does it
//! allow, does it grant more.
//!
//! **Invariant:** reads only. Nothing changes anywhere, except that [`Checker::enable`] and [`Checker::disable`] edit the
//! registry.

mod outcome;
mod findings;
mod organizations;
mod identity;
mod actions;
mod own;
mod grants;
mod external_id;
mod role;
mod negative_probe;
mod trust_policy;
mod target_check;
mod trust_trial;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde::Serialize;

pub(crate) use findings::{Finding, Severity};
pub(crate) use identity::Checker;
pub(crate) use negative_probe::NegativeProbe;
pub(crate) use organizations::CheckedOrganization;
pub(crate) use outcome::{ProbeOutcome, TypeRow};
pub(crate) use trust_trial::{TrialVerdict, TrustTrial};

use crate::catalogue::Catalogue;
use crate::customers::{RoleAssumer, TargetSwitch};
use crate::domain::{AccountId, Format, new_attempt_id};
use crate::engine::{Basis, Selection, SharedTypes, select};
use crate::error::{Error, ErrorKind};
use crate::event::Request;
use crate::input::ValidationErrors;
use crate::onboarding::iam_policy::callers::{CallerAnswer, CallerClass};
use crate::settings::Runtime;
use target_check::TargetCheck;

/// The longest time until a new role, or a change to one, is known in all of IAM. Usually it takes seconds.
const PROPAGATION: Duration = Duration::from_secs(90);
/// Accounts that are checked concurrently. Most of them only wait for a role that does not exist yet.
const CONCURRENT_CHECKS: usize = 128;

/// The options of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckOptions {
    /// How long to wait for a role that refuses. Without it: 90 s for targets that are not enabled yet, else not at all.
    pub wait: Option<Duration>,
    /// Whether to try what should be refused. Each refusal shows in the customer's CloudTrail as AccessDenied.
    pub negative: bool,
}

/// Whether a target can be enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// A run can collect the account.
    Ready,
    /// Some of the planned reads will not be answered.
    Gaps,
    /// The role does not let `backend_role` in.
    NotEntered,
    /// The role lets in identities that it should refuse, grants writes, or is in another account.
    Unsafe,
}

/// The result of one target's check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckedTarget {
    pub account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The customer role; none if the account is entered with own credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The role that is passed through first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Whether the registry has it enabled.
    pub enabled: bool,
    pub verdict: Verdict,
    #[serde(rename = "refuses_other_identities")]
    pub negative_probe: NegativeProbe,
    /// What the trust policy answers to each class of callers, by its text alone; none if it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callers: Option<BTreeMap<CallerClass, CallerAnswer>>,
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The planned resource types, with the regions in which they may be read.
    pub types: Vec<TypeRow>,
    pub duration_ms: u64,
}

/// What all targets of a check share.
struct CheckContext<'a> {
    roles: Arc<RoleAssumer>,
    /// Assumes roles as the operator's own identity, with its ARN.
    other_identity: Option<(Arc<RoleAssumer>, &'a str)>,
    catalogue: &'static Catalogue,
    options: CheckOptions,
    observer: &'a dyn CheckObserver,
}

impl Checker {
    /// Checks the targets that a request selects, disabled ones too, concurrently.
    pub(crate) async fn check(
        &self,
        request: &Request,
        mut problems: ValidationErrors,
        options: CheckOptions,
        observer: &dyn CheckObserver,
    ) -> Result<Vec<CheckedTarget>, Error> {
        let catalogue = Catalogue::get().map_err(|message| Error::new(ErrorKind::Internal, message))?;
        let selection = self.select(request, catalogue, true, &mut problems)?;
        if !selection.unshared_accounts.is_empty() {
            observer.nothing_to_check(&selection.unshared_accounts);
        }
        let shared = SharedTypes::new(&selection.resources, &selection.accounts);
        let shared = shared.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let tables: Vec<usize> =
            selection.resources.iter().filter_map(|name| catalogue.find(name)).map(|table| table.index).collect();
        let context = &self.context(catalogue, options, observer);
        let checks = selection.accounts.iter().filter_map(|planned| {
            let target = self.registry.target(&planned.account_id)?;
            let tables: Arc<[usize]> = shared.of(planned).iter().map(|index| tables[*index]).collect();
            Some(async move {
                let checked = TargetCheck::new(self, context, target, (planned, tables)).run().await;
                observer.target_checked(&checked);
                checked
            })
        });
        let checks = futures::stream::iter(checks).buffer_unordered(CONCURRENT_CHECKS);
        let mut checked: Vec<CheckedTarget> = checks.collect().await;
        let place = |checked: &CheckedTarget| {
            selection.accounts.iter().position(|account| account.account_id == checked.account_id)
        };
        checked.sort_by_key(place);
        Ok(checked)
    }

    /// Returns how each organization was listed. If wanted, each management role is tried without the external ID.
    pub(crate) async fn check_organizations(&self, options: CheckOptions) -> Vec<CheckedOrganization> {
        let mut checked = self.organizations.clone();
        if options.negative {
            let (acting, time) = ((&self.acting, &self.identity), self.acting.client_config.settings.sts_patience);
            organizations::try_without_external_ids(acting, &self.registry, &mut checked, time).await;
        }
        checked
    }

    /// Selects the targets of a request, disabled ones too if wanted.
    fn select(
        &self,
        request: &Request,
        catalogue: &'static Catalogue,
        disabled_too: bool,
        problems: &mut ValidationErrors,
    ) -> Result<Selection, Error> {
        let basis = Basis {
            registry: &self.registry,
            catalogue,
            partition: self.acting.partition,
            runtime: Runtime::Terminal,
            format: Format::Parquet,
            disabled_too,
        };
        let selection = select(request, basis, problems);
        if problems.is_empty() { Ok(selection) } else { Err(Error::of(ErrorKind::InvalidRequest, problems)) }
    }

    fn context<'a>(
        &'a self,
        catalogue: &'static Catalogue,
        options: CheckOptions,
        observer: &'a dyn CheckObserver,
    ) -> CheckContext<'a> {
        let session_name = format!("rolecall-check-{}", new_attempt_id());
        let other_identity = self.other_identity.as_ref().filter(|_| options.negative);
        CheckContext {
            roles: RoleAssumer::new(self.acting.clone(), self.identity.clone(), session_name.clone()),
            other_identity: other_identity.map(|(backend, identity)| {
                let roles = RoleAssumer::new(backend.clone(), identity.clone(), session_name.clone());
                (roles, identity.arn.as_str())
            }),
            catalogue,
            options,
            observer,
        }
    }

    /// Enables the targets that passed. Those that were changed or removed since the check are skipped.
    pub(crate) async fn enable(&self, ready: &[AccountId]) -> Result<TargetSwitch, Error> {
        self.registry_store.switch(&self.registry, ready, true).await
    }
}

/// Follows a check while it runs.
pub(crate) trait CheckObserver: Send + Sync {
    /// These accounts share none of the requested resource types, so they are left out.
    fn nothing_to_check(&self, accounts: &[AccountId]);
    /// A role refuses and is tried again for at most `patience`, since IAM may not know it everywhere yet.
    fn waiting_for_role(&self, account_id: &AccountId, patience: Duration);
    /// The check of a target has ended.
    fn target_checked(&self, target: &CheckedTarget);
}
