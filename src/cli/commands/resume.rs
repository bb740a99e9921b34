//! `rolecall run --fleet`, `rolecall status` and `rolecall resume`: runs that do not begin and end in one command.

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::aws::Backend;
use crate::cli::state_machine::StateMachine;
use crate::domain::RunId;
use crate::engine::Plan;
use crate::engine::{Chain, Manifest};
use crate::engine::{Engine, RemainingWork, RunStatus};
use crate::error::{Error, ErrorKind};
use crate::event::{Request, RunIdSource, run_id};
use crate::input::ValidationErrors;
use crate::logging;
use crate::settings::Runtime;
use crate::settings::Settings;
use serde_json::{Value, json};

use crate::cli::args::{ResumeArgs, RunArgs, StatusArgs};
use crate::cli::local_run::{LocalRun, OutputOptions, exit_code};
use crate::cli::printer;

/// Planned, and not committed yet.
const NOT_COMMITTED: u8 = 1;

/// Starts the machine with the request and follows it; what it wrote is read from the output.
pub(crate) async fn start(
    arguments: &RunArgs,
    settings: Settings,
    request: Request,
    naming: &RunIdSource,
) -> Result<ExitCode, Error> {
    // What this command is told of the format holds for the function too.
    let format = settings.format.as_deref().map(str::parse).transpose();
    let format = format.map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("--format: {error}")))?;
    let run_id = run_id(&request, naming);
    let request = Request { run_id: Some(run_id.clone()), format: request.format.or(format), ..request };
    follow(&arguments.state_machine, settings, (&run_id, &run_id), &json!(request), arguments.json).await
}

/// Has the machine carry a run out, the first one of its chain or the next one, and tells what came of them all.
async fn follow(
    state_machine: &Option<String>,
    settings: Settings,
    (first, next): (&RunId, &RunId),
    input: &Value,
    as_json: bool,
) -> Result<ExitCode, Error> {
    // The person's own: backend_role starts no machines.
    let own = Backend::load(&settings).await;
    let machine = StateMachine::find(&own, state_machine.as_deref()).await?;
    let execution = machine.start(next, input).await?;
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
    let last = last.map_err(|error| Error::new(ErrorKind::Internal, format!("{execution}: {error}")))?;
    let history = Engine::start(settings, Runtime::Terminal).await.history()?;
    let chain = history.chain(first).await?;
    if !chain.iter().any(|manifest| manifest.response.run_id == last) {
        let what = format!("{execution} has committed {last}, but not in this output: look at --output");
        return Err(Error::new(ErrorKind::InvalidSettings, what));
    }
    Ok(tell(&chain, as_json))
}

/// What a run and those that did its rest came to: the last of them, and all together.
fn tell(chain: &[Manifest], as_json: bool) -> ExitCode {
    let together = Chain::of(chain);
    if let Some(last) = chain.last() {
        if as_json {
            let mut response = json!(last.response);
            if chain.len() > 1 {
                response["chain"] = json!(together);
            }
            printer::print_json(&response);
        } else {
            printer::print(&printer::summary(&last.response, Some(last)));
            if chain.len() > 1 {
                printer::print(&format!("\n{}", printer::together(&together)));
            }
            if last.response.remaining.is_some() {
                printer::print(&printer::cut(&chain[0].response.run_id));
            }
        }
    }
    exit_code(together.status)
}

pub(crate) async fn status(arguments: StatusArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0, std::io::stderr);
    let history = Engine::start(settings, Runtime::Terminal).await.history()?;
    let run = &arguments.run_id;
    match history.status(run).await? {
        RunStatus::Committed => {
            let chain = history.chain(run).await?;
            let next = chain.last().and_then(|last| last.response.remaining.clone()).and_then(|rest| rest.run_id);
            let begun = match &next {
                Some(next) => Some(history.status(next).await?),
                None => None,
            };
            let [first, ..] = chain.as_slice() else { return Err(unknown(run)) };
            let together = Chain::of(&chain);
            if arguments.json {
                let last = chain.last().filter(|_| chain.len() > 1);
                printer::print_json(&json!({
                    "run_id": run, "committed": true, "next": next, "response": first.response,
                    "next_begun": begun.as_ref().and_then(planned), "last": last.map(|last| &last.response),
                    "chain": together,
                }));
            } else {
                printer::print(&printer::summary(&first.response, Some(first)));
                if chain.len() > 1 {
                    printer::print(&format!("\n{}", printer::together(&together)));
                }
                match (&next, begun) {
                    (Some(next), Some(RunStatus::Planned { plan, shards, committed, accounts })) => {
                        printer::print(&format!("\n{}", of_planned(next, run, &plan, shards, committed, accounts)));
                    }
                    (Some(next), _) => {
                        printer::print(&format!("\nstill to do: {next}. `rolecall resume {run}` does it"));
                    }
                    _ => {}
                }
            }
            Ok(exit_code(together.status))
        }
        standing @ RunStatus::Planned { .. } if arguments.json => {
            let mut told = planned(&standing).unwrap_or_default();
            told["run_id"] = json!(run);
            told["committed"] = json!(false);
            printer::print_json(&told);
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        RunStatus::Planned { plan, shards, committed, accounts } => {
            printer::print(&of_planned(run, run, &plan, shards, committed, accounts));
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        RunStatus::Unknown => Err(unknown(run)),
    }
}

fn unknown(run: &RunId) -> Error {
    let what = format!("there is no run {run} in this output");
    Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what))
}

fn planned(standing: &RunStatus) -> Option<Value> {
    let RunStatus::Planned { plan, shards, committed, accounts } = standing else { return None };
    Some(json!({
        "started_at": plan.started_at, "shards": shards, "shards_committed": committed,
        "accounts": plan.accounts.len(), "accounts_done": accounts,
    }))
}

fn of_planned(run: &RunId, first: &RunId, plan: &Plan, shards: usize, committed: usize, accounts: usize) -> String {
    format!(
        "run {run} was planned at {} and is not committed: {committed} of {shards} shards, {accounts} of {} accounts.\nIf \
         nobody carries it out any more, `rolecall resume {first}` does.",
        plan.started_at.round(jiff::Unit::Second).unwrap_or(plan.started_at),
        plan.accounts.len(),
    )
}

/// Finishes a run, here or by the machine: only what is not answered is asked.
pub(crate) async fn resume(arguments: ResumeArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    let first = &arguments.run_id;
    if arguments.fleet {
        let history = Engine::start(settings.clone(), Runtime::Terminal).await.history()?;
        if let RemainingWork::Continue { last_committed, request } = history.remaining_work(first).await? {
            // What remains may name more accounts than an execution's input holds: the plan step finds it by the run's name.
            let input =
                last_committed.map_or_else(|| json!(request), |last| json!({ "resumes": last.response.run_id }));
            let next = request.run_id.unwrap_or_else(|| first.clone());
            return follow(&arguments.state_machine, settings, (first, &next), &input, arguments.json).await;
        }
    }
    let how = OutputOptions { json: arguments.json, verbose: arguments.verbose, timings: None };
    let here = LocalRun::start(settings, &how).await;
    let history = here.engine.history()?;
    while let RemainingWork::Continue { request, .. } = history.remaining_work(first).await? {
        let response = here.carry_out(request.into(), RunIdSource::Given).await?;
        if response.remaining.is_some() && here.has_an_end() {
            break;
        }
    }
    here.end();
    let chain = history.chain(first).await?;
    let code = tell(&chain, arguments.json);
    if !arguments.json && chain.last().is_some_and(|last| last.response.remaining.is_none()) {
        printer::print("Nothing remains of it.");
    }
    Ok(code)
}
