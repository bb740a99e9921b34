//! The findings of a check, as sentences: what is wrong, what to change, and the policy to paste.
//!
//! **Invariant:** makes no calls.

use std::collections::BTreeSet;

use serde::Serialize;

use super::outcome::{ProbeOutcome, TypeRow};
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::Target;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::{PolicyDocument, Statement, write};

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Needs no change.
    Note,
    /// Works today, but may break, or grants too much.
    Warning,
    /// Some of the planned reads will not be answered.
    Gap,
    /// The role does not let `backend_role` in.
    AccessDenied,
    /// The role lets in identities that it should refuse, or is in another account.
    Unsafe,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub severity: Severity,
    /// What is wrong, or worth knowing.
    pub message: String,
    /// What to do about it; empty if there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// The policy to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicySnippet>,
}

/// What is pasted: a whole policy, or one statement more for a policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum PolicySnippet {
    Document(PolicyDocument),
    Statement(Statement),
}

impl Finding {
    pub(super) fn new(severity: Severity, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity, message: message.into(), remedy: remedy.into(), policy: None }
    }

    pub(super) fn with_policy(mut self, policy: PolicyDocument) -> Self {
        self.policy = Some(PolicySnippet::Document(policy));
        self
    }

    fn with_statement(mut self, statement: Statement) -> Self {
        self.policy = Some(PolicySnippet::Statement(statement));
        self
    }

    /// The role could not be assumed.
    pub(super) fn access_denied(target: &Target, caller: &RoleArn, error: &AwsError, role: &str) -> Self {
        let through = target.via.as_ref().map(|via| format!(" (through {via})")).unwrap_or_default();
        let trust = || write::trust(caller, target.external_id.is_some());
        match error.kind {
            AwsErrorKind::WrongAccount => Self::new(
                Severity::Unsafe,
                format!("{role} is in another account: {}", error.message),
                "correct role_arn in the registry, and find out whose role it is",
            ),
            AwsErrorKind::Denied | AwsErrorKind::ScpDenied if target.via.is_some() => Self::new(
                Severity::AccessDenied,
                format!("{role} cannot be assumed{through}: {error}"),
                format!(
                    "the message names the role that refused. The intermediate role must let backend_role in, and must be \
                     allowed sts:AssumeRole on {role}, which needs this trust policy"
                ),
            )
            .with_policy(trust()),
            AwsErrorKind::Denied | AwsErrorKind::ScpDenied => Self::new(
                Severity::AccessDenied,
                format!("{role} does not let backend_role in{through}: {error}"),
                format!(
                    "AWS answers the same if the role does not exist, if it trusts another role, if its external ID is \
                     another one, and if {caller} lacks sts:AssumeRole on it. In the customer's account, `aws iam get-role \
                     --role-name {}` shows whether the role exists. It needs this trust policy",
                    role.parse::<RoleArn>().map_or_else(|_| role.to_owned(), |role| role.name().to_owned())
                ),
            )
            .with_policy(trust()),
            _ => Self::new(
                Severity::AccessDenied,
                format!("{role} could not be assumed{through}: {error}"),
                "see the message; AWS Support can look up the request id",
            ),
        }
    }

    /// An attempt succeeded that should be refused.
    pub(super) fn lets_in(attempt: &str, caller: &RoleArn, with_external_id: bool) -> Self {
        Self::new(
            Severity::Unsafe,
            format!("the role lets us in {attempt}"),
            "anyone who knows the role's ARN could read this account's inventory through a backend like this one: the \
             customer must replace the role's trust policy",
        )
        .with_policy(write::trust(caller, with_external_id))
    }

    /// An attempt that should be refused failed for another reason.
    pub(super) fn refusal_unknown(attempt: &str, error: &AwsError) -> Self {
        let message = format!("it is unknown whether the role refuses us {attempt}: {error}");
        Self::new(Severity::Gap, message, "check again")
    }

    /// `--no-negative` was given.
    pub(super) fn negative_probe_skipped() -> Self {
        Self::new(
            Severity::Warning,
            "it was not tried whether the role refuses other identities (--no-negative)",
            "check once without --no-negative",
        )
    }

    /// `backend_role`'s own policies require the external ID, so that a refusal shows nothing about the customer's role.
    pub(super) fn refused_by_backend_role() -> Self {
        Self::new(
            Severity::Warning,
            "backend_role's own policies require the external ID too, so they refused the attempts: it is unknown whether \
             the customer's role would refuse them",
            "the customer's trust policy must require the external ID. If the role may read itself, the check looks at that",
        )
    }

    /// The same, if `backend_role`'s policies could not be read.
    pub(super) fn perhaps_refused_by_backend_role(backend_role: &RoleArn) -> Self {
        Self::new(
            Severity::Note,
            format!(
                "the policies of {backend_role} could not be read: if they require the external ID too, they may have \
                 refused the attempts, and not the customer's role"
            ),
            "run the check as an identity that may read them (rolecall policy admin)",
        )
    }

    /// The attempt as another identity of the backend's account was refused, or failed.
    pub(super) fn other_identity_refused(arn: &str, error: &AwsError) -> Self {
        let message = match error.kind {
            AwsErrorKind::Denied => format!(
                "{arn} is refused, by the role, or by its own policies if they do not allow sts:AssumeRole on the role \
                 (`rolecall policy admin` prints one that does)"
            ),
            _ => format!("it is unknown whether {arn} is refused: {}", error.code.as_deref().unwrap_or(&error.message)),
        };
        Self::new(Severity::Note, message, "")
    }

    /// The registry has `"external_id": null`.
    pub(super) fn no_external_id() -> Self {
        Self::new(
            Severity::Note,
            "the registry says explicitly that this role requires no external ID",
            "use this for accounts of your own organization only",
        )
    }

    /// The account is entered through an intermediate role.
    pub(super) fn chained(via: &str) -> Self {
        let message = format!(
            "it is entered through {via}: sessions of chained roles last one hour at most, whatever the role allows"
        );
        Self::new(Severity::Note, message, "")
    }

    /// No attempt was made as another identity of the backend's account.
    pub(super) fn other_identity_not_tried(is_chained: bool) -> Self {
        let (reason, remedy) = if is_chained {
            ("the account is entered through another role", "")
        } else {
            ("this runs as backend_role itself", "run it as an identity of your own with --backend-role")
        };
        let message =
            format!("it was not tried whether the role refuses other identities of the backend's account: {reason}");
        Self::new(Severity::Note, message, remedy)
    }

    /// The findings about the planned reads.
    pub(super) fn of_reads(types: &[TypeRow], role: &str) -> Vec<Self> {
        let findings = [
            Self::of_denied_reads(types),
            Self::of_scp_denied_reads(types, role),
            Self::of_disabled_regions(types),
            Self::of_unknown_reads(types),
        ];
        findings.into_iter().flatten().collect()
    }

    fn of_denied_reads(types: &[TypeRow]) -> Option<Self> {
        let denied: BTreeSet<&str> =
            with_outcome(types, ProbeOutcome::Denied).flat_map(|row| row.denied_actions.iter().copied()).collect();
        let message = format!("the role denies {} of the planned reads", denied.len());
        let remedy = "the customer updates the role's stack, or adds this statement to the role's policy; or leave those \
                      resource types out (--resources)";
        let finding = Self::new(Severity::Gap, message, remedy);
        (!denied.is_empty()).then(|| finding.with_statement(write::reads("RolecallReads", denied)))
    }

    fn of_scp_denied_reads(types: &[TypeRow], role: &str) -> Option<Self> {
        let count = with_outcome(types, ProbeOutcome::ScpDenied).count();
        // Many organizations forbid some regions; a type that is forbidden in all of them is a gap.
        let everywhere =
            with_outcome(types, ProbeOutcome::ScpDenied).any(|row| !row.regions.contains_key(&ProbeOutcome::Allowed));
        let message =
            format!("a service control policy of the customer's organization forbids the reads of {count} types");
        let remedy = format!(
            "only that organization can allow them, by a condition in the policy that denies: ArnNotLike aws:PrincipalArn \
             {role}. Their cells will be scp_denied"
        );
        let severity = if everywhere { Severity::Gap } else { Severity::Warning };
        (count > 0).then(|| Self::new(severity, message, remedy))
    }

    fn of_disabled_regions(types: &[TypeRow]) -> Option<Self> {
        let disabled: BTreeSet<&str> = with_outcome(types, ProbeOutcome::RegionDisabled)
            .filter_map(|row| row.regions.get(&ProbeOutcome::RegionDisabled))
            .flatten()
            .map(String::as_str)
            .collect();
        let names = disabled.iter().copied().collect::<Vec<_>>().join(", ");
        let remedy =
            "take them out of the registry's regions, or have them enabled; their cells will be region_disabled";
        let message = format!("not enabled in this account: {names}");
        (!disabled.is_empty()).then(|| Self::new(Severity::Warning, message, remedy))
    }

    fn of_unknown_reads(types: &[TypeRow]) -> Option<Self> {
        let count = with_outcome(types, ProbeOutcome::Unknown).count();
        let message = format!("it is unknown for {count} types whether they may be read in all regions");
        (count > 0).then(|| Self::new(Severity::Gap, message, "--json shows the errors; check again"))
    }
}

fn with_outcome(types: &[TypeRow], outcome: ProbeOutcome) -> impl Iterator<Item = &TypeRow> {
    types.iter().filter(move |row| row.regions.contains_key(&outcome))
}
