//! The templates: the customer role grants exactly the actions of the catalogue, and the emulated AWS refuses all that
//! the roles must not do.

use rolecall::testing::{Catalogue, READ_ROLE_ACTIONS, SECRET_ACTIONS, Scope, actions_of};
use std::collections::BTreeSet;

use crate::emulator::{emulator, root};

/// Returns the actions of a statement, which precede its resource.
fn statement_actions(template: &str, sid: &str) -> BTreeSet<String> {
    let (_, statement) = template.split_once(&format!("Sid: {sid}\n")).unwrap_or_else(|| panic!("no statement {sid}"));
    let (actions, _) = statement.split_once("Resource:").expect("a resource");
    let listed: Vec<String> =
        actions.lines().filter_map(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect();
    let actions: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(actions.len(), listed.len(), "a duplicate action in {sid}");
    assert!(!actions.iter().any(|action| action.contains(['*', '?'])), "{sid} holds a wildcard");
    actions
}

fn needed(scope: Scope) -> BTreeSet<String> {
    let tables = Catalogue::get().expect("a catalogue").tables().iter();
    actions_of(tables.filter(|table| scope.covers(table.service_domain()))).into_iter().map(str::to_owned).collect()
}

#[test]
fn customer_role_grants_exactly_the_catalogues_actions() {
    let template = std::fs::read_to_string(root().join("infra/customer-role.yaml")).expect("a template");
    let sids = ["ReadAlways", "ReadNetworkOrDns", "ReadNetwork", "ReadDns", "ReadNames", "ReadDomainNames"];
    let [always, either, network, dns, names, domain_names] = sids.map(|sid| statement_actions(&template, sid));
    let joined = |parts: &[&BTreeSet<String>]| parts.iter().copied().flatten().cloned().collect::<Vec<_>>();
    for (scope, granted) in [
        (Scope::All, joined(&[&always, &either, &network, &dns, &names, &domain_names])),
        (Scope::Network, joined(&[&always, &either, &network])),
        (Scope::Dns, joined(&[&always, &either, &dns])),
        (Scope::Names, joined(&[&always, &names, &domain_names])),
    ] {
        let distinct: BTreeSet<String> = granted.iter().cloned().collect();
        assert_eq!(distinct.len(), granted.len(), "a duplicate action");
        assert_eq!(distinct, needed(scope), "{scope:?}");
    }
    // The action would read all of API Gateway, keys included.
    let (_, statement) = template.split_once("Sid: ReadDomainNames\n").expect("a statement");
    let resource = statement.lines().map(str::trim).find(|line| line.starts_with("Resource:"));
    assert_eq!(resource, Some("Resource: !Sub arn:${AWS::Partition}:apigateway:*::/domainnames"));
    let never: BTreeSet<String> = SECRET_ACTIONS.iter().map(|&action| action.to_owned()).collect();
    assert_eq!(statement_actions(&template, "NeverReadSecrets"), never);
}

/// The template with `SelfRead` allows exactly what `check` reads, on the role itself and on policies that are not the
/// customer's own.
#[test]
fn self_read_allows_exactly_what_the_check_reads() {
    let template = std::fs::read_to_string(root().join("infra/customer-role.yaml")).expect("a template");
    let (before, own) = template.split_once("PolicyName: rolecall-self-read\n").expect("a policy");
    assert!(before.ends_with("- !If\n          - ReadsItself\n          - "), "it is there on demand alone");
    assert!(template.contains("ReadsItself: !Equals [!Ref SelfRead, \"yes\"]"));
    let (_, parameter) = template.split_once("\n  SelfRead:\n").expect("a parameter");
    assert!(parameter.split_once("\n  RolePath:").expect("the next").0.contains("Default: \"no\""));
    let [role, policies] = ["ReadOwnRole", "ReadPolicyDocuments"].map(|sid| statement_actions(own, sid));
    let all: BTreeSet<String> = role.union(&policies).cloned().collect();
    assert_eq!(all, READ_ROLE_ACTIONS.iter().map(|&action| action.to_owned()).collect());
    assert!(role.is_disjoint(&policies) && policies.iter().all(|action| action.starts_with("iam:GetPolicy")));
    let lines: Vec<&str> = own.lines().map(str::trim).collect();
    let resource = "Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role${RolePath}${RoleName}";
    assert!(lines.contains(&resource) && lines.contains(&"- !Sub arn:${AWS::Partition}:iam::aws:policy/*"));
}

/// Each refused action has an allowed counterpart that differs only in the tested point, so that the refusal proves it.
#[test]
fn forbidden_actions_are_refused() {
    let outcomes = emulator().run_script("forbidden.py", &[], &emulator().facts);
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcomes).expect("JSON"));
}
