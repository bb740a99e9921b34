//! AWS's error codes, and the class of each.
//!
//! **Invariant:** looks at one message only: a denial by a service control policy has no code of its own.

/// The code of most services for a call that the caller may not make.
pub(crate) const ACCESS_DENIED: &str = "AccessDenied";

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
    /// The resource has none of what was asked for. S3 says so of a bucket without tags.
    NoneThere,
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
        | "NoSuchUpload"
        | "ResourceNotFoundException"
        | "NoSuchBucket"
        | "LoadBalancerNotFound"
        | "LoadBalancerNotFoundException"
        | "AcceleratorNotFoundException"
        | "NamespaceNotFound" => AwsErrorKind::NotFound,
        "NoSuchTagSet" => AwsErrorKind::NoneThere,
        // EC2 has one code for each type, such as InvalidPrefixListID.NotFound.
        code if code.starts_with("Invalid") && code.ends_with(".NotFound") => AwsErrorKind::NotFound,
        "PreconditionFailed" => AwsErrorKind::Precondition,
        "ExecutionAlreadyExists" => AwsErrorKind::Exists,
        "ConditionalRequestConflict" => AwsErrorKind::Conflict,
        "InvalidPaginationToken" | "InvalidNextToken" | "InvalidNextTokenException" => AwsErrorKind::StaleToken,
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

/// Classifies an error response. Its status decides if its code is no code of AWS.
pub(in crate::aws) fn of_refusal(code: Option<&str>, message: &str, status: Option<u16>) -> AwsErrorKind {
    match (code.filter(|code| !code.ends_with('…')), status) {
        (Some(code), _) => of_code(code, message),
        (None, Some(401 | 403)) => AwsErrorKind::Denied,
        (None, Some(429)) => AwsErrorKind::Throttled,
        (None, _) => AwsErrorKind::Other,
    }
}

/// Whether AWS refused a parameter by its value.
pub(super) fn refuses_parameter(code: &str) -> bool {
    let code = code.strip_prefix("Client.").unwrap_or(code);
    let parameters = [
        "InvalidArgument",
        "InvalidInput",
        "InvalidParameter",
        "InvalidParameterCombination",
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidRequestException",
        "InvalidVPCId",
        "ValidationException",
    ];
    // Such as InvalidVpcID.NotFound and InvalidLaunchTemplateId.NotFoundException.
    let is_about_id = code.split_once('.').is_some_and(|(subject, problem)| {
        subject.starts_with("Invalid") && (problem.starts_with("NotFound") || problem.starts_with("Malformed"))
    });
    code.starts_with("NoSuch") || parameters.contains(&code) || is_about_id
}

/// Whether a code is one of AWS's own failures.
pub(super) fn is_server_error(code: &str) -> bool {
    SERVER_ERRORS.contains(&code)
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
            ("ResourceNotFoundException", "", AwsErrorKind::NotFound),
            ("InvalidNextTokenException", "", AwsErrorKind::StaleToken),
            ("UnknownOperationException", "", AwsErrorKind::Unsupported),
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
}
