//! Judges a customer role's trust policy: which identities it lets in, and whether it requires the external ID.
//!
//! **Invariant:** looks at one statement at a time, and makes no calls.

use super::findings::{Finding, Severity};
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::{EXTERNAL_ID, PolicyDocument, Statement, write};

/// Condition keys that narrow a principal to some of its identities.
const IDENTITY_KEYS: &[&str] = &["aws:PrincipalArn", "aws:userid"];
/// Condition keys that narrow `"*"` to some accounts.
const ACCOUNT_KEYS: &[&str] = &["aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

/// Returns the findings about a trust policy.
pub(super) fn of_trust(trust: &PolicyDocument, backend_role: &RoleArn, with_external_id: bool) -> Vec<Finding> {
    let statements = trust.allowing().filter(|statement| statement.covers("sts:AssumeRole"));
    let trusted = TrustedRole::new(backend_role);
    let policy = || write::trust(backend_role, with_external_id);
    let mut findings = Vec::new();
    for statement in statements {
        let of_principals =
            statement.principal_names().into_iter().filter_map(|name| trusted.of_principal(statement, name));
        findings.extend(of_principals.map(|finding| finding.with_policy(policy())));
        if with_external_id {
            findings.extend(trusted.of_external_id(statement).map(|finding| finding.with_policy(policy())));
        }
    }
    findings
}

/// The role that the policy should trust, and the forms in which its account may be named.
struct TrustedRole {
    arn: String,
    account: [String; 2],
}

impl TrustedRole {
    fn new(role: &RoleArn) -> Self {
        let root = format!("arn:{}:iam::{}:root", role.partition, role.account_id);
        Self { arn: role.to_string(), account: [role.account_id.to_string(), root] }
    }

    fn is_account(&self, principal: &str) -> bool {
        self.account.iter().any(|name| name == principal)
    }

    /// Returns what is wrong with one principal of a statement.
    fn of_principal(&self, statement: &Statement, principal: &str) -> Option<Finding> {
        let narrowed = statement.is_narrowed_by(IDENTITY_KEYS);
        if principal == "*" {
            return Some(if narrowed || statement.is_narrowed_by(ACCOUNT_KEYS) {
                warning(
                    "its trust policy has the Principal \"*\", which only conditions narrow",
                    "name the backend's account as the principal",
                )
            } else {
                let message =
                    "its trust policy lets in everyone in the world who knows the external ID: Principal is \"*\"";
                Finding::new(Severity::Unsafe, message, "replace the trust policy")
            });
        }
        if self.is_account(principal) {
            return self.of_own_account(statement, narrowed);
        }
        if principal == self.arn {
            return Some(warning(
                "its trust policy names backend_role itself as the principal: IAM stores that by an internal id, and the \
                 trust breaks when backend_role is created anew",
                "name the account as the principal, and the role in a condition",
            ));
        }
        if principal.starts_with("AROA") || principal.starts_with("AIDA") {
            let message = format!("its trust policy names {principal}, a role or user that no longer exists");
            return Some(warning(message, "remove it"));
        }
        let message = format!("its trust policy also lets in {principal}, which is not this backend");
        Some(warning(message, "remove it, unless the customer wants it"))
    }

    /// Returns what is wrong with the backend's account as the principal.
    fn of_own_account(&self, statement: &Statement, narrowed: bool) -> Option<Finding> {
        let others: Vec<String> =
            statement.listed_values(IDENTITY_KEYS[0]).into_iter().filter(|arn| *arn != self.arn).collect();
        if !others.is_empty() {
            let message = format!("its trust policy also lets in {}", others.join(", "));
            return Some(warning(message, "narrow it to backend_role alone by aws:PrincipalArn"));
        }
        (!narrowed).then(|| {
            warning(
                "its trust policy lets in every identity of the backend's account that may assume roles",
                "narrow it to backend_role by aws:PrincipalArn",
            )
        })
    }

    /// Returns the finding about a statement for the backend that requires no external ID. Statements for the customer's
    /// own roles and services need none.
    fn of_external_id(&self, statement: &Statement) -> Option<Finding> {
        let names = statement.principal_names();
        let is_ours = |name: &&str| *name == "*" || self.is_account(name) || **name == self.arn;
        if !names.iter().any(is_ours) || statement.is_narrowed_by(&[EXTERNAL_ID]) {
            return None;
        }
        let message = format!("its trust policy requires no external ID from {}", names.join(", "));
        Some(Finding::new(Severity::Unsafe, message, "require the external ID in every statement"))
    }
}

fn warning(message: impl Into<String>, remedy: &str) -> Finding {
    Finding::new(Severity::Warning, message, remedy)
}
