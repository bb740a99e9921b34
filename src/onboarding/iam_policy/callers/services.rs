//! The attempts of services of AWS.
//!
//! **Invariant:** evaluates nothing. What a service does for its users is not known.

use super::attempts::{EntryAttempt, GivenId, sent_directly};
use super::mentioned::{Mentioned, filled};
use super::{CallerClass, Safety, TrustSubject};
use crate::input::quoted;
use crate::onboarding::iam_policy::evaluate::Caller;
use crate::onboarding::iam_policy::{EXTERNAL_ID, is_pattern};

/// The most sources that are tried of those that the policy names.
const MOST_SOURCES: usize = 20;

/// The account of a stranger for whom a service of AWS may act.
pub(super) const STRANGER: &str = "518204739162";

/// The account of a service itself, which is no customer's.
const SERVICE_ACCOUNT: &str = "518204739161";

/// A service for statements that are for everyone.
const ANY_SERVICE: &str = "any.amazonaws.com";

/// The attempts of all services that the policy names; of any service, if a statement is for everyone.
pub(super) fn of_services(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    let any_service = [ANY_SERVICE.to_owned()];
    let services = mentioned.services.iter().chain(any_service.iter().filter(|_| mentioned.everyone));
    services.flat_map(|service| of_service(service, subject, mentioned)).collect()
}

/// A service of AWS acts for all of its users. Without a condition on the source it may do so for a stranger.
fn of_service(service: &str, subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    let own = subject.account;
    let mut accounts: Vec<String> =
        mentioned.accounts.iter().filter(|account| *account != own).map(ToString::to_string).collect();
    accounts.push(STRANGER.to_owned());
    let partition = &subject.backend.partition;
    let short = service.split('.').next().unwrap_or_default();
    let sources = accounts.into_iter().flat_map(|account| {
        let made_up = format!("arn:{partition}:{short}:us-east-1:{account}:thing/of-a-stranger");
        let listed = mentioned.values.get("aws:sourcearn").into_iter().flatten().take(MOST_SOURCES);
        let listed = listed.filter_map(|pattern| of_account(pattern, &account));
        listed.chain([made_up]).map(|source| (account.clone(), source)).collect::<Vec<_>>()
    });
    let attempts = sources.map(|(account, source)| {
        let context = sent_directly()
            .with_absent(EXTERNAL_ID)
            .with_value("aws:PrincipalAccount", SERVICE_ACCOUNT)
            .with_value("aws:SourceAccount", &account)
            .with_value("aws:SourceArn", &source);
        EntryAttempt {
            class: CallerClass::Service,
            who: if service == ANY_SERVICE {
                "any service of AWS, for any of its customers,".to_owned()
            } else {
                format!("the service {}, for any of its customers,", quoted(service))
            },
            caller: Caller::Service(service.to_owned()),
            given: GivenId::None,
            action: "sts:AssumeRole",
            context,
            if_in: Safety::Weak,
        }
    });
    attempts.collect()
}

/// The ARN of a resource of an account that a pattern matches, if the pattern leaves the account open.
fn of_account(pattern: &str, account: &str) -> Option<String> {
    let mut parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let open = parts.get_mut(4).filter(|part| is_pattern(part))?;
    *open = account;
    Some(filled(&parts.join(":")))
}
