//! Starts the state machine that carries out a fleet's run, and follows the execution to its end.
//!
//! It uses the operator's own credentials.
//!
//! **Invariant:** knows nothing of what the machine does in its steps.

use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunItemCounts};
use serde_json::Value;

use crate::aws::{AwsError, AwsErrorKind, Backend};
use crate::domain::RunId;
use crate::error::{Error, ErrorKind};

/// The first pause between two polls of an execution. Pauses grow from it.
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The longest pause between two polls.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(10);
/// The number of consecutive polls that may fail.
const MAX_FAILED_POLLS: u32 = 30;
/// The number of executions that one run may have. A new one starts only after the previous one has failed.
const MAX_STARTS: u32 = 100;
/// The machine's name, unless the template's parameters set another.
const DEFAULT_MACHINE: &str = "rolecall-fleet";

/// The number of shards in each state, as the map reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExecutionProgress {
    /// The number of all shards.
    pub shards: u64,
    /// The number of shards that ended, in success or failure.
    pub ended: u64,
    /// The number of shards that are running.
    pub running: u64,
}

/// A client of one state machine.
#[derive(Debug)]
pub(super) struct StateMachine {
    client: Client,
    arn: String,
}

impl StateMachine {
    /// Returns the machine with this ARN, or the one with the default name in the operator's account and region.
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

    /// Starts an execution for a run and returns its ARN. An execution with the same input that is running or has
    /// succeeded is returned instead. After one that failed, the next one continues the run, and its name is the
    /// run's name and a number.
    pub(super) async fn start(&self, run_id: &RunId, input: &Value) -> Result<String, Error> {
        for number in 1..=MAX_STARTS {
            let name = if number == 1 { run_id.to_string() } else { format!("{run_id}-{number}") };
            let start = self.client.start_execution().state_machine_arn(&self.arn).name(&name);
            match start.input(input.to_string()).send().await.map_err(AwsError::of) {
                Ok(started) => return Ok(started.execution_arn),
                Err(cause) if cause.kind == AwsErrorKind::Exists => {}
                Err(cause) => return Err(self.refused("could not be started", &cause)),
            }
            let existing = format!("{}:{name}", self.arn.replacen(":stateMachine:", ":execution:", 1));
            let response = self.client.describe_execution().execution_arn(&existing).send().await;
            let response = response.map_err(|error| self.refused("could not be queried", &AwsError::of(error)))?;
            let existing_input = response.input.as_deref().and_then(|input| serde_json::from_str::<Value>(input).ok());
            let not_failed = matches!(
                response.status,
                ExecutionStatus::Running | ExecutionStatus::Succeeded | ExecutionStatus::PendingRedrive
            );
            if not_failed && existing_input.as_ref() == Some(input) {
                return Ok(existing);
            }
            // A numbered name may belong to another run, and a failed execution has no result to mistake for this
            // run's. So only the first name can conflict here. The plan step reports a run id that another request has.
            if not_failed && number == 1 {
                let message = format!(
                    "{existing} was started with another request under this run's name: give this one a run_id \
                     of its own"
                );
                return Err(Error::new(ErrorKind::RunIdTaken, message));
            }
        }
        let message = format!(
            "run {run_id} was started {MAX_STARTS} times on {}, and failed each time: the machine's executions say why",
            self.arn
        );
        Err(Error::new(ErrorKind::FleetFailed, message))
    }

    /// Follows an execution to its end and returns its output.
    pub(super) async fn follow(
        &self,
        execution: &str,
        mut watch: impl FnMut(ExecutionProgress),
    ) -> Result<Value, Error> {
        let (mut last_progress, mut failures, mut pause) = (ExecutionProgress::default(), 0, MIN_POLL_INTERVAL);
        loop {
            let now = match self.client.describe_execution().execution_arn(execution).send().await.map_err(AwsError::of)
            {
                Ok(now) => now,
                // The execution continues without this command, so a lost connection does not end it.
                Err(cause) if failures == MAX_FAILED_POLLS || is_final(&cause) => {
                    let message = format!(
                        "the status of {execution} cannot be read: {cause}. The execution goes on without this command: \
                         `rolecall status` and `rolecall resume --fleet` follow its run"
                    );
                    return Err(Error::new(ErrorKind::FleetFailed, message));
                }
                Err(cause) => {
                    tracing::debug!(execution, %cause, "the status of the execution could not be read");
                    failures += 1;
                    tokio::time::sleep(MAX_POLL_INTERVAL).await;
                    continue;
                }
            };
            failures = 0;
            if let Some(progress) = self.progress(execution).await.filter(|progress| *progress != last_progress) {
                watch(progress);
                last_progress = progress;
            }
            match now.status {
                ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {
                    tokio::time::sleep(pause).await;
                    pause = pause.mul_f64(1.2).min(MAX_POLL_INTERVAL);
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

    /// Returns the counts of the newest map, or `None` if no map exists or the caller may not read it.
    async fn progress(&self, execution: &str) -> Option<ExecutionProgress> {
        let runs = self.client.list_map_runs().execution_arn(execution).send().await.ok()?;
        let newest = runs.map_runs.into_iter().max_by_key(|run| run.start_date)?;
        let run = self.client.describe_map_run().map_run_arn(newest.map_run_arn).send().await.ok()?;
        run.item_counts.map(|counts| counted(&counts))
    }

    fn refused(&self, what: &str, cause: &AwsError) -> Error {
        let message = format!(
            "the state machine {} {what}: {cause}. FLEET=1 make deploy creates it; --state-machine names another one",
            self.arn
        );
        Error::new(ErrorKind::FleetFailed, message)
    }
}

/// Returns whether another poll would fail alike: the caller lacks a permission, or has no valid credentials.
fn is_final(cause: &AwsError) -> bool {
    matches!(
        cause.kind,
        AwsErrorKind::Denied
            | AwsErrorKind::ScpDenied
            | AwsErrorKind::CredentialsRejected
            | AwsErrorKind::Expired
            | AwsErrorKind::NoCredentials
    )
}

fn counted(counts: &MapRunItemCounts) -> ExecutionProgress {
    let number = |count: i64| u64::try_from(count).unwrap_or_default();
    let ended = number(counts.succeeded) + number(counts.failed) + number(counts.timed_out) + number(counts.aborted);
    ExecutionProgress { shards: number(counts.total), ended, running: number(counts.running) }
}
