//! An entry worked out against the service model: its columns, and what of an answer goes into them. It knows nothing
//! of who asks, nor of formats.

mod row;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::entry::{Arn, Detail, Id, MemberFilter, Owner, Parents, ResourceType, Source, ValueFrom};
use super::{ENTRIES, octal};
use crate::decode::Value;
use crate::decode::shapes;
use crate::decode::shapes::{Member, MemberKind, Structure};
use crate::decode::{Item, ItemSelector, is_tags};
use crate::inventory::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record};

/// What readers call a row's date and its file.
const READERS_COLUMNS: [&str; 2] = ["dt", "filename"];

/// A resource type, ready to be asked for.
pub struct Table {
    /// Its place in the catalogue.
    pub index: usize,
    /// What it says of itself.
    pub entry: &'static ResourceType,
    /// What becomes rows of an answer.
    pub wanted: Arc<ItemSelector>,
    /// The columns between the opening ones and `aws_extra`.
    pub columns: Vec<Column>,
    /// What is asked besides, with what is wanted of its answers.
    pub details: Vec<TableDetail>,
    slots: Vec<ColumnSource>,
    added: Vec<(usize, ValueFrom)>,
}

/// A detail, worked out.
pub struct TableDetail {
    /// What it says of itself.
    pub detail: &'static Detail,
    /// What becomes rows of its answer.
    pub wanted: Arc<ItemSelector>,
    /// What to ask instead.
    pub fallback: Option<Box<TableDetail>>,
}

/// Where a row was seen, and under which parent.
#[derive(Clone, Copy, Debug)]
pub struct RowContext<'a> {
    /// The account that was asked.
    pub account_id: &'a str,
    /// Its partition.
    pub partition: &'a str,
    /// The region that was asked, or `global`.
    pub region: &'a str,
    /// The parent.
    pub parent: Option<Parent<'a>>,
}

/// The resource that another one is listed for.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// Its type.
    pub table: &'a Table,
    /// Its record.
    pub record: &'a Record,
}

/// What becomes of a member of the item.
#[derive(Clone, Copy, Debug)]
enum ColumnSource {
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
            .extra_columns
            .iter()
            .filter_map(|added| if let ValueFrom::Context(member) = added.from { Some(member) } else { None })
            .chain(if let Owner::Context(member) = entry.owner { Some(member) } else { None })
            .collect();
        let wanted = wanted(entry.operation, entry.items_path, &around)?;
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
        let (first, later) = item.members.split_at(item.first.min(item.members.len()));
        table.slots = first.iter().map(|member| table.slot(member)).collect();
        for added in entry.extra_columns {
            let kind =
                table.type_of(item, added.from).map_err(|what| format!("{}.{}: {what}", entry.table, added.column))?;
            table.columns.push(Column { name: added.column.into(), kind });
            table.added.push((table.columns.len() - 1, added.from));
        }
        // What a newer model brings comes last, so that all others keep their places.
        for member in later {
            let slot = table.slot(member);
            table.slots.push(slot);
        }
        table.check(item).map_err(|what| format!("{}: {what}", entry.table))?;
        let mut names: HashSet<&str> =
            OPENING_COLUMNS.iter().copied().chain(READERS_COLUMNS).chain([EXTRA_COLUMN]).collect();
        match table.columns.iter().find(|column| !names.insert(&column.name)) {
            Some(twice) => Err(format!("{}: two columns {}", entry.table, twice.name)),
            None => Ok(table),
        }
    }

    /// Every member that the entry names otherwise must be there, and of the right type.
    fn check(&self, item: &'static Structure) -> Result<(), String> {
        let entry = self.entry;
        let ids: &[&str] = match &entry.id {
            Id::Member(names) | Id::Joined(names) | Id::UnderParent(names) => names,
            Id::Bare(name) => &[*name],
            Id::Account => &[],
        };
        let owners: &[&str] = if let Owner::Member(paths) = entry.owner { paths } else { &[] };
        let named = if let Arn::Ec2Named(_, path) | Arn::Ec2Of(_, path) = entry.arn { Some(path) } else { None };
        for path in ids.iter().chain(owners).chain(&entry.arn_member).chain(&named) {
            if member_at(item, path)? != ColumnType::String {
                return Err(format!("{path} is no text"));
            }
        }
        let boolean = |of: &'static Structure, only: MemberFilter| match member_at(of, only.member)? {
            ColumnType::Boolean => Ok(()),
            _ => Err(format!("{} is no boolean", only.member)),
        };
        for only in entry.details.iter().filter_map(|detail| detail.filter) {
            boolean(item, only)?;
        }
        match (self.parents().and_then(|parents| parents.filter), self.parent_entry()?) {
            (Some(only), Some(parent)) => boolean(wanted(parent.operation, parent.items_path, &[])?.item(), only),
            _ => Ok(()),
        }
    }

    fn slot(&mut self, member: &'static Member) -> ColumnSource {
        match (member.name, &member.kind) {
            (_, MemberKind::Sensitive) => return ColumnSource::Nowhere,
            _ if is_tags(member) => return ColumnSource::Nowhere,
            ("OwnerId", _) => return ColumnSource::Owner,
            ("Arn", _) => return ColumnSource::Arn,
            _ => {}
        }
        let taken =
            |name: &str| OPENING_COLUMNS.contains(&name) || self.columns.iter().any(|column| column.name == name);
        let name = if taken(member.column) { format!("aws_{}", member.column) } else { member.column.to_owned() };
        self.columns.push(Column { name, kind: column_type(&member.kind) });
        ColumnSource::Column(self.columns.len() - 1)
    }

    fn type_of(&self, item: &'static Structure, from: ValueFrom) -> Result<ColumnType, String> {
        let member = match from {
            ValueFrom::ParentId => return Ok(ColumnType::String),
            ValueFrom::Gathered(operation) => {
                self.detail(operation)?;
                return Ok(ColumnType::Json);
            }
            ValueFrom::Decoded(name) => item.member(name),
            ValueFrom::Context(place) => {
                let name = place.rsplit('.').next().unwrap_or(place);
                return self
                    .wanted
                    .carried()
                    .find(|member| member.name == name)
                    .map(|member| column_type(&member.kind))
                    .ok_or_else(|| format!("nothing around the items is called {place}"));
            }
            ValueFrom::Detail(operation, name) => self.detail(operation)?.wanted.item().member(name),
            ValueFrom::Parent(path) => {
                let parent = self.parent_entry()?.ok_or("it has no parent")?;
                return member_at(wanted(parent.operation, parent.items_path, &[])?.item(), path);
            }
        };
        member
            .map(|(_, member)| column_type(&member.kind))
            .ok_or_else(|| "the service model knows no such member".into())
    }

    fn detail(&self, operation: &str) -> Result<&TableDetail, String> {
        let found = self.details.iter().find(|detail| detail.detail.operation == operation);
        found.ok_or_else(|| format!("it does not ask {operation}"))
    }

    /// The resources that it is listed for, where it is.
    pub fn parents(&self) -> Option<Parents> {
        if let Source::Per(parents, _) = self.entry.source { Some(parents) } else { None }
    }

    /// The column that names the resource which a row was listed for.
    pub fn parent_column(&self) -> Option<&'static str> {
        self.entry
            .extra_columns
            .iter()
            .find(|added| matches!(added.from, ValueFrom::ParentId))
            .map(|added| added.column)
    }

    /// Whether a run can go on within a cell where another one's time ended. In regions it does not: an account that
    /// was never entered has no cells there to account for what was answered before.
    pub fn goes_on_by_parent(&self) -> bool {
        self.entry.reach == super::entry::Reach::Global && self.parent_column().is_some()
    }

    fn parent_entry(&self) -> Result<Option<&'static ResourceType>, String> {
        let Some(parents) = self.parents() else { return Ok(None) };
        let mut entries = ENTRIES.iter().flat_map(|types| types.iter());
        let found = entries.find(|entry| entry.table == parents.table);
        found.map(Some).ok_or_else(|| format!("its parent {} is not in the catalogue", parents.table))
    }

    /// Every IAM action that the type needs, its own listing's first, then all others in order: those of its
    /// details, and of the listing that its parents come from.
    pub fn actions(&self) -> Vec<&'static str> {
        let mut others: BTreeSet<&str> = self.entry.own_actions().into_iter().collect();
        if let Ok(Some(parent)) = self.parent_entry() {
            others.insert(parent.operation);
            others.extend(parent.actions);
        }
        others.remove(self.entry.operation);
        std::iter::once(self.entry.operation).chain(others).collect()
    }

    /// The members that are never carried, since AWS answers secrets in them (`Options.TunnelOptions.PreSharedKey`).
    pub fn secrets(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let items = self.details.iter().map(|detail| detail.wanted.item()).chain([self.wanted.item()]);
        items.for_each(|item| secrets_in(item, "", &mut Vec::new(), &mut found));
        found.into_iter().collect()
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
}

impl TableDetail {
    fn new(detail: &'static Detail) -> Result<Self, String> {
        let wanted = Arc::new(wanted(detail.operation, detail.items_path, &[])?);
        let fallback = detail.fallback.map(Self::new).transpose()?.map(Box::new);
        if !detail.key.is_empty() && wanted.item().member(detail.key).is_none() {
            return Err(format!("{}: no member {}", detail.operation, detail.key));
        }
        Ok(Self { detail, wanted, fallback })
    }

    /// The id of the resource that an item is about, where the items say so.
    pub fn subject<'a>(&self, item: &'a Item) -> Option<&'a str> {
        match self.wanted.item().member(self.detail.key).map(|(index, _)| &item.values[index]) {
            Some(Value::Text(id)) => Some(id),
            _ => None,
        }
    }
}

fn wanted(operation: &str, items: &str, around: &[&str]) -> Result<ItemSelector, String> {
    let shape = shapes::operation(operation).ok_or_else(|| format!("{operation}: run `make generate`"))?;
    ItemSelector::new(shape, items, around)
}

fn secrets_in(structure: &'static Structure, path: &str, above: &mut Vec<&'static str>, found: &mut BTreeSet<String>) {
    // A structure that holds itself has been looked through by then.
    if above.contains(&structure.name) {
        return;
    }
    above.push(structure.name);
    for member in structure.members {
        let here = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
        let mut kind = &member.kind;
        while let MemberKind::List(list) = kind {
            kind = &list.of;
        }
        match kind {
            MemberKind::Sensitive => drop(found.insert(here)),
            MemberKind::Structure(inner) => secrets_in(inner, &here, above, found),
            _ => {}
        }
    }
    above.pop();
}

/// The type of a member, or of one in a structure (`Config.PrivateZone`).
fn member_at(structure: &'static Structure, path: &str) -> Result<ColumnType, String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (_, member) = structure.member(first).ok_or_else(|| format!("{} has no member {first}", structure.name))?;
    match (rest, &member.kind) {
        (None, kind) => Ok(column_type(kind)),
        (Some(rest), MemberKind::Structure(inner)) => member_at(inner, rest),
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
        MemberKind::Structure(_) | MemberKind::List(_) => ColumnType::Json,
    }
}
