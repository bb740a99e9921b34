//! The faults of STS, EC2, Route 53 and the Resolver, with what a run must make of each.

use std::time::Duration;

use crate::sim::{Fault, FaultKind, Service, Times};

/// A fault and its expected result.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) fault: Fault,
    /// The statuses that rows of the faulty accounts may have besides `ok` and `empty`.
    pub(super) allowed: &'static str,
    /// The statuses that at least one row must have.
    pub(super) required: &'static str,
    /// The exit code; negative if 0 and 1 are both right.
    pub(super) exit: i32,
}

pub(super) fn case(
    name: impl Into<String>,
    fault: Fault,
    allowed: &'static str,
    required: &'static str,
    exit: i32,
) -> Case {
    Case { name: name.into(), fault, allowed, required, exit }
}

/// All faults of EC2, Route 53 and the Resolver.
pub(crate) fn cases() -> Vec<Case> {
    let all = Fault::new;
    let sts = |what| all(what).service(Service::Sts);
    let ec2 = |what| all(what).service(Service::Ec2);
    let here = |what| ec2(what).region("eu-west-1");
    // A region that does not take the session takes it for no service.
    let region = |what| all(what).region("eu-west-1");
    let tables = |what| here(what).operation("DescribeRouteTables");
    let dns = |what| all(what).service(Service::Route53);
    let rules = |what| all(what).service(Service::Route53Resolver).region("eu-west-1");
    let records = |what| all(what).operation("ListResourceRecordSets");
    let error = FaultKind::error;
    let (once, twice, later) = (Times::First(1), Times::First(2), Times::After(1));
    let some_of_them = Times::Seeded { seed: 7, probability: 0.2 };
    vec![
        case("the role is denied", sts(FaultKind::Denied), "denied", "denied", 1),
        case("STS fails", sts(error(500, "InternalFailure")), "failed", "failed", 1),
        case("STS fails once", sts(error(503, "ServiceUnavailable")).times(once), "", "", 0),
        case("STS refuses for rate for a while", sts(FaultKind::Throttle).times(Times::First(6)), "", "", 0),
        case("STS refuses for rate", sts(FaultKind::Throttle), "throttled", "throttled", 1),
        case("STS hangs", sts(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("STS answers garbage", sts(FaultKind::Garbage), "failed", "failed", 1),
        case("STS answers nothing", sts(FaultKind::Empty200), "failed", "failed", 1),
        case("STS is not active there", sts(error(403, "RegionDisabledException")), "failed denied", "", 1),
        case("all of EC2 is denied", ec2(FaultKind::Denied), "denied partial", "denied", 1),
        case("an action is denied", tables(FaultKind::Denied), "denied", "denied", 1),
        case("a policy of the organization closes a region", here(FaultKind::ScpDenied), "scp_denied", "scp_denied", 1),
        case("a region is not enabled", region(error(401, "AuthFailure")), "region_disabled", "region_disabled", 1),
        case(
            "a region knows no token",
            region(error(403, "InvalidClientTokenId")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case(
            "a region wants to be opted in to",
            region(error(401, "OptInRequired")),
            "region_disabled",
            "region_disabled",
            1,
        ),
        case("an operation is unknown", tables(error(400, "InvalidAction")), "unsupported", "unsupported", 0),
        case("refused for rate", tables(FaultKind::Throttle), "throttled", "throttled", 1),
        case(
            "refused for rate now and then",
            ec2(FaultKind::Throttle).times(some_of_them),
            "throttled partial",
            "",
            -1,
        ),
        case("refused for rate twice", tables(FaultKind::Throttle).times(twice), "", "", 0),
        case("Route 53 refuses for rate", dns(FaultKind::Throttle), "throttled", "throttled", 1),
        case("fails inside", tables(error(500, "InternalError")), "failed", "failed", 1),
        case("fails inside once", ec2(error(500, "InternalError")).times(once), "", "", 0),
        case(
            "fails inside on the second page",
            tables(error(500, "InternalError")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("not available", tables(error(503, "Unavailable")), "failed", "failed", 1),
        case("reset", tables(FaultKind::Reset), "failed", "failed", 1),
        case("reset once", ec2(FaultKind::ResetAfter).times(twice), "", "", 0),
        case("cut in the middle", tables(FaultKind::Cut), "failed", "failed", 1),
        case("cut in the middle once", ec2(FaultKind::Cut).times(twice), "", "", 0),
        case("cut where nothing tells", tables(FaultKind::CutWithoutLength), "failed", "failed", 1),
        case("cut on the second page", records(FaultKind::Cut).times(Times::After(1)), "partial", "partial", 1),
        case("garbage", tables(FaultKind::Garbage), "failed", "failed", 1),
        case("an empty answer", tables(FaultKind::Empty200), "failed", "failed", 1),
        case("hangs", tables(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("all of EC2 hangs", ec2(FaultKind::Hang), "timed_out partial", "timed_out", 1),
        case("Route 53 hangs", dns(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("drips", tables(FaultKind::Drip(Duration::from_millis(40))), "timed_out", "timed_out", 1),
        case("slow", all(FaultKind::Latency(Duration::from_millis(120))), "", "", 0),
        case("the same token again and again", tables(FaultKind::RepeatToken), "partial", "partial", 1),
        case("a token goes stale", tables(error(400, "InvalidPaginationToken")).times(later), "partial", "partial", 1),
        case("the session expires", ec2(FaultKind::ExpiredSession).times(once), "", "", 0),
        case("sessions expire at once", ec2(FaultKind::ExpiredSession), "failed partial denied", "", 1),
        case("the session is revoked", ec2(FaultKind::Denied).times(Times::After(6)), "denied partial", "denied", 1),
        case("a zone goes", records(FaultKind::DeletedZone).times(once), "", "", 0),
        case("zones are denied", dns(FaultKind::Denied), "denied", "denied", 1),
        case("the Resolver is denied", rules(FaultKind::Denied), "denied", "denied", 1),
        case(
            "a policy of the organization closes the Resolver",
            rules(FaultKind::ScpDenied),
            "scp_denied",
            "scp_denied",
            1,
        ),
        case("the Resolver refuses for rate", rules(FaultKind::Throttle), "throttled", "throttled", 1),
        case("the Resolver refuses for rate twice", rules(FaultKind::Throttle).times(twice), "", "", 0),
        case(
            "the Resolver knows no token where EC2 does",
            rules(error(403, "UnrecognizedClientException")),
            "denied",
            "denied",
            1,
        ),
        case(
            "the Resolver does not know an operation",
            rules(error(400, "UnknownOperationException")),
            "unsupported",
            "unsupported",
            0,
        ),
        case("the Resolver fails inside", rules(error(500, "InternalServiceErrorException")), "failed", "failed", 1),
        case(
            "the Resolver fails inside on the second page",
            rules(error(500, "InternalServiceErrorException")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("JSON is reset once", rules(FaultKind::ResetAfter).times(twice), "", "", 0),
        case("JSON is cut in the middle", rules(FaultKind::Cut), "failed", "failed", 1),
        case("JSON is cut where nothing tells", rules(FaultKind::CutWithoutLength), "failed", "failed", 1),
        case("JSON is cut once", rules(FaultKind::CutWithoutLength).times(once), "", "", 0),
        case("garbage instead of JSON", rules(FaultKind::Garbage), "failed", "failed", 1),
        case("an empty answer instead of JSON", rules(FaultKind::Empty200), "failed", "failed", 1),
        case(
            "another answer instead of JSON",
            rules(FaultKind::Answer(r#"{"message":"Forbidden"}"#.into())),
            "failed",
            "failed",
            1,
        ),
        case("the Resolver hangs", rules(FaultKind::Hang), "timed_out", "timed_out", 1),
        case("the same token of JSON again and again", rules(FaultKind::RepeatToken), "partial", "partial", 1),
        case(
            "a token of JSON goes stale",
            rules(error(400, "InvalidNextTokenException")).times(later),
            "partial",
            "partial",
            1,
        ),
        case("the Resolver calls the session expired", rules(FaultKind::ExpiredSession).times(once), "", "", 0),
        case("a zone is denied", records(FaultKind::Denied).times(once), "partial denied", "", 1),
    ]
}
