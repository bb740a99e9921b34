//! `rolecall run`.

use std::path::Path;
use std::process::ExitCode;

use crate::engine::{Engine, RequestDraft};
use crate::error::{Error, ErrorKind};
use crate::event::RunIdSource;
use crate::input::ValidationErrors;
use crate::settings::Settings;

use crate::cli::args::RunArgs;
use crate::cli::commands::resume;
use crate::cli::local_run::{LocalRun, OutputOptions, exit_code};
use crate::cli::printer;

pub(crate) async fn run(arguments: RunArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    let mut problems = ValidationErrors::default();
    let (request, naming) = arguments.request(&mut problems)?;
    if arguments.fleet {
        if !problems.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &problems));
        }
        return resume::start(&arguments, settings, request, &naming).await;
    }
    let how = OutputOptions { json: arguments.json, verbose: arguments.verbose, timings: arguments.timings.as_deref() };
    carry_out(settings, how, RequestDraft::new(request, problems), naming).await
}

/// Carries a request out here, and tells what it came to.
async fn carry_out(
    settings: Settings,
    how: OutputOptions<'_>,
    draft: RequestDraft,
    run_id_source: RunIdSource,
) -> Result<ExitCode, Error> {
    let here = LocalRun::start(settings, &how).await;
    let done = here.carry_out(draft, run_id_source).await;
    here.end();
    if let Some(path) = how.timings {
        write_timings(&here.engine, path)?;
    }
    let response = done?;
    if how.json {
        printer::print_json(&response);
    } else {
        let manifest = here.engine.history()?.manifest(&response.run_id).await?;
        printer::print(&printer::summary(&response, manifest.as_ref()));
        if response.remaining.is_some() {
            printer::print(&printer::cut(&response.run_id));
        }
    }
    Ok(exit_code(response.status))
}

/// Also where the run was refused: what was waited for says why.
fn write_timings(engine: &Engine, path: &Path) -> Result<(), Error> {
    let text = engine.backend.client_config.transport.timings().map(|timings| timings.csv()).unwrap_or_default();
    std::fs::write(path, text).map_err(|error| {
        let what = format!("the timings cannot be written to {}: {error}", path.display());
        Error::new(ErrorKind::OutputNotWritable, what)
    })
}
