//! What the answers to probes mean: which reads are allowed, in which regions, for which resource types.
//!
//! **Invariant:** makes no calls. The status of a call, and the rule for rejected credentials, are the ledger's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::{Catalogue, iam_action};
use crate::inventory::{ANY_REGION, CellOutcome, SessionEvidence, Status};

/// The outcome of a probe, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProbeOutcome {
    /// AWS answered, so the read is allowed.
    Allowed,
    /// The region does not have the operation.
    Unsupported,
    /// The region is not enabled in the account.
    RegionDisabled,
    /// The probe failed for another reason.
    Unknown,
    /// A service control policy forbids it.
    ScpDenied,
    /// The role lacks the permission.
    Denied,
}

impl From<Status> for ProbeOutcome {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok | Status::Empty | Status::Partial => Self::Allowed,
            Status::Unsupported => Self::Unsupported,
            Status::RegionDisabled => Self::RegionDisabled,
            Status::ScpDenied => Self::ScpDenied,
            Status::Denied => Self::Denied,
            Status::Throttled | Status::TimedOut | Status::Failed | Status::NotStarted => Self::Unknown,
        }
    }
}

/// One read in one region.
#[derive(Clone, Debug)]
pub(super) struct ProbedAction {
    /// The resource type that needs it.
    pub table: &'static str,
    /// The action, as IAM names it.
    pub action: &'static str,
    /// The region; `global` for services without regions.
    pub region: Arc<str>,
    pub outcome: ProbeOutcome,
    /// The error, if it is not allowed.
    pub error: Option<AwsError>,
    /// Why it was not tried, if it was not.
    pub not_tried: Option<Arc<str>>,
    /// Whether only some of several resources were asked about.
    pub is_sample: bool,
}

impl ProbedAction {
    pub(super) fn new(
        table: &'static str,
        operation: &'static str,
        region: Arc<str>,
        result: Result<(), AwsError>,
    ) -> Self {
        let status = CellOutcome::of_call(&result).status();
        match result {
            // AWS checks permissions first: a resource that is not found, or has none of it, may be asked about.
            Err(AwsError { kind: AwsErrorKind::NotFound | AwsErrorKind::NoneThere, .. }) => {
                Self { error: None, outcome: ProbeOutcome::Allowed, ..Self::not_tried(table, operation, region) }
            }
            result => Self { outcome: status.into(), error: result.err(), ..Self::not_tried(table, operation, region) },
        }
    }

    fn not_tried(table: &'static str, operation: &'static str, region: Arc<str>) -> Self {
        let (action, outcome) = (iam_action(operation), ProbeOutcome::RegionDisabled);
        Self { table, action, region, outcome, error: None, not_tried: None, is_sample: false }
    }

    /// A read that was not tried, since no region that is enabled and allowed has this name or matches this glob.
    pub(super) fn in_disabled_region(
        table: &'static str,
        operation: &'static str,
        region: Arc<str>,
        reason: Arc<str>,
    ) -> Self {
        Self { not_tried: Some(reason), ..Self::not_tried(table, operation, region) }
    }

    /// Judges a probe with an id that does not exist. AWS checks permissions first: an error about the id means that the
    /// action is allowed. Any other error, such as a failure of the service, says nothing.
    pub(super) fn with_probe_id(mut self) -> Self {
        if self.outcome == ProbeOutcome::Unknown && self.error.as_ref().is_some_and(AwsError::refuses_parameter) {
            self.outcome = ProbeOutcome::Allowed;
        }
        self
    }

    fn credentials_were_rejected(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.kind == AwsErrorKind::CredentialsRejected)
    }
}

/// Decides, by all probes of a session, what rejected credentials mean: a region that is not enabled, or a denial. More
/// probes may be added and decided upon again.
pub(super) fn settle(probes: &mut [ProbedAction]) {
    let mut evidence = SessionEvidence::default();
    for probe in probes.iter() {
        if probe.outcome == ProbeOutcome::Allowed {
            evidence.answered_in(&probe.region);
        }
        if probe.credentials_were_rejected() {
            evidence.rejected_in(&probe.region);
        }
    }
    for probe in probes.iter_mut().filter(|probe| probe.credentials_were_rejected()) {
        // Only a region can be disabled, and not the account's regions as a whole.
        let disabled = &*probe.region != ANY_REGION && evidence.is_region_disabled(&probe.region);
        probe.outcome = if disabled { ProbeOutcome::RegionDisabled } else { ProbeOutcome::Denied };
    }
}

/// Which reads of a resource type are allowed, by region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TypeRow {
    pub table: &'static str,
    /// The regions by the worst outcome of the type's reads there.
    pub regions: BTreeMap<ProbeOutcome, Vec<String>>,
    /// The actions that the role's policies deny in some region.
    pub denied_actions: BTreeSet<&'static str>,
    /// The actions that a service control policy forbids in some region.
    pub scp_denied_actions: BTreeSet<&'static str>,
    /// The actions whose probe failed for another reason, with the message.
    pub unknown_actions: BTreeMap<&'static str, String>,
    /// The names and globs of regions that were not asked, with the reason.
    #[serde(skip)]
    pub not_tried: BTreeMap<String, Arc<str>>,
    /// Whether some reads were tried for some of several resources only.
    #[serde(skip)]
    pub is_sample: bool,
}

impl TypeRow {
    /// Returns whether all reads of the type are allowed in every region.
    pub(crate) fn is_allowed(&self) -> bool {
        self.regions.keys().all(|outcome| *outcome == ProbeOutcome::Allowed)
    }
}

/// Groups probes by resource type, in the order of the catalogue.
pub(super) fn by_type(catalogue: &Catalogue, probes: &[ProbedAction]) -> Vec<TypeRow> {
    let tables = catalogue.tables().iter().map(|table| table.entry.table);
    tables.filter_map(|table| type_row(table, probes)).collect()
}

fn type_row(table: &'static str, probes: &[ProbedAction]) -> Option<TypeRow> {
    let mut worst: BTreeMap<&str, ProbeOutcome> = BTreeMap::new();
    let mut row = TypeRow {
        table,
        regions: BTreeMap::new(),
        denied_actions: BTreeSet::new(),
        scp_denied_actions: BTreeSet::new(),
        unknown_actions: BTreeMap::new(),
        not_tried: BTreeMap::new(),
        is_sample: false,
    };
    for probe in probes.iter().filter(|probe| probe.table == table) {
        let outcome = worst.entry(&probe.region).or_insert(probe.outcome);
        *outcome = (*outcome).max(probe.outcome);
        row.is_sample |= probe.is_sample;
        if let Some(reason) = &probe.not_tried {
            row.not_tried.insert(probe.region.to_string(), reason.clone());
        }
        match probe.outcome {
            ProbeOutcome::Denied => drop(row.denied_actions.insert(probe.action)),
            ProbeOutcome::ScpDenied => drop(row.scp_denied_actions.insert(probe.action)),
            ProbeOutcome::Unknown => {
                let message = probe.error.as_ref().map(AwsError::to_string).unwrap_or_default();
                row.unknown_actions.entry(probe.action).or_insert(message);
            }
            _ => {}
        }
    }
    for (region, outcome) in &worst {
        row.regions.entry(*outcome).or_default().push((*region).to_owned());
    }
    (!worst.is_empty()).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(region: &str, table: &'static str, result: Result<(), AwsError>) -> ProbedAction {
        ProbedAction::new(table, "ec2:Describe", region.into(), result)
    }

    fn rejected() -> Result<(), AwsError> {
        let message = "AWS was not able to validate the provided access credentials";
        Err(AwsError { code: Some("AuthFailure".into()), ..AwsError::new(AwsErrorKind::CredentialsRejected, message) })
    }

    #[test]
    fn a_session_that_ends_in_the_middle_of_a_check_is_denied() {
        let mut probes = vec![
            probed("eu-central-1", "ec2_vpcs", Ok(())),
            probed("eu-central-1", "ec2_subnets", rejected()),
            probed("us-east-1", "ec2_vpcs", rejected()),
        ];
        settle(&mut probes);
        let outcomes: Vec<ProbeOutcome> = probes.iter().map(|probe| probe.outcome).collect();
        assert_eq!(outcomes, [ProbeOutcome::Allowed, ProbeOutcome::Denied, ProbeOutcome::Denied]);
    }

    #[test]
    fn rejected_credentials_mean_a_disabled_region_if_the_session_works_elsewhere() {
        for (elsewhere, outcome) in [(Ok(()), ProbeOutcome::RegionDisabled), (rejected(), ProbeOutcome::Denied)] {
            let mut probes =
                vec![probed("eu-central-1", "ec2_vpcs", elsewhere), probed("me-south-1", "ec2_vpcs", rejected())];
            settle(&mut probes);
            assert_eq!(probes[1].outcome, outcome);
            // A later probe in the region itself shows that it was the session.
            probes.push(probed("me-south-1", "ec2_subnets", Ok(())));
            settle(&mut probes);
            assert_eq!(probes[1].outcome, ProbeOutcome::Denied);
        }
    }

    #[test]
    fn a_region_that_is_known_to_be_disabled_stays_so() {
        let reason = "the region is not enabled in this account".into();
        let mut probes =
            vec![ProbedAction::in_disabled_region("ec2_vpcs", "ec2:DescribeVpcs", "me-south-1".into(), reason)];
        settle(&mut probes);
        assert_eq!(probes[0].outcome, ProbeOutcome::RegionDisabled);
    }

    #[test]
    fn an_error_about_the_probe_id_means_that_the_action_is_allowed() {
        let error = |kind, code: Option<&str>| {
            Err(AwsError { code: code.map(str::to_owned), ..AwsError::new(kind, "a message") })
        };
        for (result, outcome) in [
            (error(AwsErrorKind::Other, Some("InvalidVpcID.Malformed")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::NotFound, Some("NoSuchHostedZone")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::Other, Some("InvalidInput")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::Other, Some("InvalidLaunchTemplateId.NotFoundException")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::Other, Some("NoSuchDelegationSet")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::Other, Some("Client.InvalidParameterValue")), ProbeOutcome::Allowed),
            (error(AwsErrorKind::Other, None), ProbeOutcome::Unknown),
            // A failure of the service, of the account or of the signature says nothing of the permission.
            (error(AwsErrorKind::Other, Some("InternalError")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("InternalFailure")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("ServiceUnavailable")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("Unavailable")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("Blocked")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("PendingVerification")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("SignatureDoesNotMatch")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("InvalidSignatureException")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Other, Some("A code of tomorrow")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Unreadable, None), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Throttled, Some("Throttling")), ProbeOutcome::Unknown),
            (error(AwsErrorKind::Denied, Some("UnauthorizedOperation")), ProbeOutcome::Denied),
        ] {
            assert_eq!(probed("eu-central-1", "ec2_vpcs", result).with_probe_id().outcome, outcome);
        }
    }
}
