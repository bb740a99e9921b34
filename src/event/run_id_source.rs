//! Derives the name of a run whose request has no `run_id`.
//!
//! Two deliveries of the same event must give the same name. The name is therefore made of a time or an id that the
//! event has, never of the clock. Only commands at a terminal use the clock, because each of them is a new run.
//!
//! Times can be predicted, so names made of them are reserved: no caller may choose one for a run of its own.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Request;
use crate::domain::{RunId, sanitised};

/// The maximum length of a rule's name in a run id. The rest of the id is for the time.
const RULE_CHARACTERS: usize = 36;
/// The first word of a name that is made of `scheduled_at`.
const SCHEDULED: &str = "scheduled-";
/// The length of the digest that distinguishes two requests of one time. It is too long to find a second request for it.
const DIGEST_CHARACTERS: usize = 16;
/// The maximum length of a rule's name in a run id with a digest.
const RULE_BESIDE_DIGEST: usize = 55 - "-20261121T030000Z-".len() - DIGEST_CHARACTERS;

/// The part of an event that names its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunIdSource {
    /// A rule or schedule of EventBridge, with the time for which it fired.
    Rule {
        /// The name of the rule or schedule.
        rule: String,
        /// The time for which it fired.
        time: Timestamp,
    },
    /// The id of a custom EventBridge event.
    Event(String),
    /// The id of an SQS message.
    Message(String),
    /// The Lambda request id of a direct invocation. Lambda's retries of the invocation have the same id.
    Invocation(String),
    /// The event has nothing to name the run. The request must have a `run_id`.
    Given,
    /// A command at a terminal, with the time and a random number.
    Terminal {
        /// The time at which the command started.
        now: Timestamp,
        /// A number that distinguishes two commands of the same second.
        random: u16,
    },
}

/// Returns the name of the run: the request's `run_id`, or else a name from `scheduled_at`, or else from the event.
pub(crate) fn run_id(request: &Request, naming: &RunIdSource) -> RunId {
    if let Some(given) = &request.run_id {
        return given.clone();
    }
    if let Some(name) = timed(request, naming, RULE_CHARACTERS) {
        return RunId::derived(&name);
    }
    match naming {
        RunIdSource::Rule { rule, .. } => RunId::derived(rule),
        RunIdSource::Event(id) | RunIdSource::Message(id) | RunIdSource::Invocation(id) => RunId::of_event(id),
        RunIdSource::Given => RunId::derived(""),
        RunIdSource::Terminal { now, random } => RunId::derived(&format!("{}-{random:04x}", compact(*now))),
    }
}

/// Returns the name of a scheduled run whose first name belongs to another request, and `None` for any other run.
///
/// Without it, an invoker could suppress a scheduled run by sending another request for its time.
pub(crate) fn second_run_id(request: &Request, naming: &RunIdSource) -> Option<RunId> {
    if request.run_id.is_some() {
        return None;
    }
    let name = timed(request, naming, RULE_BESIDE_DIGEST)?;
    let asked = Request { scheduled_at: None, inline: false, ..request.clone() };
    let digest = hex::encode(Sha256::digest(serde_json::to_vec(&asked).ok()?));
    Some(RunId::derived(&format!("{name}-{}", digest.get(..DIGEST_CHARACTERS)?)))
}

/// Returns whether a name has the form of a scheduled run's name, of its second name, or of a continuation of one.
pub(crate) fn is_reserved(run_id: &RunId) -> bool {
    let name = run_id.first_run().to_ascii_lowercase();
    let is_digest = |text: &str| text.len() == DIGEST_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let without_digest = name.rsplit_once('-').filter(|(_, end)| is_digest(end)).map(|(start, _)| start);
    name.starts_with(SCHEDULED) || ends_in_time(&name) || without_digest.is_some_and(ends_in_time)
}

/// Returns whether a request's name is the one that its own `scheduled_at` gives.
pub(crate) fn names_its_own_time(request: &Request) -> bool {
    let unnamed = Request { run_id: None, ..request.clone() };
    request.scheduled_at.is_some() && request.run_id == Some(run_id(&unnamed, &RunIdSource::Given))
}

/// Returns the rule or `scheduled`, and the time, if the run is named after a time that an event brings.
fn timed(request: &Request, naming: &RunIdSource, rule_characters: usize) -> Option<String> {
    match (request.scheduled_at, naming) {
        (Some(scheduled_at), _) => Some(format!("{SCHEDULED}{}", compact(scheduled_at))),
        (None, RunIdSource::Rule { rule, time }) => {
            Some(format!("{}-{}", sanitised(rule, rule_characters), compact(*time)))
        }
        _ => None,
    }
}

/// Returns whether a name in lower case ends as [`compact`] ends it: `-20261121t030000z`.
fn ends_in_time(name: &str) -> bool {
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = name.rsplit_once('-').and_then(|(_, time)| time.strip_suffix('z')?.split_once('t'));
    time.is_some_and(|(date, clock)| digits(date, 8) && digits(clock, 6))
}

/// Formats a time for a run id: `20261121T030000Z`.
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
        assert_eq!(named(&RunIdSource::Invocation("x".repeat(55))), "x".repeat(55));
        assert!(named(&RunIdSource::Invocation("x".repeat(80))).starts_with(&format!("{}-", "x".repeat(38))));
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

    #[test]
    fn names_of_scheduled_runs_are_reserved() {
        let reserved = |text: &str| is_reserved(&text.parse().unwrap());
        for name in [
            "scheduled-20261129T030000Z",
            "Scheduled-20261129t030000z",
            "scheduled-anything",
            "nightly-20261129T030000Z",
            "nightly-20261129T030000Z.r1",
            "nightly-20261129T030000Z.r1.r2",
            "a-20261129T030000Z-0123456789abcdef",
            "a-20261129T030000Z-0123456789abcdef.r7",
        ] {
            assert!(reserved(name), "{name}");
        }
        for name in ["nightly-2026-11-21", "20261129T030000Z-00be", "unscheduled-1", "a-20261129T030000Z-b", "x.r1"] {
            assert!(!reserved(name), "{name}");
        }
    }

    #[test]
    fn two_requests_of_one_time_have_two_names() {
        let mut request = Request::of(Accounts::All);
        assert_eq!(second_run_id(&request, &RunIdSource::Event("x".into())), None);
        let rule = RunIdSource::Rule { rule: "r".repeat(64), time: at("2026-11-21T03:00:00Z") };
        let of_rule = second_run_id(&request, &rule).unwrap();
        assert_eq!(of_rule.as_str().len(), 55);
        request.scheduled_at = Some(at("2026-11-21T03:00:00Z"));
        let first = second_run_id(&request, &rule).unwrap();
        let other = Request { exclude: vec!["111122223333".parse().unwrap()], ..request.clone() };
        let second = second_run_id(&other, &rule).unwrap();
        assert_ne!(first, second);
        assert!(first.as_str().starts_with("scheduled-20261121T030000Z-"), "{first}");
        assert!([of_rule, first, second].iter().all(is_reserved));
        assert!(!names_its_own_time(&request));
        request.run_id = Some("scheduled-20261121T030000Z".parse().unwrap());
        assert!(names_its_own_time(&request) && second_run_id(&request, &rule).is_none());
    }

    proptest! {
        #[test]
        fn any_name_of_a_time_is_reserved(rule in any::<String>(), seconds in 0_i64..253_402_207_200) {
            let naming = RunIdSource::Rule { rule, time: Timestamp::from_second(seconds).unwrap() };
            let request = Request::of(Accounts::All);
            prop_assert!(is_reserved(&run_id(&request, &naming)));
            prop_assert!(is_reserved(&second_run_id(&request, &naming).unwrap()));
            prop_assert!(is_reserved(&run_id(&request, &naming).continuation().unwrap()));
        }

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
