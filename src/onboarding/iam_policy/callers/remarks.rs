//! What the text of a trust policy shows without an evaluation: principals that break, and identities that are named besides.
//!
//! **Invariant:** looks at statements that allow, one at a time.

use super::mentioned::principals;
use super::{CallerClass, Safety, TrustRemark, TrustSubject};
use crate::input::quoted;
use crate::onboarding::iam_policy::document::{Element, PolicyDocument, Statement};

/// The most names that are shown of one kind.
const MOST: usize = 10;

pub(super) fn of_text(policy: &PolicyDocument, subject: &TrustSubject<'_>) -> Vec<TrustRemark> {
    let mut remarks = Vec::new();
    for statement in policy.allowing().filter(|statement| statement.covers("sts:AssumeRole")) {
        let found = of_principals(statement, subject).into_iter().chain(of_principal_arns(statement, subject));
        for (class, text) in found {
            if !remarks.iter().any(|remark: &TrustRemark| remark.text == text) {
                remarks.push(TrustRemark { safety: Safety::Weak, class, text });
            }
        }
    }
    remarks
}

fn of_principals(statement: &Statement, subject: &TrustSubject<'_>) -> Vec<(CallerClass, String)> {
    let backend = subject.backend.to_string();
    let sessions = format!(
        "arn:{}:sts::{}:assumed-role/{}/",
        subject.backend.partition,
        subject.backend.account_id,
        subject.backend.name()
    );
    if matches!(statement.principals, Some(Element::IsNot(_))) {
        let text = "it allows everyone but some (NotPrincipal), which IAM advises against";
        return vec![(CallerClass::AnyAccount, text.to_owned())];
    }
    let remark = |(_, name): (&str, &str)| {
        match name {
        name if name == backend => Some((
            CallerClass::Backend,
            "it names backend_role itself as the principal: IAM stores that by an internal id, and the trust breaks when \
             backend_role is created anew"
                .to_owned(),
        )),
        name if name.starts_with(&sessions) => {
            Some((CallerClass::Backend, "it names a single session of backend_role as the principal".to_owned()))
        }
        name if name.starts_with("AROA") || name.starts_with("AIDA") => {
            let text = format!("it names {}, a role or user that no longer exists", quoted(name));
            Some((CallerClass::NamedAccount, text))
        }
        _ => None,
    }
    };
    principals(statement).into_iter().filter_map(remark).take(MOST).collect()
}

/// Identities of any account that `aws:PrincipalArn` lists besides `backend_role`.
fn of_principal_arns(statement: &Statement, subject: &TrustSubject<'_>) -> Vec<(CallerClass, String)> {
    let backend = subject.backend.to_string();
    let own = |arn: &str| arn.split(':').nth(4) == Some(subject.account.as_str());
    let others = statement.listed_values("aws:PrincipalArn").into_iter();
    let others = others.filter(|arn| *arn != backend && !own(arn)).take(MOST);
    others
        .map(|arn| {
            (CallerClass::NamedAccount, format!("its condition on aws:PrincipalArn also lists {}", quoted(&arn)))
        })
        .collect()
}
