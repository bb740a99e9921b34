//! States of runs, merged in every order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::model::{ModelRun, Seen, runs};
use crate::inventory::Status::{Denied, Empty, Ok as Answered, Partial, Throttled};
use crate::output::state::State;

const A: &str = "111111111111";
const B: &str = "222222222222";

fn merged<'a>(runs: impl IntoIterator<Item = &'a ModelRun>) -> State {
    let mut state = State::default();
    runs.into_iter().for_each(|run| state.merge(&run.state()));
    state
}

proptest! {
    #[test]
    fn every_order_gives_what_the_views_give(
        (runs, shuffled) in runs().prop_flat_map(|runs| (Just(runs.clone()), Just(runs).prop_shuffle())),
        at in 0..7_usize,
    ) {
        let expected = Seen::by_the_rules(&runs);
        prop_assert_eq!(&Seen::of(&merged(&runs)), &expected);
        prop_assert_eq!(&Seen::of(&merged(&shuffled)), &expected);
        // Two writers that sum up different runs, and a third that merges what both wrote.
        let (some, others) = shuffled.split_at(at.min(shuffled.len()));
        let mut both = merged(some);
        both.merge(&merged(others));
        prop_assert_eq!(&Seen::of(&both), &expected);
        // A reader that merges every ledger at once.
        let mut at_once = State::default();
        shuffled.iter().for_each(|run| run.add_to(&mut at_once));
        at_once.settle();
        prop_assert_eq!(&Seen::of(&at_once), &expected);
        prop_assert_eq!(at_once.moment, runs.iter().map(|run| run.run.started_at).max().unwrap());
    }

    #[test]
    fn merging_again_changes_nothing(runs in runs(), again in 0..6_usize) {
        let mut state = merged(&runs);
        let before = Seen::of(&state);
        state.merge(&runs[again % runs.len()].state());
        prop_assert_eq!(&Seen::of(&state), &before);
        let copy = state.clone();
        state.merge(&copy);
        prop_assert_eq!(&Seen::of(&state), &before);
        state.settle();
        prop_assert_eq!(&Seen::of(&state), &before);
    }
}

fn cells(runs: &[ModelRun]) -> Vec<String> {
    let seen = Seen::of(&merged(runs));
    assert_eq!(seen, Seen::by_the_rules(runs));
    let shown =
        |(cell, word): (&(String, String, String), &String)| format!("{} {} {}: {word}", cell.0, cell.1, cell.2);
    seen.cells.iter().map(shown).collect()
}

#[test]
fn a_word_on_all_regions_stands_until_a_newer_run_knows_the_regions() {
    let refused = ("ec2_vpcs", A, "*", Denied);
    let entered = ("ec2_vpcs", A, "eu-west-1", Answered);
    let (one, two) = (ModelRun::new("one", 0, &[refused]), ModelRun::new("two", 1, &[entered]));
    assert_eq!(cells(&[one, two]), ["ec2_vpcs 111111111111 eu-west-1: ok - by two, answered by two"]);
    // The account is lost later: what it answered stays, and the word on all regions says that it is old.
    let (one, two) = (ModelRun::new("one", 0, &[entered]), ModelRun::new("two", 1, &[refused]));
    assert_eq!(
        cells(&[one, two]),
        [
            "ec2_vpcs 111111111111 *: denied AccessDenied by two, answered by none",
            "ec2_vpcs 111111111111 eu-west-1: ok - by one, answered by one",
        ]
    );
    // Rows of one run stand side by side, and other tables and accounts outdate nothing.
    let beside = ModelRun::new("one", 0, &[refused, entered]);
    let others = [("ec2_subnets", A, "eu-west-1", Answered), ("ec2_vpcs", B, "eu-west-1", Answered)];
    let stays = "ec2_vpcs 111111111111 *: denied AccessDenied by one, answered by none".to_owned();
    assert!(cells(&[beside, ModelRun::new("two", 1, &others)]).contains(&stays));
}

#[test]
fn what_a_run_did_not_answer_takes_nothing_away() {
    let whole = [("ec2_vpcs", A, "eu-west-1", Answered), ("ec2_vpcs", B, "eu-west-1", Empty)];
    let whole = ModelRun::new("whole", 0, &whole);
    let refused = [("ec2_vpcs", A, "eu-west-1", Partial), ("ec2_vpcs", B, "eu-west-1", Throttled)];
    let refused = ModelRun::new("refused", 1, &refused);
    // A narrow run, in which an account had no turn.
    let narrow = ModelRun::new("narrow", 2, &[("ec2_subnets", A, "eu-west-1", Answered)]);
    let runs = [whole, refused, narrow];
    assert_eq!(
        cells(&runs),
        [
            "ec2_subnets 111111111111 eu-west-1: ok - by narrow, answered by narrow",
            "ec2_vpcs 111111111111 eu-west-1: partial Other by refused, answered by whole",
            "ec2_vpcs 222222222222 eu-west-1: throttled Other by refused, answered by whole",
        ]
    );
    // The partial file is not current: its rows are not all.
    let files = Seen::of(&merged(&runs)).files;
    assert_eq!(files["ec2_vpcs"], ["parquet/ec2_vpcs/dt=2026-11-28/whole.parquet 1 101"]);
    assert_eq!(files["ledger"].len(), 2, "nobody's newest word is of the run `whole`: {files:?}");
}

#[test]
fn an_attempt_at_a_role_answers_nothing() {
    let run = ModelRun::new("tried", 0, &[("trust", A, "*", Denied), ("trust", B, "eu-west-1", Answered)]);
    let state = merged(&[run]);
    assert!(state.cells_of("trust").count() == 2 && state.cells().all(|cell| cell.answer.is_none()));
    assert_eq!(Seen::of(&state).files.keys().collect::<Vec<_>>(), ["ledger"]);
}

#[test]
fn a_run_whose_files_are_gone_is_forgotten() {
    let old = [
        ("ec2_vpcs", A, "eu-west-1", Answered),
        ("ec2_vpcs", A, "us-east-1", Answered),
        ("ec2_subnets", A, "eu-west-1", Answered),
    ];
    let new = [("ec2_vpcs", A, "eu-west-1", Denied), ("ec2_subnets", A, "eu-west-1", Answered)];
    let mut state = merged(&[ModelRun::new("old", 0, &old), ModelRun::new("new", 1, &new)]);
    let gone = state.runs.iter().position(|run| run.run_id == "old").unwrap() as u32;
    assert_eq!(state.used_runs().len(), 2);
    state.forget(&BTreeSet::from([gone]));
    assert_eq!(state.used_runs().len(), 1);
    let seen = Seen::of(&state);
    let shown: Vec<&str> = seen.cells.values().map(String::as_str).collect();
    assert_eq!(shown, ["ok - by new, answered by new", "denied AccessDenied by new, answered by none"]);
    assert_eq!(seen.files.keys().collect::<Vec<_>>(), ["ec2_subnets", "ledger"]);
    assert!(seen.places.contains(&(A.to_owned(), "us-east-1".to_owned())), "it was asked there once");
}
