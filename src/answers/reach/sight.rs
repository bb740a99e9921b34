//! What was seen of a resource that another one names, and whether it is current.
//!
//! **Invariant:** a row of a cell whose newest word is not an answer is no fact.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use crate::answers::facts::{Facts, Resource};

/// Whether the row that a resource shows is of a cell that was answered.
pub(super) fn is_current(facts: &Facts, resource: Resource<'_>) -> bool {
    let seen_by = if resource.is_seen_by_owner() { Some(resource.account_id()) } else { resource.observers().next() };
    seen_by.is_some_and(|account| facts.is_answered(account, resource.region(), resource.table()))
}

/// The resources of a table by id.
pub(super) fn by_id<'a>(facts: &'a Facts, table: &str) -> HashMap<&'a str, Resource<'a>> {
    facts.all(table).map(|resource| (resource.id(), resource)).collect()
}

/// The list in a column of JSON. Absent is empty. What is no such list is `None`.
pub(super) fn list<T: DeserializeOwned>(resource: Resource<'_>, column: &str) -> Option<Vec<T>> {
    resource.text(column).map_or_else(|| Some(Vec::new()), |text| serde_json::from_str(text).ok())
}
