//! The error of a command whose own credentials or endpoint do not work: each cause with what to do about it.

use super::environment::Environment;
use super::error::{AwsError, AwsErrorKind};
use crate::error::{Error, ErrorKind};

/// The error for a failed call of the backend to STS, or for credentials that cannot be had.
pub(super) fn identity_error(cause: &AwsError, environment: &Environment) -> Error {
    let (kind, what) = match cause.kind {
        AwsErrorKind::NoCredentials => return Error::new(ErrorKind::NoCredentials, cause.to_string()),
        AwsErrorKind::Misconfigured => return Error::new(ErrorKind::InvalidSettings, cause.to_string()),
        AwsErrorKind::Expired => {
            (ErrorKind::ExpiredCredentials, "the backend's own session has expired: sign in again".to_owned())
        }
        AwsErrorKind::ClockSkew => (
            ErrorKind::InvalidSettings,
            "the clock of this machine differs too much from AWS's: set it, by NTP for example".to_owned(),
        ),
        AwsErrorKind::Unreachable | AwsErrorKind::OutOfTime => (
            ErrorKind::EndpointUnreachable,
            format!("STS cannot be reached: look at the network, the region and {}{}", ways(environment), hosts(environment)),
        ),
        AwsErrorKind::Throttled => (
            ErrorKind::EndpointUnreachable,
            "STS limits the rate of calls for the own account: try again in a minute".to_owned(),
        ),
        AwsErrorKind::Unreadable => (
            ErrorKind::EndpointUnreachable,
            format!("the answer is not one of STS: something else may have answered: look at {}", ways(environment)),
        ),
        _ if cause.is_server_error() => (
            ErrorKind::EndpointUnreachable,
            "STS has a failure of its own: try again in a few minutes, and look at AWS's status page".to_owned(),
        ),
        AwsErrorKind::Other if cause.code.is_none() => (
            ErrorKind::EndpointUnreachable,
            format!("STS gave no answer that says why: look at {}", ways(environment)),
        ),
        AwsErrorKind::Denied | AwsErrorKind::ScpDenied => (
            ErrorKind::InvalidCredentials,
            "a policy denies the call to the own credentials: look at the trust policy of --backend-role where it is given, \
             and at the policies of the organization and of a VPC endpoint"
                .to_owned(),
        ),
        _ => (
            ErrorKind::InvalidCredentials,
            "the backend's own credentials are refused: look at who the command runs as, and at --backend-role where it is given"
                .to_owned(),
        ),
    };
    Error::new(kind, format!("{what} ({cause})"))
}

/// The settings under which AWS has fewer hosts.
fn hosts(environment: &Environment) -> &'static str {
    match (environment.use_fips, environment.use_dual_stack) {
        (Some(true), _) => {
            ". AWS_USE_FIPS_ENDPOINT is on, and STS has such hosts in few regions: ROLECALL_STS_REGION names one"
        }
        (_, Some(true)) => ". AWS_USE_DUALSTACK_ENDPOINT is on, and STS may have no such host in this region",
        _ => "",
    }
}

/// What stands between this machine and AWS.
fn ways(environment: &Environment) -> String {
    let mut proxies: Vec<&str> = environment.proxies.variables().collect();
    proxies.dedup();
    match (environment.endpoints.global.as_deref(), proxies.as_slice()) {
        (_, [_, ..]) => format!("the proxy in {}, NO_PROXY and AWS_ENDPOINT_URL", proxies.join(" and ")),
        (Some(_), []) => "AWS_ENDPOINT_URL, which is set".to_owned(),
        (None, []) => "AWS_ENDPOINT_URL where it is set".to_owned(),
    }
}
