//! The state machine that carries a fleet's run out: started, and followed to its end, with the person's own credentials.
//!
//! Knows Step Functions, and nothing of what the machine does in its steps.

use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunItemCounts};
use serde_json::Value;

use crate::aws::Backend;
use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::RunId;
use crate::error::{Error, ErrorKind};

/// How soon is looked again, at first and at the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// So many looks may fail in a row.
const LOOKS_IN_VAIN: u32 = 30;
/// How often one run is started: each time after the first the one before has failed.
const MOST_STARTS: u32 = 100;
/// The machine's name where the template's parameters say no other.
const DEFAULT_MACHINE: &str = "rolecall-fleet";

/// How far the map has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExecutionProgress {
    /// Shards in all.
    pub shards: u64,
    /// Those that ended.
    pub ended: u64,
    /// Those that go on.
    pub running: u64,
}

/// A machine.
#[derive(Debug)]
pub(super) struct StateMachine {
    client: Client,
    arn: String,
}

impl StateMachine {
    /// The machine of that ARN, or the one of the default name in the person's own account and region.
    pub(super) async fn find(own: &Backend, arn: Option<&str>) -> Result<Self, Error> {
        let arn = match arn {
            Some(arn) => arn.to_owned(),
            None => {
                let identity = own.identify().await?;
                let (partition, region) = (own.partition.name, &own.region);
                format!("arn:{partition}:states:{region}:{}:stateMachine:{DEFAULT_MACHINE}", identity.account_id)
            }
        };
        Ok(Self { client: Client::new(&own.config), arn })
    }

    /// Starts it for a run; the ARN of the execution. One that goes on with the same input, or has succeeded with it, is
    /// followed; after one that failed the next one goes on where it was, under the run's name and a number.
    pub(super) async fn start(&self, run_id: &RunId, input: &Value) -> Result<String, Error> {
        for number in 1..=MOST_STARTS {
            let name = if number == 1 { run_id.to_string() } else { format!("{run_id}-{number}") };
            let start = self.client.start_execution().state_machine_arn(&self.arn).name(&name);
            match start.input(input.to_string()).send().await.map_err(AwsError::of) {
                Ok(started) => return Ok(started.execution_arn),
                Err(cause) if cause.kind == AwsErrorKind::Exists => {}
                Err(cause) => return Err(self.refused("could not be started", &cause)),
            }
            let there = format!("{}:{name}", self.arn.replacen(":stateMachine:", ":execution:", 1));
            let looked = self.client.describe_execution().execution_arn(&there).send().await;
            let looked = looked.map_err(|error| self.refused("could not be looked at", &AwsError::of(error)))?;
            let theirs = looked.input.as_deref().and_then(|input| serde_json::from_str::<Value>(input).ok());
            let stands = matches!(
                looked.status,
                ExecutionStatus::Running | ExecutionStatus::Succeeded | ExecutionStatus::PendingRedrive
            );
            if stands && theirs.as_ref() == Some(input) {
                return Ok(there);
            }
            // Under a number it may be another run's own name; and one that has failed has no result that would be taken for
            // this one's. Whether the run itself is another request's, the plan step finds.
            if stands && number == 1 {
                let message = format!(
                    "{there} was started with another request under this run's name: give this one a run_id of its own"
                );
                return Err(Error::new(ErrorKind::RunIdTaken, message));
            }
        }
        let message = format!(
            "run {run_id} was started {MOST_STARTS} times on {}, each time in vain: the machine's executions say why",
            self.arn
        );
        Err(Error::new(ErrorKind::FleetFailed, message))
    }

    /// Follows an execution to its end, and gives what it ended with.
    pub(super) async fn follow(
        &self,
        execution: &str,
        mut watch: impl FnMut(ExecutionProgress),
    ) -> Result<Value, Error> {
        let (mut told, mut failures, mut pause) = (ExecutionProgress::default(), 0, FIRST_PAUSE);
        loop {
            let now = match self.client.describe_execution().execution_arn(execution).send().await.map_err(AwsError::of)
            {
                Ok(now) => now,
                // The machine goes on, whoever looks.
                Err(cause) if failures == LOOKS_IN_VAIN => {
                    let message = format!("{execution} goes on, but can be looked at no more: {cause}");
                    return Err(Error::new(ErrorKind::FleetFailed, message));
                }
                Err(_) => {
                    failures += 1;
                    tokio::time::sleep(LONGEST_PAUSE).await;
                    continue;
                }
            };
            failures = 0;
            if let Some(progress) = self.progress(execution).await.filter(|progress| *progress != told) {
                watch(progress);
                told = progress;
            }
            match now.status {
                ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {
                    tokio::time::sleep(pause).await;
                    pause = pause.mul_f64(1.2).min(LONGEST_PAUSE);
                }
                ExecutionStatus::Succeeded => {
                    return serde_json::from_str(&now.output.unwrap_or_default())
                        .map_err(|error| Error::new(ErrorKind::Internal, format!("{execution}: {error}")));
                }
                ended => {
                    let why = [now.error, now.cause].into_iter().flatten().collect::<Vec<_>>().join(": ");
                    let what = format!(
                        "the execution {execution} has ended as {}: {why}. What its shards committed stays: \
                         `rolecall resume` finishes the run",
                        ended.as_str()
                    );
                    return Err(Error::new(ErrorKind::FleetFailed, what));
                }
            }
        }
    }

    /// The newest map's counts; none where there is none, or where nobody may know.
    async fn progress(&self, execution: &str) -> Option<ExecutionProgress> {
        let runs = self.client.list_map_runs().execution_arn(execution).send().await.ok()?;
        let newest = runs.map_runs.into_iter().max_by_key(|run| run.start_date)?;
        let run = self.client.describe_map_run().map_run_arn(newest.map_run_arn).send().await.ok()?;
        run.item_counts.map(|counts| counted(&counts))
    }

    fn refused(&self, what: &str, cause: &AwsError) -> Error {
        let message = format!(
            "the state machine {} {what}: {cause}. FLEET=1 make deploy makes it; another one is named by --state-machine",
            self.arn
        );
        Error::new(ErrorKind::FleetFailed, message)
    }
}

fn counted(counts: &MapRunItemCounts) -> ExecutionProgress {
    let number = |count: i64| u64::try_from(count).unwrap_or_default();
    let ended = number(counts.succeeded) + number(counts.failed) + number(counts.timed_out) + number(counts.aborted);
    ExecutionProgress { shards: number(counts.total), ended, running: number(counts.running) }
}
