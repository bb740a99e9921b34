//! The IAM actions of operations, and the resources that they may name.
//!
//! Most actions are called as their operations, and most listings apply to all resources.
//!
//! **Invariant:** knows no policy and no resource type.

/// The operations whose actions have other names. Source: AWS's service authorization reference.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("apigateway:GetDomainNames", "apigateway:GET"),
    ("apigatewayv2:GetDomainNames", "apigateway:GET"),
    ("elb:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
    ("elb:DescribeTags", "elasticloadbalancing:DescribeTags"),
    ("elbv2:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
    ("elbv2:DescribeTags", "elasticloadbalancing:DescribeTags"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
];

/// The action that allows reads of everything in API Gateway, API keys included, unless a policy names the resource.
const READ_API_GATEWAY: &str = "apigateway:GET";

/// The custom domain names of API Gateway, in every partition and region.
const DOMAIN_NAMES: &str = "arn:*:apigateway:*::/domainnames";

/// The IAM action of an operation.
pub(crate) fn iam_action(operation: &'static str) -> &'static str {
    OTHER_NAMES.iter().find(|(name, _)| *name == operation).map_or(operation, |(_, action)| action)
}

/// The resource that policies name for an action.
pub(crate) fn resource_of(action: &str) -> &'static str {
    if action == READ_API_GATEWAY { DOMAIN_NAMES } else { "*" }
}

/// Groups actions by the resource that policies name for them, the largest group first.
pub(crate) fn by_resource<'a>(actions: impl IntoIterator<Item = &'a str>) -> Vec<(&'static str, Vec<&'a str>)> {
    let mut groups: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for action in actions {
        let resource = resource_of(action);
        match groups.iter_mut().find(|(of, _)| *of == resource) {
            Some((_, group)) => group.push(action),
            None => groups.push((resource, vec![action])),
        }
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_that_reads_all_of_api_gateway_is_for_domain_names_only() {
        assert_eq!(iam_action("apigatewayv2:GetDomainNames"), READ_API_GATEWAY);
        let groups = by_resource(["apigateway:GET", "ec2:DescribeVpcs", "s3:ListAllMyBuckets"]);
        assert_eq!(
            groups,
            [("*", vec!["ec2:DescribeVpcs", "s3:ListAllMyBuckets"]), (DOMAIN_NAMES, vec!["apigateway:GET"])]
        );
    }
}
