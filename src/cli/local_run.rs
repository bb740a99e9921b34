//! A run in this process, watched on the terminal and ended by an interrupt or a deadline.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::cli::progress::ProgressBars;
use crate::engine::{Completeness, Engine, NoopObserver, Observer, RequestDraft, Response, RunRequest, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::event::RunIdSource;
use crate::logging;
use crate::settings::{Runtime, Settings};

/// Some cells were not answered.
const PARTIAL: u8 = 1;
/// None was.
const FAILED: u8 = 2;
/// Ended by a second interrupt.
const INTERRUPTED: i32 = 130;

/// How a run is told.
pub(crate) struct OutputOptions<'a> {
    pub json: bool,
    pub verbose: u8,
    pub timings: Option<&'a Path>,
}

/// What carries runs out in this process: watched, and ended by an interrupt or a deadline.
pub(crate) struct LocalRun {
    pub engine: Engine,
    progress: Option<Arc<ProgressBars>>,
    deadline: Option<Instant>,
    stop: CancellationToken,
    over: CancellationToken,
    _interrupts: AbortOnDropHandle<()>,
}

impl LocalRun {
    pub(crate) async fn start(settings: Settings, how: &OutputOptions<'_>) -> Self {
        let progress = (std::io::stderr().is_terminal() && !how.json).then(ProgressBars::new).map(Arc::new);
        match &progress {
            Some(progress) => logging::to_terminal(settings.log.as_deref(), how.verbose, progress.writer()),
            None => logging::to_terminal(settings.log.as_deref(), how.verbose, std::io::stderr),
        }
        let deadline = settings.deadline.map(|time| Instant::now() + time);
        let engine = Engine::start(settings, Runtime::Terminal).await;
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let interrupts = AbortOnDropHandle::new(tokio::spawn(end_in_good_order(stop.clone(), over.clone())));
        Self { engine, progress, deadline, stop, over, _interrupts: interrupts }
    }

    pub(crate) async fn carry_out(&self, draft: RequestDraft, run_id_source: RunIdSource) -> Result<Response, Error> {
        let observer: Arc<dyn Observer> = match &self.progress {
            Some(progress) => progress.clone(),
            None => Arc::new(NoopObserver),
        };
        let until = StopCondition { stop: self.stop.clone(), deadline: self.deadline };
        let request = RunRequest { may_inline: true, until, observer, ..RunRequest::new(draft, run_id_source) };
        // A panic is rolecall's own mistake; it is told like any refusal.
        let engine = self.engine.clone();
        let done = tokio::spawn(async move { engine.run(request).await }).await;
        done.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?
    }

    /// Whether a run that leaves something undone has done so for want of time, and another one had none either.
    pub(crate) fn has_an_end(&self) -> bool {
        self.stop.is_cancelled() || self.deadline.is_some()
    }

    /// Nothing is carried out any more: the next interrupt ends the process, and the bars are taken away.
    pub(crate) fn end(&self) {
        self.over.cancel();
        if let Some(progress) = &self.progress {
            progress.clear();
        }
    }
}

/// 0 where all was answered, 1 where some was, 2 where none.
pub(crate) fn exit_code(status: Completeness) -> ExitCode {
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
    #[expect(clippy::disallowed_methods, reason = "a second interrupt ends the process at once")]
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
