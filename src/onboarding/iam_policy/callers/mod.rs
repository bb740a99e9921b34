//! Judges the trust policy of a customer's role: who gets in, by which statement, and whether that is safe for its owner.
//!
//! The policy is evaluated for one caller after another: the backend with the registered external ID, without one and with
//! another one, other identities of its account, other accounts, federated users and services. What cannot be decided is
//! judged by the worst case, and named.
//!
//! **Invariant:** makes no calls, and shows no external ID. What the policies of a caller's own account allow is not known.

mod mentioned;
mod attempts;
mod services;
mod federated;
mod remarks;
mod judgement;
#[cfg(test)]
mod tests;

pub(crate) use judgement::judge_trust;

use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;

use crate::domain::AccountId;
use crate::onboarding::iam_policy::BackendPrincipal;
use crate::onboarding::safety::Safety;

/// The role that is judged, and whom it is to let in.
#[derive(Clone, Debug)]
pub(crate) struct TrustSubject<'a> {
    /// Who assumes the customer's role: `backend_role`, the role that is passed through, or the user that checks.
    pub backend: &'a BackendPrincipal,
    /// Its unique id, `AROA…` or `AIDA…`, if it is known.
    pub backend_unique_id: Option<&'a str>,
    /// The name of a session with which the backend comes.
    pub session_name: &'a str,
    pub account: &'a AccountId,
    /// The registered external ID; none if the target is to be entered without one.
    pub external_id: Option<&'a SecretString>,
    pub now: Timestamp,
}

/// Who tries to get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallerClass {
    /// The backend with the registered external ID, or without one if none is registered.
    Backend,
    BackendWithoutExternalId,
    BackendWithAnotherExternalId,
    /// Another role or a user of the backend's account.
    OtherIdentityOfBackendAccount,
    /// An account that the policy names, and that is neither the backend's nor the customer's.
    NamedAccount,
    /// Any account of the world.
    AnyAccount,
    /// Somebody who signed in with an identity provider.
    Federated,
    /// A service of AWS, for any of its customers.
    Service,
}

/// What a trust policy answers to a class of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallerAnswer {
    Refused,
    /// It depends on what the policy alone does not show.
    Depends,
    GetsIn,
}

/// One sentence about a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustRemark {
    pub safety: Safety,
    pub class: CallerClass,
    pub text: String,
}

/// The judgement of a trust policy.
#[derive(Clone, Debug)]
pub(crate) struct TrustJudgement {
    /// The worst of the remarks.
    pub safety: Safety,
    /// The remarks, the worst first.
    pub remarks: Vec<TrustRemark>,
    /// What each class of callers was answered; of several callers of a class, the most open answer.
    pub answers: Vec<(CallerClass, CallerAnswer)>,
}

impl TrustJudgement {
    /// What a class of callers was answered. A class of which no caller was tried is refused.
    pub(crate) fn answer(&self, class: CallerClass) -> CallerAnswer {
        self.answers.iter().find(|(of, _)| *of == class).map_or(CallerAnswer::Refused, |(_, answer)| *answer)
    }

    /// What is not as it should be.
    pub(crate) fn complaints(&self) -> impl Iterator<Item = &TrustRemark> {
        self.remarks.iter().filter(|remark| remark.safety > Safety::Safe)
    }
}

impl fmt::Display for CallerAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "is refused",
            Self::Depends => "may get in",
            Self::GetsIn => "gets in",
        })
    }
}
