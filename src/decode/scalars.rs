//! The scalars around the items of a response, by which a listing pages.
//!
//! **Invariant:** knows neither items nor members that the model does not know.

use super::error::DecodeError;
use super::shapes::{Member, MemberKind};

/// Members of the response beside its items, by AWS's names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scalars(Vec<(&'static str, String)>);

impl Scalars {
    /// Adds a scalar. Listings page by no other member.
    pub(super) fn add(&mut self, member: &Member, text: &str) {
        let text = match member.kind {
            MemberKind::Text => text,
            MemberKind::Boolean | MemberKind::Integer | MemberKind::Double => text.trim(),
            _ => return,
        };
        self.0.push((member.name, text.to_owned()));
    }

    /// The text of a member; `None` if the response has no such member.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(member, _)| *member == name).map(|(_, text)| text.clone())
    }

    /// Whether a boolean member is true. One that is missing is not.
    pub fn is_true(&self, name: &str) -> Result<bool, DecodeError> {
        match self.text(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(DecodeError(format!("<{name}> is neither true nor false"))),
        }
    }
}
