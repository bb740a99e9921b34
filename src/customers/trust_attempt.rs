//! What an attempt to enter an account without its external ID shows about the role's trust.
//!
//! **Invariant:** judges answers of STS, and makes no calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::CallCounts;

/// What a customer's role did when it was assumed without its external ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrustResult {
    /// It refused, as it has to.
    Refused,
    /// It let rolecall in. Whoever makes rolecall enter this account in another customer's name succeeds.
    Open,
    /// STS gave no answer that shows it.
    #[serde(other)]
    Unknown,
}

/// One attempt, answered or not.
#[derive(Clone, Debug)]
pub(crate) struct TrustAttempt {
    /// STS's answer: the request id of a session, or an error.
    pub answer: Result<Option<String>, AwsError>,
    /// The requests that were sent.
    pub counts: CallCounts,
}

impl TrustAttempt {
    pub(super) fn new(answer: Result<Option<String>, AwsError>, counts: CallCounts) -> Self {
        Self { answer, counts }
    }

    /// Returns AWS's id of the request, to be compared with CloudTrail.
    pub(crate) fn request_id(&self) -> Option<&str> {
        match &self.answer {
            Ok(request_id) => request_id.as_deref(),
            Err(error) => error.request_id.as_deref(),
        }
    }

    /// Returns what the attempt shows, or `None` if its time ended before anything was sent.
    pub(crate) fn result(&self) -> Option<TrustResult> {
        let kind = self.answer.as_ref().err().map(|error| error.kind);
        match kind {
            None => Some(TrustResult::Open),
            // Without a request, another role has refused: the one in between.
            Some(AwsErrorKind::Denied) if self.counts.calls > 0 => Some(TrustResult::Refused),
            Some(AwsErrorKind::OutOfTime) if self.counts.calls == 0 => None,
            // A service control policy stops backend_role before the customer's role decides.
            Some(_) => Some(TrustResult::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_denial_of_the_role_itself_counts_as_a_refusal() {
        use AwsErrorKind::{Denied, NoCredentials, Other, OutOfTime, ScpDenied, Throttled, Unreachable, WrongAccount};
        let attempt = |answer, calls| TrustAttempt::new(answer, CallCounts { calls, ..CallCounts::default() });
        assert_eq!(attempt(Ok(None), 1).result(), Some(TrustResult::Open));
        for (kind, calls, result) in [
            (Denied, 1, Some(TrustResult::Refused)),
            (Denied, 2, Some(TrustResult::Refused)),
            (Denied, 0, Some(TrustResult::Unknown)),
            (ScpDenied, 1, Some(TrustResult::Unknown)),
            (Throttled, 5, Some(TrustResult::Unknown)),
            (Unreachable, 5, Some(TrustResult::Unknown)),
            (NoCredentials, 0, Some(TrustResult::Unknown)),
            (WrongAccount, 1, Some(TrustResult::Unknown)),
            (Other, 1, Some(TrustResult::Unknown)),
            (OutOfTime, 1, Some(TrustResult::Unknown)),
            (OutOfTime, 0, None),
        ] {
            assert_eq!(attempt(Err(AwsError::new(kind, "")), calls).result(), result, "{kind:?} {calls}");
        }
    }

    #[test]
    fn results_of_later_versions_are_unknown_ones() {
        let read = |text: &str| serde_json::from_str::<TrustResult>(text).unwrap();
        assert_eq!(read("\"open\""), TrustResult::Open);
        assert_eq!(read("\"half_open\""), TrustResult::Unknown);
    }
}
