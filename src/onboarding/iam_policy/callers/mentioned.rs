//! What a trust policy mentions: accounts, identities, external IDs, dates. The callers that are tried are made from it.
//!
//! **Invariant:** collects, and judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::document::{Element, PolicyDocument, Principals, Statement};
use super::super::is_pattern;
use crate::domain::AccountId;

/// The most values of one kind that are tried. IAM's limit for a trust policy is 8,192 characters, so that a policy with
/// more of them is made to waste time; what is left out is judged by the callers that no policy names.
const MOST: usize = 200;

/// The values of all statements by what they are.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// Accounts in principals and in conditions.
    pub accounts: BTreeSet<AccountId>,
    /// ARNs of identities, without wildcards: principals, and values of `aws:PrincipalArn`. A wildcard is filled with a letter.
    pub identities: BTreeSet<String>,
    /// Values of `sts:ExternalId`, filled likewise.
    pub external_ids: BTreeSet<String>,
    pub services: BTreeSet<String>,
    pub providers: BTreeSet<String>,
    /// Values of `aws:CurrentTime` and the like that lie ahead, and the moments around them.
    pub moments: BTreeSet<Timestamp>,
    /// The values of every key, whose name is in lower case.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// The principals that a statement names, by kind. `*` for everyone.
pub(super) fn principals(statement: &Statement) -> Vec<(&str, &str)> {
    match &statement.principals {
        None => Vec::new(),
        Some(Element::Is(Principals::Everyone) | Element::IsNot(Principals::Everyone)) => vec![("AWS", "*")],
        Some(Element::Is(Principals::Named(kinds)) | Element::IsNot(Principals::Named(kinds))) => {
            let pairs = kinds.iter().flat_map(|(kind, names)| names.iter().map(|name| (kind.as_str(), name.as_str())));
            pairs.collect()
        }
    }
}

impl Mentioned {
    pub(super) fn by(policy: &PolicyDocument, now: Timestamp) -> Self {
        let mut mentioned = Self::default();
        for statement in &policy.statements {
            for (kind, name) in principals(statement) {
                mentioned.add_principal(kind, name);
            }
            for condition in &statement.conditions {
                for text in condition.texts() {
                    mentioned.add_value(&condition.key.to_ascii_lowercase(), text, now);
                }
            }
        }
        mentioned
    }

    fn add_principal(&mut self, kind: &str, name: &str) {
        match kind {
            "Service" => add(&mut self.services, name.to_owned()),
            "Federated" => add(&mut self.providers, name.to_owned()),
            _ => {
                self.add_accounts(name);
                add(&mut self.identities, filled(name));
            }
        }
    }

    fn add_value(&mut self, key: &str, text: &str, now: Timestamp) {
        self.add_accounts(text);
        add(self.values.entry(key.to_owned()).or_default(), filled(text));
        match key {
            "sts:externalid" => add(&mut self.external_ids, filled(text)),
            "aws:principalarn" => add(&mut self.identities, filled(text)),
            "aws:currenttime" | "aws:epochtime" => self.add_moments(text, now),
            _ => {}
        }
    }

    /// The second before a date and the second after it, if they lie ahead.
    fn add_moments(&mut self, text: &str, now: Timestamp) {
        let Some(date) = date(text) else { return };
        for around in [SignedDuration::from_secs(-1), SignedDuration::ZERO, SignedDuration::from_secs(1)] {
            let moment = date.checked_add(around).ok().filter(|moment| *moment > now);
            self.moments.extend(moment.filter(|_| self.moments.len() < MOST));
        }
    }

    fn add_accounts(&mut self, text: &str) {
        let parts = text.split(|character: char| !character.is_ascii_digit());
        for account in parts.filter(|part| part.len() == 12).filter_map(|part| part.parse().ok()) {
            if self.accounts.len() < MOST {
                self.accounts.insert(account);
            }
        }
    }
}

fn date(text: &str) -> Option<Timestamp> {
    let seconds = || text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let day = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(seconds).or_else(day)
}

fn add(to: &mut BTreeSet<String>, text: String) {
    if to.len() < MOST {
        to.insert(text);
    }
}

/// A text that a pattern matches: each wildcard is a letter.
fn filled(pattern: &str) -> String {
    if is_pattern(pattern) { pattern.replace(['*', '?'], "x") } else { pattern.to_owned() }
}
