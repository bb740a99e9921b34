//! The findings about a customer role's trust policy: who gets in, and whether the attempts say the same.
//!
//! **Invariant:** makes no calls. Whom a policy lets in is [`callers`](crate::onboarding::iam_policy::callers)'s.

use super::findings::{Finding, Severity};
use super::negative_probe::NegativeProbe;
use crate::aws::AwsError;
use crate::onboarding::iam_policy::callers::{CallerAnswer, CallerClass, TrustJudgement, TrustSubject, judge_trust};
use crate::onboarding::iam_policy::{PolicyDocument, write};
use crate::onboarding::safety::Safety;

/// The most sentences in one finding. `-v` shows no more: the first are the worst.
const MOST_SENTENCES: usize = 8;

/// The role whose trust policy was read, and what was tried at it.
pub(super) struct TriedTrust<'a> {
    pub subject: TrustSubject<'a>,
    pub negative_probe: NegativeProbe,
    /// Whether a refused attempt was refused by the customer's role, and not by `backend_role`'s own policies.
    pub refused_by_customer: bool,
}

/// What each class of callers is answered by the trust policy.
pub(super) type Answers = Vec<(CallerClass, CallerAnswer)>;

impl TriedTrust<'_> {
    /// Returns the findings about a trust policy, and who gets in by its text. A policy that is not understood has no answers.
    pub(super) fn judge(&self, trust: &Result<PolicyDocument, AwsError>) -> (Vec<Finding>, Option<Answers>) {
        let policy = || write::trust(self.subject.backend, self.subject.external_id.is_some());
        let document = match trust {
            Ok(document) => document,
            Err(error) => {
                let message =
                    format!("its trust policy could not be understood, so it is unknown whom it lets in: {error}");
                let remedy = "the customer replaces the trust policy by one that is written like this";
                return (vec![Finding::new(Severity::Gap, message, remedy).with_policy(policy())], None);
            }
        };
        let judgement = judge_trust(&self.subject, document);
        let mut findings = self.disagreements(&judgement);
        let told = |safety| {
            let remarks = judgement.complaints().filter(move |remark| remark.safety == safety);
            let remarks = remarks.filter(|remark| !self.is_disproved(&judgement, remark.class));
            remarks.map(|remark| remark.text.as_str()).collect::<Vec<_>>()
        };
        let (unsafe_ones, weak_ones) = (told(Safety::Unsafe), told(Safety::Weak));
        if !unsafe_ones.is_empty() {
            let message = format!("by its trust policy {}", sentences(&unsafe_ones));
            let remedy = "the customer must replace the trust policy";
            findings.push(Finding::new(Severity::Unsafe, message, remedy).with_policy(policy()));
        }
        if !weak_ones.is_empty() {
            let message =
                format!("its trust policy is opener than need be, or breaks easily: {}", sentences(&weak_ones));
            let finding = Finding::new(Severity::Warning, message, "narrow it, unless the customer wants it so");
            findings.push(if unsafe_ones.is_empty() { finding.with_policy(policy()) } else { finding });
        }
        if judgement.safety == Safety::Safe {
            let with = if self.subject.external_id.is_some() { " with the registered external ID" } else { "" };
            let message = format!(
                "by its trust policy {}{with} gets in, and nobody else of those that were tried",
                self.subject.backend
            );
            findings.push(Finding::new(Severity::Note, message, ""));
        }
        (findings, Some(judgement.answers))
    }

    /// Returns whether an attempt showed that a class of callers is not answered as the text says. Only the attempt without
    /// an external ID is tried as it is evaluated.
    fn is_disproved(&self, judgement: &TrustJudgement, class: CallerClass) -> bool {
        let gets_in = judgement.answer(class) == CallerAnswer::GetsIn;
        match class {
            CallerClass::BackendWithoutExternalId => {
                gets_in && self.refused_by_customer && self.negative_probe == NegativeProbe::Refused
            }
            // It is here because a session was opened.
            CallerClass::Backend => judgement.answer(class) == CallerAnswer::Refused,
            _ => false,
        }
    }

    /// Where the text and the attempts differ, both are reported and the attempts count.
    fn disagreements(&self, judgement: &TrustJudgement) -> Vec<Finding> {
        let remedy =
            "check again in some minutes: a change may be on its way. A policy of an organization may differ too";
        let disagreement = |text: &str| Finding::new(Severity::Warning, text, remedy);
        let mut findings = Vec::new();
        if self.is_disproved(judgement, CallerClass::Backend) {
            findings.push(disagreement(
                "by its text the trust policy does not let backend_role in with what is registered, and yet the role did: \
                 the attempt counts",
            ));
        }
        if self.is_disproved(judgement, CallerClass::BackendWithoutExternalId) {
            findings.push(disagreement(
                "by its text the trust policy lets backend_role in without an external ID, and yet the role refused that: \
                 the attempt counts",
            ));
        }
        let refuses = |class| judgement.answer(class) == CallerAnswer::Refused;
        let refuses_both =
            refuses(CallerClass::BackendWithoutExternalId) && refuses(CallerClass::BackendWithAnotherExternalId);
        if refuses_both && self.negative_probe == NegativeProbe::LetIn {
            findings.push(disagreement(
                "by its text the trust policy refuses backend_role without the external ID, and yet the role let it in: the \
                 attempt counts",
            ));
        }
        findings
    }
}

fn sentences(texts: &[&str]) -> String {
    let shown = texts.iter().take(MOST_SENTENCES).copied().collect::<Vec<_>>().join("; ");
    match texts.len().saturating_sub(MOST_SENTENCES) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::aws::AwsErrorKind;
    use crate::onboarding::iam_policy::BackendPrincipal;
    use crate::onboarding::iam_policy::decode_document;

    const ID: &str = r#""StringEquals":{"sts:ExternalId":"5f0c-registered"}"#;
    const ROLE: &str = r#""ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/rolecall-backend"}"#;

    fn findings(principal: &str, conditions: &str, probe: NegativeProbe) -> String {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{{{conditions}}}}}"#
        );
        of(&Ok(decode_document(&format!(r#"{{"Statement":[{statement}]}}"#)).unwrap()), probe)
    }

    fn of(trust: &Result<PolicyDocument, AwsError>, negative_probe: NegativeProbe) -> String {
        let backend: BackendPrincipal = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let (account, external_id) = ("111122223333".parse().unwrap(), SecretString::from("5f0c-registered"));
        let subject = TrustSubject {
            backend: &backend,
            backend_unique_id: None,
            session_name: "rolecall-run",
            account: &account,
            external_id: Some(&external_id),
            now: "2026-11-28T12:00:00Z".parse().unwrap(),
        };
        let tried = TriedTrust { subject, negative_probe, refused_by_customer: true };
        tried.judge(trust).0.iter().map(|one| format!("{:?}: {}\n", one.severity, one.message)).collect()
    }

    const ROOT: &str = r#"{"AWS":"arn:aws:iam::999999999999:root"}"#;

    #[test]
    fn findings_say_who_gets_in() {
        let both = format!("{ID},{ROLE}");
        let refused = NegativeProbe::Refused;
        let odd = Err(AwsError::new(AwsErrorKind::Unreadable, "the trust policy is odd"));
        let mut told = String::new();
        for (name, found) in [
            ("the template's", findings(ROOT, &both, refused)),
            ("any identity of the backend's account", findings(ROOT, ID, refused)),
            ("everybody", findings(r#""*""#, ID, refused)),
            ("not understood", of(&odd, refused)),
        ] {
            told.push_str(&format!("# {name}\n{found}"));
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn where_text_and_attempt_differ_both_are_told_and_the_attempt_counts() {
        let (both, customer) = (format!("{ID},{ROLE}"), r#"{"AWS":"arn:aws:iam::111122223333:root"}"#);
        let later = format!(
            r#"{ROLE},"Null":{{"sts:ExternalId":"true"}},"DateGreaterThan":{{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}"#
        );
        let mut told = String::new();
        for (name, found) in [
            ("open later by its text, refused by the attempt now", findings(ROOT, &later, NegativeProbe::Refused)),
            ("both open", findings(ROOT, ROLE, NegativeProbe::LetIn)),
            ("open by its text, refused by the attempt", findings(ROOT, ROLE, NegativeProbe::Refused)),
            ("open by its text, the attempt showed nothing", findings(ROOT, ROLE, NegativeProbe::Unknown)),
            ("closed by its text, open by the attempt", findings(ROOT, &both, NegativeProbe::LetIn)),
            ("not for us by its text", findings(customer, &both, NegativeProbe::Refused)),
        ] {
            told.push_str(&format!("# {name}\n{found}"));
        }
        insta::assert_snapshot!(told);
    }
}
