//! A run in this process, with progress bars, ended by an interrupt or a deadline.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::progress::{Notes, ProgressBars};
use crate::change_log;
use crate::engine::{Completeness, Engine, GivenTargets, Observer, RequestDraft, Response, RunRequest, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::event::RunIdSource;
use crate::logging;
use crate::report_pages;
use crate::settings::{Runtime, Settings};
use crate::terminal;

/// Exit code for a run with unanswered cells.
const PARTIAL: u8 = 1;
/// Exit code for a run without any answered cell.
const FAILED: u8 = 2;
/// Exit code after a second interrupt.
const INTERRUPTED: i32 = 130;

/// How the result and the log of a run are printed.
pub(crate) struct OutputOptions {
    pub json: bool,
    pub verbose: u8,
}

/// Carries out runs in this process, one after the other.
pub(crate) struct LocalRun {
    pub engine: Engine,
    progress: Option<Arc<ProgressBars>>,
    deadline: Option<Instant>,
    stop: CancellationToken,
    finished: CancellationToken,
    _interrupts: AbortOnDropHandle<()>,
}

impl LocalRun {
    pub(crate) async fn start(settings: Settings, options: &OutputOptions) -> Self {
        let progress = (terminal::shows_progress() && !options.json).then(ProgressBars::new).map(Arc::new);
        match &progress {
            Some(bars) => logging::to_terminal_by(settings.log.as_deref(), options.verbose, bars.log_lines()),
            None => logging::to_terminal(settings.log.as_deref(), options.verbose),
        }
        let deadline = settings.deadline.map(|time| Instant::now() + time);
        let engine = Engine::start(settings, Runtime::Terminal).await;
        let (stop, finished) = (CancellationToken::new(), CancellationToken::new());
        let interrupts = AbortOnDropHandle::new(tokio::spawn(stop_on_interrupt(stop.clone(), finished.clone())));
        Self { engine, progress, deadline, stop, finished, _interrupts: interrupts }
    }

    /// Uses these targets instead of those of a registry.
    pub(crate) fn use_targets(&mut self, targets: GivenTargets) {
        self.engine = self.engine.clone().with_targets(targets);
    }

    /// Carries out a request and returns its response.
    pub(crate) async fn run(&self, draft: RequestDraft, source: RunIdSource) -> Result<Response, Error> {
        let observer: Arc<dyn Observer> = match &self.progress {
            Some(progress) => progress.clone(),
            None => Arc::new(Notes),
        };
        let until = self.until();
        let run_request =
            RunRequest { may_inline: true, until: until.clone(), observer, ..RunRequest::new(draft, source) };
        // The task isolates a panic, which is a bug in rolecall and reported like any other error.
        let engine = self.engine.clone();
        let result = tokio::spawn(async move {
            let response = engine.run(run_request).await?;
            let changes = change_log::after_commit(&engine, &response.run_id, &until).await;
            let report = Box::pin(report_pages::after_commit(&engine, &response, &until)).await;
            Ok(Response { changes, report, ..response })
        });
        result.await.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?
    }

    /// Waits for what a run needs to begin, no longer than the run may take.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let until = self.until();
        tokio::select! {
            result = work => result,
            error = until.out_of_time() => Err(error),
        }
    }

    /// When runs of this process have to end.
    pub(crate) fn until(&self) -> StopCondition {
        StopCondition { stop: self.stop.clone(), deadline: self.deadline }
    }

    /// Returns whether this process was interrupted or has a deadline: then another attempt gets no further.
    pub(crate) fn is_interrupted_or_bounded(&self) -> bool {
        self.stop.is_cancelled() || self.deadline.is_some()
    }

    /// Removes the progress bars. From now on the first interrupt ends the process.
    pub(crate) fn finish(&self) {
        self.finished.cancel();
        if let Some(progress) = &self.progress {
            progress.clear();
        }
    }
}

/// Returns 0 if all cells were answered, 1 if some were, 2 if none was.
pub(crate) fn exit_code(status: Completeness) -> ExitCode {
    match status {
        Completeness::Complete => ExitCode::SUCCESS,
        Completeness::Partial => ExitCode::from(PARTIAL),
        Completeness::Failed | Completeness::NotStarted => ExitCode::from(FAILED),
    }
}

/// Stops the run at the first Ctrl-C or SIGTERM, as its deadline would, and ends the process at the second one. After
/// the last run is finished, the first one ends the process.
async fn stop_on_interrupt(stop: CancellationToken, finished: CancellationToken) {
    // Without a listener the system's default applies: the first signal ends the process.
    let Ok(mut interrupts) = Interrupts::listen() else { return };
    tokio::select! {
        () = finished.cancelled() => {}
        () = interrupts.next() => {
            terminal::note("writing what was collected; interrupt again to stop at once");
            stop.cancel();
        }
    }
    interrupts.next().await;
    #[expect(clippy::disallowed_methods, reason = "a second interrupt ends the process at once")]
    std::process::exit(INTERRUPTED);
}

/// Listens for Ctrl-C and SIGTERM. A signal that arrives between two calls of `next` is kept.
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
