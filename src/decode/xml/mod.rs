//! Decodes the XML of a response into rows, in one pass over its bytes.
//!
//! The shapes of the service model guide it, so nested values have the form that the AWS CLI prints. Members that
//! the model does not know keep their names on the wire. Sensitive members are dropped here. What encloses the listed
//! items (the paging members) is returned as a skeleton for the SDK's own deserialiser.
//!
//! **Invariant:** knows nothing of HTTP, of tables or of runs.

mod scan;
mod reader;
mod selector;

use crate::decode::json;
use crate::decode::shapes::{Member, MemberKind, Structure};
use crate::decode::value::Value;
use reader::{ItemReader, scalar};
pub(crate) use selector::ItemSelector;

/// The response is not the XML that its operation returns.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the response cannot be decoded: {0}")]
pub struct DecodeError(pub String);

/// One listed item: a value for each member of its structure.
#[derive(Debug, Default, PartialEq)]
pub struct Item {
    /// In the order of the structure's members.
    pub values: Vec<Value>,
    /// The pairs of `Tags` or `TagSet`. `Tags` themselves are not repeated in `values`.
    pub tags: Option<Vec<(String, String)>>,
    /// Members that the model does not know, as the inside of a JSON object; empty if there are none.
    pub extra: String,
    /// The selector's context members.
    pub context: Vec<Value>,
}

impl Item {
    /// The whole item as the JSON that the AWS CLI prints.
    pub fn json(&self, structure: &'static Structure) -> String {
        let mut out = "{".to_owned();
        for (member, value) in structure.members.iter().zip(&self.values) {
            if *value != Value::Missing {
                json::write_member(&mut out, member.name, |out| value.write_json(out));
            }
        }
        if let Some(tags) = &self.tags {
            let pairs: Vec<_> =
                tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect();
            json::write_member(&mut out, "Tags", |out| out.push_str(&serde_json::Value::from(pairs).to_string()));
        }
        if !self.extra.is_empty() {
            json::write_comma(&mut out, '{');
            out.push_str(&self.extra);
        }
        out.push('}');
        out
    }
}

/// The content of a decoded response.
#[derive(Debug, PartialEq)]
pub struct DecodedBody {
    pub items: Vec<Item>,
    /// The document without its items, for the SDK's deserialiser.
    pub skeleton: Vec<u8>,
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
}

/// Decodes a whole response. A malformed one yields an error and no items, so no page counts by half.
pub fn decode(body: &[u8], selector: &ItemSelector) -> Result<DecodedBody, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError("it is not UTF-8".into()))?;
    let mut decoder = Decoder { reader: ItemReader::new(text), selector, items: Vec::new(), items_range: None };
    decoder.reader.enter_response(selector.operation().wrapper)?;
    if selector.path.is_empty() {
        let item = decoder.read_item(selector.operation().output)?;
        decoder.items.push(item);
    } else {
        let mut context = vec![Value::Missing; selector.context.len()];
        decoder.read_level(0, &mut context)?;
    }
    decoder.reader.read_to_end()?;
    let skeleton = match decoder.items_range {
        Some((from, to)) => [&body[..from], &body[to..]].concat(),
        None => body.to_vec(),
    };
    Ok(DecodedBody { items: decoder.items, skeleton, dropped: decoder.reader.dropped })
}

struct Decoder<'a> {
    reader: ItemReader<'a>,
    selector: &'a ItemSelector,
    items: Vec<Item>,
    /// The bytes between the tags of the outermost list.
    items_range: Option<(usize, usize)>,
}

impl Decoder<'_> {
    /// Reads a structure on the path to the items, up to its end tag.
    fn read_level(&mut self, depth: usize, context: &mut Vec<Value>) -> Result<(), DecodeError> {
        let structure = self.selector.structure_at(depth);
        let step = self.selector.path[depth];
        let first_item = self.items.len();
        while let Some(tag) = self.reader.next_child()? {
            if tag == structure.members[step.member].wire {
                let Some(element) = step.element else {
                    self.descend(depth, context)?;
                    continue;
                };
                let from = self.reader.position();
                while let Some(child) = self.reader.next_child()? {
                    if child == element { self.descend(depth, context)? } else { self.reader.skip()? }
                }
                if depth == 0 {
                    self.items_range = Some((from, self.reader.position_before()));
                }
            } else if let Some((position, member)) = self.context_member(depth, structure, tag) {
                context[position] = self.read_value(&member.kind, structure.secret)?.unwrap_or_default();
            } else {
                self.reader.skip()?;
            }
        }
        // A context member may follow the list that it belongs to. It must not leak into the next structure.
        for (position, member) in self.selector.context.iter().enumerate() {
            if member.depth == depth {
                let value = std::mem::take(&mut context[position]);
                for item in &mut self.items[first_item..] {
                    item.context[position] = value.clone();
                }
            }
        }
        Ok(())
    }

    fn descend(&mut self, depth: usize, context: &mut Vec<Value>) -> Result<(), DecodeError> {
        if depth + 1 < self.selector.path.len() {
            return self.read_level(depth + 1, context);
        }
        let mut item = self.read_item(self.selector.item())?;
        item.context = context.clone();
        self.items.push(item);
        Ok(())
    }

    /// Finds the context member with this tag in a structure on the path.
    fn context_member(
        &self,
        depth: usize,
        structure: &'static Structure,
        tag: &str,
    ) -> Option<(usize, &'static Member)> {
        self.selector.context.iter().enumerate().find_map(|(position, context)| {
            let member = &structure.members.get(context.member)?;
            (context.depth == depth && member.wire == tag).then_some((position, *member))
        })
    }

    /// Reads one item up to its end tag.
    fn read_item(&mut self, structure: &'static Structure) -> Result<Item, DecodeError> {
        let mut item = Item { values: vec![Value::Missing; structure.members.len()], ..Item::default() };
        let mut previous = 0;
        while let Some(tag) = self.reader.next_child()? {
            let Some(index) = reader::find_member(structure, tag, &mut previous) else {
                // EC2 adds it to every response. It is no property of the listed resource.
                if self.selector.path.is_empty() && tag == "requestId" {
                    self.reader.skip()?;
                } else {
                    self.reader.read_unknown_member(tag, structure.secret, &mut item.extra)?;
                }
                continue;
            };
            let member = &structure.members[index];
            if let MemberKind::List(list) = &member.kind
                && list.flattened
            {
                self.append_element(&mut item.values[index], &list.of, structure.secret)?;
            } else if is_tags(member) {
                item.tags = Some(self.reader.read_tags()?);
            } else {
                match self.read_value(&member.kind, structure.secret)? {
                    Ok(value) => item.values[index] = value,
                    Err(raw) => json::write_member(&mut item.extra, member.wire, |out| json::write_string(out, &raw)),
                }
                if member.name == "TagSet"
                    && let Value::Json(json) = &item.values[index]
                {
                    item.tags = Some(tag_pairs(json));
                }
            }
        }
        Ok(item)
    }

    /// Reads a member's value up to its end tag. The inner error is the text of a scalar that is not of its type.
    fn read_value(&mut self, kind: &'static MemberKind, secret: bool) -> Result<Result<Value, String>, DecodeError> {
        let value = match kind {
            MemberKind::Sensitive => {
                self.reader.skip()?;
                Value::Missing
            }
            MemberKind::Structure(_) | MemberKind::List(_) => {
                let mut json = String::new();
                self.reader.read_json(kind, secret, &mut json)?;
                Value::Json(json)
            }
            MemberKind::Text => Value::Text(self.reader.read_text()?.into_owned()),
            _ => {
                let text = self.reader.read_text()?;
                return Ok(scalar(kind, &text).ok_or_else(|| text.into_owned()));
            }
        };
        Ok(Ok(value))
    }

    /// Appends an element to a flattened list, whose elements have no tag around them.
    fn append_element(&mut self, list: &mut Value, of: &'static MemberKind, secret: bool) -> Result<(), DecodeError> {
        let mut json = match std::mem::take(list) {
            Value::Json(mut json) => {
                json.pop();
                json.push(',');
                json
            }
            _ => "[".to_owned(),
        };
        self.reader.read_json(of, secret, &mut json)?;
        json.push(']');
        *list = Value::Json(json);
        Ok(())
    }
}

/// Resolves the XML references of a text. `None` if one is unknown.
pub(crate) fn unescape(text: &str) -> Option<String> {
    scan::resolve_references(text).ok().map(|text| text.into_owned())
}

/// Whether the member's pairs go into the `tags` column only.
pub(crate) fn is_tags(member: &Member) -> bool {
    let is_pair = |of: &MemberKind| matches!(of, MemberKind::Structure(of) if of.member("Key").is_some() && of.member("Value").is_some());
    member.name == "Tags" && matches!(&member.kind, MemberKind::List(list) if is_pair(&list.of))
}

fn tag_pairs(json: &str) -> Vec<(String, String)> {
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
