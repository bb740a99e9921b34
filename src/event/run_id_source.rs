//! Where a run's name comes from when the request gives none. Two deliveries of one event must give
//! one name, so it is made of what both carry: a time, or an id, never the clock; only a person at a
//! terminal, whose every command is a new run, gets the clock.

use jiff::Timestamp;

use super::Request;
use crate::domain::{RunId, sanitised};

/// The most characters of a rule's name in a run id, so that the time fits behind it.
const RULE_CHARACTERS: usize = 36;

/// What an event brings along to name its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunIdSource {
    /// A schedule: its name, and the time for which it fired.
    Rule {
        /// The rule's name.
        rule: String,
        /// The time that it fired for.
        time: Timestamp,
    },
    /// A custom EventBridge event: its id.
    Event(String),
    /// An SQS message: its id.
    Message(String),
    /// A request sent straight to the function: the Lambda request id, the same for its retries.
    Invocation(String),
    /// The request's own `run_id`, which it must have.
    Given,
    /// A person at a terminal: the time, and a number that keeps two commands of a second apart.
    Terminal {
        /// The time of the command.
        now: Timestamp,
        /// Tells commands of the same second apart.
        random: u16,
    },
}

/// The name of the request's run: the one that it gives, else one that is derived.
pub(crate) fn run_id(request: &Request, naming: &RunIdSource) -> RunId {
    if let Some(given) = &request.run_id {
        return given.clone();
    }
    if let Some(scheduled_at) = request.scheduled_at {
        return RunId::derived(&format!("scheduled-{}", compact(scheduled_at)));
    }
    match naming {
        RunIdSource::Rule { rule, time } => {
            RunId::derived(&format!("{}-{}", sanitised(rule, RULE_CHARACTERS), compact(*time)))
        }
        RunIdSource::Event(id) | RunIdSource::Message(id) | RunIdSource::Invocation(id) => RunId::derived(id),
        RunIdSource::Given => RunId::derived(""),
        RunIdSource::Terminal { now, random } => RunId::derived(&format!("{}-{random:04x}", compact(*now))),
    }
}

/// `20261121T030000Z`.
fn compact(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Accounts;
    use proptest::prelude::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn named(naming: &RunIdSource) -> String {
        run_id(&Request::of(Accounts::All), naming).to_string()
    }

    #[test]
    fn names_are_derived_from_what_the_event_brings() {
        let time = at("2026-11-21T03:00:07.9Z");
        let rule = |rule: &str| RunIdSource::Rule { rule: rule.to_owned(), time };
        assert_eq!(named(&rule("nightly")), "nightly-20261121T030007Z");
        assert_eq!(named(&rule(&"r".repeat(64))), format!("{}-20261121T030007Z", "r".repeat(36)));
        assert_eq!(named(&rule("_a b/ç.r1")), "a-b--.r1-20261121T030007Z");
        assert_eq!(named(&rule("--")), "run-20261121T030007Z");
        let uuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
        assert_eq!(named(&RunIdSource::Event(uuid.to_owned())), uuid);
        assert_eq!(named(&RunIdSource::Message(uuid.to_owned())), uuid);
        assert_eq!(named(&RunIdSource::Invocation("x".repeat(80))), "x".repeat(55));
        assert_eq!(named(&RunIdSource::Terminal { now: time, random: 0xbe }), "20261121T030007Z-00be");
    }

    #[test]
    fn what_the_request_says_goes_first() {
        let naming = RunIdSource::Rule { rule: "nightly".to_owned(), time: at("2026-11-21T03:00:00Z") };
        let mut request = Request::of(Accounts::All);
        request.scheduled_at = Some(at("2026-11-20T05:00:00+02:00"));
        assert_eq!(run_id(&request, &naming).as_str(), "scheduled-20261120T030000Z");
        request.run_id = Some("mine.r2".parse().unwrap());
        assert_eq!(run_id(&request, &naming).as_str(), "mine.r2");
    }

    proptest! {
        #[test]
        fn any_naming_gives_a_run_id_and_twice_the_same(
            text in any::<String>(),
            seconds in -377_705_023_201_i64..253_402_207_200,
            which in 0..5,
        ) {
            let time = Timestamp::from_second(seconds).unwrap();
            let naming = match which {
                0 => RunIdSource::Rule { rule: text, time },
                1 => RunIdSource::Event(text),
                2 => RunIdSource::Message(text),
                3 => RunIdSource::Invocation(text),
                _ => RunIdSource::Terminal { now: time, random: text.len() as u16 },
            };
            let run_id = named(&naming);
            prop_assert_eq!(run_id.parse::<RunId>().unwrap().resumes(), None);
            prop_assert_eq!(named(&naming.clone()), run_id);
        }
    }
}
