//! What the table of settings says of each setting.
//!
//! **Invariant:** knows the form of a row, and no setting.

use serde::Serialize;

use super::Settings;

/// One row of the table.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Setting {
    /// The name of the environment variable.
    pub name: &'static str,
    /// The flag of the command line, if the setting has one.
    pub flag: Option<Flag>,
    /// The value that holds if none is given.
    pub default: DefaultValue,
    /// The processes that read it.
    pub applies_to: AppliesTo,
    /// What the setting does: the flag's help, and its row in the settings page.
    pub doc: &'static str,
    #[serde(skip)]
    pub(super) apply: Apply,
}

/// Parses a text and stores it in its field, or says how to write it.
pub(super) type Apply = fn(&mut Settings, &str) -> Result<(), String>;

/// A command-line flag that sets a setting.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Flag {
    /// The name without its dashes, which is also the argument's id.
    pub name: &'static str,
    /// The placeholder of its value in the help.
    pub value_name: &'static str,
    /// The value of the flag alone. None if a value has to follow it.
    #[serde(skip)]
    pub alone: Option<&'static str>,
}

/// The default of a setting, as the settings page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DefaultValue {
    /// The setting has no value.
    Unset,
    /// A value, as it would be written.
    Value(&'static str),
    /// A value that depends on something else.
    Derived(&'static str),
}

/// Which processes read a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppliesTo {
    /// The function and the command line.
    Both,
    /// The command line alone.
    CommandLine,
}
