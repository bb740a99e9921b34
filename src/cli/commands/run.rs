//! `rolecall run`: collects an inventory.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::RunArgs;
use crate::cli::commands::resume;
use crate::cli::local_run::{LocalRun, OutputOptions, exit_code};
use crate::cli::printer;
use crate::engine::{Engine, RequestDraft};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::terminal;

/// Carries out a run in this process, or by the state machine with `--fleet`, and prints its result.
pub(crate) async fn run(arguments: RunArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    let mut errors = ValidationErrors::default();
    let (request, source) = arguments.request(&mut errors)?;
    if arguments.fleet {
        if !errors.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &errors));
        }
        return resume::start(&arguments, settings, request, &source).await;
    }
    let options = OutputOptions { json: arguments.json, verbose: arguments.verbose };
    let local_run = LocalRun::start(settings, &options).await;
    let result = local_run.run(RequestDraft::new(request, errors), source).await;
    local_run.finish();
    // A refused run has timings too: they say what it waited for.
    if let Some(path) = &arguments.timings {
        write_timings(&local_run.engine, path)?;
    }
    let response = result?;
    if options.json {
        terminal::print_json(&response)?;
    } else {
        let manifest = local_run.engine.history()?.manifest(&response.run_id).await?;
        terminal::print(&printer::render_text(&response, manifest.as_ref()))?;
        if response.leaves_work() {
            terminal::print(&printer::resume_hint(&response.run_id))?;
        }
    }
    Ok(exit_code(response.status))
}

fn write_timings(engine: &Engine, path: &Path) -> Result<(), Error> {
    let text = engine.backend.client_config.transport.timings().map(|timings| timings.csv()).unwrap_or_default();
    std::fs::write(path, text).map_err(|error| {
        let what = format!("the timings cannot be written to {}: {error}", path.display());
        Error::new(ErrorKind::OutputNotWritable, what)
    })
}
