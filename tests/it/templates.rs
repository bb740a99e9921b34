//! The templates against the catalogue: what customers grant is exactly what is asked.

use std::collections::BTreeSet;

use rolecall::catalogue::{Catalogue, HELPER_ACTIONS, Table};

use crate::emulator::root;

fn needed() -> BTreeSet<String> {
    let tables = Catalogue::get().expect("a catalogue").tables().iter();
    let actions = tables.flat_map(Table::actions).chain(HELPER_ACTIONS.iter().copied());
    actions.map(str::to_owned).collect()
}

#[test]
fn the_customers_role_grants_exactly_what_the_catalogue_needs() {
    let template = std::fs::read_to_string(root().join("infra/customer-role.yaml")).expect("a template");
    let (_, rest) = template.split_once("# actions: begin").expect("a mark");
    let (granted, after) = rest.split_once("# actions: end").expect("a mark");
    let listed: Vec<String> = granted
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter(|item| item.contains(':') && !item.contains(' '))
        .map(str::to_owned)
        .collect();
    let granted: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(granted.len(), listed.len(), "an action stands twice");
    assert_eq!(granted, needed());
    assert!(!template.contains("Action: \"*\"") && !granted.iter().any(|action| action.contains('*')));
    for secret in
        ["ec2:DescribeInstanceAttribute", "ec2:GetPasswordData", "ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot"]
    {
        assert!(after.contains(secret), "{secret} is not denied");
    }
}
