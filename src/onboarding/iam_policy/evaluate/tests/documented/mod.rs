//! What the IAM user guide says, as tables. Each row names the page that it rests on, below
//! `https://docs.aws.amazon.com/IAM/latest/UserGuide/`.

mod conditions;
mod policies;
mod principals;

use serde_json::{Value, json};

use super::super::*;
use super::policy;
use crate::domain::{AccountId, RoleArn};

/// The answers, in one letter: allowed, explicitly denied, implicitly denied, undecidable.
fn letter(evaluation: &Evaluation) -> char {
    match &evaluation.decision {
        PolicyDecision::Allowed => 'A',
        PolicyDecision::Denied(Denial::Explicit) => 'E',
        PolicyDecision::Denied(Denial::Implicit) => 'I',
        PolicyDecision::Undecidable(_) => 'U',
    }
}

fn account(digits: &str) -> AccountId {
    digits.parse().unwrap()
}

/// A session `audit` of the role `reader` of the account 444455556666.
fn session() -> Caller {
    let role: RoleArn = "arn:aws:iam::444455556666:role/reader".parse().unwrap();
    Caller::session_of(&role, Some("audit"), Some("AROAREADER"))
}

fn user(name: &str) -> Caller {
    Caller::user("aws", &account("444455556666"), name, Some("AIDAUSER"))
}

fn identity(statements: &Value) -> IdentityPolicies {
    IdentityPolicies::of(vec![NamedPolicy::new("identity", policy(statements))])
}
