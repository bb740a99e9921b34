//! Reads the rows that the answer to the terms needs, and few others.
//!
//! ```text
//! records on the way of names -> rows with what is looked for -> rows that these lead to -> what reaches them
//! ```
//!
//! **Invariant:** from these rows the answer is the same as from all.

use std::sync::Arc;

use super::found::FoundSubject;
use super::index::Index;
use super::scan::linked_ids;
use super::term::Query;
use super::wanted::{NameTest, wanted};
use super::{chains, complete, found};
use crate::answers::facts::{FactSource, Facts, Read, Resource};
use crate::answers::reach::ReachNeeds;
use crate::answers::searched::{INSTANCES, INTERFACES, LINKS, LinkedTable, RECORDS};
use crate::error::Error;
use crate::output::rows::{Mentions, OneOf, RowTest};

/// Adds to facts the rows that the terms need. The reads are those of [`super::reads()`].
pub(crate) async fn narrow(
    facts: &mut Facts,
    source: &mut impl FactSource,
    terms: &[Query],
    reads: &[Read],
) -> Result<(), Error> {
    add_chains(facts, source, &Index::new(terms)).await?;
    let index = Arc::new(complete(facts, Index::new(terms)));
    source.select(wanted(&index, reads)).await?;
    facts.put(source.read().await?);
    add_linked(facts, source, &index).await?;
    add_reach(facts, source, &index).await
}

/// Adds the records through which names lead. Each step shows where the next one goes.
async fn add_chains(facts: &mut Facts, source: &mut impl FactSource, index: &Index) -> Result<(), Error> {
    if index.names.is_empty() {
        return Ok(());
    }
    let mut known = chains::ChainRecords::default();
    loop {
        let passed = chains::passed(facts, index);
        if passed == known {
            return Ok(());
        }
        let names = passed.names.difference(&known.names).cloned();
        let zones: Vec<String> = passed.zones.difference(&known.zones).cloned().collect();
        let mut test = RowTest::default().or_text("name_decoded", NameTest::new(names));
        if !zones.is_empty() {
            test = test.or_text("hosted_zone_id", OneOf::new(zones));
        }
        source.select(vec![(RECORDS, test)]).await?;
        facts.put(source.read().await?);
        known = passed;
    }
}

/// Adds the resources that are found through others.
async fn add_linked(facts: &mut Facts, source: &mut impl FactSource, index: &Index) -> Result<(), Error> {
    if !index.has_network() {
        return Ok(());
    }
    let linked = linked_ids(facts, index);
    let test = |link: &LinkedTable| {
        let ids = linked.get(if link.is_outward { link.table } else { link.through })?.iter().cloned();
        let test = RowTest::default();
        let test = if link.is_outward {
            test.or_text("id", OneOf::new(ids))
        } else {
            test.or_text(link.column, Mentions::new(ids))
        };
        Some((link.table, test))
    };
    source.select(LINKS.iter().filter_map(test).collect()).await?;
    facts.put(source.read().await?);
    Ok(())
}

/// Adds what tells whether the internet reaches the interfaces and instances that were found.
async fn add_reach(facts: &mut Facts, source: &mut impl FactSource, index: &Index) -> Result<(), Error> {
    let reached: Vec<Resource<'_>> = found(facts, index)
        .into_iter()
        .filter_map(|found| match found.subject {
            FoundSubject::Resource(resource) => Some(resource),
            FoundSubject::Account(_) => None,
        })
        .filter(|resource| matches!(resource.table(), INTERFACES | INSTANCES))
        .collect();
    if reached.is_empty() {
        return Ok(());
    }
    let needs = ReachNeeds::of(facts, &reached);
    source.select(needs.of_subnets()).await?;
    facts.put(source.read().await?);
    source.select(needs.of_rules(facts)).await?;
    facts.put(source.read().await?);
    Ok(())
}
