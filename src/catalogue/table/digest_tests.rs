//! Digests of responses that fill every member of every type, in many variants.

use crate::catalogue::{Catalogue, Table};
use crate::decode::shapes::{self, Member, MemberKind, Operation, Structure};
use crate::decode::{ItemSelector, decode, is_tags};

/// What is written differently.
#[derive(Clone, Copy, Default)]
struct Variant {
    /// The number of the leaf with another text.
    changed: Option<usize>,
    /// Whether the elements of lists and the members of structures come in the opposite order.
    is_reversed: bool,
}

/// Writes items with every member filled, as XML or as JSON: each list has two elements, and each leaf a text of its own.
struct ItemWriter {
    is_json: bool,
    variant: Variant,
    leaves: usize,
    /// The paths of the leaves, by AWS's names.
    paths: Vec<String>,
}

impl ItemWriter {
    fn new(is_json: bool, variant: Variant) -> Self {
        Self { is_json, variant, leaves: 0, paths: Vec::new() }
    }

    /// The members of a structure: JSON's with braces, XML's without a tag around them.
    fn structure(&mut self, structure: &'static Structure, path: &str, around: &mut Vec<&'static str>) -> String {
        let mut parts: Vec<String> = Vec::new();
        // A structure may contain itself.
        if !around.contains(&structure.name) {
            around.push(structure.name);
            parts.extend(structure.members.iter().map(|member| self.part(member, path, around)));
            around.pop();
        }
        if self.variant.is_reversed {
            parts.reverse();
        }
        if self.is_json { format!("{{{}}}", parts.join(",")) } else { parts.concat() }
    }

    /// One member with its name.
    fn part(&mut self, member: &'static Member, path: &str, around: &mut Vec<&'static str>) -> String {
        let path = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
        match &member.kind {
            MemberKind::List(list) if list.flattened => self.elements(&list.of, member.wire, &path, around),
            kind => {
                let value = self.value(kind, &path, around);
                self.named(member.wire, &value)
            }
        }
    }

    fn named(&self, name: &str, value: &str) -> String {
        if self.is_json { format!("\"{name}\":{value}") } else { format!("<{name}>{value}</{name}>") }
    }

    fn value(&mut self, kind: &'static MemberKind, path: &str, around: &mut Vec<&'static str>) -> String {
        match kind {
            MemberKind::Structure(structure) => self.structure(structure, path, around),
            MemberKind::List(list) => self.elements(&list.of, list.item, path, around),
            MemberKind::TagMap => format!("{{{}}}", self.named("key", "\"value\"")),
            kind => self.leaf(kind, path),
        }
    }

    fn elements(&mut self, kind: &'static MemberKind, tag: &str, path: &str, around: &mut Vec<&'static str>) -> String {
        let mut elements: Vec<String> = (0..2).map(|_| self.value(kind, path, around)).collect();
        if self.variant.is_reversed {
            elements.reverse();
        }
        if self.is_json {
            return format!("[{}]", elements.join(","));
        }
        elements.iter().map(|element| self.named(tag, element)).collect()
    }

    fn leaf(&mut self, kind: &MemberKind, path: &str) -> String {
        let number = self.leaves;
        self.leaves += 1;
        self.paths.push(path.to_owned());
        let other = usize::from(self.variant.changed == Some(number));
        let text = match kind {
            MemberKind::Boolean => return (number + other).is_multiple_of(2).to_string(),
            MemberKind::Integer => return (number * 2 + other).to_string(),
            MemberKind::Double => return format!("{}.5", number * 2 + other),
            MemberKind::Timestamp => format!("2026-11-2{}T02:{:02}:00.000Z", 1 + other, number % 60),
            _ => format!("text {number}{}", if other == 1 { " changed" } else { "" }),
        };
        if self.is_json { format!("\"{text}\"") } else { text }
    }
}

/// The digest of one filled item of a listing or of a detail, and the paths of its leaves.
fn digest(selector: &ItemSelector, operation: &'static Operation, path: &str, variant: Variant) -> (u64, Vec<String>) {
    let mut writer = ItemWriter::new(operation.is_json(), variant);
    let mut text = writer.structure(selector.item(), "", &mut Vec::new());
    let mut structure = operation.output;
    // Each member on the path, with the tag of its elements if it is a list.
    let mut steps = Vec::new();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let (_, member) = structure.member(name.split('|').next().unwrap()).unwrap();
        let (item, inner) = match &member.kind {
            MemberKind::List(list) => (Some(list.item), &list.of),
            kind => (None, kind),
        };
        let MemberKind::Structure(inner) = inner else { panic!("{name}") };
        steps.push((member.wire, item));
        structure = inner;
    }
    for (wire, item) in steps.into_iter().rev() {
        text = match item {
            Some(_) if writer.is_json => format!("[{text}]"),
            Some(item) => writer.named(item, &text),
            None => text,
        };
        text = writer.named(wire, &text);
        if writer.is_json {
            text = format!("{{{text}}}");
        }
    }
    if !writer.is_json {
        let root = match operation.root {
            "" => format!("{}Response", operation.name.split_once(':').unwrap().1),
            root => root.to_owned(),
        };
        let tags = [root.as_str(), operation.wrapper];
        text = tags.into_iter().filter(|tag| !tag.is_empty()).rev().fold(text, |text, tag| writer.named(tag, &text));
    }
    let body = decode(text.as_bytes(), selector).unwrap_or_else(|error| panic!("{}: {error}", operation.name));
    assert_eq!(body.items.len(), 1, "{}", operation.name);
    (body.items[0].digest, writer.paths)
}

/// Whether a digest counts a leaf: it is neither a secret, nor a measure, nor about the response.
fn counts(table: &Table, detail: &str, structure: &'static Structure, is_whole: bool, path: &str) -> bool {
    let is_measure = |of: &str| path == of || path.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
    let measures = table.entry.measures.iter().filter(|measure| measure.detail == detail);
    let first = path.split('.').next().unwrap();
    let beside = ["token", "marker", "truncated", "maxitems", "maxresults"];
    let is_beside = is_whole && beside.iter().any(|part| first.to_ascii_lowercase().contains(part));
    !is_beside && !is_secret(structure, path) && !measures.into_iter().any(|measure| is_measure(measure.member))
}

fn is_secret(structure: &'static Structure, path: &str) -> bool {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (_, member) = structure.member(first).unwrap();
    let mut kind = &member.kind;
    while let MemberKind::List(list) = kind {
        kind = &list.of;
    }
    match kind {
        MemberKind::Sensitive => true,
        MemberKind::Structure(inner) if !rest.is_empty() => is_secret(inner, rest),
        _ => false,
    }
}

/// Checks the digests of a listing or of a detail. Returns how many leaves it has.
fn check(table: &Table, selector: &ItemSelector, operation: &str, detail: &str, path: &str) -> usize {
    let shape = shapes::operation(operation).unwrap();
    let of = |variant| digest(selector, shape, path, variant);
    let (plain, paths) = of(Variant::default());
    assert_eq!(of(Variant { is_reversed: true, ..Variant::default() }).0, plain, "{operation}: another order");
    for (number, leaf) in paths.iter().enumerate() {
        let is_other = of(Variant { changed: Some(number), is_reversed: number % 2 == 0 }).0 != plain;
        assert_eq!(is_other, counts(table, detail, selector.item(), path.is_empty(), leaf), "{operation}: {leaf}");
    }
    paths.len()
}

#[test]
fn every_changed_member_of_every_type_changes_the_digest_and_no_order_does() {
    let mut leaves = 0;
    for table in Catalogue::get().unwrap().tables() {
        // Several tables of one listing differ in nothing here.
        leaves += check(table, &table.selector, table.entry.operation, "", table.entry.items_path);
        for detail in &table.details {
            let (operation, path) = (detail.entry.operation, detail.entry.items_path);
            leaves += check(table, &detail.selector, operation, operation, path);
        }
    }
    assert!(leaves > 2000, "{leaves} leaves");
}

/// The same structure as an older version of the service model has it: without its last members.
fn older(structure: &'static Structure, missing: usize) -> &'static Structure {
    let kept = structure.members.len() - missing.min(structure.members.len().saturating_sub(1));
    let members: Vec<Member> = structure.members[..kept].iter().map(copy).collect();
    Box::leak(Box::new(Structure {
        name: structure.name,
        secret: structure.secret,
        members: members.leak(),
        original_members: usize::MAX,
        order_hint: shapes::MemberOrderHint::empty(),
    }))
}

fn copy(member: &Member) -> Member {
    let kind = match &member.kind {
        MemberKind::Text => MemberKind::Text,
        MemberKind::Boolean => MemberKind::Boolean,
        MemberKind::Integer => MemberKind::Integer,
        MemberKind::Double => MemberKind::Double,
        MemberKind::Timestamp => MemberKind::Timestamp,
        MemberKind::TagMap => MemberKind::TagMap,
        MemberKind::Sensitive => MemberKind::Sensitive,
        MemberKind::Structure(structure) => MemberKind::Structure(structure),
        MemberKind::List(list) => MemberKind::List(list),
    };
    Member { wire: member.wire, name: member.name, column: member.column, kind }
}

#[test]
fn an_older_service_model_gives_the_same_digest() {
    let mut compared = 0;
    for table in Catalogue::get().unwrap().tables() {
        let item = table.selector.item();
        // What the model does not know is dropped where there are secrets. Tags that are unknown are no tags.
        if item.secret || item.members.len() < 3 {
            continue;
        }
        let of_table = shapes::operation(table.entry.operation).unwrap();
        let (request, is_json) = (of_table.request, of_table.is_json());
        let mut writer = ItemWriter::new(is_json, Variant::default());
        let text = writer.structure(item, "", &mut Vec::new());
        let measured: Vec<&str> =
            table.entry.measures.iter().filter(|it| it.detail.is_empty()).map(|it| it.member).collect();
        let digest = |structure: &'static Structure| {
            let list = shapes::List { item: "item", flattened: false, of: MemberKind::Structure(structure) };
            let member = Member {
                wire: "theSet",
                name: "Things",
                column: "things",
                kind: MemberKind::List(Box::leak(Box::new(list))),
            };
            let output = older_output(member);
            let made = Operation { name: "ec2:DescribeThings", root: "", wrapper: "", output, request };
            let operation: &'static Operation = Box::leak(Box::new(made));
            let selector = ItemSelector::new(operation, "Things", &[]).unwrap().without_measures(&measured).ok()?;
            let body = if is_json {
                format!(r#"{{"theSet":[{text}]}}"#)
            } else {
                format!("<DescribeThingsResponse><theSet><item>{text}</item></theSet></DescribeThingsResponse>")
            };
            Some(decode(body.as_bytes(), &selector).unwrap().items[0].digest)
        };
        let whole = digest(item).unwrap();
        for missing in [1, 2, item.members.len() / 2] {
            let Some(of_older) = digest(older(item, missing)) else { continue };
            compared += 1;
            assert_eq!(of_older, whole, "{}: {missing} members are unknown", table.entry.table);
        }
        assert!(item.members.iter().filter(|member| is_tags(member)).count() <= 1);
    }
    assert!(compared > 100, "{compared} comparisons");
}

fn older_output(member: Member) -> &'static Structure {
    Box::leak(Box::new(Structure {
        name: "DescribeThingsResult",
        secret: false,
        members: vec![member].leak(),
        original_members: usize::MAX,
        order_hint: shapes::MemberOrderHint::empty(),
    }))
}
