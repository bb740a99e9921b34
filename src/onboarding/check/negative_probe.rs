//! Tries what a customer's role should refuse: `backend_role` without the external ID and with a wrong one, and another
//! identity of the backend's account.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use super::findings::Finding;
use super::{CheckContext, Checker};
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::{Target, TargetRole, random_external_id};
use crate::onboarding::iam_policy::BackendPrincipal;

/// The result of the attempts without an external ID and with a wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NegativeProbe {
    /// No attempt was made.
    NotTried,
    /// The attempts did not show whether the role refuses.
    Unknown,
    /// Both attempts were refused.
    Refused,
    /// An attempt opened a session.
    LetIn,
}

/// Serializes whether the role refuses; null if that is not known.
impl Serialize for NegativeProbe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let refuses = match self {
            Self::NotTried | Self::Unknown => None,
            Self::Refused => Some(true),
            Self::LetIn => Some(false),
        };
        refuses.serialize(serializer)
    }
}

/// The attempts at one target.
pub(super) struct NegativeAttempts<'a> {
    pub checker: &'a Checker,
    pub context: &'a CheckContext<'a>,
    pub target: &'a Target,
    /// Who the target's role has to trust.
    pub caller: &'a BackendPrincipal,
}

impl NegativeAttempts<'_> {
    /// Returns whether the role refuses what it should refuse, with the findings.
    pub(super) async fn make(&self) -> (NegativeProbe, Vec<Finding>) {
        if self.target.role == TargetRole::OwnCredentials {
            return (NegativeProbe::NotTried, Vec::new());
        }
        if !self.context.options.negative {
            return (NegativeProbe::NotTried, vec![Finding::negative_probe_skipped()]);
        }
        let (result, mut findings) = match self.target.external_id {
            Some(_) => self.try_external_ids().await,
            None => (NegativeProbe::NotTried, vec![Finding::no_external_id()]),
        };
        findings.extend(self.try_as_other_identity().await);
        (result, findings)
    }

    /// Tries to enter without an external ID and with a wrong one.
    async fn try_external_ids(&self) -> (NegativeProbe, Vec<Finding>) {
        let roles = &self.context.roles;
        let wrong = random_external_id().unwrap_or_else(|_| SecretString::from("rolecall-wrong-external-id"));
        let (without, with_wrong) =
            futures::join!(roles.try_assume_role(self.target, None), roles.try_assume_role(self.target, Some(wrong)));
        let attempts = [("without an external ID", without), ("with a wrong external ID", with_wrong)];
        let (mut result, mut findings) = self.judge_attempts(attempts);
        if result == NegativeProbe::Refused && self.target.via.is_none() {
            // The refusals may be those of backend_role's own policies.
            match self.checker.asks_for_external_ids {
                Some(false) => {}
                Some(true) => {
                    result = NegativeProbe::Unknown;
                    findings.push(Finding::refused_by_backend_role());
                }
                None => findings.push(Finding::perhaps_refused_by_backend_role(&self.checker.role)),
            }
        }
        (result, findings)
    }

    fn judge_attempts(&self, attempts: [(&str, Result<(), AwsError>); 2]) -> (NegativeProbe, Vec<Finding>) {
        let (mut result, mut findings) = (NegativeProbe::Refused, Vec::new());
        for (attempt, outcome) in attempts {
            match outcome {
                Ok(()) => {
                    result = NegativeProbe::LetIn;
                    findings.push(Finding::lets_in(attempt, self.caller, true));
                }
                Err(error) if error.kind == AwsErrorKind::Denied => {}
                Err(error) => {
                    if result == NegativeProbe::Refused {
                        result = NegativeProbe::Unknown;
                    }
                    findings.push(Finding::refusal_unknown(attempt, &error));
                }
            }
        }
        (result, findings)
    }

    /// Tries to enter as the operator's own identity, which no role should trust.
    async fn try_as_other_identity(&self) -> Option<Finding> {
        match &self.context.other_identity {
            Some((roles, arn)) if self.target.via.is_none() => {
                match roles.try_assume_role(self.target, self.target.external_id.clone()).await {
                    Ok(()) => {
                        let attempt = format!("as {arn}, which is not backend_role");
                        Some(Finding::lets_in(&attempt, self.caller, self.target.external_id.is_some()))
                    }
                    Err(error) => Some(Finding::other_identity_refused(arn, &error)),
                }
            }
            other_identity => Some(Finding::other_identity_not_tried(other_identity.is_some())),
        }
    }
}
