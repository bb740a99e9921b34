//! The name of a run, and the names of the runs that continue it.
//!
//! **Invariant:** does not know events. `event` derives the name of a run whose request has none.

use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::string_newtype::string_newtype;
use crate::input::{ParseError, quoted};

/// The maximum length of a run id in characters, without a continuation's `.r<n>`.
pub(super) const RUN_ID_CHARACTERS: usize = 55;

/// The bytes of the digest of an event's id: too many to find a second id for it.
const DIGEST_BYTES: usize = 8;

/// STS's limit for the length of a session name in characters.
const SESSION_NAME_CHARACTERS: usize = 64;

string_newtype! {
    /// The name of a run: `nightly-2026-11-21`, or `nightly-2026-11-21.r1` for the run that continues it.
    pub struct RunId;
    description: "The name of a run. The suffix .r<n> marks a run that continues an earlier one.",
    pattern: r"^[A-Za-z0-9][A-Za-z0-9._-]{0,54}(\.r[1-9][0-9]{0,3})?$"
}

impl RunId {
    /// Returns the name of the run that continues this one: `x` -> `x.r1` -> `x.r2`.
    ///
    /// Returns `None` after `x.r9999`: a run that is continued that often is in a loop.
    pub fn continuation(&self) -> Option<RunId> {
        match split_continuation(&self.0) {
            Some((_, 9999)) => None,
            Some((first_run, number)) => Some(Self(format!("{first_run}.r{}", number + 1))),
            None => Some(Self(format!("{}.r1", self.0))),
        }
    }

    /// Returns the name of the run that this one continues: `x.r2` -> `x.r1` -> `x` -> `None`.
    pub fn resumes(&self) -> Option<RunId> {
        let (first_run, number) = split_continuation(&self.0)?;
        Some(match number {
            1 => Self(first_run.to_owned()),
            _ => Self(format!("{first_run}.r{}", number - 1)),
        })
    }

    /// Returns the number of the continuation: 2 for `x.r2`, 0 for a run that continues none.
    pub fn continuation_number(&self) -> u32 {
        split_continuation(&self.0).map_or(0, |(_, number)| number.into())
    }

    /// Returns the name of the first run of the chain, without any `.r<n>`.
    pub(crate) fn first_run(&self) -> &str {
        let mut name = self.0.as_str();
        while let Some((first_run, _)) = split_continuation(name) {
            name = first_run;
        }
        name
    }

    /// Returns the STS session name for customer accounts. It contains the run id, so that the customer's CloudTrail
    /// names the run.
    pub fn session_name(&self) -> String {
        let mut name = format!("rolecall-{}", self.0);
        name.truncate(SESSION_NAME_CHARACTERS);
        name
    }

    /// Derives a run id from the id of an event. Two ids never give one name: an id that is cut or changed brings its digest.
    pub fn of_event(id: &str) -> RunId {
        let plain = RunId::derived(id);
        if plain.as_str() == id {
            return plain;
        }
        let digest = hex::encode(&Sha256::digest(id)[..DIGEST_BYTES]);
        let start = sanitised(id, RUN_ID_CHARACTERS - "-".len() - digest.len());
        RunId::derived(&format!("{start}-{digest}"))
    }

    /// Derives a run id from any text: replaces invalid characters and cuts the text to the maximum length.
    ///
    /// The id never has the form of a continuation, so that a derived run resumes no other run.
    pub fn derived(text: &str) -> RunId {
        let mut name = sanitised(text, RUN_ID_CHARACTERS);
        if let Some((first_run, _)) = split_continuation(&name) {
            let dot = first_run.len();
            name.replace_range(dot..=dot, "-");
        }
        Self(name)
    }
}

/// Replaces all characters that a run id cannot have, drops those before the first letter or digit, and cuts the text.
pub(crate) fn sanitised(text: &str, characters: usize) -> String {
    let name: String = text
        .chars()
        .map(|character| if character.is_ascii() && allowed(character as u8) { character } else { '-' })
        .skip_while(|character| !character.is_ascii_alphanumeric())
        .take(characters)
        .collect();
    if name.is_empty() { "run".to_owned() } else { name }
}

impl FromStr for RunId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if is_first_run(text) || split_continuation(text).is_some() {
            return Ok(Self(text.to_owned()));
        }
        Err(ParseError(format!(
            "{} is not a run id: write 1 to {RUN_ID_CHARACTERS} letters, digits, dots, underscores or hyphens, \
             a letter or digit first",
            quoted(text)
        )))
    }
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn is_first_run(text: &str) -> bool {
    text.len() <= RUN_ID_CHARACTERS
        && text.bytes().all(allowed)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// Splits the name of a continuation: `x.r2` -> (`x`, 2). Returns `None` for any other text.
fn split_continuation(text: &str) -> Option<(&str, u16)> {
    let (first_run, digits) = text.rsplit_once(".r")?;
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.starts_with('0') || !is_first_run(first_run) {
        return None;
    }
    Some((first_run, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(text: &str) -> RunId {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_a_run_id_and_what_is_none() {
        let long = "x".repeat(55);
        for right in ["a", "0", "nightly-2026-11-21", "A.b_c-d", "a.r0", "a.r12345", &long, &format!("{long}.r9999")] {
            assert_eq!(id(right).as_str(), right);
        }
        let too_long = "x".repeat(56);
        for wrong in [
            "",
            ".",
            "..",
            "-a",
            "_a",
            ".r1",
            "a/b",
            "a b",
            "é",
            "a\n",
            &too_long,
            &format!("{too_long}.r1"),
            &format!("{long}.r0"),
            &format!("{long}.r01"),
            &format!("{long}.r10000"),
            &format!("{long}.r1.r2"),
        ] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
        insta::assert_snapshot!("../x".parse::<RunId>().unwrap_err(), @"`../x` is not a run id: write 1 to 55 letters, digits, dots, underscores or hyphens, a letter or digit first");
    }

    #[test]
    fn continuations_count_up_and_know_what_they_resume() {
        assert_eq!(id("x").continuation(), Some(id("x.r1")));
        assert_eq!(id("x.r1").continuation(), Some(id("x.r2")));
        assert_eq!(id("x.r2").resumes(), Some(id("x.r1")));
        assert_eq!(id("x.r1").resumes(), Some(id("x")));
        assert_eq!(id("x").resumes(), None);
        assert_eq!(id("x.r0").resumes(), None);
        assert_eq!(id("x.r9999").continuation(), None);
    }

    #[test]
    fn session_names_are_cut() {
        assert_eq!(id("x").session_name(), "rolecall-x");
        assert_eq!(id(&format!("{}.r3", "x".repeat(55))).session_name(), format!("rolecall-{}", "x".repeat(55)));
    }

    #[test]
    fn ids_of_events_give_names_of_their_own() {
        assert_eq!(RunId::of_event("nightly").as_str(), "nightly");
        let long =
            |end: &str| RunId::of_event(&format!("inventory-of-all-customers-of-production-europe-central-{end}"));
        assert_eq!(long("2026-11-26").as_str(), "inventory-of-all-customers-of-producti-16360fa14a933201");
        let names = [long("2026-11-26"), long("2026-11-27"), RunId::of_event("a=b"), RunId::of_event("a b")];
        assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
    }

    #[test]
    fn derived_names_resume_nothing() {
        assert_eq!(RunId::derived("a.r7").as_str(), "a-r7");
        assert_eq!(RunId::derived("a.r1.r2").resumes(), None);
    }

    proptest! {
        #[test]
        fn run_ids_match_their_pattern(text in r"[a-zA-Z0-9._/ -]{0,58}(\.r[0-9]{0,5})?") {
            let schema = serde_json::to_value(schemars::schema_for!(RunId)).unwrap();
            prop_assert_eq!(text.parse::<RunId>().is_ok(), jsonschema::is_valid(&schema, &text.into()));
        }

        #[test]
        fn a_continuation_is_a_run_id_that_resumes_its_run(text in r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,54}(\.r[1-9])?") {
            let run_id = id(&text);
            let next = run_id.continuation();
            if let Some(next) = next {
                prop_assert_eq!(next.as_str().parse::<RunId>(), Ok(next.clone()));
                prop_assert_eq!(next.resumes(), Some(run_id));
            }
        }

        #[test]
        fn derived_names_are_run_ids_that_resume_nothing(text in any::<String>()) {
            let run_id = RunId::derived(&text);
            prop_assert!(is_first_run(run_id.as_str()));
            prop_assert_eq!(run_id.resumes(), None);
        }

        #[test]
        fn no_two_ids_of_events_give_one_name(one in r"[a-z=_]{50,60}", other in r"[a-z=_]{50,60}") {
            let names = [&one, &other].map(|id| RunId::of_event(id));
            prop_assert!(names.iter().all(|name| is_first_run(name.as_str())));
            prop_assert_eq!(names[0] == names[1], one == other);
        }
    }
}
