//! Reads single values: a variable, or else a key of the profile.

use std::ffi::OsString;

use super::profile::Profile;
use crate::input::{ValidationErrors, quoted};

/// Reads values and collects the problems of those that cannot be used. A blank value counts as unset.
pub(super) struct Reader<'a> {
    pub get: &'a dyn Fn(&str) -> Option<OsString>,
    pub profile: &'a Profile,
    pub problems: &'a mut ValidationErrors,
}

impl Reader<'_> {
    /// A variable's text without blanks around it.
    pub(super) fn variable(&mut self, name: &str) -> Option<String> {
        match self.raw(name)?.trim() {
            "" => None,
            text => Some(text.to_owned()),
        }
    }

    /// A variable's text as it is, which may be empty.
    pub(super) fn raw(&mut self, name: &str) -> Option<String> {
        match (self.get)(name)?.into_string() {
            Ok(text) => Some(text),
            Err(_) => {
                if !self.problems.iter().any(|known| known.place == name) {
                    self.problems.push(name, "it is not text in UTF-8: set it again, or unset it");
                }
                None
            }
        }
    }

    /// A value with its place: from the variable, or else from the profile.
    pub(super) fn text(&mut self, variable: &str, key: &str) -> Option<(String, String)> {
        if let Some(text) = self.variable(variable) {
            return Some((text, variable.to_owned()));
        }
        let text = self.profile.get(key)?;
        Some((text.to_owned(), self.profile.place(key)))
    }

    /// A switch. Anything but true and false is a problem: the SDK would take it for false.
    pub(super) fn flag(&mut self, variable: &str, key: &str) -> Option<bool> {
        let (text, place) = self.text(variable, key)?;
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.problems.push(place, format!("{} is neither true nor false", quoted(&text)));
                None
            }
        }
    }
}
