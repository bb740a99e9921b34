//! A catalogue entry resolved against the service model: its columns, and which member of a response fills which.
//!
//! **Invariant:** knows neither the caller of AWS nor the formats of files.

mod resolve;
mod row;
mod digest;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ENTRIES;
use super::entry::{Detail, Id, Parents, Reach, ResourceType, Source, ValueFrom};
use super::iam_actions::iam_action;
use crate::decode::shapes::{MemberKind, Structure};
use crate::decode::{Item, ItemSelector, Value};
use crate::inventory::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record};

/// A resource type with its columns.
pub struct Table {
    /// The position in the catalogue.
    pub index: usize,
    /// The entry that the table was resolved from.
    pub entry: &'static ResourceType,
    /// The part of a response that becomes rows.
    pub selector: Arc<ItemSelector>,
    /// The columns between the opening ones and `aws_extra`.
    pub columns: Vec<Column>,
    /// The details of the entry, resolved too.
    pub details: Vec<TableDetail>,
    /// For each member of an item, where its value goes.
    member_targets: Vec<MemberTarget>,
    /// For each extra column of the entry, its position in `columns` and its source.
    extra_columns: Vec<(usize, ValueFrom)>,
}

/// A detail of a resource type, resolved like the type itself.
pub struct TableDetail {
    pub entry: &'static Detail,
    /// The part of its response that is about resources.
    pub selector: Arc<ItemSelector>,
    /// The detail to ask if this one is denied or unknown.
    pub fallback: Option<Box<TableDetail>>,
}

/// The resource that another one is listed for.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    pub table: &'a Table,
    pub record: &'a Record,
}

/// Where the value of an item's member goes.
#[derive(Clone, Copy, Debug)]
enum MemberTarget {
    /// Into the column at this position.
    Column(usize),
    Owner,
    ArnForm,
    Discarded,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Table").field(&self.entry.table).finish()
    }
}

impl Table {
    /// The resources that the type is listed for. `None` if it has one listing of its own.
    pub fn parents(&self) -> Option<Parents> {
        if let Source::PerParent(parents, _) = self.entry.source { Some(parents) } else { None }
    }

    /// The column with the id of the resource that a row was listed for.
    pub fn parent_column(&self) -> Option<&'static str> {
        let is_parent_id = |column: &&super::entry::ExtraColumn| matches!(column.from, ValueFrom::ParentId);
        self.entry.extra_columns.iter().find(is_parent_id).map(|column| column.column)
    }

    /// Whether AWS itself gives the resources an id, so that two records with one id are one resource.
    pub fn has_own_id(&self) -> bool {
        matches!(self.entry.id, Id::Member(_) | Id::LastSegment(_) | Id::Account)
    }

    /// Whether a column lists the items that a detail returns for a resource, so that there may be several.
    pub fn lists_items_of(&self, detail: &TableDetail) -> bool {
        let is_list = |from: &ValueFrom| matches!(from, ValueFrom::DetailItems(operation) if *operation == detail.entry.operation);
        self.extra_columns.iter().any(|(_, from)| is_list(from))
    }

    /// Whether a later run can continue within a cell that ran out of time, parent by parent.
    ///
    /// Only global cells can. An account that the later run cannot enter has no regional cells, so the rows that were
    /// collected before would belong to no cell.
    pub fn resumes_by_parent(&self) -> bool {
        self.entry.reach == Reach::Global && self.parent_column().is_some()
    }

    /// Every IAM action that the type needs: the one of its own listing, then all others in alphabetical order. Those
    /// are the actions of its details and of the listing that returns its parents.
    pub fn actions(&self) -> Vec<&'static str> {
        let mut others: BTreeSet<&str> = self.entry.own_actions().into_iter().collect();
        if let Ok(Some(parent)) = self.parent_entry() {
            others.insert(iam_action(parent.operation));
            others.extend(parent.extra_actions);
        }
        let own = iam_action(self.entry.operation);
        others.remove(own);
        std::iter::once(own).chain(others).collect()
    }

    /// The paths of the members that are never collected, since they are secrets
    /// (`Options.TunnelOptions.PreSharedKey`).
    pub fn secrets(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let items = self.details.iter().map(|detail| detail.selector.item()).chain([self.selector.item()]);
        items.for_each(|item| find_secrets(item, "", &mut Vec::new(), &mut found));
        found.into_iter().collect()
    }

    /// Every column, in the order of the files.
    pub fn all_columns(&self) -> Vec<Column> {
        let opening = OPENING_COLUMNS.iter().map(|name| Column {
            name: (*name).to_owned(),
            kind: match *name {
                "tags" => ColumnType::Map,
                "digest" => ColumnType::Integer,
                "collected_at" => ColumnType::Timestamp,
                _ => ColumnType::String,
            },
        });
        let extra = Column { name: EXTRA_COLUMN.into(), kind: ColumnType::Json };
        opening.chain(self.columns.iter().cloned()).chain([extra]).collect()
    }

    fn parent_entry(&self) -> Result<Option<&'static ResourceType>, String> {
        let Some(parents) = self.parents() else { return Ok(None) };
        let mut entries = ENTRIES.iter().flat_map(|types| types.iter());
        let found = entries.find(|entry| entry.table == parents.table);
        found.map(Some).ok_or_else(|| format!("its parent {} is not in the catalogue", parents.table))
    }
}

impl TableDetail {
    /// The bare id of the resource that an item describes, or its ARN if the call names ARNs. `None` if the item names none.
    pub fn subject(&self, item: &Item) -> Option<String> {
        let (first, rest) =
            self.entry.key.split_once('.').map_or((self.entry.key, None), |(first, rest)| (first, Some(rest)));
        let (index, _) = self.selector.item().member(first)?;
        let id = match (&item.values[index], rest) {
            (Value::Text(id), None) => id.clone(),
            (Value::Json(structure), Some(member)) => {
                let structure: serde_json::Value = serde_json::from_str(structure).ok()?;
                structure.get(member)?.as_str()?.to_owned()
            }
            _ => return None,
        };
        let bare = if self.entry.by_arn { &id } else { id.rsplit('/').next().unwrap_or(&id) };
        (!bare.is_empty()).then(|| bare.to_owned())
    }
}

/// Adds the paths of all sensitive members of a structure to `found`.
fn find_secrets(
    structure: &'static Structure,
    path: &str,
    ancestors: &mut Vec<&'static str>,
    found: &mut BTreeSet<String>,
) {
    // A structure may contain itself.
    if ancestors.contains(&structure.name) {
        return;
    }
    ancestors.push(structure.name);
    for member in structure.members {
        let member_path = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
        let mut kind = &member.kind;
        while let MemberKind::List(list) = kind {
            kind = &list.of;
        }
        match kind {
            MemberKind::Sensitive => drop(found.insert(member_path)),
            MemberKind::Structure(inner) => find_secrets(inner, &member_path, ancestors, found),
            _ => {}
        }
    }
    ancestors.pop();
}

#[cfg(test)]
mod digest_tests;
