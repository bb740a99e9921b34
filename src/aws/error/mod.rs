//! What an error of AWS is: its class, code, message and request id.
//!
//! The only place that looks at AWS's error codes, in [`codes`].
//!
//! **Invariant:** knows nothing of what a failure means for the run.

mod text;
mod codes;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::request_id::RequestId;

pub(crate) use codes::ACCESS_DENIED;
pub use codes::AwsErrorKind;
pub(super) use codes::of_refusal;
pub(super) use text::{cut, flat_code, redacted};

use crate::decode::DecodeError;

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
            Some(code) => codes::is_server_error(code),
            None => self.message.contains("HTTP status 5"),
        }
    }

    /// Returns whether AWS refused a parameter by its value. AWS checks permissions first, so the call was allowed. A code
    /// that is not known here proves nothing.
    pub(crate) fn refuses_parameter(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        self.kind == AwsErrorKind::NotFound || codes::refuses_parameter(code)
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
