//! `rolecall run`: collects an inventory.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::RunArgs;
use crate::cli::commands::resume;
use crate::cli::given_targets;
use crate::cli::local_run::{LocalRun, OutputOptions, exit_code};
use crate::cli::printer;
use crate::engine::{Engine, GivenTargets, Manifest, RequestDraft, Response};
use crate::error::{Error, ErrorKind};
use crate::event::{Accounts, Request};
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
    // A run takes long, so a file that cannot be written is refused before it.
    let timings = arguments.timings.as_deref().map(TimingsFile::create).transpose()?;
    let options = OutputOptions { json: arguments.json, verbose: arguments.verbose };
    given_targets::refuse_unusable(&arguments.targets, matches!(request.accounts, Accounts::Named(_)))?;
    given_targets::require_some(&arguments.targets, &settings)?;
    let mut local_run = LocalRun::start(settings, &options).await;
    if let Some(targets) = local_run.in_time(targets_of(&arguments, &local_run, &request, &errors)).await? {
        local_run.use_targets(targets);
    }
    let result = local_run.run(RequestDraft::new(request, errors), source).await;
    local_run.finish();
    // A refused run has timings too: they say what it waited for. Its own error precedes one of the file.
    let written = timings.map_or(Ok(()), |file| file.write(&local_run.engine));
    let response = result?;
    if options.json {
        terminal::print_json(&response)?;
    } else {
        terminal::print(&printer::render_text(&response, manifest_of(&local_run, &response).await.as_ref()))?;
        if response.leaves_work() {
            let given = local_run.engine.given.as_ref().map(|given| given.flags.as_str());
            terminal::print(&printer::resume_hint(&response.run_id, given, &arguments.to_resume()))?;
        }
        if arguments.targets.is_given() && response.records.values().any(|records| *records > 0) {
            terminal::print(&printer::next_hint(&arguments.of_output()))?;
        }
    }
    written?;
    Ok(exit_code(response.status))
}

/// The targets that the flags name. A faulty request names none: its problems are reported without a call.
async fn targets_of(
    arguments: &RunArgs,
    local_run: &LocalRun,
    request: &Request,
    errors: &ValidationErrors,
) -> Result<Option<GivenTargets>, Error> {
    if !errors.is_empty() {
        return Ok(given_targets::none(&arguments.targets));
    }
    given_targets::named(&arguments.targets, request, &local_run.engine.backend).await
}

/// Reads the manifest of the committed run, for the table of its accounts.
async fn manifest_of(local_run: &LocalRun, response: &Response) -> Option<Manifest> {
    let manifest = match local_run.engine.history() {
        Ok(history) => history.manifest(&response.run_id).await,
        Err(error) => Err(error),
    };
    manifest.unwrap_or_else(|error| {
        terminal::note(&format!("the run is committed, and the table of its accounts is left out: {error}"));
        None
    })
}

/// The file for the timings of a run.
struct TimingsFile<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> TimingsFile<'a> {
    fn create(path: &'a Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(|error| not_written(path, &error))?;
        Ok(Self { path, file })
    }

    fn write(mut self, engine: &Engine) -> Result<(), Error> {
        let text = engine.backend.client_config.transport.timings().map(|timings| timings.csv()).unwrap_or_default();
        self.file.write_all(text.as_bytes()).map_err(|error| not_written(self.path, &error))
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Error {
    let what = format!("the timings cannot be written to {}: {error}", path.display());
    Error::new(ErrorKind::OutputNotWritable, what)
}
