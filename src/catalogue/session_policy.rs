//! Builds the session policy ladder: policies that allow the reads of the planned resource types and nothing else.
//!
//! A session so reads no more than that, even if the customer attached more to the role.
//!
//! **Invariant:** knows neither roles nor the packed size that STS computes for a policy.

use std::collections::BTreeSet;

use super::Table;
use super::iam_actions::by_resource;
use crate::aws::{Service, SessionPolicy};

/// The actions that every run needs in every account, whatever its resource types.
pub(crate) const HELPER_ACTIONS: &[&str] = &["account:ListRegions", "ec2:DescribeRegions", "iam:ListAccountAliases"];

/// The largest inline session policy that STS accepts, in characters.
const MAX_POLICY_CHARACTERS: usize = 2048;

/// Prefixes that replace exact actions if those do not fit. The second, wider list is for policies that are still too
/// long. A test proves that no prefix matches a write or an action that returns secrets.
const PREFIXES: [&[&str]; 2] = [
    &[
        "ec2:DescribeAd*",
        "ec2:DescribeCar*",
        "ec2:DescribeCli*",
        "ec2:DescribeCu*",
        "ec2:DescribeFlo*",
        "ec2:DescribeH*",
        "ec2:DescribeIa*",
        "ec2:DescribeInt*",
        "ec2:DescribeIpamR*",
        "ec2:DescribeIpamS*",
        "ec2:DescribeIpv*",
        "ec2:DescribeK*",
        "ec2:DescribeLoca*",
        "ec2:DescribeN*",
        "ec2:DescribePl*",
        "ec2:DescribePu*",
        "ec2:DescribeReg*",
        "ec2:DescribeRo*",
        "ec2:DescribeSecu*",
        "ec2:DescribeSu*",
        "ec2:DescribeTra*",
        "ec2:DescribeVerifiedAccessE*",
        "ec2:DescribeVerifiedAccessG*",
        "ec2:DescribeVpc*",
        "ec2:DescribeVpnG*",
        "ec2:GetEb*",
        "ec2:GetIm*",
        "ec2:GetIpamPoo*",
        "ec2:GetN*",
        "ec2:GetRo*",
        "ec2:GetS*",
        "ec2:GetTransitGatewayR*",
        "ec2:Sea*",
        "route53:GetD*",
        "route53:L*",
        "route53domains:L*",
        "route53profiles:L*",
        "route53resolver:L*",
        "cloudfront:ListT*",
        "directconnect:DescribeD*",
        "elasticbeanstalk:L*",
        "elasticloadbalancing:DescribeLo*",
        "elasticloadbalancing:DescribeT*",
        "globalaccelerator:L*",
        "networkmanager:ListCor*",
        "servicediscovery:L*",
    ],
    &[
        "ec2:DescribeAc*",
        "ec2:DescribeAd*",
        "ec2:DescribeCar*",
        "ec2:DescribeCli*",
        "ec2:DescribeCu*",
        "ec2:DescribeD*",
        "ec2:DescribeE*",
        "ec2:DescribeFl*",
        "ec2:DescribeH*",
        "ec2:DescribeIa*",
        "ec2:DescribeInstanceC*",
        "ec2:DescribeInt*",
        "ec2:DescribeIp*",
        "ec2:DescribeK*",
        "ec2:DescribeLoca*",
        "ec2:DescribeM*",
        "ec2:DescribeN*",
        "ec2:DescribeP*",
        "ec2:DescribeR*",
        "ec2:DescribeSecu*",
        "ec2:DescribeSu*",
        "ec2:DescribeTra*",
        "ec2:DescribeVerifiedAccessE*",
        "ec2:DescribeVerifiedAccessG*",
        "ec2:DescribeVerifiedAccessI*",
        "ec2:DescribeVpc*",
        "ec2:DescribeVpnG*",
        "ec2:GetEb*",
        "ec2:GetIm*",
        "ec2:GetIp*",
        "ec2:GetM*",
        "ec2:GetN*",
        "ec2:GetRo*",
        "ec2:GetS*",
        "ec2:GetT*",
        "ec2:Sea*",
        "route53:GetD*",
        "route53:L*",
        "route53domains:L*",
        "route53profiles:L*",
        "route53resolver:L*",
        "cloudfront:ListT*",
        "directconnect:DescribeD*",
        "elasticbeanstalk:L*",
        "elasticloadbalancing:DescribeLo*",
        "elasticloadbalancing:DescribeT*",
        "globalaccelerator:L*",
        "networkmanager:ListCor*",
        "servicediscovery:L*",
    ],
];

/// The session policies for a set of resource types, the most exact first.
///
/// Each has at most `MAX_POLICY_CHARACTERS`. STS may still find its packed form too large: the caller then tries the
/// next one.
pub fn session_policies<'a>(tables: impl Iterator<Item = &'a Table>) -> Vec<SessionPolicy> {
    let mut exact: BTreeSet<&str> = HELPER_ACTIONS.iter().copied().collect();
    // AWS checks the extra actions of another service's operation in the session that calls this service.
    let mut rest_extra: BTreeSet<&str> = BTreeSet::new();
    for table in tables {
        exact.extend(table.actions());
        if table.entry.service != Service::Ec2 {
            rest_extra.extend(table.entry.extra_actions);
        }
    }
    let lists: Vec<BTreeSet<&str>> = std::iter::once(exact.clone())
        .chain(PREFIXES.iter().map(|prefixes| exact.iter().map(|action| shorten(action, prefixes)).collect()))
        .collect();
    let document = |actions: &BTreeSet<&str>| SessionPolicy::document(&by_resource(actions.iter().copied()));
    let one = |actions: &BTreeSet<&str>| SessionPolicy::One(document(actions));
    let two = |actions: &BTreeSet<&str>| {
        let (ec2, mut rest): (BTreeSet<&str>, BTreeSet<&str>) =
            actions.iter().partition(|action| action.starts_with("ec2:"));
        rest.extend(&rest_extra);
        SessionPolicy::Two { ec2: document(&ec2), rest: document(&rest) }
    };
    let mut ladder: Vec<SessionPolicy> = lists.iter().map(one).chain(lists.iter().map(two)).collect();
    ladder.dedup();
    ladder.retain(|policy| match policy {
        SessionPolicy::One(document) => document.len() <= MAX_POLICY_CHARACTERS,
        SessionPolicy::Two { ec2, rest } => ec2.len().max(rest.len()) <= MAX_POLICY_CHARACTERS,
    });
    ladder
}

fn shorten<'a>(action: &'a str, prefixes: &[&'static str]) -> &'a str {
    prefixes.iter().find(|pattern| matches(pattern, action)).copied().unwrap_or(action)
}

fn matches(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => action.starts_with(prefix),
        None => action == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, SECRET_ACTIONS, iam_action};

    /// Every operation of the services, and whether its response has secrets.
    fn operations() -> impl Iterator<Item = (&'static str, bool)> {
        let text = include_str!("../../tests/model/operations.txt");
        text.lines().filter(|line| !line.starts_with('#')).map(|line| match line.strip_suffix(" secret") {
            Some(operation) => (operation, true),
            None => (line, false),
        })
    }

    #[test]
    fn each_prefix_is_used_and_matches_only_reads_without_secrets() {
        let needed: Vec<&str> = Catalogue::get().unwrap().tables().iter().flat_map(Table::actions).collect();
        for pattern in PREFIXES.iter().copied().flatten() {
            assert!(needed.iter().any(|action| matches(pattern, action)), "{pattern} matches no needed action");
            for (operation, secret) in operations().filter(|(operation, _)| matches(pattern, iam_action(operation))) {
                let (_, name) = operation.split_once(':').unwrap();
                let reads = ["Describe", "Get", "List", "Search"].iter().any(|verb| name.starts_with(verb));
                assert!(reads, "{pattern}: {operation}");
                assert!(!secret && !SECRET_ACTIONS.contains(&operation), "{pattern} allows {operation}");
            }
        }
    }

    #[test]
    fn every_action_is_an_operation_that_returns_no_secrets() {
        for table in Catalogue::get().unwrap().tables() {
            for action in table.actions().into_iter().chain(HELPER_ACTIONS.iter().copied()) {
                assert!(operations().any(|(operation, _)| iam_action(operation) == action), "{action}");
                assert!(!SECRET_ACTIONS.contains(&action), "{action}");
            }
        }
    }

    #[test]
    fn the_most_exact_policy_that_fits_comes_first() {
        let catalogue = Catalogue::get().unwrap();
        let ladder = session_policies(catalogue.tables().iter());
        insta::assert_debug_snapshot!(ladder);
        let SessionPolicy::One(first) = &ladder[0] else { panic!("two sessions are the last resort") };
        assert!(first.len() <= MAX_POLICY_CHARACTERS);
        assert!(matches!(ladder.last(), Some(SessionPolicy::Two { .. })));
        let one = session_policies(catalogue.find("ec2_vpcs").into_iter());
        insta::assert_debug_snapshot!(one[0]);
    }

    /// A child needs the listing of its parents, even if their records are not requested.
    #[test]
    fn a_child_alone_may_list_its_parents() {
        let catalogue = Catalogue::get().unwrap();
        for (child, listing) in [
            ("route53_records", "route53:ListHostedZones"),
            ("ec2_transit_gateway_routes", "ec2:DescribeTransitGatewayRouteTables"),
            ("route53_zone_associations", "ec2:DescribeVpcs"),
        ] {
            let ladder = session_policies(catalogue.find(child).into_iter());
            assert!(matches!(&ladder[0], SessionPolicy::One(policy) if policy.contains(listing)), "{child}");
        }
        // AWS checks this action in the session that calls Route 53.
        let ladder = session_policies(catalogue.find("route53_zone_associations").into_iter());
        let two = ladder.iter().find_map(|policy| match policy {
            SessionPolicy::Two { rest, .. } => Some(rest),
            SessionPolicy::One(_) => None,
        });
        assert!(two.unwrap().contains("ec2:DescribeVpcs"));
    }
}
