//! `rolecall run --fleet`, `rolecall status` and `rolecall resume`: runs that do not begin and end in one command.

use std::io::IsTerminal;
use std::process::ExitCode;

use rolecall::backend::Backend;
use rolecall::event::{Naming, Request, RunId, run_id};
use rolecall::input::Problems;
use rolecall::logging;
use rolecall::machine::Machine;
use rolecall::plan::{Face, Plan};
use rolecall::refusal::{Refusal, RefusalKind};
use rolecall::report::{Chain, Manifest};
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
    follow(&arguments.state_machine, settings, (&run_id, &run_id), &json!(request), arguments.json).await
}

/// Has the machine carry a run out, the first one of its chain or the next one, and tells what came of them all.
async fn follow(
    state_machine: &Option<String>,
    settings: Settings,
    (first, next): (&RunId, &RunId),
    input: &Value,
    as_json: bool,
) -> Result<ExitCode, Refusal> {
    // The person's own: backend_role starts no machines.
    let own = Backend::load(&settings).await;
    let machine = Machine::find(&own, state_machine.as_deref()).await?;
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
    let last = last.map_err(|error| Refusal::new(RefusalKind::Internal, format!("{execution}: {error}")))?;
    let engine = Engine::start(settings, Face::Terminal).await;
    let chain = engine.chain(first).await?;
    if !chain.iter().any(|manifest| manifest.response.run_id == last) {
        let what = format!("{execution} has committed {last}, but not in this output: look at --output");
        return Err(Refusal::new(RefusalKind::InvalidSettings, what));
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
            show::print_json(&response);
        } else {
            show::print(&show::summary(&last.response, Some(last)));
            if chain.len() > 1 {
                show::print(&format!("\n{}", show::together(&together)));
            }
            if last.response.remaining.is_some() {
                show::print(&show::cut(&chain[0].response.run_id));
            }
        }
    }
    run::exit_code(together.status)
}

pub async fn status(arguments: Status) -> Result<ExitCode, Refusal> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0, std::io::stderr);
    let engine = Engine::start(settings, Face::Terminal).await;
    let run = &arguments.run_id;
    match engine.standing(run).await? {
        Standing::Committed(_) => {
            let chain = engine.chain(run).await?;
            let next = chain.last().and_then(|last| last.response.remaining.clone()).and_then(|rest| rest.run_id);
            let begun = match &next {
                Some(next) => Some(engine.standing(next).await?),
                None => None,
            };
            let [first, ..] = chain.as_slice() else { return Err(unknown(run)) };
            let together = Chain::of(&chain);
            if arguments.json {
                let last = chain.last().filter(|_| chain.len() > 1);
                show::print_json(&json!({
                    "run_id": run, "committed": true, "next": next, "response": first.response,
                    "next_begun": begun.as_ref().and_then(planned), "last": last.map(|last| &last.response),
                    "chain": together,
                }));
            } else {
                show::print(&show::summary(&first.response, Some(first)));
                if chain.len() > 1 {
                    show::print(&format!("\n{}", show::together(&together)));
                }
                match (&next, begun) {
                    (Some(next), Some(Standing::Planned { plan, shards, committed, accounts })) => {
                        show::print(&format!("\n{}", of_planned(next, run, &plan, shards, committed, accounts)));
                    }
                    (Some(next), _) => {
                        show::print(&format!("\nstill to do: {next}. `rolecall resume {run}` does it"));
                    }
                    _ => {}
                }
            }
            Ok(run::exit_code(together.status))
        }
        standing @ Standing::Planned { .. } if arguments.json => {
            let mut told = planned(&standing).unwrap_or_default();
            told["run_id"] = json!(run);
            told["committed"] = json!(false);
            show::print_json(&told);
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        Standing::Planned { plan, shards, committed, accounts } => {
            show::print(&of_planned(run, run, &plan, shards, committed, accounts));
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        Standing::Unknown => Err(unknown(run)),
    }
}

fn unknown(run: &RunId) -> Refusal {
    let what = format!("there is no run {run} in this output");
    Refusal::of(RefusalKind::InvalidRequest, &Problems::one("run_id", what))
}

fn planned(standing: &Standing) -> Option<Value> {
    let Standing::Planned { plan, shards, committed, accounts } = standing else { return None };
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
pub async fn resume(arguments: Resume) -> Result<ExitCode, Refusal> {
    let settings = arguments.settings()?;
    let first = &arguments.run_id;
    if arguments.fleet {
        let engine = Engine::start(settings.clone(), Face::Terminal).await;
        if let Unfinished::Rest { after, request } = engine.unfinished(first).await? {
            // What remains may name more accounts than an execution's input holds: the plan step finds it by the run's name.
            let input = after.map_or_else(|| json!(request), |last| json!({ "resumes": last.response.run_id }));
            let next = request.run_id.unwrap_or_else(|| first.clone());
            return follow(&arguments.state_machine, settings, (first, &next), &input, arguments.json).await;
        }
    }
    let how = run::How { json: arguments.json, verbose: arguments.verbose, timings: None };
    let here = run::Here::start(settings, &how).await;
    while let Unfinished::Rest { request, .. } = here.engine.unfinished(first).await? {
        let naming = Naming::Invocation(String::new());
        let response = here.carry_out(request, Problems::default(), naming).await?;
        if response.remaining.is_some() && here.has_an_end() {
            break;
        }
    }
    here.end();
    let chain = here.engine.chain(first).await?;
    let code = tell(&chain, arguments.json);
    if !arguments.json && chain.last().is_some_and(|last| last.response.remaining.is_none()) {
        show::print("Nothing remains of it.");
    }
    Ok(code)
}
