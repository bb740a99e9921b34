//! Tries again whether the roles of enabled targets refuse `backend_role` without the external ID. A customer may open a role
//! long after it was checked.
//!
//! A refusal shows something only if the role lets `backend_role` in with the external ID. So that is tried first.
//!
//! **Invariant:** its sessions may do nothing, and it reads nothing in an account.

use futures::StreamExt;
use serde::Serialize;
use tokio::time::Instant;

use super::findings::Finding;
use super::{CONCURRENT_CHECKS, Checker};
use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::Catalogue;
use crate::customers::{RoleAssumer, Target, TargetSwitch, TrustAttempt, TrustResult};
use crate::domain::{AccountId, millis, new_attempt_id};
use crate::error::{Error, ErrorKind};
use crate::event::{Accounts, Request};
use crate::input::ValidationErrors;
use crate::onboarding::iam_policy::BackendPrincipal;

/// The attempt, as findings name it.
const ATTEMPT: &str = "without an external ID";

/// Whether a role refuses `backend_role` without the external ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrialVerdict {
    /// It refused the attempt, and lets `backend_role` in with the external ID.
    Refused,
    /// It let `backend_role` in.
    Open,
    /// The attempt did not show it.
    Unknown,
    /// It refuses `backend_role` with the external ID too, so that its refusal shows nothing.
    NotEntered,
    /// No attempt was made.
    NotTried,
}

/// The trial of one target's role.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TrustTrial {
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
    pub result: TrialVerdict,
    /// Why there was no attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What is wrong, with its remedy.
    pub findings: Vec<Finding>,
    pub duration_ms: u64,
}

impl Checker {
    /// Tries the roles of the targets that a request selects, concurrently. Disabled targets are reported only if the request
    /// names them, and their roles are not tried.
    pub(crate) async fn try_trust(
        &self,
        request: &Request,
        mut problems: ValidationErrors,
    ) -> Result<Vec<TrustTrial>, Error> {
        let catalogue = Catalogue::get().map_err(|message| Error::new(ErrorKind::Internal, message))?;
        let is_named = matches!(request.accounts, Accounts::Named(_));
        let selection = self.select(request, catalogue, is_named, &mut problems)?;
        let session_name = format!("rolecall-trust-{}", new_attempt_id());
        let roles = &RoleAssumer::new(self.acting.clone(), self.identity.clone(), session_name);
        let targets = selection.accounts.iter().filter_map(|planned| self.registry.target(&planned.account_id));
        let trials = targets.enumerate().map(|(place, target)| async move { (place, self.trial(roles, target).await) });
        let trials = futures::stream::iter(trials).buffer_unordered(CONCURRENT_CHECKS);
        let mut trials: Vec<(usize, TrustTrial)> = trials.collect().await;
        trials.sort_by_key(|(place, _)| *place);
        Ok(trials.into_iter().map(|(_, trial)| trial).collect())
    }

    /// Disables targets whose roles are open. Those that were changed or removed since the trial are skipped.
    pub(crate) async fn disable(&self, open: &[AccountId]) -> Result<TargetSwitch, Error> {
        self.registry_store.switch(&self.registry, open, false).await
    }

    async fn trial(&self, roles: &RoleAssumer, target: &Target) -> TrustTrial {
        let began = Instant::now();
        let role_arn = target.role_arn();
        let not_tried = |reason| (TrialVerdict::NotTried, Some(reason), Vec::new());
        let (result, reason, findings) = match role_arn {
            _ if !target.enabled => not_tried("the registry has it disabled"),
            None => not_tried("it is entered with own credentials, without a role"),
            _ if target.external_id.is_none() => not_tried("the registry says that its role requires no external ID"),
            Some(role_arn) => {
                let (result, findings) = self.attempt(roles, target, role_arn).await;
                (result, None, findings)
            }
        };
        TrustTrial {
            account_id: target.account_id.clone(),
            name: target.name.clone(),
            role_arn: role_arn.map(str::to_owned),
            via: target.via.clone(),
            enabled: target.enabled,
            result,
            reason,
            findings,
            duration_ms: millis(began.elapsed()),
        }
    }

    async fn attempt(&self, roles: &RoleAssumer, target: &Target, role_arn: &str) -> (TrialVerdict, Vec<Finding>) {
        let entered = roles.try_assume_role(target, target.external_id.clone()).await;
        // Tried whatever the first answer is: a role may let in only those who send no external ID.
        let time = self.acting.client_config.settings.sts_patience;
        let attempted = roles.try_without_external_id(target, time).await;
        let caller = self.trusted_by(target);
        let outcome = TrialOutcome { target, caller: &caller, role_arn };
        let (verdict, mut findings) = outcome.judge(&entered, &attempted);
        if verdict != TrialVerdict::Refused || target.via.is_some() {
            return (verdict, findings);
        }
        let (verdict, finding) = refusal(self.asks_for_external_ids, &self.role);
        findings.extend(finding);
        (verdict, findings)
    }
}

/// Judges a refusal, which may be that of `backend_role`'s own policies.
fn refusal(asks_for_external_ids: Option<bool>, backend_role: &BackendPrincipal) -> (TrialVerdict, Option<Finding>) {
    match asks_for_external_ids {
        Some(false) => (TrialVerdict::Refused, None),
        Some(true) => (TrialVerdict::Unknown, Some(Finding::refused_by_backend_role())),
        None => (TrialVerdict::Refused, Some(Finding::perhaps_refused_by_backend_role(backend_role))),
    }
}

/// A target's role, and the role that it has to trust.
struct TrialOutcome<'a> {
    target: &'a Target,
    caller: &'a BackendPrincipal,
    role_arn: &'a str,
}

impl TrialOutcome<'_> {
    /// Judges the answers to the attempts with the external ID and without it.
    fn judge(&self, entered: &Result<(), AwsError>, attempted: &TrustAttempt) -> (TrialVerdict, Vec<Finding>) {
        let &Self { target, caller, role_arn } = self;
        let not_entered = |error| Finding::access_denied(target, caller, error, role_arn);
        match (entered, attempted.result(), &attempted.answer) {
            (_, Some(TrustResult::Open), _) => {
                let open = Finding::lets_in(ATTEMPT, caller, true);
                (TrialVerdict::Open, std::iter::once(open).chain(entered.as_ref().err().map(not_entered)).collect())
            }
            (Err(error), ..) => {
                let is_refusal = matches!(error.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied);
                let verdict = if is_refusal { TrialVerdict::NotEntered } else { TrialVerdict::Unknown };
                (verdict, vec![not_entered(error)])
            }
            (Ok(()), Some(TrustResult::Refused), _) => (TrialVerdict::Refused, Vec::new()),
            (Ok(()), _, answer) => {
                let unknown = answer.as_ref().err().map(|error| Finding::refusal_unknown(ATTEMPT, error));
                (TrialVerdict::Unknown, unknown.into_iter().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::findings::Severity;
    use super::*;
    use crate::customers::Registry;
    use crate::domain::CallCounts;

    const KINDS: [AwsErrorKind; 8] = [
        AwsErrorKind::Throttled,
        AwsErrorKind::OutOfTime,
        AwsErrorKind::Expired,
        AwsErrorKind::NoCredentials,
        AwsErrorKind::Unreadable,
        AwsErrorKind::ScpDenied,
        AwsErrorKind::WrongAccount,
        AwsErrorKind::Other,
    ];

    /// Judges two answers; `calls` is the number of requests that the second one took.
    fn judge(
        entered: Result<(), AwsErrorKind>,
        attempted: Result<(), AwsErrorKind>,
        calls: u64,
    ) -> (TrialVerdict, Vec<Finding>) {
        let registry = r#"{"version":1,"targets":[{"account_id":"111122223333","external_id":"a-secret-id"}]}"#;
        let registry = Registry::read(registry.as_bytes(), "aws").unwrap();
        let caller = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let role_arn = "arn:aws:iam::111122223333:role/rolecall-inventory";
        let outcome = TrialOutcome { target: &registry.targets[0], caller: &caller, role_arn };
        let answer = |kind| AwsError::new(kind, "a message");
        let counts = CallCounts { calls, ..CallCounts::default() };
        outcome
            .judge(&entered.map_err(answer), &TrustAttempt { answer: attempted.map(|()| None).map_err(answer), counts })
    }

    #[test]
    fn only_a_denial_after_an_entry_is_a_refusal() {
        assert_eq!(judge(Ok(()), Err(AwsErrorKind::Denied), 1), (TrialVerdict::Refused, Vec::new()));
        // The role in between refused: the customer's was not asked.
        assert_eq!(judge(Ok(()), Err(AwsErrorKind::Denied), 0).0, TrialVerdict::Unknown);
        for kind in KINDS {
            for calls in [0, 1] {
                let (verdict, findings) = judge(Ok(()), Err(kind), calls);
                assert_eq!((verdict, findings.len()), (TrialVerdict::Unknown, 1), "{kind:?}");
            }
            let denied = judge(Err(kind), Err(AwsErrorKind::Denied), 1).0;
            let expected =
                if kind == AwsErrorKind::ScpDenied { TrialVerdict::NotEntered } else { TrialVerdict::Unknown };
            assert_eq!(denied, expected, "{kind:?}");
        }
        assert_eq!(judge(Err(AwsErrorKind::Denied), Err(AwsErrorKind::Denied), 1).0, TrialVerdict::NotEntered);
    }

    #[test]
    fn a_refusal_by_backend_role_shows_nothing() {
        let role = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        assert_eq!(refusal(Some(false), &role), (TrialVerdict::Refused, None));
        for (asks, verdict, severity) in
            [(Some(true), TrialVerdict::Unknown, Severity::Gap), (None, TrialVerdict::Refused, Severity::Note)]
        {
            let (judged, finding) = refusal(asks, &role);
            assert_eq!((judged, finding.map(|finding| finding.severity)), (verdict, Some(severity)), "{asks:?}");
        }
    }

    #[test]
    fn a_session_without_the_external_id_is_open_whatever_the_entry_gave() {
        for entered in KINDS.into_iter().chain([AwsErrorKind::Denied]).map(Err).chain([Ok(())]) {
            let (verdict, findings) = judge(entered, Ok(()), 1);
            assert_eq!(verdict, TrialVerdict::Open, "{entered:?}");
            assert!(findings[0].severity == Severity::Unsafe && findings[0].policy.is_some(), "{findings:?}");
            assert!(!format!("{findings:?}").contains("a-secret-id"));
        }
    }
}
