//! The error of a response that cannot be decoded.
//!
//! **Invariant:** knows no format of responses.

/// The response is not what its operation returns.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the response cannot be decoded: {0}")]
pub struct DecodeError(pub String);

/// A name from a response for a message: short, on one line.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(40).collect()
}

/// A structure or a scalar has one value. Two would be two resources or two answers.
pub(super) fn twice(name: &str) -> DecodeError {
    DecodeError(format!("<{}> occurs twice in one element", shown(name)))
}
