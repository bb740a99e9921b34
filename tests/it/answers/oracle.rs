//! Reads a response as botocore does, with quick-xml and without regard to speed: a second implementation of the decoder.

use quick_xml::events::Event;
use rolecall::testing::shapes::{Member, MemberKind, Operation, Structure};
use serde_json::{Map, Value, json};

/// An element with its local name, its text up to its first child, and its children.
#[derive(Clone, Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// Returns the items at a path, as the AWS CLI prints them. `None` if the document is not well-formed, or lacks the element
/// that has everything else in the query protocol.
pub(super) fn items(document: &str, of: &Operation, path: &str) -> Option<Vec<Value>> {
    let root = parse(document)?;
    let content = match of.wrapper {
        "" => &root,
        wrapper => root.children.iter().find(|child| child.name == wrapper)?,
    };
    let mut level = vec![(content, of.output)];
    for name in path.split('.') {
        let mut next = Vec::new();
        for (element, structure) in level {
            for name in name.split('|') {
                let (_, member) = structure.member(name)?;
                let MemberKind::List(list) = &member.kind else { return None };
                let MemberKind::Structure(inner) = &list.of else { return None };
                let lists = element.children.iter().filter(|child| child.name == member.wire);
                next.extend(lists.flat_map(|list| &list.children).map(|child| (child, *inner)));
            }
        }
        level = next;
    }
    Some(level.into_iter().map(|(element, structure)| read_structure(element, structure)).collect())
}

fn parse(document: &str) -> Option<Element> {
    let mut reader = quick_xml::Reader::from_str(document.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::default()];
    loop {
        let (text, depth) = match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
                continue;
            }
            Event::End(_) => {
                let closed = open.pop()?;
                open.last_mut()?.children.push(closed);
                continue;
            }
            Event::Text(part) => (part.xml10_content().into_owned(), open.len()),
            Event::CData(part) => (part.xml10_content().into_owned(), open.len()),
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())?.to_owned(),
                };
                (text, open.len())
            }
            Event::Eof => break,
            _ => continue,
        };
        let element = &mut open[depth - 1];
        if element.children.is_empty() {
            element.text.push_str(&text);
        }
    }
    let mut document = open.pop()?;
    (open.is_empty() && document.children.len() == 1).then(|| document.children.remove(0))
}

fn read_structure(element: &Element, structure: &'static Structure) -> Value {
    let mut object = Map::new();
    for member in structure.members {
        let found: Vec<&Element> = element.children.iter().filter(|child| child.name == member.wire).collect();
        if !found.is_empty()
            && let Some(value) = read_member(&found, member)
        {
            object.insert(member.name.into(), value);
        }
    }
    object.into()
}

fn read_member(found: &[&Element], member: &'static Member) -> Option<Value> {
    match &member.kind {
        MemberKind::List(list) if list.flattened => Some(found.iter().map(|child| read(child, &list.of)).collect()),
        MemberKind::List(list) => {
            Some(found.iter().flat_map(|list| &list.children).map(|child| read(child, &list.of)).collect())
        }
        MemberKind::Sensitive => None,
        kind => Some(read(found[0], kind)),
    }
}

fn read(element: &Element, kind: &'static MemberKind) -> Value {
    let text = element.text.as_str();
    match kind {
        MemberKind::Structure(structure) => read_structure(element, structure),
        MemberKind::List(list) => element.children.iter().map(|child| read(child, &list.of)).collect(),
        MemberKind::Boolean => json!(text.trim() == "true"),
        MemberKind::Integer => json!(text.trim().parse::<i64>().expect("an integer")),
        MemberKind::Double => json!(text.trim().parse::<f64>().expect("a number")),
        // A time that is none stays as it is.
        MemberKind::Timestamp => {
            text.trim().parse::<jiff::Timestamp>().map_or_else(|_| json!(text), |time| json!(time.to_string()))
        }
        MemberKind::Text | MemberKind::TagMap | MemberKind::Sensitive => json!(text),
    }
}

/// Asserts that all of the one is in the other, which may have more members.
pub(super) fn assert_within(what: &str, expected: &Value, actual: &Value) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                let found = actual.get(name).unwrap_or_else(|| panic!("{what}: {name} is missing in {actual:?}"));
                assert_within(what, value, found);
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            assert_eq!(expected.len(), actual.len(), "{what}");
            expected.iter().zip(actual).for_each(|(expected, actual)| assert_within(what, expected, actual));
        }
        _ => assert_eq!(expected, actual, "{what}"),
    }
}
