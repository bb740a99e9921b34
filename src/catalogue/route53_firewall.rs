//! DNS Firewall, a part of Route 53 Resolver: rule groups with their rules, domain lists, and what they apply to.
//!
//! The domains of a list are not collected: a list has up to a hundred thousand, and AWS shows none of its own lists.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::entry::{Id, Parents, ResourceType, Source};
use super::route53_resolver::RESOLVER;

pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        table: "route53resolver_firewall_rule_groups",
        operation: "route53resolver:ListFirewallRuleGroups",
        items_path: "FirewallRuleGroups",
        probe_id: "rslvr-frg-00000000000000000",
        source: modelled!(listed "route53resolver:ListFirewallRuleGroups", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_firewall_rules",
        operation: "route53resolver:ListFirewallRules",
        items_path: "FirewallRules",
        id: Id::UnderParent(&["FirewallDomainListId", "FirewallThreatProtectionId", "Qtype"]),
        source: Source::PerParent(
            Parents::all("route53resolver_firewall_rule_groups"),
            modelled!([FirewallRuleGroupId] "route53resolver:ListFirewallRules", MaxResults = 100),
        ),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_firewall_domain_lists",
        operation: "route53resolver:ListFirewallDomainLists",
        scope: "the lists of the account and those that AWS manages, without their domains",
        items_path: "FirewallDomainLists",
        source: modelled!(listed "route53resolver:ListFirewallDomainLists", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_firewall_rule_group_associations",
        operation: "route53resolver:ListFirewallRuleGroupAssociations",
        items_path: "FirewallRuleGroupAssociations",
        source: modelled!(listed "route53resolver:ListFirewallRuleGroupAssociations", MaxResults = 100),
        ..RESOLVER
    },
    ResourceType {
        table: "route53resolver_firewall_configs",
        operation: "route53resolver:ListFirewallConfigs",
        // AWS checks this action too when the operation is called.
        extra_actions: &["ec2:DescribeVpcs"],
        items_path: "FirewallConfigs",
        source: modelled!(listed "route53resolver:ListFirewallConfigs", MaxResults = 10),
        ..RESOLVER
    },
];
