//! An entry worked out against the service model: its columns, and how an item becomes a record.

use std::collections::HashSet;
use std::sync::Arc;

use super::entry::{Arn, Detail, Id, ResourceType, Source, ValueFrom};
use super::{ENTRIES, octal};
use crate::record::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record, Value};
use crate::shapes::{self, Kind, Member, Structure};
use crate::transcode::{Item, Wanted, is_tags};

/// A resource type, ready to be asked for.
pub struct Table {
    /// Its place in the catalogue.
    pub index: usize,
    /// What it says of itself.
    pub entry: &'static ResourceType,
    /// What becomes rows of an answer.
    pub wanted: Arc<Wanted>,
    /// The columns between the opening ones and `aws_extra`.
    pub columns: Vec<Column>,
    /// What is asked besides, with what is wanted of its answers.
    pub details: Vec<TableDetail>,
    slots: Vec<Slot>,
    added: Vec<(usize, ValueFrom)>,
}

/// A detail, worked out.
pub struct TableDetail {
    /// What it says of itself.
    pub detail: &'static Detail,
    /// What becomes rows of its answer.
    pub wanted: Arc<Wanted>,
    /// What to ask instead.
    pub otherwise: Option<Box<TableDetail>>,
}

/// Where a row was seen, and under which parent.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The account that was asked.
    pub account_id: &'a str,
    /// Its partition.
    pub partition: &'a str,
    /// The region that was asked, or `global`.
    pub region: &'a str,
    /// The parent's table and record.
    pub parent: Option<(&'a Table, &'a Record)>,
}

/// What becomes of a member of the item.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Column(usize),
    Owner,
    Arn,
    Nowhere,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Table").field(&self.entry.table).finish()
    }
}

impl Table {
    /// Works an entry out; fails with a sentence where it does not fit the service model.
    pub fn new(index: usize, entry: &'static ResourceType) -> Result<Self, String> {
        let around: Vec<&str> = entry
            .added
            .iter()
            .filter_map(|added| if let ValueFrom::Around(member) = added.from { Some(member) } else { None })
            .chain(entry.owner_around)
            .collect();
        let wanted = wanted(entry.operation, entry.items, &around)?;
        let details = entry.details.iter().map(TableDetail::new).collect::<Result<Vec<_>, _>>()?;
        let mut table = Self {
            index,
            entry,
            wanted: Arc::new(wanted),
            columns: Vec::new(),
            details,
            slots: Vec::new(),
            added: Vec::new(),
        };
        let item = table.wanted.item();
        table.slots = item.members.iter().map(|member| table.slot(member)).collect();
        for added in entry.added {
            let kind =
                table.type_of(item, added.from).map_err(|what| format!("{}.{}: {what}", entry.table, added.column))?;
            table.columns.push(Column { name: added.column.into(), kind });
            table.added.push((table.columns.len() - 1, added.from));
        }
        let mut names: HashSet<&str> = OPENING_COLUMNS.iter().copied().chain([EXTRA_COLUMN, "dt"]).collect();
        match table.columns.iter().find(|column| !names.insert(&column.name)) {
            Some(twice) => Err(format!("{}: two columns {}", entry.table, twice.name)),
            None => Ok(table),
        }
    }

    fn slot(&mut self, member: &'static Member) -> Slot {
        match (member.name, &member.kind) {
            (_, Kind::Sensitive) => return Slot::Nowhere,
            _ if is_tags(member) => return Slot::Nowhere,
            ("OwnerId", _) => return Slot::Owner,
            ("Arn", _) => return Slot::Arn,
            _ => {}
        }
        let taken =
            |name: &str| OPENING_COLUMNS.contains(&name) || self.columns.iter().any(|column| column.name == name);
        let name = if taken(member.column) { format!("aws_{}", member.column) } else { member.column.to_owned() };
        self.columns.push(Column { name, kind: column_type(&member.kind) });
        Slot::Column(self.columns.len() - 1)
    }

    fn type_of(&self, item: &'static Structure, from: ValueFrom) -> Result<ColumnType, String> {
        let member = match from {
            ValueFrom::ParentId => return Ok(ColumnType::String),
            ValueFrom::Decoded(name) => item.member(name),
            ValueFrom::Around(place) => {
                let name = place.rsplit('.').next().unwrap_or(place);
                return self
                    .wanted
                    .carried()
                    .find(|member| member.name == name)
                    .map(|member| column_type(&member.kind))
                    .ok_or_else(|| format!("nothing around the items is called {place}"));
            }
            ValueFrom::Detail(name) => self.details.iter().find_map(|detail| detail.wanted.item().member(name)),
            ValueFrom::Parent(path) => {
                let Source::Per(parent, _) = self.entry.source else { return Err("it has no parent".into()) };
                let parent = ENTRIES.iter().flat_map(|types| types.iter()).find(|entry| entry.table == parent);
                let parent = parent.ok_or("its parent is not in the catalogue")?;
                let mut structure = wanted(parent.operation, parent.items, &[])?.item();
                let mut found = None;
                for name in path.split('.') {
                    found = structure.member(name);
                    if let Some((_, Member { kind: Kind::Structure(inner), .. })) = found {
                        structure = inner;
                    }
                }
                found
            }
        };
        member
            .map(|(_, member)| column_type(&member.kind))
            .ok_or_else(|| "the service model knows no such member".into())
    }

    /// Every column, in the order of the files.
    pub fn all_columns(&self) -> Vec<Column> {
        let opening = OPENING_COLUMNS.iter().map(|name| Column {
            name: (*name).to_owned(),
            kind: match *name {
                "tags" => ColumnType::Map,
                "collected_at" => ColumnType::Timestamp,
                _ => ColumnType::String,
            },
        });
        let extra = Column { name: EXTRA_COLUMN.into(), kind: ColumnType::Json };
        opening.chain(self.columns.iter().cloned()).chain([extra]).collect()
    }

    /// Makes a record of an item.
    pub fn record(&self, item: Item, row: Row<'_>) -> Record {
        let structure = self.wanted.item();
        let id = self.id(&item, row);
        let mut record = Record {
            id: id.clone().unwrap_or_default(),
            tags: item.tags,
            values: vec![Value::Missing; self.columns.len()],
            extra: (!item.extra.is_empty()).then(|| format!("{{{}}}", item.extra)),
            ..Record::default()
        };
        for (column, from) in &self.added {
            record.values[*column] = match from {
                ValueFrom::Around(place) => {
                    let name = place.rsplit('.').next().unwrap_or(place);
                    let at = self.wanted.carried().position(|member| member.name == name);
                    at.and_then(|at| item.carried.get(at)).cloned().unwrap_or_default()
                }
                ValueFrom::ParentId => row.parent.map(|(_, parent)| Value::Text(parent.id.clone())).unwrap_or_default(),
                ValueFrom::Parent(path) => {
                    row.parent.map(|(table, parent)| table.inside(parent, path)).unwrap_or_default()
                }
                ValueFrom::Decoded(name) => match structure.member(name).map(|(index, _)| &item.values[index]) {
                    Some(Value::Text(text)) => Value::Text(octal::decode(text)),
                    _ => Value::Missing,
                },
                ValueFrom::Detail(_) => Value::Missing,
            };
        }
        if let Some(place) = self.entry.owner_around {
            let name = place.rsplit('.').next().unwrap_or(place);
            let at = self.wanted.carried().position(|member| member.name == name);
            if let Some(Value::Text(owner)) = at.and_then(|at| item.carried.get(at)) {
                record.owner_id = Some(owner.clone());
            }
        }
        for (value, slot) in item.values.into_iter().zip(&self.slots) {
            match (slot, value) {
                (Slot::Column(column), value) => record.values[*column] = value,
                (Slot::Owner, Value::Text(owner)) => record.owner_id = Some(owner),
                (Slot::Arn, Value::Text(arn)) => record.arn = Some(arn),
                _ => {}
            }
        }
        // What AWS names no owner of belongs to the account that was asked.
        let owner = record.owner_id.get_or_insert_with(|| row.account_id.to_owned()).clone();
        if record.arn.is_none() && id.is_some() {
            let (partition, id) = (row.partition, &record.id);
            record.arn = match self.entry.arn {
                Arn::None => None,
                Arn::Ec2(prefix) if self.is_first_id(&record) => {
                    Some(format!("arn:{partition}:ec2:{}:{owner}:{prefix}{id}", row.region))
                }
                Arn::Ec2(_) => None,
                Arn::Route53(prefix) => Some(format!("arn:{partition}:route53:::{prefix}{id}")),
                Arn::Account => Some(format!("arn:{partition}:iam::{}:root", row.account_id)),
            };
        }
        record
    }

    /// Adds a detail's answer to the record that it is about.
    pub fn add_detail(&self, record: &mut Record, detail: &TableDetail, item: Item) {
        if let Some(tags) = item.tags {
            record.tags = Some(tags);
        }
        for (column, from) in &self.added {
            if let ValueFrom::Detail(name) = from
                && let Some((index, _)) = detail.wanted.item().member(name)
            {
                record.values[*column] = item.values[index].clone();
            }
        }
    }

    fn id(&self, item: &Item, row: Row<'_>) -> Option<String> {
        let text = |name: &str| match self.wanted.item().member(name).map(|(index, _)| &item.values[index]) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        match self.entry.id {
            Id::Member(names) => names.iter().find_map(|name| text(name)),
            Id::Bare(name) => text(name).map(|id| id.rsplit('/').next().unwrap_or(&id).to_owned()),
            Id::Account => Some(row.account_id.to_owned()),
            Id::RecordSet => {
                let zone = row.parent.map(|(_, parent)| parent.id.clone()).unwrap_or_default();
                let parts = [Some(zone), text("Name"), text("Type"), text("SetIdentifier")];
                Some(parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
            }
        }
    }

    /// Whether the id is of the member that ARNs are made of, and not of one that stands in for it.
    fn is_first_id(&self, record: &Record) -> bool {
        let Id::Member([first, ..]) = self.entry.id else { return true };
        matches!(self.inside(record, first), Value::Text(text) if text == record.id)
    }

    /// A member of a record, or of a structure in it.
    fn inside(&self, record: &Record, path: &str) -> Value {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let Some((index, member)) = self.wanted.item().member(first) else { return Value::Missing };
        let Slot::Column(column) = self.slots[index] else { return Value::Missing };
        let value = &record.values[column];
        if rest.is_empty() {
            return value.clone();
        }
        let (Value::Json(json), Kind::Structure(_)) = (value, &member.kind) else { return Value::Missing };
        let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        match rest.split('.').try_fold(&json, |here, name| here.get(name)) {
            Some(serde_json::Value::Bool(value)) => Value::Boolean(*value),
            Some(serde_json::Value::String(text)) => Value::Text(text.clone()),
            Some(serde_json::Value::Number(number)) => number.as_i64().map(Value::Integer).unwrap_or_default(),
            Some(other) => Value::Json(other.to_string()),
            None => Value::Missing,
        }
    }
}

impl TableDetail {
    fn new(detail: &'static Detail) -> Result<Self, String> {
        let wanted = Arc::new(wanted(detail.operation, detail.items, &[])?);
        let otherwise = detail.otherwise.map(Self::new).transpose()?.map(Box::new);
        if !detail.key.is_empty() && wanted.item().member(detail.key).is_none() {
            return Err(format!("{}: no member {}", detail.operation, detail.key));
        }
        Ok(Self { detail, wanted, otherwise })
    }

    /// The id of the resource that an item is about, where the items say so.
    pub fn subject<'a>(&self, item: &'a Item) -> Option<&'a str> {
        match self.wanted.item().member(self.detail.key).map(|(index, _)| &item.values[index]) {
            Some(Value::Text(id)) => Some(id),
            _ => None,
        }
    }
}

fn wanted(operation: &str, items: &str, around: &[&str]) -> Result<Wanted, String> {
    let shape = shapes::operation(operation).ok_or_else(|| format!("{operation}: run `make generate`"))?;
    Wanted::new(shape, items, around)
}

fn column_type(kind: &Kind) -> ColumnType {
    match kind {
        Kind::Text | Kind::Sensitive => ColumnType::String,
        Kind::Boolean => ColumnType::Boolean,
        Kind::Integer => ColumnType::Integer,
        Kind::Double => ColumnType::Double,
        Kind::Timestamp => ColumnType::Timestamp,
        Kind::Structure(_) | Kind::List(_) => ColumnType::Json,
    }
}
