//! Runs jobs concurrently, up to a limit, with exactly one outcome each. A job that panics fails alone, which neither
//! `FuturesUnordered` nor a bare `JoinSet` gives.
//!
//! **Invariant:** knows no AWS, no accounts and no clock. A token says when to stop.

use std::collections::HashMap;
use std::future::Future;

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How a job ended.
#[derive(Debug, PartialEq)]
pub(super) enum TaskOutcome<T> {
    /// The job ran to its end.
    Done(T),
    /// The job never started: the token was cancelled before its turn.
    NotStarted,
    /// The job panicked, with this message. The other jobs go on.
    Panicked(String),
}

/// Runs the jobs in order, at most `width` at once. Starts no job once `stop` is cancelled.
///
/// Calls `each` once for every job, with the job's index. Waits for the jobs that have started: they watch the same token and
/// end by themselves. Dropping the future aborts them.
pub(super) async fn fan_out<J, F, Fut, T>(
    jobs: Vec<J>,
    width: usize,
    stop: &CancellationToken,
    run: F,
    mut each: impl FnMut(usize, TaskOutcome<T>),
) where
    F: Fn(J) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut waiting = jobs.into_iter().enumerate();
    let mut running: JoinSet<T> = JoinSet::new();
    let mut places: HashMap<Id, usize> = HashMap::new();
    loop {
        while running.len() < width.max(1) && !stop.is_cancelled() {
            let Some((place, job)) = waiting.next() else { break };
            places.insert(running.spawn(run(job)).id(), place);
        }
        let Some(ended) = running.join_next_with_id().await else { break };
        let (id, outcome) = match ended {
            Ok((id, value)) => (id, TaskOutcome::Done(value)),
            Err(error) => (error.id(), TaskOutcome::Panicked(panic_message(error))),
        };
        if let Some(place) = places.remove(&id) {
            each(place, outcome);
        }
    }
    for (place, _) in waiting {
        each(place, TaskOutcome::NotStarted);
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "it was aborted".into() };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn jobs_run_concurrently_up_to_the_width() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let started = tokio::time::Instant::now();
        let mut ended = Vec::new();
        let run = |job: u64| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                job
            }
        };
        fan_out((0..10).collect(), 4, &CancellationToken::new(), run, |place, outcome| ended.push((place, outcome)))
            .await;
        ended.sort_by_key(|(place, _)| *place);
        assert_eq!(ended, (0..10).map(|job| (job as usize, TaskOutcome::Done(job))).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 4);
        assert_eq!(started.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn every_job_has_one_outcome_when_stopped_and_when_one_panics() {
        let stop = CancellationToken::new();
        let cancel = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            cancel.cancel();
        });
        let mut ended = Vec::new();
        let run = |job: u64| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(job != 1, "job 1 breaks");
        };
        fan_out((0..7).collect(), 2, &stop, run, |place, outcome| ended.push((place, outcome))).await;
        ended.sort_by_key(|(place, _)| *place);
        let places: Vec<usize> = ended.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, (0..7).collect::<Vec<_>>());
        assert_eq!(ended[0].1, TaskOutcome::Done(()));
        assert_eq!(ended[1].1, TaskOutcome::Panicked("job 1 breaks".into()));
        assert_eq!(ended[3].1, TaskOutcome::Done(()));
        assert_eq!(ended[4].1, TaskOutcome::NotStarted);
    }
}
