//! What a check found, in sentences: what is wrong, what to change, and the statement to paste.

use serde::Serialize;

use super::actions::{ProbeOutcome, TypeRow};
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::Target;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::write;

/// How bad it is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// Works today, and may break or grant too much.
    Warning,
    /// Something that is planned will not be answered.
    Gap,
    /// The role does not let us in.
    Shut,
    /// The role lets in who should not get in, or is not the one that is meant.
    Unsafe,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is so.
    pub what: String,
    /// What to do about it; empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to_do: String,
    /// What to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paste: Option<Paste>,
}

/// What is pasted into a policy, or in a policy's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Paste {
    /// A whole policy.
    Policy(write::PolicyDocument),
    /// One statement more.
    Statement(write::NewStatement),
}

impl Finding {
    pub(super) fn new(severity: Severity, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { severity, what: what.into(), to_do: to_do.into(), paste: None }
    }

    pub(super) fn pasting(mut self, policy: write::PolicyDocument) -> Self {
        self.paste = Some(Paste::Policy(policy));
        self
    }

    fn adding(mut self, statement: write::NewStatement) -> Self {
        self.paste = Some(Paste::Statement(statement));
        self
    }

    /// The role did not let us in.
    pub(crate) fn shut(target: &Target, backend_role: &RoleArn, cause: &AwsError, role: &str) -> Self {
        let by_what = target.via.as_ref().map(|via| format!(" (through {via})")).unwrap_or_default();
        match cause.kind {
            AwsErrorKind::WrongAccount => Self::new(
                Severity::Unsafe,
                format!("{role} answers for another account: {}", cause.message),
                "correct the registry's role_arn; find out whose role it is",
            ),
            AwsErrorKind::Denied | AwsErrorKind::ScpDenied if target.via.is_some() => Self::new(
                Severity::Shut,
                format!("{role} cannot be entered{by_what}: {cause}"),
                format!(
                    "the message names the role that refused. The role on the way must let backend_role in, and may call \
                     sts:AssumeRole on {role}; this is the trust that the latter needs"
                ),
            )
            .pasting(write::trust(backend_role, target.external_id.is_some())),
            AwsErrorKind::Denied | AwsErrorKind::ScpDenied => Self::new(
                Severity::Shut,
                format!("{role} does not let backend_role in{by_what}: {cause}"),
                format!(
                    "AWS answers the same where there is no such role, where its trust names somebody else, where its \
                     external ID is another, and where {backend_role} lacks sts:AssumeRole on it. In the customer's \
                     account, `aws iam get-role --role-name {}` shows whether it is there; this is the trust it needs",
                    role.parse::<RoleArn>().map_or_else(|_| role.to_owned(), |role| role.name().to_owned())
                ),
            )
            .pasting(write::trust(backend_role, target.external_id.is_some())),
            _ => Self::new(
                Severity::Shut,
                format!("{role} could not be entered{by_what}: {cause}"),
                "look at the message; AWS's request id helps its support",
            ),
        }
    }

    /// Somebody got in who should not have.
    pub(crate) fn lets_in(who: &str, backend_role: &RoleArn, with_external_id: bool) -> Self {
        Self::new(
            Severity::Unsafe,
            format!("the role lets us in {who}"),
            "whoever knows the role's ARN could get at this account's inventory through a backend like ours: the customer \
             must replace the role's trust policy",
        )
        .pasting(write::trust(backend_role, with_external_id))
    }

    /// An attempt that should be refused ended in something else.
    pub(crate) fn not_known_whether(what: &str, cause: &AwsError) -> Self {
        Self::new(Severity::Gap, format!("it is not known whether the role refuses us {what}: {cause}"), "check again")
    }

    /// What should be refused was not tried at all.
    pub(crate) fn not_tried() -> Self {
        Self::new(
            Severity::Warning,
            "it was not tried whether the role refuses whom it should refuse (--no-negative)",
            "check it without --no-negative once",
        )
    }

    /// A refusal that says nothing of the customer's role.
    pub(crate) fn refused_on_our_side() -> Self {
        Self::new(
            Severity::Warning,
            "backend_role's own policies ask for the external ID too, so that it was refused by them: whether the customer's \
             role would refuse is not known",
            "the customer's trust policy must ask for it; where the role may read itself, the check looks at that",
        )
    }

    /// The same, where nobody may read whether they do.
    pub(crate) fn perhaps_refused_on_our_side(backend_role: &RoleArn) -> Self {
        Self::new(
            Severity::Note,
            format!(
                "the policies of {backend_role} could not be read: should they ask for the external ID too, the refusals may \
                 be theirs and not the customer's"
            ),
            "run it from an identity that may read them (rolecall policy admin)",
        )
    }

    /// An attempt as somebody else of the backend's account, and what came of it.
    pub(crate) fn outsider(arn: &str, cause: &AwsError) -> Self {
        let what = match cause.kind {
            AwsErrorKind::Denied => format!(
                "{arn} is not let in, by the role, or by its own policies if these do not allow sts:AssumeRole on it \
                 (`rolecall policy admin` prints what does)"
            ),
            _ => format!("whether {arn} is let in is not known: {}", cause.code.as_deref().unwrap_or(&cause.message)),
        };
        Self::new(Severity::Note, what, "")
    }

    /// The registry says that no external ID is asked for.
    pub(crate) fn no_external_id() -> Self {
        Self::new(
            Severity::Note,
            "the registry says in so many words that this role asks for no external ID",
            "right for accounts of your own organization alone",
        )
    }

    /// The account is entered through another role.
    pub(crate) fn chained(via: &str) -> Self {
        Self::new(
            Severity::Note,
            format!(
                "it is entered through {via}: sessions of chained roles last one hour at most, whatever the role says"
            ),
            "",
        )
    }

    /// Nobody tried whether others of the backend's account get in.
    pub(crate) fn outsiders_not_tried(behind: bool) -> Self {
        let (why, to_do) = if behind {
            ("the way leads through another role", "")
        } else {
            ("this runs as backend_role itself", "run it from an identity of your own with --backend-role")
        };
        let what = format!("whether the role lets in others of the backend's account was not tried, since {why}");
        Self::new(Severity::Note, what, to_do)
    }

    /// What the matrix says.
    pub(crate) fn of_reads(types: &[TypeRow], role: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let with = |outcome| types.iter().filter(move |row| row.regions.contains_key(&outcome));
        let denied: std::collections::BTreeSet<_> =
            with(ProbeOutcome::Denied).flat_map(|row| &row.denied_actions).collect();
        if !denied.is_empty() {
            found.push(
                Self::new(
                    Severity::Gap,
                    format!("the role denies {} of the planned reads", denied.len()),
                    "the customer updates the role's stack, or adds this statement to the role's policy; or leave those \
                     resource types out (--resources)",
                )
                .adding(write::reads("RolecallReads", denied.into_iter().copied())),
            );
        }
        let by_scp = with(ProbeOutcome::ScpDenied).count();
        if by_scp > 0 {
            // Forbidden in some regions is how many organizations live; forbidden everywhere is a gap.
            let everywhere = with(ProbeOutcome::ScpDenied).any(|row| !row.regions.contains_key(&ProbeOutcome::Allowed));
            let what =
                format!("a service control policy of the customer's organization forbids reads of {by_scp} types");
            let to_do = format!(
                "only that organization can allow it, by a condition in the policy that denies: ArnNotLike aws:PrincipalArn \
                 {role}. Their cells will say scp_denied"
            );
            found.push(Self::new(if everywhere { Severity::Gap } else { Severity::Warning }, what, to_do));
        }
        let mut disabled: Vec<&String> = with(ProbeOutcome::RegionDisabled)
            .filter_map(|row| row.regions.get(&ProbeOutcome::RegionDisabled))
            .flatten()
            .collect();
        disabled.sort();
        disabled.dedup();
        if !disabled.is_empty() {
            let names = disabled.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let to_do =
                "take them out of the registry's regions, or have them enabled; their cells will say region_disabled";
            found.push(Self::new(Severity::Warning, format!("not enabled in this account: {names}"), to_do));
        }
        let unknown = with(ProbeOutcome::Unknown).count();
        if unknown > 0 {
            let what = format!("of {unknown} types it could not be found out whether they may be read everywhere");
            found.push(Self::new(Severity::Gap, what, "--json says what was answered; check again"));
        }
        found
    }
}
