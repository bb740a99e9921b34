//! A run that is refused or cannot be finished: what kind, with a name that stays, and one clear message.
//!
//! What single accounts fail of is data and never comes here.

use crate::input::ValidationErrors;

/// The kind of a refusal; its name is the `errorType` of the Lambda function's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The event or the request in it.
    InvalidRequest,
    /// The registry's content.
    InvalidRegistry,
    /// An environment variable or a flag.
    InvalidSettings,
    /// The registry cannot be read.
    RegistryUnreadable,
    /// What targets are to be taken from cannot be read: an organization, a role's policies.
    SourceUnreadable,
    /// The registry cannot be written.
    RegistryNotWritable,
    /// The output cannot be written.
    OutputNotWritable,
    /// Another request has run under this run id.
    RunIdTaken,
    /// There are no credentials.
    NoCredentials,
    /// The backend's own session has expired.
    ExpiredCredentials,
    /// The backend's own credentials are refused.
    InvalidCredentials,
    /// This runs as somebody whom no customer trusts.
    WrongIdentity,
    /// The state machine could not be started, or has failed.
    FleetFailed,
    /// AWS, or the endpoint that was named, cannot be reached.
    EndpointUnreachable,
    /// The time ended, or the run was interrupted, before any customer was called.
    OutOfTime,
    /// The run is committed, but what remains of it could not be handed on.
    ContinuationNotSent,
    /// The run is committed, but the event bus could not be told.
    EventNotSent,
    /// Rolecall's own mistake.
    Internal,
}

impl ErrorKind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "InvalidRequest",
            Self::InvalidRegistry => "InvalidRegistry",
            Self::InvalidSettings => "InvalidSettings",
            Self::RegistryUnreadable => "RegistryUnreadable",
            Self::SourceUnreadable => "SourceUnreadable",
            Self::RegistryNotWritable => "RegistryNotWritable",
            Self::OutputNotWritable => "OutputNotWritable",
            Self::RunIdTaken => "RunIdTaken",
            Self::NoCredentials => "NoCredentials",
            Self::ExpiredCredentials => "ExpiredCredentials",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::WrongIdentity => "WrongIdentity",
            Self::FleetFailed => "FleetFailed",
            Self::EndpointUnreachable => "EndpointUnreachable",
            Self::OutOfTime => "OutOfTime",
            Self::ContinuationNotSent => "ContinuationNotSent",
            Self::EventNotSent => "EventNotSent",
            Self::Internal => "Internal",
        }
    }
}

/// Why nothing was run, or why what was run is not committed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its kind.
    pub kind: ErrorKind,
    /// What is wrong and what to do, in full sentences.
    pub message: String,
}

impl Error {
    /// A refusal with its message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// All problems of an input.
    pub fn of(kind: ErrorKind, problems: &ValidationErrors) -> Self {
        Self::new(kind, problems.to_string())
    }
}
