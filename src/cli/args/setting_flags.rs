//! The flags that come from the table of settings, with their help and defaults.

use std::env::VarError;
use std::fmt;
use std::marker::PhantomData;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::settings::{DefaultValue, Flag, SETTINGS, Setting, Settings};
use crate::terminal::shell_word;

/// The output of the command line, if none is named: a folder where the command is called.
const DEFAULT_OUTPUT: &str = "./rolecall-output";
/// The setting of the output.
const OUTPUT: &str = "ROLECALL_OUTPUT";

/// The settings that a command takes as flags.
pub(crate) trait FlagSet {
    /// The flags' names, without dashes.
    const FLAGS: &'static [&'static str];
}

/// Defines sets of flags.
macro_rules! flag_sets {
    ($($(#[$attribute:meta])* $visibility:vis struct $name:ident = $flags:expr;)*) => {
        $(
            $(#[$attribute])*
            #[derive(Debug)]
            $visibility struct $name;

            impl FlagSet for $name {
                const FLAGS: &'static [&'static str] = &$flags;
            }
        )*

        #[cfg(test)]
        const ALL_FLAGS: &[&[&str]] = &[$($name::FLAGS),*];
    };
}

flag_sets! {
    /// For commands that read or edit the registry alone.
    pub(crate) struct RegistryFlags = ["registry"];
    /// For commands that enter accounts and write nothing.
    pub(crate) struct ConnectionFlags = ["registry", "backend-role", "sts-region", "call-timeout", "account-budget"];
    /// For commands that read the output of runs.
    pub(crate) struct StatusFlags = ["registry", "output", "backend-role", "sts-region", "call-timeout", "account-budget"];
    /// For the views over an output.
    pub(crate) struct ViewFlags = ["output", "format"];
    /// The flags of `rolecall run`.
    pub(crate) struct RunFlags = [
        "registry", "output", "output-kms-key", "format", "backend-role", "sts-region", "call-timeout", "account-budget",
        "deadline", "margin", "trust-interval", "disable-open-roles", "changes", "report", "state-machine"
    ];
    /// The flags of `rolecall resume`.
    pub(crate) struct ResumeFlags = [
        "registry", "output", "backend-role", "sts-region", "call-timeout", "account-budget", "deadline", "trust-interval",
        "disable-open-roles", "changes", "report", "state-machine"
    ];
}

/// The flags of the set `S` and their values.
#[derive(Debug)]
pub(crate) struct SettingFlags<S> {
    values: Vec<(&'static str, String)>,
    set: PhantomData<S>,
}

/// The flag for the registry.
pub(crate) type RegistryArgs = SettingFlags<RegistryFlags>;

/// The flags for the registry and for calling AWS.
pub(crate) type SettingArgs = SettingFlags<ConnectionFlags>;

impl<S: FlagSet> SettingFlags<S> {
    /// Returns the settings. A flag overrides the environment variable of the same setting.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let flag = |name: &str| self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let mut errors = ValidationErrors::new();
        for setting in SETTINGS.iter().filter(|setting| flag(setting.name).is_none()) {
            if let Err(VarError::NotUnicode(_)) = std::env::var(setting.name) {
                errors.push(setting.name, "is not UTF-8 text, and would count as not given: correct or unset it");
            }
        }
        match Settings::read(|name| flag(name).or_else(|| std::env::var(name).ok())) {
            Ok(mut settings) if errors.is_empty() => {
                if S::FLAGS.contains(&"output") {
                    settings.output.get_or_insert_with(|| DEFAULT_OUTPUT.to_owned());
                }
                return Ok(settings);
            }
            Ok(_) => {}
            Err(more) => errors.merge(more),
        }
        Err(Error::of(ErrorKind::InvalidSettings, &errors))
    }

    /// The flags by which another command finds the same run and enters the same accounts, as they were typed. A value of the
    /// environment is there for the other command too.
    pub(crate) fn to_resume(&self) -> TypedFlags {
        self.typed(&["registry", "output", "backend-role", "sts-region"])
    }

    /// The flag of the output, as it was typed.
    pub(crate) fn of_output(&self) -> TypedFlags {
        self.typed(&["output"])
    }

    fn typed(&self, flags: &[&str]) -> TypedFlags {
        let value = |setting: &Setting| self.values.iter().find(|(name, _)| *name == setting.name);
        let rows = Self::rows().filter(|(_, flag)| flags.contains(&flag.name));
        TypedFlags(rows.filter_map(|(setting, flag)| Some((flag.name, value(setting)?.1.clone()))).collect())
    }

    fn rows() -> impl Iterator<Item = (&'static Setting, Flag)> {
        let rows = SETTINGS.iter().filter_map(|setting| Some((setting, setting.flag?)));
        rows.filter(|(_, flag)| S::FLAGS.contains(&flag.name))
    }
}

/// Flags as they were typed, for the commands that are printed. Written with a space before each.
#[derive(Clone, Debug)]
pub(crate) struct TypedFlags(Vec<(&'static str, String)>);

impl TypedFlags {
    /// The flags without those of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(name)).cloned().collect())
    }
}

impl fmt::Display for TypedFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| write!(f, " --{name} {}", shell_word(value)))
    }
}

impl<S: FlagSet> Args for SettingFlags<S> {
    fn augment_args(command: Command) -> Command {
        command.args(Self::rows().map(|(setting, flag)| {
            let arg = Arg::new(flag.name).long(flag.name).value_name(flag.value_name).help(help(setting));
            match flag.alone {
                Some(value) => arg.num_args(0..=1).require_equals(true).default_missing_value(value),
                None => arg,
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: FlagSet> FromArgMatches for SettingFlags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = Self::rows()
            .filter_map(|(setting, flag)| Some((setting.name, matches.get_one::<String>(flag.name)?.clone())));
        Ok(Self { values: values.collect(), set: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn help(setting: &Setting) -> String {
    let default = match setting.default {
        DefaultValue::Unset if setting.name == OUTPUT => format!(" [default: {DEFAULT_OUTPUT}]"),
        DefaultValue::Unset => String::new(),
        DefaultValue::Value(text) | DefaultValue::Derived(text) => format!(" [default: {text}]"),
    };
    format!("{}{default} [env: {}]", setting.doc, setting.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_a_set_is_in_the_table() {
        for flag in ALL_FLAGS.iter().copied().flatten() {
            let in_table = |setting: &Setting| setting.flag.is_some_and(|known| known.name == *flag);
            assert!(SETTINGS.iter().any(in_table), "{flag}");
        }
    }

    #[test]
    fn every_flag_of_the_table_is_taken_by_a_command() {
        for flag in SETTINGS.iter().filter_map(|setting| setting.flag) {
            assert!(ALL_FLAGS.iter().any(|flags| flags.contains(&flag.name)), "{}", flag.name);
        }
    }
}
