//! Classifies the errors of AWS.
//!
//! The only place that looks at AWS's error codes, and at one message: a denial by a service control policy has no code of its
//! own.
//!
//! **Invariant:** knows nothing of what a failure means for the run.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;

use crate::decode::{DecodeError, unescape};

/// The longest message of AWS in rolecall's outputs, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// The part of an error response that is searched, in bytes.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// The class of an error. It decides the status of a cell.
///
/// Besides the errors of calls it has those of the run itself (`RunEnded`, `WrongAccount`) and those of S3 and Step Functions
/// (`Precondition`, `Exists`, `Conflict`), which the store and the state machine handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// The principal lacks the permission.
    Denied,
    /// A service control policy forbids it.
    ScpDenied,
    /// The region does not accept the credentials: it is not enabled, or the session is invalid everywhere.
    CredentialsRejected,
    /// The region does not know the operation.
    Unsupported,
    /// Refused for rate, up to the last attempt.
    Throttled,
    /// The time of the call or of the account ran out.
    OutOfTime,
    /// The run's time ended, or the run was interrupted.
    RunEnded,
    /// The session or the token has expired.
    Expired,
    /// The resource no longer exists.
    NotFound,
    /// The page token is no longer valid.
    StaleToken,
    /// A conditional write failed: the object exists already, or it has changed.
    Precondition,
    /// An execution of that name exists already.
    Exists,
    /// Another client writes the same object at this moment.
    Conflict,
    /// AssumeRole found the session policy too large.
    PolicyTooLarge,
    /// The assumed role belongs to another account.
    WrongAccount,
    /// The response could not be read.
    Unreadable,
    /// The endpoint cannot be reached.
    Unreachable,
    /// There are no credentials to sign with.
    NoCredentials,
    /// All that fits no other class.
    Other,
}

/// A classified error of a call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{message}{}", code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default(),
        request_id.as_ref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct AwsError {
    /// The class that decides what follows from it.
    pub kind: AwsErrorKind,
    /// AWS's error code, if AWS answered.
    pub code: Option<String>,
    /// AWS's message, truncated, or rolecall's own sentence.
    pub message: String,
    /// AWS's request id, if AWS answered.
    pub request_id: Option<String>,
}

impl AwsError {
    /// An error of rolecall's own, in a full sentence.
    pub fn new(kind: AwsErrorKind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into(), request_id: None }
    }

    /// Classifies an error of the SDK. Such an error must never be printed: its debug form dumps headers and body.
    pub fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Self::redacting(error, "")
    }

    /// Classifies an error, with a secret removed from its message. AWS quotes a parameter whose form it refuses.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads codes and messages of the SDK's errors")]
    pub fn redacting<E>(error: SdkError<E, HttpResponse>, secret: &str) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let request_id = error.request_id().map(str::to_owned);
        if let Some(code) = error.code() {
            let message = error.message().unwrap_or_default();
            let kind = of_code(code, message);
            return Self { kind, code: Some(code.into()), message: cut(&redacted(message, secret)), request_id };
        }
        let kind = match &error {
            SdkError::TimeoutError(_) => AwsErrorKind::OutOfTime,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => AwsErrorKind::OutOfTime,
            SdkError::DispatchFailure(failure) if failure.is_io() => AwsErrorKind::Unreachable,
            SdkError::ResponseError(_) => AwsErrorKind::Unreadable,
            SdkError::ServiceError(answer) if answer.raw().status().as_u16() == 429 => AwsErrorKind::Throttled,
            _ => AwsErrorKind::Other,
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        Self { request_id, ..of_source(&error, kind, status) }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for AwsError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        Self::of(error)
    }
}

/// Classifies an error by its chain of sources, which may say more than the SDK's own classes.
fn of_source(error: &(dyn std::error::Error + 'static), kind: AwsErrorKind, status: Option<u16>) -> AwsError {
    let mut deepest = error;
    let mut next = Some(error);
    while let Some(source) = next {
        if let Some(unreadable) = source.downcast_ref::<DecodeError>() {
            return AwsError::new(AwsErrorKind::Unreadable, unreadable.to_string());
        }
        if let Some(credentials) = source.downcast_ref::<CredentialsError>() {
            return of_credentials(credentials);
        }
        if let Some(cause) = source.downcast_ref::<AwsError>() {
            return cause.clone();
        }
        deepest = source;
        next = source.source();
    }
    let message = match (kind, status) {
        (AwsErrorKind::OutOfTime, _) => "no answer within the call's time".to_owned(),
        (AwsErrorKind::Unreachable, _) => format!("the endpoint cannot be reached: {}", cut(&deepest.to_string())),
        (_, Some(status)) => format!("HTTP status {status} without an error code"),
        _ => cut(&deepest.to_string()),
    };
    AwsError::new(kind, message)
}

/// Classifies an error of a credentials provider.
pub(super) fn of_credentials(error: &CredentialsError) -> AwsError {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(cause) = error.downcast_ref::<AwsError>() {
            return cause.clone();
        }
        source = error.source();
    }
    let text = match error {
        CredentialsError::CredentialsNotLoaded(_) => "no source of credentials has any".to_owned(),
        other => match std::error::Error::source(other) {
            Some(source) => format!("{other}: {source}"),
            None => other.to_string(),
        },
    };
    AwsError::new(AwsErrorKind::NoCredentials, cut(&text))
}

fn of_code(code: &str, message: &str) -> AwsErrorKind {
    let code = code.strip_prefix("Client.").or(code.strip_prefix("Server.")).unwrap_or(code);
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "UnauthorizedAccess" => {
            // AWS gives this denial no code of its own. This is the only message that rolecall looks at.
            if message.contains("service control policy") { AwsErrorKind::ScpDenied } else { AwsErrorKind::Denied }
        }
        "InvalidClientTokenId" | "AuthFailure" | "OptInRequired" | "UnrecognizedClientException" => {
            AwsErrorKind::CredentialsRejected
        }
        "InvalidAction" | "UnknownOperation" | "UnknownOperationException" | "UnsupportedOperation" | "Unsupported" => {
            AwsErrorKind::Unsupported
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => AwsErrorKind::Expired,
        "NoSuchHostedZone"
        | "NoSuchHealthCheck"
        | "NoSuchTrafficPolicy"
        | "NoSuchCidrCollectionException"
        | "NoSuchKey"
        | "NoSuchUpload" => AwsErrorKind::NotFound,
        // EC2 has one code for each type, such as InvalidPrefixListID.NotFound.
        code if code.starts_with("Invalid") && code.ends_with(".NotFound") => AwsErrorKind::NotFound,
        "PreconditionFailed" => AwsErrorKind::Precondition,
        "ExecutionAlreadyExists" => AwsErrorKind::Exists,
        "ConditionalRequestConflict" => AwsErrorKind::Conflict,
        "InvalidPaginationToken" | "InvalidNextToken" => AwsErrorKind::StaleToken,
        "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => AwsErrorKind::PolicyTooLarge,
        "RequestTimeout" | "RequestTimeoutException" => AwsErrorKind::OutOfTime,
        code if throttles(code) => AwsErrorKind::Throttled,
        _ => AwsErrorKind::Other,
    }
}

/// Whether a code means throttling: those that aws-runtime lists, and EC2's own.
fn throttles(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottledException"
            | "RequestThrottled"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "LimitExceededException"
            | "PriorRequestNotComplete"
            | "SlowDown"
            | "EC2ThrottledException"
    )
}

/// Classifies the body of an error response. Some front ends of AWS put the error where the SDK's deserialiser of that service
/// does not look.
pub(super) fn of_body(status: u16, body: &[u8], secret: &str) -> AwsError {
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_ERROR_BYTES)]);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inside, _) = rest.split_once(&format!("</{name}>"))?;
        unescape(inside.trim())
    };
    let message = element("Message").unwrap_or_default();
    let code = element("Code");
    let kind = match (&code, status) {
        (Some(code), _) => of_code(code, &message),
        (None, 401 | 403) => AwsErrorKind::Denied,
        (None, 429) => AwsErrorKind::Throttled,
        (None, _) => AwsErrorKind::Other,
    };
    let message = if message.is_empty() { format!("HTTP status {status}") } else { cut(&redacted(&message, secret)) };
    AwsError { kind, code, message, request_id: element("RequestId").or_else(|| element("RequestID")) }
}

/// Removes the secret from a message. Done before the message is truncated, which could leave a part of the secret.
fn redacted(message: &str, secret: &str) -> String {
    if secret.is_empty() { message.to_owned() } else { message.replace(secret, "(external id)") }
}

fn cut(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE_CHARS + 1).collect();
    match flat.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classified() {
        for (code, message, kind) in [
            ("UnauthorizedOperation", "You are not authorized", AwsErrorKind::Denied),
            ("UnauthorizedOperation", "… with an explicit deny in a service control policy", AwsErrorKind::ScpDenied),
            ("AuthFailure", "", AwsErrorKind::CredentialsRejected),
            ("RequestLimitExceeded", "", AwsErrorKind::Throttled),
            ("Throttling", "Rate exceeded", AwsErrorKind::Throttled),
            ("RequestExpired", "", AwsErrorKind::Expired),
            ("NoSuchHostedZone", "", AwsErrorKind::NotFound),
            ("InternalError", "", AwsErrorKind::Other),
        ] {
            assert_eq!(of_code(code, message), kind, "{code}");
        }
    }

    #[test]
    fn a_throttle_is_seen_in_the_raw_answer() {
        let kind = |status, body: &[u8]| of_body(status, body, "").kind;
        let throttled = b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>";
        assert_eq!(kind(503, throttled), AwsErrorKind::Throttled);
        assert_eq!(kind(500, b"\xff\xfe"), AwsErrorKind::Other);
        assert_eq!(kind(403, b"go away"), AwsErrorKind::Denied);
        let denied =
            b"<Error><Code>AccessDenied</Code><Message>Throttling &amp; more</Message><RequestId>r</RequestId></Error>";
        assert_eq!(of_body(403, denied, "").to_string(), "AccessDenied: Throttling & more (request id r)");
    }

    #[test]
    fn messages_are_cut_and_flat_and_without_the_secret() {
        let long = format!("a\nb{}", "x".repeat(2000));
        assert!(cut(&long).starts_with("a b") && cut(&long).chars().count() == MAX_MESSAGE_CHARS + 1);
        let refused = redacted("Value 's3cret' at 'externalId' failed", "s3cret");
        assert_eq!(refused, "Value '(external id)' at 'externalId' failed");
    }
}
