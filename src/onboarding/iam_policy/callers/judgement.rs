//! Evaluates every attempt, and says in one sentence who gets in and by which statement.
//!
//! **Invariant:** an attempt that cannot be decided is judged as if the caller got in.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attempts::{self, EntryAttempt, GivenId};
use super::mentioned::{Mentioned, principals};
use super::{CallerAnswer, CallerClass, Safety, TrustJudgement, TrustRemark, TrustSubject};
use super::{federated, remarks, services};
use crate::domain::AccountId;
use crate::input::quoted;
use crate::onboarding::iam_policy::document::{Element, PolicyDocument, Principals};
use crate::onboarding::iam_policy::evaluate::{AccessRequest, Evaluation, PolicyDecision, evaluate_resource_policy};

/// The most characters of a policy that is evaluated. IAM's limit is 8,192, without white space.
const MOST_TEXT: usize = 16_384;
/// The most keys that a sentence names.
const MOST_KEYS: usize = 4;

/// Judges the trust policy of a customer's role.
pub(crate) fn judge_trust(subject: &TrustSubject<'_>, policy: &PolicyDocument) -> TrustJudgement {
    if is_too_long(policy) {
        return not_evaluated();
    }
    let mentioned = Mentioned::by(policy, subject.now);
    let judge = Judge { subject, policy, mentioned: &mentioned };
    let mut answers: BTreeMap<CallerClass, CallerAnswer> = BTreeMap::new();
    let mut found: BTreeMap<(CallerClass, String), (Rank, TrustRemark)> = BTreeMap::new();
    let mut attempts = attempts::of_accounts(subject, &mentioned);
    attempts.extend(federated::of_users(subject, &mentioned));
    attempts.extend(services::of_services(subject, &mentioned));
    for attempt in attempts {
        let (answer, remark) = judge.attempt(&attempt);
        let most_open = answers.entry(attempt.class).or_insert(answer);
        *most_open = (*most_open).max(answer);
        if let Some(remark) = remark {
            let rank = (remark.safety, answer, attempt.given);
            let who = (attempt.class, judge.name(&attempt).to_owned());
            // Of several attempts of one caller the worst is reported.
            if found.get(&who).is_none_or(|(before, _)| *before < rank) {
                found.insert(who, (rank, remark));
            }
        }
    }
    let told = found.into_values().map(|(_, remark)| remark);
    let mut remarks: Vec<TrustRemark> = told.chain(remarks::of_text(policy, subject)).collect();
    if answers.get(&CallerClass::Backend) == Some(&CallerAnswer::Refused) {
        let with = if subject.external_id.is_some() { " with the registered external ID" } else { "" };
        let text = format!("by its text it does not let backend_role in{with}");
        remarks.push(TrustRemark { safety: Safety::Weak, class: CallerClass::Backend, text });
    }
    if mentioned.is_cut {
        let text = "it has more values than are tried, so that it is unknown who else gets in";
        remarks.push(TrustRemark { safety: Safety::Unsafe, class: CallerClass::AnyAccount, text: text.to_owned() });
    }
    remarks.sort_by(|a, b| (b.safety, a.class, &a.text).cmp(&(a.safety, b.class, &b.text)));
    let safety = remarks.iter().map(|remark| remark.safety).max().unwrap_or(Safety::Safe);
    TrustJudgement { safety, remarks, answers: answers.into_iter().collect() }
}

/// Returns whether a policy is longer than IAM's.
fn is_too_long(policy: &PolicyDocument) -> bool {
    let mut left = MOST_TEXT;
    for statement in &policy.statements {
        let names = principals(statement).into_iter().map(|(_, name)| name);
        let conditions = statement.conditions.iter();
        let values = conditions.flat_map(|one| [one.operator.as_str(), &one.key].into_iter().chain(one.texts()));
        let mut lengths = names.chain(values).chain(statement.action_patterns()).map(|text| text.len() + 1);
        match lengths.try_fold(left, |left, length| left.checked_sub(length)) {
            Some(rest) => left = rest,
            None => return true,
        }
    }
    false
}

fn not_evaluated() -> TrustJudgement {
    let text = "it is longer than IAM's policies can be, and was not evaluated: it is unknown who gets in".to_owned();
    let remark = TrustRemark { safety: Safety::Unsafe, class: CallerClass::AnyAccount, text };
    let answers = vec![(CallerClass::Backend, CallerAnswer::Depends), (CallerClass::AnyAccount, CallerAnswer::Depends)];
    TrustJudgement { safety: Safety::Unsafe, remarks: vec![remark], answers }
}

/// What decides which of a caller's attempts is reported.
type Rank = (Safety, CallerAnswer, GivenId);

struct Judge<'a> {
    subject: &'a TrustSubject<'a>,
    policy: &'a PolicyDocument,
    mentioned: &'a Mentioned,
}

impl Judge<'_> {
    /// Evaluates an attempt now, and at each moment ahead at which the policy may change its answer.
    fn attempt(&self, attempt: &EntryAttempt) -> (CallerAnswer, Option<TrustRemark>) {
        let now = std::iter::once((self.subject.now, false));
        // That the backend gets in later is of no use now.
        let is_backend = attempt.class == CallerClass::Backend;
        let ahead = self.mentioned.moments.iter().filter(|_| !is_backend).map(|moment| (*moment, true));
        let mut best: Option<(CallerAnswer, Evaluation, Option<Timestamp>)> = None;
        for (moment, is_ahead) in now.chain(ahead) {
            let evaluation = self.evaluate(attempt, moment);
            let answer = answer(&evaluation);
            if best.as_ref().is_none_or(|(before, ..)| answer > *before) {
                best = Some((answer, evaluation, is_ahead.then_some(moment)));
            }
        }
        let Some((answer, evaluation, from)) = best else { return (CallerAnswer::Refused, None) };
        if is_backend {
            return (answer, backend_depends(&evaluation));
        }
        if answer == CallerAnswer::Refused {
            return (answer, None);
        }
        let remark = self.remark(attempt, answer, &evaluation, from);
        // An attempt that is made now does not show what is so later.
        (if from.is_some() { CallerAnswer::Depends } else { answer }, Some(remark))
    }

    fn evaluate(&self, attempt: &EntryAttempt, moment: Timestamp) -> Evaluation {
        let context = attempt
            .context
            .clone()
            .with_value("aws:ResourceAccount", self.subject.account.as_str())
            .with_value("aws:CurrentTime", &moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            .with_value("aws:EpochTime", &moment.as_second().to_string());
        let resource = format!("arn:{}:iam::{}:role/any", self.subject.backend.partition, self.subject.account);
        let request = AccessRequest::new(attempt.caller.clone(), attempt.action, &resource, context);
        evaluate_resource_policy(self.policy, &request)
    }

    fn remark(
        &self,
        attempt: &EntryAttempt,
        answer: CallerAnswer,
        evaluation: &Evaluation,
        from: Option<Timestamp>,
    ) -> TrustRemark {
        let given = match (attempt.class, attempt.given) {
            (CallerClass::Federated | CallerClass::Service, _) => "",
            (_, GivenId::None) => " without an external ID",
            (_, GivenId::Registered) => " with the registered external ID",
            (_, GivenId::Guessable) => " with an external ID that can be guessed",
            (_, GivenId::Listed) => " with another external ID that the policy lists",
            (_, GivenId::Another) => " with another external ID than the registered one",
        };
        let who = self.name(attempt);
        let statement = evaluation.statement.as_ref().map(|statement| {
            let sid = statement.sid.as_ref().filter(|sid| !sid.is_empty()).map(|sid| format!(" ({})", quoted(sid)));
            format!(" by statement {}{}", statement.index + 1, sid.unwrap_or_default())
        });
        let questions = evaluation.open_questions();
        let depends = match questions.as_slice() {
            [] => String::new(),
            keys => {
                let more = keys.len().saturating_sub(MOST_KEYS);
                let shown: Vec<String> = keys.iter().take(MOST_KEYS).map(|key| quoted(key)).collect();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!(", depending on {}{more}", shown.join(", "))
            }
        };
        let from = from.map(|from| format!(" from {} on", from.strftime("%Y-%m-%d"))).unwrap_or_default();
        let text = format!("{who} {answer}{given}{}{from}{depends}", statement.unwrap_or_default());
        TrustRemark { safety: self.safety(attempt, evaluation), class: attempt.class, text }
    }

    /// The caller in a sentence. Which stranger it is makes no difference.
    fn name<'b>(&self, attempt: &'b EntryAttempt) -> &'b str {
        if attempt.class == CallerClass::AnyAccount { "a role or user of a stranger's account" } else { &attempt.who }
    }

    fn safety(&self, attempt: &EntryAttempt, evaluation: &Evaluation) -> Safety {
        let statement = evaluation.statement.as_ref().and_then(|place| self.policy.statements.get(place.index));
        let is_shared = statement.is_some_and(|statement| {
            let principals = statement.principals.as_ref();
            // A statement that is ours, or everyone's, was not written for this account.
            attempt.class == CallerClass::NamedAccount
                && principals.is_some_and(|principals| self.is_also_ours(principals))
        });
        if is_shared {
            return Safety::Unsafe;
        }
        // Without an external ID the target is of the backend's own organization.
        let is_own_organization = self.subject.external_id.is_none()
            && !evaluation.open_questions().is_empty()
            && evaluation.open_questions().iter().all(|key| {
                ["aws:principalorgid", "aws:principalorgpaths"].contains(&key.to_ascii_lowercase().as_str())
            });
        if is_own_organization { attempt.if_in.min(Safety::Weak) } else { attempt.if_in }
    }

    /// Returns whether principals include the backend or everyone.
    fn is_also_ours(&self, principals: &Element<Principals>) -> bool {
        let account = &self.subject.backend.account_id;
        match principals {
            Element::IsNot(_) | Element::Is(Principals::Everyone) => true,
            Element::Is(Principals::Named(kinds)) => {
                kinds.values().flatten().any(|name| name == "*" || is_of(name, account))
            }
        }
    }
}

/// Keys whose values stay the same for the backend. Whether they fit is shown by the session that the check opened.
const SHOWN_BY_SESSION: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpcsourceip",
];

/// The remark that backend_role may be refused, for what the policy wants to know of it that no session shows.
fn backend_depends(evaluation: &Evaluation) -> Option<TrustRemark> {
    let questions = evaluation.open_questions().into_iter();
    let keys: Vec<String> = questions
        .filter(|key| !SHOWN_BY_SESSION.contains(&key.to_ascii_lowercase().as_str()))
        .take(MOST_KEYS)
        .map(quoted)
        .collect();
    let text = format!("whether it lets backend_role in depends on {}", keys.join(", "));
    (!keys.is_empty()).then_some(TrustRemark { safety: Safety::Weak, class: CallerClass::Backend, text })
}

fn is_of(name: &str, account: &AccountId) -> bool {
    name == account.as_str() || name.split(':').nth(4) == Some(account.as_str())
}

fn answer(evaluation: &Evaluation) -> CallerAnswer {
    match evaluation.decision {
        PolicyDecision::Allowed => CallerAnswer::GetsIn,
        PolicyDecision::Undecidable(_) => CallerAnswer::Depends,
        PolicyDecision::Denied(_) => CallerAnswer::Refused,
    }
}
