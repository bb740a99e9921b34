//! Writes the report page of a committed run next to its manifest, and moves `latest.html`.
//!
//! ```text
//! committed run -> page (or plan -> pages of customers -> index) -> latest.html, if latest.json names the run
//! ```
//!
//! The step follows the commit of a run that narrowed nothing, and fails no run. Each page is written once, so an attempt that
//! ends early loses at most the page that it was at, and two attempts give one result. A run that is continued has no page:
//! its last continuation has it.
//!
//! **Invariant:** calls no customer, and moves `latest.html` forward only.

mod page_keys;
mod planned;
mod page_memory;
mod latest;
mod whole_run;
mod writer;

use std::time::Duration;

use crate::domain::RunId;
use crate::engine::{Engine, PageWriting, PagesSummary, Response, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::event::ReportMessage;
use crate::settings::ReportPages;
use whole_run::CommittedChain;
use writer::PageWriter;

/// Time before the end of an invocation that is left for the response.
const MARGIN: Duration = Duration::from_secs(5);

/// Writes the pages of a run, after its commit. `None` if the settings do not ask for them, if the run narrowed something, or
/// if a continuation follows. A failure is part of the summary. What is left is continued by a message to the function's own
/// queue, if there is one.
pub(crate) async fn after_commit(engine: &Engine, response: &Response, until: &StopCondition) -> Option<PagesSummary> {
    let run_id = &response.run_id;
    if engine.settings.report == ReportPages::None || response.leaves_work() {
        return None;
    }
    let summary = match write(engine, run_id, until).await {
        Ok(summary) => summary?,
        Err(error) => {
            tracing::error!(run_id = run_id.as_str(), %error, "the report page of the committed run could not be written");
            let failed = PagesSummary { error: Some(error.message), ..PagesSummary::nothing(PageWriting::Failed) };
            // More time does not make it fit.
            if error.kind == ErrorKind::InvalidSettings {
                return Some(failed);
            }
            failed
        }
    };
    if summary.status != PageWriting::Written {
        send_rest(engine, ReportMessage { run_id: run_id.clone(), attempt: 1 }).await;
    }
    Some(summary)
}

/// Goes on with what a message names.
///
/// # Errors
///
/// Returns an error if not all is written in the end, so that the queue delivers the message again.
pub(crate) async fn continue_writing(
    engine: &Engine,
    message: &ReportMessage,
    until: &StopCondition,
) -> Result<(), Error> {
    // Whoever may send to the queue can write such a message.
    if engine.settings.report == ReportPages::None {
        tracing::warn!(
            run_id = message.run_id.as_str(),
            "a message asks for report pages, which the settings switch off"
        );
        return Ok(());
    }
    let Some(summary) = write(engine, &message.run_id, until).await? else { return Ok(()) };
    if summary.status == PageWriting::Written {
        return Ok(());
    }
    let next = ReportMessage { attempt: message.attempt.saturating_add(1), ..message.clone() };
    if send_rest(engine, next).await { Ok(()) } else { Err(late(&message.run_id, &summary)) }
}

/// Writes the pages of a run as a step of a state machine. Nothing is written if the settings do not ask for it.
///
/// # Errors
///
/// Returns an error if the time ended, so that the machine tries again.
pub(crate) async fn step(
    engine: &Engine,
    run_id: &RunId,
    until: &StopCondition,
) -> Result<Option<PagesSummary>, Error> {
    if engine.settings.report == ReportPages::None {
        return Ok(None);
    }
    let Some(summary) = write(engine, run_id, until).await? else { return Ok(None) };
    if summary.status == PageWriting::Written { Ok(Some(summary)) } else { Err(late(run_id, &summary)) }
}

fn late(run_id: &RunId, summary: &PagesSummary) -> Error {
    let PagesSummary { pages, pages_written, .. } = summary;
    let what = format!("the time ended when {pages_written} of {pages} report pages of run {run_id} were written");
    Error::new(ErrorKind::OutOfTime, what)
}

/// Sends the rest of the step to the function's own queue, a bounded number of times. Returns whether it was sent.
async fn send_rest(engine: &Engine, message: ReportMessage) -> bool {
    let (run_id, attempt) = (message.run_id.as_str(), message.attempt);
    if attempt > engine.settings.continuations {
        tracing::error!(run_id, attempt, "the report page of the run is not written within the limit of continuations");
        return false;
    }
    match engine.enqueue(message.body()).await {
        Ok(is_sent) => is_sent,
        Err(error) => {
            tracing::error!(run_id, %error, "the rest of the report pages of the run could not be sent to the queue");
            false
        }
    }
}

/// Writes the pages of a committed run, as far as the time suffices. `None` if the run narrowed something.
async fn write(engine: &Engine, run_id: &RunId, until: &StopCondition) -> Result<Option<PagesSummary>, Error> {
    let Some(chain) = CommittedChain::of(engine, run_id).await? else { return Ok(None) };
    let writer = PageWriter::new(engine, chain)?;
    let (mut pages, mut written) = (0, 0);
    let result = tokio::select! {
        biased;
        () = until.near(MARGIN) => None,
        result = Box::pin(writer.write(&mut pages, &mut written)) => Some(result?),
    };
    Ok(Some(result.unwrap_or_else(|| {
        tracing::warn!(run_id = run_id.as_str(), pages, written, "the time ended before all report pages were written");
        PagesSummary { pages, pages_written: written, ..PagesSummary::nothing(PageWriting::Unfinished) }
    })))
}
