//! Judges elements that the model does not know beside the path to the items: whether items or page tokens could be in
//! them.
//!
//! AWS adds members to responses, so an unknown one is no error by itself. But a list under another name would count as
//! empty, and a page token under another name would end the listing. What looks like either is an error.
//!
//! **Invariant:** knows names only.

use super::error::{DecodeError, shown};
use super::selector::ItemSelector;
use super::shapes::{MemberKind, Structure};

/// The members that AWS adds to responses, and those that repeat the page size of the request.
const METADATA: [&str; 4] = ["requestId", "ResponseMetadata", "MaxItems", "MaxResults"];
/// Parts of the names that AWS gives to paging members.
const PAGING: [&str; 5] = ["token", "marker", "truncated", "nextrecord", "nextpage"];

/// Whether an unknown member of a response is about the response itself.
pub(super) fn is_metadata(tag: &str) -> bool {
    METADATA.iter().any(|name| name.eq_ignore_ascii_case(tag))
}

/// Whether a name is that of a paging member, or could be.
pub(super) fn is_paging(output: &Structure, tag: &str) -> bool {
    let scalar =
        |kind: &MemberKind| !matches!(kind, MemberKind::Structure(_) | MemberKind::List(_) | MemberKind::TagMap);
    has_paging_name(tag)
        || output.members.iter().any(|member| scalar(&member.kind) && member.wire.eq_ignore_ascii_case(tag))
}

/// Whether a name is that of a paging member of the response, in any case.
pub(super) fn is_paging_member(output: &Structure, tag: &str) -> bool {
    has_paging_name(tag) && output.members.iter().any(|member| member.wire.eq_ignore_ascii_case(tag))
}

/// Whether a response has pages.
pub(super) fn has_pages(output: &Structure) -> bool {
    output.members.iter().any(|member| has_paging_name(member.wire))
}

/// Whether a name has a part of the names of paging members.
pub(super) fn has_paging_name(tag: &str) -> bool {
    let lower = tag.to_ascii_lowercase();
    PAGING.iter().any(|part| lower.contains(part))
}

/// Whether a name is that of a step from this depth of the path to the items, in any case.
pub(super) fn is_step(selector: &ItemSelector, depth: usize, tag: &str) -> bool {
    (depth..selector.path.len()).any(|depth| {
        let step = selector.path[depth];
        let members = [step.member, step.second].map(|index| &selector.structure_at(depth).members[index]);
        let names = members.iter().flat_map(|member| [member.wire, member.name]).chain(step.element);
        names.into_iter().any(|name| name.eq_ignore_ascii_case(tag))
    })
}

/// Whether a name is that of a member of the items, or of a structure around them that is deeper than `depth`.
fn is_of_items(selector: &ItemSelector, depth: usize, tag: &str) -> bool {
    (depth + 1..=selector.path.len())
        .any(|depth| selector.structure_at(depth).members.iter().any(|member| member.wire.eq_ignore_ascii_case(tag)))
}

/// Whether an unknown member at this depth of the path could be a page token, lead to items or be of them.
pub(super) fn is_suspect(selector: &ItemSelector, depth: usize, tag: &str) -> bool {
    (depth == 0 && is_paging(selector.operation().output, tag))
        || is_step(selector, depth, tag)
        || is_of_items(selector, depth, tag)
}

/// The error for an unknown element that may hold items or a page token.
pub(super) fn misplaced(tag: &str) -> DecodeError {
    DecodeError(format!("<{}> is unknown and may hold items or page tokens", shown(tag)))
}

/// The error for unknown content in place of the member that leads to the items.
pub(super) fn instead_of(wire: &str, tag: &str) -> DecodeError {
    DecodeError(format!("it has <{}> where <{wire}> belongs", shown(tag)))
}
