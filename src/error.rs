//! The error of a command or run that is refused or cannot be finished: a kind with a stable name, and a message.
//!
//! **Invariant:** failures of single accounts are data, and never become this error.

use crate::input::ValidationErrors;

/// The kind of an error. Its name is the `errorType` that the Lambda function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The event, or the request in it, is invalid.
    InvalidRequest,
    /// The content of the registry is invalid.
    InvalidRegistry,
    /// An environment variable or a flag is invalid.
    InvalidSettings,
    /// The registry cannot be read.
    RegistryUnreadable,
    /// The source of an import cannot be read: an organization, or the policies of a role.
    SourceUnreadable,
    /// The registry cannot be written.
    RegistryNotWritable,
    /// The output cannot be written.
    OutputNotWritable,
    /// What the output has of a run cannot be read.
    OutputUnreadable,
    /// The run id belongs to another request.
    RunIdTaken,
    /// Another execution works at the run.
    RunInProgress,
    /// No AWS credentials were found.
    NoCredentials,
    /// The session of the backend itself has expired.
    ExpiredCredentials,
    /// AWS refuses the credentials of the backend itself.
    InvalidCredentials,
    /// Rolecall runs under an identity that no customer role trusts.
    WrongIdentity,
    /// The state machine could not be started, or has failed.
    FleetFailed,
    /// AWS, or the configured endpoint, cannot be reached.
    EndpointUnreachable,
    /// The time of the run ended, or it was interrupted, before any customer was called.
    OutOfTime,
    /// The run is committed, but its continuation could not be sent to the queue.
    ContinuationNotSent,
    /// A request is larger than a queue takes.
    RequestTooLarge,
    /// A request over HTTP could not be sent to the queue.
    RequestNotSent,
    /// The run is committed, but its event could not be sent to the event bus.
    EventNotSent,
    /// A mistake in rolecall itself.
    Internal,
}

impl ErrorKind {
    /// Returns the stable name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "InvalidRequest",
            Self::InvalidRegistry => "InvalidRegistry",
            Self::InvalidSettings => "InvalidSettings",
            Self::RegistryUnreadable => "RegistryUnreadable",
            Self::SourceUnreadable => "SourceUnreadable",
            Self::RegistryNotWritable => "RegistryNotWritable",
            Self::OutputNotWritable => "OutputNotWritable",
            Self::OutputUnreadable => "OutputUnreadable",
            Self::RunIdTaken => "RunIdTaken",
            Self::RunInProgress => "RunInProgress",
            Self::NoCredentials => "NoCredentials",
            Self::ExpiredCredentials => "ExpiredCredentials",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::WrongIdentity => "WrongIdentity",
            Self::FleetFailed => "FleetFailed",
            Self::EndpointUnreachable => "EndpointUnreachable",
            Self::OutOfTime => "OutOfTime",
            Self::ContinuationNotSent => "ContinuationNotSent",
            Self::RequestTooLarge => "RequestTooLarge",
            Self::RequestNotSent => "RequestNotSent",
            Self::EventNotSent => "EventNotSent",
            Self::Internal => "Internal",
        }
    }
}

/// The reason why a command was refused, or why its run is not committed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind, for callers that react to it.
    pub kind: ErrorKind,
    /// What is wrong and what to do, in full sentences. It contains no secret.
    pub message: String,
}

impl Error {
    /// Creates an error with its message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Creates an error that lists all problems of an input.
    pub fn of(kind: ErrorKind, problems: &ValidationErrors) -> Self {
        Self::new(kind, problems.to_string())
    }
}
