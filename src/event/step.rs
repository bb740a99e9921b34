//! Reads the steps with which a state machine invokes the function: plan a run, collect one shard, reduce the run, record its
//! changes, and write its report page.
//!
//! A step has a request or a run id, and never a role to enter. The plan in the output has the accounts of each shard.

use serde_json::Value;

use crate::domain::RunId;
use crate::input::{Fields, ValidationErrors, quoted};

/// The field that marks a step.
pub(super) const STEP: &str = "step";
/// The field that names the run whose changes are to be recorded.
const CHANGES_OF: &str = "changes_of";
/// The field that names the run whose report page is to be written.
const REPORT_OF: &str = "report_of";
/// The default number of accounts in a shard.
pub(super) const BATCH: usize = 25;
/// The maximum number of accounts in a shard. A larger shard would not end within one invocation.
const LARGEST_BATCH: u64 = 1_000;

/// A step of the state machine, as it invokes the function.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Resolves a request into a plan, and returns the shards to collect.
    Plan {
        /// What the plan is made for.
        what: Planning,
        /// The number of accounts in a shard.
        batch: usize,
    },
    /// Collects one shard of a planned run.
    Shard {
        /// The run that has the shard.
        run_id: RunId,
        /// The name of the shard in the plan.
        shard: String,
    },
    /// Merges the shards of a run, and commits the run.
    Reduce {
        /// The run to commit.
        run_id: RunId,
    },
    /// Lists the parts of a committed run's changes that are left to record.
    Changes {
        /// The committed run, the last one of its chain.
        run_id: RunId,
    },
    /// Records one part of a committed run's changes.
    ChangesPart {
        /// The committed run.
        run_id: RunId,
        /// The name of the part.
        part: String,
    },
    /// Names the files of all parts, and sends the events.
    ChangesEnd {
        /// The committed run, the last one of its chain.
        run_id: RunId,
    },
    /// Writes the report page of a committed run.
    Report {
        /// The committed run, the last one of its chain.
        run_id: RunId,
    },
}

/// The subject of a plan: a request, or the rest of an earlier run.
#[derive(Clone, Debug, PartialEq)]
pub enum Planning {
    /// A request that is not read yet. The execution names the run if the request does not.
    Request {
        /// The request as it was sent.
        request: Value,
        /// The name of the state machine's execution.
        execution: String,
    },
    /// The cells that this run left open.
    Remaining(RunId),
}

/// Reads a step, or returns all of its errors.
pub(super) fn step(event: &Value) -> Result<Step, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    let Some(fields) = Fields::of(event, "event", &mut errors) else { return Err(errors) };
    let name = fields.string(STEP, &mut errors).unwrap_or_default();
    let known: &[&str] = match name {
        "plan" => &[STEP, "request", "execution", "resumes", "batch"],
        "shard" => &[STEP, "run_id", "shard"],
        "reduce" | "changes" | "changes_end" | "report" => &[STEP, "run_id"],
        "changes_part" => &[STEP, "run_id", "part"],
        other => {
            let what = "is no step: write plan, shard, reduce, changes, changes_part, changes_end or report";
            errors.push("event.step", format!("{} {what}", quoted(other)));
            return Err(errors);
        }
    };
    fields.refuse_all_unknown(known, &mut errors);
    let step = match name {
        "plan" => plan(&fields, &mut errors),
        "shard" => piece(&fields, "shard", &mut errors).map(|(run_id, shard)| Step::Shard { run_id, shard }),
        "changes_part" => piece(&fields, "part", &mut errors).map(|(run_id, part)| Step::ChangesPart { run_id, part }),
        name => run_id(&fields, "run_id", &mut errors).map(|run_id| match name {
            "changes" => Step::Changes { run_id },
            "changes_end" => Step::ChangesEnd { run_id },
            "report" => Step::Report { run_id },
            _ => Step::Reduce { run_id },
        }),
    };
    match step {
        Some(step) if errors.is_empty() => Ok(step),
        _ => Err(errors),
    }
}

/// Reads the run of a step, and the name of the piece of it that the step does.
fn piece(fields: &Fields<'_>, field: &str, errors: &mut ValidationErrors) -> Option<(RunId, String)> {
    let name = fields.string(field, errors).map(str::to_owned);
    let run_id = run_id(fields, "run_id", errors);
    if fields.get(field).is_none() {
        errors.push(fields.path_of(field), format!("is missing: it names one of the plan's {field}s"));
    }
    run_id.zip(name)
}

fn plan(fields: &Fields<'_>, errors: &mut ValidationErrors) -> Option<Step> {
    let batch = match fields.get("batch") {
        None => BATCH,
        Some(value) => match value.as_u64().filter(|batch| (1..=LARGEST_BATCH).contains(batch)) {
            Some(batch) => usize::try_from(batch).unwrap_or(BATCH),
            None => {
                errors.push("event.batch", format!("must be a whole number from 1 to {LARGEST_BATCH}"));
                return None;
            }
        },
    };
    let what = match (fields.get("request"), fields.get("resumes")) {
        // The machine passes its whole input as the request. The input may be only the name of the run to resume.
        (Some(request), None) if only_resumes(request) => {
            let named = Fields::of(request, "event.request", errors)?;
            Planning::Remaining(run_id(&named, "resumes", errors)?)
        }
        (Some(request), None) => {
            let execution = fields.string("execution", errors).unwrap_or_default().to_owned();
            // Without a name, all such runs would be one run.
            let is_named = ["run_id", "scheduled_at"].iter().any(|field| request.get(field).is_some());
            if execution.is_empty() && !is_named {
                errors.push(fields.path_of("execution"), "is missing: it names the run if the request does not");
            }
            Planning::Request { request: request.clone(), execution }
        }
        (None, Some(_)) => Planning::Remaining(run_id(fields, "resumes", errors)?),
        _ => {
            errors.push("event", "a plan is made for a `request`, or for what remains of the run that it `resumes`");
            return None;
        }
    };
    Some(Step::Plan { what, batch })
}

/// Returns the run that a request resumes, if it has no other content than `resumes`.
pub(crate) fn resumed_run(request: &Value) -> Result<Option<RunId>, ValidationErrors> {
    if !only_resumes(request) {
        return Ok(None);
    }
    let mut errors = ValidationErrors::new();
    let named = Fields::of(request, "request", &mut errors).and_then(|fields| run_id(&fields, "resumes", &mut errors));
    errors.into_result(named)
}

/// A message that continues the recording of a run's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangesMessage {
    pub run_id: RunId,
    /// How many messages came before this one.
    pub attempt: u32,
}

impl ChangesMessage {
    /// Returns the message in the body of a message, if it has the field `changes_of`.
    pub(crate) fn read(body: &Value) -> Result<Option<Self>, ValidationErrors> {
        let read = rest_of(body, CHANGES_OF)?;
        Ok(read.map(|(run_id, attempt)| Self { run_id, attempt }))
    }

    /// The body of the message.
    pub(crate) fn body(&self) -> String {
        serde_json::json!({ CHANGES_OF: self.run_id, "attempt": self.attempt }).to_string()
    }
}

/// A message that continues the writing of a run's report pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportMessage {
    pub run_id: RunId,
    /// How many messages came before this one.
    pub attempt: u32,
}

impl ReportMessage {
    /// Returns the message in the body of a message, if it has the field `report_of`.
    pub(crate) fn read(body: &Value) -> Result<Option<Self>, ValidationErrors> {
        let read = rest_of(body, REPORT_OF)?;
        Ok(read.map(|(run_id, attempt)| Self { run_id, attempt }))
    }

    /// The body of the message.
    pub(crate) fn body(&self) -> String {
        serde_json::json!({ REPORT_OF: self.run_id, "attempt": self.attempt }).to_string()
    }
}

/// The run and the attempt of a message about the rest of a step after the commit, if it has the field of that step.
fn rest_of(body: &Value, field: &str) -> Result<Option<(RunId, u32)>, ValidationErrors> {
    if body.get(field).is_none() {
        return Ok(None);
    }
    let mut errors = ValidationErrors::new();
    let message = Fields::of(body, "request", &mut errors).and_then(|fields| {
        fields.refuse_all_unknown(&[field, "attempt"], &mut errors);
        let attempt = match fields.get("attempt") {
            None => Some(0),
            Some(value) => value.as_u64().and_then(|attempt| u32::try_from(attempt).ok()),
        };
        if attempt.is_none() {
            errors.push("request.attempt", "must be a whole number");
        }
        Some((run_id(&fields, field, &mut errors)?, attempt?))
    });
    errors.into_result(message)
}

fn only_resumes(request: &Value) -> bool {
    request.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key("resumes"))
}

fn run_id(fields: &Fields<'_>, name: &str, errors: &mut ValidationErrors) -> Option<RunId> {
    if fields.get(name).is_none() {
        errors.push(fields.path_of(name), "is missing: it names the run");
    }
    fields.parsed(name, errors, str::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_are_read_with_every_problem_at_once() {
        let id = |text: &str| text.parse::<RunId>().unwrap();
        let request = json!({ "accounts": "all" });
        let planned = step(&json!({ "step": "plan", "request": request, "execution": "x", "batch": 3 })).unwrap();
        let what = Planning::Request { request, execution: "x".into() };
        assert_eq!(planned, Step::Plan { what, batch: 3 });
        let resumed = step(&json!({ "step": "plan", "resumes": "x" })).unwrap();
        assert_eq!(resumed, Step::Plan { what: Planning::Remaining(id("x")), batch: BATCH });
        let by_machine = json!({ "step": "plan", "request": { "resumes": "x" }, "execution": "y", "batch": BATCH });
        assert_eq!(step(&by_machine).unwrap(), resumed);
        let shard = step(&json!({ "step": "shard", "run_id": "x.r1", "shard": "7" })).unwrap();
        assert_eq!(shard, Step::Shard { run_id: id("x.r1"), shard: "7".into() });
        let of_changes = |name: &str| step(&json!({ "step": name, "run_id": "x" })).unwrap();
        assert_eq!(of_changes("changes"), Step::Changes { run_id: id("x") });
        assert_eq!(of_changes("changes_end"), Step::ChangesEnd { run_id: id("x") });
        assert_eq!(of_changes("report"), Step::Report { run_id: id("x") });
        let part = step(&json!({ "step": "changes_part", "run_id": "x", "part": "3" })).unwrap();
        assert_eq!(part, Step::ChangesPart { run_id: id("x"), part: "3".into() });
        let wrong = [
            json!({ "step": "map" }),
            json!({ "step": "plan" }),
            json!({ "step": "plan", "request": { "accounts": "all" } }),
            json!({ "step": "plan", "request": {}, "resumes": "x", "batch": 0 }),
            json!({ "step": "shard", "role_arn": "arn:aws:iam::1:role/x" }),
            json!({ "step": "reduce", "run_id": "a b" }),
            json!({ "step": "changes_part", "run_id": "x" }),
            json!({ "step": "changes", "run_id": "x", "part": "0" }),
        ];
        let told: Vec<String> = wrong.iter().map(|event| step(event).unwrap_err().to_string()).collect();
        insta::assert_snapshot!(told.join("\n---\n"));
    }

    #[test]
    fn a_message_about_the_report_is_read_as_it_is_written() {
        let message = ReportMessage { run_id: "x.r1".parse().unwrap(), attempt: 3 };
        let body = serde_json::from_str(&message.body()).unwrap();
        assert_eq!(ReportMessage::read(&body), Ok(Some(message)));
        assert_eq!(ChangesMessage::read(&body), Ok(None));
        assert!(ReportMessage::read(&json!({ "report_of": "x", "changes_of": "x" })).is_err());
    }

    #[test]
    fn a_message_about_changes_is_read_as_it_is_written() {
        let message = ChangesMessage { run_id: "x.r1".parse().unwrap(), attempt: 3 };
        let read = |body: &str| ChangesMessage::read(&serde_json::from_str(body).unwrap());
        assert_eq!(read(&message.body()), Ok(Some(message.clone())));
        assert_eq!(read(r#"{"changes_of": "x.r1"}"#), Ok(Some(ChangesMessage { attempt: 0, ..message })));
        assert_eq!(read(r#"{"accounts": "all"}"#), Ok(None));
        for wrong in
            [r#"{"changes_of": "a b"}"#, r#"{"changes_of": "x", "attempt": -1}"#, r#"{"changes_of": "x", "y": 1}"#]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
