//! How an item becomes a record, and what details add to it. It knows nothing of pages, nor of what went wrong.

use super::{
    Arn, ColumnSource, Id, Item, MemberFilter, Owner, Record, RowContext, Table, TableDetail, Value, ValueFrom, octal,
};
use crate::decode::shapes::MemberKind;

impl Table {
    /// Makes a record of an item.
    pub fn record(&self, item: Item, row: RowContext<'_>) -> Record {
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
                ValueFrom::Context(place) => self.around(place, &item.carried).cloned().unwrap_or_default(),
                ValueFrom::ParentId => {
                    row.parent.map(|parent| Value::Text(parent.record.id.clone())).unwrap_or_default()
                }
                ValueFrom::Parent(path) => {
                    row.parent.map(|parent| parent.table.inside(parent.record, path)).unwrap_or_default()
                }
                ValueFrom::Decoded(name) => match self.value(&item.values, name) {
                    Some(Value::Text(text)) => Value::Text(octal::decode(text)),
                    _ => Value::Missing,
                },
                ValueFrom::Detail(..) | ValueFrom::Gathered(_) => Value::Missing,
            };
        }
        if let Owner::Context(place) = self.entry.owner
            && let Some(Value::Text(owner)) = self.around(place, &item.carried)
        {
            record.owner_id = Some(owner.clone());
        }
        for (value, slot) in item.values.into_iter().zip(&self.slots) {
            match (slot, value) {
                (ColumnSource::Column(column), value) => record.values[*column] = value,
                (ColumnSource::Owner, Value::Text(owner)) => record.owner_id = Some(owner),
                (ColumnSource::Arn, Value::Text(arn)) => record.arn = Some(arn),
                _ => {}
            }
        }
        if let Owner::Member(paths) = self.entry.owner {
            record.owner_id = paths.iter().find_map(|path| self.text_inside(&record, path));
        }
        // What AWS names no owner of belongs to the account that was asked.
        let owner = record.owner_id.get_or_insert_with(|| row.account_id.to_owned()).clone();
        record.arn = record.arn.take().or_else(|| self.text_inside(&record, self.entry.arn_member?));
        if record.arn.is_none() && id.is_some() {
            record.arn = self.arn(&record, row, &owner);
        }
        record
    }

    /// Adds a detail's answer to the record that it is about.
    pub fn add_detail(&self, record: &mut Record, detail: &TableDetail, item: Item) {
        for (column, from) in &self.added {
            let place = &mut record.values[*column];
            match from {
                ValueFrom::Detail(operation, name) if *operation == detail.detail.operation => {
                    if let Some((index, _)) = detail.wanted.item().member(name) {
                        append(place, item.values[index].clone());
                    }
                }
                ValueFrom::Gathered(operation) if *operation == detail.detail.operation => {
                    append(place, Value::Json(format!("[{}]", item.json(detail.wanted.item()))));
                }
                _ => {}
            }
        }
        if let Some(tags) = item.tags {
            record.tags = Some(tags);
        }
        let gathered = |(_, from): &(usize, ValueFrom)| matches!(from, ValueFrom::Gathered(operation) if *operation == detail.detail.operation);
        if !item.extra.is_empty() && !self.added.iter().any(gathered) {
            add_extra(record, detail.detail.operation, &item.extra);
        }
    }

    /// Whether something is asked of a resource.
    pub fn holds(&self, record: &Record, only: Option<MemberFilter>) -> bool {
        only.is_none_or(|only| matches!(self.inside(record, only.member), Value::Boolean(true)) == only.is)
    }

    /// A record's member that is a whole number.
    pub fn integer(&self, record: &Record, member: &str) -> Option<i64> {
        if let Value::Integer(number) = self.inside(record, member) { Some(number) } else { None }
    }

    fn id(&self, item: &Item, row: RowContext<'_>) -> Option<String> {
        let text = |name: &str| match self.value(&item.values, name) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let joined = |first: Option<String>, names: &[&str]| {
            let parts: Vec<String> = first.into_iter().chain(names.iter().filter_map(|name| text(name))).collect();
            (!parts.is_empty()).then(|| parts.join("/"))
        };
        match self.entry.id {
            Id::Member(names) => names.iter().find_map(|name| text(name)),
            Id::Bare(name) => text(name).map(|id| id.rsplit('/').next().unwrap_or(&id).to_owned()),
            Id::Joined(names) => joined(None, names),
            Id::UnderParent(names) => joined(row.parent.map(|parent| parent.record.id.clone()), names),
            Id::Account => Some(row.account_id.to_owned()),
        }
    }

    fn arn(&self, record: &Record, row: RowContext<'_>, owner: &str) -> Option<String> {
        let (partition, region, id) = (row.partition, row.region, &record.id);
        match self.entry.arn {
            Arn::None => None,
            Arn::Ec2(path) => {
                self.is_first_id(record).then(|| format!("arn:{partition}:ec2:{region}:{owner}:{path}{id}"))
            }
            Arn::Ec2Named(path, member) => {
                let name = self.text_inside(record, member)?;
                Some(format!("arn:{partition}:ec2:{region}:{owner}:{path}{name}"))
            }
            Arn::Ec2Of(path, member) => {
                let told = self.text_inside(record, member);
                Some(format!("arn:{partition}:ec2:{}:{owner}:{path}{id}", told.as_deref().unwrap_or(region)))
            }
            Arn::Ec2Unowned(path) => Some(format!("arn:{partition}:ec2:{region}::{path}{id}")),
            Arn::Ec2Everywhere(path) => Some(format!("arn:{partition}:ec2::{owner}:{path}{id}")),
            Arn::Route53(path) => Some(format!("arn:{partition}:route53:::{path}{id}")),
            Arn::Account => Some(format!("arn:{partition}:iam::{}:root", row.account_id)),
        }
    }

    /// Whether the id is of the member that ARNs are made of, and not of one that stands in for it.
    fn is_first_id(&self, record: &Record) -> bool {
        let Id::Member([first, ..]) = self.entry.id else { return true };
        matches!(self.inside(record, first), Value::Text(text) if text == record.id)
    }

    fn value<'a>(&self, values: &'a [Value], name: &str) -> Option<&'a Value> {
        self.wanted.item().member(name).and_then(|(index, _)| values.get(index))
    }

    fn around<'a>(&self, place: &str, carried: &'a [Value]) -> Option<&'a Value> {
        let name = place.rsplit('.').next().unwrap_or(place);
        carried.get(self.wanted.carried().position(|member| member.name == name)?)
    }

    fn text_inside(&self, record: &Record, path: &str) -> Option<String> {
        match self.inside(record, path) {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A member of a record, or of a structure in it.
    fn inside(&self, record: &Record, path: &str) -> Value {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let Some((index, member)) = self.wanted.item().member(first) else { return Value::Missing };
        let ColumnSource::Column(column) = self.slots[index] else { return Value::Missing };
        let value = &record.values[column];
        if rest.is_empty() {
            return value.clone();
        }
        let (Value::Json(json), MemberKind::Structure(_)) = (value, &member.kind) else { return Value::Missing };
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

/// Keeps what a detail's answer has and the service model does not know, under the operation's name.
fn add_extra(record: &mut Record, operation: &str, members: &str) {
    let read =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let mut extra = record.extra.as_deref().map(read).unwrap_or_default();
    let told = extra.entry(operation).or_insert_with(|| serde_json::json!({}));
    if let Some(told) = told.as_object_mut() {
        told.extend(read(&format!("{{{members}}}")));
    }
    record.extra = Some(serde_json::Value::from(extra).to_string());
}

/// Puts a value in its place; a list goes on where the page before has left it.
fn append(place: &mut Value, value: Value) {
    match (place, value) {
        (_, Value::Missing) => {}
        (Value::Json(list), Value::Json(more)) if list.starts_with('[') && more.starts_with('[') => {
            if more != "[]" {
                list.pop();
                list.push_str(if list.len() > 1 { "," } else { "" });
                list.push_str(&more[1..]);
            }
        }
        (place, value) => *place = value,
    }
}
