//! Mutations of a response: of its tree, of its text, and of its bytes.

use super::tree::{Dice, Node, Role};

/// How a tree is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    prefix: bool,
    cdata: bool,
    references: bool,
    comments: bool,
    padding: bool,
    attributes: bool,
    declaration: u8,
}

/// The names of the mutations of trees. Those up to `NEUTRAL` change nothing that AWS's own client would see.
pub(super) const MUTATIONS: usize = 12;
const NEUTRAL: usize = 4;
/// The mutation that moves an element into another one.
pub(super) const NESTED: usize = 7;

pub(super) fn style(dice: &mut Dice) -> Style {
    Style {
        prefix: dice.one_in(4),
        cdata: dice.one_in(4),
        references: dice.one_in(4),
        comments: dice.one_in(4),
        padding: dice.one_in(4),
        attributes: dice.one_in(4),
        declaration: dice.below(5) as u8,
    }
}

/// Changes a tree such that AWS's own client reads the same from it.
pub(super) fn harmless(root: &mut Node, dice: &mut Dice) {
    let number = dice.below(NEUTRAL);
    mutate(root, number, dice);
}

/// Applies a mutation by its number.
pub(super) fn mutate(root: &mut Node, number: usize, dice: &mut Dice) {
    let any = 1 + dice.below(root.size() - 1);
    match number {
        0 => root.at(0).children.reverse(),
        1 => root.at(0).children.push(Node::leaf("anUnknownMember", "x")),
        2 => split_a_list(root, dice),
        3 => {
            let (parent, _) = root.parent_of(any);
            if parent.role == Role::Item {
                parent.children.push(Node::new("newSet", vec![Node::leaf("item", "1"), Node::leaf("item", "2")]));
            }
        }
        4 => {
            let (parent, place) = root.parent_of(any);
            let copy = parent.children[place].clone();
            parent.children.insert(place, copy);
        }
        5 => {
            let node = root.at(any);
            node.name = match dice.below(4) {
                0 => node.name.to_uppercase(),
                1 => node.name.to_lowercase(),
                2 => format!("{}X", node.name),
                _ => format!("my{}", node.name),
            };
        }
        6 => {
            let (parent, place) = root.parent_of(any);
            let inner = parent.children.remove(place);
            parent.children.insert(place, Node::new("wrapped", vec![inner]));
        }
        NESTED => {
            let (parent, place) = root.parent_of(any);
            let moved = parent.children.remove(place);
            let target = dice.below(root.size());
            root.at(target).children.push(moved);
        }
        8 => {
            // Unwrapped: the children take the place of their parent.
            let (parent, place) = root.parent_of(any);
            let inner = parent.children.remove(place);
            parent.children.splice(place..place, inner.children);
        }
        9 => root.at(any).children.push(Node::leaf("item", "")),
        10 => {
            let node = root.at(any);
            node.text = "stray".into();
        }
        _ => root.at(any).children.reverse(),
    }
}

/// Splits a list of several elements into two of the same name.
fn split_a_list(root: &mut Node, dice: &mut Dice) {
    let any = 1 + dice.below(root.size() - 1);
    let (parent, place) = root.parent_of(any);
    let node = &mut parent.children[place];
    let is_list = node.children.len() > 1 && node.children.iter().all(|child| child.name == node.children[0].name);
    if is_list && node.role == Role::Other && node.text.is_empty() {
        let mut second = node.clone();
        second.children = node.children.split_off(1);
        parent.children.push(second);
    }
}

pub(super) fn written(root: &Node, style: Style) -> String {
    let mut out = match style.declaration {
        0 => "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
        1 => "\u{feff}<?xml version='1.0' encoding='utf-8' standalone='yes'?>".to_owned(),
        2 => "\u{feff}".to_owned(),
        3 => "<!-- a comment -->\n<?a pi?>".to_owned(),
        _ => String::new(),
    };
    write(&mut out, root, style, true);
    out
}

fn write(out: &mut String, node: &Node, style: Style, is_root: bool) {
    let prefix = if style.prefix { "e:" } else { "" };
    out.push_str(&format!("<{prefix}{}", node.name));
    if is_root && style.prefix {
        out.push_str(" xmlns:e='urn:e'");
    }
    if style.attributes {
        out.push_str(" a = '>/' xsi:nil=\"true\"\n b='\"'");
    }
    out.push('>');
    let scalar = node.children.is_empty() && !node.text.is_empty();
    if style.padding && !node.is_string {
        out.push_str("\n   ");
    }
    write_text(out, &node.text, style);
    if style.comments && !scalar {
        out.push_str("<!-- <item>x</item> -->");
    }
    for child in &node.children {
        write(out, child, style, false);
    }
    if style.padding && !node.is_string {
        out.push_str(" \t\n");
    }
    out.push_str(&format!("</{prefix}{} >", node.name));
}

fn write_text(out: &mut String, text: &str, style: Style) {
    let half = text.chars().count() / 2;
    for (at, character) in text.chars().enumerate() {
        if style.comments && at == half {
            out.push_str("<!-- within --><?a pi?>");
        }
        match character {
            _ if style.cdata && at < half => out.push_str(&format!("<![CDATA[{character}]]>")),
            _ if style.references => out.push_str(&format!("&#{};", character as u32)),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

/// Damages the bytes of a document. Returns whether its content may still be all there.
pub(super) fn damaged(document: &str, dice: &mut Dice) -> Vec<u8> {
    let boundary = |at: usize| (0..=at).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
    let at = boundary(dice.below(document.len()));
    let to = boundary(dice.below(document.len()));
    let (from, to) = (at.min(to), at.max(to));
    match dice.below(8) {
        0 => document.as_bytes()[..at].to_vec(),
        1 => format!("{document}{document}").into_bytes(),
        2 => [0xff, 0xfe].into_iter().chain(document.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        3 => format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{document}").into_bytes(),
        4 => format!("{document}trailing").into_bytes(),
        5 => format!("{}{}", &document[..from], &document[to..]).into_bytes(),
        6 => format!("{}{}", &document[..to], &document[from..]).into_bytes(),
        _ => {
            let inserted =
                *dice.pick(&["<", ">", "<!--", "-->", "<![CDATA[", "]]>", "\"", "</item>", "<item>", "x", "&"]);
            format!("{}{inserted}{}", &document[..at], &document[at..]).into_bytes()
        }
    }
}
