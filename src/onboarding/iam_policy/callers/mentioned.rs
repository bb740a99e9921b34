//! What a trust policy mentions: accounts, identities, external IDs, dates. The callers that are tried are made from it.
//!
//! **Invariant:** collects, and judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::document::{Element, PolicyDocument, Principals, Statement};
use super::super::evaluate::date;
use super::super::is_pattern;
use crate::domain::AccountId;

/// The most values of one kind that are tried.
const MOST: usize = 200;
/// The most attempts by identities of accounts. IAM's limit for a trust policy is 8,192 characters: within it, a policy that
/// is made to waste time has values for a billion.
const MOST_ATTEMPTS: usize = 20_000;
/// The longest text that a caller could have: STS takes external IDs of 1,224 characters.
const LONGEST: usize = 1_224;

/// The values of all statements by what they are.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// Accounts in principals and in conditions.
    pub accounts: BTreeSet<AccountId>,
    /// Accounts that wildcards in place of an account match. The policy does not name them.
    pub lookalikes: BTreeSet<AccountId>,
    /// Patterns of `aws:PrincipalArn`: what is before the first wildcard, and what is after it. A wildcard of a string
    /// operator reaches past colons and slashes.
    pub open_arns: BTreeSet<(String, String)>,
    /// Values of the condition key `aws:userid`.
    pub user_ids: BTreeSet<String>,
    /// Whether a statement allows everyone, or everyone but some.
    pub everyone: bool,
    /// Whether it has more values than are tried.
    pub is_cut: bool,
    /// ARNs of identities, without wildcards: principals, and values of `aws:PrincipalArn`. A wildcard is filled with a letter.
    pub identities: BTreeSet<String>,
    /// Values of `sts:ExternalId`, as they are written and filled likewise.
    pub external_ids: BTreeSet<String>,
    pub services: BTreeSet<String>,
    pub providers: BTreeSet<String>,
    /// Values of `aws:CurrentTime` and the like that lie ahead, and the moments around them.
    pub moments: BTreeSet<Timestamp>,
    /// The values of every key, as they are written. The key's name is in lower case.
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
            let is_everyone = |(_, name): &(&str, &str)| *name == "*";
            let is_open = matches!(statement.principals, Some(Element::IsNot(_)));
            mentioned.everyone |= statement.allows() && (is_open || principals(statement).iter().any(is_everyone));
            for (kind, name) in principals(statement) {
                mentioned.add_principal(kind, name);
            }
            for condition in &statement.conditions {
                for text in condition.texts() {
                    mentioned.add_value(&condition.key.to_ascii_lowercase(), text, now);
                }
            }
        }
        mentioned.shorten();
        mentioned
    }

    /// The values of `sts:ExternalId` as they are written.
    pub(super) fn written_external_ids(&self) -> impl Iterator<Item = &String> {
        self.values.get("sts:externalid").into_iter().flatten()
    }

    /// Leaves out values until the attempts are few enough.
    fn shorten(&mut self) {
        loop {
            let accounts = self.accounts.len() + self.lookalikes.len() + 2;
            let identities = self.identities.len() + self.open_arns.len() + self.user_ids.len() + 3;
            let (ids, moments) = (self.external_ids.len() + 7, self.moments.len() + 1);
            if accounts * identities * ids * moments <= MOST_ATTEMPTS {
                return;
            }
            self.is_cut = true;
            let longest = [accounts, identities, ids, moments].into_iter().max().unwrap_or_default();
            if longest == accounts {
                halve(&mut self.accounts);
                halve(&mut self.lookalikes);
            } else if longest == identities {
                halve(&mut self.identities);
                halve(&mut self.open_arns);
                halve(&mut self.user_ids);
            } else if longest == ids {
                halve(&mut self.external_ids);
            } else {
                halve(&mut self.moments);
            }
        }
    }

    fn add_principal(&mut self, kind: &str, name: &str) {
        match kind {
            "Service" => add(&mut self.services, name.to_owned()),
            "Federated" => add(&mut self.providers, name.to_owned()),
            _ => {
                self.add_accounts(name);
                self.add_lookalikes(name.split(':').nth(4).unwrap_or_default());
                add(&mut self.identities, filled(name));
            }
        }
    }

    fn add_value(&mut self, key: &str, text: &str, now: Timestamp) {
        self.add_accounts(text);
        add(self.values.entry(key.to_owned()).or_default(), text.to_owned());
        match key {
            "sts:externalid" => {
                add(&mut self.external_ids, text.to_owned());
                add(&mut self.external_ids, filled(text));
            }
            "aws:principalarn" => {
                add(&mut self.identities, filled(text));
                self.add_lookalikes(text.split(':').nth(4).unwrap_or_default());
                let open = text.split_once(['*', '?']).map(|(before, after)| (before.to_owned(), filled(after)));
                self.open_arns.extend(open.filter(|_| self.open_arns.len() < MOST && text.len() <= LONGEST));
            }
            "aws:principalaccount" => self.add_lookalikes(text),
            "aws:principalservicename" => add(&mut self.services, filled(text)),
            "aws:userid" => add(&mut self.user_ids, filled(text)),
            "aws:currenttime" | "aws:epochtime" => self.add_moments(text, now),
            _ => {}
        }
    }

    /// The second before a date and the second after it, if they lie ahead.
    fn add_moments(&mut self, text: &str, now: Timestamp) {
        // A numeric operator compares seconds in any notation.
        let number = || text.parse::<f64>().ok().and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
        let seconds = || number().and_then(|seconds| Timestamp::from_duration(seconds).ok());
        let Some(moment) = date(text).or_else(seconds) else { return };
        for around in [SignedDuration::from_secs(-1), SignedDuration::ZERO, SignedDuration::from_secs(1)] {
            let moment = moment.checked_add(around).ok().filter(|moment| *moment > now);
            self.moments.extend(moment.filter(|_| self.moments.len() < MOST));
        }
    }

    /// Accounts that a pattern matches.
    fn add_lookalikes(&mut self, pattern: &str) {
        let is_pattern_of_digits = |character: char| character.is_ascii_digit() || "*?".contains(character);
        if !is_pattern(pattern) || pattern.len() > 24 || !pattern.chars().all(is_pattern_of_digits) {
            return;
        }
        for digit in ["0", "7"] {
            let text = pattern.replace('?', digit);
            let missing = 12_usize.saturating_sub(text.replace('*', "").len());
            let account = text.replacen('*', &digit.repeat(missing), 1).replace('*', "");
            self.lookalikes.extend(account.parse::<AccountId>().ok().filter(|_| self.lookalikes.len() < MOST));
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

fn add(to: &mut BTreeSet<String>, text: String) {
    if to.len() < MOST && text.len() <= LONGEST {
        to.insert(text);
    }
}

/// A text that a pattern matches: each wildcard is a letter.
pub(super) fn filled(pattern: &str) -> String {
    if is_pattern(pattern) { pattern.replace(['*', '?'], "x") } else { pattern.to_owned() }
}

fn halve<T: Ord>(set: &mut BTreeSet<T>) {
    let most = set.len() / 2;
    while set.len() > most {
        set.pop_last();
    }
}
