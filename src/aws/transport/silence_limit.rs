//! Ends the calls to what has not answered for long: an endpoint, a service, or a whole account.
//!
//! Each call has a limit of its own. But a listing that fails is followed by others, and so an account that answers nothing
//! would be waited for again and again. Here the time counts in which calls have waited for AWS since the last answer. Any
//! answer begins it anew, a refusal too, so that a slow account is read to its end.
//!
//! **Invariant:** knows nothing of services and regions, only what contains what.

use std::sync::Arc;
use std::time::Duration;

use super::time_budget::{BudgetTimer, TimeBudget, run_out};
use crate::aws::error::{AwsError, AwsErrorKind};

/// How long calls wait for a first or a further answer.
#[derive(Clone, Debug)]
pub struct SilenceLimit {
    limit: Duration,
    /// From the endpoint up to the account.
    silences: Arc<[Arc<TimeBudget>]>,
}

/// Counts a wait until it is dropped.
#[derive(Debug)]
pub(super) struct Wait {
    _silences: Vec<BudgetTimer>,
}

impl SilenceLimit {
    /// The limit of a whole account.
    pub fn new(limit: Duration) -> Self {
        Self { limit, silences: Arc::new([TimeBudget::new(limit)]) }
    }

    /// The limit of a part of this: the part and the whole may each be silent for as long.
    pub fn of_part(&self) -> Self {
        let part = std::iter::once(TimeBudget::new(self.limit));
        Self { limit: self.limit, silences: part.chain(self.silences.iter().cloned()).collect() }
    }

    /// Counts a wait for an answer.
    pub(super) fn start_wait(&self) -> Wait {
        Wait { _silences: self.silences.iter().map(TimeBudget::start_timer).collect() }
    }

    /// Records a whole answer.
    pub(super) fn on_answer(&self) {
        self.silences.iter().for_each(|silence| silence.restart());
    }

    /// How long a call may still wait; zero if the limit is reached.
    pub(super) fn left(&self) -> Duration {
        self.silences.iter().map(|silence| silence.left()).min().unwrap_or_default()
    }

    /// Waits until calls have waited for so long since the last answer.
    pub(crate) async fn reaches(&self, time: Duration) {
        run_out(|| time.saturating_sub(self.limit.saturating_sub(self.left()))).await;
    }

    /// The error of every further call, if the limit is reached.
    pub(crate) fn error(&self) -> Option<AwsError> {
        self.left().is_zero().then(|| {
            let seconds = self.limit.as_secs_f64();
            let what =
                format!("AWS has answered no call here for {seconds} s, so no more are made: run this account again");
            AwsError::new(AwsErrorKind::OutOfTime, what)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_a_part_is_one_of_the_whole_and_not_of_its_other_parts() {
        let account = SilenceLimit::new(secs(90));
        let (one, other) = (account.of_part(), account.of_part());
        let _waits = (one.start_wait(), other.start_wait());
        sleep(secs(60)).await;
        one.on_answer();
        assert_eq!((one.left(), other.left(), account.left()), (secs(90), secs(30), secs(90)));
        sleep(secs(30)).await;
        let reached = || [&one, &other, &account].map(|limit| limit.error().is_some());
        assert_eq!(reached(), [false, true, false]);
        sleep(secs(60)).await;
        assert_eq!(reached(), [true; 3]);
        let error = account.error().expect("it is reached");
        insta::assert_snapshot!(error, @"AWS has answered no call here for 90 s, so no more are made: run this account again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_begins_late_ends_with_the_whole() {
        let account = SilenceLimit::new(secs(90));
        let first = account.of_part();
        let _first = first.start_wait();
        sleep(secs(80)).await;
        let late = account.of_part();
        let _late = late.start_wait();
        assert_eq!(late.left(), secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts() {
        let account = SilenceLimit::new(secs(90));
        for _ in 0..10 {
            drop(account.start_wait());
            sleep(secs(60)).await;
        }
        assert_eq!(account.left(), secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_without_an_answer_is_awaited_anew_after_each_answer() {
        let account = SilenceLimit::new(secs(90));
        let _wait = account.start_wait();
        let answered = account.clone();
        tokio::spawn(async move {
            sleep(secs(50)).await;
            answered.on_answer();
        });
        let began = tokio::time::Instant::now();
        account.reaches(secs(60)).await;
        assert_eq!(began.elapsed(), secs(110));
    }
}
