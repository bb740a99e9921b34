//! The faults of services that hold names, in the protocols that EC2, Route 53 and the Resolver do not speak: Query (load
//! balancers), REST-XML (distributions; buckets, with signatures of S3), and JSON over GET (custom domains).

use tokio::sync::OnceCell;

use super::Matrix;
use super::cases::{Case, case};
use crate::fixture::account_with;
use crate::sim::{Account, Fault, FaultKind, Service, Times};

/// Resources of each kind: more than one page of distributions and of custom domains.
pub(super) const HOLDERS: usize = 105;

/// Two types in two regions and two global ones.
pub(super) static NAMES: Matrix = Matrix {
    tables: &["elbv2_load_balancers", "cloudfront_distributions", "s3_buckets", "apigatewayv2_domain_names"],
    customers: 2,
    faulty: &[1],
    cells: 2 * 2 + 2,
    template: || Account { holders: HOLDERS, ..account_with(1, 0, 2) },
    undisturbed: OnceCell::const_new(),
};

/// Each service by its name in signatures, with its listing and the operation that reads tags, if that is another one.
const LISTINGS: [(&str, &str, Option<&str>); 4] = [
    ("elasticloadbalancing", "DescribeLoadBalancers", Some("DescribeTags")),
    ("cloudfront", "ListDistributions", Some("ListTagsForResource")),
    ("s3", "ListBuckets", Some("GetBucketTagging")),
    ("apigateway", "GetDomainNamesV2", None),
];

/// All faults of services that hold names.
pub(super) fn names_cases() -> Vec<Case> {
    let all = LISTINGS.map(|(service, listing, tags)| {
        let of = |operation: &'static str| {
            move |what| Fault::new(what).service(Service::Holder(service)).operation(operation)
        };
        let listing = of(listing);
        let error = FaultKind::error;
        let gap = |what, fault: Fault, status| case(format!("{service}: {what}"), fault, status, status, 1);
        let passes = |what, fault: Fault| case(format!("{service}: {what}"), fault, "", "", 0);
        let mut cases = vec![
            gap("denied", listing(FaultKind::Denied), "denied"),
            gap("closed by a policy of the organization", listing(FaultKind::ScpDenied), "scp_denied"),
            gap("refuses for rate", listing(FaultKind::Throttle), "throttled"),
            gap("fails inside", listing(error(500, "InternalFailure")), "failed"),
            gap("cut in the middle", listing(FaultKind::Cut), "failed"),
            gap("cut where nothing tells", listing(FaultKind::CutWithoutLength), "failed"),
            gap("garbage", listing(FaultKind::Garbage), "failed"),
            gap("an empty answer", listing(FaultKind::Empty200), "failed"),
            gap("the same token again and again", listing(FaultKind::RepeatToken), "partial"),
            gap("hangs", listing(FaultKind::Hang), "timed_out"),
            passes("refuses for rate twice", listing(FaultKind::Throttle).times(Times::First(2))),
            passes("reset once", listing(FaultKind::ResetAfter).times(Times::First(1))),
            passes("cut once", listing(FaultKind::Cut).times(Times::First(1))),
            passes("the session expires", listing(FaultKind::ExpiredSession).times(Times::First(1))),
        ];
        if let Some(tags) = tags.map(of) {
            cases.push(gap("tags fail inside", tags(error(500, "InternalFailure")), "partial"));
            cases.push(gap("tags are denied", tags(FaultKind::Denied), "partial"));
        }
        cases
    });
    let mut cases: Vec<Case> = all.into_iter().flatten().collect();
    let unknown = Fault::error(400, "InvalidAction").service(Service::Holder("elasticloadbalancing"));
    let name = "elasticloadbalancing: an operation is unknown".to_owned();
    cases.push(case(name, unknown, "unsupported", "unsupported", 0));
    cases
}
