//! Classifies the errors of AWS.
//!
//! The only place that looks at AWS's error codes, and at one message: a denial by a service control policy has no code of its
//! own.
//!
//! **Invariant:** knows nothing of what a failure means for the run.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::request_id::RequestId;

use crate::decode::DecodeError;

/// The code of most services for a call that the caller may not make.
pub(crate) const ACCESS_DENIED: &str = "AccessDenied";

/// The longest message of AWS in rolecall's outputs, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// The longest error code and request id. AWS's own have fewer than 80 characters.
const MAX_CODE_CHARS: usize = 100;

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
    /// The clock of this machine differs too much from AWS's.
    ClockSkew,
    /// A variable or a profile of this machine cannot be used, so nothing is sent.
    Misconfigured,
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
    pub fn redacting<E>(error: SdkError<E, HttpResponse>, secret: &str) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Self::of_sdk(&error, secret)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads codes and messages of the SDK's errors")]
    pub(super) fn of_sdk<E>(error: &SdkError<E, HttpResponse>, secret: &str) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let request_id = error.request_id().map(flat_code);
        if let Some(code) = error.code().map(flat_code).filter(|code| !code.is_empty()) {
            let message = error.message().unwrap_or_default();
            let status = error.raw_response().map(|raw| raw.status().as_u16());
            let kind = of_refusal(Some(&code), message, status);
            return Self { kind, code: Some(code), message: cut(&redacted(message, secret)), request_id };
        }
        let raw = error.raw_response();
        let refusal = raw.filter(|raw| !raw.status().is_success());
        if let Some(found) = refusal.and_then(|raw| AwsError::of_response(raw, raw.body().bytes()?, secret).known()) {
            return Self { request_id: request_id.or(found.request_id), ..found };
        }
        let kind = match error {
            SdkError::TimeoutError(_) => AwsErrorKind::OutOfTime,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => AwsErrorKind::OutOfTime,
            SdkError::DispatchFailure(failure) if failure.is_io() => AwsErrorKind::Unreachable,
            SdkError::DispatchFailure(failure) if is_transient(failure.as_connector_error()) => {
                AwsErrorKind::Unreachable
            }
            SdkError::ResponseError(_) => AwsErrorKind::Unreadable,
            _ if raw.is_some_and(|raw| raw.status().is_success()) => AwsErrorKind::Unreadable,
            _ => AwsErrorKind::Other,
        };
        Self { request_id, ..of_source(error, kind, raw.map(|response| response.status().as_u16())) }
    }

    /// Whether AWS itself failed, so that the same call may succeed later.
    pub(super) fn is_server_error(&self) -> bool {
        match self.code.as_deref() {
            Some(code) => SERVER_ERRORS.contains(&code),
            None => self.message.contains("HTTP status 5"),
        }
    }
}

/// The codes of AWS's own failures.
const SERVER_ERRORS: [&str; 8] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerErrorException",
    "InternalServiceError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
];
impl AwsError {
    /// Returns whether AWS refused a parameter by its value. AWS checks permissions first, so the call was allowed. A code
    /// that is not known here proves nothing.
    pub(crate) fn refuses_parameter(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let code = code.strip_prefix("Client.").unwrap_or(code);
        let parameters = [
            "InvalidArgument",
            "InvalidInput",
            "InvalidParameter",
            "InvalidParameterCombination",
            "InvalidParameterValue",
            "InvalidVPCId",
        ];
        // Such as InvalidVpcID.NotFound and InvalidLaunchTemplateId.NotFoundException.
        let is_about_id = code.split_once('.').is_some_and(|(subject, problem)| {
            subject.starts_with("Invalid") && (problem.starts_with("NotFound") || problem.starts_with("Malformed"))
        });
        self.kind == AwsErrorKind::NotFound || code.starts_with("NoSuch") || parameters.contains(&code) || is_about_id
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
    for source in chain(error) {
        if let Some(unreadable) = source.downcast_ref::<DecodeError>() {
            return AwsError::new(AwsErrorKind::Unreadable, unreadable.to_string());
        }
        if let Some(credentials) = source.downcast_ref::<CredentialsError>() {
            return of_credentials(credentials);
        }
        if let Some(cause) = source.downcast_ref::<AwsError>() {
            return cause.clone();
        }
        if let Some(rustls::Error::InvalidCertificate(_)) = source.downcast_ref::<rustls::Error>() {
            return AwsError::new(AwsErrorKind::Unreachable, format!("TLS fails: {source}: {TRUST}"));
        }
        deepest = source;
    }
    let message = match (kind, status) {
        (AwsErrorKind::OutOfTime, _) => "no answer within the call's time".to_owned(),
        (AwsErrorKind::Unreachable, _) => format!("the endpoint cannot be reached: {}", cut(&deepest.to_string())),
        (_, Some(407)) => "HTTP status 407: the proxy asks for a user name and a password".to_owned(),
        (_, Some(200..=299)) => {
            let message = format!("the answer could not be parsed: {}", cut(&deepest.to_string()));
            return AwsError::new(AwsErrorKind::Unreadable, message);
        }
        (AwsErrorKind::Unreadable, Some(status)) => {
            format!("HTTP status {status} with an answer that cannot be read: {}", cut(&deepest.to_string()))
        }
        (_, Some(status)) => format!("HTTP status {status} without an error code"),
        _ => cut(&deepest.to_string()),
    };
    AwsError::new(kind, message)
}

/// Whether a connection ended before its answer did.
pub(super) fn is_transient(error: Option<&ConnectorError>) -> bool {
    error.is_some_and(|error| error.is_io() || error.as_other().is_some())
}

/// What to do about a certificate that is not trusted.
const TRUST: &str = "where a proxy or a private authority signs certificates, set AWS_CA_BUNDLE (or ca_bundle of the \
                     profile) or SSL_CERT_FILE to a file that has its certificate";

/// An error and its sources. What an I/O error holds counts as its source.
pub(super) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
        None => error.source(),
    })
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
        ACCESS_DENIED
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
        "RequestTimeTooSkewed" | "RequestInTheFuture" => AwsErrorKind::ClockSkew,
        // A wrong clock and a wrong key have the same code.
        "SignatureDoesNotMatch" | "InvalidSignatureException"
            if message.starts_with("Signature expired") || message.starts_with("Signature not yet current") =>
        {
            AwsErrorKind::ClockSkew
        }
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

/// Removes the secret from a message. Done before the message is truncated, which could leave a part of the secret.
pub(super) fn redacted(message: &str, secret: &str) -> String {
    if secret.is_empty() { message.to_owned() } else { message.replace(secret, "(external id)") }
}

/// A text for a message: on one line, without control characters, truncated.
pub(super) fn cut(text: &str) -> String {
    truncated(text, MAX_MESSAGE_CHARS)
}

/// An error code or a request id, as short as those of AWS.
pub(super) fn flat_code(text: &str) -> String {
    // AWS's own have no blanks.
    truncated(text.split_whitespace().next().unwrap_or_default(), MAX_CODE_CHARS)
}

/// Classifies an error response. Its status decides if its code is no code of AWS.
pub(super) fn of_refusal(code: Option<&str>, message: &str, status: Option<u16>) -> AwsErrorKind {
    match (code.filter(|code| !code.ends_with('…')), status) {
        (Some(code), _) => of_code(code, message),
        (None, Some(401 | 403)) => AwsErrorKind::Denied,
        (None, Some(429)) => AwsErrorKind::Throttled,
        (None, _) => AwsErrorKind::Other,
    }
}

fn truncated(text: &str, limit: usize) -> String {
    let flat: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).take(limit + 1).collect();
    match flat.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}

/// Whether a character would break a line or change how a terminal shows the rest: controls, and marks of direction.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
            ("RequestTimeTooSkewed", "", AwsErrorKind::ClockSkew),
            (
                "SignatureDoesNotMatch",
                "Signature expired: 20260101T000000Z is now earlier than",
                AwsErrorKind::ClockSkew,
            ),
            ("SignatureDoesNotMatch", "The request signature we calculated does not match", AwsErrorKind::Other),
        ] {
            assert_eq!(of_code(code, message), kind, "{code}");
        }
    }

    #[test]
    fn messages_are_cut_and_flat_and_without_the_secret() {
        let long = format!("a\nb{}", "x".repeat(2000));
        assert!(cut(&long).starts_with("a b") && cut(&long).chars().count() == MAX_MESSAGE_CHARS + 1);
        let code = flat_code(&format!("\n Access\u{202e}Denied\u{1b}[31m{}", "x".repeat(100_000)));
        assert!(code.starts_with("Access Denied [31mx") && code.chars().count() == MAX_CODE_CHARS + 1, "{code}");
        let refused = redacted("Value 's3cret' at 'externalId' failed", "s3cret");
        assert_eq!(refused, "Value '(external id)' at 'externalId' failed");
    }
}
