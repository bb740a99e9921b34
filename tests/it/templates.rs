//! The templates against the catalogue: what customers grant is exactly what is asked. And against the emulated AWS: what
//! nobody may do.

use rolecall::testing::{Catalogue, SECRET_ACTIONS, Scope, actions_of};
use std::collections::BTreeSet;

use crate::emulator::{root, stage};

/// The actions that stand below a statement's name, up to its resource.
fn below(template: &str, sid: &str) -> BTreeSet<String> {
    let (_, statement) = template.split_once(&format!("Sid: {sid}\n")).unwrap_or_else(|| panic!("no statement {sid}"));
    let (actions, _) = statement.split_once("Resource:").expect("a resource");
    let listed: Vec<String> =
        actions.lines().filter_map(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect();
    let actions: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(actions.len(), listed.len(), "an action stands twice in {sid}");
    assert!(!actions.iter().any(|action| action.contains(['*', '?'])), "{sid} holds a wildcard");
    actions
}

fn needed(scope: Scope) -> BTreeSet<String> {
    let tables = Catalogue::get().expect("a catalogue").tables().iter();
    actions_of(tables.filter(|table| scope.covers(table.service_domain()))).into_iter().map(str::to_owned).collect()
}

#[test]
fn the_customers_role_grants_exactly_what_the_catalogue_needs() {
    let template = std::fs::read_to_string(root().join("infra/customer-role.yaml")).expect("a template");
    let [always, network, dns] = ["ReadAlways", "ReadNetwork", "ReadDns"].map(|sid| below(&template, sid));
    for (scope, granted) in [
        (Scope::All, [&always, &network, &dns].into_iter().flatten().cloned().collect::<Vec<_>>()),
        (Scope::Network, [&always, &network].into_iter().flatten().cloned().collect()),
        (Scope::Dns, [&always, &dns].into_iter().flatten().cloned().collect()),
    ] {
        let once: BTreeSet<String> = granted.iter().cloned().collect();
        assert_eq!(once.len(), granted.len(), "an action stands twice");
        assert_eq!(once, needed(scope), "{scope:?}");
    }
    let never: BTreeSet<String> = SECRET_ACTIONS.iter().map(|&action| action.to_owned()).collect();
    assert_eq!(below(&template, "NeverReadSecrets"), never);
}

/// Next to each refusal stands what differs in the point that matters and is allowed, so that the refusal proves something.
#[test]
fn what_nobody_may_do_is_refused() {
    let outcomes = stage().feed("forbidden.py", &[], &stage().facts);
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcomes).expect("JSON"));
}
