//! Turns an item into a record, and adds the responses of details to it.
//!
//! **Invariant:** knows neither pages nor errors.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{MemberTarget, Parent, Table, TableDetail};
use crate::catalogue::entry::{ArnForm, Id, MemberFilter, Owner, ValueFrom};
use crate::catalogue::octal;
use crate::decode::json::{append_list, write_member};
use crate::decode::shapes::MemberKind;
use crate::decode::{Item, UnknownMembers, Value, make_unique, tags_json};
use crate::inventory::{Location, Record};

impl Table {
    /// Turns an item into a record. `parent` is the resource that it was listed for.
    pub fn record(&self, item: Item, location: &Location, parent: Option<Parent<'_>>) -> Record {
        let id = self.id(&item, location, parent);
        let mut record = Record {
            id: id.clone().unwrap_or_default(),
            tags: item.tags,
            values: vec![Value::Missing; self.columns.len()],
            extra: (!item.extra.is_empty()).then(|| item.extra.to_object()),
            digest: Some(item.digest),
            ..Record::default()
        };
        for (column, from) in &self.extra_columns {
            record.values[*column] = match from {
                ValueFrom::Context(path) => self.context_value(path, &item.context).cloned().unwrap_or_default(),
                ValueFrom::ParentId => parent.map(|parent| Value::Text(parent.record.id.clone())).unwrap_or_default(),
                ValueFrom::Parent(path) => {
                    parent.map(|parent| parent.table.member_value(parent.record, path)).unwrap_or_default()
                }
                ValueFrom::Decoded(name) => match self.value(&item.values, name) {
                    Some(Value::Text(text)) => Value::Text(octal::decode(text)),
                    _ => Value::Missing,
                },
                ValueFrom::DetailMember(..) | ValueFrom::DetailItems(_) => Value::Missing,
            };
        }
        if let Owner::Context(path) = self.entry.owner
            && let Some(Value::Text(owner)) = self.context_value(path, &item.context)
        {
            record.owner_id = Some(owner.clone());
        }
        for (value, target) in item.values.into_iter().zip(&self.member_targets) {
            match (target, value) {
                (MemberTarget::Column(column), value) => record.values[*column] = value,
                (MemberTarget::Owner, Value::Text(owner)) => record.owner_id = Some(owner),
                (MemberTarget::ArnForm, Value::Text(arn)) => record.arn = Some(arn),
                _ => {}
            }
        }
        if let Owner::Member(paths) = self.entry.owner {
            record.owner_id = paths.iter().find_map(|path| self.text_member(&record, path));
        }
        if matches!(self.entry.owner, Owner::InArn) {
            let account = record.arn.as_deref().and_then(|arn| arn.split(':').nth(4));
            record.owner_id = account.filter(|account| !account.is_empty()).map(str::to_owned);
        }
        // A resource without a named owner belongs to the account that was asked.
        let owner = record.owner_id.get_or_insert_with(|| location.account_id.to_string()).clone();
        record.arn = record.arn.take().or_else(|| self.text_member(&record, self.entry.arn_member?));
        if record.arn.is_none() && id.is_some() {
            record.arn = self.arn(&record, location, &owner);
        }
        record
    }

    /// Adds an item of a detail's response to the record that it describes.
    pub fn add_detail(&self, record: &mut Record, detail: &TableDetail, item: Item) {
        let mut beside = Vec::new();
        for (column, from) in &self.extra_columns {
            let value = &mut record.values[*column];
            match from {
                ValueFrom::DetailMember(operation, path) if *operation == detail.entry.operation => {
                    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                    let Some((index, member)) = detail.selector.item().member(first) else { continue };
                    append(value, nested(&item.values[index], &member.kind, rest));
                    beside.extend(members_beside(&item.values[index], rest).map(|others| (member.name, others)));
                }
                ValueFrom::DetailItems(operation) if *operation == detail.entry.operation => {
                    append(value, Value::Json(format!("[{}]", item.json(detail.selector.item()))));
                }
                _ => {}
            }
        }
        record.digest = record.digest.map(|digest| digest.wrapping_add(item.digest));
        let mut extra = item.extra;
        beside.into_iter().for_each(|(name, others)| extra.push(name, others));
        if let Some(tags) = item.tags {
            let all = record.tags.get_or_insert_default();
            all.extend(tags);
            let replaced = make_unique(all);
            if !replaced.is_empty() {
                extra.push("Tags", tags_json(&replaced));
            }
        }
        // A column of whole items already has the unknown members.
        let has_items = |(_, from): &(usize, ValueFrom)| matches!(from, ValueFrom::DetailItems(operation) if *operation == detail.entry.operation);
        if !extra.is_empty() && !self.extra_columns.iter().any(has_items) {
            add_extra(record, detail.entry.operation, &extra);
        }
    }

    /// Whether a record passes a filter. Every record passes `None`. A record without a readable member passes: AWS is asked
    /// about it, and its answer is in the ledger.
    pub fn passes(&self, record: &Record, filter: Option<MemberFilter>) -> bool {
        filter.is_none_or(|filter| match self.member_value(record, filter.member) {
            Value::Boolean(is) => is == filter.is,
            _ => true,
        })
    }

    /// The regions that a member of a record lists by their `RegionName`, each once. The given region if it lists none, and if
    /// there is no such member.
    pub fn regions_of(&self, record: &Record, member: Option<&str>, otherwise: &str) -> Vec<String> {
        let listed = member.map(|member| self.member_value(record, member)).unwrap_or_default();
        let Value::Json(json) = listed else { return vec![otherwise.to_owned()] };
        let listed: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap_or_default();
        let mut regions: Vec<String> = Vec::new();
        for name in listed.iter().filter_map(|region| region["RegionName"].as_str()) {
            if !name.is_empty() && !regions.iter().any(|region| region == name) {
                regions.push(name.to_owned());
            }
        }
        if regions.is_empty() { vec![otherwise.to_owned()] } else { regions }
    }

    /// A member of a record, if it is an integer.
    pub fn integer_member(&self, record: &Record, member: &str) -> Option<i64> {
        if let Value::Integer(number) = self.member_value(record, member) { Some(number) } else { None }
    }

    fn id(&self, item: &Item, location: &Location, parent: Option<Parent<'_>>) -> Option<String> {
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
            Id::LastSegment(name) => text(name).map(|id| id.rsplit('/').next().unwrap_or(&id).to_owned()),
            Id::Joined(names) => joined(None, names),
            Id::UnderParent(names) => joined(parent.map(|parent| parent.record.id.clone()), names),
            Id::Account => Some(location.account_id.to_string()),
        }
    }

    fn arn(&self, record: &Record, location: &Location, owner: &str) -> Option<String> {
        let (partition, region, id) = (location.partition, &*location.region, &record.id);
        match self.entry.arn {
            ArnForm::None => None,
            ArnForm::Ec2(path) => {
                self.is_first_id(record).then(|| format!("arn:{partition}:ec2:{region}:{owner}:{path}{id}"))
            }
            ArnForm::Ec2Named(path, member) => {
                let name = self.text_member(record, member)?;
                Some(format!("arn:{partition}:ec2:{region}:{owner}:{path}{name}"))
            }
            ArnForm::Ec2InRegionOf(path, member) => {
                let member_region = self.text_member(record, member);
                Some(format!("arn:{partition}:ec2:{}:{owner}:{path}{id}", member_region.as_deref().unwrap_or(region)))
            }
            ArnForm::Ec2WithoutAccount(path) => Some(format!("arn:{partition}:ec2:{region}::{path}{id}")),
            ArnForm::Ec2WithoutRegion(path) => Some(format!("arn:{partition}:ec2::{owner}:{path}{id}")),
            ArnForm::Route53(path) => Some(format!("arn:{partition}:route53:::{path}{id}")),
            ArnForm::Of(service, path) => Some(format!("arn:{partition}:{service}:{region}:{owner}:{path}{id}")),
            ArnForm::WithoutRegion(service, path) => Some(format!("arn:{partition}:{service}::{owner}:{path}{id}")),
            ArnForm::ApiGateway(member) => {
                let name = self.text_member(record, member)?;
                Some(format!("arn:{partition}:apigateway:{region}::/domainnames/{name}"))
            }
            ArnForm::Bucket => Some(format!("arn:{partition}:s3:::{id}")),
            ArnForm::Account => Some(format!("arn:{partition}:iam::{}:root", location.account_id)),
        }
    }

    /// Whether the id comes from the first of the id members. ARNs are made of that one only.
    fn is_first_id(&self, record: &Record) -> bool {
        let Id::Member([first, ..]) = self.entry.id else { return true };
        matches!(self.member_value(record, first), Value::Text(text) if text == record.id)
    }

    fn value<'a>(&self, values: &'a [Value], name: &str) -> Option<&'a Value> {
        self.selector.item().member(name).and_then(|(index, _)| values.get(index))
    }

    fn context_value<'a>(&self, path: &str, context: &'a [Value]) -> Option<&'a Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        context.get(self.selector.context().position(|member| member.name == name)?)
    }

    /// A text in a record, or in a structure of it. An empty one counts as none.
    pub fn text_member(&self, record: &Record, path: &str) -> Option<String> {
        match self.member_value(record, path) {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A member of a record, or of a nested structure (`Config.PrivateZone`).
    fn member_value(&self, record: &Record, path: &str) -> Value {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let Some((index, member)) = self.selector.item().member(first) else { return Value::Missing };
        let MemberTarget::Column(column) = self.member_targets[index] else { return Value::Missing };
        nested(&record.values[column], &member.kind, rest)
    }
}

/// The member at a path within a value; the value itself if the path is empty.
fn nested(value: &Value, kind: &MemberKind, path: &str) -> Value {
    if path.is_empty() {
        return value.clone();
    }
    let (Value::Json(json), MemberKind::Structure(_)) = (value, kind) else { return Value::Missing };
    let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    match path.split('.').try_fold(&json, |here, name| here.get(name)) {
        Some(serde_json::Value::Bool(value)) => Value::Boolean(*value),
        Some(serde_json::Value::String(text)) => Value::Text(text.clone()),
        Some(serde_json::Value::Number(number)) => number.as_i64().map(Value::Integer).unwrap_or_default(),
        Some(other) => Value::Json(other.to_string()),
        None => Value::Missing,
    }
}

/// The members of a structure beside the one that fills a column, as JSON. `None` if there are none.
fn members_beside(value: &Value, name: &str) -> Option<String> {
    let Value::Json(json) = value else { return None };
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let is_nested = !name.is_empty() && members.remove(name).is_some();
    (is_nested && !members.is_empty()).then(|| serde_json::Value::from(members).to_string())
}

/// Adds the unknown members of a detail's response to `aws_extra`, under the name of the operation.
fn add_extra(record: &mut Record, operation: &str, members: &UnknownMembers) {
    let object = members.to_object();
    let mut out = "{".to_owned();
    let earlier: BTreeMap<String, Box<RawValue>> = match record.extra.as_deref().map(serde_json::from_str) {
        Some(Ok(earlier)) => earlier,
        // It was written here, so it is an object.
        Some(Err(_)) | None => BTreeMap::new(),
    };
    for (name, json) in &earlier {
        if name != operation {
            write_member(&mut out, name, |out| out.push_str(json.get()));
        }
    }
    // Responses of several pages are a list.
    write_member(&mut out, operation, |out| match earlier.get(operation).map(|json| json.get()) {
        None => out.push_str(&object),
        Some(pages) => {
            let mut list = if pages.starts_with('[') { pages.to_owned() } else { format!("[{pages}]") };
            append_list(&mut list, &format!("[{object}]"));
            out.push_str(&list);
        }
    });
    out.push('}');
    record.extra = Some(out);
}

/// Sets a column's value. A list is appended to the one of the page before.
fn append(column: &mut Value, value: Value) {
    match (column, value) {
        (_, Value::Missing) => {}
        (Value::Json(list), Value::Json(more)) if list.starts_with('[') && more.starts_with('[') => {
            append_list(list, &more);
        }
        (column, value) => *column = value,
    }
}
