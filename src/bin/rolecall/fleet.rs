//! `rolecall run --fleet`, `rolecall status` and `rolecall resume`: runs that do not begin and end in one command.

use std::io::IsTerminal;
use std::process::ExitCode;

use rolecall::backend::Backend;
use rolecall::event::{Naming, Request, RunId, run_id};
use rolecall::input::Problems;
use rolecall::logging;
use rolecall::machine::Machine;
use rolecall::plan::Face;
use rolecall::refusal::{Refusal, RefusalKind};
use rolecall::run::{Engine, Standing, Unfinished};
use rolecall::settings::Settings;
use serde_json::{Value, json};

use crate::arguments::{Resume, Run, Status};
use crate::{run, show};

/// Planned, and not committed yet.
const NOT_COMMITTED: u8 = 1;

/// Starts the machine with the request and follows it; what it wrote is read from the output.
pub async fn start(
    arguments: &Run,
    settings: Settings,
    request: Request,
    naming: &Naming,
) -> Result<ExitCode, Refusal> {
    // What this command is told of the format holds for the function too.
    let format = settings.format.as_deref().map(str::parse).transpose();
    let format = format.map_err(|error| Refusal::new(RefusalKind::InvalidSettings, format!("--format: {error}")))?;
    let run_id = run_id(&request, naming);
    let request = Request { run_id: Some(run_id.clone()), format: request.format.or(format), ..request };
    follow(&arguments.state_machine, settings, &run_id, &json!(request), arguments.json).await
}

async fn follow(
    state_machine: &Option<String>,
    settings: Settings,
    run_id: &RunId,
    input: &Value,
    as_json: bool,
) -> Result<ExitCode, Refusal> {
    // The person's own: backend_role starts no machines.
    let own = Backend::load(&settings).await;
    let machine = Machine::find(&own, state_machine.as_deref()).await?;
    let execution = machine.start(run_id, input).await?;
    let to_people = std::io::stderr().is_terminal() && !as_json;
    if to_people {
        eprintln!("rolecall: {execution}");
    }
    let ended = machine.follow(&execution, |progress| {
        if to_people {
            let (ended, shards, running) = (progress.ended, progress.shards, progress.running);
            eprintln!("rolecall: {ended} of {shards} shards have ended, {running} go on");
        }
    });
    let ended: Value = ended.await?;
    // The last of the runs that did each other's rest.
    let last = ended["run_id"].as_str().unwrap_or_default().parse::<RunId>();
    let last = last.map_err(|error| Refusal::new(RefusalKind::Internal, format!("{execution}: {error}")))?;
    let engine = Engine::start(settings, Face::Terminal).await;
    let manifest = engine.manifest(&last).await?.ok_or_else(|| {
        let what = format!("{execution} has committed {last}, but not in this output: look at --output");
        Refusal::new(RefusalKind::InvalidSettings, what)
    })?;
    if as_json {
        show::print_json(&manifest.response);
    } else {
        show::print(&show::summary(&manifest.response, Some(&manifest)));
    }
    Ok(run::exit_code(&manifest.response))
}

pub async fn status(arguments: Status) -> Result<ExitCode, Refusal> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0, std::io::stderr);
    let engine = Engine::start(settings, Face::Terminal).await;
    let run = &arguments.run_id;
    match engine.standing(run).await? {
        Standing::Committed(manifest) => {
            let (rest, last) = match engine.unfinished(run).await? {
                Unfinished::Rest { request, .. } => (request.run_id, None),
                Unfinished::Nothing(last) => (None, (last.response.run_id != *run).then_some(last)),
            };
            if arguments.json {
                show::print_json(&json!({
                    "run_id": run, "committed": true, "next": rest, "response": manifest.response,
                    "last": last.as_ref().map(|last| &last.response),
                }));
            } else {
                show::print(&show::summary(&manifest.response, Some(&manifest)));
                if let Some(next) = rest {
                    show::print(&format!("\nstill to do: {next}. `rolecall resume {run}` does it"));
                }
                if let Some(last) = &last {
                    let (word, last) = (show::word(last.response.status), &last.response.run_id);
                    show::print(&format!("\nits rest was done, at last by {last}: {word}"));
                }
            }
            Ok(run::exit_code(last.as_ref().map_or(&manifest.response, |last| &last.response)))
        }
        Standing::Planned { plan, shards, committed, accounts } => {
            if arguments.json {
                show::print_json(&json!({
                    "run_id": run, "committed": false, "started_at": plan.started_at, "shards": shards,
                    "shards_committed": committed, "accounts": plan.accounts.len(), "accounts_done": accounts,
                }));
            } else {
                show::print(&format!(
                    "run {run} was planned at {} and is not committed: {committed} of {shards} shards, {accounts} of {} \
                     accounts.\nIf nobody carries it out any more, `rolecall resume {run}` does.",
                    plan.started_at.round(jiff::Unit::Second).unwrap_or(plan.started_at),
                    plan.accounts.len(),
                ));
            }
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        Standing::Unknown => {
            let what = format!("there is no run {run} in this output");
            Err(Refusal::of(RefusalKind::InvalidRequest, &Problems::one("run_id", what)))
        }
    }
}

/// Finishes a run, here or by the machine: only what is not answered is asked.
pub async fn resume(arguments: Resume) -> Result<ExitCode, Refusal> {
    let settings = arguments.settings()?;
    let engine = Engine::start(settings.clone(), Face::Terminal).await;
    let (after, request) = match engine.unfinished(&arguments.run_id).await? {
        Unfinished::Rest { after, request } => (after, request),
        Unfinished::Nothing(manifest) => {
            if arguments.json {
                show::print_json(&manifest.response);
            } else {
                show::print(&format!(
                    "{}\nNothing remains of it.",
                    show::summary(&manifest.response, Some(&manifest)).trim_end()
                ));
            }
            return Ok(run::exit_code(&manifest.response));
        }
    };
    if arguments.fleet {
        // What remains may name more accounts than an execution's input holds: the plan step finds it by the run's name.
        let input = after.map_or_else(|| json!(request), |last| json!({ "resumes": last.response.run_id }));
        let run_id = request.run_id.unwrap_or(arguments.run_id);
        return follow(&arguments.state_machine, settings, &run_id, &input, arguments.json).await;
    }
    let how = run::How { json: arguments.json, verbose: arguments.verbose, timings: None };
    run::carry_out(settings, how, request, Problems::default(), Naming::Invocation(String::new())).await
}
