//! Finds accounts by their id, their alias and their name in the registry.
//!
//! **Invariant:** an account of the estate is found although its row in the table of accounts is missing.

use std::collections::BTreeSet;

use super::found::{Found, FoundSubject};
use super::hit::Relation;
use super::index::{Index, TermNumber};
use crate::answers::facts::{Facts, Resource};
use crate::answers::searched::ACCOUNTS;
use crate::inventory::GLOBAL;

/// Finds the accounts that the terms mean.
pub(super) fn accounts<'f>(facts: &'f Facts, index: &Index) -> Vec<Found<'f>> {
    if index.accounts.is_empty() && index.words.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for account in facts.all(ACCOUNTS) {
        seen.insert(account.account_id());
        if facts.selection.includes(account) {
            let matches = matches(facts, index, account.account_id(), alias(account));
            add(&mut found, FoundSubject::Resource(account), matches);
        }
    }
    let mut others = facts.cells.accounts();
    others.extend(facts.account_names.keys().map(String::as_str));
    let is_selected = |account: &&str| {
        facts.selection.has_account(account) && facts.selection.has_region(GLOBAL) && facts.selection.tags.is_empty()
    };
    for account in others.into_iter().filter(|account| !seen.contains(account)).filter(is_selected) {
        add(&mut found, FoundSubject::Account(account), matches(facts, index, account, None));
    }
    found
}

fn alias(account: Resource<'_>) -> Option<&str> {
    account.account_alias().filter(|alias| !alias.is_empty())
}

type AccountMatches = Vec<(TermNumber, Option<String>)>;

/// The terms that mean an account, with the name that matched.
fn matches(facts: &Facts, index: &Index, account_id: &str, alias: Option<&str>) -> AccountMatches {
    let ids = index.accounts.get(account_id).into_iter().flatten().map(|number| (*number, None));
    let names = [alias, facts.account_name(account_id)].into_iter().flatten();
    let words = names.flat_map(|name| {
        let numbers = index.words.get(&name.to_lowercase()).into_iter().flatten();
        numbers.map(move |number| (*number, Some(name.to_owned())))
    });
    ids.chain(words).collect()
}

fn add<'f>(found: &mut Vec<Found<'f>>, subject: FoundSubject<'f>, matches: AccountMatches) {
    let mut terms = BTreeSet::new();
    // An alias and a name in the registry can be the same word: the account is found once.
    let new = matches.into_iter().filter(|(term, _)| terms.insert(*term));
    found.extend(new.map(|(term, value)| Found { term, relation: Relation::Is, subject, value }));
}
