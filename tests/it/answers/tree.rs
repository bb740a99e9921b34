//! A response as a tree, which knows of its own accord where its items and paging members are.

use std::collections::HashSet;

use rolecall::testing::shapes::{Member, MemberKind, Structure, operation};
use rolecall::testing::{Id, Table};

/// A generator of the same numbers in every execution.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit.max(1) as u64) as usize
    }

    pub(super) fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What an element is, whatever a mutation does to its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Item,
    /// A paging member which says that there is another page.
    Paging,
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
    pub role: Role,
    /// The text is a string, in which blanks count.
    pub is_string: bool,
}

impl Node {
    pub(super) fn new(name: &str, children: Vec<Node>) -> Self {
        Self { name: name.into(), text: String::new(), children, role: Role::Other, is_string: false }
    }

    pub(super) fn leaf(name: &str, text: &str) -> Self {
        Self { text: text.into(), is_string: true, ..Self::new(name, Vec::new()) }
    }

    /// The number of elements of a role.
    pub(super) fn count(&self, role: Role) -> usize {
        usize::from(self.role == role) + self.children.iter().map(|child| child.count(role)).sum::<usize>()
    }

    /// The number of different items. A resource that an answer has twice is one row.
    pub(super) fn different_items(&self) -> usize {
        let mut texts = HashSet::new();
        self.collect_items(&mut texts);
        texts.len()
    }

    fn collect_items(&self, texts: &mut HashSet<String>) {
        if self.role == Role::Item {
            texts.insert(self.all_text());
        }
        self.children.iter().for_each(|child| child.collect_items(texts));
    }

    fn all_text(&self) -> String {
        let below = self.children.iter().map(Node::all_text);
        std::iter::once(self.text.trim().to_owned()).chain(below).collect::<Vec<_>>().join("|")
    }

    pub(super) fn size(&self) -> usize {
        1 + self.children.iter().map(Node::size).sum::<usize>()
    }

    /// The element at a position in document order.
    pub(super) fn at(&mut self, mut position: usize) -> &mut Node {
        if position == 0 {
            return self;
        }
        position -= 1;
        for child in &mut self.children {
            let size = child.size();
            if position < size {
                return child.at(position);
            }
            position -= size;
        }
        panic!("no such element")
    }

    /// The parent of the element at a position other than 0, and its place among the children.
    pub(super) fn parent_of(&mut self, mut position: usize) -> (&mut Node, usize) {
        position -= 1;
        for place in 0..self.children.len() {
            let size = self.children[place].size();
            if position == 0 {
                return (self, place);
            }
            if position < size {
                return self.children[place].parent_of(position);
            }
            position -= size;
        }
        panic!("no such element")
    }

    /// The text of every leaf.
    pub(super) fn texts(&self, out: &mut Vec<String>) {
        if self.children.is_empty() && !self.text.is_empty() {
            out.push(self.text.clone());
        }
        self.children.iter().for_each(|child| child.texts(out));
    }
}

/// A plain response of a table's listing, with some items, and perhaps with another page.
pub(super) fn response(table: &Table, dice: &mut Dice) -> Node {
    let of = operation(table.entry.operation).expect("an operation");
    // Of two lists of one structure, the first has the items.
    let path = table.entry.items_path.split('.').map(|name| name.split_once('|').map_or(name, |(first, _)| first));
    let path: Vec<&str> = path.collect();
    let mut serial = 0;
    let mut writer = Writer { table, dice, serial: &mut serial };
    let list = writer.level(of.output, &path);
    let request_id = of.name.starts_with("ec2:").then(|| Node::leaf("requestId", "r-1"));
    let mut children: Vec<Node> = request_id.into_iter().chain([list]).collect();
    let another = writer.dice.one_in(4);
    for member in of.output.members {
        let (text, pages) = match member.name {
            "NextToken" if another => ("to&ken==", true),
            "IsTruncated" => (if another { "true" } else { "false" }, another),
            "NextMarker" | "NextRecordName" | "ContinuationToken" if another => ("next.marker", true),
            "NextRecordType" if another => ("A", false),
            "MaxItems" => ("100", false),
            _ => continue,
        };
        let is_string = matches!(member.kind, MemberKind::Text);
        let role = if pages { Role::Paging } else { Role::Other };
        children.push(Node { role, is_string, ..Node::leaf(member.wire, text) });
    }
    let name = of.name.split(':').nth(1).expect("a name");
    let root = if of.root.is_empty() { format!("{name}Response") } else { of.root.to_owned() };
    if of.wrapper.is_empty() {
        return Node::new(&root, children);
    }
    let metadata = Node::new("ResponseMetadata", vec![Node::leaf("RequestId", "r-1")]);
    Node::new(&root, vec![Node::new(of.wrapper, children), metadata])
}

struct Writer<'a> {
    table: &'a Table,
    dice: &'a mut Dice,
    serial: &'a mut usize,
}

impl Writer<'_> {
    fn level(&mut self, structure: &'static Structure, path: &[&str]) -> Node {
        let (_, member) = structure.member(path[0]).expect("a member");
        let (element, inner) = match &member.kind {
            MemberKind::List(list) => match &list.of {
                MemberKind::Structure(inner) => (list.item, *inner),
                _ => panic!("a list of scalars"),
            },
            _ => panic!("no list"),
        };
        let elements = (0..self.dice.below(4)).map(|_| {
            if path.len() == 1 {
                let members = self.members(inner, 2, true);
                return Node { role: Role::Item, ..Node::new(element, members) };
            }
            let list = self.level(inner, &path[1..]);
            let owner = inner.member("OwnerId").map(|(_, member)| Node::leaf(member.wire, "123456789012"));
            Node::new(element, owner.into_iter().chain([list]).collect())
        });
        Node::new(member.wire, elements.collect())
    }

    fn members(&mut self, structure: &'static Structure, depth: usize, is_item: bool) -> Vec<Node> {
        let ids: &[&str] = match self.table.entry.id {
            Id::Member(names) | Id::Joined(names) | Id::UnderParent(names) => names,
            Id::LastSegment(ref name) => std::slice::from_ref(name),
            Id::Account => &[],
        };
        let mut nodes = Vec::new();
        for member in structure.members {
            let is_id = is_item && ids.contains(&member.name);
            if is_id || self.dice.one_in(3) {
                nodes.extend(self.member(member, depth));
            }
        }
        nodes
    }

    fn member(&mut self, member: &'static Member, depth: usize) -> Option<Node> {
        match &member.kind {
            MemberKind::Sensitive => None,
            MemberKind::Structure(inner) if depth > 0 => {
                Some(Node::new(member.wire, self.members(inner, depth - 1, false)))
            }
            MemberKind::List(list) if !list.flattened && depth > 0 => {
                let elements = (0..self.dice.below(3)).filter_map(|_| match &list.of {
                    MemberKind::Structure(inner) => Some(Node::new(list.item, self.members(inner, depth - 1, false))),
                    MemberKind::List(_) | MemberKind::Sensitive => None,
                    kind => Some(self.scalar(list.item, kind)),
                });
                Some(Node::new(member.wire, elements.collect()))
            }
            MemberKind::Structure(_) | MemberKind::List(_) => None,
            kind => Some(self.scalar(member.wire, kind)),
        }
    }

    fn scalar(&mut self, name: &str, kind: &MemberKind) -> Node {
        *self.serial += 1;
        let serial = *self.serial;
        let text = match kind {
            MemberKind::Boolean => ["true", "false"][serial % 2].to_owned(),
            MemberKind::Integer => serial.to_string(),
            MemberKind::Double => format!("{serial}.5"),
            MemberKind::Timestamp => format!("2014-04-29T18:{:02}:38.000Z", serial % 60),
            _ => format!("text-{serial}-\u{e9} & <b>"),
        };
        Node { is_string: matches!(kind, MemberKind::Text), ..Node::leaf(name, &text) }
    }
}
