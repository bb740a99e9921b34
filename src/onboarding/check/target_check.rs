//! The check of one target: opens a session, probes the planned reads, tries what the role should refuse, reads the role.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::actions::ReadProbes;
use super::findings::{Finding, Severity};
use super::negative_probe::{NegativeAttempts, NegativeProbe};
use super::outcome::{ProbeOutcome, ProbedAction, TypeRow, by_type, settle};
use super::trust_policy::{Answers, TriedTrust};
use super::{CheckContext, CheckedTarget, Checker, PROPAGATION, Verdict, external_id, own, role};
use crate::aws::{AwsError, AwsErrorKind, Cancellation, SessionPolicy};
use crate::catalogue::{actions_of, session_policies};
use crate::customers::{OpenedSession, Target};
use crate::domain::{RoleArn, millis};
use crate::engine::PlannedAccount;
use crate::onboarding::iam_policy::callers::TrustSubject;
use crate::onboarding::iam_policy::role_reader::{READ_ROLE_ACTIONS, RoleDescription};
use crate::onboarding::iam_policy::{BackendPrincipal, PrincipalKind};

/// The longest time after the first session until a new role's permissions are known in all of IAM.
const PERMISSIONS_SETTLE: Duration = Duration::from_secs(20);
/// The waits between attempts; the last one repeats.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// The name of a session as a run has it, for trust policies that look at it.
const RUN_SESSION: &str = "rolecall-run";

/// One target, and what its check needs.
pub(super) struct TargetCheck<'a> {
    pub checker: &'a Checker,
    pub context: &'a CheckContext<'a>,
    pub target: &'a Target,
    pub planned: &'a PlannedAccount,
    /// The resource types to check, by their index in the catalogue.
    pub tables: Arc<[usize]>,
    /// The session policies of a run that reads them.
    pub policies: Vec<SessionPolicy>,
    /// Who the target's role has to trust: the role that is passed through first, or else `backend_role` or the user that checks.
    pub caller: BackendPrincipal,
}

/// What was found out through a session in the account.
struct SessionResults {
    findings: Vec<Finding>,
    types: Vec<TypeRow>,
    negative_probe: NegativeProbe,
    /// Who gets in by the trust policy, if it was read.
    callers: Option<Answers>,
}

impl<'a> TargetCheck<'a> {
    pub(super) fn new(
        checker: &'a Checker,
        context: &'a CheckContext<'a>,
        target: &'a Target,
        (planned, tables): (&'a PlannedAccount, Arc<[usize]>),
    ) -> Self {
        let policies = session_policies(tables.iter().map(|index| context.catalogue.at(*index)));
        Self { checker, context, target, planned, tables, policies, caller: checker.trusted_by(target) }
    }

    /// Checks the target and returns its verdict with all findings.
    pub(super) async fn run(&self) -> CheckedTarget {
        let began = Instant::now();
        let target = self.target;
        let results = match self.open_session().await {
            Ok(opened) => self.through_session(&opened).await,
            Err(error) => {
                let role = self.target.role_arn().unwrap_or("the backend's own account");
                let findings = vec![Finding::access_denied(target, &self.caller, &error, role)];
                SessionResults { findings, types: Vec::new(), negative_probe: NegativeProbe::NotTried, callers: None }
            }
        };
        let chained = target.via.as_deref().map(Finding::chained);
        let is_user = self.caller.kind == PrincipalKind::User;
        let of_user = is_user.then(|| Finding::backend_is_a_user(&self.caller));
        let of_external_id = external_id::of_external_id(target, &self.checker.registry);
        let mut findings: Vec<Finding> =
            chained.into_iter().chain(of_user).chain(of_external_id).chain(results.findings).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        CheckedTarget {
            account_id: target.account_id.clone(),
            name: target.name.clone(),
            role_arn: self.target.role_arn().map(str::to_owned),
            via: target.via.clone(),
            enabled: target.enabled,
            verdict: Verdict::of(findings.first().map(|finding| finding.severity)),
            negative_probe: results.negative_probe,
            callers: results.callers.map(|answers| answers.into_iter().collect()),
            findings,
            types: results.types,
            duration_ms: millis(began.elapsed()),
        }
    }

    /// How long to wait for a role that refuses: a new one may not be known in all of IAM yet.
    fn patience(&self) -> Duration {
        let default = if self.target.enabled { Duration::ZERO } else { PROPAGATION };
        self.context.options.wait.unwrap_or(default)
    }

    async fn through_session(&self, opened: &OpenedSession) -> SessionResults {
        let types = self.planned_reads(opened).await;
        // Only after the reads: by then IAM knows a new role, and a refusal is the role's own.
        let &Self { checker, context, target, ref caller, .. } = self;
        let attempts = NegativeAttempts { checker, context, target, caller };
        let ((negative_probe, mut refusals), role) = futures::join!(attempts.make(), self.read_role());
        if matches!(&role, Some(Ok(RoleDescription { trust: Ok(_), .. }))) {
            refusals.iter_mut().for_each(Finding::trust_policy_was_read);
        }
        let mut findings = Finding::of_reads(&types, self.target.role_arn().unwrap_or_default());
        findings.extend(refusals);
        let mut callers = None;
        if let Some(role) = role {
            let needed: Vec<&str> = actions_of(self.context.catalogue.tables().iter())
                .into_iter()
                .chain(READ_ROLE_ACTIONS.iter().copied())
                .collect();
            findings.extend(role::of_role(&role, &needed, self.target));
            if let Ok(RoleDescription { trust, .. }) = &role {
                let (of_trust, answers) = self.tried_trust(negative_probe).judge(trust);
                findings.extend(of_trust);
                callers = answers;
            }
        }
        SessionResults { findings, types, negative_probe, callers }
    }

    /// Whom the role is to let in, and what the attempts at it showed.
    fn tried_trust(&self, negative_probe: NegativeProbe) -> TriedTrust<'_> {
        let is_backend = self.target.via.is_none();
        let subject = TrustSubject {
            backend: &self.caller,
            backend_unique_id: self.checker.identity.unique_id.as_deref().filter(|_| is_backend),
            session_name: RUN_SESSION,
            account: &self.target.account_id,
            external_id: self.target.external_id.as_ref(),
            now: jiff::Timestamp::now(),
        };
        let refused_by_customer = is_backend && self.checker.asks_for_external_ids == Some(false);
        TriedTrust { subject, negative_probe, refused_by_customer }
    }

    /// Opens a session. A refusal is tried again while the role may be too new.
    async fn open_session(&self) -> Result<OpenedSession, AwsError> {
        let patience = self.patience();
        let until = Instant::now() + patience;
        let mut pauses = PAUSES.into_iter().chain(std::iter::repeat(PAUSES[PAUSES.len() - 1]));
        let mut reported = false;
        loop {
            let error = match self.context.roles.open_session(self.target, &self.policies).await {
                Err(error) if error.kind == AwsErrorKind::Denied => error,
                result => return result,
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(error);
            }
            if !reported {
                self.context.observer.waiting_for_role(&self.target.account_id, patience);
                reported = true;
            }
            tokio::time::sleep(pauses.next().unwrap_or_default().min(left)).await;
        }
    }

    /// Probes the planned reads within the account's time budget. What is open when it ends is reported as unknown.
    async fn planned_reads(&self, opened: &OpenedSession) -> Vec<TypeRow> {
        let run = CancellationToken::new();
        let stop = Cancellation { account: run.child_token(), run };
        let probes = ReadProbes {
            session: opened.session.clone(),
            account_id: self.target.account_id.as_str().into(),
            catalogue: self.context.catalogue,
            tables: self.tables.clone(),
            regions: self.planned.regions.clone(),
            partition: self.checker.acting.partition,
            stop: stop.clone(),
        };
        let budget = self.checker.acting.client_config.settings.account_budget;
        let timer = tokio::spawn(async move {
            tokio::time::sleep(budget).await;
            stop.account.cancel();
        });
        let probed = self.probe_until_settled(&probes).await;
        timer.abort();
        by_type(self.context.catalogue, &probed)
    }

    /// Repeats what was denied while the permissions of a new role may be on their way.
    async fn probe_until_settled(&self, probes: &ReadProbes) -> Vec<ProbedAction> {
        let until = Instant::now() + self.patience().min(PERMISSIONS_SETTLE);
        let mut probed = probes.run().await;
        for pause in PAUSES {
            let denied = probed.iter().filter(|probe| probe.outcome == ProbeOutcome::Denied);
            let denied: Vec<&str> = denied.map(|probe| probe.table).collect();
            if denied.is_empty() || Instant::now() + pause > until {
                break;
            }
            let is_denied = |index: &usize| denied.contains(&self.context.catalogue.at(*index).entry.table);
            let tables: Arc<[usize]> = probes.tables.iter().copied().filter(is_denied).collect();
            tokio::time::sleep(pause).await;
            let again = ReadProbes { tables, ..probes.clone() }.run().await;
            probed.retain(|probe| !again.iter().any(|new| new.table == probe.table));
            probed.extend(again);
            settle(&mut probed);
        }
        probed
    }

    /// Reads the role's own policies, in a session that may do nothing else. None if no role is assumed.
    async fn read_role(&self) -> Option<Result<RoleDescription, AwsError>> {
        let role: RoleArn = self.target.role_arn()?.parse().ok()?;
        let policies = [SessionPolicy::of(READ_ROLE_ACTIONS)];
        let opened = match self.context.roles.open_session(self.target, &policies).await {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        Some(own::read(&opened.session, self.checker.acting.partition, role.name()).await)
    }
}

impl Verdict {
    /// The verdict that the worst finding gives.
    fn of(worst: Option<Severity>) -> Self {
        match worst {
            Some(Severity::Unsafe) => Self::Unsafe,
            Some(Severity::AccessDenied) => Self::NotEntered,
            Some(Severity::Gap) => Self::Gaps,
            Some(Severity::Note | Severity::Warning) | None => Self::Ready,
        }
    }
}
