//! Gathers what failed for single resources of a cell, so that one ledger row names all of it.
//!
//! **Invariant:** knows nothing of what a resource is, nor of how its calls are made.

use crate::aws::{AwsError, AwsErrorKind};

/// The resources that a message names at most.
const NAMED: usize = 3;

/// The failures of single resources, the first one first.
#[derive(Debug, Default)]
pub(super) struct ResourceFailures {
    causes: Vec<AwsError>,
    resources: Vec<String>,
}

impl ResourceFailures {
    /// Adds a failure that concerns these resources.
    pub(super) fn add(&mut self, resources: &[String], cause: AwsError) {
        self.causes.push(cause);
        self.resources.extend_from_slice(resources);
    }

    /// Returns one error for all failures: the first one, with the resources that failed. `asked` is the number of resources
    /// that were to be asked.
    pub(super) fn into_error(self, operation: &str, asked: usize) -> Option<AwsError> {
        let Self { causes, mut resources } = self;
        // An operation that is unknown counts as an answer, so any other failure takes precedence.
        let counts = causes.iter().position(|cause| cause.kind != AwsErrorKind::Unsupported).unwrap_or_default();
        let kinds = causes.iter().filter(|cause| causes[counts].kind != cause.kind).count();
        let first = causes.into_iter().nth(counts)?;
        resources.dedup();
        let named = resources[..resources.len().min(NAMED)].join(", ");
        let more = match resources.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let others = if kinds == 0 { "" } else { "; some of them failed for other reasons" };
        let message = format!(
            "{}; {operation} failed for {} of {asked} resources: {named}{more}{others}",
            first.message,
            resources.len()
        );
        Some(AwsError { message, ..first })
    }
}

/// Whether this error ends every further call of the session. A refusal does not: it may concern one resource alone.
pub(super) fn ends_the_session(cause: &AwsError) -> bool {
    matches!(
        cause.kind,
        AwsErrorKind::CredentialsRejected
            | AwsErrorKind::RunEnded
            | AwsErrorKind::Expired
            | AwsErrorKind::NoCredentials
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_names_the_first_resources() {
        let mut failures = ResourceFailures::default();
        for number in 0..5 {
            failures.add(&[format!("Z{number}")], AwsError::new(AwsErrorKind::Denied, format!("refused {number}")));
        }
        failures.add(&["Z9".into()], AwsError::new(AwsErrorKind::Throttled, "slow down"));
        let error = failures.into_error("route53:GetDNSSEC", 40).unwrap();
        insta::assert_snapshot!(error, @"refused 0; route53:GetDNSSEC failed for 6 of 40 resources: Z0, Z1, Z2 and 3 more; some of them failed for other reasons");
        let mut failures = ResourceFailures::default();
        for kind in [AwsErrorKind::Unsupported, AwsErrorKind::Denied] {
            failures.add(&["Z1".into()], AwsError::new(kind, "no"));
        }
        assert_eq!(failures.into_error("route53:GetDNSSEC", 2).unwrap().kind, AwsErrorKind::Denied);
        assert!(ResourceFailures::default().into_error("route53:GetDNSSEC", 40).is_none());
    }
}
