//! `rolecall run`.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use rolecall::event::{Naming, Request};
use rolecall::input::Problems;
use rolecall::logging;
use rolecall::plan::Face;
use rolecall::refusal::{Refusal, RefusalKind};
use rolecall::report::{Completeness, Response};
use rolecall::run::{Engine, Observer, Order, Unwatched};
use rolecall::settings::Settings;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::arguments::Run;
use crate::progress::Progress;
use crate::{fleet, show};

/// Some cells were not answered.
const PARTIAL: u8 = 1;
/// None was.
const FAILED: u8 = 2;
/// Ended by a second interrupt.
const INTERRUPTED: i32 = 130;

/// How a run is told.
pub struct How<'a> {
    pub json: bool,
    pub verbose: u8,
    pub timings: Option<&'a Path>,
}

pub async fn run(arguments: Run) -> Result<ExitCode, Refusal> {
    let settings = arguments.settings()?;
    let mut problems = Problems::default();
    let (request, naming) = arguments.request(&mut problems)?;
    if arguments.fleet {
        if !problems.is_empty() {
            return Err(Refusal::of(RefusalKind::InvalidRequest, &problems));
        }
        return fleet::start(&arguments, settings, request, &naming).await;
    }
    let how = How { json: arguments.json, verbose: arguments.verbose, timings: arguments.timings.as_deref() };
    carry_out(settings, how, request, problems, naming).await
}

/// Carries a request out here, and tells what it came to.
async fn carry_out(
    settings: Settings,
    how: How<'_>,
    request: Request,
    problems: Problems,
    naming: Naming,
) -> Result<ExitCode, Refusal> {
    let here = Here::start(settings, &how).await;
    let done = here.carry_out(request, problems, naming).await;
    here.end();
    if let Some(path) = how.timings {
        write_timings(&here.engine, path)?;
    }
    let response = done?;
    if how.json {
        show::print_json(&response);
    } else {
        let manifest = here.engine.manifest(&response.run_id).await?;
        show::print(&show::summary(&response, manifest.as_ref()));
        if response.remaining.is_some() {
            show::print(&show::cut(&response.run_id));
        }
    }
    Ok(exit_code(response.status))
}

/// What carries runs out in this process: watched, and ended by an interrupt or a deadline.
pub struct Here {
    pub engine: Engine,
    progress: Option<Arc<Progress>>,
    deadline: Option<Instant>,
    stop: CancellationToken,
    over: CancellationToken,
    _interrupts: AbortOnDropHandle<()>,
}

impl Here {
    pub async fn start(settings: Settings, how: &How<'_>) -> Self {
        let progress = (std::io::stderr().is_terminal() && !how.json).then(Progress::new).map(Arc::new);
        match &progress {
            Some(progress) => logging::to_terminal(settings.log.as_deref(), how.verbose, progress.writer()),
            None => logging::to_terminal(settings.log.as_deref(), how.verbose, std::io::stderr),
        }
        let deadline = settings.deadline.map(|time| Instant::now() + time);
        let engine = Engine::start(settings, Face::Terminal).await;
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let interrupts = AbortOnDropHandle::new(tokio::spawn(end_in_good_order(stop.clone(), over.clone())));
        Self { engine, progress, deadline, stop, over, _interrupts: interrupts }
    }

    pub async fn carry_out(&self, request: Request, problems: Problems, naming: Naming) -> Result<Response, Refusal> {
        let observer: Arc<dyn Observer> = match &self.progress {
            Some(progress) => progress.clone(),
            None => Arc::new(Unwatched),
        };
        let (deadline, stop) = (self.deadline, self.stop.clone());
        let order = Order { request, problems, naming, may_inline: true, deadline, stop, observer };
        // A panic is rolecall's own mistake; it is told like any refusal.
        let engine = self.engine.clone();
        let done = tokio::spawn(async move { engine.run(order).await }).await;
        done.map_err(|error| Refusal::new(RefusalKind::Internal, error.to_string()))?
    }

    /// Whether a run that leaves something undone has done so for want of time, and another one had none either.
    pub fn has_an_end(&self) -> bool {
        self.stop.is_cancelled() || self.deadline.is_some()
    }

    /// Nothing is carried out any more: the next interrupt ends the process, and the bars are taken away.
    pub fn end(&self) {
        self.over.cancel();
        if let Some(progress) = &self.progress {
            progress.clear();
        }
    }
}

/// Also where the run was refused: what was waited for says why.
fn write_timings(engine: &Engine, path: &Path) -> Result<(), Refusal> {
    let text = engine.backend.manner.wire.timings().map(|timings| timings.csv()).unwrap_or_default();
    std::fs::write(path, text).map_err(|error| {
        let what = format!("the timings cannot be written to {}: {error}", path.display());
        Refusal::new(RefusalKind::OutputNotWritable, what)
    })
}

/// 0 where all was answered, 1 where some was, 2 where none.
pub fn exit_code(status: Completeness) -> ExitCode {
    match status {
        Completeness::Complete => ExitCode::SUCCESS,
        Completeness::Partial => ExitCode::from(PARTIAL),
        Completeness::Failed | Completeness::NotStarted => ExitCode::from(FAILED),
    }
}

/// The first Ctrl-C or SIGTERM ends the run as its deadline would; a second ends it at once, and so does the first once
/// nothing is carried out any more.
async fn end_in_good_order(stop: CancellationToken, over: CancellationToken) {
    // Where they cannot be listened for, the first one ends it at once, as the system would have it.
    let Ok(mut interrupts) = Interrupts::listen() else { return };
    tokio::select! {
        () = over.cancelled() => {}
        () = interrupts.next() => {
            eprintln!("rolecall: ending the run in good order; interrupt again to end it at once");
            stop.cancel();
        }
    }
    interrupts.next().await;
    std::process::exit(INTERRUPTED);
}

/// Ctrl-C and SIGTERM from here on: one that comes while nobody waits for it is not lost.
struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interrupts {
    fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
