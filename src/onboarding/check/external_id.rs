//! Judges the external ID that the registry has for a target: one that can be guessed protects no one, whatever the role's
//! trust policy says.
//!
//! **Invariant:** makes no calls, and repeats no external ID.

use super::findings::{Finding, Severity};
use crate::customers::{Registry, Target};
use crate::domain::AccountId;

/// The most accounts that a remedy names.
const MAX_NAMED: usize = 10;

/// Returns the finding about a target's external ID, if it can be guessed.
pub(super) fn of_external_id(target: &Target, registry: &Registry) -> Option<Finding> {
    let reason = target.guessable()?;
    Some(Finding::new(
        Severity::Unsafe,
        format!("its external ID can be guessed: {reason}"),
        remedy(target, &accounts_with_it(target, registry)),
    ))
}

/// Returns the accounts with the same external ID, which only targets of one customer may share.
fn accounts_with_it<'a>(target: &'a Target, registry: &'a Registry) -> Vec<&'a AccountId> {
    if target.customer.is_none() {
        return vec![&target.account_id];
    }
    let is_of_customer = |other: &&Target| other.customer == target.customer && other.has_same_external_id(target);
    registry.targets.iter().filter(is_of_customer).map(|other| &other.account_id).collect()
}

/// Returns the commands that make a new external ID.
fn remedy(target: &Target, accounts: &[&AccountId]) -> String {
    let named = if accounts.len() <= MAX_NAMED {
        accounts.iter().map(|account| account.as_str()).collect::<Vec<_>>().join(" ")
    } else {
        format!("ACCOUNT... (the {} accounts of this customer)", accounts.len())
    };
    // The name of the customer is the customer's own text, which does not belong into a command to paste.
    let customer = if target.customer.is_some() { " --customer CUSTOMER" } else { "" };
    format!(
        "make a random one: `rolecall targets remove {named}`, then `rolecall onboard {named}{customer}` with the names, tags and \
         regions of before, and send the new invitation. infra/ONBOARDING.md has the steps without an interruption (Another \
         external ID)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(targets: &str) -> Registry {
        Registry::read(format!(r#"{{"version":1,"targets":[{targets}]}}"#).as_bytes(), "aws").unwrap()
    }

    fn finding(targets: &str) -> Option<Finding> {
        let registry = registry(targets);
        of_external_id(&registry.targets[0], &registry)
    }

    #[test]
    fn a_guessable_external_id_is_unsafe_and_has_commands() {
        let found = finding(r#"{"account_id":"111122223333","external_id":"umbrella-prod-1"}"#).unwrap();
        assert_eq!(found.severity, Severity::Unsafe);
        insta::assert_snapshot!(format!("{}\n{}", found.message, found.remedy));
        let shared = |account: &str| {
            format!(r#"{{"account_id":"{account}","external_id":"umbrella-prod-1","customer":"Umbrella; rm -rf x"}}"#)
        };
        let other = r#"{"account_id":"777788889999","external_id":"another-one-2024"}"#;
        let targets = format!("{},{other},{}", shared("111122223333"), shared("444455556666"));
        insta::assert_snapshot!(finding(&targets).unwrap().remedy);
        let many: Vec<String> = (0..11).map(|number| shared(&format!("{number:012}"))).collect();
        assert!(finding(&many.join(",")).unwrap().remedy.contains("the 11 accounts of this customer"));
    }

    #[test]
    fn a_random_one_and_none_are_no_finding() {
        for external_id in [r#""2c5ea4c0-4067-41e9-8bad-3f1a4d8bc7d2""#, "null"] {
            assert_eq!(finding(&format!(r#"{{"account_id":"111122223333","external_id":{external_id}}}"#)), None);
        }
    }
}
