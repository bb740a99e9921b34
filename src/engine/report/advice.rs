//! One sentence for each group of failures on what to do about it.
//!
//! **Invariant:** judges by stage, status, code and cause. Reads no message.

use super::{FailureGroup, FailureReason, Stage};
use crate::inventory::Status;

/// Returns one sentence on what to do about a group. `given` are the flags that named the run's targets, instead of a
/// registry: such roles come from no template of rolecall's.
pub(crate) fn advice(group: &FailureGroup, given: Option<&str>) -> &'static str {
    let of_given = || given.and_then(|flags| of_given_target(group, flags));
    of_cause(group).or_else(of_given).unwrap_or_else(|| of_status(group))
}

/// The advice for causes that have the same remedy in any status.
fn of_cause(group: &FailureGroup) -> Option<&'static str> {
    let ended = "the run's time ended first: send `remaining` back, or raise the deadline";
    Some(match (group.stage, group.status, group.cause) {
        (_, Status::NotStarted, _) | (_, _, Some(FailureReason::RunEnded)) => ended,
        (Stage::Backend, _, Some(FailureReason::Expired)) => {
            "the backend's own session has expired, which concerns no customer: sign in again, and run again"
        }
        (Stage::Backend, ..) => {
            "AWS does not accept the backend's own credentials, which concerns no customer: check `aws sts get-caller-identity`"
        }
        (Stage::Start, ..) => "the customer's account was not asked: see the message",
        (_, _, Some(FailureReason::Unreachable)) => {
            "AWS could not be reached from here, which the customer cannot change: check network, DNS and proxy, and run again"
        }
        (_, _, Some(FailureReason::Unreadable)) => {
            "AWS's answer could not be read: run again; if it comes back, report it with the message"
        }
        (_, Status::Denied, Some(FailureReason::CredentialsRejected)) => {
            "AWS rejects the session itself: it was revoked during the run, or the account is suspended or closed; ask the customer"
        }
        (_, _, Some(FailureReason::Expired)) => {
            "the session in the customer's account expired and was not renewed: run again"
        }
        _ => return None,
    })
}

/// The advice where that of a customer's role would mislead.
fn of_given_target(group: &FailureGroup, flags: &str) -> Option<&'static str> {
    Some(match (group.stage, group.status) {
        (Stage::Assume, Status::Denied) => {
            "the role does not let your credentials in: does it exist in this account, with its path, and does it trust their account?"
        }
        (Stage::Assume, Status::Throttled | Status::TimedOut) => return None,
        (Stage::Assume, _) => "the account could not be entered: see the message, and --role-name",
        (_, Status::Denied) if flags == "--here" => {
            "your own credentials may not read this: `rolecall policy customer` prints the reads that they need"
        }
        (_, Status::Denied) if flags.starts_with("--organization") => {
            "the role may not read this, or your own credentials in your own account: `rolecall policy customer` prints the reads"
        }
        (_, Status::Denied) => "the role may not read this: `rolecall policy customer` prints the reads that it needs",

        _ => return None,
    })
}

fn of_status(group: &FailureGroup) -> &'static str {
    match (group.stage, group.status) {
        (Stage::Assume, Status::Denied) => {
            "the customer's role does not let backend_role in: does it exist, does it trust this backend, is its external ID the registry's?"
        }
        (Stage::Assume, Status::Throttled) => "STS throttled AssumeRole: run again, or lower ROLECALL_STS_RATE",
        (Stage::Assume, Status::TimedOut) => {
            "STS did not answer in time: run again, and check the network and STS's region"
        }
        (_, Status::ScpDenied) => {
            "a service control policy of the customer's organization forbids it: only the customer can allow it"
        }
        (Stage::Assume, _) => {
            "the customer's account could not be entered: see the message, and the role ARN in the registry"
        }
        (_, Status::Denied) => "the customer's role lacks these reads: update its stack from infra/customer-role.yaml",
        (_, Status::RegionDisabled) => {
            "the region is not enabled in the account: nothing to do, unless it should be enabled"
        }
        (_, Status::Throttled) => {
            "the account's API quota is used up, perhaps by its own automation: run again later, or lower the rates"
        }
        (_, Status::TimedOut) => "AWS did not answer in time: run again, or raise --call-timeout or --account-budget",
        (_, Status::Partial) => "records read before the failure are kept; the message says what failed",
        _ => "see the message; AWS Support can look up the request id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice_of(stage: Stage, status: Status, cause: Option<FailureReason>, given: Option<&str>) -> &'static str {
        let group = FailureGroup {
            account_id: "111122223333".parse().unwrap(),
            stage,
            status,
            code: None,
            cause,
            cells: 1,
            tables: Vec::new(),
            regions: Vec::new(),
            message: String::new(),
            other_messages: 0,
            request_id: None,
        };
        advice(&group, given)
    }

    fn advice_on(stage: Stage, status: Status, cause: Option<FailureReason>) -> &'static str {
        advice_of(stage, status, cause, None)
    }

    /// These have no customer, no registry and no external ID.
    #[test]
    fn targets_of_the_command_line_are_no_customers() {
        for (given, stage, status, needle) in [
            ("--here", Stage::Collect, Status::Denied, "your own credentials"),
            ("--role-name reader --no-external-id", Stage::Collect, Status::Denied, "rolecall policy customer"),
            ("--role-name reader --no-external-id", Stage::Assume, Status::Denied, "trust their account"),
            ("--role-name reader --no-external-id", Stage::Assume, Status::Failed, "--role-name"),
            ("--here", Stage::Collect, Status::Throttled, "quota"),
            ("--here", Stage::Assume, Status::TimedOut, "STS did not answer"),
        ] {
            let advice = advice_of(stage, status, None, Some(given));
            assert!(advice.contains(needle), "{given} {stage:?} {status:?}: {advice}");
            assert!(!advice.contains("registry") && !advice.contains("customer-role.yaml"), "{advice}");
        }
    }

    #[test]
    fn a_customer_is_blamed_only_if_its_role_refused() {
        use FailureReason::{CredentialsRejected, Expired, NoCredentials, OutOfTime, RunEnded, Unreachable};
        for (stage, status, cause, needle) in [
            (Stage::Start, Status::NotStarted, Some(RunEnded), "time ended"),
            (Stage::Start, Status::TimedOut, Some(RunEnded), "time ended"),
            (Stage::Collect, Status::TimedOut, Some(RunEnded), "raise the deadline"),
            (Stage::Collect, Status::Partial, Some(RunEnded), "time ended"),
            (Stage::Collect, Status::TimedOut, Some(OutOfTime), "--call-timeout"),
            (Stage::Start, Status::Failed, None, "was not asked"),
            (Stage::Backend, Status::Failed, Some(Expired), "backend's own session has expired"),
            (Stage::Backend, Status::Denied, Some(CredentialsRejected), "backend's own credentials"),
            (Stage::Backend, Status::Failed, Some(NoCredentials), "backend's own credentials"),
            (Stage::Assume, Status::Denied, None, "does not let backend_role in"),
            (Stage::Assume, Status::Throttled, None, "ROLECALL_STS_RATE"),
            (Stage::Assume, Status::Failed, Some(Unreachable), "could not be reached"),
            (Stage::Collect, Status::Denied, None, "lacks these reads"),
            (Stage::Collect, Status::Denied, Some(CredentialsRejected), "suspended or closed"),
            (Stage::Collect, Status::Failed, Some(Expired), "expired"),
        ] {
            let advice = advice_on(stage, status, cause);
            assert!(advice.contains(needle), "{stage:?} {status:?} {cause:?}: {advice}");
        }
    }
}
