//! The name of a question, and the flags that come from the questions' options.
//!
//! **Invariant:** knows no single question. What a question does not take is refused, not ignored.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::answers::questions::{Options, Question, QuestionOption, find, questions};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The heading of the flags in the help.
const HEADING: &str = "Options of single questions";

/// A question that was named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedName(pub &'static Question);

impl AskedName {
    /// Parses a name. If there is no such question, a similar one is proposed.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        find(name).map(Self).ok_or_else(|| {
            let distance = |question: &Question| strsim::levenshtein(name, question.name);
            let is_similar = |question: &&Question| distance(question) * 3 <= name.len().max(6);
            let similar = questions().filter(is_similar).min_by_key(|question| distance(question));
            let meant = similar.map(|question| format!("did you mean {}? ", question.name)).unwrap_or_default();
            format!("there is no such question: {meant}`rolecall ask` lists them")
        })
    }
}

/// The values of the questions' options.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuestionFlags(BTreeMap<&'static str, String>);

impl QuestionFlags {
    /// Returns the options of a question: the flags, else their defaults. A flag that it does not take is an error.
    pub(crate) fn options(&self, question: &'static Question) -> Result<Options, Error> {
        let foreign = self.0.keys().filter(|name| !question.options.iter().any(|option| option.name == **name));
        let mut errors = ValidationErrors::new();
        for name in foreign {
            let takers = takers(name).collect::<Vec<_>>().join(", ");
            errors.push(format!("--{name}"), format!("is no option of {}, but of {takers}", question.name));
        }
        if !errors.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &errors));
        }
        self.options_of_all(question)
    }

    /// Returns the options of a question that is one of all: each takes the flags that it has.
    pub(crate) fn options_of_all(&self, question: &'static Question) -> Result<Options, Error> {
        let mut errors = ValidationErrors::new();
        let mut options = Options::defaults(question);
        for option in question.options {
            let Some(value) = self.0.get(option.name) else { continue };
            if let Err(what) = (option.check)(value) {
                errors.push(format!("--{}", option.name), format!("{what} ({})", question.name));
            }
            options = options.with(option.name, value);
        }
        errors.into_result(options).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
    }

    /// Returns whether an option was given.
    pub(crate) fn names(&self, option: &str) -> bool {
        self.0.contains_key(option)
    }

    /// Returns whether no option was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Each option once, as its first question has it.
fn flags() -> BTreeMap<&'static str, &'static QuestionOption> {
    let mut flags = BTreeMap::new();
    for option in questions().flat_map(|question| question.options) {
        flags.entry(option.name).or_insert(option);
    }
    flags
}

/// The questions that take an option.
fn takers(name: &str) -> impl Iterator<Item = &'static str> {
    let takes = move |question: &&Question| question.options.iter().any(|option| option.name == name);
    questions().filter(takes).map(|question| question.name)
}

fn help(option: &QuestionOption) -> String {
    let takers = takers(option.name).collect::<Vec<_>>().join(", ");
    let default = if option.default.is_empty() { String::new() } else { format!(" [default: {}]", option.default) };
    format!("{}{default} ({takers})", option.help)
}

impl Args for QuestionFlags {
    fn augment_args(command: Command) -> Command {
        let flag = |(name, option): (&'static str, &QuestionOption)| {
            Arg::new(name).long(name).value_name("VALUE").help(help(option)).help_heading(HEADING)
        };
        command.args(flags().into_iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for QuestionFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = flags().into_keys().filter_map(|name| Some((name, matches.get_one::<String>(name)?.clone())));
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_question_is_proposed() {
        for question in questions() {
            assert!(AskedName::parse(question.name).is_ok());
            let mistyped = AskedName::parse(&format!("{}s", question.name)).map(|asked| asked.0.name);
            let expected = format!("did you mean {}? `rolecall ask` lists them", question.name);
            assert!(mistyped.clone().map_or_else(|what| what.ends_with(&expected), |_| true), "{mistyped:?}");
        }
        let refused = AskedName::parse("xyzzy").map(|asked| asked.0.name).unwrap_err();
        assert_eq!(refused, "there is no such question: `rolecall ask` lists them");
    }

    #[test]
    fn every_default_is_a_value_that_is_accepted() {
        for question in questions() {
            for option in question.options {
                let is_right = option.default.is_empty() || (option.check)(option.default).is_ok();
                assert!(is_right, "{} --{}", question.name, option.name);
            }
            let options = QuestionFlags::default().options(question).unwrap();
            assert!(question.options.iter().all(|option| options.text(option.name) == option.default));
        }
    }

    #[test]
    fn a_question_refuses_the_options_of_others() {
        for (name, option) in flags() {
            let flags = QuestionFlags([(name, option.default.to_owned())].into());
            for question in questions() {
                let is_taken = question.options.iter().any(|option| option.name == name);
                let refused = flags.options(question).err().map(|error| error.to_string());
                let expected = format!("--{name}: is no option of {}, but of ", question.name);
                assert!(is_taken || refused.is_some_and(|refused| refused.starts_with(&expected)), "{}", question.name);
                assert!(is_taken || flags.options_of_all(question).is_ok());
            }
        }
    }
}
