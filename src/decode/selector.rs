//! Resolves which part of an operation's response becomes rows, from a path of AWS's member names.
//!
//! **Invariant:** knows the shapes of the service model, and no format of responses.

use super::measure::MeasureHash;
use super::shapes::{List, Member, MemberKind, Operation, Structure};

/// The part of a response that becomes rows.
#[derive(Debug)]
pub struct ItemSelector {
    operation: &'static Operation,
    pub(super) path: Vec<PathStep>,
    item: &'static Structure,
    pub(super) context: Vec<ContextMember>,
    pub(super) measures: Vec<MeasureHash>,
}

/// One step on the path from the response to its items.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathStep {
    /// The member's position in its structure.
    pub(super) member: usize,
    /// The position of a second list of the same items; `member` again if there is none.
    pub(super) second: usize,
    /// The tag of a list's elements; `None` if the member is a single structure.
    pub(super) element: Option<&'static str>,
}

impl PathStep {
    /// Whether this member leads to the items.
    pub(super) fn is_at(self, member: usize) -> bool {
        member == self.member || member == self.second
    }
}

/// A member of a structure that encloses the items.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContextMember {
    /// The number of path steps from the response to its structure.
    pub(super) depth: usize,
    /// Its position in that structure.
    pub(super) member: usize,
}

impl ItemSelector {
    /// Selects the items at `path`, with the `context` members of the structures on the way.
    ///
    /// `path` holds AWS's member names from the response down, joined by dots; an empty path selects the response
    /// itself. Two lists of the same structure are joined by a bar (`Ipv4Ranges|Ipv6Ranges`): the items of both are
    /// selected. A context member is a path too (`Reservations.OwnerId`). Returns a sentence as the error if the service
    /// model has no such member.
    pub fn new(operation: &'static Operation, path: &str, context: &[&str]) -> Result<Self, String> {
        let mut structures = vec![operation.output];
        let mut steps = Vec::new();
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let parent = structures[structures.len() - 1];
            let resolve = |name: &str| {
                let found = parent.member(name);
                let (index, member) =
                    found.ok_or_else(|| format!("{}: {} has no member {name}", operation.name, parent.name))?;
                let nested = nested_structure(&member.kind);
                let (element, structure) =
                    nested.ok_or_else(|| format!("{}: {name} holds no structures", operation.name))?;
                Ok::<_, String>((index, element, structure))
            };
            let (first, other) = name.split_once('|').unwrap_or((name, name));
            let (member, element, structure) = resolve(first)?;
            let (second, other_element, other_structure) = resolve(other)?;
            if element != other_element || !std::ptr::eq(structure, other_structure) {
                return Err(format!("{}: {first} and {other} list different structures", operation.name));
            }
            steps.push(PathStep { member, second, element });
            structures.push(structure);
        }
        let mut context_members = Vec::new();
        for member_path in context {
            let (parent, name) = member_path.rsplit_once('.').unwrap_or(("", member_path));
            let depth = parent.split('.').filter(|name| !name.is_empty()).count();
            let structure = structures
                .get(depth)
                .ok_or_else(|| format!("{}: no structure around the items has {member_path}", operation.name))?;
            let (member, _) =
                structure.member(name).ok_or_else(|| format!("{}: no member {member_path}", operation.name))?;
            context_members.push(ContextMember { depth, member });
        }
        let item = structures[structures.len() - 1];
        Ok(Self { operation, path: steps, item, context: context_members, measures: Vec::new() })
    }

    /// Leaves some members of the items out of their digests: `AvailableCapacity`, or one within a member, such as
    /// `VgwTelemetry.AcceptedRouteCount`. Returns a sentence as the error if the service model has no such member.
    pub fn without_measures(mut self, paths: &[&str]) -> Result<Self, String> {
        for path in paths {
            let (first, within) = path.split_once('.').map_or((*path, None), |(first, rest)| (first, Some(rest)));
            let none = || format!("{}: {} has no member {path}", self.operation.name, self.item.name);
            let (_, member) = self.item.member(first).ok_or_else(none)?;
            let within = match within {
                None => None,
                Some(name) => {
                    let structure = structure_within(&member.kind).ok_or_else(none)?;
                    Some(structure.member(name).ok_or_else(none)?.1.wire)
                }
            };
            self.measures.push(MeasureHash::new(member.wire, within));
        }
        Ok(self)
    }

    /// The structure of one item.
    pub fn item(&self) -> &'static Structure {
        self.item
    }

    /// The context members, in the order in which [`ItemSelector::new`] was given them.
    pub fn context(&self) -> impl Iterator<Item = &'static Member> + '_ {
        self.context.iter().map(|member| &self.structure_at(member.depth).members[member.member])
    }

    pub(super) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The position of a context member among them, if this member of the structure at `depth` is one.
    pub(super) fn context_position(&self, depth: usize, member: &Member) -> Option<usize> {
        let members = self.structure_at(depth).members;
        let is_it = |of: &ContextMember| of.depth == depth && std::ptr::eq(&members[of.member], member);
        self.context.iter().position(is_it)
    }

    /// The structure that is reached after `depth` steps of the path.
    pub(super) fn structure_at(&self, depth: usize) -> &'static Structure {
        self.path[..depth].iter().fold(self.operation.output, |structure, step| {
            nested_structure(&structure.members[step.member].kind).map_or(structure, |(_, nested)| nested)
        })
    }
}

/// The structure that a member is, or lists.
fn structure_within(kind: &'static MemberKind) -> Option<&'static Structure> {
    match kind {
        MemberKind::Structure(structure) => Some(structure),
        MemberKind::List(list) => structure_within(&list.of),
        _ => None,
    }
}

/// The structure of a member, or of its elements with their tag if it is a list.
fn nested_structure(kind: &'static MemberKind) -> Option<(Option<&'static str>, &'static Structure)> {
    match kind {
        MemberKind::Structure(structure) => Some((None, structure)),
        MemberKind::List(List { item, flattened: false, of: MemberKind::Structure(structure) }) => {
            Some((Some(item), structure))
        }
        _ => None,
    }
}
