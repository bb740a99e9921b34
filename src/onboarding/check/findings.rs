//! The findings of a check, as sentences: what is wrong, what to change, and the policy to paste.
//!
//! **Invariant:** makes no calls.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::outcome::{ProbeOutcome, TypeRow};
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::Target;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::BackendPrincipal;
use crate::onboarding::iam_policy::{PolicyDocument, Statement, write};

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Worth knowing; nothing has to change.
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

/// One result of a check, with its remedy.
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
    pub(super) fn access_denied(target: &Target, caller: &BackendPrincipal, error: &AwsError, role: &str) -> Self {
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
    pub(super) fn lets_in(attempt: &str, caller: &BackendPrincipal, with_external_id: bool) -> Self {
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

    /// The operator gave `--no-negative`, so that nothing was tried.
    pub(super) fn negative_probe_skipped() -> Self {
        Self::new(
            Severity::Warning,
            "it was not tried whether the role refuses other identities (--no-negative)",
            "check once without --no-negative",
        )
    }

    /// The backend is an IAM user.
    pub(super) fn backend_is_a_user(user: &BackendPrincipal) -> Self {
        Self::new(
            Severity::Note,
            format!(
                "{user} is an IAM user: its access keys do not expire, and whoever has them enters all customers' roles"
            ),
            "let a role take its place: infra/ONBOARDING.md, \"An IAM user as the backend\"",
        )
    }

    /// `backend_role`'s own policies require the external ID, so that a refusal shows nothing about the customer's role.
    pub(super) fn refused_by_backend_role() -> Self {
        Self::new(
            Severity::Gap,
            "backend_role's own policies require the external ID too, so they refused the attempts: it is unknown whether \
             the customer's role would refuse them",
            "the customer's trust policy must require the external ID. If the role may read itself, the check looks at that",
        )
    }

    /// The customer's trust policy was read. It says what a refusal by `backend_role`'s own policies does not show.
    pub(super) fn trust_policy_was_read(&mut self) {
        if *self == Self::refused_by_backend_role() {
            self.severity = Severity::Warning;
        }
    }

    /// The same, if `backend_role`'s policies could not be read.
    pub(super) fn perhaps_refused_by_backend_role(backend_role: &BackendPrincipal) -> Self {
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
        if error.kind != AwsErrorKind::Denied {
            let message = format!("it is unknown whether the role refuses {arn}: {error}");
            return Self::new(Severity::Gap, message, "check again");
        }
        let message = format!(
            "{arn} is refused, by the role, or by its own policies if they do not allow sts:AssumeRole on the role \
             (`rolecall policy admin` prints one that does)"
        );
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
            Self::of_samples(types),
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
        let mut disabled: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in with_outcome(types, ProbeOutcome::RegionDisabled) {
            for region in row.regions.get(&ProbeOutcome::RegionDisabled).into_iter().flatten() {
                let reason = row.not_tried.get(region).map_or("", |reason| &**reason);
                let reason = reason.strip_prefix("the region is ").unwrap_or(reason);
                let reason = if reason.is_empty() { "not enabled in this account" } else { reason };
                disabled.entry(reason).or_default().insert(region);
            }
        }
        let texts = disabled
            .iter()
            .map(|(reason, regions)| format!("{reason}: {}", regions.iter().copied().collect::<Vec<_>>().join(", ")));
        let message = texts.collect::<Vec<_>>().join("; ");
        let remedy =
            "take them out of the registry's regions, or have them enabled; their cells will be region_disabled";
        // A type that no region answers for is a gap.
        let everywhere = with_outcome(types, ProbeOutcome::RegionDisabled).any(|row| row.regions.len() == 1);
        let severity = if everywhere { Severity::Gap } else { Severity::Warning };
        (!disabled.is_empty()).then(|| Self::new(severity, message, remedy))
    }

    fn of_unknown_reads(types: &[TypeRow]) -> Option<Self> {
        let count = with_outcome(types, ProbeOutcome::Unknown).count();
        let message = format!("it is unknown for {count} types whether they may be read in all regions");
        (count > 0).then(|| Self::new(Severity::Gap, message, "--json shows the errors; check again"))
    }

    /// A note without numbers, so that the same note about many accounts is printed once.
    fn of_samples(types: &[TypeRow]) -> Option<Self> {
        let message = "reads of single resources, such as zones, were tried for five of them at most: a role that is \
                       limited to some resources may deny the others";
        types.iter().any(|row| row.is_sample).then(|| Self::new(Severity::Note, message, ""))
    }
}

fn with_outcome(types: &[TypeRow], outcome: ProbeOutcome) -> impl Iterator<Item = &TypeRow> {
    types.iter().filter(move |row| row.regions.contains_key(&outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_a_gap() {
        let arn = "arn:aws:iam::999999999999:user/me";
        for kind in [
            AwsErrorKind::Throttled,
            AwsErrorKind::OutOfTime,
            AwsErrorKind::Expired,
            AwsErrorKind::ScpDenied,
            AwsErrorKind::Unreadable,
            AwsErrorKind::Other,
        ] {
            let error = AwsError::new(kind, "a message");
            assert_eq!(Finding::other_identity_refused(arn, &error).severity, Severity::Gap, "{kind:?}");
            assert_eq!(Finding::refusal_unknown("without an external ID", &error).severity, Severity::Gap, "{kind:?}");
        }
        let denied = AwsError::new(AwsErrorKind::Denied, "a message");
        assert_eq!(Finding::other_identity_refused(arn, &denied).severity, Severity::Note);
        let mut own = Finding::refused_by_backend_role();
        assert_eq!(own.severity, Severity::Gap);
        own.trust_policy_was_read();
        assert_eq!(own.severity, Severity::Warning);
    }
}
