//! Session policies: the reads of the planned resource types and nothing else, whatever the customer
//! attached to the role.

use std::collections::BTreeSet;

use super::Table;

/// What is asked in every account besides the resource types themselves.
pub const HELPER_ACTIONS: &[&str] = &["account:ListRegions", "ec2:DescribeRegions", "iam:ListAccountAliases"];

/// STS counts so many characters of an inline session policy at most.
pub const SESSION_POLICY_LIMIT: usize = 2048;

/// Stand in for exact actions where these do not fit. A test proves that none matches a write, nor
/// anything that reads nothing but secrets.
const PREFIXES: &[&str] = &[
    "ec2:DescribeA*",
    "ec2:DescribeInternet*",
    "ec2:DescribeN*",
    "ec2:DescribeR*",
    "ec2:DescribeSe*",
    "ec2:DescribeSu*",
    "ec2:DescribeVo*",
    "route53:List*",
];

/// The policies to try, the most exact first: one document for all services, or two (EC2, the rest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionPolicy {
    /// One session for everything.
    One(String),
    /// One session for EC2 and one for the rest, where one policy is too large for both.
    Two {
        /// EC2's.
        ec2: String,
        /// The other services'.
        rest: String,
    },
}

/// The ladder for a set of resource types. Only what fits the limit in characters is on it; STS may
/// still find the packed form too large, and then the next is tried.
pub fn session_policies<'a>(tables: impl Iterator<Item = &'a Table>) -> Vec<SessionPolicy> {
    let exact: BTreeSet<&str> =
        tables.flat_map(|table| table.entry.all_actions()).chain(HELPER_ACTIONS.iter().copied()).collect();
    let short: BTreeSet<&str> = exact.iter().map(|action| shorten(action)).collect();
    let split = |actions: &BTreeSet<&str>| SessionPolicy::Two {
        ec2: document(actions.iter().copied().filter(|action| action.starts_with("ec2:"))),
        rest: document(actions.iter().copied().filter(|action| !action.starts_with("ec2:"))),
    };
    let mut ladder = vec![
        SessionPolicy::One(document(exact.iter().copied())),
        SessionPolicy::One(document(short.iter().copied())),
        split(&exact),
        split(&short),
    ];
    ladder.dedup();
    ladder.retain(|policy| match policy {
        SessionPolicy::One(document) => document.len() <= SESSION_POLICY_LIMIT,
        SessionPolicy::Two { ec2, rest } => ec2.len().max(rest.len()) <= SESSION_POLICY_LIMIT,
    });
    ladder
}

fn shorten(action: &str) -> &str {
    PREFIXES.iter().find(|pattern| matches(pattern, action)).copied().unwrap_or(action)
}

fn matches(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => action.starts_with(prefix),
        None => action == pattern,
    }
}

fn document<'a>(actions: impl Iterator<Item = &'a str>) -> String {
    let actions: Vec<&str> = actions.collect();
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    /// Actions whose answers bear secrets among other things: never by a prefix.
    const NOT_BY_PREFIX: &[&str] =
        &["ec2:DescribeLaunchTemplateVersions", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeVpnConnections"];

    /// Actions that read nothing but secrets.
    const NEVER: &[&str] = &[
        "ec2:DescribeInstanceAttribute",
        "ec2:ExportClientVpnClientConfiguration",
        "ec2:GetConsoleOutput",
        "ec2:GetConsoleScreenshot",
        "ec2:GetPasswordData",
        "ec2:GetVpnConnectionDeviceSampleConfiguration",
    ];

    #[test]
    fn the_prefixes_match_reads_that_are_no_secrets_and_each_stands_for_something() {
        let operations = include_str!("../../tests/model/operations.txt");
        let known: Vec<&str> = operations.lines().filter(|line| !line.starts_with('#')).collect();
        let needed: Vec<&str> =
            Catalogue::get().unwrap().tables().iter().flat_map(|table| table.entry.all_actions()).collect();
        for pattern in PREFIXES {
            assert!(needed.iter().any(|action| matches(pattern, action)), "{pattern} stands for nothing");
            for operation in known.iter().filter(|operation| matches(pattern, operation)) {
                let (_, name) = operation.split_once(':').unwrap();
                assert!(
                    ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb)),
                    "{pattern}: {operation}"
                );
                let secret = NEVER.contains(operation) || NOT_BY_PREFIX.contains(operation);
                assert!(!secret, "{pattern} lets {operation} through");
            }
        }
    }

    #[test]
    fn every_action_is_an_operation_of_aws_and_reads() {
        let operations = include_str!("../../tests/model/operations.txt");
        for table in Catalogue::get().unwrap().tables() {
            for action in table.entry.all_actions().into_iter().chain(HELPER_ACTIONS.iter().copied()) {
                assert!(operations.lines().any(|line| line == action), "{action}");
                assert!(!NEVER.contains(&action), "{action}");
            }
        }
    }

    #[test]
    fn the_exact_policy_of_everything_comes_first_while_it_fits() {
        let catalogue = Catalogue::get().unwrap();
        let ladder = session_policies(catalogue.tables().iter());
        let SessionPolicy::One(exact) = &ladder[0] else { panic!("two sessions are the last resort") };
        insta::assert_snapshot!(exact);
        assert!(matches!(ladder.last(), Some(SessionPolicy::Two { .. })));
        let one = session_policies(catalogue.find("ec2_vpcs").into_iter());
        insta::assert_debug_snapshot!(one[0]);
    }
}
