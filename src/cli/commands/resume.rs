//! `rolecall run --fleet`, `rolecall status` and `rolecall resume`: runs that span several commands.

use std::fmt::Write;
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::Backend;
use crate::change_log;
use crate::cli::args::{ResumeArgs, RunArgs, StatusArgs, TypedFlags};
use crate::cli::given_targets;
use crate::cli::local_run::{LocalRun, OutputOptions, exit_code};
use crate::cli::printer;
use crate::cli::state_machine::StateMachine;
use crate::domain::{AccountId, RunId};
use crate::engine::{Chain, Engine, Lease, Manifest, Plan, RemainingWork, RunHistory, RunStatus};
use crate::error::{Error, ErrorKind};
use crate::event::{Request, RunIdSource, run_id};
use crate::input::ValidationErrors;
use crate::logging;
use crate::report_pages;
use crate::settings::{Runtime, Settings};
use crate::terminal;

/// Exit code for a run that is planned and not committed.
const NOT_COMMITTED: u8 = 1;
/// The most leases that `status` prints one by one.
const SHOWN_LEASES: usize = 5;

/// Starts the state machine with a request, follows it, and prints the result from the output.
pub(crate) async fn start(
    arguments: &RunArgs,
    settings: Settings,
    request: Request,
    source: &RunIdSource,
) -> Result<ExitCode, Error> {
    // The function has settings of its own, so the format of this command goes into the request.
    let format = settings.format.as_deref().map(str::parse).transpose();
    let format = format.map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("--format: {error}")))?;
    let run_id = run_id(&request, source);
    let request = Request { run_id: Some(run_id.clone()), format: request.format.or(format), ..request };
    let options = (arguments.to_resume(), arguments.json);
    follow(settings, (&run_id, &run_id), &json!(request), options).await
}

/// Carries out a run by the state machine, and prints the result of its chain. The chain begins with `first`; `next` is
/// the run that the machine carries out. `flags` are those to resume it.
async fn follow(
    settings: Settings,
    (first, next): (&RunId, &RunId),
    input: &Value,
    (flags, as_json): (TypedFlags, bool),
) -> Result<ExitCode, Error> {
    // backend_role may not start state machines, so the caller's own credentials do.
    let backend = Backend::load(&settings).await;
    let machine = StateMachine::find(&backend, settings.state_machine.as_deref()).await?;
    let execution = machine.start(next, input).await?;
    let show_progress = terminal::is_watched() && !as_json;
    if show_progress {
        terminal::note(&execution);
    }
    let output = machine
        .follow(&execution, |progress| {
            if show_progress {
                let (ended, shards, running) = (progress.ended, progress.shards, progress.running);
                terminal::note(&format!("{ended} of {shards} shards have ended, {running} are running"));
            }
        })
        .await?;
    // The machine returns the last run of the chain.
    let last: Result<RunId, _> = output["run_id"].as_str().unwrap_or_default().parse();
    let last = last.map_err(|error| Error::new(ErrorKind::Internal, format!("{execution}: {error}")))?;
    let history = Engine::start(settings, Runtime::Terminal).await.history()?;
    let chain = history.chain(first).await?;
    if !chain.iter().any(|manifest| manifest.response.run_id == last) {
        let what = format!("{execution} has committed {last}, but not in this output: check --output");
        return Err(Error::new(ErrorKind::InvalidSettings, what));
    }
    print_chain(&chain, &flags, as_json)
}

/// Prints the last run of a chain and the summary of the whole chain. Returns the chain's exit code.
fn print_chain(chain: &[Manifest], flags: &TypedFlags, as_json: bool) -> Result<ExitCode, Error> {
    let summary = Chain::of(chain);
    if let Some(last) = chain.last() {
        if as_json {
            let mut response = json!(last.response);
            if chain.len() > 1 {
                response["chain"] = json!(summary);
            }
            terminal::print_json(&response)?;
        } else {
            terminal::print(&printer::render_text(&last.response, Some(last)))?;
            if chain.len() > 1 {
                terminal::print(&format!("\n{}", printer::render_chain(&summary)))?;
            }
            if last.response.remaining.is_some() {
                let Plan { run_id, given_targets, .. } = &chain[0].plan;
                terminal::print(&printer::resume_hint(run_id, given_targets.as_deref(), flags))?;
            }
        }
    }
    Ok(exit_code(summary.status))
}

/// Prints how far a run has come.
pub(crate) async fn status(arguments: StatusArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let flags = arguments.to_resume();
    let history = Engine::start(settings, Runtime::Terminal).await.history()?;
    let run = &arguments.run_id;
    match history.status(run).await? {
        RunStatus::Committed => committed_status(&history, (run, &flags), arguments.json).await,
        status @ RunStatus::Planned { .. } if arguments.json => {
            let mut progress = progress_json(&status).unwrap_or_default();
            progress["run_id"] = json!(run);
            progress["committed"] = json!(false);
            terminal::print_json(&progress)?;
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        status @ RunStatus::Planned { .. } => {
            terminal::print(&render_progress((run, run), &flags, &status))?;
            Ok(ExitCode::from(NOT_COMMITTED))
        }
        RunStatus::Unknown | RunStatus::Taken => Err(unknown(run)),
    }
}

/// Prints a committed run, and the runs that continue it.
async fn committed_status(
    history: &RunHistory,
    (run, flags): (&RunId, &TypedFlags),
    as_json: bool,
) -> Result<ExitCode, Error> {
    let chain = history.chain(run).await?;
    let next = match chain.last() {
        Some(last) => history.next_status(last).await?,
        None => None,
    };
    let (next, next_status) = next.unzip();
    let is_taken = matches!(next_status, Some(RunStatus::Taken));
    let [first, ..] = chain.as_slice() else { return Err(unknown(run)) };
    let summary = Chain::of(&chain);
    if as_json {
        let last = chain.last().filter(|_| chain.len() > 1);
        terminal::print_json(&json!({
            "run_id": run, "committed": true, "next": next, "next_is_taken": is_taken, "response": first.response,
            "next_begun": next_status.as_ref().and_then(progress_json), "last": last.map(|last| &last.response),
            "chain": summary,
        }))?;
        return Ok(exit_code(summary.status));
    }
    terminal::print(&printer::render_text(&first.response, Some(first)))?;
    if chain.len() > 1 {
        terminal::print(&format!("\n{}", printer::render_chain(&summary)))?;
    }
    match (&next, next_status) {
        (Some(next), Some(status @ RunStatus::Planned { .. })) => {
            terminal::print(&format!("\n{}", render_progress((next, run), flags, &status)))?;
        }
        (Some(next), _) if is_taken => {
            terminal::print(&format!(
                "\nremaining: another request has taken the name {next}, and its run is no part of this one. Send `remaining` of \
                 the manifest with another run_id to collect the rest"
            ))?;
        }
        (Some(next), _) => {
            let resume = printer::resume_command(run, first.plan.given_targets.as_deref(), flags);
            terminal::print(&format!("\nremaining: run {next}. `{resume}` carries it out"))?;
        }
        _ => {}
    }
    Ok(exit_code(summary.status))
}

fn unknown(run: &RunId) -> Error {
    let what = format!("there is no run {run} in this output");
    Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what))
}

fn progress_json(status: &RunStatus) -> Option<Value> {
    let RunStatus::Planned { plan, shards, committed, accounts, leases } = status else { return None };
    Some(json!({
        "started_at": plan.started_at, "shards": shards, "shards_committed": committed,
        "accounts": plan.accounts.len(), "accounts_done": accounts, "working": leases.iter().map(lease_json).collect::<Vec<_>>(),
    }))
}

/// Renders the progress of a planned run. `first` is the run to resume, the first one of its chain.
fn render_progress((run, first): (&RunId, &RunId), flags: &TypedFlags, status: &RunStatus) -> String {
    let RunStatus::Planned { plan, shards, committed, accounts, leases } = status else { return String::new() };
    let seconds = |time: Timestamp| time.round(jiff::Unit::Second).unwrap_or(time);
    let mut text = format!(
        "run {run} was planned at {} and is not committed: {committed} of {shards} shards, {accounts} of {} accounts.\n",
        seconds(plan.started_at),
        plan.accounts.len(),
    );
    for Lease { shard, holder, since, expires_at, .. } in leases.iter().take(SHOWN_LEASES) {
        let (since, until) = (seconds(*since), seconds(*expires_at));
        let _ =
            writeln!(text, "Attempt {holder} works at shard {shard} since {since}, and holds its lease until {until}.");
    }
    if leases.len() > SHOWN_LEASES {
        let _ = writeln!(text, "Attempts work at {} more shards.", leases.len() - SHOWN_LEASES);
    }
    let resume = printer::resume_command(first, plan.given_targets.as_deref(), flags);
    if leases.is_empty() {
        let _ = write!(text, "If no process works on it any more, `{resume}` finishes it.");
    } else {
        let _ = write!(text, "If they end without a commit, `{resume}` finishes it.");
    }
    text
}

fn lease_json(lease: &Lease) -> Value {
    let Lease { shard, holder, since, expires_at, .. } = lease;
    json!({ "shard": shard, "attempt": holder, "since": since, "until": expires_at })
}

/// The plan of a run.
async fn plan_of(history: &RunHistory, run: &RunId) -> Result<Option<Plan>, Error> {
    Ok(match history.status(run).await? {
        RunStatus::Planned { plan, .. } => Some(*plan),
        RunStatus::Committed => history.manifest(run).await?.map(|manifest| manifest.plan),
        RunStatus::Unknown | RunStatus::Taken => None,
    })
}

/// Finishes a run in this process or by the state machine: only what is not answered yet is asked.
pub(crate) async fn resume(arguments: ResumeArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    let first = &arguments.run_id;
    if arguments.fleet {
        let engine = Engine::start(settings.clone(), Runtime::Terminal).await;
        let history = engine.history()?;
        if let Some(plan) = plan_of(&history, first).await? {
            engine.refuse_other_targets(&plan).await?;
        }
        if let RemainingWork::Continue { last_committed, request } = history.remaining_work(first).await? {
            // The remaining request may be larger than an execution's input: the plan step finds it by the run's name.
            let input =
                last_committed.map_or_else(|| json!(request), |last| json!({ "resumes": last.response.run_id }));
            let next = request.run_id.unwrap_or_else(|| first.clone());
            return follow(settings, (first, &next), &input, (arguments.to_resume(), arguments.json)).await;
        }
    }
    let options = OutputOptions { json: arguments.json, verbose: arguments.verbose };
    given_targets::refuse_unusable(&arguments.targets, true)?;
    let mut local_run = LocalRun::start(settings, &options).await;
    let history = local_run.engine.history()?;
    if let Some(plan) = plan_of(&history, first).await? {
        let planned: Vec<AccountId> = plan.accounts.iter().map(|account| account.account_id.clone()).collect();
        let targets = given_targets::of_accounts(&arguments.targets, (&planned, false), &local_run.engine.backend);
        if let Some(targets) = local_run.in_time(targets).await? {
            local_run.use_targets(targets);
        }
        // Before anything is asked: without its targets the run would be ended for good.
        local_run.engine.refuse_other_targets(&plan).await?;
    }
    while let RemainingWork::Continue { request, .. } = history.remaining_work(first).await? {
        let response = local_run.run(request.into(), RunIdSource::Given).await?;
        if response.leaves_work() && local_run.is_interrupted_or_bounded() {
            break;
        }
    }
    let mut chain = history.chain(first).await?;
    for manifest in &mut chain {
        let Manifest { response, .. } = manifest;
        response.changes = change_log::after_commit(&local_run.engine, &response.run_id, &local_run.until()).await;
        response.report = report_pages::after_commit(&local_run.engine, response, &local_run.until()).await;
    }
    local_run.finish();
    let code = print_chain(&chain, &arguments.to_resume(), arguments.json)?;
    if !arguments.json && chain.last().is_some_and(|last| last.response.remaining.is_none()) {
        terminal::print("Nothing remains of it.")?;
    }
    Ok(code)
}
