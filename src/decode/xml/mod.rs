//! Turns the XML of an answer into rows, reading the bytes once.
//!
//! Guided by the shapes of the service model, so that nested values come out as the AWS CLI prints
//! them; members that the model does not know are kept under their wire names, and secrets end here.
//! What stands around the listed items (the paging members) is handed on to the SDK's own
//! deserialiser as a skeleton. Knows nothing of HTTP, of tables or of the run.

mod scan;
mod reader;

use crate::decode::json;
use crate::decode::shapes::{List, Member, MemberKind, Operation, Structure};
use crate::decode::value::Value;
use reader::{ItemReader, scalar};

/// The answer cannot be read as the XML that the operation answers with.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the answer is unreadable: {0}")]
pub struct DecodeError(pub String);

/// Which part of an answer becomes rows.
#[derive(Debug)]
pub struct ItemSelector {
    operation: &'static Operation,
    path: Vec<PathStep>,
    item: &'static Structure,
    carried: Vec<(usize, usize)>,
}

/// A step on the way from the answer to its items.
#[derive(Clone, Copy, Debug)]
struct PathStep {
    /// The member's place in its structure.
    member: usize,
    /// The tag of a list's elements; `None` where the member is one structure and no list.
    element: Option<&'static str>,
}

/// One listed item: a value for each member of its structure.
#[derive(Debug, Default, PartialEq)]
pub struct Item {
    /// In the order of the structure's members.
    pub values: Vec<Value>,
    /// The pairs of `Tags` or `TagSet`; `Tags` themselves are not repeated in `values`.
    pub tags: Option<Vec<(String, String)>>,
    /// Members that the model does not know, as the inside of a JSON object; empty where there are none.
    pub extra: String,
    /// The members asked for of the structures around it.
    pub carried: Vec<Value>,
}

impl Item {
    /// The whole item as JSON, as the AWS CLI prints it.
    pub fn json(&self, structure: &'static Structure) -> String {
        let mut out = "{".to_owned();
        for (member, value) in structure.members.iter().zip(&self.values) {
            if *value != Value::Missing {
                json::member(&mut out, member.name, |out| value.write_json(out));
            }
        }
        if let Some(tags) = &self.tags {
            let pairs: Vec<_> =
                tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect();
            json::member(&mut out, "Tags", |out| out.push_str(&serde_json::Value::from(pairs).to_string()));
        }
        if !self.extra.is_empty() {
            json::separate(&mut out, '{');
            out.push_str(&self.extra);
        }
        out.push('}');
        out
    }
}

/// An answer, read.
#[derive(Debug, PartialEq)]
pub struct DecodedBody {
    /// The listed items.
    pub items: Vec<Item>,
    /// The document without them, for the SDK's deserialiser.
    pub skeleton: Vec<u8>,
    /// Unknown members that were dropped because they stood beside secrets.
    pub dropped: u64,
}

impl ItemSelector {
    /// The items at `path` (AWS's member names from the answer down, joined by dots; empty for the
    /// answer itself), with `carried` members of the structures on the way (`Reservations.OwnerId`).
    ///
    /// Fails with a sentence if the service model has no such thing.
    pub fn new(operation: &'static Operation, path: &str, carried: &[&str]) -> Result<Self, String> {
        let mut levels = vec![operation.output];
        let mut steps = Vec::new();
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let here = levels[levels.len() - 1];
            let (index, member) =
                here.member(name).ok_or_else(|| format!("{}: {} has no member {name}", operation.name, here.name))?;
            let (element, of) =
                inside(&member.kind).ok_or_else(|| format!("{}: {name} holds no structures", operation.name))?;
            steps.push(PathStep { member: index, element });
            levels.push(of);
        }
        let mut places = Vec::new();
        for place in carried {
            let (around, name) = place.rsplit_once('.').unwrap_or(("", place));
            let depth = around.split('.').filter(|name| !name.is_empty()).count();
            let level = levels.get(depth).ok_or_else(|| format!("{}: no {place} around the items", operation.name))?;
            let (index, _) = level.member(name).ok_or_else(|| format!("{}: no {place}", operation.name))?;
            places.push((depth, index));
        }
        Ok(Self { operation, path: steps, item: levels[levels.len() - 1], carried: places })
    }

    /// The structure of an item.
    pub fn item(&self) -> &'static Structure {
        self.item
    }

    /// The carried members, in the order in which they were asked for.
    pub fn carried(&self) -> impl Iterator<Item = &'static Member> + '_ {
        self.carried.iter().map(|(depth, index)| &self.level(*depth).members[*index])
    }

    fn level(&self, depth: usize) -> &'static Structure {
        self.path[..depth].iter().fold(self.operation.output, |level, step| {
            inside(&level.members[step.member].kind).map_or(level, |(_, of)| of)
        })
    }
}

fn inside(kind: &'static MemberKind) -> Option<(Option<&'static str>, &'static Structure)> {
    match kind {
        MemberKind::Structure(of) => Some((None, of)),
        MemberKind::List(List { item, flattened: false, of: MemberKind::Structure(of) }) => Some((Some(item), of)),
        _ => None,
    }
}

/// Reads a whole answer. Nothing of a broken answer counts, so there is no half a page.
pub fn decode(body: &[u8], wanted: &ItemSelector) -> Result<DecodedBody, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError("it is not UTF-8".into()))?;
    let mut walk = Decoder { reader: ItemReader::new(text), wanted, items: Vec::new(), cut: None };
    walk.reader.root(wanted.operation.wrapper)?;
    if wanted.path.is_empty() {
        let item = walk.item(wanted.operation.output)?;
        walk.items.push(item);
    } else {
        let mut carried = vec![Value::Missing; wanted.carried.len()];
        walk.level(0, &mut carried)?;
    }
    walk.reader.rest_of_document()?;
    let skeleton = match walk.cut {
        Some((from, to)) => [&body[..from], &body[to..]].concat(),
        None => body.to_vec(),
    };
    Ok(DecodedBody { items: walk.items, skeleton, dropped: walk.reader.dropped })
}

struct Decoder<'a> {
    reader: ItemReader<'a>,
    wanted: &'a ItemSelector,
    items: Vec<Item>,
    cut: Option<(usize, usize)>,
}

impl Decoder<'_> {
    /// Reads a structure on the way down to the items, up to its end tag.
    fn level(&mut self, depth: usize, carried: &mut Vec<Value>) -> Result<(), DecodeError> {
        let structure = self.wanted.level(depth);
        let step = self.wanted.path[depth];
        let first = self.items.len();
        while let Some(tag) = self.reader.next_child()? {
            if tag == structure.members[step.member].wire {
                let Some(element) = step.element else {
                    self.descend(depth, carried)?;
                    continue;
                };
                let from = self.reader.position();
                while let Some(child) = self.reader.next_child()? {
                    if child == element { self.descend(depth, carried)? } else { self.reader.skip()? }
                }
                if depth == 0 {
                    self.cut = Some((from, self.reader.position_before()));
                }
            } else if let Some((place, member)) = self.carried_here(depth, structure, tag) {
                carried[place] = self.value(&member.kind, structure.secret)?.unwrap_or_default();
            } else {
                self.reader.skip()?;
            }
        }
        // A carried member may stand after the list that it belongs to, and must not leak into the next one.
        for (place, (at, _)) in self.wanted.carried.iter().enumerate() {
            if *at == depth {
                let value = std::mem::take(&mut carried[place]);
                for item in &mut self.items[first..] {
                    item.carried[place] = value.clone();
                }
            }
        }
        Ok(())
    }

    fn descend(&mut self, depth: usize, carried: &mut Vec<Value>) -> Result<(), DecodeError> {
        if depth + 1 < self.wanted.path.len() {
            return self.level(depth + 1, carried);
        }
        let mut item = self.item(self.wanted.item)?;
        item.carried = carried.clone();
        self.items.push(item);
        Ok(())
    }

    fn carried_here(&self, depth: usize, structure: &'static Structure, tag: &str) -> Option<(usize, &'static Member)> {
        self.wanted.carried.iter().enumerate().find_map(|(place, (at, index))| {
            let member = &structure.members.get(*index)?;
            (*at == depth && member.wire == tag).then_some((place, *member))
        })
    }

    /// Reads one item up to its end tag.
    fn item(&mut self, structure: &'static Structure) -> Result<Item, DecodeError> {
        let mut item = Item { values: vec![Value::Missing; structure.members.len()], ..Item::default() };
        let mut guess = 0;
        while let Some(tag) = self.reader.next_child()? {
            let Some(index) = reader::find(structure, tag, &mut guess) else {
                // EC2 puts it into every answer; it says nothing of what is listed.
                if self.wanted.path.is_empty() && tag == "requestId" {
                    self.reader.skip()?;
                } else {
                    self.reader.unknown_member(tag, structure.secret, &mut item.extra)?;
                }
                continue;
            };
            let member = &structure.members[index];
            if let MemberKind::List(list) = &member.kind
                && list.flattened
            {
                self.flattened(&mut item.values[index], &list.of, structure.secret)?;
            } else if is_tags(member) {
                item.tags = Some(self.reader.tags()?);
            } else {
                match self.value(&member.kind, structure.secret)? {
                    Ok(value) => item.values[index] = value,
                    Err(raw) => json::member(&mut item.extra, member.wire, |out| json::string(out, &raw)),
                }
                if member.name == "TagSet"
                    && let Value::Json(json) = &item.values[index]
                {
                    item.tags = Some(pairs(json));
                }
            }
        }
        Ok(item)
    }

    /// Reads a member's value up to its end tag; a scalar that is not of its type comes back as its text.
    fn value(&mut self, kind: &'static MemberKind, secret: bool) -> Result<Result<Value, String>, DecodeError> {
        let value = match kind {
            MemberKind::Sensitive => {
                self.reader.skip()?;
                Value::Missing
            }
            MemberKind::Structure(_) | MemberKind::List(_) => {
                let mut json = String::new();
                self.reader.json(kind, secret, &mut json)?;
                Value::Json(json)
            }
            MemberKind::Text => Value::Text(self.reader.text()?.into_owned()),
            _ => {
                let text = self.reader.text()?;
                return Ok(scalar(kind, &text).ok_or_else(|| text.into_owned()));
            }
        };
        Ok(Ok(value))
    }

    fn flattened(&mut self, into: &mut Value, of: &'static MemberKind, secret: bool) -> Result<(), DecodeError> {
        let mut json = match std::mem::take(into) {
            Value::Json(mut json) => {
                json.pop();
                json.push(',');
                json
            }
            _ => "[".to_owned(),
        };
        self.reader.json(of, secret, &mut json)?;
        json.push(']');
        *into = Value::Json(json);
        Ok(())
    }
}

/// A text with its references resolved; `None` where one is unknown.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    scan::decoded(text).ok().map(|text| text.into_owned())
}

/// A member whose pairs feed the `tags` column alone.
pub(crate) fn is_tags(member: &Member) -> bool {
    let pair = |of: &MemberKind| matches!(of, MemberKind::Structure(of) if of.member("Key").is_some() && of.member("Value").is_some());
    member.name == "Tags" && matches!(&member.kind, MemberKind::List(list) if pair(&list.of))
}

fn pairs(json: &str) -> Vec<(String, String)> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Pair {
        key: String,
        #[serde(default)]
        value: String,
    }
    let pairs: Vec<Pair> = serde_json::from_str(json).unwrap_or_default();
    pairs.into_iter().map(|pair| (pair.key, pair.value)).collect()
}

#[cfg(test)]
mod tests;
