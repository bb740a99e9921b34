//! Resolves an entry against the service model, and refuses one that does not fit it.
//!
//! **Invariant:** knows no response and no record.

use std::collections::HashSet;
use std::sync::Arc;

use super::{MemberTarget, Table, TableDetail};
use crate::catalogue::entry::{ArnForm, Detail, Id, MemberFilter, Owner, ResourceType, ValueFrom};
use crate::decode::shapes::{self, Member, MemberKind, Structure};
use crate::decode::{ItemSelector, is_tags};
use crate::inventory::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS};

/// The columns that readers add for the date and the file of a row.
const READER_COLUMNS: [&str; 2] = ["dt", "filename"];

impl Table {
    /// Resolves an entry. Returns a sentence as the error if it does not fit the service model.
    pub fn new(index: usize, entry: &'static ResourceType) -> Result<Self, String> {
        let context: Vec<&str> = entry
            .extra_columns
            .iter()
            .filter_map(|column| if let ValueFrom::Context(member) = column.from { Some(member) } else { None })
            .chain(if let Owner::Context(member) = entry.owner { Some(member) } else { None })
            .collect();
        let selector = selector(entry.operation, entry.items_path, &context)?;
        let selector = selector.without_measures(&measures(entry, ""))?;
        let details = entry.details.iter().map(|detail| TableDetail::new(detail, entry));
        let details = details.collect::<Result<Vec<_>, _>>()?;
        let has_detail = |operation: &str| entry.details.iter().any(|detail| detail.operation == operation);
        if let Some(measure) = entry.measures.iter().find(|it| !it.detail.is_empty() && !has_detail(it.detail)) {
            return Err(format!("{}: it has no detail {}", entry.table, measure.detail));
        }
        let mut table = Self {
            index,
            entry,
            selector: Arc::new(selector),
            columns: Vec::new(),
            details,
            member_targets: Vec::new(),
            extra_columns: Vec::new(),
        };
        let item = table.selector.item();
        let (original, later) = item.members.split_at(item.original_members.min(item.members.len()));
        table.member_targets = original.iter().map(|member| table.target_of(member)).collect();
        for extra in entry.extra_columns {
            let kind = table
                .extra_column_type(item, extra.from)
                .map_err(|problem| format!("{}.{}: {problem}", entry.table, extra.column))?;
            table.columns.push(Column { name: extra.column.into(), kind });
            table.extra_columns.push((table.columns.len() - 1, extra.from));
        }
        // Members of a later model come last, so that all other columns keep their positions.
        for member in later {
            let target = table.target_of(member);
            table.member_targets.push(target);
        }
        table.check_members(item).map_err(|problem| format!("{}: {problem}", entry.table))?;
        let mut names: HashSet<&str> =
            OPENING_COLUMNS.iter().copied().chain(READER_COLUMNS).chain([EXTRA_COLUMN]).collect();
        match table.columns.iter().find(|column| !names.insert(&column.name)) {
            Some(duplicate) => Err(format!("{}: two columns {}", entry.table, duplicate.name)),
            None => Ok(table),
        }
    }

    /// Checks that every other member that the entry names exists and has the right type.
    fn check_members(&self, item: &'static Structure) -> Result<(), String> {
        let entry = self.entry;
        let ids: &[&str] = match &entry.id {
            Id::Member(names) | Id::Joined(names) | Id::UnderParent(names) => names,
            Id::LastSegment(name) => &[*name],
            Id::Account => &[],
        };
        let owners: &[&str] = if let Owner::Member(paths) = entry.owner { paths } else { &[] };
        let in_arn = if let ArnForm::Ec2Named(_, path) | ArnForm::Ec2InRegionOf(_, path) | ArnForm::ApiGateway(path) =
            entry.arn
        {
            Some(path)
        } else {
            None
        };
        for path in ids.iter().chain(owners).chain(&entry.arn_member).chain(&in_arn) {
            if member_type(item, path)? != ColumnType::String {
                return Err(format!("{path} is no text"));
            }
        }
        let check_filter =
            |structure: &'static Structure, filter: MemberFilter| match member_type(structure, filter.member)? {
                ColumnType::Boolean => Ok(()),
                _ => Err(format!("{} is no boolean", filter.member)),
            };
        for detail in entry.details {
            detail.filter.map_or(Ok(()), |filter| check_filter(item, filter))?;
            if let Some(region) = detail.region
                && (member_type(item, region)? != ColumnType::String || detail.batch > 1)
            {
                return Err(format!("{}: {region} names no region of one resource", detail.operation));
            }
        }
        let (Some(parents), Some(parent)) = (self.parents(), self.parent_entry()?) else { return Ok(()) };
        let selector = selector(parent.operation, parent.items_path, &[])?;
        if let Some(regions) = parents.regions {
            member_type(selector.item(), regions)?;
        }
        parents.filter.map_or(Ok(()), |filter| check_filter(selector.item(), filter))
    }

    /// Decides where a member's value goes, and adds a column if it needs one.
    fn target_of(&mut self, member: &'static Member) -> MemberTarget {
        match (member.name, &member.kind) {
            (_, MemberKind::Sensitive) => return MemberTarget::Discarded,
            _ if is_tags(member) => return MemberTarget::Discarded,
            ("OwnerId", _) => return MemberTarget::Owner,
            ("Arn", _) => return MemberTarget::ArnForm,
            _ => {}
        }
        let is_taken =
            |name: &str| OPENING_COLUMNS.contains(&name) || self.columns.iter().any(|column| column.name == name);
        let name = if is_taken(member.column) { format!("aws_{}", member.column) } else { member.column.to_owned() };
        self.columns.push(Column { name, kind: column_type(&member.kind) });
        MemberTarget::Column(self.columns.len() - 1)
    }

    fn extra_column_type(&self, item: &'static Structure, from: ValueFrom) -> Result<ColumnType, String> {
        let member = match from {
            ValueFrom::ParentId => return Ok(ColumnType::String),
            ValueFrom::DetailItems(operation) => {
                self.detail(operation)?;
                return Ok(ColumnType::Json);
            }
            ValueFrom::Decoded(name) => item.member(name),
            ValueFrom::Context(path) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                return self
                    .selector
                    .context()
                    .find(|member| member.name == name)
                    .map(|member| column_type(&member.kind))
                    .ok_or_else(|| format!("no structure around the items has {path}"));
            }
            ValueFrom::DetailMember(operation, path) => {
                return member_type(self.detail(operation)?.selector.item(), path);
            }
            ValueFrom::Parent(path) => {
                let parent = self.parent_entry()?.ok_or("it has no parent")?;
                return member_type(selector(parent.operation, parent.items_path, &[])?.item(), path);
            }
        };
        member.map(|(_, member)| column_type(&member.kind)).ok_or_else(|| "the service model has no such member".into())
    }

    fn detail(&self, operation: &str) -> Result<&TableDetail, String> {
        let found = self.details.iter().find(|detail| detail.entry.operation == operation);
        found.ok_or_else(|| format!("it has no detail {operation}"))
    }
}

impl TableDetail {
    fn new(entry: &'static Detail, of: &ResourceType) -> Result<Self, String> {
        let selector = selector(entry.operation, entry.items_path, &[])?;
        let selector = Arc::new(selector.without_measures(&measures(of, entry.operation))?);
        let fallback = entry.fallback.map(|fallback| Self::new(fallback, of)).transpose()?.map(Box::new);
        if !entry.key.is_empty() && member_type(selector.item(), entry.key)? != ColumnType::String {
            return Err(format!("{}: {} is no text", entry.operation, entry.key));
        }
        Ok(Self { entry, selector, fallback })
    }
}

/// The measures in the response of a detail, or of the listing.
fn measures(entry: &ResourceType, detail: &str) -> Vec<&'static str> {
    entry.measures.iter().filter(|measure| measure.detail == detail).map(|measure| measure.member).collect()
}

fn selector(operation: &str, items_path: &str, context: &[&str]) -> Result<ItemSelector, String> {
    let shape = shapes::operation(operation).ok_or_else(|| format!("{operation}: run `make generate`"))?;
    ItemSelector::new(shape, items_path, context)
}

/// The type of a member, or of one in a nested structure (`Config.PrivateZone`).
fn member_type(structure: &'static Structure, path: &str) -> Result<ColumnType, String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (_, member) = structure.member(first).ok_or_else(|| format!("{} has no member {first}", structure.name))?;
    match (rest, &member.kind) {
        (None, kind) => Ok(column_type(kind)),
        (Some(rest), MemberKind::Structure(inner)) => member_type(inner, rest),
        (Some(_), _) => Err(format!("{}.{first} is no structure", structure.name)),
    }
}

fn column_type(kind: &MemberKind) -> ColumnType {
    match kind {
        MemberKind::Text | MemberKind::Sensitive => ColumnType::String,
        MemberKind::Boolean => ColumnType::Boolean,
        MemberKind::Integer => ColumnType::Integer,
        MemberKind::Double => ColumnType::Double,
        MemberKind::Timestamp => ColumnType::Timestamp,
        MemberKind::Structure(_) | MemberKind::List(_) | MemberKind::TagMap => ColumnType::Json,
    }
}
