//! Strict reading of JSON from people and other services. All errors are reported at once.
//!
//! [`parse`] turns bytes into a JSON value. [`Fields`] and [`unique_list`] read objects and lists and continue after an
//! error, so that one message lists all that must be corrected. An error never has the value of an unknown field, which
//! may be a secret in the wrong place.
//!
//! **Invariant:** does not know what an event or a registry is.

use std::fmt;

pub(crate) use fields::{Fields, kind, unique_list};
pub use strict::parse;

mod fields;
mod strict;

/// How many errors are written out; the rest is counted. A hostile input could else make an
/// error message of megabytes.
const MAX_DISPLAYED_ERRORS: usize = 100;

/// How many characters of a value are repeated in a message.
const MAX_QUOTED_CHARACTERS: usize = 80;

/// One error of an input, with its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError {
    /// The path of the value: `request.accounts[2]`, `registry.targets[0].role_arn`.
    pub place: String,
    /// The error, and what to do about it.
    pub what: String,
}

impl fmt::Display for ValidationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)
    }
}

/// All errors of an input, in the order in which it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidationErrors(Vec<ValidationError>);

impl ValidationErrors {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a list of one error.
    pub fn one(place: impl Into<String>, what: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.push(place, what);
        errors
    }

    /// Adds an error at a path.
    pub fn push(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.0.push(ValidationError { place: place.into(), what: what.into() });
    }

    /// Adds all errors of another input.
    pub fn merge(&mut self, others: ValidationErrors) {
        self.0.extend(others.0);
    }

    /// Returns whether the input has no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of errors.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the errors in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, ValidationError> {
        self.0.iter()
    }

    /// Returns `value` if there is no error, or else all errors.
    pub fn into_result<T>(self, value: T) -> Result<T, ValidationErrors> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for ValidationErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(MAX_DISPLAYED_ERRORS).enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(formatter, "{line_end}{problem}")?;
        }
        match self.0.len().saturating_sub(MAX_DISPLAYED_ERRORS) {
            0 => Ok(()),
            more => write!(formatter, "\n... and {more} more problems"),
        }
    }
}

impl std::error::Error for ValidationErrors {}

/// A text that cannot be parsed. The message says how to write it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// A value as a message may repeat it: in backticks, cut, with control characters escaped.
/// Never for a value that could be a secret.
pub(crate) fn quoted(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len().min(MAX_QUOTED_CHARACTERS) + 8);
    for character in value.chars().take(MAX_QUOTED_CHARACTERS) {
        match character {
            '"' | '\'' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    let cut = if value.chars().nth(MAX_QUOTED_CHARACTERS).is_some() { "..." } else { "" };
    format!("`{escaped}{cut}`")
}

/// The place of a field inside an object: `request.tags`, or `request["odd name"]`.
pub(crate) fn field_path(object: &str, field: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !field.is_empty() && field.len() <= MAX_QUOTED_CHARACTERS && field.bytes().all(plain) {
        format!("{object}.{field}")
    } else {
        format!("{object}[{}]", quoted(field).replace('`', "\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_one_line_each_and_bounded() {
        let mut errors = ValidationErrors::one("request.accounts", "is missing");
        errors.merge(ValidationErrors::one("request.colour", "is unknown"));
        insta::assert_snapshot!(errors, @r"
        request.accounts: is missing
        request.colour: is unknown
        ");
        for index in 0..150 {
            errors.push(format!("request.accounts[{index}]"), "is wrong");
        }
        let message = errors.to_string();
        assert_eq!(message.lines().count(), MAX_DISPLAYED_ERRORS + 1);
        assert!(message.ends_with("... and 52 more problems"));
        assert_eq!(errors.len(), 152);
        assert_eq!(errors.iter().count(), 152);
    }

    #[test]
    fn a_value_is_taken_only_without_problems() {
        assert_eq!(ValidationErrors::new().into_result(1), Ok(1));
        assert!(ValidationErrors::one("request", "is wrong").into_result(1).is_err());
    }

    #[test]
    fn shown_values_are_cut_and_keep_to_their_line() {
        assert_eq!(quoted("eu-*"), "`eu-*`");
        assert_eq!(quoted("a\nb\u{1b}[31m\u{202e}"), r"`a\nb\u{1b}[31m\u{202e}`");
        assert_eq!(quoted(&"x".repeat(80)), format!("`{}`", "x".repeat(80)));
        assert_eq!(quoted(&"é".repeat(81)), format!("`{}...`", "é".repeat(80)));
    }

    #[test]
    fn odd_field_names_are_quoted_in_places() {
        assert_eq!(field_path("request", "run_id"), "request.run_id");
        assert_eq!(field_path("request", "a b\n"), r#"request["a b\n"]"#);
        assert_eq!(field_path("request", ""), r#"request[""]"#);
    }
}
