//! Evaluates policies as IAM documents it: whether they allow a request, deny it, or cannot be decided.
//!
//! The logic has three values. What is not known of a request stays open until the rest decides the answer: a sure Deny
//! wins over everything, and a Deny that is open leaves a sure Allow open. The answer names what it depends on.
//!
//! **Invariant:** knows what IAM documents of policies, and nothing of rolecall's callers or of what is safe.

mod truth;
mod values;
mod key_value;
mod caller;
mod request;
mod operators;
mod variables;
mod conditions;
mod principals;
mod policies;
mod decision;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use caller::{AccountCaller, Caller, IdentityKind};
pub(crate) use decision::{DecidingStatement, Denial, Evaluation, PolicyDecision};
pub(crate) use key_value::KeyValue;
pub(crate) use policies::{IdentityPolicies, NamedPolicy};
pub(crate) use request::{AccessRequest, RequestContext};

use jiff::Timestamp;

use super::document::PolicyDocument;
use principals::Naming;
use statements::{Answer, PolicyKind};
use truth::Truth;

/// Reads a date of a policy, in any form that IAM documents.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    values::Instant::of(text).map(values::Instant::timestamp)
}

/// The name of a resource's policy in an evaluation.
const RESOURCE_POLICY: &str = "the resource's policy";

/// Evaluates the policy of a resource alone: the trust policy of a role.
pub(crate) fn evaluate_resource_policy(policy: &PolicyDocument, request: &AccessRequest) -> Evaluation {
    let answer = Answer::of_one(RESOURCE_POLICY, policy, PolicyKind::OfResource, request);
    decide(answer.allowed(Naming::Account), &[&answer])
}

/// Evaluates all policies that apply to a request: those of the identity, and the policy of the resource, if it has one.
///
/// AWS's source: "Policy evaluation logic" and "Permissions boundaries for IAM entities" in the IAM user guide. Service and
/// resource control policies are not known here.
pub(crate) fn evaluate(
    policies: &IdentityPolicies,
    resource_policy: Option<&PolicyDocument>,
    request: &AccessRequest,
) -> Evaluation {
    let of_identity = |policies: &[NamedPolicy]| Answer::of(policies, PolicyKind::OfIdentity, request);
    let allowed = |answer: &Answer| answer.allowed(Naming::Account);
    let identity = of_identity(&policies.identity);
    let boundary = policies.boundary.as_ref().map(|policy| of_identity(std::slice::from_ref(policy)));
    let session = (!policies.session.is_empty()).then(|| of_identity(&policies.session));
    let resource =
        resource_policy.map(|policy| Answer::of_one(RESOURCE_POLICY, policy, PolicyKind::OfResource, request));
    let narrowed = Truth::all(boundary.iter().chain(&session).map(allowed));
    // The root user has all permissions of its account.
    let is_root = matches!(&request.caller, Caller::Account(caller) if caller.kind == Some(IdentityKind::Root));
    let by_identity = if is_root { Truth::Yes } else { allowed(&identity).and(narrowed.clone()) };
    let allows = match (&resource, &request.caller) {
        (None, _) => by_identity,
        (Some(resource), Caller::Account(caller)) => {
            let across_accounts = by_identity.clone().and(allowed(resource));
            let within_account = within_account(by_identity, narrowed, resource, &request.action);
            match same_account(caller, &request.resource) {
                Some(true) => within_account,
                Some(false) => across_accounts,
                None => within_account.either(across_accounts, "the account of the resource"),
            }
        }
        (Some(resource), Caller::Service(_) | Caller::Federated(_) | Caller::Anonymous) => allowed(resource),
    };
    let answers: Vec<&Answer> = resource.iter().chain([&identity]).chain(&boundary).chain(&session).collect();
    decide(allows, &answers)
}

/// Whether a caller is allowed to act on a resource of its own account.
///
/// The identity's policies or the resource's suffice. What the resource's policy gives to a role, a boundary and a session
/// policy narrow, and not what it gives to a user or a session itself. Roles and keys of KMS are an exception: their own
/// policy must allow, and if it names the account only, then the identity's must allow too.
fn within_account(by_identity: Truth, narrowed: Truth, resource: &Answer, action: &str) -> Truth {
    let must_allow = ["sts:", "kms:"]
        .iter()
        .any(|service| action.get(..service.len()).is_some_and(|start| start.eq_ignore_ascii_case(service)));
    let given = |naming| {
        Truth::any(resource.allows.iter().filter(|(how, ..)| *how == naming).map(|(_, truth, _)| truth.clone()))
    };
    let to_everyone_narrowed = narrowed.clone().either(Truth::Yes, "whether a boundary narrows what everyone is given");
    let direct = Truth::any([
        given(Naming::Itself),
        given(Naming::Role).and(narrowed),
        given(Naming::Everyone).and(to_everyone_narrowed),
    ]);
    let by_identity = if must_allow { by_identity.and(resource.allowed(Naming::Account)) } else { by_identity };
    by_identity.or(direct)
}

/// Returns whether a caller and a resource are of one account, if both accounts are known.
fn same_account(caller: &AccountCaller, resource: &str) -> Option<bool> {
    let account = resource.split(':').nth(4).filter(|account| !account.is_empty())?;
    Some(caller.account.as_ref()?.as_str() == account)
}

/// A sure Deny wins over everything. Without an Allow that may hold, the request is denied too.
fn decide(allows: Truth, answers: &[&Answer]) -> Evaluation {
    let denies = Truth::any(answers.iter().map(|answer| answer.denied()));
    let deny = |is: fn(&Truth) -> bool| {
        let mut all = answers.iter().flat_map(|answer| &answer.denies);
        all.find(|(truth, _)| is(truth)).map(|(_, statement)| statement.clone())
    };
    let allow = |is: fn(&Truth) -> bool| {
        let mut all = answers.iter().flat_map(|answer| &answer.allows);
        all.find(|(_, truth, _)| is(truth)).map(|(_, _, statement)| statement.clone())
    };
    let is_yes = |truth: &Truth| *truth == Truth::Yes;
    let is_open = |truth: &Truth| matches!(truth, Truth::Open(_));
    match (allows, denies) {
        (_, Truth::Yes) => Evaluation { decision: PolicyDecision::Denied(Denial::Explicit), statement: deny(is_yes) },
        (Truth::No, _) => Evaluation { decision: PolicyDecision::Denied(Denial::Implicit), statement: None },
        (Truth::Yes, Truth::No) => Evaluation { decision: PolicyDecision::Allowed, statement: allow(is_yes) },
        (Truth::Open(questions), Truth::No) => {
            Evaluation { decision: PolicyDecision::Undecidable(questions), statement: allow(is_open) }
        }
        (allows, Truth::Open(questions)) => {
            let more = if let Truth::Open(more) = allows { more } else { Default::default() };
            Evaluation { decision: PolicyDecision::Undecidable(&questions | &more), statement: deny(is_open) }
        }
    }
}
