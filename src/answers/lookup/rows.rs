//! Makes rows of what was found: each once, in a stable order, with what the internet can reach.
//!
//! **Invariant:** finds nothing.

use std::borrow::Cow;

use super::found::{Found, FoundSubject};
use super::hit::{Hit, Relation};
use super::index::TermNumber;
use super::term::Query;
use crate::answers::facts::{Facts, Resource};
use crate::answers::reach::{Exposure, Reachability};
use crate::answers::searched::{ACCOUNTS, INSTANCES, INTERFACES, table};
use crate::inventory::GLOBAL;

/// The order of the rows: of the terms, of the relations, then of the subjects.
type Key<'a> = (TermNumber, Relation, &'a str, &'a str, &'a str, &'a str, Option<Cow<'a, str>>);

/// Makes rows.
pub(super) fn rows(facts: &Facts, terms: &[Query], mut found: Vec<Found<'_>>) -> Vec<Hit> {
    found.sort_by_cached_key(|found| (key(found), value(found)));
    found.dedup_by(|one, other| key(one) == key(other) && value(one) == value(other));
    let is_reachable = |found: &Found<'_>| match found.subject {
        FoundSubject::Resource(resource) => matches!(resource.table(), INTERFACES | INSTANCES),
        FoundSubject::Account(_) => false,
    };
    let reach = found.iter().any(is_reachable).then(|| Reachability::new(facts));
    found.into_iter().map(|found| row(facts, terms, reach.as_ref(), found)).collect()
}

fn key<'a>(found: &Found<'a>) -> Key<'a> {
    match found.subject {
        FoundSubject::Resource(resource) => (
            found.term,
            found.relation,
            resource.account_id(),
            resource.region(),
            resource.table(),
            resource.id(),
            resource.arn(),
        ),
        FoundSubject::Account(account) => (found.term, found.relation, account, GLOBAL, ACCOUNTS, account, None),
    }
}

/// What matched, in the form in which it is compared: names differ neither by case nor by their last dot.
fn value(found: &Found<'_>) -> Option<String> {
    let value = found.value.as_deref();
    match found.relation {
        Relation::Tagged => value.map(str::to_owned),
        _ => value.map(|value| value.strip_suffix('.').unwrap_or(value).to_ascii_lowercase()),
    }
}

fn row(facts: &Facts, terms: &[Query], reach: Option<&Reachability<'_>>, found: Found<'_>) -> Hit {
    let query = terms.get(found.term as usize).map(|term| term.query.clone()).unwrap_or_default();
    let (relation, value) = (found.relation, found.value);
    match found.subject {
        FoundSubject::Resource(resource) => {
            let exposure = exposure(reach, resource);
            Hit {
                query,
                relation,
                account_id: resource.account_id().to_owned(),
                account_alias: resource.account_alias().map(str::to_owned),
                region: resource.region().to_owned(),
                table: resource.table(),
                id: resource.id().to_owned(),
                arn: resource.arn().map(Cow::into_owned),
                name: name(facts, resource),
                value,
                public: exposure.public,
                allowed_by: exposure.allowed_by,
                observers: resource.observers().map(str::to_owned).collect(),
                collected_at: resource.collected_at(),
            }
        }
        FoundSubject::Account(account) => Hit {
            query,
            relation,
            account_id: account.to_owned(),
            account_alias: None,
            region: GLOBAL.to_owned(),
            table: ACCOUNTS,
            id: account.to_owned(),
            arn: None,
            name: facts.account_name(account).map(str::to_owned),
            value,
            public: None,
            allowed_by: Vec::new(),
            observers: Vec::new(),
            collected_at: None,
        },
    }
}

fn exposure(reach: Option<&Reachability<'_>>, resource: Resource<'_>) -> Exposure {
    match (reach, resource.table()) {
        (Some(reach), INTERFACES) => reach.interface(resource),
        (Some(reach), INSTANCES) => reach.instance(resource),
        _ => Exposure::default(),
    }
}

/// The tag `Name`, else the name that the resource has of itself.
fn name(facts: &Facts, resource: Resource<'_>) -> Option<String> {
    let own = || table(resource.table()).and_then(|table| table.name).and_then(|column| resource.text(column));
    let registered = || (resource.table() == ACCOUNTS).then(|| facts.account_name(resource.account_id())).flatten();
    let alias = || (resource.table() == ACCOUNTS).then(|| resource.account_alias()).flatten();
    resource.name().or_else(|| own().or_else(registered).or_else(alias).map(str::to_owned))
}
